//! What a name stands for besides itself: a bookmaker's brand with another ending, the name that a translator or a cache
//! carries (`model::likeness`), and patterns of lists (`model::pattern`).
//!
//! Looked at where a name is not in the cache, and where an answer is kept: a name that is answered from the cache, or
//! blocked by a list, costs nothing more.

use super::World;
use crate::dns::name::{Name, OwnedName};
use crate::dns::suffixes::Suffixes;
use crate::model::likeness::carried;
use crate::model::matched::Matched;
use crate::policy::Clones;

/// Names that lists know, for which another one stands.
#[derive(Debug, Default)]
pub struct Likeness {
    /// A brand, by the name under which the index has it.
    pub brand: Option<OwnedName>,
    /// The name that it carries.
    pub carried: Option<OwnedName>,
    /// Patterns of lists that meet it, by the names under which the index has them, with what is said of each.
    pub patterns: Vec<(OwnedName, Matched)>,
}

impl Likeness {
    /// What `name` stands for, as far as lists have to say something of it.
    pub fn of(world: &World, name: Name<'_>) -> Self {
        let is_listed = |carried: &OwnedName| !matched(world, carried.as_name()).categories.is_empty();
        let patterns = world.index.by_patterns(name);
        Self { brand: world.index.brand_in(name), carried: carried(name).filter(is_listed), patterns }
    }

    /// All of them.
    pub fn names(&self) -> impl Iterator<Item = &OwnedName> {
        self.brand.iter().chain(&self.carried).chain(self.patterns.iter().map(|(name, _)| name))
    }

    /// Whether there is nothing.
    pub fn is_empty(&self) -> bool {
        self.brand.is_none() && self.carried.is_none() && self.patterns.is_empty()
    }
}

/// Whether a brand in `name` is of no account: the group has it so, or the name is protected.
pub fn is_exempt(world: &World, clones: Clones, name: Name<'_>) -> bool {
    clones == Clones::Off || matched(world, name).protection.is_some()
}

fn matched(world: &World, name: Name<'_>) -> Matched {
    world.index.lookup(&Suffixes::of(world.index.key(), name))
}
