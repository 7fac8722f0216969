//! The wall clock, and a clock that nobody can set.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use nix::time::{ClockId, clock_gettime};

/// Seconds since 1970; 0 on a clock before that.
pub fn unix_now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// The wall clock's time since 1970; zero on a clock before that.
pub fn wall() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// Time since the machine started, the time that it slept included: what the wall clock does beyond that is
/// somebody setting it.
pub fn since_boot() -> Duration {
    // It cannot fail for a clock that every Linux has; zero would only look like a wall clock that was set.
    clock_gettime(ClockId::CLOCK_BOOTTIME).map_or(Duration::ZERO, Duration::from)
}
