//! Why the system refused, as people are told.

use std::error::Error;
use std::io;

use super::{Message, msg};
use crate::sys::cause::Cause;
use crate::sys::whole::NotAFile;

/// The cause of an error of the system; one that is not common in the system's own words.
pub fn cause(error: &io::Error) -> Message {
    match Cause::of(error) {
        Some(cause) => told(cause),
        None => msg!("system-other", error = error.to_string()),
    }
}

/// The cause of an error that an error of the system is behind, if one is.
pub fn cause_behind(error: &(dyn Error + 'static)) -> Option<Message> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref::<io::Error>() {
            return Some(cause(found));
        }
        next = error.source();
    }
    None
}

/// One of the common causes.
pub fn told(cause: Cause) -> Message {
    match cause {
        Cause::NoSpace => msg!("system-no-space"),
        Cause::Quota => msg!("system-quota"),
        Cause::NoRight => msg!("system-no-right"),
        Cause::Absent => msg!("system-absent"),
        Cause::Exists => msg!("system-exists"),
        Cause::ReadOnly => msg!("system-read-only"),
        Cause::InUse => msg!("system-in-use"),
        Cause::Disk => msg!("system-disk"),
        Cause::TooManyFiles => msg!("system-too-many-files"),
        Cause::NoMemory => msg!("system-no-memory"),
        Cause::TimedOut => msg!("system-timed-out"),
        Cause::Refused => msg!("system-refused"),
        Cause::Unreachable => msg!("system-unreachable"),
        Cause::Reset => msg!("system-reset"),
        Cause::NotAFolder => msg!("system-not-a-folder"),
        Cause::Circle => msg!("system-circle"),
        Cause::TooLarge => msg!("system-too-large"),
        Cause::CutShort => msg!("system-cut-short"),
        Cause::Other(NotAFile::Folder) => msg!("system-is-folder"),
        Cause::Other(NotAFile::Pipe) => msg!("system-is-pipe"),
        Cause::Other(NotAFile::Socket) => msg!("system-is-socket"),
        Cause::Other(NotAFile::Device) => msg!("system-is-device"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::i18n::Lang;

    #[test]
    fn a_cause_is_told_in_the_readers_language_and_an_uncommon_one_with_the_systems_words() {
        let full = io::Error::from(io::ErrorKind::StorageFull);
        assert_eq!(cause(&full).text(Lang::Vi), "đĩa đã đầy");
        assert_eq!(cause(&full).text(Lang::En), "the disk is full");
        let odd = io::Error::other("odd");
        assert_eq!(cause(&odd).text(Lang::Vi), "lỗi hệ thống (odd)");
    }

    #[test]
    fn an_error_of_the_system_is_found_behind_our_own() {
        #[derive(Debug, thiserror::Error)]
        #[error("could not write: {source}")]
        struct Ours {
            source: io::Error,
        }
        let ours = Ours { source: io::ErrorKind::StorageFull.into() };
        assert_eq!(cause_behind(&ours), Some(msg!("system-no-space")));
        assert_eq!(cause_behind(&std::fmt::Error), None);
    }
}
