//! The index against a naive oracle: for every list, every rule of it at the name or above is looked
//! at by itself.

use std::collections::{BTreeMap, BTreeSet};

use proptest::collection::vec;
use proptest::prelude::*;

use super::{List, index_of};
use crate::dns::name::OwnedName;
use crate::dns::public_suffix::{SuffixKind, kind_of};
use crate::dns::suffixes::Suffixes;
use crate::filter::Index;
use crate::model::category::{Category, CategorySet};
use crate::model::rule::{ListKind, Origin, Protection, Rule, RuleAction, Scope};

/// All rules by name, and the lists that they are of.
pub(super) struct Oracle<'l> {
    lists: &'l [List],
    rules: BTreeMap<OwnedName, Vec<(usize, Rule)>>,
}

/// What the oracle says of a name.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Said {
    pub categories: CategorySet,
    pub protection: Option<Protection>,
    pub allow_sets: Vec<String>,
}

impl<'l> Oracle<'l> {
    pub fn of(lists: &'l [List]) -> Self {
        let mut rules: BTreeMap<OwnedName, Vec<(usize, Rule)>> = BTreeMap::new();
        for (number, list) in lists.iter().enumerate() {
            for rule in &list.rules {
                rules.entry(rule.name.clone()).or_default().push((number, rule.clone()));
            }
        }
        Self { lists, rules }
    }

    /// Rules that cover `name`, longest name first.
    fn covering(&self, name: &OwnedName) -> Vec<&(usize, Rule)> {
        let mut covering = Vec::new();
        for (steps, ancestor) in name.as_name().ancestors().enumerate() {
            for entry in self.rules.get(ancestor.wire()).into_iter().flatten() {
                let covers = match (entry.1.scope, steps) {
                    (Scope::Subtree, _) | (Scope::Exact, 0) => true,
                    (Scope::Children, above) => above > 0,
                    (Scope::Exact, _) => false,
                };
                if covers {
                    covering.push(entry);
                }
            }
        }
        covering
    }

    /// Rules in force: an exception undoes all plain rules of its list. One that stands beside an
    /// `$important` of its list for the same name is void: it could not open anything.
    fn in_force(&self, name: &OwnedName) -> Vec<&(usize, Rule)> {
        let covering = self.covering(name);
        let is_void = |list: &usize, exception: &Rule| {
            covering.iter().any(|(other, rule)| {
                rule.action == RuleAction::BlockImportant && other == list && rule.name == exception.name
            })
        };
        let excepted: Vec<usize> = (covering.iter())
            .filter(|(list, rule)| rule.action == RuleAction::Except && !is_void(list, rule))
            .map(|(list, _)| *list)
            .collect();
        // A spared name undoes the plain rules of its list above it, unless that list says something else there.
        let depth = |rule: &Rule| rule.name.as_name().label_count();
        let spares = |list: &usize, above: &Rule| {
            let of_list = || covering.iter().filter(|(other, _)| other == list);
            of_list().any(|(_, spared)| {
                spared.action == RuleAction::Spare
                    && depth(spared) > depth(above)
                    && !of_list()
                        .any(|(_, rule)| rule.name == spared.name && rule.action != RuleAction::Spare)
            })
        };
        let mut in_force = covering.clone();
        in_force.retain(|(list, rule)| match rule.action {
            RuleAction::Block => !excepted.contains(list) && !spares(list, rule),
            RuleAction::BlockImportant => true,
            RuleAction::Except | RuleAction::Spare => false,
        });
        in_force
    }

    pub fn tell(&self, name: &OwnedName) -> Said {
        let mut told = Said::default();
        for (list, _) in self.in_force(name) {
            match self.lists[*list].info.kind {
                ListKind::Block(category) => {
                    told.categories = told.categories.union(CategorySet::of(category))
                }
                ListKind::Protect(protection) => told.protection = told.protection.max(Some(protection)),
                ListKind::Allow => told.allow_sets.push(self.lists[*list].info.id.clone()),
            }
        }
        told.categories = told.categories.without(self.outweighed(name));
        told.allow_sets.sort();
        told.allow_sets.dedup();
        told
    }

    /// Categories that accuse, on the word of one downloaded list, where a milder one is better evidenced: by a list
    /// of our own or the school's, or by two, at the accused name or below it, or above it unless there are strangers'
    /// sites below that name.
    fn outweighed(&self, name: &OwnedName) -> CategorySet {
        let in_force = self.in_force(name);
        let category = |list: usize| match self.lists[list].info.kind {
            ListKind::Block(category) => Some(category),
            _ => None,
        };
        let is_trusted = |list: usize| self.lists[list].info.origin != Origin::Downloaded;
        let outweighed = |accused: &Category| {
            let of_it: Vec<_> =
                in_force.iter().filter(|(list, _)| category(*list) == Some(*accused)).collect();
            let lists: BTreeSet<usize> = of_it.iter().map(|(list, _)| *list).collect();
            let [list] = lists.iter().copied().collect::<Vec<_>>()[..] else { return false };
            let Some(at) = of_it.iter().map(|(_, rule)| rule.name.as_name().label_count()).max() else {
                return false;
            };
            let counts = |rule: &Rule, category: Category| {
                let is_host =
                    matches!(kind_of(rule.name.as_name()), SuffixKind::Public | SuffixKind::Private)
                        || CategorySet::HOSTING.contains(category);
                rule.name.as_name().label_count() >= at || !is_host
            };
            let mut milder: BTreeMap<Category, BTreeSet<usize>> = BTreeMap::new();
            for (list, rule) in &in_force {
                let milder_one = category(*list).filter(|it| CategorySet::MILDER.contains(*it));
                if let Some(category) = milder_one.filter(|it| counts(rule, *it)) {
                    milder.entry(category).or_default().insert(*list);
                }
            }
            !is_trusted(list)
                && milder.values().any(|lists| lists.len() > 1 || lists.iter().any(|list| is_trusted(*list)))
        };
        CategorySet::GRAVE.iter().filter(outweighed).collect()
    }

    /// Asserts that the index says the same, and gives reasons that hold.
    pub fn agrees(&self, index: &Index, name: &OwnedName) {
        let suffixes = Suffixes::of(index.key(), name.as_name());
        let matched = index.lookup(&suffixes);
        let told = self.tell(name);
        let mut allow_sets: Vec<String> = (index.lists().iter())
            .filter(|list| list.kind == ListKind::Allow)
            .filter(|list| index.allow_set(&list.id).is_some_and(|bit| matched.allow_sets & 1 << bit != 0))
            .map(|list| list.id.clone())
            .collect();
        allow_sets.sort();
        allow_sets.dedup();
        let said = Said { categories: matched.categories, protection: matched.protection, allow_sets };
        assert_eq!(said, told, "{name}");

        let in_force = self.in_force(name);
        for category in Category::ALL {
            let found = index.blocking(&suffixes, &matched, *category);
            let longest = in_force
                .iter()
                .filter(|(list, _)| self.lists[*list].info.kind == ListKind::Block(*category))
                .filter(|_| told.categories.contains(*category))
                .map(|(list, rule)| (rule.name.as_name().label_count(), std::cmp::Reverse(*list)))
                .max();
            assert_eq!(
                found
                    .as_ref()
                    .map(|it| (it.name.as_name().label_count(), std::cmp::Reverse(usize::from(it.list)))),
                longest,
                "{name} {category:?}"
            );
            let short = index.blocking_list(&suffixes, &matched, *category);
            assert_eq!(short, found.as_ref().map(|it| (it.list, it.hit)));
        }
        let explained = index.explain(&suffixes);
        for found in &explained {
            let is_rule = |(list, rule): &&&(usize, Rule)| {
                *list == usize::from(found.list)
                    && rule.name == found.name
                    && rule.action == found.action
                    && rule.line == found.line
            };
            let covering = self.covering(name);
            let any_scope = self.rules[found.name.as_name().wire()].iter().collect::<Vec<_>>();
            assert!(any_scope.iter().any(|rule| is_rule(&rule)), "{name}: {found:?} of {covering:?}");
            assert_eq!(found.info, &self.lists[usize::from(found.list)].info);
        }
        // Who is in force by the explanation is who is in force by the oracle.
        let mut explained: Vec<(usize, &OwnedName)> = (explained.iter())
            .filter(|found| found.action.blocks() && !found.excepted)
            .map(|found| (usize::from(found.list), &found.name))
            .collect();
        let mut expected: Vec<(usize, &OwnedName)> =
            in_force.iter().map(|(list, rule)| (*list, &rule.name)).collect();
        for both in [&mut explained, &mut expected] {
            both.sort();
            both.dedup();
        }
        assert_eq!(explained, expected, "{name}");
    }

    /// Every name with rules, its parents, a child, a grandchild and two neighbours.
    pub fn worth_asking<'a>(names: impl Iterator<Item = &'a OwnedName>) -> impl Iterator<Item = OwnedName> {
        names.flat_map(|name| {
            let mut all: Vec<OwnedName> = name.as_name().ancestors().map(|it| it.to_owned()).collect();
            let text = name.to_string();
            let near = [format!("www.{text}"), format!("a.b.{text}"), format!("x{text}"), format!("{text}x")];
            all.extend(near.iter().filter_map(|near| OwnedName::parse(near).ok()));
            all
        })
    }
}

fn a_name() -> impl Strategy<Value = OwnedName> {
    let short = vec(prop_oneof![Just("a"), Just("b"), Just("c")], 1..6);
    let deep = vec(Just("a"), 1..=127);
    prop_oneof![9 => short, 1 => deep].prop_map(|labels| super::name(&labels.join(".")))
}

fn a_rule() -> impl Strategy<Value = Rule> {
    let scope = prop_oneof![Just(Scope::Exact), Just(Scope::Subtree), Just(Scope::Children)];
    let action = prop_oneof![
        5 => Just(RuleAction::Block),
        1 => Just(RuleAction::BlockImportant),
        2 => Just(RuleAction::Except),
        2 => Just(RuleAction::Spare)
    ];
    (a_name(), scope, action, 1u32..300_000).prop_map(|(name, scope, action, line)| Rule {
        name,
        scope,
        action,
        line,
    })
}

fn a_list() -> impl Strategy<Value = List> {
    let kind = prop_oneof![
        4 => (0u8..4).prop_map(|bit| ListKind::Block(Category::from_bit(bit).unwrap())),
        1 => Just(ListKind::Allow),
        1 => prop_oneof![Just(Protection::SoftButThreats), Just(Protection::Soft), Just(Protection::Hard)]
            .prop_map(ListKind::Protect),
    ];
    (kind, "[a-c]", vec(a_rule(), 0..20)).prop_map(|(kind, id, rules)| List { rules, ..List::new(&id, kind) })
}

proptest! {
    #[test]
    fn the_index_says_what_a_naive_walk_says(lists in vec(a_list(), 0..7), asked in vec(a_name(), 20)) {
        let index = index_of(&lists);
        let oracle = Oracle::of(&lists);
        asked.iter().for_each(|name| oracle.agrees(&index, name));
        Oracle::worth_asking(oracle.rules.keys()).for_each(|name| oracle.agrees(&index, &name));

        // And it can be read back, whole.
        let read: Vec<OwnedName> = index.names().map(|entry| entry.name.to_owned()).collect();
        prop_assert_eq!(read.len(), oracle.rules.len());
        prop_assert!(read.iter().all(|name| oracle.rules.contains_key(name)));
    }
}
