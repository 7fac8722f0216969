//! How many lists put a name into a category, and whether one of them is our own or the school's.

use crate::model::category::CategorySet;
use crate::model::matched::Counted;

/// Lists that must agree on a milder category where none of them is our own or the school's.
const AGREEING: u8 = 2;

/// Which lists put a name into which category.
#[derive(Clone, Debug)]
pub(super) struct Evidence {
    /// Lists, by bit of the category.
    lists: [u8; 64],
    /// Categories that one of our own lists, or one of the school's, gives.
    trusted: CategorySet,
}

impl Default for Evidence {
    fn default() -> Self {
        Self { lists: [0; 64], trusted: CategorySet::EMPTY }
    }
}

impl Evidence {
    /// Adds the categories that one list gives. `is_trusted`: it is our own or the school's.
    pub fn add(&mut self, categories: CategorySet, is_trusted: bool) {
        if is_trusted {
            self.trusted = self.trusted.union(categories);
        }
        categories.bits().for_each(|bit| self.lists[usize::from(bit)] = self.count(bit).saturating_add(1));
    }

    fn count(&self, bit: u8) -> u8 {
        self.lists[usize::from(bit)]
    }

    /// Those of `categories` that a single downloaded list claims alone, and that accuse.
    pub fn thin(&self, categories: CategorySet) -> CategorySet {
        let grave = categories.intersection(CategorySet::GRAVE).without(self.trusted);
        grave.filter(|bit| self.count(bit) == 1)
    }

    /// Whether there is enough to believe a milder category.
    pub fn has_milder(&self) -> bool {
        !self.trusted.intersection(CategorySet::MILDER).is_empty()
            || CategorySet::MILDER.bits().any(|bit| self.count(bit) >= AGREEING)
    }

    /// The best evidenced of `categories`.
    pub fn best(&self, categories: CategorySet) -> Counted {
        let weight = |bit: &u8| (self.trusted.0 >> bit & 1, self.count(*bit), u8::MAX - bit);
        categories.bits().max_by_key(weight).map_or(Counted::NONE, Counted::of_bit)
    }
}
