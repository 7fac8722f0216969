//! What all rules together say of one name, before anyone's policy.

use super::category::{Category, CategorySet};
use super::rule::Protection;

/// Matching rules that are remembered so that a reason can be told; a name under more suffixes with
/// rules than this keeps the most specific ones. Most seen in real lists: 4.
pub const HITS_MAX: usize = 8;

/// One suffix of the name that has rules.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hit {
    /// Where the record stands in the index.
    pub record: u32,
    /// The record's class in the index.
    pub class: u32,
    /// Which suffix (0 = top-level domain), as in [`Suffixes`](crate::dns::suffixes::Suffixes).
    pub suffix: u8,
    /// Whether the suffix is the whole name (rules about the name itself count, else rules about what is below).
    pub whole: bool,
}

/// The category with the best evidence, if there is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counted(u8);

impl Counted {
    /// There is none.
    pub const NONE: Self = Self(u8::MAX);

    /// The category with that bit.
    pub fn of_bit(bit: u8) -> Self {
        Self(bit)
    }

    /// As a file keeps it: the bit, or 255.
    pub fn to_octet(self) -> u8 {
        self.0
    }

    /// The category under which an attempt counts that `closing` closes: the best evidenced one if it is in it, else
    /// the one with the lowest bit.
    pub fn among(self, closing: CategorySet) -> Option<Category> {
        match self.0 < 64 && closing.contains_bit(self.0) {
            true => Category::from_bit(self.0).or_else(|| closing.first()),
            false => closing.first(),
        }
    }
}

impl Default for Counted {
    fn default() -> Self {
        Self::NONE
    }
}

/// The result of one index lookup. Fixed size, no allocation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Matched {
    /// Categories that lists put the name into and that are believed, each list's own exceptions applied.
    pub categories: CategorySet,
    /// The one with the best evidence.
    pub counted: Counted,
    /// The strongest protection on the name.
    pub protection: Option<Protection>,
    /// Allow sets that hold the name: bit = number of the set in the index.
    pub allow_sets: u64,
    hits: [Hit; HITS_MAX],
    count: u8,
}

impl Matched {
    /// Remembers a suffix with rules; from the shortest suffix to the longest.
    pub fn push(&mut self, hit: Hit) {
        if (self.count as usize) < HITS_MAX {
            self.hits[self.count as usize] = hit;
            self.count += 1;
        } else {
            self.hits.copy_within(1.., 0);
            self.hits[HITS_MAX - 1] = hit;
        }
    }

    /// Suffixes with rules, shortest first.
    pub fn hits(&self) -> &[Hit] {
        &self.hits[..self.count as usize]
    }
}
