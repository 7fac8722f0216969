//! What is new since the last look.
//!
//! A row is changed by later batches as long as its minute runs; so whoever follows remembers the
//! counts of the last minutes and is told what was added. The batches say how far back a late one
//! reached. Follows one file: after a damaged store was put aside, follow anew.

use std::collections::HashMap;

use super::read::{EVENT_COLUMNS, EVENT_JOINS, EventKey, Reading, Where, event};
use super::{Doing, Error};
use crate::journal::rows::{Filter, Row};

/// Minutes whose counts a follower remembers, to tell what was added.
const MINUTES_SEEN: i64 = 3;

/// Somebody who follows. Hand it to [`news`](crate::journal::access::Reader::news) again and again.
pub struct Follow {
    filter: Filter,
    access: i64,
    rows: usize,
    after: i64,
    newest: i64,
    seen: HashMap<EventKey, u64>,
}

impl Reading {
    pub fn follow(&self, filter: Filter, access: i64) -> Result<Follow, Error> {
        let (after, newest) = self
            .db
            .query_row(
                "SELECT (SELECT ifnull(max(seq), 0) FROM batch), (SELECT ifnull(max(minute), 0) FROM event)",
                [],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )
            .doing("follow the journal")?;
        let mut follow = Follow { filter, access, rows: 0, after, newest, seen: HashMap::new() };
        for (row, key) in self.changed(&follow.filter, newest - MINUTES_SEEN, 0)? {
            follow.seen.insert(key, row.count);
        }
        Ok(follow)
    }

    pub fn news(&self, follow: &mut Follow) -> Result<Vec<Row>, Error> {
        // One snapshot for both questions.
        let snapshot = self.db.unchecked_transaction().doing("follow the journal")?;
        let (last, oldest): (i64, i64) = snapshot
            .query_row(
                "SELECT ifnull(max(seq), 0), ifnull(min(CASE WHEN seq > ?1 THEN oldest END), ?2) FROM batch",
                [follow.after, i64::MAX],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )
            .doing("follow the journal")?;
        if last == follow.after {
            return Ok(Vec::new());
        }
        let from = oldest.min(follow.newest - MINUTES_SEEN);
        let changed = self.changed(&follow.filter, from, follow.after)?;
        drop(snapshot);
        follow.after = last;
        let mut news = Vec::with_capacity(changed.len());
        for (mut row, key) in changed {
            follow.newest = follow.newest.max(key.0);
            let before = follow.seen.insert(key, row.count).unwrap_or(0);
            row.count = row.count.saturating_sub(before);
            news.push(row);
        }
        let newest = follow.newest;
        follow.seen.retain(|key, _| key.0 >= newest - MINUTES_SEEN);
        if !news.is_empty() {
            follow.rows += news.len();
            self.count_rows(follow.access, follow.rows)?;
        }
        Ok(news)
    }

    fn changed(&self, filter: &Filter, from: i64, after: i64) -> Result<Vec<(Row, EventKey)>, Error> {
        let of = Where::of(filter);
        let sql = format!(
            "SELECT {EVENT_COLUMNS} FROM ({} AND minute >= {from} AND seq > {after}) e {EVENT_JOINS}
             ORDER BY e.minute, e.kind, e.name, e.device, e.rtype",
            of.events()
        );
        self.ask(&sql, of.values, event)
    }
}
