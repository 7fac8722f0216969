//! What time does to the store: old rows go, and the size stays under its cap.
//!
//! Attempts by hour and by month are already there (`fold`). What only the rows know (names) is written down
//! in the same transaction in which the rows go, so a crash in the middle leaves either both or neither,
//! and a second run finds nothing to do twice.
//!
//! Minutes go by whole days of the school's calendar, so that a day's names are ranked over the whole
//! day. Over the size cap, those give first who have most rows: the names of a device that fills a block
//! are given up, its counts stay. Only when nobody stands out the oldest hour goes whole.
//!
//! Whether the clock may be believed is decided above (`doubt`); minutes that lie in the future of a clock
//! that is believed were counted under a wrong one, and stay as long as others from when that was seen.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, params};

use super::file::set_mark;
use super::fold::{Owner, insert_block, owner};
use super::read::NAMES_AT_ONCE;
use super::{BUSY_WAIT, Doing, Error, Store, none_found};
use crate::journal::block::{self, Block, Line, ROWS_MAX};
use crate::journal::clock::{day_number, day_of, minute_of};
use crate::journal::kinds::Who;

/// Names kept of a day, a group.
const NAMES_A_DAY_MAX: usize = 100;
/// Blocks, or pieces of an hour, that the size cap takes away in one step; the next second goes on.
const PIECES_A_STEP: usize = 8;
/// Rows in a block up to which a device is like any other.
const FAIR_ROWS: i64 = 256;
/// Readings written down that are kept, at some 100 octets each, whatever their age.
const ACCESSES_MAX: i64 = 1_000_000;
/// Pages given back to the file system in one step (4 MiB).
const PAGES_A_STEP: u64 = 1024;
/// Seconds that a folded batch stays for those who follow.
const FOLLOWED: i64 = 120;
/// Waiting for readers before the log is emptied; it is tried again each second.
const LOG_WAIT: Duration = Duration::from_millis(50);
/// Minutes that a clock may be behind one that counted before, and nobody calls it the future.
const FUTURE: i64 = 24 * 60;

/// A name that was asked most: kind, name, count, devices.
type TopName = (u32, Vec<u8>, i64, i64);

/// How long things stay. Each is at least as long as the one before it.
#[derive(Clone, Copy, Debug)]
pub(in crate::journal) struct Keep {
    pub minutes: Duration,
    pub hours: Duration,
    pub months: Duration,
    /// Octets of the file.
    pub size_cap: u64,
}

/// What a step did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::journal) struct Tidied {
    /// There is more to do by the calendar: come again soon.
    pub more: bool,
    /// Event rows that went because of the cap, before their time.
    pub cut: u64,
    /// Event rows of devices with very many, whose names were given up because of the cap.
    pub given: u64,
    /// The cap cannot be held: no events are left, hours and months alone are larger.
    pub over: bool,
}

impl Store {
    /// One step of what is due: bounded, so that the next batch does not wait long.
    pub fn tidy(&mut self, keep: &Keep, now: Timestamp) -> Result<Tidied, Error> {
        let merging = self.merge_hours(minute_of(now))?;
        let minutes_more = self.forget_minutes(keep, now)?;
        if !minutes_more {
            self.forget_rest(keep, now).doing("delete old hours and months")?;
            self.forget_future(keep, now)?;
        }
        self.give_back()?;
        Ok(Tidied { more: merging || minutes_more, ..Tidied::default() })
    }

    /// Gives up rows while the file is over its cap. Cheap when it is not.
    pub fn hold_cap(&mut self, cap: u64) -> Result<Tidied, Error> {
        let mut done = Tidied::default();
        if self.used()? <= cap {
            return Ok(done);
        }
        while self.fold(u32::MAX, true)? {}
        let doing = "delete rows over the cap";
        self.db
            .execute("DELETE FROM batch WHERE id <= (SELECT max(value) FROM mark WHERE name = 'folded')", [])
            .doing(doing)?;
        for _ in 0..PIECES_A_STEP {
            // A little more than needed, so that the next second does not begin again.
            if self.used()? <= cap - cap / 20 {
                break;
            }
            let heaviest: Option<i64> = self
                .db
                .query_row(
                    "SELECT id FROM block WHERE heaviest > ?1 ORDER BY heaviest DESC LIMIT 1",
                    [FAIR_ROWS],
                    |row| row.get(0),
                )
                .map(Some)
                .or_else(none_found)
                .doing(doing)?;
            if let Some(heaviest) = heaviest {
                done.given += self.give_up_names(heaviest)?;
                continue;
            }
            let Some(oldest) = self.oldest_minute()? else {
                done.over = true;
                break;
            };
            done.cut += self.drop_events(oldest, (oldest / 60 + 1) * 60)?;
        }
        self.give_back()?;
        Ok(done)
    }

    /// Event rows kept, and the oldest minute among them.
    pub fn events(&self) -> Result<(u64, Option<u32>), Error> {
        let oldest = self.oldest_minute()?.and_then(|minute| u32::try_from(minute).ok());
        let oldest = match (oldest, self.open.rows) {
            (oldest, 0) => oldest,
            (oldest, _) => Some(oldest.map_or(self.open.first, |oldest| oldest.min(self.open.first))),
        };
        Ok((self.block_rows + self.open.rows, oldest))
    }

    /// The oldest minute among the blocks.
    fn oldest_minute(&self) -> Result<Option<i64>, Error> {
        self.db
            .query_row("SELECT min(first) FROM block", [], |row| row.get(0))
            .doing("look for the oldest minute")
    }

    /// Deletes the oldest day of minutes, if it is due.
    fn forget_minutes(&mut self, keep: &Keep, now: Timestamp) -> Result<bool, Error> {
        let Some(oldest) = self.oldest_minute()? else { return Ok(false) };
        let first_kept = self.start_of_day(self.day_before(now, keep.minutes));
        if oldest >= first_kept {
            return Ok(false);
        }
        let day = day_of(u32::try_from(oldest).unwrap_or(0), &self.zone);
        let until = day.tomorrow().map_or(first_kept, |day| self.start_of_day(day));
        self.drop_events(oldest, until.min(first_kept))?;
        Ok(self.oldest_minute()?.is_some_and(|oldest| oldest < first_kept))
    }

    /// Deletes a range of minutes that lies within one day, and writes down what only they know. Says
    /// how many rows went.
    fn drop_events(&mut self, from: i64, until: i64) -> Result<u64, Error> {
        let doing = "delete old minutes";
        let day = day_number(day_of(u32::try_from(from).unwrap_or(0), &self.zone));
        let blocks: Vec<(i64, i64, i64)> = self
            .db
            .prepare_cached("SELECT id, first, last FROM block WHERE first < ?2 AND last >= ?1")
            .and_then(|mut find| {
                find.query_map(params![from, until], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
                    .collect()
            })
            .doing(doing)?;
        let names = self.top_of_day(&blocks, from, until)?;
        let before = self.block_rows;
        // Blocks of a zone whose days do not begin with an hour lie on both sides.
        let straddling: Vec<(i64, Block)> = blocks
            .iter()
            .filter(|(_, first, last)| *first < from || *last >= until)
            .map(|(id, ..)| self.load("block", *id).map(|block| (*id, block)))
            .collect::<Result<_, _>>()?;
        let tx = self.db.transaction().doing(doing)?;
        for (kind, name, count, devices) in names {
            tx.execute(
                "INSERT INTO name_day (day, kind, name, count, devices) VALUES (?1, ?2, ?3, ?4, ?5)
                 ON CONFLICT DO UPDATE SET count = count + excluded.count,
                     devices = max(devices, excluded.devices)",
                params![day, kind, name, count, devices],
            )
            .doing(doing)?;
        }
        tx.execute(
            "DELETE FROM name_day WHERE day = ?1 AND (kind, name) IN (
                 SELECT kind, name FROM (
                     SELECT n.kind, n.name,
                         row_number() OVER (PARTITION BY k.grp, k.tier ORDER BY n.count DESC, n.name) AS place
                     FROM name_day n JOIN kind k ON k.id = n.kind WHERE n.day = ?1)
                 WHERE place > ?2)",
            params![day, NAMES_A_DAY_MAX as i64],
        )
        .doing(doing)?;
        for (_, block) in &straddling {
            let kept: Vec<Line<'_>> = block
                .lines()
                .filter(|line| i64::from(line.minute) < from || i64::from(line.minute) >= until)
                .collect();
            if !kept.is_empty() {
                insert_block(&tx, &kept)?;
            }
        }
        for (id, ..) in &blocks {
            tx.execute("DELETE FROM block WHERE id = ?1", [id]).doing(doing)?;
        }
        tx.commit().doing(doing)?;
        self.truncate_due = true;
        self.recount()?;
        Ok(before.saturating_sub(self.block_rows))
    }

    /// The names that each group asked most in these minutes: kind, name, count, devices.
    fn top_of_day(&self, blocks: &[(i64, i64, i64)], from: i64, until: i64) -> Result<Vec<TopName>, Error> {
        let groups = groups_of_kinds(&self.db)?;
        let group = |kind: u32| groups.get(&kind).copied().unwrap_or_default();
        let inside = |line: &Line<'_>| {
            !line.name.is_empty() && i64::from(line.minute) >= from && i64::from(line.minute) < until
        };
        let rounds = blocks.len() as u64 * ROWS_MAX as u64 / NAMES_AT_ONCE + 1;
        let hash = RandomState::new();
        let mut top: Vec<(u32, Vec<u8>, i64)> = Vec::new();
        for round in 0..rounds {
            let mut names: HashMap<(u32, Vec<u8>), i64> = HashMap::new();
            for (id, ..) in blocks {
                let block = self.load("block", *id)?;
                for line in block.lines().filter(inside) {
                    if rounds == 1 || hash.hash_one(line.name) % rounds == round {
                        *names.entry((line.kind, line.name.to_vec())).or_default() += line.count as i64;
                    }
                }
            }
            top.extend(names.into_iter().map(|((kind, name), count)| (kind, name, count)));
            top.sort_by(|a, b| {
                let place = |name: &(u32, Vec<u8>, i64)| (group(name.0), std::cmp::Reverse(name.2));
                place(a).cmp(&place(b)).then_with(|| a.1.cmp(&b.1))
            });
            let mut places = (None, 0);
            top.retain(|(kind, ..)| {
                if places.0 != Some(group(*kind)) {
                    places = (Some(group(*kind)), 0);
                }
                places.1 += 1;
                places.1 <= NAMES_A_DAY_MAX
            });
        }
        let mut devices: HashMap<u32, HashMap<&[u8], HashSet<Who>>> = HashMap::new();
        for (kind, name, _) in &top {
            devices.entry(*kind).or_default().insert(name, HashSet::new());
        }
        for (id, ..) in blocks {
            let block = self.load("block", *id)?;
            for line in block.lines().filter(|line| line.who != Who::NOBODY && inside(line)) {
                if let Some(seen) = devices.get_mut(&line.kind).and_then(|names| names.get_mut(line.name)) {
                    seen.insert(line.who);
                }
            }
        }
        let counted: Vec<i64> = top
            .iter()
            .map(|(kind, name, _)| {
                devices.get(kind).and_then(|names| names.get(&name[..])).map_or(0, HashSet::len)
            })
            .map(|seen| seen as i64)
            .collect();
        Ok(top
            .into_iter()
            .zip(counted)
            .map(|((kind, name, count), devices)| (kind, name, count, devices))
            .collect())
    }

    /// Gives up the names of those who have very many rows in a block. Says how many rows that were.
    fn give_up_names(&mut self, id: i64) -> Result<u64, Error> {
        let doing = "give up names over the cap";
        let block = self.load("block", id)?;
        let mut rows: HashMap<Owner, i64> = HashMap::new();
        block.lines().for_each(|line| *rows.entry(owner(&line)).or_default() += 1);
        let heavy = |line: &Line<'_>| rows.get(&owner(line)).is_some_and(|rows| *rows > FAIR_ROWS);
        let mut given = 0;
        let mut lines: Vec<Line<'_>> = block
            .lines()
            .map(|line| {
                if !heavy(&line) {
                    return line;
                }
                given += u64::from(!line.name.is_empty());
                Line { name: &[], rtype: 0, ..line }
            })
            .collect();
        block::sort(&mut lines);
        let tx = self.db.transaction().doing(doing)?;
        insert_block(&tx, &lines)?;
        tx.execute("DELETE FROM block WHERE id = ?1", [id]).doing(doing)?;
        if given == 0 {
            // Nothing more to take from it but by its age.
            tx.execute("UPDATE block SET heaviest = 0 WHERE id = last_insert_rowid()", []).doing(doing)?;
        }
        tx.commit().doing(doing)?;
        self.truncate_due = true;
        self.recount()?;
        Ok(given)
    }

    /// Deletes hours, days, months and readings whose time is over.
    fn forget_rest(&mut self, keep: &Keep, now: Timestamp) -> rusqlite::Result<()> {
        let hours = keep.hours.max(keep.minutes);
        let months = keep.months.max(hours);
        let first_day = self.day_before(now, hours);
        let first_month = day_number(self.day_before(now, months)) / 100;
        let first_access = now.saturating_sub(signed(months)).unwrap_or(now).as_second();
        let first_hour = self.start_of_day(first_day) / 60;
        let tx = self.db.transaction()?;
        let gone = tx.execute("DELETE FROM hour WHERE hour < ?1", [first_hour])?
            + tx.execute("DELETE FROM name_day WHERE day < ?1", [day_number(first_day)])?
            + tx.execute("DELETE FROM month WHERE month < ?1", [first_month])?
            + tx.execute("DELETE FROM access WHERE at < ?1", [first_access])?
            + tx.execute("DELETE FROM access WHERE id <= (SELECT max(id) FROM access) - ?1", [ACCESSES_MAX])?;
        tx.execute(
            "DELETE FROM batch WHERE id <= (SELECT max(value) FROM mark WHERE name = 'folded') AND stored < ?1",
            [now.as_second() - FOLLOWED],
        )?;
        tx.commit()?;
        self.truncate_due |= gone > 0;
        Ok(())
    }

    /// Deletes what is dated in the future, once it has stayed as long as its kind stays.
    fn forget_future(&mut self, keep: &Keep, now: Timestamp) -> Result<(), Error> {
        let doing = "delete rows that are dated in the future";
        let minute = i64::from(minute_of(now)) + FUTURE;
        let last: i64 = self
            .db
            .query_row(
                "SELECT max(ifnull((SELECT max(last) FROM block), 0), 60 * ifnull((SELECT max(hour) FROM hour), 0))",
                [],
                |row| row.get(0),
            )
            .doing(doing)?;
        let since = self.mark("future_since")?;
        if last <= minute {
            if since.is_some() {
                self.db.execute("DELETE FROM mark WHERE name = 'future_since'", []).doing(doing)?;
            }
            return Ok(());
        }
        let Some(since) = since else {
            return set_mark(&self.db, "future_since", now.as_second()).doing(doing);
        };
        let seen_for = |keep: Duration| {
            now.as_second().saturating_sub(since) > i64::try_from(keep.as_secs()).unwrap_or(i64::MAX)
        };
        if seen_for(keep.minutes) {
            let gone = self.db.execute("DELETE FROM block WHERE first > ?1", [minute]).doing(doing)?;
            self.truncate_due |= gone > 0;
            self.recount()?;
        }
        if seen_for(keep.hours.max(keep.minutes)) {
            self.db.execute("DELETE FROM hour WHERE hour > ?1", [minute / 60]).doing(doing)?;
        }
        Ok(())
    }

    /// Has the log emptied with the next second: what it holds was counted under a key that is gone.
    pub fn log_holds_secrets(&mut self) {
        self.truncate_due = true;
    }

    /// After a deletion: writes the log's pages to their places and empties it, so that what was deleted
    /// does not go on standing in it. A reader may hinder that; it is tried again each second.
    pub fn empty_log(&mut self) -> Result<(), Error> {
        if !self.truncate_due {
            return Ok(());
        }
        self.db.busy_timeout(LOG_WAIT).doing("empty the log")?;
        let busy = self.db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, i64>(0));
        self.db.busy_timeout(BUSY_WAIT).doing("empty the log")?;
        let busy = busy.doing("empty the log")?;
        self.truncate_due = busy != 0;
        Ok(())
    }

    /// Gives free pages back to the file system once they are a quarter of the file.
    fn give_back(&mut self) -> Result<(), Error> {
        let (pages, free, _) = self.pages()?;
        if free > PAGES_A_STEP && free > pages / 4 {
            let sql = format!("PRAGMA incremental_vacuum({PAGES_A_STEP})");
            self.db.execute_batch(&sql).doing("give pages back")?;
        }
        Ok(())
    }

    fn day_before(&self, now: Timestamp, time: Duration) -> Date {
        let then = now.saturating_sub(signed(time)).unwrap_or(now);
        day_of(minute_of(then), &self.zone)
    }

    /// The first minute of a day.
    fn start_of_day(&self, day: Date) -> i64 {
        day.to_zoned(self.zone.clone()).map_or(0, |start| i64::from(minute_of(start.timestamp())))
    }
}

fn signed(time: Duration) -> SignedDuration {
    SignedDuration::try_from(time).unwrap_or(SignedDuration::MAX)
}

/// Group and tier of each kind.
fn groups_of_kinds(db: &Connection) -> Result<HashMap<u32, (i64, i64)>, Error> {
    db.prepare_cached("SELECT id, grp, tier FROM kind")
        .and_then(|mut find| {
            find.query_map([], |row| Ok((row.get(0)?, (row.get(1)?, row.get(2)?))))?.collect()
        })
        .doing("read the kinds")
}
