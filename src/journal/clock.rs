//! What time it is, asked so that a test can play any time.

use std::sync::{Arc, Mutex};

use jiff::civil::Date;
use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Timestamp};

use crate::sys::lock::Guard;

/// Tells the time. The server's is [`SystemClock`]; a test's is [`SetClock`].
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> Timestamp;
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

/// A clock that stands until it is set.
#[derive(Debug)]
pub struct SetClock(Mutex<Timestamp>);

impl SetClock {
    /// A clock that stands at `now`.
    pub fn at(now: Timestamp) -> Self {
        Self(Mutex::new(now))
    }

    /// Sets it.
    pub fn set(&self, now: Timestamp) {
        *self.0.guard() = now;
    }
}

impl Clock for SetClock {
    fn now(&self) -> Timestamp {
        *self.0.guard()
    }
}

/// The first second of 2026, when this program was made: a clock that stands before it was never set.
const FIRST_TIME: i64 = 1_767_225_600;

/// The system's clock, or, while that stands before [`FIRST_TIME`] (a machine whose battery is empty
/// starts in 1970), a clock that goes on from the newest time that the store knows. So attempts that
/// are counted before the clock is set are not dated in 1970, where their age would delete them.
pub(super) struct DatedClock {
    inner: Arc<dyn Clock>,
    newest: Mutex<Timestamp>,
    /// What is added to the clock while it is not set.
    ahead: Mutex<Option<SignedDuration>>,
}

impl DatedClock {
    pub fn new(inner: Arc<dyn Clock>) -> Self {
        let first = Timestamp::from_second(FIRST_TIME).unwrap_or(Timestamp::MAX);
        Self { inner, newest: Mutex::new(first), ahead: Mutex::new(None) }
    }

    /// Tells it the newest time in the store.
    pub fn remember(&self, newest: Timestamp) {
        if newest.as_second() > FIRST_TIME {
            *self.newest.guard() = newest;
            *self.ahead.guard() = None;
        }
    }

    /// Whether the system's clock was never set.
    pub fn is_unset(&self) -> bool {
        self.inner.now().as_second() < FIRST_TIME
    }
}

impl Clock for DatedClock {
    fn now(&self) -> Timestamp {
        let now = self.inner.now();
        let mut ahead = self.ahead.guard();
        if now.as_second() >= FIRST_TIME {
            *ahead = None;
            return now;
        }
        let newest = *self.newest.guard();
        let ahead = *ahead.get_or_insert_with(|| newest.duration_since(now));
        now.checked_add(ahead).unwrap_or(newest)
    }
}

/// Minutes since 1970, UTC; 0 for a clock that stands before it.
pub(super) fn minute_of(at: Timestamp) -> u32 {
    u32::try_from(at.as_second().div_euclid(60)).unwrap_or(0)
}

/// The start of that minute; the end of time for one after the year 9999.
pub(super) fn start_of(minute: u32) -> Timestamp {
    Timestamp::from_second(i64::from(minute) * 60).unwrap_or(Timestamp::MAX)
}

/// The school's date in that minute.
pub(super) fn day_of(minute: u32, zone: &TimeZone) -> Date {
    zone.to_datetime(start_of(minute)).date()
}

/// A date as a number that sorts: 20261123.
pub(super) fn day_number(day: Date) -> i64 {
    i64::from(day.year()) * 10_000 + i64::from(day.month()) * 100 + i64::from(day.day())
}

/// Asia/Ho_Chi_Minh, also on a machine without a time zone database: Vietnam has had UTC+7 without
/// summer time since 1975.
pub fn vietnam() -> TimeZone {
    TimeZone::get("Asia/Ho_Chi_Minh").unwrap_or_else(|_| TimeZone::fixed(Offset::constant(7)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_was_never_set_goes_on_from_the_newest_time_known() {
        let system = Arc::new(SetClock::at("1970-01-01T00:00:10Z".parse().unwrap()));
        let dated = DatedClock::new(system.clone());
        dated.remember("2026-11-23T01:00:00Z".parse().unwrap());
        assert_eq!(dated.now().to_string(), "2026-11-23T01:00:00Z");
        system.set("1970-01-01T00:01:10Z".parse().unwrap());
        assert_eq!(dated.now().to_string(), "2026-11-23T01:01:00Z");
        assert!(dated.is_unset());
        system.set("2026-11-24T00:00:00Z".parse().unwrap());
        assert_eq!(dated.now().to_string(), "2026-11-24T00:00:00Z");
        assert!(!dated.is_unset());
        let no_store = DatedClock::new(Arc::new(SetClock::at(Timestamp::UNIX_EPOCH)));
        assert_eq!(no_store.now().to_string(), "2026-01-01T00:00:00Z");
    }

    #[test]
    fn a_school_day_begins_at_seventeen_hours_utc() {
        let before = minute_of("2026-11-22T16:59:59Z".parse().unwrap());
        assert_eq!(day_number(day_of(before, &vietnam())), 20261122);
        assert_eq!(day_number(day_of(before + 1, &vietnam())), 20261123);
        assert_eq!(start_of(before).to_string(), "2026-11-22T16:59:00Z");
        assert_eq!(minute_of("1969-01-01T00:00:00Z".parse().unwrap()), 0);
        let _ = day_of(4_000_000_000, &vietnam());
    }
}
