//! Why no index was made, and why a file is not taken as one.

use std::io;
use std::path::PathBuf;

use super::layout::LIST_TEXT_MAX;
use super::{ALLOW_SETS_MAX, LISTS_MAX};

/// Different classes in one index. Real lists make some thousands; this many are 16 MB.
pub const CLASSES_MAX: usize = 1 << 18;

/// Why no index was made. The old file, if there is one, stays as it is.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// More lists than an index may have.
    #[error("more than {LISTS_MAX} lists")]
    TooManyLists,
    /// More allow sets than an index may have.
    #[error("more than {ALLOW_SETS_MAX} allow sets")]
    TooManyAllowSets,
    /// An id or version of a list that is too long.
    #[error("id or version of list `{id:.40}` longer than {LIST_TEXT_MAX} octets")]
    LongListText {
        /// The list.
        id: String,
    },
    /// A rule of a list that was never added.
    #[error("no list has the number {0}")]
    UnknownList(u16),
    /// A rule about the root would be about everything.
    #[error("a rule about the root (line {line})")]
    Root {
        /// Line in its list.
        line: u32,
    },
    /// More rules than [`BuildLimits::rules_max`](super::build::BuildLimits::rules_max).
    #[error("more than {0} rules")]
    TooManyRules(u64),
    /// More classes than [`CLASSES_MAX`].
    #[error("more than {CLASSES_MAX} different combinations of lists")]
    TooManyClasses,
    /// Names of more than four gigabytes.
    #[error("more names than an index can hold")]
    TooLarge,
    /// The disk, or the system's random numbers.
    #[error("could not {what} {}: {source}", path.display())]
    Io {
        /// What was tried.
        what: &'static str,
        /// With which file or folder.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The file just written does not pass its own check: the disk, memory, or a bug of ours.
    #[error("the new index does not pass its check: {0}")]
    Unsound(#[source] OpenError),
}

/// Why a file is not taken as an index. The remedy is always to build it anew.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The file cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// It does not start as an index does.
    #[error("not an index file")]
    NotAnIndex,
    /// It was written by another version of the program.
    #[error("index layout {found}, this program reads {}", super::layout::VERSION)]
    Version {
        /// The layout's number.
        found: u32,
    },
    /// It is shorter or longer than its header says.
    #[error("{found} octets do not fit the sizes in the header")]
    Size {
        /// Octets of the file.
        found: u64,
    },
    /// Octets have changed since it was written.
    #[error("checksum of the {section} does not fit")]
    Checksum {
        /// Which part.
        section: &'static str,
    },
    /// The checksums fit, but the content contradicts itself.
    #[error("{what}")]
    Contradiction {
        /// What is wrong.
        what: &'static str,
    },
}
