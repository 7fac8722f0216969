//! When each list is asked for anew: by its own interval, with jitter, so that 2,900 schools do not
//! ask the same server in the same minute.

use std::time::Duration;

/// Share of an interval by which a list may come late.
const JITTER: f64 = 0.1;
/// After a failure the list is asked for again after this, then twice as long, up to its interval.
const RETRY_FIRST: Duration = Duration::from_secs(5 * 60);

/// When the next fetch is due, as a time after the last check. `failures` in a row so far; `chance` in
/// 0..1 spreads the schools.
pub fn wait(every: Duration, failures: u32, chance: f64) -> Duration {
    let base = match failures {
        0 => every,
        failures => RETRY_FIRST.saturating_mul(1 << (failures - 1).min(16)).min(every),
    };
    // A list that is never renewed has an interval beyond any time.
    if base > NEVER { base } else { base.mul_f64(1.0 + JITTER * chance.clamp(0.0, 1.0)) }
}

/// How long ago a list was checked, by the wall clock; `None` for a check that lies in the future: a clock that
/// was wrong noted it, and nothing is known of when that was.
pub fn since_check(checked_at: u64, now: u64) -> Option<Duration> {
    now.checked_sub(checked_at).map(Duration::from_secs)
}

/// Intervals above a century mean never.
pub const NEVER: Duration = Duration::from_secs(100 * 365 * 86_400);

#[cfg(test)]
mod tests {
    use super::*;

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
}
