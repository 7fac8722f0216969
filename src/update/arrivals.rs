//! New texts that are in no index yet, and when one is built of them.

use std::time::{Duration, Instant};

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
pub(super) struct Arrivals {
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

    /// An index is being built of everything that has come.
    pub fn begin(&mut self) {
        self.waiting = None;
    }

    /// It is built, in that time.
    pub fn built(&mut self, took: Duration) {
        self.last_build = took;
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
        arrivals.begin();
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
}
