//! What all rules together say of one name, before anyone's policy.

use super::category::CategorySet;
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

/// The result of one index lookup. Fixed size, no allocation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Matched {
    /// Categories that lists put the name into, each list's own exceptions applied.
    pub categories: CategorySet,
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
