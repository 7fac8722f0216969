//! The recommended set: sources of the catalogue that are switched on where a config does not say otherwise.
//!
//! `blocklists/recommended.toml` says which and why. They are fetched behind the starter lists, so that a start waits
//! for nobody.

use serde::Deserialize;

use super::catalogue::{self, CatalogueEntry};

/// The file that is part of the program.
const RECOMMENDED: &str = include_str!("../../blocklists/recommended.toml");

/// One list of the set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recommended {
    /// The catalogue's entry.
    pub entry: CatalogueEntry,
    /// Why it is in the set, in Vietnamese.
    pub why_vi: String,
    /// The same in English.
    pub why_en: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    list: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    source: String,
    why_vi: String,
    why_en: String,
}

/// The set, in the order of the file.
pub fn all() -> Vec<Recommended> {
    let file: File = toml::from_str(RECOMMENDED).expect("a test reads the embedded set");
    let catalogue = catalogue::all();
    let of = |entry: Entry| {
        let found = catalogue.iter().find(|source| source.spec.id == entry.source);
        let found = found.expect("a test looks each source up").clone();
        Recommended { entry: found, why_vi: entry.why_vi, why_en: entry.why_en }
    };
    file.list.into_iter().map(of).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    /// Licences that ask for nothing that a school could fail to do.
    const FREE: [&str; 4] = ["MIT", "Unlicense", "CC-BY-SA-4.0", "GPL-3.0"];

    #[test]
    fn each_list_of_the_set_is_in_the_catalogue_once_with_a_free_licence_and_a_reason() {
        let all = all();
        let ids: HashSet<&str> = all.iter().map(|list| list.entry.spec.id.as_str()).collect();
        assert_eq!(ids.len(), all.len(), "no list twice");
        for list in &all {
            assert!(FREE.contains(&list.entry.licence.as_str()), "{}", list.entry.spec.id);
            assert!(!list.why_vi.is_empty() && !list.why_en.is_empty(), "{}", list.entry.spec.id);
        }
    }
}
