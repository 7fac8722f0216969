//! Batches of seconds become blocks of an hour: each minute, and at once when there are many rows.
//!
//! Blocks, hours and months are written in the transaction that marks the batches as folded. So they agree
//! at every moment, and nothing is counted twice or lost whenever a crash comes.

use std::collections::{BTreeMap, HashMap, HashSet};

use rusqlite::{Connection, Transaction, params};

use super::file::set_mark;
use super::{Doing, Error, Store, none_found};
use crate::journal::block::{self, Block, Line, ROWS_MAX};
use crate::journal::clock::{day_number, day_of};
use crate::journal::kinds::Who;

/// Batches folded in one transaction: what a full table of each worker's makes in some seconds.
const BATCHES_A_STEP: i64 = 120;
/// Pairs of kind and device told apart in an hour, at some 40 octets each; the number of devices is a
/// lower bound beyond.
const DEVICES_MAX: usize = 1 << 18;
/// Blocks with fewer rows are joined with their neighbours once their hour is over.
const SMALL_ROWS: usize = ROWS_MAX / 4;

/// The devices seen in one hour, so that each is counted once.
#[derive(Default)]
pub(super) struct HourDevices {
    hour: Option<i64>,
    seen: HashSet<(u32, Who)>,
    of_kind: HashMap<u32, u64>,
}

impl HourDevices {
    pub fn forget(&mut self) {
        *self = Self::default();
    }

    pub fn add(&mut self, line: &Line<'_>) {
        let new = line.who != Who::NOBODY
            && self.seen.len() < DEVICES_MAX
            && self.seen.insert((line.kind, line.who));
        if new {
            *self.of_kind.entry(line.kind).or_default() += 1;
        }
    }

    pub fn of_kind(&self, kind: u32) -> u64 {
        self.of_kind.get(&kind).copied().unwrap_or(0)
    }
}

impl Store {
    /// One step of folding, if there is something to fold: batches of minutes before `minute`, or all
    /// open ones when they have many rows or `all` is asked for. Says whether there is more.
    pub fn fold(&mut self, minute: u32, all: bool) -> Result<bool, Error> {
        let all = all || self.open.rows >= ROWS_MAX as u64;
        if self.open.rows == 0 || !(all || self.open.oldest_last < minute) {
            return Ok(false);
        }
        let folded = self.fold_step(minute, all);
        if folded.is_err() {
            self.devices.forget();
        }
        self.recount()?;
        folded
    }

    fn fold_step(&mut self, minute: u32, all: bool) -> Result<bool, Error> {
        let doing = "fold a minute";
        let before = self.mark("folded")?.unwrap_or(0);
        let (blocks, last_id, more) = self.take_open(before, minute, all)?;
        let Some(last_id) = last_id else { return Ok(false) };
        let mut lines: Vec<Line<'_>> = blocks.iter().flat_map(Block::lines).collect();
        block::sort(&mut lines);
        let tx = self.db.transaction().doing(doing)?;
        for lines in lines.chunk_by(|a, b| a.minute / 60 == b.minute / 60) {
            let hour = i64::from(lines[0].minute / 60);
            if self.devices.hour != Some(hour) {
                self.devices = devices_of(&tx, hour)?;
            }
            lines.iter().for_each(|line| self.devices.add(line));
            let month = day_number(day_of(lines[0].minute, &self.zone)) / 100;
            let mut sums: BTreeMap<u32, (u64, u64)> = BTreeMap::new();
            for lines in lines.chunks(ROWS_MAX) {
                for sum in insert_block(&tx, lines)? {
                    let all = sums.entry(sum.kind).or_default();
                    all.0 = all.0.saturating_add(sum.count);
                    all.1 += sum.visits;
                }
            }
            for (kind, (count, visits)) in sums {
                let (count, visits) = (signed(count), signed(visits));
                tx.prepare_cached(
                    "INSERT INTO hour (hour, kind, count, visits, devices) VALUES (?1, ?2, ?3, ?4, ?5)
                     ON CONFLICT DO UPDATE SET count = count + excluded.count,
                         visits = CASE WHEN visits < 0 THEN visits ELSE visits + excluded.visits END,
                         devices = max(devices, excluded.devices)",
                )
                .and_then(|mut insert| {
                    let devices = signed(self.devices.of_kind(kind));
                    insert.execute(params![hour, kind, count, visits, devices])
                })
                .doing(doing)?;
                tx.prepare_cached(
                    "INSERT INTO month (month, kind, count) VALUES (?1, ?2, ?3)
                     ON CONFLICT DO UPDATE SET count = count + excluded.count",
                )
                .and_then(|mut insert| insert.execute(params![month, kind, count]))
                .doing(doing)?;
            }
        }
        set_mark(&tx, "folded", last_id).doing(doing)?;
        // Those of this step stay until the next one: who follows has not seen them all.
        tx.execute("DELETE FROM batch WHERE id <= ?1", [before]).doing(doing)?;
        tx.commit().doing(doing)?;
        Ok(more)
    }

    /// The open batches to fold next, the last one's id, and whether there are more.
    fn take_open(
        &self,
        before: i64,
        minute: u32,
        all: bool,
    ) -> Result<(Vec<Block>, Option<i64>, bool), Error> {
        let doing = "fold a minute";
        let mut statement = self
            .db
            .prepare_cached("SELECT id, last, rows, body FROM batch WHERE id > ?1 ORDER BY id LIMIT ?2")
            .doing(doing)?;
        let mut rows = statement.query([before, BATCHES_A_STEP]).doing(doing)?;
        let (mut blocks, mut last_id, mut total) = (Vec::new(), None, 0);
        while let Some(row) = rows.next().doing(doing)? {
            let (id, last, many): (i64, u32, usize) = (
                row.get(0).doing(doing)?,
                row.get(1).doing(doing)?,
                row.get::<_, u32>(2).doing(doing)? as usize,
            );
            if !all && last >= minute {
                return Ok((blocks, last_id, false));
            }
            total += many;
            if total > 2 * ROWS_MAX && last_id.is_some() {
                return Ok((blocks, last_id, true));
            }
            blocks.push(self.read_block(row.get_ref(3).and_then(|body| Ok(body.as_blob()?)).doing(doing)?)?);
            last_id = Some(id);
        }
        let more = blocks.len() as i64 == BATCHES_A_STEP;
        Ok((blocks, last_id, more))
    }

    /// Joins the small blocks of one hour that is over. Says whether there is more to do.
    pub fn merge_hours(&mut self, minute: u32) -> Result<bool, Error> {
        let doing = "join the blocks of an hour";
        let now = i64::from(minute / 60);
        let from = self.mark("merged_until")?.unwrap_or(0);
        if from >= now {
            return Ok(false);
        }
        let hour: Option<i64> = self
            .db
            .query_row(
                "SELECT first / 60 FROM block WHERE first >= ?1 AND first < ?2 AND rows < ?3
                 GROUP BY 1 HAVING count(*) > 1 ORDER BY 1 LIMIT 1",
                params![from * 60, now * 60, SMALL_ROWS as i64],
                |row| row.get(0),
            )
            .map(Some)
            .or_else(none_found)
            .doing(doing)?;
        if let Some(hour) = hour {
            let small = self.small_blocks(hour)?;
            let blocks: Vec<Block> =
                small.iter().map(|id| self.load("block", *id)).collect::<Result<_, _>>()?;
            let mut lines: Vec<Line<'_>> = blocks.iter().flat_map(Block::lines).collect();
            block::sort(&mut lines);
            let tx = self.db.transaction().doing(doing)?;
            for lines in lines.chunks(ROWS_MAX) {
                insert_block(&tx, lines)?;
            }
            for id in small {
                tx.execute("DELETE FROM block WHERE id = ?1", [id]).doing(doing)?;
            }
            tx.commit().doing(doing)?;
            self.recount()?;
        }
        let until = hour.map_or(now, |hour| hour + 1);
        set_mark(&self.db, "merged_until", until).doing(doing)?;
        Ok(until < now)
    }

    fn small_blocks(&self, hour: i64) -> Result<Vec<i64>, Error> {
        let doing = "join the blocks of an hour";
        let mut statement = self
            .db
            .prepare_cached(
                "SELECT id, rows FROM block WHERE first >= ?1 AND first < ?2 AND rows < ?3 ORDER BY id",
            )
            .doing(doing)?;
        let found = statement
            .query_map(params![hour * 60, (hour + 1) * 60, SMALL_ROWS as i64], |row| {
                Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?))
            })
            .and_then(Iterator::collect::<rusqlite::Result<Vec<_>>>)
            .doing(doing)?;
        let mut total = 0;
        let fits = |(_, rows): &(i64, i64)| {
            total += rows;
            total <= 2 * ROWS_MAX as i64
        };
        Ok(found.into_iter().take_while(fits).map(|(id, _)| id).collect())
    }
}

/// The devices of an hour, from its blocks.
fn devices_of(db: &Connection, hour: i64) -> Result<HourDevices, Error> {
    let doing = "count the devices of an hour";
    let mut devices = HourDevices { hour: Some(hour), ..HourDevices::default() };
    let mut statement =
        db.prepare_cached("SELECT body FROM block WHERE first >= ?1 AND first < ?2").doing(doing)?;
    let mut rows = statement.query([hour * 60, (hour + 1) * 60]).doing(doing)?;
    while let Some(row) = rows.next().doing(doing)? {
        let body = row.get_ref(0).and_then(|body| Ok(body.as_blob()?)).doing(doing)?;
        Block::read(body)?.lines().for_each(|line| devices.add(&line));
    }
    Ok(devices)
}

/// Stores sorted lines of one hour as a block, and says what they add up to.
pub(super) fn insert_block(tx: &Transaction<'_>, lines: &[Line<'_>]) -> Result<Vec<block::Sum>, Error> {
    let sums = block::sums(lines);
    let body = block::write(lines).map_err(Error::packing)?;
    let mut owners: HashMap<Owner, i64> = HashMap::new();
    lines.iter().for_each(|line| *owners.entry(owner(line)).or_default() += 1);
    let heaviest = owners.into_values().max().unwrap_or(0);
    let (first, last) = (lines[0].minute, lines[lines.len() - 1].minute);
    tx.prepare_cached(
        "INSERT INTO block (first, last, rows, heaviest, sums, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )
    .and_then(|mut insert| {
        let sums = block::write_sums(&sums);
        insert.execute(params![first, last, lines.len() as i64, heaviest, sums, body])
    })
    .doing("store a block")?;
    Ok(sums)
}

/// To whom a row's room is charged: its device, or, where none is kept, its kind, which has the group.
pub(super) type Owner = (Who, u32);

/// The owner of a row.
pub(super) fn owner(line: &Line<'_>) -> Owner {
    (line.who, if line.who == Who::NOBODY { line.kind } else { 0 })
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
