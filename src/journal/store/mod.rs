//! The file: SQLite in the state folder, opened, brought to the newest version, or put aside.
//!
//! One connection writes (`save`, `fold`, `tidy`), others read (`read`). Every step is one transaction. A
//! file of a newer version, or of another program, is refused and left as it is; a damaged one is
//! moved aside under the date and a new one begun, because the answer to a pupil's query must not
//! wait for a person, and neither must the counting.
//!
//! Knows SQL and files. Never knows workers, threads or who may read what.
// What a second counted is one row (`save`); each minute those become blocks (`fold`), which is all that is
// indexed, and by time only. So a second writes a page or two, and a row is written three times at a tenth of
// its size. WAL, since a rollback journal writes three times as much for a second with few attempts.
//
// synchronous = FULL: a commit reaches the disk before it counts as stored, so that a power cut costs
// the last second and not, as with NORMAL in WAL mode, all since the last checkpoint. It is one fsync
// a second on a thread that no answer waits for.

mod file;
mod fold;
pub(super) mod follow;
pub(super) mod read;
mod save;
mod sources;
mod tidy;
mod told;
mod upgrade;

pub(super) use file::put_aside;
pub(super) use save::Rosters;
pub(super) use tidy::Keep;

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use file::{check_roughly, prepare, refuse_strangers, set_mark, with_ending};
use fold::HourDevices;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, TransactionBehavior};
use save::Numbers;

use super::block::{Block, Damaged};
use crate::sys::private::identity;
use crate::sys::whole::open_file;

const TABLES: &str = include_str!("schema-3.sql");
/// The version that this program reads and writes.
pub const SCHEMA: u32 = 3;
/// `LCJR`: how a file says that it is our journal.
const APPLICATION_ID: i32 = 0x4c43_4a52;
/// Waiting for a reader that writes its line into `access`, which takes it a few milliseconds…
const BUSY_WAIT: Duration = Duration::from_secs(5);
/// …but not at the start: a server answers first, and the store is tried again each second.
const BUSY_WAIT_AT_START: Duration = Duration::from_millis(100);
/// Octets that the write-ahead log keeps on disk after a checkpoint.
const WAL_KEPT: i64 = 16 << 20;
/// Octets of page cache of the writing connection.
const CACHE_KIB: i64 = 4096;
/// Damaged files kept beside the store; a disk that damages each new one must not fill up with them.
const ASIDE_MAX: usize = 5;
/// The file's name in the state folder.
pub const FILE: &str = "journal.sqlite";

/// Why the journal could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The state folder or a file in it.
    #[error("{doing} {}: {source}", path.display())]
    File { doing: &'static str, path: PathBuf, source: io::Error },
    /// Another program writes here.
    #[error("open the store in {}: it is in use by another lachan", path.display())]
    InUse { path: PathBuf },
    /// Written by a newer program; left as it is.
    #[error("open {}: it has schema {found}, this program knows up to {SCHEMA}; use the newer program, or another folder", path.display())]
    Newer { path: PathBuf, found: u32 },
    /// Not a journal; left as it is.
    #[error("open {}: it is a database of another program", path.display())]
    NotOurs { path: PathBuf },
    /// A reader before the server has brought the file up to date.
    #[error("{} has schema {found}, this program reads {SCHEMA}: start the server once", path.display())]
    Older { path: PathBuf, found: u32 },
    /// Nothing stored yet.
    #[error("{} does not exist: nothing has been stored yet", path.display())]
    Absent { path: PathBuf },
    /// SQLite.
    #[error("{doing}: {source}")]
    Database { doing: &'static str, source: rusqlite::Error },
    /// A block that cannot be read.
    #[error("read the journal: {0}")]
    Block(#[from] Damaged),
}

impl Error {
    /// Whether the file is damaged, so that trying again cannot help.
    pub fn is_damage(&self) -> bool {
        let Self::Database { source, .. } = self else { return matches!(self, Self::Block(_)) };
        matches!(source.sqlite_error_code(), Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase))
    }

    /// A block could not be compressed, for want of memory.
    fn packing(source: io::Error) -> Self {
        Self::File { doing: "pack rows for", path: FILE.into(), source }
    }
}

/// Says what was being done when SQLite failed.
trait Doing<T> {
    fn doing(self, doing: &'static str) -> Result<T, Error>;
}

impl<T> Doing<T> for rusqlite::Result<T> {
    fn doing(self, doing: &'static str) -> Result<T, Error> {
        self.map_err(|source| Error::Database { doing, source })
    }
}

/// The writing side.
pub(super) struct Store {
    path: PathBuf,
    db: Connection,
    zone: TimeZone,
    numbers: Numbers,
    devices: HourDevices,
    open: Open,
    block_rows: u64,
    truncate_due: bool,
    /// The store's files as they were opened: another one under such a name means that ours is gone.
    files: Vec<(PathBuf, (u64, u64))>,
    /// The file, to look at how it begins. To close it would drop the locks of `db` on it, so it is closed last.
    file: File,
}

/// What is not folded yet.
#[derive(Clone, Copy, Debug, Default)]
struct Open {
    rows: u64,
    /// The first minute of all, and the earliest last minute of a batch.
    first: u32,
    oldest_last: u32,
}

/// What became of the store's files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::journal) enum Place {
    Ours,
    /// The file was removed, renamed, or replaced.
    Moved,
    /// Its log was, or what readers and the writer share.
    LogMoved,
    /// Something else was written into the file, or it was emptied.
    Overwritten,
}

/// How a store's file begins (<https://www.sqlite.org/fileformat2.html>, §1.3).
const MAGIC: &[u8; 16] = b"SQLite format 3\0";

impl Store {
    /// Opens the store in `folder`, new if there is none. If it had to put a damaged one aside, says
    /// where that is.
    ///
    /// At the start it does not wait, neither for others nor for a store that must be brought up to date:
    /// that is done when it is opened again.
    pub fn open(
        folder: &Path,
        zone: TimeZone,
        now: Timestamp,
        at_start: bool,
    ) -> Result<(Self, Option<PathBuf>), Error> {
        let path = folder.join(FILE);
        match Self::open_path(&path, zone.clone(), at_start) {
            Err(error) if error.is_damage() => {
                let aside = put_aside(&path, now)?;
                Ok((Self::open_path(&path, zone, at_start)?, Some(aside)))
            }
            opened => Ok((opened?, None)),
        }
    }

    fn open_path(path: &Path, zone: TimeZone, at_start: bool) -> Result<Self, Error> {
        let found = refuse_strangers(path)?;
        if (1..SCHEMA).contains(&found) {
            if at_start {
                return Err(Error::Older { path: path.into(), found });
            }
            tracing::info!("the journal's store is brought from version {found} to version {SCHEMA}");
            match found {
                1 => upgrade::from_1(path)?,
                _ => upgrade::from_2(path)?,
            }
        }
        let file_error = |doing, source| Error::File { doing, path: path.into(), source };
        // SQLite gives the log and its index the mode of this file. `create_new` does not follow a link that
        // leads nowhere, as a plain `create` would.
        let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
        match made {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_file() => {}
            made => drop(made.map_err(|source| file_error("open", source))?),
        }
        let file = open_file(path).map_err(|source| file_error("open", source))?;
        let mut db = Connection::open(path).doing("open the store")?;
        db.busy_timeout(if at_start { BUSY_WAIT_AT_START } else { BUSY_WAIT }).doing("open the store")?;
        // A transaction that reads first and finds that a reader has written meanwhile could only fail.
        db.set_transaction_behavior(TransactionBehavior::Immediate);
        prepare(&mut db, path)?;
        check_roughly(&db)?;
        db.busy_timeout(BUSY_WAIT).doing("open the store")?;
        let files = ["", "-wal", "-shm"].map(|ending| with_ending(path, ending));
        let files = files.into_iter().filter_map(|path| identity(&path).map(|found| (path, found)));
        let mut store = Self {
            path: path.into(),
            db,
            zone,
            numbers: Numbers::default(),
            devices: HourDevices::default(),
            open: Open::default(),
            block_rows: 0,
            truncate_due: false,
            files: files.collect(),
            file,
        };
        store.recount()?;
        Ok(store)
    }

    /// Counts anew what is kept, after it changed.
    fn recount(&mut self) -> Result<(), Error> {
        self.recount_open()?;
        let rows: i64 = self
            .db
            .prepare_cached("SELECT ifnull(sum(rows), 0) FROM block")
            .and_then(|mut find| find.query_row([], |row| row.get(0)))
            .doing("count the rows")?;
        self.block_rows = u64::try_from(rows).unwrap_or(0);
        Ok(())
    }

    /// The same for what is not folded yet.
    fn recount_open(&mut self) -> Result<(), Error> {
        let sql = "SELECT ifnull(sum(rows), 0), ifnull(min(first), 0), ifnull(min(last), 0) FROM batch
                   WHERE id > (SELECT ifnull(max(value), 0) FROM mark WHERE name = 'folded')";
        self.open = self
            .db
            .prepare_cached(sql)
            .and_then(|mut find| {
                find.query_row([], |row| {
                    let rows = u64::try_from(row.get::<_, i64>(0)?).unwrap_or(0);
                    Ok(Open { rows, first: row.get(1)?, oldest_last: row.get(2)? })
                })
            })
            .doing("count the rows")?;
        Ok(())
    }

    /// A number that the store remembers.
    pub fn mark(&self, name: &str) -> Result<Option<i64>, Error> {
        self.db
            .prepare_cached("SELECT value FROM mark WHERE name = ?1")
            .and_then(|mut find| find.query_row([name], |row| row.get(0)).map(Some).or_else(none_found))
            .doing("read what the store remembers")
    }

    /// Remembers a number.
    pub fn remember(&self, name: &str, value: i64) -> Result<(), Error> {
        set_mark(&self.db, name, value).doing("write what the store remembers")
    }

    fn read_block(&self, body: &[u8]) -> Result<Block, Error> {
        Ok(Block::read(body)?)
    }

    fn load(&self, table: &str, id: i64) -> Result<Block, Error> {
        let sql = format!("SELECT body FROM {table} WHERE id = ?1");
        let mut statement = self.db.prepare_cached(&sql).doing("read a block")?;
        let mut rows = statement.query([id]).doing("read a block")?;
        let row = rows.next().doing("read a block")?.ok_or(Damaged)?;
        self.read_block(row.get_ref(0).and_then(|body| Ok(body.as_blob()?)).doing("read a block")?)
    }

    /// Whether the files under the store's names are still those that it writes.
    pub fn place(&self) -> Place {
        let moved = self.files.iter().position(|(path, ours)| identity(path) != Some(*ours));
        match moved {
            None if !self.begins_as_a_store() => Place::Overwritten,
            None => Place::Ours,
            Some(0) => Place::Moved,
            Some(_) => Place::LogMoved,
        }
    }

    /// Whether the file still begins as a store does; also where that cannot be read now. SQLite itself would go on
    /// with what it remembers of the file.
    fn begins_as_a_store(&self) -> bool {
        let mut start = [0; MAGIC.len()];
        match self.file.read_exact_at(&mut start, 0) {
            Ok(()) => start == *MAGIC,
            Err(error) => error.kind() != io::ErrorKind::UnexpectedEof,
        }
    }

    /// Leaves a file that is no longer under its name: all that it was given is written into it, and what
    /// stands under the names of its log now is left alone.
    pub fn leave(self) {
        let written = self.db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
        let kept = self.db.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true);
        if let Err(error) = written.and(kept.map(drop)) {
            tracing::warn!("what the journal's store was last given may be missing in the old file: {error}");
        }
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Octets that the store uses, free pages not counted, the log not counted.
    pub fn used(&self) -> Result<u64, Error> {
        let (pages, free, size) = self.pages()?;
        Ok((pages - free) * size)
    }

    fn pages(&self) -> Result<(u64, u64, u64), Error> {
        let ask =
            |pragma| self.db.query_row(pragma, [], |row| row.get::<_, i64>(0)).doing("measure the store");
        let number = |pragma| ask(pragma).map(|value| u64::try_from(value).unwrap_or(0));
        Ok((number("PRAGMA page_count")?, number("PRAGMA freelist_count")?, number("PRAGMA page_size")?))
    }

    /// For tests that break it.
    #[cfg(test)]
    pub fn db(&self) -> &Connection {
        &self.db
    }
}

/// Whoever looks for one row and finds none.
fn none_found<T>(error: rusqlite::Error) -> rusqlite::Result<Option<T>> {
    match error {
        rusqlite::Error::QueryReturnedNoRows => Ok(None),
        error => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::file::{open_for_reading, version};
    use super::*;
    use crate::journal::clock::vietnam;

    fn now() -> Timestamp {
        "2026-11-23T01:00:00Z".parse().unwrap()
    }

    fn open(folder: &Path) -> Result<(Store, Option<PathBuf>), Error> {
        Store::open(folder, vietnam(), now(), false)
    }

    #[test]
    fn a_new_store_is_private_and_of_the_newest_version() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let (store, aside) = open(folder.path()).unwrap();
        assert_eq!(version(store.db()).unwrap(), (SCHEMA, APPLICATION_ID));
        assert_eq!(aside, None);
        for ending in ["", "-wal"] {
            let mode = fs::metadata(with_ending(store.path(), ending)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{ending}");
        }
        drop(store);
        open(folder.path()).unwrap();
    }

    #[test]
    fn a_newer_or_foreign_file_is_refused_and_left_alone() {
        for (sql, newer) in [
            (
                format!("PRAGMA user_version = {}; PRAGMA application_id = {APPLICATION_ID};", SCHEMA + 1),
                true,
            ),
            ("PRAGMA user_version = 1; CREATE TABLE recipe (title TEXT);".into(), false),
            ("PRAGMA application_id = 77; CREATE TABLE recipe (title TEXT);".into(), false),
            ("CREATE TABLE recipe (title TEXT);".into(), false),
        ] {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join(FILE);
            Connection::open(&path).unwrap().execute_batch(&sql).unwrap();
            let before = fs::read(&path).unwrap();
            match open(folder.path()).err().unwrap() {
                Error::Newer { found, .. } => assert!(newer && found == SCHEMA + 1),
                Error::NotOurs { .. } => assert!(!newer, "{sql}"),
                other => panic!("{other}"),
            }
            assert!(open_for_reading(folder.path()).is_err());
            assert_eq!(fs::read(&path).unwrap(), before);
        }
    }

    #[test]
    fn a_damaged_file_is_put_aside_and_a_new_one_begun() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE);
        for round in 0..ASIDE_MAX + 3 {
            fs::write(&path, format!("not a database {round}").repeat(1000)).unwrap();
            let (store, aside) = open(folder.path()).unwrap();
            let aside = aside.unwrap();
            assert!(
                aside.file_name().unwrap().to_str().unwrap().starts_with("journal.sqlite.corrupt-20261123T")
            );
            assert!(fs::read_to_string(aside).unwrap().starts_with(&format!("not a database {round}")));
            drop(store);
        }
        let asides = fs::read_dir(folder.path()).unwrap().flatten().filter(|entry| {
            let name = entry.file_name();
            name.to_str().unwrap().contains("corrupt")
        });
        assert_eq!(asides.count(), ASIDE_MAX);
    }

    #[test]
    fn a_file_whose_pages_are_damaged_is_put_aside() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE);
        drop(open(folder.path()).unwrap());
        let mut octets = fs::read(&path).unwrap();
        octets[100..].fill(0xa5);
        fs::write(&path, octets).unwrap();
        assert!(open(folder.path()).unwrap().1.is_some());
    }

    #[test]
    fn a_reader_before_the_first_write_is_told_so() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(open_for_reading(folder.path()), Err(Error::Absent { .. })));
        let path = folder.path().join(FILE);
        Connection::open(&path).unwrap().execute_batch("VACUUM").unwrap();
        assert!(matches!(open_for_reading(folder.path()), Err(Error::Older { found: 0, .. })));
    }
}
