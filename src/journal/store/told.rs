//! Why the journal could not do what was asked, as people are told: without the step that failed, which stands in
//! the program's log.

use rusqlite::ErrorCode;

use super::{Error, SCHEMA};
use crate::i18n::cause::told;
use crate::i18n::{Message, msg};
use crate::sys::cause::Cause;

impl Error {
    /// What it is, with the file that it is about.
    pub fn tell(&self) -> Message {
        match self {
            Self::File { path, source, .. } => msg!("file-and-cause", path = path.as_path(), why = source),
            Self::InUse { path } => msg!("journal-in-use", path = path.as_path()),
            Self::Newer { path, found } => {
                msg!("journal-newer", path = path.as_path(), found = *found, known = SCHEMA)
            }
            Self::Older { path, found } => {
                msg!("journal-older", path = path.as_path(), found = *found, known = SCHEMA)
            }
            Self::NotOurs { path } => msg!("journal-not-ours", path = path.as_path()),
            Self::Absent { path } => msg!("journal-absent", path = path.as_path()),
            Self::Database { source, .. } => of_database(source),
            Self::Block(_) => msg!("journal-damaged"),
        }
    }
}

/// SQLite's codes (<https://www.sqlite.org/rescode.html>).
fn of_database(error: &rusqlite::Error) -> Message {
    told(match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => Cause::NoSpace,
        Some(ErrorCode::ReadOnly) => Cause::ReadOnly,
        Some(ErrorCode::PermissionDenied) => Cause::NoRight,
        Some(ErrorCode::OutOfMemory) => Cause::NoMemory,
        Some(ErrorCode::SystemIoFailure) => Cause::Disk,
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked | ErrorCode::FileLockingProtocolFailed) => {
            Cause::InUse
        }
        Some(ErrorCode::CannotOpen) => return msg!("journal-not-opened"),
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => return msg!("journal-damaged"),
        _ => return msg!("system-other", error = error.to_string()),
    })
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::i18n::Lang;

    #[test]
    fn what_sqlite_and_the_system_say_is_told_in_the_readers_language() {
        let database = |code| Error::Database {
            doing: "store a batch",
            source: rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(code), None),
        };
        let file = Error::File {
            doing: "open",
            path: PathBuf::from("/x"),
            source: std::io::ErrorKind::PermissionDenied.into(),
        };
        for (error, vi, en) in [
            (database(rusqlite::ffi::SQLITE_FULL), "đĩa đã đầy", "the disk is full"),
            (
                database(rusqlite::ffi::SQLITE_IOERR_WRITE),
                "đĩa bị lỗi đọc ghi",
                "the disk reports an I/O error",
            ),
            (
                database(rusqlite::ffi::SQLITE_READONLY),
                "hệ thống tệp chỉ cho đọc",
                "the file system is read-only",
            ),
            (database(rusqlite::ffi::SQLITE_BUSY), "chương trình khác đang dùng", "another program uses it"),
            (file, "/x: không có quyền", "/x: permission denied"),
        ] {
            assert_eq!(error.tell().text(Lang::Vi), vi, "{error}");
            assert_eq!(error.tell().text(Lang::En), en, "{error}");
        }
    }
}
