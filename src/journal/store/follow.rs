//! What is new since the last look: the batches that came since.
//!
//! Batches stay for at least a minute after they were folded, or until as many rows came again. Whoever
//! looks less often misses what came meanwhile, and can tell ([`Follow::missed`]). Follows one file: after
//! a damaged store was put aside, follow anew.

use super::read::Reading;
use super::save::PARTS;
use super::{Doing, Error};
use crate::journal::block::{self, Block, Line};
use crate::journal::rows::{Filter, Row};

/// Somebody who follows. Hand it to [`news`](crate::journal::access::Reader::news) again and again.
pub struct Follow {
    filter: Filter,
    access: i64,
    rows: usize,
    after: i64,
    missed: bool,
}

impl Follow {
    /// Whether something came and went between two looks, so that it was not shown.
    pub fn missed(&self) -> bool {
        self.missed
    }
}

impl Reading {
    pub fn follow(&self, filter: Filter, access: i64) -> Result<Follow, Error> {
        let after = self
            .db
            .query_row(
                "SELECT max(ifnull((SELECT max(id) FROM batch), 0),
                     ifnull((SELECT value FROM mark WHERE name = 'folded'), 0))",
                [],
                |row| row.get(0),
            )
            .doing("follow the journal")?;
        Ok(Follow { filter, access, rows: 0, after, missed: false })
    }

    pub fn news(&self, follow: &mut Follow) -> Result<Vec<Row>, Error> {
        let doing = "follow the journal";
        let mut blocks = Vec::new();
        let mut last = follow.after;
        {
            let mut statement = self
                .db
                .prepare_cached("SELECT id, body FROM batch WHERE id > ?1 ORDER BY id")
                .doing(doing)?;
            let mut rows = statement.query([follow.after]).doing(doing)?;
            while let Some(row) = rows.next().doing(doing)? {
                let id: i64 = row.get(0).doing(doing)?;
                // Numbers have no gaps: a batch that was folded and removed leaves one.
                follow.missed |= id / PARTS > last / PARTS + 1 && last > 0;
                last = id;
                blocks.push(Block::read(row.get_ref(1).and_then(|body| Ok(body.as_blob()?)).doing(doing)?)?);
            }
        }
        if last == follow.after {
            return Ok(Vec::new());
        }
        follow.after = last;
        let matcher = self.matcher(&follow.filter)?;
        let mut lines: Vec<Line<'_>> =
            blocks.iter().flat_map(Block::lines).filter(|line| matcher.matches(line)).collect();
        block::sort(&mut lines);
        let news: Vec<Row> = lines.iter().filter_map(|line| matcher.row(line)).collect();
        if !news.is_empty() {
            follow.rows += news.len();
            self.count_rows(follow.access, follow.rows)?;
        }
        Ok(news)
    }
}
