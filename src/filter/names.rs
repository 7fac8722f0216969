//! Reading an index back: every name with its rules.

use crate::dns::name::Name;
use crate::dns::suffixes::hash_name;
use crate::model::category::CategorySet;
use crate::model::rule::Rule;

use super::Index;
use super::class::Contribution;
use super::layout::{ClassAt, take_varint, take_wire};

/// One name of an index.
#[derive(Clone, Copy)]
pub struct Entry<'i> {
    /// The name.
    pub name: Name<'i>,
    /// Where its record stands.
    pub record: u32,
    index: &'i Index,
    class: ClassAt<'i>,
    lines: &'i [u8],
}

impl<'i> Entry<'i> {
    /// What each list says of the name or of what is below, and the line that says so.
    pub fn rules(&self) -> impl Iterator<Item = (Contribution, u32)> + use<'i> {
        let mut lines = self.lines;
        self.index.contributions(self.class).map_while(move |contribution| {
            let (line, rest) = take_varint(lines)?;
            lines = rest;
            Some((contribution, line))
        })
    }

    /// Categories that lists put the name, or what is below it, into; exceptions left out of account.
    pub fn categories(&self) -> CategorySet {
        let [own, below] = [true, false].map(|whole| self.class.side(whole).effect.categories);
        own.union(below)
    }

    /// Lists that block (allow, protect) the name or what is below it, by number, each once.
    pub fn lists(&self) -> impl Iterator<Item = u16> + use<'i> {
        let mut last = None;
        let contributions = self.index.contributions(self.class);
        contributions.filter(|contribution| contribution.action.blocks()).filter_map(move |contribution| {
            (last.replace(contribution.list) != Some(contribution.list)).then_some(contribution.list)
        })
    }
}

/// Every name; see [`Index::names`].
pub struct Names<'i> {
    index: &'i Index,
    at: usize,
    left: u64,
}

impl<'i> Iterator for Names<'i> {
    type Item = Entry<'i>;

    /// Ends early if the records are not what an index has.
    fn next(&mut self) -> Option<Entry<'i>> {
        self.left = self.left.checked_sub(1)?;
        let (entry, end) = self.index.entry_at(u32::try_from(self.at).ok()?)?;
        self.at = end;
        Some(entry)
    }
}

impl Index {
    /// Every name with its rules, in no order that means anything.
    pub fn names(&self) -> Names<'_> {
        Names { index: self, at: 1, left: self.names }
    }

    /// Every rule of list number `list`, as its text said it, to build another index with.
    pub fn rules_of(&self, list: u16) -> impl Iterator<Item = Rule> + use<'_> {
        self.names().flat_map(move |entry| {
            let own = entry.rules().filter(move |(contribution, _)| contribution.list == list);
            own.map(move |(Contribution { scope, action, .. }, line)| Rule {
                name: entry.name.to_owned(),
                scope,
                action,
                line,
            })
        })
    }

    /// The rules of exactly this name, if it has any.
    pub fn entry(&self, name: Name<'_>) -> Option<Entry<'_>> {
        let (record, _) = self.find(hash_name(&self.key, name), name)?;
        self.entry_at(record).map(|(entry, _)| entry)
    }

    /// The record at an offset, and where the next one starts.
    pub(super) fn entry_at(&self, record: u32) -> Option<(Entry<'_>, usize)> {
        let records = self.records();
        let (class, rest) = take_varint(records.get(record as usize..)?)?;
        let (wire, lines) = take_wire(rest)?;
        let class = self.class(class)?;
        let mut rest = lines;
        for _ in 0..self.contributions(class).count() {
            (_, rest) = take_varint(rest)?;
        }
        let entry = Entry { name: Name::from_wire(wire).ok()?, record, index: self, class, lines };
        Some((entry, records.len() - rest.len()))
    }
}
