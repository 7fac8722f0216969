//! What each server did: queries, failures, smoothed round trip, and whether it is resting.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// After the first failure a forwarder is asked last for so long, doubled with each further one …
const REST_FIRST: Duration = Duration::from_secs(1);
/// … up to this, so that one that came back is found within half a minute.
const REST_MAX: Duration = Duration::from_secs(30);

/// Counters of one server.
pub(in crate::resolve) struct Tally {
    born: Instant,
    queries: AtomicU64,
    failures: AtomicU64,
    /// Tries since the last answer.
    in_a_row: AtomicU32,
    /// Smoothed round trip in µs (RFC 6298's 1/8); 0 = none measured.
    rtt_us: AtomicU32,
    /// Milliseconds after `born` until which it rests.
    rests_until_ms: AtomicU64,
}

impl Tally {
    pub(in crate::resolve) fn new() -> Self {
        Self {
            born: Instant::now(),
            queries: AtomicU64::new(0),
            failures: AtomicU64::new(0),
            in_a_row: AtomicU32::new(0),
            rtt_us: AtomicU32::new(0),
            rests_until_ms: AtomicU64::new(0),
        }
    }

    /// A query goes out.
    pub(super) fn asked(&self) {
        self.queries.fetch_add(1, Relaxed);
    }

    /// An answer came.
    pub(super) fn answered(&self, took: Duration) {
        let took = u32::try_from(took.as_micros()).unwrap_or(u32::MAX).max(1);
        // Two answers at once may lose one sample: it is an estimate.
        let smoothed = match self.rtt_us.load(Relaxed) {
            0 => took,
            old => (u64::from(old) * 7 / 8 + u64::from(took) / 8).max(1) as u32,
        };
        self.rtt_us.store(smoothed, Relaxed);
        self.in_a_row.store(0, Relaxed);
        self.rests_until_ms.store(0, Relaxed);
    }

    /// No answer, or a worthless one.
    pub(in crate::resolve) fn failed(&self) {
        self.failures.fetch_add(1, Relaxed);
        self.overtaken();
    }

    /// Another, asked later, answered first. No failure yet, but others come first for a while.
    pub(in crate::resolve) fn overtaken(&self) {
        let before = self.in_a_row.fetch_add(1, Relaxed);
        let rest = REST_FIRST.saturating_mul(1 << before.min(5)).min(REST_MAX);
        self.rests_until_ms.store((self.born.elapsed() + rest).as_millis() as u64, Relaxed);
    }

    /// What to ask first: servers that do not rest, the quick before the slow, the untried before all.
    pub(in crate::resolve) fn rank(&self) -> (bool, u32) {
        let rests = self.rests_until_ms.load(Relaxed) > self.born.elapsed().as_millis() as u64;
        (rests, self.rtt_us.load(Relaxed))
    }

    /// Queries sent.
    pub(in crate::resolve) fn queries(&self) -> u64 {
        self.queries.load(Relaxed)
    }

    /// Tries without a usable answer.
    pub(in crate::resolve) fn failures(&self) -> u64 {
        self.failures.load(Relaxed)
    }

    /// Smoothed round trip; `None` before the first answer.
    pub(in crate::resolve) fn rtt(&self) -> Option<Duration> {
        match self.rtt_us.load(Relaxed) {
            0 => None,
            us => Some(Duration::from_micros(us.into())),
        }
    }

    /// Tries since the last answer.
    pub(in crate::resolve) fn failing(&self) -> u32 {
        self.in_a_row.load(Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_fails_is_asked_last_until_it_answers() {
        let (good, bad) = (Tally::new(), Tally::new());
        good.answered(Duration::from_millis(20));
        bad.answered(Duration::from_millis(5));
        assert!(bad.rank() < good.rank());
        bad.failed();
        assert!(good.rank() < bad.rank());
        bad.answered(Duration::from_millis(5));
        assert!(bad.rank() < good.rank());
        assert_eq!((bad.failures(), bad.failing()), (1, 0));
    }

    #[test]
    fn the_round_trip_follows_slowly() {
        let tally = Tally::new();
        assert_eq!(tally.rtt(), None);
        tally.answered(Duration::from_millis(80));
        tally.answered(Duration::from_millis(160));
        assert_eq!(tally.rtt(), Some(Duration::from_millis(90)));
    }
}
