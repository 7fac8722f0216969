//! An index of some lists under the shipped policy, asked as a query asks it.

use std::collections::HashMap;

use lachan::config::{self, Context};
use lachan::dns::name::OwnedName;
use lachan::dns::suffixes::Suffixes;
use lachan::filter::Index;
use lachan::lists::protected::Protected;
use lachan::model::category::CategorySet;
use lachan::model::likeness::carried;
use lachan::model::matched::Matched;
use lachan::model::roster::Roster;
use lachan::model::rule::ListKind;
use lachan::model::tier::Tier;
use lachan::model::verdict::Verdict;
use lachan::policy::decide::{decide, open_categories};
use lachan::policy::{Clones, Policy};
use lachan::update::compile::{Source, compile_in_memory};

/// The tiers that are measured, with the word of a column.
pub const TIERS: [(&str, Tier); 4] = [
    ("TH", Tier::Primary),
    ("THCS", Tier::LowerSecondary),
    ("THPT", Tier::UpperSecondary),
    ("GV", Tier::Staff),
];

/// Lists under the shipped policy.
pub struct Filter {
    index: Index,
    policy: Policy,
    /// Rules of each source.
    counts: Vec<u32>,
}

impl Filter {
    /// Of these lists.
    pub fn of(sources: &[Source]) -> Self {
        let compiled =
            compile_in_memory(sources, &Protected::embedded(), None, &mut |_| {}).expect("an index");
        let context = Context { folder: ".".into(), state: ".".into(), stand_ins: Default::default() };
        let settings = config::read_text("school.toml", "version = 1\n", &context).expect("an empty config");
        let index = compiled.index;
        let policy =
            Policy::build(&settings.policy, *index.key(), |set| index.allow_set(set), &Roster::default())
                .expect("the shipped policy");
        let counts = compiled.readings.iter().map(|(_, reading)| reading.account.taken).collect();
        Self { index, policy, counts }
    }

    /// Distinct names.
    pub fn names(&self) -> u64 {
        self.index.stats().names
    }

    /// Rules of the source at this place.
    pub fn names_of(&self, source: usize) -> u32 {
        self.counts[source]
    }

    /// What an attempt at the name counts as, by tier; none where the name is open.
    pub fn blocked_as(&self, name: &OwnedName) -> [Option<&'static str>; TIERS.len()] {
        let suffixes = Suffixes::of(self.index.key(), name.as_name());
        let matched = self.index.lookup(&suffixes);
        let brand = self.index.brand_in(name.as_name()).filter(|_| matched.protection.is_none());
        let carried = carried(name.as_name());
        let patterns = self.index.by_patterns(name.as_name());
        TIERS.map(|(_, tier)| {
            let group = self.policy.of_tier(tier);
            let by =
                |suffixes: &Suffixes, matched: &Matched| match decide(&self.policy, group, suffixes, matched)
                {
                    Verdict::Block(reason) => Some(reason.category.map_or("other", |category| category.id())),
                    Verdict::Allow(_) | Verdict::Monitor(_) => None,
                };
            let of = |name: &OwnedName| {
                let suffixes = Suffixes::of(self.index.key(), name.as_name());
                by(&suffixes, &self.index.lookup(&suffixes))
            };
            by(&suffixes, &matched)
                .or_else(|| of(brand.as_ref().filter(|_| group.clones == Clones::Block)?))
                .or_else(|| of(carried.as_ref()?))
                .or_else(|| {
                    let by = |(pattern, matched): &(OwnedName, Matched)| {
                        by(&Suffixes::of(self.index.key(), pattern.as_name()), matched)
                    };
                    patterns.iter().find_map(by)
                })
        })
    }

    /// Lists, but for our own, whose rule alone closes the name to a tier, with these tiers.
    pub fn takers(&self, name: &OwnedName) -> Vec<(&str, [bool; TIERS.len()])> {
        let suffixes = Suffixes::of(self.index.key(), name.as_name());
        let protection = self.index.lookup(&suffixes).protection;
        let mut takers: Vec<(&str, [bool; TIERS.len()])> = Vec::new();
        for found in self.index.explain(&suffixes) {
            let ListKind::Block(category) = found.info.kind else { continue };
            if !found.action.blocks() || found.excepted || found.info.origin.is_trusted() {
                continue;
            }
            let mut said = Matched::default();
            (said.categories, said.protection) = (CategorySet::of(category), protection);
            let closes = TIERS
                .map(|(_, tier)| self.policy.of_tier(tier).blocked.contains(category))
                .map(|is_blocked| is_blocked && !open_categories(&said).is_empty());
            if closes.contains(&true) && takers.iter().all(|(id, _)| *id != found.info.id) {
                takers.push((&found.info.id, closes));
            }
        }
        takers
    }

    /// For each list the names that no other list has, neither the name nor what is above it.
    pub fn alone(&self) -> HashMap<String, u32> {
        let mut counts = HashMap::new();
        for entry in self.index.names() {
            let mut lists: Vec<u16> = Vec::new();
            for found in self.index.explain(&Suffixes::of(self.index.key(), entry.name)) {
                let is_block = matches!(found.info.kind, ListKind::Block(_)) && found.action.blocks();
                if is_block && !lists.contains(&found.list) {
                    lists.push(found.list);
                }
            }
            if let [list] = lists[..] {
                *counts.entry(self.index.lists()[usize::from(list)].id.clone()).or_default() += 1;
            }
        }
        counts
    }

    /// The lists that name it or what is above it.
    pub fn lists_of(&self, name: &OwnedName) -> Vec<String> {
        let suffixes = Suffixes::of(self.index.key(), name.as_name());
        self.index.explain(&suffixes).iter().map(|hit| format!("{}:{}", hit.info.id, hit.name)).collect()
    }
}
