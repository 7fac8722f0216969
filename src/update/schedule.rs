//! When each list is asked for anew: by its own interval, with jitter, so that 2,900 schools do not
//! ask the same server in the same minute.

use std::time::{Duration, Instant};

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

/// How long no new text must have come before an index is built.
const QUIET: Duration = Duration::from_secs(1);
/// How long the first of several new texts waits for the others at most: a slow source does not hold
/// protection back.
const HOLD_MAX: Duration = Duration::from_secs(10);
/// Where building takes long, both are as many times as long: at most a third of a core builds.
const REST_TIMES: u32 = 3;

/// New texts that are in no index yet, and when one is to be built of them: at a first start seventy lists
/// come within seconds, and one index is enough.
#[derive(Clone, Copy, Debug, Default)]
pub struct Arrivals {
    waiting: Option<Waiting>,
    last_build: Duration,
}

#[derive(Clone, Copy, Debug)]
struct Waiting {
    first: Instant,
    last: Instant,
}

impl Arrivals {
    /// A new text came.
    pub fn note(&mut self, now: Instant) {
        let first = self.waiting.map_or(now, |waiting| waiting.first);
        self.waiting = Some(Waiting { first, last: now });
    }

    /// How long until an index is to be built; none while no text waits. `more` says whether others are on
    /// their way.
    pub fn pause(&self, now: Instant, more: bool) -> Option<Duration> {
        let waiting = self.waiting?;
        if !more {
            return Some(Duration::ZERO);
        }
        let rest = self.last_build.saturating_mul(REST_TIMES);
        let quiet = (waiting.last + QUIET.max(rest)).saturating_duration_since(now);
        let held = (waiting.first + HOLD_MAX.max(rest)).saturating_duration_since(now);
        Some(quiet.min(held))
    }

    /// An index was built of everything that had come, in that time.
    pub fn built(&mut self, took: Duration) {
        *self = Self { waiting: None, last_build: took };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_is_built_when_no_list_has_come_for_a_second_or_the_first_has_waited_for_ten() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let mut arrivals = Arrivals::default();
        assert_eq!(arrivals.pause(at(0), true), None);
        arrivals.note(at(0));
        assert_eq!(arrivals.pause(at(0), false), Some(Duration::ZERO), "nothing else is on its way");
        assert_eq!(arrivals.pause(at(400), true), Some(Duration::from_millis(600)));
        for half_second in 1..20 {
            arrivals.note(at(half_second * 500));
        }
        assert_eq!(
            arrivals.pause(at(9_500), true),
            Some(Duration::from_millis(500)),
            "the first waits ten seconds"
        );
        arrivals.built(Duration::from_millis(100));
        assert_eq!(arrivals.pause(at(10_000), true), None);
    }

    #[test]
    fn where_building_takes_long_lists_are_waited_for_longer() {
        let start = Instant::now();
        let mut arrivals = Arrivals::default();
        arrivals.built(Duration::from_secs(6));
        arrivals.note(start);
        assert_eq!(arrivals.pause(start, true), Some(Duration::from_secs(18)));
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
}
