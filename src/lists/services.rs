//! The names of the services that are part of the program (`blocklists/services`), for the policy to switch.
//!
//! They are no lists: no category has them, and protection by lists does not keep a policy from switching them.

use std::time::Duration;

use super::format::Format;
use super::protected::Protected;
use super::read::read;
use super::spec::{FormatChoice, ListSpec, MAX_NAMES_DEFAULT, Matching, Profile, SourceSpec};
use crate::model::rule::{ListKind, Rule};
use crate::model::service::ServiceId;

/// One file for each service, in the order of their numbers.
const TEXTS: &[(&str, &str)] = &[
    ("zalo", include_str!("../../blocklists/services/zalo.txt")),
    ("youtube", include_str!("../../blocklists/services/youtube.txt")),
    ("web_archive", include_str!("../../blocklists/services/web_archive.txt")),
];

/// Each service with its names.
pub fn all() -> impl Iterator<Item = (ServiceId, Vec<Rule>)> {
    TEXTS.iter().filter_map(|(word, text)| Some((ServiceId::from_word(word)?, names(text))))
}

/// The names of one file; its form is that of a starter list.
fn names(text: &str) -> Vec<Rule> {
    let profile = Profile {
        matching: Matching::Subtree,
        fold_www: false,
        private_suffixes: false,
        tld: false,
        urls: false,
        page_options: false,
        max_names: MAX_NAMES_DEFAULT,
    };
    let spec = ListSpec {
        id: "services".into(),
        source: SourceSpec::Starter,
        // Of a kind that protected names do not bind.
        kind: ListKind::Allow,
        format: FormatChoice::Named(Format::Plain),
        profile,
        every: Duration::MAX,
    };
    read(text.as_bytes(), &spec, &Protected::none()).0
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::dns::suffixes::Suffixes;
    use crate::model::category::Category;
    use crate::model::rule::Protection;
    use crate::model::service::Service;

    #[test]
    fn every_service_has_its_file_and_every_line_of_it_is_a_name() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("blocklists/services");
        assert_eq!(std::fs::read_dir(folder).unwrap().count(), TEXTS.len());
        let words: Vec<&str> = TEXTS.iter().map(|(word, _)| *word).collect();
        assert_eq!(words, Service::ALL.iter().map(|service| service.word).collect::<Vec<_>>());
        for ((word, text), (id, names)) in TEXTS.iter().zip(all()) {
            assert_eq!(id.word(), *word);
            assert!(text.starts_with(&format!("# service: {word}\n")), "{word}");
            assert_eq!(names.len(), text.lines().filter(|line| !line.starts_with('#')).count(), "{word}");
            assert!(!names.is_empty());
        }
    }

    #[test]
    fn no_service_has_a_name_that_a_school_cannot_work_without() {
        let protected = Protected::embedded();
        for (id, names) in all() {
            for rule in names {
                let walk = Suffixes::of(protected.key(), rule.name.as_name());
                let hit = protected.against(&walk, ListKind::Block(Category::Ads));
                let is_fine = hit.is_none_or(|hit| hit.protection != Protection::Hard);
                assert!(is_fine, "{}: {} is protected", id.word(), rule.name);
            }
        }
    }
}
