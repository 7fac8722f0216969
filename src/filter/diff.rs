//! What changed from one index to another: names that came and went, by list and by category.

use std::collections::BTreeMap;

use crate::dns::name::{Name, OwnedName};
use crate::model::category::{Category, CategorySet};
use crate::model::rule::ListKind;

use super::Index;
use super::names::Entry;

/// Names that came and went.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// Names before.
    pub was: u64,
    /// Names after.
    pub is: u64,
    /// Names that came.
    pub added: u64,
    /// Names that went.
    pub removed: u64,
    /// Some that came. None for what is never shown.
    pub added_samples: Vec<OwnedName>,
    /// Some that went. None for what is never shown.
    pub removed_samples: Vec<OwnedName>,
}

/// One list in both indexes, found again by id and kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListChange {
    /// Its id.
    pub id: String,
    /// What its names are there for.
    pub kind: ListKind,
    /// Version before; none if the list is new.
    pub was_version: Option<String>,
    /// Version after; none if the list is gone.
    pub is_version: Option<String>,
    /// Its names.
    pub names: Change,
}

/// Everything that changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diff {
    /// All names with rules.
    pub names: Change,
    /// By list: first those of the new index, then those that are gone.
    pub lists: Vec<ListChange>,
    /// By category, those with a name before or after.
    pub categories: Vec<(Category, Change)>,
}

/// Compares two indexes, keeping up to `samples` names of each change. Names of secret categories are
/// counted and never kept. Walks both and looks each name up in the other: a few seconds for millions.
pub fn diff(old: &Index, new: &Index, samples: usize) -> Diff {
    let (mut lists, numbers) = join_lists(old, new);
    let mut names = Change::default();
    let mut categories: BTreeMap<Category, Change> = BTreeMap::new();
    for (side, from, other) in [(OLD, old, new), (NEW, new, old)] {
        for entry in from.names() {
            let there = other.entry(entry.name);
            let is_secret = !entry.categories().intersection(CategorySet::SECRET).is_empty();
            let seen = Seen { side, name: entry.name, samples: if is_secret { 0 } else { samples } };
            names.note(&seen, there.is_some());
            for list in mapped(&entry, &numbers[side]) {
                let still =
                    there.is_some_and(|there| mapped(&there, &numbers[1 - side]).any(|it| it == list));
                lists[list].names.note(&seen, still);
            }
            let categories_there = there.map(|there| there.categories()).unwrap_or_default();
            for category in entry.categories().iter() {
                let change = categories.entry(category).or_default();
                change.note(&seen, categories_there.contains(category));
            }
        }
    }
    Diff { names, lists, categories: categories.into_iter().collect() }
}

const OLD: usize = 0;
const NEW: usize = 1;

/// The lists of an entry, by their number in the diff.
fn mapped<'a>(entry: &Entry<'a>, numbers: &'a [usize]) -> impl Iterator<Item = usize> + use<'a> {
    entry.lists().filter_map(|list| numbers.get(usize::from(list)).copied())
}

/// A name of one of the two.
struct Seen<'i> {
    side: usize,
    name: Name<'i>,
    samples: usize,
}

impl Change {
    fn note(&mut self, seen: &Seen<'_>, is_in_other: bool) {
        let (count, alone, kept) = if seen.side == OLD {
            (&mut self.was, &mut self.removed, &mut self.removed_samples)
        } else {
            (&mut self.is, &mut self.added, &mut self.added_samples)
        };
        *count += 1;
        if !is_in_other {
            *alone += 1;
            if kept.len() < seen.samples {
                kept.push(seen.name.to_owned());
            }
        }
    }
}

/// The lists of both, and for each index the place in them of its own.
fn join_lists(old: &Index, new: &Index) -> (Vec<ListChange>, [Vec<usize>; 2]) {
    let mut lists: Vec<ListChange> = Vec::new();
    let mut numbers = [Vec::new(), Vec::new()];
    for (side, index) in [(NEW, new), (OLD, old)] {
        for list in index.lists() {
            let same = lists.iter().position(|it| it.id == list.id && it.kind == list.kind);
            let at = same.unwrap_or(lists.len());
            if same.is_none() {
                lists.push(ListChange {
                    id: list.id.clone(),
                    kind: list.kind,
                    was_version: None,
                    is_version: None,
                    names: Change::default(),
                });
            }
            let version = if side == OLD { &mut lists[at].was_version } else { &mut lists[at].is_version };
            *version = Some(list.version.clone());
            numbers[side].push(at);
        }
    }
    (lists, numbers)
}
