//! Why the system refused: the common causes by what a person does about them.

use std::io::{Error, ErrorKind};

use nix::libc;

use super::whole::NotAFile;

/// Why the system refused. What is not among these is told in the system's own words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The disk is full.
    NoSpace,
    /// The user has as much on the disk as is allowed.
    Quota,
    /// The user may not.
    NoRight,
    /// There is nothing of that name.
    Absent,
    /// There is something of that name already.
    Exists,
    /// The file system takes no writes.
    ReadOnly,
    /// Another program holds it.
    InUse,
    /// The disk does not read or write.
    Disk,
    /// The process or the system has no file descriptor left.
    TooManyFiles,
    /// There is no memory left.
    NoMemory,
    TimedOut,
    /// Nobody listens there.
    Refused,
    /// No way leads to the network or the host.
    Unreachable,
    /// The other end closed the connection.
    Reset,
    /// A part of the path is no folder.
    NotAFolder,
    /// Links that lead in a circle.
    Circle,
    /// Larger than what is read.
    TooLarge,
    /// It ends before it should.
    CutShort,
    /// Something else than a regular file.
    Other(NotAFile),
}

impl Cause {
    /// The cause of an error of the system, if it is a common one.
    pub fn of(error: &Error) -> Option<Self> {
        if let Some(other) = error.get_ref().and_then(|inner| inner.downcast_ref::<NotAFile>()) {
            return Some(Self::Other(*other));
        }
        Some(match error.kind() {
            ErrorKind::StorageFull => Self::NoSpace,
            ErrorKind::QuotaExceeded => Self::Quota,
            ErrorKind::PermissionDenied => Self::NoRight,
            ErrorKind::NotFound => Self::Absent,
            ErrorKind::AlreadyExists => Self::Exists,
            ErrorKind::ReadOnlyFilesystem => Self::ReadOnly,
            ErrorKind::ResourceBusy | ErrorKind::ExecutableFileBusy | ErrorKind::AddrInUse => Self::InUse,
            ErrorKind::OutOfMemory => Self::NoMemory,
            // What a socket with a time limit says when it is over.
            ErrorKind::TimedOut | ErrorKind::WouldBlock => Self::TimedOut,
            ErrorKind::ConnectionRefused => Self::Refused,
            ErrorKind::NetworkUnreachable | ErrorKind::HostUnreachable | ErrorKind::NetworkDown => {
                Self::Unreachable
            }
            ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted | ErrorKind::BrokenPipe => Self::Reset,
            ErrorKind::NotADirectory => Self::NotAFolder,
            ErrorKind::IsADirectory => Self::Other(NotAFile::Folder),
            ErrorKind::FileTooLarge => Self::TooLarge,
            ErrorKind::UnexpectedEof => Self::CutShort,
            _ => match error.raw_os_error()? {
                libc::EIO => Self::Disk,
                libc::EMFILE | libc::ENFILE => Self::TooManyFiles,
                libc::ELOOP => Self::Circle,
                _ => return None,
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_of_the_system_are_known_by_their_causes() {
        for (number, cause) in [
            (libc::ENOSPC, Cause::NoSpace),
            (libc::EDQUOT, Cause::Quota),
            (libc::EACCES, Cause::NoRight),
            (libc::EPERM, Cause::NoRight),
            (libc::ENOENT, Cause::Absent),
            (libc::EEXIST, Cause::Exists),
            (libc::EROFS, Cause::ReadOnly),
            (libc::EBUSY, Cause::InUse),
            (libc::EADDRINUSE, Cause::InUse),
            (libc::EIO, Cause::Disk),
            (libc::EMFILE, Cause::TooManyFiles),
            (libc::ENFILE, Cause::TooManyFiles),
            (libc::ENOMEM, Cause::NoMemory),
            (libc::ETIMEDOUT, Cause::TimedOut),
            (libc::EAGAIN, Cause::TimedOut),
            (libc::ECONNREFUSED, Cause::Refused),
            (libc::ENETUNREACH, Cause::Unreachable),
            (libc::EHOSTUNREACH, Cause::Unreachable),
            (libc::ECONNRESET, Cause::Reset),
            (libc::EPIPE, Cause::Reset),
            (libc::ENOTDIR, Cause::NotAFolder),
            (libc::EISDIR, Cause::Other(NotAFile::Folder)),
            (libc::ELOOP, Cause::Circle),
            (libc::EFBIG, Cause::TooLarge),
        ] {
            let error = Error::from_raw_os_error(number);
            assert_eq!(Cause::of(&error), Some(cause), "{error}");
        }
        assert_eq!(Cause::of(&Error::from_raw_os_error(libc::EXDEV)), None);
        assert_eq!(Cause::of(&Error::other("something")), None);
    }
}
