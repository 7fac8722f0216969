//! From an answer back to the rules behind it.

use crate::dns::name::OwnedName;
use crate::dns::suffixes::Suffixes;
use crate::model::category::{Category, CategorySet};
use crate::model::matched::{HITS_MAX, Hit, Matched};
use crate::model::rule::{ListInfo, ListKind, RuleAction, Scope};

use super::Index;
use super::layout::ClassAt;
use super::lookup::Excepted;

/// One rule that covers a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found<'i> {
    /// Number of the list in the index.
    pub list: u16,
    /// The list.
    pub info: &'i ListInfo,
    /// The rule's name.
    pub name: OwnedName,
    /// How far it reaches.
    pub scope: Scope,
    /// What it does.
    pub action: RuleAction,
    /// Whether an exception of the same list undoes it.
    pub excepted: bool,
    /// Whether better evidence for a milder category outweighs it.
    pub outweighed: bool,
    /// Line in the list, from 1.
    pub line: u32,
    /// The suffix.
    pub hit: Hit,
}

impl Found<'_> {
    /// Whether its category is none of those that are believed although nothing undoes it.
    fn is_outweighed(&self, believed: CategorySet) -> bool {
        let ListKind::Block(category) = self.info.kind else { return false };
        self.action.blocks() && !self.excepted && !believed.contains(category)
    }
}

impl Index {
    /// The list whose rule put the name into that category, the most specific name first, of one
    /// name's lists the one added first. No allocation: what a blocked attempt is counted under.
    pub fn blocking_list(
        &self,
        suffixes: &Suffixes,
        matched: &Matched,
        category: Category,
    ) -> Option<(u16, Hit)> {
        self.blocking_rule(suffixes, matched, category).map(|(list, _, hit)| (list, hit))
    }

    /// The rule that put the name into that category, as [`Index::blocking_list`] finds it.
    pub fn blocking(&self, suffixes: &Suffixes, matched: &Matched, category: Category) -> Option<Found<'_>> {
        let (_, nth, hit) = self.blocking_rule(suffixes, matched, category)?;
        self.found(suffixes, hit, nth, &Excepted::NONE)
    }

    /// All rules that cover the name, the most specific name first; also exceptions, and what they
    /// undo.
    pub fn explain(&self, suffixes: &Suffixes) -> Vec<Found<'_>> {
        let excepted = self.excepted(suffixes);
        // Not from a `Matched`: that forgets the shortest suffixes of a name with very many.
        let believed = self.lookup(suffixes).categories;
        let mut hits = Vec::new();
        self.walk(suffixes, |hit, class| hits.push((hit, class)));
        let mut all = Vec::new();
        for (hit, class) in hits.into_iter().rev() {
            let covering = self.contributions(class).enumerate().filter(|(_, rule)| rule.covers(hit.whole));
            let found = covering.filter_map(|(nth, _)| self.found(suffixes, hit, nth, &excepted));
            all.extend(found.map(|found| Found { outweighed: found.is_outweighed(believed), ..found }));
        }
        all
    }

    /// List, place among the class's contributions, and suffix of the rule behind a category.
    fn blocking_rule(
        &self,
        suffixes: &Suffixes,
        matched: &Matched,
        category: Category,
    ) -> Option<(u16, usize, Hit)> {
        if !matched.categories.contains(category) {
            return None;
        }
        let hits = matched.hits();
        let excepts = |hit: &Hit| self.class(hit.class).is_some_and(|class| class.side(hit.whole).excepts);
        let excepted = if hits.len() == HITS_MAX || hits.iter().any(excepts) {
            self.excepted(suffixes)
        } else {
            Excepted::NONE
        };
        let rule_of = |hit: Hit, class: ClassAt<'_>| {
            let mut rules = self.contributions(class).enumerate();
            let (nth, rule) = rules.find(|(_, rule)| {
                let effect = self.effects.get(usize::from(rule.list));
                rule.covers(hit.whole)
                    && excepted.leaves(*rule, hit.suffix)
                    && effect.is_some_and(|effect| effect.categories.contains(category))
            })?;
            Some((rule.list, nth, hit))
        };
        let remembered = hits.iter().rev().find_map(|&hit| rule_of(hit, self.class(hit.class)?));
        if remembered.is_some() || hits.len() < HITS_MAX {
            return remembered;
        }
        let mut last = None;
        self.walk(suffixes, |hit, class| last = rule_of(hit, class).or(last));
        last
    }

    fn found(&self, suffixes: &Suffixes, hit: Hit, nth: usize, excepted: &Excepted<'_>) -> Option<Found<'_>> {
        let (entry, _) = self.entry_at(hit.record)?;
        let (rule, line) = entry.rules().nth(nth)?;
        Some(Found {
            list: rule.list,
            info: self.lists.get(usize::from(rule.list))?,
            name: suffixes.suffix(usize::from(hit.suffix)).to_owned(),
            scope: rule.scope,
            action: rule.action,
            excepted: rule.action == RuleAction::Block && excepted.takes_back(rule.list, hit.suffix),
            outweighed: false,
            line,
            hit,
        })
    }
}
