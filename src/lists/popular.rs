//! Popular names that a downloaded list has no business to block.
//!
//! `blocklists/popular.txt`, written by hand. An entry of a downloaded list for such a name is held back and shown in
//! `lachan lists status`, unless our own starter lists put the name into the same category; the list's other entries
//! are in force. Who wants such a name blocked writes a rule of the school's own.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::starter;
use crate::dns::name::OwnedName;
use crate::dns::suffixes::HashKey;
use crate::model::category::CategorySet;
use crate::model::name_set::NameSet;
use crate::model::rule::{ListKind, Scope};

/// The file that is part of the program.
const POPULAR: &str = include_str!("../../blocklists/popular.txt");

/// Popular names, each with the categories that our own lists put it into.
pub(super) fn names(key: HashKey) -> NameSet<CategorySet> {
    let mut ours: HashMap<OwnedName, CategorySet> = HashMap::new();
    for list in starter::all() {
        let ListKind::Block(category) = list.spec.kind else { continue };
        for name in names_in(list.text) {
            let set = ours.entry(name).or_insert(CategorySet::EMPTY);
            *set = set.union(CategorySet::of(category));
        }
    }
    let mut set = NameSet::new(key);
    for name in all() {
        let given = name.as_name().ancestors().filter_map(|above| ours.get(&above.to_owned()));
        let categories = given.fold(CategorySet::EMPTY, |all, set| all.union(*set));
        // Also what is above: a list that blocks it blocks the popular name.
        set.insert(name.as_name(), Scope::Subtree, categories);
    }
    set
}

/// All popular names.
pub(super) fn all() -> impl Iterator<Item = OwnedName> {
    names_in(POPULAR)
}

/// The same, each with its text beside it.
pub(super) fn texts() -> &'static [(String, OwnedName)] {
    static TEXTS: LazyLock<Vec<(String, OwnedName)>> =
        LazyLock::new(|| all().map(|name| (name.to_string(), name)).collect());
    &TEXTS
}

/// The names of one of our own files, a name a line.
pub(super) fn names_in(text: &str) -> impl Iterator<Item = OwnedName> {
    let lines = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    lines.map(|line| OwnedName::parse(line).expect("a test reads the embedded lists"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dns::public_suffix::is_public_suffix;

    #[test]
    fn popular_names_stand_in_order_and_none_is_a_suffix_or_on_a_list_that_accuses() {
        let lines: Vec<&str> = POPULAR.lines().filter(|line| !line.starts_with('#')).collect();
        assert!(lines.is_sorted_by(|a, b| a < b), "in byte order, none twice");
        let ours = starter::all();
        for name in names_in(POPULAR) {
            assert!(!is_public_suffix(name.as_name()), "{name}");
            for list in &ours {
                let ListKind::Block(category) = list.spec.kind else { continue };
                let accuses =
                    CategorySet::GRAVE.contains(category) && names_in(list.text).any(|it| it == name);
                assert!(!accuses, "{name} is in {}", list.spec.id);
            }
        }
    }
}
