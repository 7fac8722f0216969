//! Names that no downloaded list may block, at two strengths.
//!
//! `hard` is infrastructure: nothing but a locked block reaches it. `soft` is what a list must not
//! block but a school may, by name. Some soft names (all of `edu.vn`) threat lists may block: real
//! schools get hacked. Where two entries cover a name, the more specific one decides.
//!
//! A rule *at* a protected name is refused, and for subtree protection one *below* too. A rule above is
//! taken: the index keeps the protected name open under it.

use serde::Deserialize;

use super::{popular, starter};
use crate::dns::name::{NameError, OwnedName};
use crate::dns::suffixes::{HashKey, Suffixes};
use crate::i18n::{Lang, msg};
use crate::model::category::{Category, CategorySet};
use crate::model::name_set::NameSet;
use crate::model::rule::{ListInfo, ListKind, Origin, Protection, Rule, RuleAction, Scope};

/// The file that is part of the program.
const NAMES: &str = include_str!("../../blocklists/protected/names.toml");

/// Why a file of protected names was not taken.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Not the shape that it should have.
    #[error("read the protected names: {0}")]
    Shape(#[from] toml::de::Error),
    /// An entry that is no name.
    #[error("read the protected name {text:?} of group {group:?}: {why}")]
    Name { group: String, text: String, why: NameError },
}

/// Names that belong together, with why they are protected.
#[derive(Clone, Debug)]
pub struct Group {
    /// Stable id.
    pub id: String,
    /// Why, in Vietnamese.
    pub vi: String,
    /// Why, in English.
    pub en: String,
    /// How strongly.
    pub protection: Protection,
    /// The names alone, or all below them too.
    pub scope: Scope,
    /// The names.
    pub names: Vec<OwnedName>,
}

/// All protected names.
#[derive(Clone, Debug)]
pub struct Protected {
    key: HashKey,
    groups: Vec<Group>,
    set: NameSet<Guard>,
    /// Popular names, each with the categories in which a downloaded list may have it.
    popular: NameSet<CategorySet>,
}

/// A protected name, as a rule meets it.
#[derive(Clone, Copy, Debug)]
struct Guard {
    protection: Protection,
    /// Whether a list that names many such is a mix-up.
    is_core: bool,
}

/// What a rule runs against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hit {
    /// How strongly the name is protected.
    pub protection: Protection,
    /// Whether the rule names a protected name itself, and not one below, and one of those of which a list that
    /// names many is a mix-up.
    pub itself: bool,
}

/// Id of the group of names that are protected because our own lists ship them as good.
pub const SHIPPED: &str = "shipped";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    group: Vec<GroupSpec>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GroupSpec {
    id: String,
    level: Level,
    scope: Reach,
    threat_lists_may_block: bool,
    vi: String,
    en: String,
    names: Vec<String>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Level {
    Hard,
    Soft,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Reach {
    Exact,
    Subtree,
}

impl Protected {
    /// No name at all.
    pub fn none() -> Self {
        Self::of(Vec::new())
    }

    /// The names that are part of the program: those of the file, what our own lists ship as good (educational games,
    /// sexual education, allow sets), and popular names.
    pub fn embedded() -> Self {
        let file: File = toml::from_str(NAMES).expect("a test reads the embedded names");
        let groups: Result<Vec<Group>, Error> = file.group.into_iter().map(group).collect();
        let mut groups = groups.expect("a test reads the embedded names");
        groups.push(shipped_as_good());
        let mut all = Self::of(groups);
        all.popular = popular::names(all.key);
        all
    }

    /// Reads `names.toml`.
    ///
    /// # Errors
    /// What [`Error`] says; nothing is taken in part.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let file: File = toml::from_str(text)?;
        let groups = file.group.into_iter().map(group).collect::<Result<_, _>>()?;
        Ok(Self::of(groups))
    }

    fn of(groups: Vec<Group>) -> Self {
        let mut key = [0; 16];
        // Lists come from strangers: without a key of our own they could make names collide.
        getrandom::fill(&mut key).expect("the system has random numbers");
        let key = HashKey(key);
        let mut set = NameSet::new(key);
        for group in &groups {
            for name in &group.names {
                let guard = Guard { protection: group.protection, is_core: group.id != SHIPPED };
                set.insert(name.as_name(), group.scope, guard);
            }
        }
        Self { key, groups, set, popular: NameSet::new(key) }
    }

    /// The key that walks asked of [`Protected::against`] are made with.
    pub fn key(&self) -> &HashKey {
        &self.key
    }

    /// Names by which devices look whether they are online, with all below: what they expect may be an address
    /// of a private range.
    pub fn connectivity(&self) -> impl Iterator<Item = &OwnedName> {
        self.groups.iter().filter(|group| group.id == "connectivity").flat_map(|group| &group.names)
    }

    /// The groups, as the file has them.
    pub fn groups(&self) -> &[Group] {
        &self.groups
    }

    /// The protection that a rule of a list of that kind at the walked name runs against.
    pub fn against(&self, walk: &Suffixes, kind: ListKind) -> Option<Hit> {
        let ListKind::Block(category) = kind else { return None };
        if matches!(category, Category::Edugames | Category::Sexed) {
            return None;
        }
        let mut covering = self.set.matching(walk);
        let (depth, &first) = covering.next()?;
        // At one name, the stronger of two entries.
        let same = covering.take_while(|(at, _)| *at == depth).map(|(_, guard)| *guard);
        let guard = same.fold(first, |a, b| Guard {
            protection: a.protection.max(b.protection),
            is_core: a.is_core || b.is_core,
        });
        let Guard { protection, is_core } = guard;
        binds(protection, category).then_some(Hit { protection, itself: is_core && depth == walk.len() })
    }

    /// Whether a downloaded list of that kind has no business to have the walked name, or a whole site with it: it is
    /// popular, and our own lists do not put it into that category.
    pub fn is_popular_and_good(&self, walk: &Suffixes, kind: ListKind) -> bool {
        let ListKind::Block(category) = kind else { return false };
        if !CategorySet::GUARDED.contains(category) {
            return false;
        }
        let name = walk.name();
        let is_www = name.labels().next().is_some_and(|label| label == b"www");
        let depths = [walk.len(), walk.len() - usize::from(is_www)];
        let mut found = self.popular.matching(walk).filter(|(depth, _)| depths.contains(depth));
        found.any(|(_, categories)| !categories.contains(category))
    }

    /// One list of rules for the index for each strength: `protected-hard`, `protected-soft`,
    /// `protected-soft-threats`.
    pub fn lists(&self, version: &str) -> Vec<(ListInfo, Vec<Rule>)> {
        let strengths = [
            ("protected-hard", Protection::Hard),
            ("protected-soft", Protection::Soft),
            ("protected-soft-threats", Protection::SoftButThreats),
        ];
        let list = |(id, protection): (&str, Protection)| {
            let info = ListInfo {
                id: id.into(),
                version: version.into(),
                kind: ListKind::Protect(protection),
                origin: Origin::Shipped,
            };
            let groups = self.groups.iter().filter(|group| group.protection == protection);
            let names = groups.flat_map(|group| group.names.iter().map(|name| (name, group.scope)));
            let rules = names.zip(1..).map(|((name, scope), line)| Rule {
                name: name.clone(),
                scope,
                action: RuleAction::Block,
                line,
            });
            (info, rules.collect())
        };
        strengths.into_iter().map(list).collect()
    }
}

/// What our own lists ship as good: no list but a threat list blocks it.
fn shipped_as_good() -> Group {
    let good = starter::all().into_iter().filter(|list| {
        matches!(list.spec.kind, ListKind::Allow | ListKind::Block(Category::Edugames | Category::Sexed))
    });
    let named = msg!("protected-shipped");
    Group {
        id: SHIPPED.into(),
        vi: named.text(Lang::Vi),
        en: named.text(Lang::En),
        protection: Protection::SoftButThreats,
        scope: Scope::Subtree,
        names: good.flat_map(|list| popular::names_in(list.text)).collect(),
    }
}

fn binds(protection: Protection, category: Category) -> bool {
    protection != Protection::SoftButThreats || !category.is_threat()
}

fn group(spec: GroupSpec) -> Result<Group, Error> {
    let protection = match (spec.level, spec.threat_lists_may_block) {
        (Level::Hard, _) => Protection::Hard,
        (Level::Soft, false) => Protection::Soft,
        (Level::Soft, true) => Protection::SoftButThreats,
    };
    let scope = match spec.scope {
        Reach::Exact => Scope::Exact,
        Reach::Subtree => Scope::Subtree,
    };
    let parse = |text: String| {
        OwnedName::parse(&text).map_err(|why| Error::Name { group: spec.id.clone(), text, why })
    };
    let names = spec.names.into_iter().map(parse).collect::<Result<_, _>>()?;
    Ok(Group { id: spec.id, vi: spec.vi, en: spec.en, protection, scope, names })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"
        [[group]]
        id = "core"
        level = "hard"
        scope = "subtree"
        threat_lists_may_block = false
        vi = ""
        en = ""
        names = ["moet.gov.vn"]
        [[group]]
        id = "suffixes"
        level = "soft"
        scope = "subtree"
        threat_lists_may_block = true
        vi = ""
        en = ""
        names = ["gov.vn"]
        [[group]]
        id = "apex"
        level = "soft"
        scope = "exact"
        threat_lists_may_block = false
        vi = ""
        en = ""
        names = ["cloudfront.net"]
    "#;

    fn against(name: &str, category: Category) -> Option<Protection> {
        let protected = Protected::parse(TEXT).unwrap();
        let name = OwnedName::parse(name).unwrap();
        protected
            .against(&Suffixes::of(protected.key(), name.as_name()), ListKind::Block(category))
            .map(|hit| hit.protection)
    }

    #[test]
    fn the_more_specific_entry_decides_and_threat_lists_have_their_exemption() {
        for (name, category, found) in [
            ("www.moet.gov.vn", Category::Phishing, Some(Protection::Hard)),
            ("xa.gov.vn", Category::Phishing, None),
            ("xa.gov.vn", Category::Ads, Some(Protection::SoftButThreats)),
            ("cloudfront.net", Category::Malware, Some(Protection::Soft)),
            ("d1.cloudfront.net", Category::Ads, None),
            ("net", Category::Ads, None),
        ] {
            assert_eq!(against(name, category), found, "{name} {category:?}");
        }
    }

    #[test]
    fn the_embedded_names_are_read_and_make_three_lists() {
        let lists = Protected::embedded().lists("1");
        assert_eq!(lists.len(), 3);
        assert!(lists.iter().all(|(info, rules)| !rules.is_empty() && info.version == "1"));
    }
}
