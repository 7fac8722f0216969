//! What time it is, asked so that a test can play any time.

use std::sync::Mutex;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::{Offset, TimeZone};

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
        *self.0.lock().expect("nothing panics while it holds this lock") = now;
    }
}

impl Clock for SetClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().expect("nothing panics while it holds this lock")
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
    fn a_school_day_begins_at_seventeen_hours_utc() {
        let before = minute_of("2026-11-22T16:59:59Z".parse().unwrap());
        assert_eq!(day_number(day_of(before, &vietnam())), 20261122);
        assert_eq!(day_number(day_of(before + 1, &vietnam())), 20261123);
        assert_eq!(start_of(before).to_string(), "2026-11-22T16:59:00Z");
        assert_eq!(minute_of("1969-01-01T00:00:00Z".parse().unwrap()), 0);
        let _ = day_of(4_000_000_000, &vietnam());
    }
}
