//! When a zone's primaries are asked again, and when what we have is stale (RFC 1035 §3.3.13).
//!
//! Times are Unix seconds, from outside, because the last good look may be that of a program before us.

use crate::rpz::content::Soa;

/// A zone asks for no more than this.
const REFRESH_MIN: u64 = 5;
/// Whatever a zone says, its primaries are asked once a week.
const REFRESH_MAX: u64 = 7 * 86_400;
/// The first try after one that failed, where the zone says less or is not there yet.
const RETRY_MIN: u64 = 2;
/// Tries that fail come ever less often, up to this or the refresh.
const RETRY_MAX: u64 = 600;
/// A refresh that was announced comes so long after the one before at the least: announcements can be
/// forged.
const ANNOUNCED_AFTER: u64 = 1;

/// How a zone stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Timers {
    /// The last good look at a primary; `None`: there was none.
    pub refreshed: Option<u64>,
    /// The last look of any kind since the program started.
    pub tried: Option<u64>,
    /// Looks that failed since the last good one.
    pub failures: u32,
}

impl Timers {
    /// A look that ended well.
    pub fn note_good(&mut self, now: u64) {
        *self = Self { refreshed: Some(now), tried: Some(now), failures: 0 };
    }

    /// A look that failed.
    pub fn note_failure(&mut self, now: u64) {
        self.tried = Some(now);
        self.failures = self.failures.saturating_add(1);
    }

    /// When the next look is due. The first comes at once.
    pub fn due(&self, soa: Option<Soa>) -> u64 {
        let Some(tried) = self.tried else { return 0 };
        let refresh = soa.map_or(REFRESH_MAX, |soa| u64::from(soa.refresh).clamp(REFRESH_MIN, REFRESH_MAX));
        let wait = match self.failures {
            0 => refresh,
            failures => {
                let first = soa.map_or(RETRY_MIN, |soa| u64::from(soa.retry).max(RETRY_MIN));
                let doubled = first.saturating_mul(1 << (failures - 1).min(16));
                doubled.min(RETRY_MAX.max(first)).min(refresh.max(RETRY_MIN))
            }
        };
        tried.saturating_add(wait)
    }

    /// Whether the last look lies in the future: a clock that was wrong noted it, and the next is due.
    pub fn is_ahead_of(&self, now: u64) -> bool {
        self.tried.is_some_and(|tried| tried > now)
    }

    /// When a look that was announced may come.
    pub fn due_announced(&self) -> u64 {
        self.tried.map_or(0, |tried| tried.saturating_add(ANNOUNCED_AFTER))
    }

    /// Whether no primary was seen for so long that the zone says it is not good any more. Its rules stay
    /// in force: what blocked yesterday blocks rather today than nothing does.
    pub fn is_expired(&self, soa: Option<Soa>, now: u64) -> bool {
        match (self.refreshed, soa) {
            (Some(refreshed), Some(soa)) => now > refreshed.saturating_add(soa.expire.into()),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOA: Soa = Soa { serial: 1, refresh: 3600, retry: 60, expire: 86_400, minimum: 60 };

    #[test]
    fn a_zone_is_looked_at_when_it_says_so_and_sooner_after_a_failure() {
        let mut timers = Timers::default();
        assert_eq!(timers.due(Some(SOA)), 0);
        timers.note_good(1000);
        assert_eq!(timers.due(Some(SOA)), 4600);
        let waits: Vec<u64> = (0..8)
            .map(|_| {
                timers.note_failure(5000);
                timers.due(Some(SOA)) - 5000
            })
            .collect();
        assert_eq!(waits, [60, 120, 240, 480, 600, 600, 600, 600]);
        timers.note_good(6000);
        assert_eq!(timers.due(Some(SOA)), 9600);
    }

    #[test]
    fn a_look_in_the_future_is_one_of_a_clock_that_was_wrong() {
        let mut timers = Timers::default();
        assert!(!timers.is_ahead_of(0));
        timers.note_failure(5000);
        assert!(timers.is_ahead_of(4999) && !timers.is_ahead_of(5000));
    }

    #[test]
    fn numbers_beyond_reason_are_held_to_it() {
        let mut timers = Timers::default();
        timers.note_good(0);
        let of = |refresh, retry| Some(Soa { refresh, retry, ..SOA });
        assert_eq!((timers.due(of(0, 0)), timers.due(of(u32::MAX, 0))), (REFRESH_MIN, REFRESH_MAX));
        timers.note_failure(0);
        assert_eq!((timers.due(of(3600, 0)), timers.due(of(60, u32::MAX)), timers.due(None)), (2, 60, 2));
    }

    #[test]
    fn a_zone_is_stale_one_second_after_its_time_and_not_before() {
        let mut timers = Timers::default();
        assert!(!timers.is_expired(Some(SOA), u64::MAX));
        timers.note_good(1000);
        timers.note_failure(50_000);
        assert!(!timers.is_expired(Some(SOA), 87_400));
        assert!(timers.is_expired(Some(SOA), 87_401));
    }
}
