//! Questions to the store, as SQL.
//!
//! Every question is one short read of what one moment's snapshot holds. Conditions are put together
//! from fixed pieces; all values are bound.

use std::path::Path;

use jiff::Timestamp;
use rusqlite::types::Value;
use rusqlite::{Connection, Row as SqlRow, params, params_from_iter};

use super::save::{key_of_name, name_of_key};
use super::{Doing, Error, open_for_reading};
use crate::dns::name::{Name, OwnedName};
use crate::journal::clock::{minute_of, start_of};
use crate::journal::rows::{
    Access, By, Device, Filter, GroupCategory, HourRow, KindRow, MonthRow, NameShown, NameTotal, Names, Row,
    Total, What,
};
use crate::model::category::Category;
use crate::model::event::Effect;
use crate::model::tier::Tier;
use crate::model::verdict::Layer;

/// Rows that one question gives back at most; an export goes row by row.
const ROWS_MAX: usize = 1_000_000;

const KIND_COLUMNS: &str = "g.name, k.tier, k.category, l.name, k.layer, k.effect";
const KIND_JOINS: &str = "LEFT JOIN grp g ON g.id = k.grp LEFT JOIN list l ON l.id = k.list";
pub(super) const EVENT_COLUMNS: &str = "e.minute, e.device, n.key, e.rtype, e.count, e.kind, e.name, g.name, k.tier, k.category, l.name, k.layer, k.effect";
pub(super) const EVENT_JOINS: &str = "CROSS JOIN kind k ON k.id = e.kind LEFT JOIN name n ON n.id = e.name
    LEFT JOIN grp g ON g.id = k.grp LEFT JOIN list l ON l.id = k.list";

/// A reading connection.
pub(in crate::journal) struct Reading {
    pub(super) db: Connection,
}

/// An event's primary key: minute, kind, name, device, type.
pub(super) type EventKey = (i64, i64, i64, Vec<u8>, u16);

/// The conditions of a filter, with the values that they bind.
pub(super) struct Where {
    from: i64,
    until: i64,
    /// On columns `kind` and `name`, begins with ` AND` or is empty.
    sql: String,
    pub values: Vec<Value>,
}

impl Where {
    pub(super) fn of(filter: &Filter) -> Self {
        let from = filter.since.map_or(0, |since| i64::from(minute_of(since)));
        let until = filter.until.map_or(i64::from(u32::MAX), |until| {
            let seconds = until.as_second() + i64::from(until.subsec_nanosecond() > 0);
            (seconds + 59).div_euclid(60)
        });
        let mut of_kind: Vec<&str> = Vec::new();
        let mut values = Vec::new();
        if let Some(tier) = filter.tier {
            of_kind.push("tier = ?");
            values.push(Value::Integer(tier as i64));
        }
        if let Some(category) = filter.category {
            of_kind.push("category = ?");
            values.push(Value::Integer(category as i64));
        }
        if let Some(layer) = filter.layer {
            of_kind.push("layer = ?");
            values.push(Value::Integer(layer as i64));
        }
        if let Some(effect) = filter.effect {
            of_kind.push("effect = ?");
            values.push(Value::Integer(effect as i64));
        }
        if let Some(group) = &filter.group {
            of_kind.push("grp = (SELECT id FROM grp WHERE name = ?)");
            values.push(Value::Text(group.clone()));
        }
        let mut sql = String::new();
        if !of_kind.is_empty() {
            sql = format!(" AND kind IN (SELECT id FROM kind WHERE {})", of_kind.join(" AND "));
        }
        match &filter.name {
            None => {}
            Some(Names::Exactly(name)) => {
                sql += " AND name = (SELECT id FROM name WHERE key = ?)";
                values.push(Value::Blob(key_of_name(name.as_name().wire())));
            }
            Some(Names::AtOrBelow(name)) => {
                let key = key_of_name(name.as_name().wire());
                // After a key comes the length of the next label, at most 63.
                let end = [&key[..], &[64]].concat();
                sql += " AND name IN (SELECT id FROM name WHERE key >= ? AND key < ?)";
                values.extend([Value::Blob(key), Value::Blob(end)]);
            }
        }
        Self { from, until, sql, values }
    }

    /// The events that it lets through, as a table.
    pub(super) fn events(&self) -> String {
        format!("SELECT * FROM event WHERE minute >= {} AND minute < {}{}", self.from, self.until, self.sql)
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

    pub fn count_rows(&self, access: i64, rows: usize) -> Result<(), Error> {
        self.db
            .execute("UPDATE access SET rows = ?2 WHERE id = ?1", params![access, rows as i64])
            .doing("write down who reads")
            .map(drop)
    }

    pub fn newest(&self, filter: &Filter, limit: usize) -> Result<Vec<Row>, Error> {
        let of = Where::of(filter);
        let sql = format!(
            "SELECT {EVENT_COLUMNS} FROM ({}) e {EVENT_JOINS}
             ORDER BY e.minute DESC, e.kind DESC, e.name DESC, e.device DESC, e.rtype DESC LIMIT {}",
            of.events(),
            limit.min(ROWS_MAX)
        );
        self.ask(&sql, of.values, |row| event(row).map(|(row, _)| row))
    }

    pub fn row_count(&self, filter: &Filter) -> Result<u64, Error> {
        let of = Where::of(filter);
        let counted = self.ask(&format!("SELECT count(*) FROM ({})", of.events()), of.values, |row| {
            row.get(0).map(unsigned)
        })?;
        Ok(counted.into_iter().sum())
    }

    pub fn each(&self, filter: &Filter, mut row: impl FnMut(Row)) -> Result<usize, Error> {
        let of = Where::of(filter);
        let sql = format!(
            "SELECT {EVENT_COLUMNS} FROM ({}) e {EVENT_JOINS}
             ORDER BY e.minute, e.kind, e.name, e.device, e.rtype",
            of.events()
        );
        let mut statement = self.db.prepare(&sql).doing("read the journal")?;
        let mut rows = statement.query(params_from_iter(of.values)).doing("read the journal")?;
        let mut count = 0;
        while let Some(next) = rows.next().doing("read the journal")? {
            row(event(next).doing("read the journal")?.0);
            count += 1;
        }
        Ok(count)
    }

    pub fn totals(&self, filter: &Filter, by: By) -> Result<Vec<Total>, Error> {
        let of = Where::of(filter);
        let column = match by {
            By::Tier => "k.tier",
            By::Group => "g.name",
            By::Category => "k.category",
            By::List => "l.name",
            By::Layer => "k.layer",
            By::Effect => "k.effect",
            By::Hour => "p.hour",
        };
        let order = if by == By::Hour { "1" } else { "2 DESC, 1" };
        let (part, values) = of.by_the_hour(filter.name.is_some());
        let sql = format!(
            "SELECT {column}, sum(p.count) FROM ({part}) p JOIN kind k ON k.id = p.kind {KIND_JOINS}
             GROUP BY 1 ORDER BY {order}"
        );
        self.ask(&sql, values, |row| {
            let what = match by {
                By::Tier => What::Tier(tier(row.get(0)?)),
                By::Group => What::Group(row.get(0)?),
                By::Category => What::Category(category(row.get(0)?)),
                By::List => What::List(row.get(0)?),
                By::Layer => What::Layer(layer(row.get(0)?)),
                By::Effect => What::Effect(effect(row.get(0)?)),
                By::Hour => What::Hour(at_minute(row.get::<_, i64>(0)? * 60)),
            };
            Ok(Total { what, count: unsigned(row.get(1)?) })
        })
    }

    pub fn groups_by_category(&self, filter: &Filter) -> Result<Vec<GroupCategory>, Error> {
        let (part, values) = Where::of(filter).by_the_hour(filter.name.is_some());
        let sql = format!(
            "SELECT g.name, k.category, sum(p.count) FROM ({part}) p JOIN kind k ON k.id = p.kind {KIND_JOINS}
             GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2"
        );
        self.ask(&sql, values, |row| {
            Ok(GroupCategory {
                group: row.get(0)?,
                category: category(row.get(1)?),
                count: unsigned(row.get(2)?),
            })
        })
    }

    pub fn visits(&self, filter: &Filter) -> Result<u64, Error> {
        let of = Where::of(filter);
        let sql =
            format!("SELECT count(*) FROM (SELECT DISTINCT minute, name, device FROM ({}))", of.events());
        let counted = self.ask(&sql, of.values, |row| row.get(0).map(unsigned))?;
        Ok(counted.into_iter().sum())
    }

    pub fn groups(&self) -> Result<Vec<String>, Error> {
        self.ask("SELECT name FROM grp ORDER BY name", Vec::new(), |row| row.get(0))
    }

    pub fn hours(&self, filter: &Filter) -> Result<Vec<HourRow>, Error> {
        let of = Where::of(filter);
        let (from, until) = (of.from / 60, (of.until + 59) / 60);
        let devices = "count(DISTINCT nullif(device, x''))";
        let part = if filter.name.is_some() {
            format!(
                "SELECT minute / 60 AS hour, kind, sum(count) AS count, {devices} AS devices FROM event
                 WHERE minute >= {from} * 60 AND minute < {until} * 60{} GROUP BY 1, 2",
                of.sql
            )
        } else {
            // The devices of hours that are not over are not written down yet.
            format!(
                "SELECT h.hour, h.kind, h.count, max(h.devices, ifnull(open.devices, 0)) AS devices
                 FROM (SELECT * FROM hour WHERE hour >= {from} AND hour < {until}{}) h
                 LEFT JOIN (SELECT minute / 60 AS hour, kind, {devices} AS devices FROM event
                     WHERE minute >= 60 * (SELECT ifnull(max(value), 0) FROM mark WHERE name = 'devices_until')
                     GROUP BY 1, 2) open
                 ON open.hour = h.hour AND open.kind = h.kind",
                of.sql
            )
        };
        let sql = format!(
            "SELECT p.hour, p.count, p.devices, {KIND_COLUMNS} FROM ({part}) p JOIN kind k ON k.id = p.kind
             {KIND_JOINS} ORDER BY p.hour, p.kind"
        );
        self.ask(&sql, of.values, |row| {
            Ok(HourRow {
                at: at_minute(row.get::<_, i64>(0)? * 60),
                count: unsigned(row.get(1)?),
                devices: unsigned(row.get(2)?),
                kind: kind(row, 3)?,
            })
        })
    }

    pub fn months(&self) -> Result<Vec<MonthRow>, Error> {
        let sql = format!(
            "SELECT m.month, m.count, {KIND_COLUMNS} FROM month m JOIN kind k ON k.id = m.kind {KIND_JOINS}
             ORDER BY m.month, m.kind"
        );
        self.ask(&sql, Vec::new(), |row| {
            let month: i64 = row.get(0)?;
            Ok(MonthRow {
                year: (month / 100) as i16,
                month: (month % 100) as i8,
                count: unsigned(row.get(1)?),
                kind: kind(row, 2)?,
            })
        })
    }

    pub fn top_names(&self, filter: &Filter, limit: usize) -> Result<Vec<NameTotal>, Error> {
        let of = Where::of(filter);
        // A day counts as inside when it begins (in UTC, near enough for whole days) within the filter.
        let day = |minute: i64| at_minute(minute).strftime("%Y%m%d").to_string();
        let sql = format!(
            "SELECT n.key, k.category, sum(p.count) FROM (
                 SELECT kind, name, count FROM event WHERE minute >= {} AND minute < {}{sql}
                 UNION ALL
                 SELECT kind, name, count FROM name_day WHERE day >= {} AND day <= {}{sql}) p
             JOIN name n ON n.id = p.name JOIN kind k ON k.id = p.kind
             GROUP BY p.name, k.category ORDER BY 3 DESC, 1 LIMIT {}",
            of.from,
            of.until,
            day(of.from),
            day(of.until - 1),
            limit.min(ROWS_MAX),
            sql = of.sql,
        );
        let values = [of.values.clone(), of.values].concat();
        let rows = self.ask(&sql, values, |row| {
            let name = owned(&row.get::<_, Vec<u8>>(0)?);
            Ok((name, category(row.get(1)?), unsigned(row.get(2)?)))
        })?;
        let named = |(name, category, count): (Option<OwnedName>, _, _)| {
            Some(NameTotal { name: name?, category, count })
        };
        Ok(rows.into_iter().filter_map(named).collect())
    }

    pub fn accesses(&self, limit: usize) -> Result<Vec<Access>, Error> {
        let sql = format!(
            "SELECT at, who, filter, rows FROM access ORDER BY id DESC LIMIT {}",
            limit.min(ROWS_MAX)
        );
        self.ask(&sql, Vec::new(), |row| {
            Ok(Access {
                at: Timestamp::from_second(row.get(0)?).unwrap_or_default(),
                who: row.get(1)?,
                filter: row.get(2)?,
                rows: unsigned(row.get(3)?),
            })
        })
    }

    pub(super) fn ask<T>(
        &self,
        sql: &str,
        values: Vec<Value>,
        read: impl FnMut(&SqlRow<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, Error> {
        let mut statement = self.db.prepare(sql).doing("read the journal")?;
        let rows = statement.query_map(params_from_iter(values), read).doing("read the journal")?;
        rows.collect::<rusqlite::Result<_>>().doing("read the journal")
    }
}

impl Where {
    /// Rows of (hour, kind, count): whole hours from `hour`, the edges from the events. Names are only
    /// in the events.
    fn by_the_hour(&self, named: bool) -> (String, Vec<Value>) {
        let events = |from: i64, until: i64| {
            format!(
                "SELECT minute / 60 AS hour, kind, count FROM event WHERE minute >= {from} AND minute < {until}{}",
                self.sql
            )
        };
        let (first, last) = ((self.from + 59) / 60, self.until / 60);
        if named || first >= last {
            return (events(self.from, self.until), self.values.clone());
        }
        let hours =
            format!("SELECT hour, kind, count FROM hour WHERE hour >= {first} AND hour < {last}{}", self.sql);
        let parts = [events(self.from, first * 60), hours, events(last * 60, self.until)];
        (parts.join(" UNION ALL "), [&self.values[..]; 3].concat())
    }
}

pub(super) fn event(row: &SqlRow<'_>) -> rusqlite::Result<(Row, EventKey)> {
    let (minute, device, key, rtype): (i64, Vec<u8>, Option<Vec<u8>>, u16) =
        (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?);
    let kind = kind(row, 7)?;
    let name = match key.as_deref().and_then(owned) {
        _ if kind.category.is_some_and(Category::is_secret) => NameShown::Secret,
        Some(name) => NameShown::Name(name),
        None => NameShown::NotKept,
    };
    let count = unsigned(row.get(4)?);
    let shown = Row { at: at_minute(minute), kind, device: Device::from_octets(&device), name, rtype, count };
    Ok((shown, (minute, row.get(5)?, row.get(6)?, device, rtype)))
}

fn kind(row: &SqlRow<'_>, at: usize) -> rusqlite::Result<KindRow> {
    Ok(KindRow {
        group: row.get(at)?,
        tier: tier(row.get(at + 1)?),
        category: category(row.get(at + 2)?),
        list: row.get(at + 3)?,
        layer: layer(row.get(at + 4)?),
        effect: effect(row.get(at + 5)?),
    })
}

// A number that no version wrote is damage that SQLite could not see: shown as the nearest thing, so
// that the rest can still be read.

fn tier(number: i64) -> Tier {
    Tier::ALL.into_iter().find(|tier| *tier as i64 == number).unwrap_or(Tier::Guest)
}

fn category(number: i64) -> Option<Category> {
    u8::try_from(number).ok().and_then(Category::from_bit)
}

fn layer(number: i64) -> Layer {
    u8::try_from(number).ok().and_then(Layer::from_number).unwrap_or(Layer::Category)
}

fn effect(number: i64) -> Effect {
    if number == Effect::Monitored as i64 { Effect::Monitored } else { Effect::Blocked }
}

fn at_minute(minute: i64) -> Timestamp {
    start_of(u32::try_from(minute.clamp(0, i64::from(u32::MAX))).unwrap_or(0))
}

fn owned(key: &[u8]) -> Option<OwnedName> {
    Name::from_wire(&name_of_key(key)).ok().map(Name::to_owned)
}

fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}
