//! What is measured, and how.

use std::time::Duration;

use criterion::Criterion;
use criterion::measurement::{Measurement, ValueFormatter, WallTime};

/// How lookups and verdicts are sampled.
pub fn sampled() -> Criterion<CpuTime> {
    Criterion::default()
        .with_measurement(CpuTime)
        .sample_size(30)
        .warm_up_time(Duration::from_secs(2))
        .measurement_time(Duration::from_secs(4))
        .configure_from_args()
}

/// Time that this thread was on a processor. On a machine that does other things too, wall time says
/// how many they are.
pub struct CpuTime;

impl Measurement for CpuTime {
    type Intermediate = u64;
    type Value = Duration;

    fn start(&self) -> u64 {
        // Giving way brings the kernel's account up to date, which otherwise lags by a tick.
        std::thread::yield_now();
        let account = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
        account.split(' ').next().and_then(|nanos| nanos.parse().ok()).expect("the kernel keeps account")
    }

    fn end(&self, started: u64) -> Duration {
        Duration::from_nanos(self.start() - started)
    }

    fn add(&self, one: &Duration, other: &Duration) -> Duration {
        *one + *other
    }

    fn zero(&self) -> Duration {
        Duration::ZERO
    }

    fn to_f64(&self, value: &Duration) -> f64 {
        value.as_nanos() as f64
    }

    fn formatter(&self) -> &dyn ValueFormatter {
        WallTime.formatter()
    }
}

/// The most memory that this process has had at once, mapped files included.
pub fn peak_memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.map_or_else(|| "unknown".into(), |line| line.trim().to_owned())
}
