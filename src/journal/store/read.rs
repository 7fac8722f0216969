//! Questions to the store.
//!
//! Every question is answered from one moment's snapshot. Totals come from the hours, and at the edges, and
//! where the hours are not written yet, from the sums that stand beside blocks and from the open batches;
//! names come from the blocks themselves.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::{BuildHasher, RandomState};
use std::ops::ControlFlow;
use std::path::Path;

use jiff::Timestamp;
use rusqlite::{Connection, Row as SqlRow, ToSql, Transaction, params};

use super::file::open_for_reading;
use super::sources::Matcher;
use super::{Doing, Error, none_found};
use crate::dns::name::{Name, OwnedName};
use crate::journal::block::{self, Line, read_sums, wire_of};
use crate::journal::clock::start_of;
use crate::journal::kinds::Who;
use crate::journal::rows::{
    Access, By, Device, Filter, GroupCategory, HourRow, MonthRow, NameShown, NameTotal, Row, Total, What,
};
use crate::model::category::Category;
use crate::model::event::Effect;
use crate::model::service::ServiceId;
use crate::model::tier::Tier;
use crate::model::verdict::Layer;

/// Rows that one question gives back at most; an export goes row by row.
const ROWS_MAX: usize = 1_000_000;
/// Different names added up at a time, at some 100 octets each; more are read in several rounds.
pub(super) const NAMES_AT_ONCE: u64 = 1 << 20;

/// A reading connection.
pub(in crate::journal) struct Reading {
    pub(super) db: Connection,
}

/// What a kind adds up to in an hour, or in a part of it.
struct Part {
    hour: u32,
    kind: u32,
    count: u64,
    visits: u64,
}

impl Matcher {
    /// A row as a reader sees it; none for a kind that the filter does not let through.
    pub(super) fn row(&self, line: &Line<'_>) -> Option<Row> {
        let kind = self.kinds.get(&line.kind)?.as_ref().clone();
        let name = match shown(line.name) {
            _ if kind.category.is_some_and(Category::is_secret) => NameShown::Secret,
            Some(name) => NameShown::Name(name),
            None => NameShown::NotKept,
        };
        let (at, device) = (start_of(line.minute), Device::from_octets(line.who.octets()));
        Some(Row { at, kind, device, name, rtype: line.rtype, count: line.count })
    }
}

impl Reading {
    pub fn open(folder: &Path) -> Result<Self, Error> {
        open_for_reading(folder).map(|db| Self { db })
    }

    /// Writes down that somebody reads; the answer is the line's number.
    pub fn write_down(&self, who: &str, filter: &str, now: Timestamp) -> Result<i64, Error> {
        let line = params![now.as_second(), who, filter];
        self.db
            .execute("INSERT INTO access (at, who, filter, rows) VALUES (?1, ?2, ?3, 0)", line)
            .doing("write down who reads")?;
        Ok(self.db.last_insert_rowid())
    }

    pub fn lost(&self) -> Result<Option<Timestamp>, Error> {
        let found =
            self.db.query_row("SELECT value FROM mark WHERE name = 'lost'", [], |row| row.get::<_, i64>(0));
        let found = found.map(Some).or_else(none_found).doing("read what the store remembers")?;
        Ok(found.and_then(|at| Timestamp::from_second(at).ok()))
    }

    pub fn count_rows(&self, access: i64, rows: usize) -> Result<(), Error> {
        self.db
            .execute("UPDATE access SET rows = ?2 WHERE id = ?1", params![access, rows as i64])
            .doing("write down who reads")
            .map(drop)
    }

    pub fn newest(&self, filter: &Filter, limit: usize) -> Result<Vec<Row>, Error> {
        let _snapshot = self.snapshot()?;
        let matcher = self.matcher(filter)?;
        let limit = limit.min(ROWS_MAX);
        let mut rows = Vec::new();
        self.for_each_line(&matcher, true, |line| {
            if rows.len() == limit {
                return ControlFlow::Break(());
            }
            rows.extend(matcher.row(line));
            ControlFlow::Continue(())
        })?;
        Ok(rows)
    }

    pub fn row_count(&self, filter: &Filter) -> Result<u64, Error> {
        let _snapshot = self.snapshot()?;
        let matcher = self.matcher(filter)?;
        let mut count = 0;
        self.for_each_line(&matcher, false, |_| {
            count += 1;
            ControlFlow::Continue(())
        })?;
        Ok(count)
    }

    pub fn each(&self, filter: &Filter, mut row: impl FnMut(Row)) -> Result<usize, Error> {
        let _snapshot = self.snapshot()?;
        let matcher = self.matcher(filter)?;
        let mut count = 0;
        self.for_each_line(&matcher, false, |line| {
            if let Some(next) = matcher.row(line) {
                row(next);
                count += 1;
            }
            ControlFlow::Continue(())
        })?;
        Ok(count)
    }

    pub fn totals(&self, filter: &Filter, by: By) -> Result<Vec<Total>, Error> {
        let _snapshot = self.snapshot()?;
        let matcher = self.matcher(filter)?;
        let mut totals: BTreeMap<What, u64> = BTreeMap::new();
        for part in self.parts(&matcher)? {
            let Some(kind) = matcher.kinds.get(&part.kind) else { continue };
            let what = match by {
                By::Tier => What::Tier(kind.tier),
                By::Group => What::Group(kind.group.clone()),
                By::Category => kind.service.map_or(What::Category(kind.category), What::Service),
                By::List => What::List(kind.list.clone()),
                By::Layer => What::Layer(kind.layer),
                By::Effect => What::Effect(kind.effect),
                By::Hour => What::Hour(start_of(part.hour.saturating_mul(60))),
            };
            *totals.entry(what).or_default() += part.count;
        }
        let mut totals: Vec<Total> = totals.into_iter().map(|(what, count)| Total { what, count }).collect();
        if by != By::Hour {
            totals.sort_by_key(|total| std::cmp::Reverse(total.count));
        }
        Ok(totals)
    }

    pub fn groups_by_category(&self, filter: &Filter) -> Result<Vec<GroupCategory>, Error> {
        let _snapshot = self.snapshot()?;
        let matcher = self.matcher(filter)?;
        type Cell = (Option<String>, Option<Category>, Option<ServiceId>);
        let mut cells: BTreeMap<Cell, u64> = BTreeMap::new();
        for part in self.parts(&matcher)? {
            let Some(kind) = matcher.kinds.get(&part.kind) else { continue };
            *cells.entry((kind.group.clone(), kind.category, kind.service)).or_default() += part.count;
        }
        let mut cells: Vec<GroupCategory> = cells
            .into_iter()
            .map(|((group, category, service), count)| GroupCategory { group, category, service, count })
            .collect();
        cells.sort_by_key(|cell| std::cmp::Reverse(cell.count));
        Ok(cells)
    }

    pub fn visits(&self, filter: &Filter) -> Result<u64, Error> {
        let _snapshot = self.snapshot()?;
        let matcher = self.matcher(filter)?;
        let mut visits: u64 = self.parts(&matcher)?.iter().map(|part| part.visits).sum();
        if matcher.is_named() {
            return Ok(visits);
        }
        // Each second of the open batches has its own: the same pair counts once a minute.
        let mut pairs = BTreeSet::new();
        for source in self.open_batches(matcher.from, matcher.until)? {
            let block = self.load(&source)?;
            for line in block.lines().filter(|line| matcher.matches(line)) {
                pairs.insert((line.minute, line.kind, line.name.to_vec(), line.who));
            }
        }
        visits += pairs.len() as u64;
        Ok(visits)
    }

    pub fn groups(&self) -> Result<Vec<String>, Error> {
        self.ask("SELECT name FROM grp ORDER BY name", &[], |row| row.get(0))
    }

    pub fn hours(&self, filter: &Filter) -> Result<Vec<HourRow>, Error> {
        let _snapshot = self.snapshot()?;
        let mut matcher = self.matcher(filter)?;
        // Hours are whole.
        matcher.from -= matcher.from % 60;
        matcher.until = matcher.until.div_ceil(60).saturating_mul(60);
        let mut hours: BTreeMap<(u32, u32), (u64, u64)> = BTreeMap::new();
        for part in self.parts(&matcher)? {
            hours.entry((part.hour, part.kind)).or_default().0 += part.count;
        }
        if matcher.is_named() {
            self.count_devices(&matcher, &mut hours)?;
        } else {
            let sql = "SELECT hour, kind, devices FROM hour WHERE hour >= ?1 AND hour < ?2";
            let counted = self.ask(sql, params![matcher.from / 60, matcher.until / 60], |row| {
                Ok(((row.get(0)?, row.get(1)?), unsigned(row.get(2)?)))
            })?;
            for (key, devices) in counted {
                hours.entry(key).and_modify(|hour| hour.1 = devices);
            }
            // Those of the hours that still run are counted now.
            let open: BTreeSet<u32> = self
                .open_batches(matcher.from, matcher.until)?
                .iter()
                .flat_map(|source| source.hours())
                .collect();
            for hour in open {
                matcher.from = hour.saturating_mul(60);
                matcher.until = matcher.from.saturating_add(60);
                self.count_devices(&matcher, &mut hours)?;
            }
        }
        let row = |((hour, kind), (count, devices)): ((u32, u32), (u64, u64))| {
            let kind = matcher.kinds.get(&kind)?.as_ref().clone();
            Some(HourRow { at: start_of(hour.saturating_mul(60)), kind, count, devices })
        };
        Ok(hours.into_iter().filter_map(row).collect())
    }

    fn count_devices(
        &self,
        matcher: &Matcher,
        hours: &mut BTreeMap<(u32, u32), (u64, u64)>,
    ) -> Result<(), Error> {
        let mut devices: BTreeMap<(u32, u32), BTreeSet<Who>> = BTreeMap::new();
        for source in self.sources(matcher.from, matcher.until)? {
            let block = self.load(&source)?;
            for line in block.lines().filter(|line| line.who != Who::NOBODY && matcher.matches(line)) {
                devices.entry((line.minute / 60, line.kind)).or_default().insert(line.who);
            }
        }
        for (key, devices) in devices {
            hours.entry(key).and_modify(|hour| hour.1 = hour.1.max(devices.len() as u64));
        }
        Ok(())
    }

    pub fn months(&self) -> Result<Vec<MonthRow>, Error> {
        let _snapshot = self.snapshot()?;
        let matcher = self.matcher(&Filter::default())?;
        let mut months: BTreeMap<(i64, u32), u64> = BTreeMap::new();
        for (month, kind, count) in self.ask("SELECT month, kind, count FROM month", &[], |row| {
            Ok((row.get(0)?, row.get(1)?, unsigned(row.get(2)?)))
        })? {
            *months.entry((month, kind)).or_default() += count;
        }
        for source in self.open_batches(0, u32::MAX)? {
            let block = self.load(&source)?;
            for line in block.lines() {
                *months.entry((source.month, line.kind)).or_default() += line.count;
            }
        }
        let row = |((month, kind), count): ((i64, u32), u64)| {
            let kind = matcher.kinds.get(&kind)?.as_ref().clone();
            Some(MonthRow { year: (month / 100) as i16, month: (month % 100) as i8, count, kind })
        };
        Ok(months.into_iter().filter_map(row).collect())
    }

    pub fn top_names(&self, filter: &Filter, limit: usize) -> Result<Vec<NameTotal>, Error> {
        let _snapshot = self.snapshot()?;
        let matcher = self.matcher(filter)?;
        let limit = limit.min(ROWS_MAX);
        let sources = self.sources(matcher.from, matcher.until)?;
        // A day counts as inside when it begins (in UTC, near enough for whole days) within the filter.
        let day = |minute: u32| start_of(minute).strftime("%Y%m%d").to_string();
        let days = self.ask(
            "SELECT kind, name, count FROM name_day WHERE day >= ?1 AND day <= ?2",
            params![day(matcher.from), day(matcher.until.saturating_sub(1))],
            |row| Ok((row.get::<_, u32>(0)?, row.get::<_, Vec<u8>>(1)?, unsigned(row.get(2)?))),
        )?;
        let rounds = self.rows_in(matcher.from, matcher.until)? / NAMES_AT_ONCE + 1;
        let hash = RandomState::new();
        type Class = (Option<Category>, Option<ServiceId>);
        let mut top: Vec<(Vec<u8>, Class, u64)> = Vec::new();
        for round in 0..rounds {
            let mine = |name: &[u8]| rounds == 1 || hash.hash_one(name) % rounds == round;
            let mut names: HashMap<(Class, Vec<u8>), u64> = HashMap::new();
            let mut add = |kind: u32, name: &[u8], count: u64| {
                if let Some(kind) = matcher.kinds.get(&kind).filter(|_| !name.is_empty()) {
                    *names.entry(((kind.category, kind.service), name.to_vec())).or_default() += count;
                }
            };
            for source in &sources {
                let block = self.load(source)?;
                for line in block.lines().filter(|line| mine(line.name) && matcher.matches(line)) {
                    add(line.kind, line.name, line.count);
                }
            }
            for (kind, name, count) in &days {
                if mine(name) && matcher.named(name) {
                    add(*kind, name, *count);
                }
            }
            top.extend(names.into_iter().map(|((class, name), count)| (name, class, count)));
            top.sort_by(|a, b| b.2.cmp(&a.2).then_with(|| a.0.cmp(&b.0)));
            top.truncate(limit);
        }
        let named = |(name, (category, service), count): (Vec<u8>, Class, _)| {
            Some(NameTotal { name: shown(&name)?, category, service, count })
        };
        Ok(top.into_iter().filter_map(named).collect())
    }

    pub fn accesses(&self, limit: usize) -> Result<Vec<Access>, Error> {
        let limit = limit.min(ROWS_MAX) as i64;
        self.ask(
            "SELECT at, who, filter, rows FROM access ORDER BY id DESC LIMIT ?1",
            params![limit],
            |row| {
                Ok(Access {
                    at: Timestamp::from_second(row.get(0)?).unwrap_or_default(),
                    who: row.get(1)?,
                    filter: row.get(2)?,
                    rows: unsigned(row.get(3)?),
                })
            },
        )
    }

    /// What matches adds up to, by hour and kind: whole hours from `hour`, the edges from the sums of the
    /// blocks, and what is not folded yet from its batches. Names are only in the rows.
    fn parts(&self, matcher: &Matcher) -> Result<Vec<Part>, Error> {
        if matcher.is_named() {
            return self.parts_of_rows(matcher);
        }
        let mut parts = self.open_parts(matcher)?;
        let (first, last) = (matcher.from.div_ceil(60), matcher.until / 60);
        if first >= last {
            self.edge(matcher, matcher.from, matcher.until, &mut parts)?;
            return Ok(parts);
        }
        let sql = "SELECT hour, kind, count, visits FROM hour WHERE hour >= ?1 AND hour < ?2";
        parts.extend(
            self.ask(sql, params![first, last], |row| {
                let (count, visits) = (unsigned(row.get(2)?), unsigned(row.get(3)?));
                Ok(Part { hour: row.get(0)?, kind: row.get(1)?, count, visits })
            })?
            .into_iter()
            .filter(|part| matcher.has_kind(part.kind)),
        );
        self.edge(matcher, matcher.from, first * 60, &mut parts)?;
        self.edge(matcher, last * 60, matcher.until, &mut parts)?;
        Ok(parts)
    }

    /// Adds a part of an hour, from the sums that stand beside the blocks.
    fn edge(&self, matcher: &Matcher, from: u32, until: u32, parts: &mut Vec<Part>) -> Result<(), Error> {
        if from >= until {
            return Ok(());
        }
        let sql = "SELECT sums FROM block WHERE first < ?1 AND last >= ?2";
        for sums in self.ask(sql, params![until, from], |row| row.get::<_, Vec<u8>>(0))? {
            let inside =
                |sum: &block::Sum| sum.minute >= from && sum.minute < until && matcher.has_kind(sum.kind);
            parts.extend(read_sums(&sums)?.into_iter().filter(inside).map(|sum| Part {
                hour: sum.minute / 60,
                kind: sum.kind,
                count: sum.count,
                visits: sum.visits,
            }));
        }
        Ok(())
    }

    /// What is not folded yet. Without visits: those of two seconds may be the same.
    fn open_parts(&self, matcher: &Matcher) -> Result<Vec<Part>, Error> {
        let mut parts = HashMap::new();
        for source in self.open_batches(matcher.from, matcher.until)? {
            let block = self.load(&source)?;
            for line in block.lines().filter(|line| matcher.matches(line)) {
                *parts.entry((line.minute / 60, line.kind)).or_default() += line.count;
            }
        }
        let part = |((hour, kind), count)| Part { hour, kind, count, visits: 0 };
        Ok(parts.into_iter().map(part).collect())
    }

    fn parts_of_rows(&self, matcher: &Matcher) -> Result<Vec<Part>, Error> {
        let mut parts: HashMap<(u32, u32), (u64, u64)> = HashMap::new();
        let mut before: Option<(u32, u32, Vec<u8>, Who)> = None;
        self.for_each_line(matcher, false, |line| {
            let part = parts.entry((line.minute / 60, line.kind)).or_default();
            part.0 += line.count;
            let same = before.as_ref().is_some_and(|(minute, kind, name, who)| {
                (*minute, *kind, &name[..], *who) == (line.minute, line.kind, line.name, line.who)
            });
            if !same {
                part.1 += 1;
                before = Some((line.minute, line.kind, line.name.to_vec(), line.who));
            }
            ControlFlow::Continue(())
        })?;
        let part = |((hour, kind), (count, visits))| Part { hour, kind, count, visits };
        Ok(parts.into_iter().map(part).collect())
    }

    fn rows_in(&self, from: u32, until: u32) -> Result<u64, Error> {
        let sql = "SELECT (SELECT ifnull(sum(rows), 0) FROM block WHERE first < ?1 AND last >= ?2)
                   + (SELECT ifnull(sum(rows), 0) FROM batch WHERE first < ?1 AND last >= ?2)";
        self.db.query_row(sql, params![until, from], |row| row.get(0)).map(unsigned).doing("read the journal")
    }

    fn snapshot(&self) -> Result<Transaction<'_>, Error> {
        self.db.unchecked_transaction().doing("read the journal")
    }

    pub(super) fn ask<T>(
        &self,
        sql: &str,
        values: &[&dyn ToSql],
        read: impl FnMut(&SqlRow<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, Error> {
        let mut statement = self.db.prepare_cached(sql).doing("read the journal")?;
        let rows = statement.query_map(values, read).doing("read the journal")?;
        rows.collect::<rusqlite::Result<_>>().doing("read the journal")
    }
}

// A number that no version wrote is damage that SQLite could not see: shown as the nearest thing, so
// that the rest can still be read.

pub(super) fn tier(number: i64) -> Tier {
    Tier::ALL.into_iter().find(|tier| *tier as i64 == number).unwrap_or(Tier::Guest)
}

pub(super) fn category(number: i64) -> Option<Category> {
    u8::try_from(number).ok().and_then(Category::from_bit)
}

pub(super) fn service(number: i64) -> Option<ServiceId> {
    u16::try_from(number).ok().and_then(ServiceId::from_number)
}

pub(super) fn layer(number: i64) -> Layer {
    u8::try_from(number).ok().and_then(Layer::from_number).unwrap_or(Layer::Category)
}

pub(super) fn effect(number: i64) -> Effect {
    if number == Effect::Monitored as i64 { Effect::Monitored } else { Effect::Blocked }
}

fn shown(stored: &[u8]) -> Option<OwnedName> {
    Name::from_wire(&wire_of(stored)?).ok().map(Name::to_owned)
}

fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}
