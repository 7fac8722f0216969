//! What one server did, forwarder or authority: queries, failures, smoothed round trip, and until when it is backed
//! off.
//!
//! Times are numbers of a clock that only goes forward, in the unit of the [`BackOff`] that goes with them.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// Longer round trips are taken for this, in µs, so that sums of them stay within 32 bits.
const RTT_MAX: u32 = u32::MAX / 8;

/// How long a server is backed off that does not answer.
pub(super) struct BackOff {
    /// Failures in a row from which on it is.
    pub after: u32,
    /// How long at first; doubled with each further failure …
    pub first: u64,
    /// … up to this.
    pub most: u64,
}

/// Counters and estimates of one server.
#[derive(Debug, Default)]
pub(super) struct ServerStatistics {
    queries: AtomicU64,
    failures: AtomicU64,
    /// Smoothed round trip and its variation in µs (RFC 6298); 0: none measured.
    rtt_us: AtomicU32,
    var_us: AtomicU32,
    /// Failures since the last answer.
    in_a_row: AtomicU32,
    backed_off_until: AtomicU64,
}

impl ServerStatistics {
    /// A query goes out.
    pub(super) fn asked(&self) {
        self.queries.fetch_add(1, Relaxed);
    }

    /// An answer came, whatever it says.
    pub(super) fn answered(&self, took: Duration) {
        let took = u32::try_from(took.as_micros()).unwrap_or(RTT_MAX).clamp(1, RTT_MAX);
        // Two answers at once may lose one sample: it is an estimate.
        let (rtt, var) = match self.rtt_us.load(Relaxed) {
            0 => (took, took / 2),
            rtt => {
                let var = self.var_us.load(Relaxed) / 4 * 3 + rtt.abs_diff(took) / 4;
                (rtt / 8 * 7 + took / 8, var)
            }
        };
        self.rtt_us.store(rtt.max(1), Relaxed);
        self.var_us.store(var, Relaxed);
        self.forgive();
    }

    /// A query had no usable answer.
    pub(super) fn failed(&self) {
        self.failures.fetch_add(1, Relaxed);
    }

    /// One failure more in a row, at `now`.
    pub(super) fn back_off(&self, now: u64, back_off: &BackOff) {
        let in_a_row = self.in_a_row.fetch_add(1, Relaxed).saturating_add(1);
        if let Some(doublings) = in_a_row.checked_sub(back_off.after) {
            let pause = (back_off.first << doublings.min(8)).min(back_off.most);
            self.backed_off_until.store(now + pause, Relaxed);
        }
    }

    /// At least so many failures in a row.
    pub(super) fn at_least(&self, in_a_row: u32) {
        self.in_a_row.fetch_max(in_a_row, Relaxed);
    }

    /// No failures in a row any more.
    pub(super) fn forgive(&self) {
        self.in_a_row.store(0, Relaxed);
        self.backed_off_until.store(0, Relaxed);
    }

    /// Whether others are asked before it.
    pub(super) fn is_backed_off(&self, now: u64) -> bool {
        self.backed_off_until.load(Relaxed) > now
    }

    /// Queries sent.
    pub(super) fn queries(&self) -> u64 {
        self.queries.load(Relaxed)
    }

    /// Queries without a usable answer.
    pub(super) fn failures(&self) -> u64 {
        self.failures.load(Relaxed)
    }

    /// Failures since the last answer.
    pub(super) fn in_a_row(&self) -> u32 {
        self.in_a_row.load(Relaxed)
    }

    /// Smoothed round trip; `None` before the first answer.
    pub(super) fn rtt(&self) -> Option<Duration> {
        match self.rtt_us.load(Relaxed) {
            0 => None,
            us => Some(Duration::from_micros(us.into())),
        }
    }

    /// Variation of the round trip.
    pub(super) fn variation(&self) -> Duration {
        Duration::from_micros(self.var_us.load(Relaxed).into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BACK_OFF: BackOff = BackOff { after: 2, first: 3, most: 20 };

    #[test]
    fn the_pause_doubles_with_each_failure_up_to_its_bound_and_an_answer_ends_it() {
        let server = ServerStatistics::default();
        for (failures, pause) in [(1, 0), (2, 3), (3, 6), (4, 12), (5, 20), (6, 20)] {
            server.back_off(100, &BACK_OFF);
            assert_eq!(server.in_a_row(), failures);
            assert_eq!(server.is_backed_off(100), pause > 0, "{failures}");
            assert!(pause == 0 || server.is_backed_off(100 + pause - 1), "{failures}");
            assert!(!server.is_backed_off(100 + pause), "{failures}");
        }
        (0..100).for_each(|_| server.back_off(100, &BACK_OFF));
        assert!(!server.is_backed_off(120));
        server.answered(Duration::from_millis(5));
        assert!(!server.is_backed_off(100));
        assert_eq!((server.in_a_row(), server.failures()), (0, 0));
    }

    #[test]
    fn the_round_trip_follows_slowly() {
        let server = ServerStatistics::default();
        assert_eq!(server.rtt(), None);
        server.answered(Duration::from_millis(80));
        assert_eq!(
            (server.rtt(), server.variation()),
            (Some(Duration::from_millis(80)), Duration::from_millis(40))
        );
        server.answered(Duration::from_millis(160));
        assert_eq!(
            (server.rtt(), server.variation()),
            (Some(Duration::from_millis(90)), Duration::from_millis(50))
        );
        server.answered(Duration::MAX);
        assert!(server.rtt() < Some(Duration::from_secs(600)), "an hour is no round trip");
    }
}
