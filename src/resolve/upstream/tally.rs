//! What each forwarder did, and in which order forwarders are asked.

use std::time::{Duration, Instant};

use crate::resolve::server_statistics::{BackOff, ServerStatistics};

/// After the first failure a forwarder is asked last for a second, doubled with each further one up to half a minute,
/// so that one that came back is found within that. In milliseconds.
const BACK_OFF: BackOff = BackOff { after: 1, first: 1000, most: 30_000 };

/// Counters of one server.
pub(in crate::resolve) struct Tally {
    born: Instant,
    statistics: ServerStatistics,
}

impl Tally {
    pub(in crate::resolve) fn new() -> Self {
        Self { born: Instant::now(), statistics: ServerStatistics::default() }
    }

    /// A query goes out.
    pub(super) fn asked(&self) {
        self.statistics.asked();
    }

    /// An answer came.
    pub(super) fn answered(&self, took: Duration) {
        self.statistics.answered(took);
    }

    /// No answer, or a worthless one.
    pub(in crate::resolve) fn failed(&self) {
        self.statistics.failed();
        self.overtaken();
    }

    /// Another, asked later, answered first. No failure yet, but others come first for a while.
    pub(in crate::resolve) fn overtaken(&self) {
        self.statistics.back_off(self.now(), &BACK_OFF);
    }

    /// What to ask first: servers that are not backed off, the quick before the slow, the untried before all.
    pub(in crate::resolve) fn rank(&self) -> (bool, Option<Duration>) {
        (self.statistics.is_backed_off(self.now()), self.statistics.rtt())
    }

    /// Queries sent.
    pub(in crate::resolve) fn queries(&self) -> u64 {
        self.statistics.queries()
    }

    /// Tries without a usable answer.
    pub(in crate::resolve) fn failures(&self) -> u64 {
        self.statistics.failures()
    }

    /// Smoothed round trip; `None` before the first answer.
    pub(in crate::resolve) fn rtt(&self) -> Option<Duration> {
        self.statistics.rtt()
    }

    /// Tries since the last answer.
    pub(in crate::resolve) fn failing(&self) -> u32 {
        self.statistics.in_a_row()
    }

    /// Milliseconds since it was made.
    fn now(&self) -> u64 {
        self.born.elapsed().as_millis() as u64
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
}
