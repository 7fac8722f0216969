//! When each list is fetched next: by its own interval, with jitter, so that 2,900 schools do not ask the same server in
//! the same minute.

use std::collections::HashMap;
use std::hash::Hasher;
use std::time::{Duration, Instant};

use siphasher::sip::SipHasher13;

use super::schedule::{Due, Now};
use crate::lists::meta::{Meta, source_mark};
use crate::lists::spec::ListSpec;
use crate::lists::store::Store;

/// Share of an interval by which a list may come late.
const JITTER: f64 = 0.1;
/// After a failure the list is asked for again after this, then twice as long, up to its interval.
const RETRY_FIRST: Duration = Duration::from_secs(5 * 60);

/// When the next fetch is due, as a time after the last check. `failures` in a row so far; `chance` in
/// 0..1 spreads the schools.
fn wait(every: Duration, failures: u32, chance: f64) -> Duration {
    let base = match failures {
        0 => every,
        failures => RETRY_FIRST.saturating_mul(1 << (failures - 1).min(16)).min(every),
    };
    // A list that is never renewed has an interval beyond any time.
    if base > NEVER { base } else { base.mul_f64(1.0 + JITTER * chance.clamp(0.0, 1.0)) }
}

/// How long ago a list was checked, by the wall clock; `None` for a check that lies in the future: a clock that
/// was wrong noted it, and nothing is known of when that was.
fn since_check(checked_at: u64, now: u64) -> Option<Duration> {
    now.checked_sub(checked_at).map(Duration::from_secs)
}

/// Intervals above a century mean never.
const NEVER: Duration = Duration::from_secs(100 * 365 * 86_400);

/// When each list is asked for next. Remembers attempts in memory, so that a disk that takes no notes
/// does not make us ask a server over and over.
pub struct Timetable {
    seed: u64,
    /// Times that the wall clock had been set when it was last looked at.
    jumps: u64,
    attempts: HashMap<String, Attempts>,
}

struct Attempts {
    /// Where the list came from then: another source was never tried.
    source: String,
    last: Instant,
    failures: u32,
}

impl Default for Timetable {
    fn default() -> Self {
        Self::new()
    }
}

impl Timetable {
    /// Nothing was asked for yet.
    pub fn new() -> Self {
        // Without randomness this school is merely not spread among the others.
        Self { seed: getrandom::u64().unwrap_or(0), jumps: 0, attempts: HashMap::new() }
    }

    /// Notes that a list was fetched, whoever asked for it, and whether it came.
    pub fn note(&mut self, spec: &ListSpec, good: bool, now: Instant) {
        let source = source_mark(spec);
        let before = self.attempts.get(&spec.id).filter(|before| before.source == source);
        let failures = if good { 0 } else { before.map_or(0, |before| before.failures).saturating_add(1) };
        self.attempts.insert(spec.id.clone(), Attempts { source, last: now, failures });
    }

    /// Forgets failures from before the clock was last set: with a wrong clock no certificate is valid.
    pub fn note_clock(&mut self, jumps: u64) {
        if self.jumps != jumps {
            self.attempts.retain(|_, attempts| attempts.failures == 0);
            self.jumps = jumps;
        }
    }

    /// How long until each list is due. `damaged` says since when a list's kept text is known not to be whole.
    pub fn due(
        &self,
        specs: &[ListSpec],
        store: &Store,
        damaged: impl Fn(&str) -> Option<Instant>,
        now: Now,
    ) -> Vec<Due<String>> {
        let due = |spec: &ListSpec| {
            let wait = self.pause(store, spec, now, damaged(&spec.id));
            Due { item: spec.id.clone(), wait }
        };
        specs.iter().map(due).collect()
    }

    /// `damaged`: since when the kept text is known not to be whole.
    fn pause(&self, store: &Store, spec: &ListSpec, now: Now, damaged: Option<Instant>) -> Duration {
        let attempts = self.attempts.get(&spec.id).filter(|it| it.source == source_mark(spec));
        // A kept text that is damaged is fetched at once, and after that as often as a fetch that fails.
        if let Some(since) = damaged
            && attempts.is_none_or(|attempts| attempts.last < since)
        {
            return Duration::ZERO;
        }
        if let Some(attempts) = attempts {
            let wait = wait(spec.every, attempts.failures, self.chance(&spec.id));
            return wait.saturating_sub(now.instant.saturating_duration_since(attempts.last));
        }
        // Not asked for since the start, or since it moved: what the store noted before counts, if it is of
        // this source and not of the future (a clock that was wrong then, or is now).
        let counts = |meta: &Meta| meta.failure.is_none() && meta.is_from(spec);
        let meta = store.meta(&spec.id).filter(counts);
        let Some(since) = meta.and_then(|meta| since_check(meta.checked_at, now.unix)) else {
            return Duration::ZERO;
        };
        wait(spec.every, 0, self.chance(&spec.id)).saturating_sub(since)
    }

    /// A number in 0..1 for each list, the same as long as the program runs.
    fn chance(&self, id: &str) -> f64 {
        let mut hasher = SipHasher13::new_with_keys(self.seed, 0);
        hasher.write(id.as_bytes());
        hasher.finish() as f64 / u64::MAX as f64
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;
    use crate::i18n::Message;
    use crate::lists::fetch::Validators;
    use crate::lists::gate;
    use crate::lists::meta::Failure;
    use crate::lists::protected::Protected;
    use crate::lists::read::survey;
    use crate::lists::spec::{FormatChoice, Profile, SourceSpec};
    use crate::model::category::Category;
    use crate::model::rule::ListKind;

    const DAY: u64 = 86_400;

    fn list(url: &str) -> ListSpec {
        ListSpec {
            id: "own".into(),
            source: SourceSpec::Url(url.into()),
            kind: ListKind::Block(Category::Games),
            format: FormatChoice::Auto,
            profile: Profile::default(),
            every: Duration::from_secs(DAY),
        }
    }

    /// A moment of the wall clock.
    fn at(unix: u64) -> Now {
        Now { unix, instant: Instant::now() }
    }

    /// A store that has the list's text since `now`.
    fn store(folder: &std::path::Path, spec: &ListSpec, now: u64) -> Store {
        let store = Store::open(folder).unwrap();
        let mut text = store.begin(&spec.id).unwrap();
        text.write_all(b"a.example\n").unwrap();
        let reading = survey(b"a.example\n", spec, &Protected::none());
        let passed = gate::check(None, &reading, &gate::Settings::default(), 0).unwrap();
        store.keep(spec, text, Validators::default(), &reading, &passed, now).unwrap();
        store
    }

    #[test]
    fn a_list_is_due_when_its_interval_is_over_it_moved_or_the_clock_was_wrong() {
        let folder = tempfile::tempdir().unwrap();
        let (here, moved) = (list("https://one.example/a"), list("https://two.example/a"));
        let store = store(folder.path(), &here, 1000 * DAY);
        let timetable = Timetable::new();
        let due = |spec: &ListSpec, unix| timetable.pause(&store, spec, at(unix), None).is_zero();
        assert!(!due(&here, 1000 * DAY + 3600));
        assert!(due(&here, 1002 * DAY));
        assert!(due(&moved, 1000 * DAY + 3600), "it comes from elsewhere now");
        assert!(due(&here, 10 * DAY), "the copy is from the future");
        store.note_failure(&here, Failure { at: 0, why: Message::new("") }).unwrap();
        assert!(due(&here, 1000 * DAY + 3600), "the last attempt before the start failed");
    }

    #[test]
    fn an_address_put_right_is_tried_at_once_and_one_that_fails_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let (wrong, right) = (list("https://wrong.example/a"), list("https://right.example/a"));
        let store = Store::open(folder.path()).unwrap();
        let mut timetable = Timetable::new();
        let now = at(DAY);
        assert!(timetable.pause(&store, &wrong, now, None).is_zero());
        timetable.note(&wrong, false, now.instant);
        assert!(!timetable.pause(&store, &wrong, now, None).is_zero(), "five minutes later");
        assert!(timetable.pause(&store, &right, now, None).is_zero());
    }

    #[test]
    fn a_list_comes_after_its_interval_and_a_tenth_late_at_most() {
        let day = Duration::from_secs(86_400);
        assert_eq!(wait(day, 0, 0.0), day);
        assert_eq!(wait(day, 0, 1.0), day.mul_f64(1.1));
        assert_eq!(wait(Duration::MAX, 0, 1.0), Duration::MAX);
    }

    #[test]
    fn a_check_that_lies_in_the_future_is_none() {
        assert_eq!(since_check(1000, 1060), Some(Duration::from_secs(60)));
        assert_eq!(since_check(1000, 1000), Some(Duration::ZERO));
        assert_eq!(since_check(1_990_000_000, 1_800_000_000), None);
        assert_eq!(since_check(600, 1_800_000_000), Some(Duration::from_secs(1_799_999_400)));
    }

    #[test]
    fn a_list_that_failed_is_asked_for_sooner_but_ever_less_often() {
        let day = Duration::from_secs(86_400);
        let waits: Vec<u64> = (1..12).map(|failures| wait(day, failures, 0.0).as_secs() / 60).collect();
        assert_eq!(waits, [5, 10, 20, 40, 80, 160, 320, 640, 1280, 1440, 1440]);
        assert_eq!(wait(day, u32::MAX, 0.0), day);
    }

    #[test]
    fn a_list_that_was_refused_is_asked_for_in_five_minutes_then_in_ten_and_at_once_after_a_clock_was_set() {
        let folder = tempfile::tempdir().unwrap();
        let (store, spec) = (Store::open(folder.path()).unwrap(), list("https://one.example/a"));
        let mut timetable = Timetable::new();
        let mut now = at(DAY);
        for minutes in [5, 10] {
            timetable.note(&spec, false, now.instant);
            let wait = timetable.pause(&store, &spec, now, None).as_secs();
            assert!((minutes * 60..=minutes * 66).contains(&wait), "{wait}");
            now.instant += Duration::from_secs(minutes * 66);
            assert!(timetable.pause(&store, &spec, now, None).is_zero());
        }
        timetable.note(&spec, false, now.instant);
        timetable.note_clock(1);
        assert!(timetable.pause(&store, &spec, now, None).is_zero());
    }

    #[test]
    fn a_damaged_text_is_fetched_at_once_and_after_that_as_often_as_a_fetch_that_fails() {
        let folder = tempfile::tempdir().unwrap();
        let (spec, now) = (list("https://one.example/a"), at(1000 * DAY));
        let store = store(folder.path(), &spec, now.unix);
        let mut timetable = Timetable::new();
        let due = |timetable: &Timetable, now: Now| {
            timetable.due(std::slice::from_ref(&spec), &store, |_| Some(now.instant), now)[0].wait.is_zero()
        };
        assert!(due(&timetable, now));
        timetable.note(&spec, false, now.instant);
        assert!(!due(&timetable, now));
    }
}
