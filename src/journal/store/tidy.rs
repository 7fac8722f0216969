//! What time does to the store: hours get their devices, old rows go, and the size stays under its cap.
//!
//! Attempts by hour and by month are already there (`save`). What only the events know (distinct
//! devices, names) is written down in the same transaction in which the events go, so a crash in the
//! middle leaves either both or neither, and a second run finds nothing to do twice.
//!
//! Minutes go by whole days of the school's calendar, so that a day's names are ranked over the whole
//! day. Only the size cap goes by hours: then a name's devices are those of its best hour, and a rank
//! is that of the pieces.

use std::time::Duration;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use rusqlite::{Transaction, params};

use super::save::add_to_mark;
use super::{Doing, Error, Store};
use crate::journal::clock::{day_number, day_of, minute_of};

/// Names kept of a day, a group.
const NAMES_A_DAY_MAX: i64 = 100;
/// Hours whose devices are counted in one transaction.
const HOURS_A_STEP: i64 = 24;
/// Pieces of an hour that the size cap takes away in one step; the next second goes on.
const PIECES_A_STEP: usize = 8;
/// Readings written down that are kept, at some 100 octets each, whatever their age.
const ACCESSES_MAX: i64 = 1_000_000;
/// After an hour's end, until its last second has surely been stored.
const GRACE: SignedDuration = SignedDuration::from_secs(120);
/// Pages given back to the file system in one step (4 MiB).
const PAGES_A_STEP: u64 = 1024;

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
    /// The cap cannot be held: no events are left, hours and months alone are larger.
    pub over: bool,
}

impl Store {
    /// One step of what is due: bounded, so that the next batch does not wait long.
    pub fn tidy(&mut self, keep: &Keep, now: Timestamp) -> Result<Tidied, Error> {
        let hours_more = self.close_hours(now).doing("close an hour")?;
        let minutes_more = self.forget_minutes(keep, now).doing("delete old minutes")?;
        if !minutes_more {
            self.forget_rest(keep, now).doing("delete old hours and months")?;
        }
        self.give_back()?;
        Ok(Tidied { more: hours_more || minutes_more, ..Tidied::default() })
    }

    /// Deletes the oldest minutes while the file is over its cap. Cheap when it is not.
    pub fn hold_cap(&mut self, cap: u64) -> Result<Tidied, Error> {
        let mut done = Tidied::default();
        if self.used()? <= cap {
            return Ok(done);
        }
        for _ in 0..PIECES_A_STEP {
            let Some(oldest) = self.oldest_minute().doing("delete minutes over the cap")? else {
                done.over = true;
                break;
            };
            let until = (oldest / 60 + 1) * 60;
            done.cut += self.drop_events(oldest, until).doing("delete minutes over the cap")?;
            self.forget_names().doing("delete names over the cap")?;
            // A little more than needed, so that the next second does not begin again.
            if self.used()? <= cap - cap / 20 {
                break;
            }
        }
        self.give_back()?;
        Ok(done)
    }

    /// Event rows kept, and the oldest minute among them.
    pub fn events(&self) -> Result<(u64, Option<u32>), Error> {
        let rows: i64 = self
            .db
            .query_row("SELECT ifnull(max(value), 0) FROM mark WHERE name = 'events'", [], |row| row.get(0))
            .doing("count the events")?;
        let oldest = self.oldest_minute().doing("look for the oldest minute")?;
        Ok((u64::try_from(rows).unwrap_or(0), oldest.and_then(|minute| u32::try_from(minute).ok())))
    }

    fn oldest_minute(&self) -> rusqlite::Result<Option<i64>> {
        self.db.query_row("SELECT min(minute) FROM event", [], |row| row.get(0))
    }

    /// Counts the devices of the hours that are over.
    fn close_hours(&mut self, now: Timestamp) -> rusqlite::Result<bool> {
        let until = i64::from(minute_of(now.saturating_sub(GRACE).unwrap_or(now)) / 60);
        let closed: i64 = self.db.query_row(
            "SELECT ifnull(max(value), 0) FROM mark WHERE name = 'devices_until'",
            [],
            |row| row.get(0),
        )?;
        if closed >= until {
            return Ok(false);
        }
        let first: Option<i64> =
            self.db.query_row("SELECT min(hour) FROM hour WHERE hour >= ?1", [closed], |row| row.get(0))?;
        let end = first.map_or(until, |first| until.min(first + HOURS_A_STEP));
        let tx = self.db.transaction()?;
        if let Some(first) = first {
            count_devices(&tx, first * 60, end * 60)?;
        }
        tx.execute(
            "INSERT INTO mark (name, value) VALUES ('devices_until', ?1)
             ON CONFLICT DO UPDATE SET value = excluded.value",
            [end],
        )?;
        tx.commit()?;
        Ok(end < until)
    }

    /// Deletes the oldest day of minutes, if it is due.
    fn forget_minutes(&mut self, keep: &Keep, now: Timestamp) -> rusqlite::Result<bool> {
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

    /// Deletes a range of minutes that lies within one day, and writes down what only they know.
    fn drop_events(&mut self, from: i64, until: i64) -> rusqlite::Result<u64> {
        let day = day_number(day_of(u32::try_from(from).unwrap_or(0), &self.zone));
        let tx = self.db.transaction()?;
        count_devices(&tx, from, until)?;
        tx.execute(
            "INSERT INTO name_day (day, kind, name, count, devices)
             SELECT ?3, kind, name, sum(count), count(DISTINCT nullif(device, x''))
             FROM event WHERE minute >= ?1 AND minute < ?2 AND name <> 0 GROUP BY kind, name
             ON CONFLICT DO UPDATE SET count = count + excluded.count, devices = max(devices, excluded.devices)",
            params![from, until, day],
        )?;
        tx.execute(
            "DELETE FROM name_day WHERE day = ?1 AND (kind, name) IN (
                 SELECT kind, name FROM (
                     SELECT n.kind, n.name,
                         row_number() OVER (PARTITION BY k.grp, k.tier ORDER BY n.count DESC, n.name) AS place
                     FROM name_day n JOIN kind k ON k.id = n.kind WHERE n.day = ?1)
                 WHERE place > ?2)",
            params![day, NAMES_A_DAY_MAX],
        )?;
        let gone =
            tx.execute("DELETE FROM event WHERE minute >= ?1 AND minute < ?2", params![from, until])?;
        add_to_mark(&tx, "events", -(gone as i64))?;
        tx.commit()?;
        Ok(gone as u64)
    }

    /// Deletes hours, days, months and names whose time is over.
    fn forget_rest(&mut self, keep: &Keep, now: Timestamp) -> rusqlite::Result<()> {
        let hours = keep.hours.max(keep.minutes);
        let months = keep.months.max(hours);
        let first_day = self.day_before(now, hours);
        let first_month = day_number(self.day_before(now, months)) / 100;
        let first_access = now.saturating_sub(signed(months)).unwrap_or(now).as_second();
        let today = day_number(day_of(minute_of(now), &self.zone));
        let first_hour = self.start_of_day(first_day) / 60;
        let tx = self.db.transaction()?;
        tx.execute("DELETE FROM hour WHERE hour < ?1", [first_hour])?;
        tx.execute("DELETE FROM name_day WHERE day < ?1", [day_number(first_day)])?;
        tx.execute("DELETE FROM month WHERE month < ?1", [first_month])?;
        tx.execute("DELETE FROM access WHERE at < ?1", [first_access])?;
        tx.execute("DELETE FROM access WHERE id <= (SELECT max(id) FROM access) - ?1", [ACCESSES_MAX])?;
        let due = tx.execute(
            "INSERT INTO mark (name, value) VALUES ('names_day', ?1)
             ON CONFLICT DO UPDATE SET value = excluded.value WHERE value <> excluded.value",
            [today],
        )?;
        tx.commit()?;
        if due > 0 {
            self.forget_names()?;
        }
        Ok(())
    }

    /// Deletes the names that no event and no day speaks of any more.
    fn forget_names(&mut self) -> rusqlite::Result<()> {
        let oldest = self.oldest_minute()?.map_or(i64::MAX, |minute| minute / 60);
        self.numbers.forget();
        self.db
            .execute("DELETE FROM name WHERE hour < ?1 AND id NOT IN (SELECT name FROM name_day)", [oldest])
            .map(drop)
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

/// Writes the distinct devices of each hour and kind in a range of minutes. Never makes a number
/// smaller: some of the hour's events may already be gone.
fn count_devices(tx: &Transaction<'_>, from: i64, until: i64) -> rusqlite::Result<()> {
    tx.execute(
        "UPDATE hour SET devices = max(hour.devices, seen.devices)
         FROM (SELECT minute / 60 AS hour, kind, count(DISTINCT nullif(device, x'')) AS devices
               FROM event WHERE minute >= ?1 AND minute < ?2 GROUP BY 1, 2) AS seen
         WHERE hour.hour = seen.hour AND hour.kind = seen.kind",
        params![from, until],
    )
    .map(drop)
}
