//! One batch into the store, in one transaction: events, their hours and their months.
//!
//! Hours and months are added up with the same batch as the events, in the same transaction. So they
//! agree with the events at every moment, and no later pass over the events can double or lose.

use std::collections::{BTreeMap, HashMap};

use jiff::tz::TimeZone;
use rusqlite::{OptionalExtension, Transaction, TransactionBehavior, params};

use super::{Doing, Error, Store};
use crate::journal::clock::{day_number, day_of};
use crate::journal::kinds::{Kind, Kinds, Who};
use crate::model::category::Category;
use crate::model::roster::Roster;

/// Batches that the store remembers: an hour of them.
const BATCHES_KEPT: i64 = 3600;
/// Names, and kinds, whose numbers are remembered, at some 100 octets each.
const NUMBERS_MAX: usize = 1 << 15;

/// The names behind the numbers that workers use.
#[derive(Clone, Debug)]
pub(in crate::journal) struct Rosters {
    pub groups: Roster,
    pub lists: Roster,
}

impl Store {
    /// The number of the last batch stored; 0 before the first.
    pub fn last_batch(&self) -> Result<i64, Error> {
        self.db
            .query_row("SELECT ifnull(max(seq), 0) FROM batch", [], |row| row.get(0))
            .doing("read the last batch")
    }

    /// Stores a batch under the number `seq`, unless it is there already: a commit may have reached
    /// the disk and yet have been reported as failed.
    pub fn save(&mut self, seq: i64, batch: &Kinds, rosters: &Rosters, now: i64) -> Result<(), Error> {
        let saved = self.save_all(seq, batch, rosters, now).doing("store a batch");
        if saved.is_err() {
            self.numbers.forget();
        }
        saved
    }

    fn save_all(&mut self, seq: i64, batch: &Kinds, rosters: &Rosters, now: i64) -> rusqlite::Result<()> {
        let tx = self.db.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let there = tx.query_row("SELECT 1 FROM batch WHERE seq = ?1", [seq], |_| Ok(())).optional()?;
        if there.is_some() {
            return Ok(());
        }
        let mut lines = Vec::with_capacity(batch.len());
        for (key, name, count) in batch.iter() {
            let minute = i64::from(key.minute);
            let kind = self.numbers.of_kind(&tx, &key.kind, rosters)?;
            let name = self.numbers.of_name(&tx, name, minute / 60)?;
            let count = i64::try_from(count).unwrap_or(i64::MAX);
            lines.push(Line { minute, kind, name, who: key.who, rtype: key.rtype, count });
        }
        // In the order of the table: a large batch touches each page once (14 µs a row became 7).
        lines.sort_unstable();
        let new_rows = insert_events(&tx, &lines, seq)?;
        add_up_periods(&tx, &lines, &self.zone)?;
        add_to_mark(&tx, "events", new_rows)?;
        let oldest = lines.first().map_or(i64::MAX, |line| line.minute);
        // A late batch (the disk was full) opens its hours again, so that their devices are counted anew.
        tx.execute("UPDATE mark SET value = min(value, ?1) WHERE name = 'devices_until'", [oldest / 60])?;
        tx.execute("INSERT INTO batch (seq, stored, oldest) VALUES (?1, ?2, ?3)", params![seq, now, oldest])?;
        tx.execute("DELETE FROM batch WHERE seq <= ?1", [seq - BATCHES_KEPT])?;
        tx.commit()
    }
}

/// A row to be, with its numbers; sorts as the table does.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Line {
    minute: i64,
    kind: i64,
    name: i64,
    who: Who,
    rtype: u16,
    count: i64,
}

/// Adds the lines to the events; says how many rows are new.
fn insert_events(tx: &Transaction<'_>, lines: &[Line], seq: i64) -> rusqlite::Result<i64> {
    let mut insert = tx.prepare_cached(
        "INSERT INTO event (minute, kind, name, device, rtype, count, seq) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
         ON CONFLICT DO UPDATE SET count = count + excluded.count, seq = excluded.seq
         RETURNING count",
    )?;
    let mut new_rows = 0;
    for Line { minute, kind, name, who, rtype, count } in lines {
        let sum: i64 = insert
            .query_row(params![minute, kind, name, who.octets(), rtype, count, seq], |row| row.get(0))?;
        new_rows += i64::from(sum == *count);
    }
    Ok(new_rows)
}

/// Adds the lines to their hours and to the school's months.
fn add_up_periods(tx: &Transaction<'_>, lines: &[Line], zone: &TimeZone) -> rusqlite::Result<()> {
    let mut hours: BTreeMap<(i64, i64), i64> = BTreeMap::new();
    let mut months: BTreeMap<(i64, i64), i64> = BTreeMap::new();
    let mut month = (i64::MIN, 0);
    for line in lines {
        if month.0 != line.minute {
            let minute = u32::try_from(line.minute).unwrap_or(0);
            month = (line.minute, day_number(day_of(minute, zone)) / 100);
        }
        *hours.entry((line.minute / 60, line.kind)).or_default() += line.count;
        *months.entry((month.1, line.kind)).or_default() += line.count;
    }
    add_up(tx, "INSERT INTO hour (hour, kind, count, devices) VALUES (?1, ?2, ?3, 0)", &hours)?;
    add_up(tx, "INSERT INTO month (month, kind, count) VALUES (?1, ?2, ?3)", &months)
}

fn add_up(tx: &Transaction<'_>, insert: &str, sums: &BTreeMap<(i64, i64), i64>) -> rusqlite::Result<()> {
    let sql = format!("{insert} ON CONFLICT DO UPDATE SET count = count + excluded.count");
    let mut statement = tx.prepare_cached(&sql)?;
    for (&(period, kind), &count) in sums {
        statement.execute(params![period, kind, count])?;
    }
    Ok(())
}

/// Adds to a number that the store remembers.
pub(super) fn add_to_mark(tx: &Transaction<'_>, name: &str, more: i64) -> rusqlite::Result<()> {
    tx.execute(
        "INSERT INTO mark (name, value) VALUES (?1, ?2) ON CONFLICT DO UPDATE SET value = value + excluded.value",
        params![name, more],
    )
    .map(drop)
}

/// Numbers of kinds and names (with the hour in which each was last seen) that this connection gave or
/// found. Forgotten when a transaction fails, since they may be of rows that are not there.
#[derive(Default)]
pub(super) struct Numbers {
    kinds: HashMap<Kind, i64>,
    names: HashMap<Box<[u8]>, (i64, i64)>,
}

impl Numbers {
    pub fn forget(&mut self) {
        self.kinds.clear();
        self.names.clear();
    }

    fn of_kind(&mut self, tx: &Transaction<'_>, kind: &Kind, rosters: &Rosters) -> rusqlite::Result<i64> {
        if let Some(&number) = self.kinds.get(kind) {
            return Ok(number);
        }
        if self.kinds.len() >= NUMBERS_MAX {
            self.kinds.clear();
        }
        let number = number_of_kind(tx, kind, rosters)?;
        self.kinds.insert(*kind, number);
        Ok(number)
    }

    fn of_name(&mut self, tx: &Transaction<'_>, wire: &[u8], hour: i64) -> rusqlite::Result<i64> {
        if wire.is_empty() {
            return Ok(0);
        }
        if let Some(&(number, seen)) = self.names.get(wire)
            && seen == hour
        {
            return Ok(number);
        }
        if self.names.len() >= NUMBERS_MAX {
            self.names.clear();
        }
        let number = tx
            .prepare_cached(
                "INSERT INTO name (key, hour) VALUES (?1, ?2)
                 ON CONFLICT DO UPDATE SET hour = max(hour, excluded.hour) RETURNING id",
            )?
            .query_row(params![key_of_name(wire), hour], |row| row.get(0))?;
        self.names.insert(wire.into(), (number, hour));
        Ok(number)
    }
}

fn number_of_kind(tx: &Transaction<'_>, kind: &Kind, rosters: &Rosters) -> rusqlite::Result<i64> {
    let group = match kind.group {
        Some(id) => number_in(tx, "grp", &rosters.groups.name_of(id))?,
        None => 0,
    };
    let list = match kind.list {
        Some(id) => number_in(tx, "list", &rosters.lists.name_of(id))?,
        None => 0,
    };
    let category = kind.category.map_or(-1, |category| i64::from(Category::bit(category)));
    let values = params![group, kind.tier as u8, category, list, kind.layer as u8, kind.effect as u8];
    tx.execute(
        "INSERT INTO kind (grp, tier, category, list, layer, effect) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT DO NOTHING",
        values,
    )?;
    tx.query_row(
        "SELECT id FROM kind WHERE grp = ?1 AND tier = ?2 AND category = ?3 AND list = ?4 AND layer = ?5
         AND effect = ?6",
        values,
        |row| row.get(0),
    )
}

fn number_in(tx: &Transaction<'_>, table: &str, name: &str) -> rusqlite::Result<i64> {
    tx.execute(&format!("INSERT INTO {table} (name) VALUES (?1) ON CONFLICT DO NOTHING"), [name])?;
    tx.query_row(&format!("SELECT id FROM {table} WHERE name = ?1"), [name], |row| row.get(0))
}

/// Labels with their length octets, from the top: a name's key begins with the keys of all its
/// parents. From wire form and back by the same turn, but for the root's zero.
pub(super) fn key_of_name(wire: &[u8]) -> Vec<u8> {
    let mut labels = Vec::new();
    let mut rest = wire;
    while let Some((&len, _)) = rest.split_first() {
        if len == 0 {
            break;
        }
        let (label, next) = rest.split_at(rest.len().min(usize::from(len) + 1));
        labels.push(label);
        rest = next;
    }
    labels.into_iter().rev().flatten().copied().collect()
}

/// The wire form of a key.
pub(super) fn name_of_key(key: &[u8]) -> Vec<u8> {
    let mut wire = key_of_name(key);
    wire.push(0);
    wire
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dns::name::OwnedName;

    #[test]
    fn a_names_key_begins_with_its_parents_and_leads_back() {
        let key = |name: &str| key_of_name(OwnedName::parse(name).unwrap().as_name().wire());
        assert_eq!(key("www.example.com"), b"\x03com\x07example\x03www");
        assert!(key("www.example.com").starts_with(&key("example.com")));
        assert!(!key("www.example1.com").starts_with(&key("example.com")));
        assert_eq!(key("."), b"");
        for name in [".", "com", "www.example.com", r"a\000b.\255.example"] {
            assert_eq!(name_of_key(&key(name)), OwnedName::parse(name).unwrap().as_name().wire(), "{name}");
        }
    }
}
