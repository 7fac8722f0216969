//! Rules and groups that no query can ever meet: whoever wrote them believes that they do something.

use std::collections::HashMap;

use ipnet::IpNet;

use super::Settings;
use super::clash;
use super::fill::Filler;
use super::source::Place;
use super::spec::FileSpec;
use crate::dns::name::OwnedName;
use crate::model::rule::Scope;
use crate::model::tier::Tier;
use crate::policy::school::SchoolAction;
use crate::policy::{self, SchoolRule, UNKNOWN_GROUP};

/// A school rule, with where its name stands.
pub(super) struct Written {
    pub rule: SchoolRule,
    pub at: Place,
    /// Its name, as written.
    pub text: String,
}

/// A rule with the groups that it is for.
struct Reach<'r> {
    written: &'r Written,
    clients: Clients,
}

/// A set of groups, a bit each: as many sets are compared as a config has rules.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Clients(Vec<u64>);

impl Clients {
    fn none(groups: usize) -> Self {
        Self(vec![0; groups.div_ceil(64)])
    }

    fn of(rule: &SchoolRule, groups: &[(Tier, &str)]) -> Self {
        let mut clients = Self::none(groups.len());
        for (number, (tier, name)) in groups.iter().enumerate() {
            clients.0[number / 64] |= u64::from(rule.is_for(*tier, name)) << (number % 64);
        }
        clients
    }

    fn add(&mut self, other: &Self) {
        self.0.iter_mut().zip(&other.0).for_each(|(own, other)| *own |= other);
    }

    fn is_empty(&self) -> bool {
        self.0.iter().all(|groups| *groups == 0)
    }

    fn is_within(&self, other: &Self) -> bool {
        self.0.iter().zip(&other.0).all(|(own, other)| own & !other == 0)
    }
}

/// Notes rules that are for nobody, that stand twice, or that others leave nothing to decide.
pub(super) fn rules(filler: &mut Filler<'_>, rules: &[Written], policy: &policy::Settings) {
    let mut groups: Vec<(Tier, &str)> = vec![(policy.unknown_tier(), UNKNOWN_GROUP)];
    groups.extend(policy.groups.iter().map(|group| (group.tier, group.name.as_str())));
    let mut by_name: HashMap<&OwnedName, Vec<Reach<'_>>> = HashMap::new();
    for written in rules {
        let clients = Clients::of(&written.rule, &groups);
        if clients.is_empty() {
            let has = |tier: &Tier| groups.iter().any(|(of, _)| of == tier);
            let tiers: Vec<&str> = Tier::ALL.into_iter().filter(has).map(Tier::id).collect();
            filler.note(clash::rule_for_nobody(written.at.clone(), &written.text, &tiers));
        } else {
            by_name.entry(&written.rule.name).or_default().push(Reach { written, clients });
        }
    }
    for same in by_name.values() {
        let opened = Opened::by(same, groups.len());
        for number in 0..same.len() {
            same_name(filler, number, same, &opened);
        }
    }
}

/// Whom the allow rules of one name open it for, and what is below it.
struct Opened {
    itself: Clients,
    below: Clients,
    /// Where the first of these rules stands.
    at: Option<Place>,
}

impl Opened {
    fn by(same: &[Reach<'_>], groups: usize) -> Self {
        let mut opened = Self { itself: Clients::none(groups), below: Clients::none(groups), at: None };
        for Reach { written, clients } in same {
            if written.rule.action != SchoolAction::Allow {
                continue;
            }
            if written.rule.scope.covers_self() {
                opened.itself.add(clients);
            }
            if written.rule.scope.covers_below() {
                opened.below.add(clients);
            }
            opened.at.get_or_insert_with(|| written.at.clone());
        }
        opened
    }

    /// Whether a block of that scope for these clients is left nothing to decide.
    fn leaves_nothing(&self, scope: Scope, clients: &Clients) -> bool {
        (!scope.covers_self() || clients.is_within(&self.itself))
            && (!scope.covers_below() || clients.is_within(&self.below))
    }
}

/// Notes what is wrong with one of the rules of one name, if anything is.
fn same_name(filler: &mut Filler<'_>, number: usize, same: &[Reach<'_>], opened: &Opened) {
    let Reach { written, clients } = &same[number];
    let rule = &written.rule;
    let is_same = |other: &SchoolRule| {
        (other.scope, &other.tiers, &other.groups) == (rule.scope, &rule.tiers, &rule.groups)
    };
    let at = written.at.clone();
    if let Some(first) = same[..number].iter().find(|other| is_same(&other.written.rule)) {
        let first_at = first.written.at.clone();
        filler.note(if first.written.rule.action == rule.action {
            clash::duplicate_rule(at, &written.text, first_at)
        } else {
            clash::both_ways(at, &written.text, first_at)
        });
        return;
    }
    // Where the same name is both allowed and blocked, allowing decides.
    if rule.action == SchoolAction::Block
        && let Some(allowed_at) = &opened.at
        && opened.leaves_nothing(rule.scope, clients)
    {
        filler.note(clash::never_decides(at, &written.text, allowed_at.clone(), true));
        return;
    }
    let wider = same.iter().enumerate().find(|(other_number, other)| {
        let wide = &other.written.rule;
        let covers = wide.action == rule.action
            && *other_number != number
            && reach(rule.scope) & !reach(wide.scope) == 0
            && clients.is_within(&other.clients);
        // Of two that decide the same for the same clients, the second is the one too many.
        let is_equal = wide.scope == rule.scope && other.clients == *clients;
        covers && !is_same(wide) && (!is_equal || *other_number < number)
    });
    if let Some((_, wider)) = wider {
        filler.note(clash::never_decides(at, &written.text, wider.written.at.clone(), false));
    }
}

/// The name itself, what is below it, or both.
fn reach(scope: Scope) -> u8 {
    u8::from(scope.covers_self()) | u8::from(scope.covers_below()) << 1
}

/// Notes groups whose ranges all belong to longer prefixes of other groups.
pub(super) fn groups(filler: &mut Filler<'_>, spec: &FileSpec, settings: &Settings) {
    let groups = &settings.policy.groups;
    let has_clients = have_clients(groups.iter().map(|group| group.from.as_slice()));
    for (number, group) in groups.iter().enumerate() {
        if has_clients[number] || group.from.is_empty() {
            continue;
        }
        let mut names = spec.group.iter().filter_map(|spec| spec.get_ref().name.as_ref());
        if let Some(name) = names.find(|name| *name.get_ref() == group.name) {
            filler.note(clash::group_without_clients(filler.at(name), &group.name));
        }
    }
}

/// Which groups have clients, where the longest prefix wins.
pub(super) fn have_clients<'r>(groups: impl Iterator<Item = &'r [IpNet]>) -> Vec<bool> {
    let mut has_clients = Vec::new();
    let mut ranges: Vec<(IpNet, usize)> = Vec::new();
    for (number, from) in groups.enumerate() {
        has_clients.push(false);
        ranges.extend(from.iter().map(|range| (*range, number)));
    }
    // What a range holds follows it.
    ranges.sort_by_key(|(range, _)| (range.addr().is_ipv6(), range.network(), range.prefix_len()));
    for (at, (range, number)) in ranges.iter().enumerate() {
        if has_clients[*number] {
            continue;
        }
        let inside = ranges[at + 1..].iter().take_while(|(other, _)| range.contains(other));
        let of_others: Vec<IpNet> =
            inside.filter(|(_, other)| other != number).map(|(range, _)| *range).collect();
        has_clients[*number] = !IpNet::aggregate(&of_others).contains(range);
    }
    has_clients
}
