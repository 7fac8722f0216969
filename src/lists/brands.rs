//! Brands of bookmakers, learned from lists: what stands before the public suffix of at least two of their names.
//!
//! Only from lists that say so in the catalogue (`brands = true`) and from our own list of gambling: brands of lists
//! from elsewhere meet names of other people (measured, `benches/README.md`). The label of a popular name is none.

use std::collections::{BTreeMap, HashSet};
use std::sync::LazyLock;

use super::catalogue;
use super::popular;
use crate::dns::name::{Name, OwnedName};
use crate::dns::public_suffix::registrable;
use crate::model::category::Category;
use crate::model::likeness::{brand_name, chosen_label, may_be_brand};
use crate::model::rule::{ListInfo, ListKind, Origin, Rule, RuleAction, Scope};

/// The list's id, in the index, in `check` and in the journal.
pub const LIST: &str = "brand-gambling";
/// Names that must have a label before it is a brand.
const NAMES_MIN: usize = 2;
/// Names that are gathered at most: our lists have some thousand.
const NAMES_MAX: usize = 200_000;
/// Brands of our own list that are words of every day.
const WORDS: [&[u8]; 8] = [b"casino", b"stake", b"poker", b"lotto", b"bingo", b"xoso", b"slots", b"lottery"];

/// Whether brands are learned from the list with that id.
pub fn teaches(id: &str) -> bool {
    static TEACHERS: LazyLock<HashSet<String>> = LazyLock::new(|| {
        let named = catalogue::all().into_iter().filter(|entry| entry.brands).map(|entry| entry.spec.id);
        named.chain(["starter-gambling".to_owned()]).collect()
    });
    TEACHERS.contains(id)
}

/// As the index remembers the list. `versions` are those of the lists that teach.
pub fn info<'v>(versions: impl Iterator<Item = &'v str>) -> ListInfo {
    let version = versions.collect::<Vec<_>>().join("+");
    // A version may be as long as an index takes it.
    let version = version.chars().take(200).collect();
    ListInfo {
        id: LIST.into(),
        version,
        kind: ListKind::Block(Category::Gambling),
        origin: Origin::Downloaded,
    }
}

/// A brand, and what it was learned from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Brand {
    /// What stands before the public suffix.
    pub label: Box<[u8]>,
    /// Registrable names with it, in alphabetical order.
    pub names: Vec<OwnedName>,
}

/// Gathers names, and tells the brands among them.
#[derive(Debug, Default)]
pub struct Learner {
    names: BTreeMap<Box<[u8]>, HashSet<OwnedName>>,
    count: usize,
}

impl Learner {
    /// A name of a list that teaches.
    pub fn note(&mut self, name: Name<'_>) {
        let Some(label) = chosen_label(name).filter(|label| may_be_brand(label)) else { return };
        let Some(domain) = registrable(name).filter(|_| self.count < NAMES_MAX) else { return };
        let is_new = self.names.entry(label.into()).or_default().insert(domain.to_owned());
        self.count += usize::from(is_new);
    }

    /// The brands as rules; the line of each is the number of names that are known with it.
    pub fn rules(self) -> Vec<Rule> {
        let rule = |brand: Brand| {
            let (name, line) = (brand_name(&brand.label)?, brand.names.len() as u32);
            Some(Rule { name, scope: Scope::Exact, action: RuleAction::Block, line })
        };
        self.brands().filter_map(rule).collect()
    }

    /// The brands with their evidence, in alphabetical order.
    pub fn brands(self) -> impl Iterator<Item = Brand> {
        let popular = popular_labels();
        let is_brand = |label: &[u8], names: usize| {
            names >= NAMES_MIN && !WORDS.contains(&label) && !popular.contains(label)
        };
        let brands = self.names.into_iter().filter(move |(label, names)| is_brand(label, names.len()));
        brands.map(|(label, names)| {
            let mut names: Vec<OwnedName> = names.into_iter().collect();
            names.sort_unstable_by_key(ToString::to_string);
            Brand { label, names }
        })
    }
}

/// What stands before the public suffix of popular names.
fn popular_labels() -> &'static HashSet<Box<[u8]>> {
    static LABELS: LazyLock<HashSet<Box<[u8]>>> = LazyLock::new(|| {
        popular::all().filter_map(|name| chosen_label(name.as_name()).map(Box::from)).collect()
    });
    &LABELS
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::likeness::brand_of;

    #[test]
    fn a_label_that_two_names_have_is_a_brand_and_that_of_a_popular_name_or_a_common_word_is_none() {
        let mut learner = Learner::default();
        for name in [
            "gemwin.nz",
            "gemwin.lv",
            "www.gemwin.lv",
            "lone1.club",
            "casino.io",
            "casino.com",
            "google.cam",
            "google.top",
            "abc.edu.vn",
            "abc.ac.vn",
            "12.com",
            "12.net",
        ] {
            learner.note(OwnedName::parse(name).unwrap().as_name());
        }
        let rules = learner.rules();
        let brands: Vec<_> =
            rules.iter().map(|rule| (brand_of(rule.name.as_name()).unwrap(), rule.line)).collect();
        assert_eq!(brands, [(&b"gemwin"[..], 2)]);
    }

    #[test]
    fn our_own_list_teaches_brands_without_any_download() {
        assert!(
            teaches("starter-gambling") && teaches("hostsvn-gambling-vn") && !teaches("hostsvn-gambling")
        );
    }
}
