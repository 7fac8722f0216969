//! From older versions to the newest.
//!
//! From version 1 by a new file beside the old one, then its place. Version 1 kept a row an event and names in a table of their own. Its rows become blocks, its hours,
//! months, names of days and readings are taken as they are. A crash at any moment leaves the old file or
//! the new one whole. Takes a few seconds a million rows, on the thread that stores; meanwhile what is
//! counted waits in memory.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use rusqlite::{Connection, Row, params};

use super::file::{begin, set_mark, with_ending};
use super::fold::insert_block;
use super::{Doing, Error};
use crate::journal::block::{self, Line, ROWS_MAX};
use crate::journal::kinds::Who;

const DOING: &str = "bring the store up to date";

/// A row of version 1.
struct Old {
    minute: u32,
    kind: u32,
    name: Vec<u8>,
    who: Who,
    rtype: u16,
    count: u64,
}

/// What versions 1 and 2 had as the categories 21 and 23, which layer 6 decided, are services, which layer 4 decides.
/// Written for a row of their table `kind`.
const SERVICE_OF: &str = "CASE category WHEN 21 THEN 1 WHEN 23 THEN 2 ELSE 0 END";
const CATEGORY_OF: &str = "CASE WHEN category IN (21, 23) THEN -1 ELSE category END";
const LAYER_OF: &str = "CASE WHEN category IN (21, 23) AND layer = 6 THEN 4 ELSE layer END";

/// Brings the store at `path`, which is of version 2, to the newest, in one transaction. Only the table of kinds is
/// another; their numbers stay.
pub(super) fn from_2(path: &Path) -> Result<(), Error> {
    let db = Connection::open(path).doing(DOING)?;
    db.busy_timeout(super::BUSY_WAIT).doing(DOING)?;
    db.execute_batch(&format!(
        "BEGIN IMMEDIATE;
         ALTER TABLE kind RENAME TO kind_2;
         {};
         INSERT INTO kind (id, grp, tier, category, service, list, layer, effect)
             SELECT id, grp, tier, {CATEGORY_OF}, {SERVICE_OF}, list, {LAYER_OF}, effect FROM kind_2;
         DROP TABLE kind_2;
         PRAGMA user_version = {};
         COMMIT;",
        kind_table(),
        super::SCHEMA
    ))
    .doing(DOING)
}

/// How the newest version makes its table of kinds.
fn kind_table() -> &'static str {
    let start = super::TABLES.find("CREATE TABLE kind").expect("a test upgrades a store");
    super::TABLES[start..].split(';').next().expect("a statement ends")
}

/// Replaces the store at `path`, which is of version 1, by one of the newest.
pub(super) fn from_1(path: &Path) -> Result<(), Error> {
    let file_error = |doing, source| Error::File { doing, path: path.into(), source };
    let beside = with_ending(path, ".new");
    for ending in ["", "-journal", "-wal", "-shm"] {
        match fs::remove_file(with_ending(&beside, ending)) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => {
                return Err(file_error("remove what is left of an attempt beside", source));
            }
            _ => {}
        }
    }
    let old = Connection::open(path).doing(DOING)?;
    old.busy_timeout(super::BUSY_WAIT).doing(DOING)?;
    // All that is in the log goes into the file, and no log stays that the new file could be taken to have.
    let mode: String = old.query_row("PRAGMA journal_mode = DELETE", [], |row| row.get(0)).doing(DOING)?;
    if mode != "delete" {
        return Err(file_error(
            "bring up to date, while another program reads,",
            io::ErrorKind::ResourceBusy.into(),
        ));
    }
    old.execute_batch("BEGIN EXCLUSIVE").doing(DOING)?;
    let mut new = begin(&beside)?;
    new.execute_batch("PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF;").doing(DOING)?;
    let tx = new.transaction().doing(DOING)?;
    copy_tables(&old, &tx)?;
    let mut held: Vec<Old> = Vec::new();
    {
        let mut find = old
            .prepare(
                "SELECT e.minute, e.kind, ifnull(n.key, x'ff'), e.device, e.rtype, e.count FROM event e
                 LEFT JOIN name n ON n.id = e.name ORDER BY e.minute",
            )
            .doing(DOING)?;
        let mut rows = find.query([]).doing(DOING)?;
        while let Some(row) = rows.next().doing(DOING)? {
            let next = old_row(row).doing(DOING)?;
            let same_hour = held.last().is_none_or(|last| last.minute / 60 == next.minute / 60);
            if !same_hour || held.len() == ROWS_MAX {
                put(&tx, &mut held)?;
            }
            held.push(next);
        }
    }
    put(&tx, &mut held)?;
    tx.commit().doing(DOING)?;
    // The mode stands in the file's head; what it says is what the next one who opens it does.
    new.execute_batch("PRAGMA journal_mode = DELETE").doing(DOING)?;
    new.close().map_err(|(_, error)| error).doing(DOING)?;
    File::open(&beside).and_then(|file| file.sync_all()).map_err(|source| file_error("flush", source))?;
    fs::rename(&beside, path).map_err(|source| file_error("replace", source))?;
    let folder = path.parent().unwrap_or(Path::new("."));
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(|source| file_error("flush", source))?;
    drop(old);
    Ok(())
}

fn old_row(row: &Row<'_>) -> rusqlite::Result<Old> {
    // The root's key was empty; a name that was not kept had no key.
    let name = match row.get::<_, Vec<u8>>(2)? {
        key if key == [0xff] => Vec::new(),
        key if key.is_empty() => vec![0],
        key => key,
    };
    let who = Who::new(row.get_ref(3)?.as_blob()?);
    let count = u64::try_from(row.get::<_, i64>(5)?).unwrap_or(0);
    Ok(Old { minute: row.get(0)?, kind: row.get(1)?, name, who, rtype: row.get(4)?, count })
}

fn put(tx: &rusqlite::Transaction<'_>, held: &mut Vec<Old>) -> Result<(), Error> {
    let mut lines: Vec<Line<'_>> = held
        .iter()
        .map(|old| Line {
            minute: old.minute,
            kind: old.kind,
            name: &old.name,
            who: old.who,
            rtype: old.rtype,
            count: old.count,
        })
        .collect();
    if let Some(hour) = lines.first().map(|line| line.minute / 60) {
        block::sort(&mut lines);
        for sum in insert_block(tx, &lines)? {
            tx.execute(
                "UPDATE hour SET visits = max(visits, 0) + ?3 WHERE hour = ?1 AND kind = ?2",
                params![hour, sum.kind, sum.visits as i64],
            )
            .doing(DOING)?;
        }
    }
    held.clear();
    Ok(())
}

/// Copies the tables that have stayed as they were.
fn copy_tables(old: &Connection, new: &Connection) -> Result<(), Error> {
    for (read, write) in [
        ("SELECT id, name FROM grp", "INSERT INTO grp VALUES (?1, ?2)"),
        ("SELECT id, name FROM list", "INSERT INTO list VALUES (?1, ?2)"),
        (
            &format!("SELECT id, grp, tier, {CATEGORY_OF}, {SERVICE_OF}, list, {LAYER_OF}, effect FROM kind"),
            "INSERT INTO kind (id, grp, tier, category, service, list, layer, effect)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        ),
        (
            "SELECT hour, kind, count, -1, devices FROM hour",
            "INSERT INTO hour (hour, kind, count, visits, devices) VALUES (?1, ?2, ?3, ?4, ?5)",
        ),
        ("SELECT month, kind, count FROM month", "INSERT INTO month VALUES (?1, ?2, ?3)"),
        (
            "SELECT d.day, d.kind, CASE n.key WHEN x'' THEN x'00' ELSE n.key END, d.count, d.devices
             FROM name_day d JOIN name n ON n.id = d.name",
            "INSERT INTO name_day VALUES (?1, ?2, ?3, ?4, ?5)",
        ),
        ("SELECT id, at, who, filter, rows FROM access", "INSERT INTO access VALUES (?1, ?2, ?3, ?4, ?5)"),
    ] {
        let mut find = old.prepare(read).doing(DOING)?;
        let columns = find.column_count();
        let mut insert = new.prepare(write).doing(DOING)?;
        let mut rows = find.query([]).doing(DOING)?;
        while let Some(row) = rows.next().doing(DOING)? {
            let values = (0..columns)
                .map(|at| row.get::<_, rusqlite::types::Value>(at))
                .collect::<rusqlite::Result<Vec<_>>>()
                .doing(DOING)?;
            insert.execute(rusqlite::params_from_iter(values)).doing(DOING)?;
        }
    }
    // Batches go on from their number, so that one whose commit was not noticed is not stored twice.
    let (last, clock): (i64, Option<i64>) = old
        .query_row("SELECT ifnull(max(seq), 0), max(stored) FROM batch", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .doing(DOING)?;
    set_mark(new, "folded", last * super::save::PARTS).doing(DOING)?;
    if let Some(clock) = clock {
        set_mark(new, "clock", clock).doing(DOING)?;
    }
    Ok(())
}
