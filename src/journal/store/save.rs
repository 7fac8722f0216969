//! One batch into the store: what a second counted, as one row.
//!
//! That row is all that a second writes, so a crash costs what was counted since, and the wear of a disk
//! is a page or two a second. Hours and months are added up when the batch is folded (`fold`).

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension, params};

use super::{Doing, Error, Store};
use crate::journal::block::{self, Line, ROWS_MAX};
use crate::journal::clock::{day_number, day_of};
use crate::journal::kinds::{Kind, Kinds};
use crate::model::category::Category;
use crate::model::roster::Roster;
use crate::model::service::ServiceId;

/// Ids between two batches: parts of one that is too large for one block. What may wait for the disk makes
/// three (`collector::WAITING`).
pub(super) const PARTS: i64 = 16;
/// Kinds whose numbers are remembered, at some 50 octets each.
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
        let last: i64 = self
            .db
            .query_row("SELECT ifnull(max(id), 0) FROM batch", [], |row| row.get(0))
            .doing("read the last batch")?;
        Ok(last.max(self.mark("folded")?.unwrap_or(0)) / PARTS)
    }

    /// Stores a batch under the number `seq`, unless it is there already: a commit may have reached
    /// the disk and yet have been reported as failed.
    pub fn save(&mut self, seq: i64, batch: &Kinds, rosters: &Rosters, now: i64) -> Result<(), Error> {
        let saved = self.save_all(seq, batch, rosters, now);
        if saved.is_err() {
            self.numbers.forget();
        }
        self.recount_open()?;
        saved
    }

    fn save_all(&mut self, seq: i64, batch: &Kinds, rosters: &Rosters, now: i64) -> Result<(), Error> {
        if self.last_batch()? >= seq {
            return Ok(());
        }
        let doing = "store a batch";
        let tx = self.db.transaction().doing(doing)?;
        let mut names = Vec::new();
        let mut parts = Vec::with_capacity(batch.len());
        for (key, wire, count) in batch.iter() {
            let kind = self.numbers.of_kind(&tx, &key.kind, rosters).doing(doing)?;
            let start = names.len();
            block::push_name(wire, &mut names);
            parts.push((key, kind, start..names.len(), count));
        }
        let mut lines: Vec<Line<'_>> = parts
            .into_iter()
            .map(|(key, kind, name, count)| Line {
                minute: key.minute,
                kind,
                name: &names[name],
                who: key.who,
                rtype: key.rtype,
                count: count.min(i64::MAX as u64),
            })
            .collect();
        block::sort(&mut lines);
        for (part, lines) in (0..).zip(lines.chunks(ROWS_MAX)) {
            let body = block::write(lines).map_err(Error::packing)?;
            let (first, last) = (lines[0].minute, lines[lines.len() - 1].minute);
            tx.prepare_cached(
                "INSERT INTO batch (id, stored, first, last, month, rows, body)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            )
            .and_then(|mut insert| {
                let month = day_number(day_of(first, &self.zone)) / 100;
                let rows = lines.len() as i64;
                insert.execute(params![seq * PARTS + part, now, first, last, month, rows, body])
            })
            .doing(doing)?;
        }
        tx.commit().doing(doing)
    }
}

/// Numbers of kinds that this connection gave or found. Forgotten when a transaction fails, since they
/// may be of rows that are not there.
#[derive(Default)]
pub(super) struct Numbers {
    kinds: HashMap<Kind, u32>,
}

impl Numbers {
    pub fn forget(&mut self) {
        self.kinds.clear();
    }

    fn of_kind(&mut self, tx: &Connection, kind: &Kind, rosters: &Rosters) -> rusqlite::Result<u32> {
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
}

fn number_of_kind(tx: &Connection, kind: &Kind, rosters: &Rosters) -> rusqlite::Result<u32> {
    let group = match kind.group {
        Some(id) => number_in(tx, "grp", &rosters.groups.name_of(id))?,
        None => 0,
    };
    let list = match kind.list {
        Some(id) => number_in(tx, "list", &rosters.lists.name_of(id))?,
        None => 0,
    };
    let category = kind.category.map_or(-1, |category| i64::from(Category::bit(category)));
    let service = kind.service.map_or(0, ServiceId::number);
    let values =
        params![group, kind.tier as u8, category, service, list, kind.layer as u8, kind.effect as u8];
    let find =
        "SELECT id FROM kind WHERE grp = ?1 AND tier = ?2 AND category = ?3 AND service = ?4 AND list = ?5
                AND layer = ?6 AND effect = ?7";
    if let Some(number) = tx.query_row(find, values, |row| row.get(0)).optional()? {
        return Ok(number);
    }
    tx.execute(
        "INSERT INTO kind (grp, tier, category, service, list, layer, effect)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        values,
    )?;
    tx.query_row(find, values, |row| row.get(0))
}

fn number_in(tx: &Connection, table: &str, name: &str) -> rusqlite::Result<i64> {
    let find = format!("SELECT id FROM {table} WHERE name = ?1");
    if let Some(number) = tx.query_row(&find, [name], |row| row.get(0)).optional()? {
        return Ok(number);
    }
    tx.execute(&format!("INSERT INTO {table} (name) VALUES (?1)"), [name])?;
    tx.query_row(&find, [name], |row| row.get(0))
}
