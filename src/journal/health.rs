//! How the journal is: what `lachan status` shows.

use std::path::PathBuf;

use jiff::Timestamp;

use crate::i18n::Message;

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
    /// When the store's file was last removed, renamed or replaced under the running program.
    pub moved: Option<Timestamp>,
    /// When a store was last lost, emptied or put aside: what it held is missing in the present one.
    pub lost: Option<Timestamp>,
    /// Whether one of the journal's threads has ended: nothing is stored any more.
    pub has_ended: bool,
    /// The clock is suddenly far ahead: nothing is deleted by age until it has gone on for a while.
    pub clock_doubted: bool,
    /// The system's clock was never set: attempts are dated from the newest time in the store on.
    pub clock_unset: bool,
    /// Attempts since the start whose name was reduced, because their device asked for too many.
    pub reduced: u64,
    /// When that last happened.
    pub reduced_last: Option<Timestamp>,
    /// Event rows since the start of devices with very many, whose names went because of the size cap.
    pub given: u64,
}

/// What fails, and since when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failing {
    /// When it began.
    pub since: Timestamp,
    /// Why it failed the last time.
    pub what: Message,
}
