//! Signature periods of the zones met lately, and what they say of a time.
//!
//! A fresh RRSIG includes the true time: its signer made it for the present. As time passes, the period in
//! which the true time must lie moves on with it, by a clock that nobody can set; so what was noted before a
//! night without queries still tells a wrong clock in the morning. Periods are compared with the wall clock
//! when somebody asks, so that the evidence that a clock is wrong also tells
//! when it is right again. The root's periods count only where the signature was verified but for its time
//! ([`note_root`](Evidence::note_root)), because without it nobody could claim anything; periods of other
//! zones may be those of answers that could not be validated. An old answer that somebody repeats shrinks a
//! zone's period to nothing, and such a zone says nothing.

use std::time::Duration;

use super::judge::Signatures;
use crate::dns::name::{Name, OwnedName};

/// Zones besides the root whose periods are kept: the last ones say enough.
const ZONES_MAX: usize = 32;
/// What is older is replaced by what comes, and not narrowed down by it: a zone is signed anew every now and
/// then.
const NARROWED: Duration = Duration::from_secs(3600);

/// When a signature counts, both ends included, in seconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    /// From when on.
    pub inception: u64,
    /// Until when.
    pub expiration: u64,
}

impl Period {
    /// Of the RDATA of an RRSIG (RFC 4034 §3.1), its times as they are until 2106.
    pub fn of_rrsig(rdata: &[u8]) -> Option<Self> {
        let word = |at: usize| Some(u32::from_be_bytes(rdata.get(at..at + 4)?.try_into().ok()?));
        let (expiration, inception) = (u64::from(word(8)?), u64::from(word(12)?));
        (inception <= expiration).then_some(Self { inception, expiration })
    }

    /// What both include; `None` where that is nothing.
    fn within(self, other: Self) -> Option<Self> {
        let inception = self.inception.max(other.inception);
        let expiration = self.expiration.min(other.expiration);
        (inception <= expiration).then_some(Self { inception, expiration })
    }

    /// Where the present must lie when it lay in this period `age` ago.
    fn moved_on(self, age: Duration) -> Self {
        let by = age.as_secs();
        Self { inception: self.inception.saturating_add(by), expiration: self.expiration.saturating_add(by) }
    }

    fn side(self, now: u64) -> Side {
        match now {
            now if now < self.inception => Side::Before,
            now if now > self.expiration => Side::After,
            _ => Side::Within,
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Before,
    Within,
    After,
}

/// Periods of the root and of other zones.
#[derive(Debug, Default)]
pub struct Evidence {
    root: Option<Noted>,
    others: Vec<(OwnedName, Noted)>,
}

#[derive(Clone, Copy, Debug)]
struct Noted {
    /// What all signatures noted include; `None`: they exclude each other.
    period: Option<Period>,
    /// When the last was noted, on a clock that only goes forward.
    at: Duration,
}

impl Noted {
    fn with(old: Option<Self>, period: Period, at: Duration) -> Self {
        let fresh = old.filter(|old| at.saturating_sub(old.at) < NARROWED);
        let narrowed = |old: Self| old.at(at)?.within(period);
        Self { period: fresh.map_or(Some(period), narrowed), at }
    }

    /// Where the present must lie at `at`.
    fn at(self, at: Duration) -> Option<Period> {
        Some(self.period?.moved_on(at.saturating_sub(self.at)))
    }
}

impl Evidence {
    /// Notes the period of a signature by the root's keys that verifies but for its time.
    pub fn note_root(&mut self, period: Period, at: Duration) {
        self.root = Some(Noted::with(self.root, period, at));
    }

    /// Notes the period of a signature that names `zone` as its signer.
    pub fn note_zone(&mut self, zone: Name<'_>, period: Period, at: Duration) {
        if let Some((_, noted)) = self.others.iter_mut().find(|(other, _)| other.as_name() == zone) {
            *noted = Noted::with(Some(*noted), period, at);
            return;
        }
        if self.others.len() == ZONES_MAX {
            let oldest = (0..ZONES_MAX).min_by_key(|place| self.others[*place].1.at).unwrap_or(0);
            self.others.swap_remove(oldest);
        }
        self.others.push((zone.to_owned(), Noted::with(None, period, at)));
    }

    /// What the periods noted until `at` say of `now`: the root's has to say it, one more
    /// zone at the least, and three quarters of all others.
    pub fn say(&self, now: u64, at: Duration) -> Signatures {
        let Some(root) = self.root.and_then(|noted| noted.at(at)) else { return Signatures::Silent };
        let side = root.side(now);
        let others: Vec<Side> =
            self.others.iter().filter_map(|(_, noted)| Some(noted.at(at)?.side(now))).collect();
        let agreeing = others.iter().filter(|other| **other == side).count();
        if agreeing == 0 || agreeing * 4 < others.len() * 3 {
            return Signatures::Silent;
        }
        match side {
            Side::Before => Signatures::NotYetValid,
            Side::Within => Signatures::Confirm,
            Side::After => Signatures::Expired,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NOW: u64 = 1_800_000_000;
    const DAY: u64 = 86_400;
    const AT: Duration = Duration::from_secs(10_000);

    fn around(days_back: u64, days_on: u64) -> Period {
        Period { inception: NOW - days_back * DAY, expiration: NOW + days_on * DAY }
    }

    fn of(root: Option<Period>, others: &[Period]) -> Evidence {
        let mut evidence = Evidence::default();
        root.into_iter().for_each(|period| evidence.note_root(period, AT));
        for (number, period) in others.iter().enumerate() {
            let zone = OwnedName::parse(&format!("zone{number}")).unwrap();
            evidence.note_zone(zone.as_name(), *period, AT);
        }
        evidence
    }

    #[test]
    fn the_root_and_nearly_all_others_have_to_agree() {
        let (week, year) = (around(7, 7), around(300, 300));
        for (root, others, at, says) in [
            (None, &[week, week, week][..], NOW + 30 * DAY, Signatures::Silent),
            (Some(week), &[][..], NOW + 30 * DAY, Signatures::Silent),
            (Some(week), &[week][..], NOW + 30 * DAY, Signatures::Expired),
            (Some(week), &[week][..], NOW - 30 * DAY, Signatures::NotYetValid),
            (Some(week), &[week][..], 600, Signatures::NotYetValid),
            (Some(week), &[week][..], NOW, Signatures::Confirm),
            (Some(week), &[week, week, week, year][..], NOW + 30 * DAY, Signatures::Expired),
            (Some(week), &[week, week, year, year][..], NOW + 30 * DAY, Signatures::Silent),
            // Zones whose signatures have run out say nothing of the clock while the root is well.
            (Some(year), &[week, week, week][..], NOW + 30 * DAY, Signatures::Silent),
            (Some(year), &[week, year, year, year][..], NOW + 30 * DAY, Signatures::Confirm),
        ] {
            assert_eq!(of(root, others).say(at, AT), says, "{root:?} {others:?} {at}");
        }
    }

    #[test]
    fn a_clock_that_runs_stays_what_it_is_without_further_signatures() {
        let evidence = of(Some(around(1, 1)), &[around(1, 1)]);
        for days in [0, 1, 30, 400] {
            let (passed, at) = (days * DAY, AT + Duration::from_secs(days * DAY));
            assert_eq!(evidence.say(NOW + passed, at), Signatures::Confirm, "{days}");
            assert_eq!(evidence.say(NOW + 5 * DAY + passed, at), Signatures::Expired, "{days}");
            assert_eq!(evidence.say(NOW - 5 * DAY + passed, at), Signatures::NotYetValid, "{days}");
        }
    }

    #[test]
    fn a_zone_that_is_signed_anew_has_its_new_period() {
        let mut evidence = of(Some(around(7, 7)), &[around(7, 7)]);
        let (later, at) = (NOW + 20 * DAY, AT + Duration::from_secs(20 * DAY));
        let period = Period { inception: later - DAY, expiration: later + DAY };
        evidence.note_root(period, at);
        assert_eq!(evidence.root.unwrap().period, Some(period));
    }

    #[test]
    fn an_old_answer_that_is_repeated_beside_a_fresh_one_says_nothing() {
        let mut evidence = of(Some(around(7, 7)), &[around(7, 7)]);
        evidence.note_root(Period { inception: NOW - 900 * DAY, expiration: NOW - 880 * DAY }, AT);
        assert_eq!(evidence.say(NOW, AT), Signatures::Silent);
    }

    #[test]
    fn the_table_of_zones_is_bounded_and_drops_the_oldest() {
        let mut evidence = of(Some(around(7, 7)), &[]);
        for number in 0..ZONES_MAX * 2 {
            let zone = OwnedName::parse(&format!("zone{number}")).unwrap();
            evidence.note_zone(zone.as_name(), around(7, 7), AT + Duration::from_secs(number as u64));
        }
        assert_eq!(evidence.others.len(), ZONES_MAX);
        let oldest = OwnedName::parse("zone0").unwrap();
        assert!(!evidence.others.iter().any(|(zone, _)| *zone == oldest));
    }

    proptest! {
        /// Whatever periods come: a time that all of them include is never called wrong.
        #[test]
        fn a_clock_within_every_period_is_not_called_wrong(
            periods in proptest::collection::vec((0u64..400, 0u64..400), 1..40),
        ) {
            let periods: Vec<Period> = periods.iter().map(|(back, on)| around(*back, *on)).collect();
            let says = of(Some(periods[0]), &periods[1..]).say(NOW, AT);
            prop_assert!(matches!(says, Signatures::Confirm | Signatures::Silent));
        }

        /// No octets make the reading of an RRSIG's times panic.
        #[test]
        fn any_octets_are_read_as_a_period_or_none(rdata: Vec<u8>) {
            if let Some(period) = Period::of_rrsig(&rdata) {
                prop_assert!(rdata.len() >= 16 && period.inception <= period.expiration);
            }
        }
    }
}
