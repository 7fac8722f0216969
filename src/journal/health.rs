//! How the journal is: what `lachan status` shows.

use std::path::PathBuf;

use jiff::Timestamp;

/// A picture of the journal, at most a second old. Reading it touches no file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Health {
    /// Version of the store's schema.
    pub schema: u32,
    /// Rows of minute events.
    pub rows: u64,
    /// Octets of the file that are in use.
    pub size: u64,
    /// When a batch last reached the disk.
    pub last_stored: Option<Timestamp>,
    /// Attempts stored since the start.
    pub stored: u64,
    /// Attempts that wait for the disk.
    pub waiting: u64,
    /// Attempts since the start that count under a coarser kind, because there were too many kinds.
    pub folded: u64,
    /// Failures since the start.
    pub failures: u64,
    /// What fails now; none while all is well.
    pub failing: Option<Failing>,
    /// The oldest minute kept.
    pub oldest: Option<Timestamp>,
    /// Event rows that went before their time since the start, because of the size cap.
    pub cut: u64,
    /// Hours and months alone are larger than the size cap.
    pub over_cap: bool,
    /// Where the last damaged store of this run was put.
    pub put_aside: Option<PathBuf>,
}

/// What fails, and since when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failing {
    /// When it began.
    pub since: Timestamp,
    /// What failed last, a fragment that fits after "could not".
    pub what: String,
}
