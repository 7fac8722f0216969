//! Rules and groups that no query can ever meet: whoever wrote them believes that they do something.

use std::collections::HashMap;

use ipnet::IpNet;

use super::Settings;
use super::clash;
use super::fill::Desk;
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

/// Notes rules that are for nobody, that stand twice, or that others leave nothing to decide.
pub(super) fn rules(desk: &mut Desk<'_>, rules: &[Written], policy: &policy::Settings) {
    let mut groups: Vec<(Tier, &str)> = vec![(policy.unknown_tier(), UNKNOWN_GROUP)];
    groups.extend(policy.groups.iter().map(|group| (group.tier, group.name.as_str())));
    let mut by_name: HashMap<&OwnedName, Vec<&Written>> = HashMap::new();
    for written in rules {
        if groups.iter().any(|(tier, name)| written.rule.is_for(*tier, name)) {
            by_name.entry(&written.rule.name).or_default().push(written);
        } else {
            let tiers: Vec<&str> = Tier::ALL
                .into_iter()
                .filter(|of| groups.iter().any(|(tier, _)| tier == of))
                .map(Tier::id)
                .collect();
            desk.note(clash::rule_for_nobody(written.at.clone(), &written.text, &tiers));
        }
    }
    for same in by_name.values() {
        for (number, written) in same.iter().enumerate() {
            same_name(desk, written, number, same, &groups);
        }
    }
}

/// Notes what is wrong with one of the rules of one name, if anything is.
fn same_name(
    desk: &mut Desk<'_>,
    written: &Written,
    number: usize,
    same: &[&Written],
    groups: &[(Tier, &str)],
) {
    let rule = &written.rule;
    let key = |rule: &SchoolRule| (rule.scope, rule.tiers.clone(), rule.groups.clone());
    let at = written.at.clone();
    if let Some(first) = same[..number].iter().find(|other| key(&other.rule) == key(rule)) {
        desk.note(if first.rule.action == rule.action {
            clash::duplicate_rule(at, &written.text, first.at.clone())
        } else {
            clash::both_ways(at, &written.text, first.at.clone())
        });
        return;
    }
    let of = |group: &&(Tier, &str)| rule.is_for(group.0, group.1);
    // Where the same name is both allowed and blocked, allowing decides.
    let allowed = |group: &(Tier, &str)| {
        let allow = same.iter().filter(|other| other.rule.action == SchoolAction::Allow);
        allow
            .filter(|other| other.rule.is_for(group.0, group.1))
            .fold(0, |all, other| all | reach(other.rule.scope))
    };
    let opened = rule.action == SchoolAction::Block
        && groups.iter().filter(of).all(|group| reach(rule.scope) & !allowed(group) == 0);
    let wider = same.iter().find(|other| {
        other.rule.action == rule.action
            && key(&other.rule) != key(rule)
            && reach(rule.scope) & !reach(other.rule.scope) == 0
            && groups.iter().filter(of).all(|group| other.rule.is_for(group.0, group.1))
            // Two rules that say the same of the same clients: the second is the one too many.
            && (!is_within(&other.rule, rule, groups) || same[..number].iter().any(|before| before.at == other.at))
    });
    if opened {
        let allow = same.iter().find(|other| other.rule.action == SchoolAction::Allow);
        let allow = allow.expect("something opens the name").at.clone();
        desk.note(clash::never_decides(at, &written.text, allow, true));
    } else if let Some(wider) = wider {
        desk.note(clash::never_decides(at, &written.text, wider.at.clone(), false));
    }
}

/// Whether whatever `a` decides, `b` decides in the same way.
fn is_within(a: &SchoolRule, b: &SchoolRule, groups: &[(Tier, &str)]) -> bool {
    let of_a = groups.iter().filter(|group| a.is_for(group.0, group.1));
    reach(a.scope) & !reach(b.scope) == 0 && { of_a }.all(|group| b.is_for(group.0, group.1))
}

/// The name itself, what is below it, or both.
fn reach(scope: Scope) -> u8 {
    u8::from(scope.covers_self()) | u8::from(scope.covers_below()) << 1
}

/// Notes groups whose ranges all belong to longer prefixes of other groups.
pub(super) fn groups(desk: &mut Desk<'_>, spec: &FileSpec, settings: &Settings) {
    let groups = &settings.policy.groups;
    let has_clients = have_clients(groups.iter().map(|group| group.from.as_slice()));
    for (number, group) in groups.iter().enumerate() {
        if has_clients[number] || group.from.is_empty() {
            continue;
        }
        let mut names = spec.group.iter().filter_map(|spec| spec.get_ref().name.as_ref());
        if let Some(name) = names.find(|name| *name.get_ref() == group.name) {
            desk.note(clash::group_without_clients(desk.at(name), &group.name));
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
