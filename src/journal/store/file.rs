//! The store's file: begun, opened, recognised, put aside.

use std::fs::{self, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::{
    APPLICATION_ID, ASIDE_MAX, BUSY_WAIT, CACHE_KIB, Doing, Error, FILE, SCHEMA, TABLES, WAL_KEPT, none_found,
};
use jiff::Timestamp;
use rusqlite::{Connection, OpenFlags, params};

use crate::journal::block::Block;
use crate::sys::whole::open_file;

/// Refuses what is not ours to change, by the file's head alone, so that it stays as it is. Gives the version;
/// 0 for a new file.
pub(super) fn refuse_strangers(path: &Path) -> Result<u32, Error> {
    let mut head = Vec::new();
    // A pipe in its place would be waited for.
    match open_file(path) {
        Ok(file) => file.take(100).read_to_end(&mut head).map_err(|source| Error::File {
            doing: "read",
            path: path.into(),
            source,
        })?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
        Err(source) => return Err(Error::File { doing: "open", path: path.into(), source }),
    };
    if head.len() < 100 || !head.starts_with(b"SQLite format 3\0") {
        return Ok(0); // new, or damaged: SQLite says which
    }
    let number = |at: usize| u32::from_be_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
    refuse(path, number(60), number(68) as i32)?;
    Ok(number(60))
}

pub(super) fn refuse(path: &Path, version: u32, application: i32) -> Result<(), Error> {
    if application != APPLICATION_ID && (application != 0 || version != 0) {
        return Err(Error::NotOurs { path: path.into() });
    }
    if version > SCHEMA {
        return Err(Error::Newer { path: path.into(), found: version });
    }
    Ok(())
}

pub(super) fn version(db: &Connection) -> Result<(u32, i32), Error> {
    let version =
        db.query_row("PRAGMA user_version", [], |row| row.get(0)).doing("read the store's version")?;
    let application =
        db.query_row("PRAGMA application_id", [], |row| row.get(0)).doing("read the store's version")?;
    Ok((version, application))
}

/// Begins a store in a new file.
pub(super) fn begin(path: &Path) -> Result<Connection, Error> {
    let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    made.map_err(|source| Error::File { doing: "make", path: path.into(), source })?;
    let mut db = Connection::open(path).doing("begin a store")?;
    db.execute_batch("PRAGMA auto_vacuum = INCREMENTAL;").doing("begin a store")?;
    make_tables(&mut db)?;
    Ok(db)
}

pub(super) fn make_tables(db: &mut Connection) -> Result<(), Error> {
    let tx = db.transaction().doing("begin a store")?;
    tx.execute_batch(TABLES).doing("begin a store")?;
    tx.execute_batch(&format!("PRAGMA user_version = {SCHEMA}; PRAGMA application_id = {APPLICATION_ID};"))
        .doing("begin a store")?;
    tx.commit().doing("begin a store")
}

pub(super) fn set_mark(db: &Connection, name: &str, value: i64) -> rusqlite::Result<()> {
    db.prepare_cached(
        "INSERT INTO mark (name, value) VALUES (?1, ?2) ON CONFLICT DO UPDATE SET value = excluded.value",
    )?
    .execute(params![name, value])
    .map(drop)
}

/// Settings of the connection; the tables, in a new file.
pub(super) fn prepare(db: &mut Connection, path: &Path) -> Result<(), Error> {
    let (found, application) = version(db)?;
    refuse(path, found, application)?;
    let ours: i64 =
        db.query_row("SELECT count(*) FROM sqlite_master", [], |row| row.get(0)).doing("open the store")?;
    if application == 0 && ours > 0 {
        return Err(Error::NotOurs { path: path.into() });
    }
    db.execute_batch(&format!(
        "PRAGMA auto_vacuum = INCREMENTAL;
         PRAGMA journal_mode = WAL;
         PRAGMA synchronous = FULL;
         PRAGMA secure_delete = ON;
         PRAGMA journal_size_limit = {WAL_KEPT};
         PRAGMA cache_size = -{CACHE_KIB};"
    ))
    .doing("open the store")?;
    if found == 0 {
        make_tables(db)?;
        // The head of the file says the version also to programs that only look at the head.
        db.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").doing("begin a store")?;
    }
    Ok(())
}

/// Touches what every second touches. A whole check would cost seconds at each start; damage
/// elsewhere shows when it is met, and is dealt with then.
pub(super) fn check_roughly(db: &Connection) -> Result<(), Error> {
    for table in ["grp", "list", "kind", "batch", "block", "hour", "month", "mark", "access", "name_day"] {
        db.query_row(&format!("SELECT count(*) FROM (SELECT 1 FROM {table} LIMIT 1)"), [], |_| Ok(()))
            .doing("look into the store")?;
    }
    for order in ["ASC", "DESC"] {
        for table in ["batch", "block"] {
            let sql = format!("SELECT body FROM {table} ORDER BY id {order} LIMIT 1");
            let body: Option<Vec<u8>> = db
                .query_row(&sql, [], |row| row.get(0))
                .map(Some)
                .or_else(none_found)
                .doing("look into the store")?;
            if let Some(body) = body {
                Block::read(&body)?;
            }
        }
    }
    Ok(())
}

/// Moves a damaged store, with its log, out of the way.
pub(in crate::journal) fn put_aside(path: &Path, now: Timestamp) -> Result<PathBuf, Error> {
    let failed = |path: &Path, source| Error::File { doing: "put aside", path: path.into(), source };
    let date = now.strftime("%Y%m%dT%H%M%S");
    let mut aside = with_ending(path, &format!(".corrupt-{date}"));
    for more in 2..100 {
        if !aside.exists() {
            break;
        }
        aside = with_ending(path, &format!(".corrupt-{date}-{more}"));
    }
    fs::rename(path, &aside).map_err(|source| failed(path, source))?;
    for ending in ["-wal", "-shm"] {
        match fs::rename(with_ending(path, ending), with_ending(&aside, ending)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(path, error)),
            _ => {}
        }
    }
    forget_oldest_asides(path, &aside);
    Ok(aside)
}

pub(super) fn forget_oldest_asides(path: &Path, newest: &Path) {
    let (Some(folder), Some(name)) = (path.parent(), path.file_name().and_then(|name| name.to_str())) else {
        return;
    };
    let start = format!("{name}.corrupt-");
    let Ok(entries) = fs::read_dir(folder) else { return };
    let mut asides: Vec<PathBuf> = entries
        .flatten()
        .filter(|entry| entry.file_name().to_str().is_some_and(|name| name.starts_with(&start)))
        .map(|entry| entry.path())
        .filter(|path| !path.to_str().is_some_and(|path| path.ends_with("-wal") || path.ends_with("-shm")))
        .filter(|path| path != newest)
        .collect();
    asides.sort();
    let surplus = (asides.len() + 1).saturating_sub(ASIDE_MAX);
    for aside in &asides[..surplus] {
        for ending in ["", "-wal", "-shm"] {
            let _ = fs::remove_file(with_ending(aside, ending)); // tried again with the next one
        }
    }
}

pub(super) fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut whole = path.as_os_str().to_owned();
    whole.push(ending);
    whole.into()
}

/// A connection for reading, which may also write its line into `access`.
pub(super) fn open_for_reading(folder: &Path) -> Result<Connection, Error> {
    let path = folder.join(FILE);
    if !path.exists() {
        return Err(Error::Absent { path });
    }
    refuse_strangers(&path)?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let db = Connection::open_with_flags(&path, flags).doing("open the store")?;
    db.busy_timeout(BUSY_WAIT).doing("open the store")?;
    let (found, application) = version(&db)?;
    refuse(&path, found, application)?;
    if found < SCHEMA {
        return Err(Error::Older { path, found });
    }
    Ok(db)
}
