//! Which rows a filter lets through, and their lines in the order of time.
//!
//! Rows lie in blocks and in the batches that are not folded yet. Both overlap in time at their edges
//! only; so they are taken apart one by one, and what no later one can add to is handed on. Memory is
//! that of the blocks that share a minute, not of what is asked for.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::rc::Rc;
use std::sync::Arc;

use rusqlite::params;

use super::read::{Reading, category, effect, layer, service, tier};
use super::{Doing, Error};
use crate::journal::block::{Block, Line, push_name};
use crate::journal::clock::minute_of;
use crate::journal::rows::{Filter, KindRow, Names};

/// The kinds of a store, by number.
pub(super) type Kinds = HashMap<u32, Arc<KindRow>>;

/// A filter that knows the store's numbers.
pub(super) struct Matcher {
    /// The first minute, and the first that is too late.
    pub from: u32,
    pub until: u32,
    pub kinds: Kinds,
    name: Option<NameTest>,
}

enum NameTest {
    Exactly(Vec<u8>),
    AtOrBelow(Vec<u8>),
}

impl Matcher {
    /// Whether it asks for names, which hours do not have.
    pub fn is_named(&self) -> bool {
        self.name.is_some()
    }

    /// Whether rows of that kind may match.
    pub fn has_kind(&self, kind: u32) -> bool {
        self.kinds.contains_key(&kind)
    }

    pub fn matches(&self, line: &Line<'_>) -> bool {
        line.minute >= self.from
            && line.minute < self.until
            && self.has_kind(line.kind)
            && self.named(line.name)
    }

    pub fn named(&self, name: &[u8]) -> bool {
        match &self.name {
            None => true,
            Some(NameTest::Exactly(wanted)) => name == wanted,
            // The root is above all names; below others a name goes on with a whole label.
            Some(NameTest::AtOrBelow(wanted)) if wanted == &[0] => !name.is_empty(),
            Some(NameTest::AtOrBelow(wanted)) => name.starts_with(wanted),
        }
    }
}

/// Where rows lie.
#[derive(Clone, Copy, Debug)]
pub(super) struct Source {
    table: &'static str,
    id: i64,
    first: u32,
    last: u32,
    /// Of a batch: the school's month in which it was counted.
    pub month: i64,
}

impl Source {
    /// The hours that it touches.
    pub fn hours(&self) -> impl Iterator<Item = u32> + use<> {
        self.first / 60..=self.last / 60
    }
}

impl Reading {
    /// The kinds that a filter lets through.
    pub(super) fn matcher(&self, filter: &Filter) -> Result<Matcher, Error> {
        let from = filter.since.map_or(0, minute_of);
        let until = filter.until.map_or(u32::MAX, |until| {
            let seconds = until.as_second() + i64::from(until.subsec_nanosecond() > 0);
            u32::try_from((seconds + 59).div_euclid(60)).unwrap_or(0)
        });
        let sql = "SELECT k.id, g.name, k.tier, k.category, l.name, k.layer, k.effect, k.service FROM kind k
                   LEFT JOIN grp g ON g.id = k.grp LEFT JOIN list l ON l.id = k.list";
        let kinds = self.ask(sql, &[], |row| {
            let kind = KindRow {
                group: row.get(1)?,
                tier: tier(row.get(2)?),
                category: category(row.get(3)?),
                list: row.get(4)?,
                layer: layer(row.get(5)?),
                effect: effect(row.get(6)?),
                service: service(row.get(7)?),
            };
            Ok((row.get(0)?, Arc::new(kind)))
        })?;
        let wanted = |kind: &KindRow| {
            filter.tier.is_none_or(|tier| kind.tier == tier)
                && filter.category.is_none_or(|category| kind.category == Some(category))
                && filter.service.is_none_or(|service| kind.service == Some(service))
                && filter.layer.is_none_or(|layer| kind.layer == layer)
                && filter.effect.is_none_or(|effect| kind.effect == effect)
                && filter.group.as_ref().is_none_or(|group| kind.group.as_ref() == Some(group))
        };
        let stored = |name: &crate::dns::name::OwnedName| {
            let mut out = Vec::new();
            push_name(name.as_name().wire(), &mut out);
            out
        };
        let name = filter.name.as_ref().map(|names| match names {
            Names::Exactly(name) => NameTest::Exactly(stored(name)),
            Names::AtOrBelow(name) => NameTest::AtOrBelow(stored(name)),
        });
        let kinds = kinds.into_iter().filter(|(_, kind)| wanted(kind)).collect();
        Ok(Matcher { from, until, kinds, name })
    }

    /// Blocks and open batches that have minutes from `from` until before `until`.
    pub(super) fn sources(&self, from: u32, until: u32) -> Result<Vec<Source>, Error> {
        let mut sources = self.open_batches(from, until)?;
        let sql = "SELECT id, first, last FROM block WHERE first < ?1 AND last >= ?2";
        sources.extend(self.ask(sql, params![until, from], |row| {
            Ok(Source { table: "block", id: row.get(0)?, first: row.get(1)?, last: row.get(2)?, month: 0 })
        })?);
        Ok(sources)
    }

    /// Batches that are not folded yet and have such minutes.
    pub(super) fn open_batches(&self, from: u32, until: u32) -> Result<Vec<Source>, Error> {
        let sql =
            "SELECT id, first, last, month FROM batch WHERE id > (SELECT ifnull(max(value), 0) FROM mark
                   WHERE name = 'folded') AND first < ?1 AND last >= ?2";
        self.ask(sql, params![until, from], |row| {
            let (id, first, last, month) = (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?);
            Ok(Source { table: "batch", id, first, last, month })
        })
    }

    pub(super) fn load(&self, source: &Source) -> Result<Block, Error> {
        let sql = format!("SELECT body FROM {} WHERE id = ?1", source.table);
        let mut statement = self.db.prepare_cached(&sql).doing("read the journal")?;
        let mut rows = statement.query([source.id]).doing("read the journal")?;
        let row = rows.next().doing("read the journal")?.ok_or(crate::journal::block::Damaged)?;
        Ok(Block::read(row.get_ref(0).and_then(|body| Ok(body.as_blob()?)).doing("read the journal")?)?)
    }

    /// Hands every matching row to `each`, sorted, each key once, until it breaks off.
    pub(super) fn for_each_line(
        &self,
        matcher: &Matcher,
        newest_first: bool,
        mut each: impl FnMut(&Line<'_>) -> ControlFlow<()>,
    ) -> Result<(), Error> {
        let mut sources = self.sources(matcher.from, matcher.until)?;
        if newest_first {
            sources.sort_by_key(|source| std::cmp::Reverse(source.last));
        } else {
            sources.sort_by_key(|source| source.first);
        }
        let mut held: Vec<(Rc<Block>, u32)> = Vec::new();
        for (at, source) in sources.iter().enumerate() {
            let block = Rc::new(self.load(source)?);
            let matching = (0..block.len()).filter(|row| matcher.matches(&block.line(*row)));
            held.extend(matching.map(|row| (block.clone(), row as u32)));
            let ready = match sources.get(at + 1) {
                None => std::mem::take(&mut held),
                Some(next) => {
                    let done = |(block, row): &(Rc<Block>, u32)| {
                        let minute = block.line(*row as usize).minute;
                        if newest_first { minute > next.last } else { minute < next.first }
                    };
                    let (ready, rest) = held.into_iter().partition(done);
                    held = rest;
                    ready
                }
            };
            if hand_on(&ready, newest_first, &mut each).is_break() {
                break;
            }
        }
        Ok(())
    }
}

fn hand_on(
    ready: &[(Rc<Block>, u32)],
    newest_first: bool,
    each: &mut impl FnMut(&Line<'_>) -> ControlFlow<()>,
) -> ControlFlow<()> {
    let mut lines: Vec<Line<'_>> = ready.iter().map(|(block, row)| block.line(*row as usize)).collect();
    crate::journal::block::sort(&mut lines);
    if newest_first { lines.iter().rev().try_for_each(each) } else { lines.iter().try_for_each(each) }
}
