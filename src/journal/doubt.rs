//! Whether the clock may be believed when it says that something is old enough to delete.
//!
//! Time that the store has seen pass is believed. A clock that is suddenly far ahead (an empty battery, a
//! wrong year typed in, a server that was off over the holidays) is not, until it has gone on from there for
//! a while under our eyes. Counting goes on meanwhile, and nothing is deleted by age.
//!
//! Depends on times only. The newest time that was believed is kept in the store by `writer`.

use jiff::{SignedDuration, Timestamp};

/// Further ahead than this between two looks, or since the last run: longer than a server is off overnight.
const LEAP: SignedDuration = SignedDuration::from_hours(24);
/// For how long a clock that is ahead must go on before it is believed…
const DOUBT: SignedDuration = SignedDuration::from_hours(1);
/// …and one that is ahead by more than any school is closed, and could delete all that there is.
const DOUBT_FAR: SignedDuration = SignedDuration::from_hours(7 * 24);
/// From here on it is far.
const FAR: SignedDuration = SignedDuration::from_hours(2 * 365 * 24);

/// What is known of the clock.
#[derive(Debug)]
pub(super) struct Doubt {
    believed: Timestamp,
    last: Timestamp,
    seen_go_on: SignedDuration,
}

impl Doubt {
    /// `believed` is the newest time that the store has seen, if it remembers one.
    pub fn new(believed: Option<Timestamp>, now: Timestamp) -> Self {
        Self { believed: believed.unwrap_or(now), last: now, seen_go_on: SignedDuration::ZERO }
    }

    /// Looks at the clock; says whether what it says may delete something.
    pub fn look(&mut self, now: Timestamp) -> bool {
        let step = now.duration_since(self.last);
        self.last = now;
        let ahead = now.duration_since(self.believed);
        if ahead <= LEAP {
            // Set back: an earlier time deletes less. To go ahead from there is a leap again.
            if ahead < -LEAP || ahead.is_positive() {
                self.believed = now;
            }
            self.seen_go_on = SignedDuration::ZERO;
            return true;
        }
        let goes_on = !step.is_negative() && step <= LEAP;
        self.seen_go_on = if goes_on { self.seen_go_on.saturating_add(step) } else { SignedDuration::ZERO };
        if self.seen_go_on < if ahead > FAR { DOUBT_FAR } else { DOUBT } {
            return false;
        }
        self.believed = now;
        self.seen_go_on = SignedDuration::ZERO;
        true
    }

    /// The newest time believed.
    pub fn believed(&self) -> Timestamp {
        self.believed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3600;

    fn at(hours: i64) -> Timestamp {
        Timestamp::from_second(1_795_000_000 + hours * HOUR).unwrap()
    }

    #[test]
    fn a_clock_that_goes_on_is_believed() {
        let mut doubt = Doubt::new(None, at(0));
        assert!((0..2000).all(|hour| doubt.look(at(hour))));
        assert!(doubt.look(at(2023)), "off overnight");
    }

    #[test]
    fn after_the_holidays_it_is_believed_within_an_hour() {
        let mut doubt = Doubt::new(Some(at(0)), at(90 * 24));
        assert!(!doubt.look(at(90 * 24)));
        assert!(doubt.look(at(90 * 24 + 1)));
        assert_eq!(doubt.believed(), at(90 * 24 + 1));
    }

    #[test]
    fn years_ahead_are_believed_after_a_week_and_each_start_begins_anew() {
        let years = 2200 * 24;
        for _ in 0..3 {
            let mut doubt = Doubt::new(Some(at(0)), at(years));
            assert!((0..7 * 24).all(|hour| !doubt.look(at(years + hour))));
            assert_eq!(doubt.believed(), at(0));
        }
        let mut doubt = Doubt::new(Some(at(0)), at(years));
        assert!((0..=7 * 24).any(|hour| doubt.look(at(years + hour))));
    }

    #[test]
    fn a_clock_that_was_set_back_is_believed_and_ahead_of_that_it_is_doubted() {
        let mut doubt = Doubt::new(Some(at(0)), at(0));
        assert!(doubt.look(at(-300 * 24)));
        assert_eq!(doubt.believed(), at(-300 * 24));
        assert!(!doubt.look(at(0)));
        assert!(doubt.look(at(1)));
    }
}
