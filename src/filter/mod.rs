//! The filter index: from the rules of all lists to one file, and from a name to what all lists say of
//! it, in one probe a suffix for all tiers.
//!
//! A name leads to a *class*: what the lists together say of it, shared by all names of which they
//! say the same. Which tier is blocked what is decided later, on the class's category set.
//!
//! What holds here: **exact** (every fingerprint is confirmed by comparing the name, so no false
//! match exists and none can be made), **no allocation** in a lookup, **no panic** on any file (every
//! offset is checked where it is used, whatever the checksums said), and a file at the index's path
//! is either the old index, whole, or the new one, whole.
//!
//! What is in use does not hang on the file: it is read once, checked as it is read, and the part that
//! every lookup touches (10 octets a name) is kept in private memory. So are the records of a small
//! index. Those of a large one stay mapped: one copy in the page cache, touched on hits only, where a
//! `pread` would cost each hit a system call (0.3 µs beside 0.45 for the whole lookup) and a private copy
//! 26 MB a million names. Whoever cuts or overwrites that file costs hits until the damage is noticed
//! ([`Index::is_sound`]), and never the process.
//!
//! Knows names, rules, lists. Never knows tiers, clients or list formats.
// Inside: `layout` is the file, octet by octet; `class` what a class says; `table` the buckets that lead from a hash to a
// record; `evidence` and `weigh` which of several categories is believed; `open` checks a file; `kept` looks after the
// file of an index in use; `lookup` is the way of a query; `patterns` says what patterns say of a name; `explain` finds
// the rules behind an answer; `names` reads everything back; `build` with `spill`, `merge` and `disk` makes a file; `diff`
// compares two; `error` says why there is none.

use std::ops::Range;

use crate::dns::suffixes::HashKey;
use crate::model::pattern::Patterns;
use crate::model::rule::ListInfo;
use crate::sys::mmap::Mapped;
use kept::Backing;
use layout::{Header, Line};

pub mod build;
pub mod class;
pub mod diff;
mod disk;
pub mod error;
mod evidence;
pub mod explain;
mod kept;
mod layout;
mod lookup;
mod merge;
pub mod names;
pub mod open;
mod patterns;
mod spill;
mod table;
#[cfg(test)]
mod tests;
mod weigh;

/// Lists in one index. A contribution keeps its list's number in 12 bits.
pub const LISTS_MAX: usize = 4096;
/// Allow sets in one index: bits of `Matched::allow_sets`.
pub const ALLOW_SETS_MAX: usize = 64;

/// A compiled set of rules. One copy serves all tiers and all workers.
#[derive(Debug)]
pub struct Index {
    header: Header,
    backing: Backing,
    id: u64,
    key: HashKey,
    lists: Vec<ListInfo>,
    /// By list: what it adds to a name's account.
    effects: Vec<class::Effect>,
    /// By list: names that it has rules for.
    names_of: Vec<u64>,
    names: u64,
    homes: u32,
    reach: u32,
    deepest: usize,
    records: Records,
    buckets: Vec<Line>,
    classes: Vec<Line>,
    contributions: Vec<u8>,
    /// The lists as they stand in the file.
    lists_section: Vec<u8>,
    patterns: Patterns,
    /// The patterns as they stand in the file.
    patterns_section: Vec<u8>,
}

/// Where the records are.
#[derive(Debug)]
enum Records {
    /// In memory of our own.
    Held(Vec<u8>),
    /// In the file.
    Mapped { map: Mapped, range: Range<usize> },
}

impl Records {
    #[inline]
    fn octets(&self) -> &[u8] {
        match self {
            Self::Held(octets) => octets,
            Self::Mapped { map, range } => map.octets().get(range.clone()).unwrap_or_default(),
        }
    }

    /// Gives the memory of these records back, if the file has them.
    fn give_back(&self, part: Range<usize>) {
        if let Self::Mapped { map, range } = self {
            map.give_back(range.start + part.start..range.start + part.end);
        }
    }
}

/// Sizes of an index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stats {
    /// Names with rules.
    pub names: u64,
    /// Different things that lists say together.
    pub classes: u32,
    /// Lists.
    pub lists: usize,
    /// Octets that every lookup may touch: buckets, classes, contributions.
    pub bytes_hot: u64,
    /// Octets of the whole file.
    pub bytes_file: u64,
    /// Labels of the deepest name.
    pub deepest: usize,
    /// Buckets that a lookup reads at most for one suffix, beyond the first.
    pub reach: u32,
}

impl Index {
    /// Key of the suffix hash: walks must be made with it.
    pub fn key(&self) -> &HashKey {
        &self.key
    }

    /// Random number of this file; another build has another.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// The lists, in the order in which they were added.
    pub fn lists(&self) -> &[ListInfo] {
        &self.lists
    }

    /// How many names list number `list` has rules for.
    pub fn names_of(&self, list: u16) -> u64 {
        self.names_of.get(usize::from(list)).copied().unwrap_or(0)
    }

    /// Bit of the allow set with that id in `Matched::allow_sets`.
    pub fn allow_set(&self, id: &str) -> Option<u8> {
        let list = self
            .lists
            .iter()
            .zip(&self.effects)
            .find(|(list, effect)| effect.allow_sets != 0 && list.id == id);
        list.map(|(_, effect)| effect.allow_sets.trailing_zeros() as u8)
    }

    /// Sizes.
    pub fn stats(&self) -> Stats {
        Stats {
            names: self.names,
            classes: self.classes.len() as u32,
            lists: self.lists.len(),
            bytes_hot: ((self.buckets.len() + self.classes.len()) * size_of::<Line>()
                + self.contributions.len()) as u64,
            bytes_file: self.header.octets(),
            deepest: self.deepest,
            reach: self.reach,
        }
    }
}
