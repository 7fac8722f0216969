//! `[[group]]` and `[school_rules]`.

use ipnet::IpNet;
use toml::Spanned;

use super::{Desk, ENTRIES_MAX};
use crate::config::mistake::Said;
use crate::config::nearest::nearest;
use crate::config::source::Place;
use crate::config::spec::Text;
use crate::config::spec::group::{GroupSpec, SchoolRuleSpec, SchoolRulesSpec};
use crate::config::spec::table::{Table, Tables};
use crate::config::{School, clash, say};
use crate::model::rule::Scope;
use crate::policy::school::SchoolAction;
use crate::policy::{GROUPS_MAX, GroupSettings, Mode, SchoolRule, UNKNOWN_GROUP};
use crate::serve::private_networks;

/// Name of the one group of a config without groups.
pub(in crate::config) const DEFAULT_GROUP: &str = "Mặc định / default";

const _: () = assert!(ENTRIES_MAX >= GROUPS_MAX);

/// The modes, as written.
pub(super) fn modes() -> [(&'static str, Mode); 4] {
    Mode::ALL.map(|mode| (mode.id(), mode))
}

pub(super) fn groups(desk: &mut Desk<'_>, specs: &Tables<GroupSpec>, school: &School) -> Vec<GroupSettings> {
    if specs.is_empty() {
        return vec![GroupSettings {
            name: DEFAULT_GROUP.to_owned(),
            tier: school.levels[0],
            from: private_networks(),
            mode: None,
            allow_sets: vec![],
        }];
    }
    // One place is for the group of unknown clients.
    if let Some(spec) = specs.get(GROUPS_MAX - 1) {
        desk.note(say::too_many(desk.at(spec), Said::new("nhóm", "groups"), GROUPS_MAX - 1));
    }
    let mut groups = Vec::new();
    let mut names: Vec<&Text> = Vec::new();
    let mut ranges: Vec<(IpNet, &str, Place)> = Vec::new();
    for spec in specs.iter().take(GROUPS_MAX - 1) {
        let spec = &spec.get_ref().0;
        name(desk, spec, &mut names);
        let from = from(desk, spec, &mut ranges);
        let noun = Said::new("chế độ", "mode");
        let mode = spec.mode.as_ref().and_then(|mode| desk.word(mode, noun, &modes()));
        let Some(tier) = desk.tier(&spec.tier) else {
            desk.notes.left_out_entry();
            continue;
        };
        let allow_sets = spec.allow_sets.iter().map(|set| set.get_ref().clone()).collect();
        groups.push(GroupSettings { name: spec.name.get_ref().clone(), tier, from, mode, allow_sets });
    }
    groups
}

fn name<'s>(desk: &mut Desk<'_>, spec: &'s GroupSpec, names: &mut Vec<&'s Text>) {
    let text = spec.name.get_ref();
    if text.trim().is_empty() {
        desk.note(say::empty(desk.at(&spec.name), "name"));
    } else if text == UNKNOWN_GROUP {
        desk.note(clash::taken(desk.at(&spec.name), text));
    } else if let Some(first) = names.iter().find(|name| name.get_ref() == text) {
        let first = desk.at(first);
        desk.note(clash::duplicate(desk.at(&spec.name), text, Said::new("nhóm", "group"), first));
    } else {
        names.push(&spec.name);
    }
}

fn from<'s>(
    desk: &mut Desk<'_>,
    spec: &'s GroupSpec,
    ranges: &mut Vec<(IpNet, &'s str, Place)>,
) -> Vec<IpNet> {
    if spec.from.is_empty() {
        desk.note(say::empty(desk.at(&spec.name), "from"));
    }
    let group = spec.name.get_ref().as_str();
    let mut from = Vec::new();
    for text in spec.from.iter().take(ENTRIES_MAX) {
        let Some(range) = desk.range(text, &[]) else { continue };
        let at = desk.at(text);
        match ranges.iter().find(|(other, ..)| *other == range) {
            Some((_, first, place)) if *first == group => {
                let noun = Said::new("dải địa chỉ", "range");
                desk.note(clash::duplicate(at, text.get_ref(), noun, place.clone()));
            }
            Some((_, first, place)) => {
                desk.note(clash::overlap(at, &range.to_string(), first, group, place.clone()));
            }
            None => {
                ranges.push((range, group, at));
                from.push(range);
            }
        }
    }
    from
}

pub(super) fn school_rules(
    desk: &mut Desk<'_>,
    spec: &SchoolRulesSpec,
    groups: &[GroupSettings],
) -> Vec<SchoolRule> {
    let mut rules: Vec<(SchoolRule, Place)> = Vec::new();
    for (specs, action) in [(&spec.allow, SchoolAction::Allow), (&spec.block, SchoolAction::Block)] {
        if let Some(spec) = specs.get(ENTRIES_MAX) {
            desk.note(say::too_many(desk.at(spec), Said::new("quy tắc", "rules"), ENTRIES_MAX));
        }
        for spec in specs.iter().take(ENTRIES_MAX) {
            let Some(rule) = school_rule(desk, spec, action, groups) else { continue };
            let written = &spec.get_ref().name;
            let at = desk.at(written);
            let same = rules.iter().find(|(other, _)| {
                (&other.name, other.scope, &other.tiers, &other.groups)
                    == (&rule.name, rule.scope, &rule.tiers, &rule.groups)
            });
            match same {
                None => rules.push((rule, at)),
                Some((other, first)) if other.action == action => {
                    let noun = Said::new("quy tắc", "rule");
                    desk.note(clash::duplicate(at, written.get_ref(), noun, first.clone()));
                }
                Some((_, first)) => desk.note(clash::both_ways(at, written.get_ref(), first.clone())),
            }
        }
    }
    rules.into_iter().map(|(rule, _)| rule).collect()
}

fn school_rule(
    desk: &mut Desk<'_>,
    spec: &Spanned<Table<SchoolRuleSpec>>,
    action: SchoolAction,
    groups: &[GroupSettings],
) -> Option<SchoolRule> {
    let spec = &spec.get_ref().0;
    for (key, text) in [("reason", &spec.reason), ("by", &spec.by)] {
        if text.get_ref().trim().is_empty() {
            desk.note(say::empty(desk.at(text), key));
        }
    }
    let scopes = [Scope::Subtree, Scope::Exact, Scope::Children].map(|scope| (scope.id(), scope));
    let noun = Said::new("phạm vi", "scope");
    let scope = spec.scope.as_ref().map_or(Some(Scope::Subtree), |scope| desk.word(scope, noun, &scopes));
    let mut tiers: Vec<_> = spec.tiers.iter().filter_map(|tier| desk.tier(tier)).collect();
    tiers.sort_unstable();
    let known: Vec<&str> = groups.iter().map(|group| group.name.as_str()).collect();
    for group in &spec.groups {
        if !known.contains(&group.get_ref().as_str()) {
            let meant = nearest(group.get_ref(), known.iter().copied());
            desk.note(say::unknown_group(desk.at(group), group.get_ref(), &known, meant));
        }
    }
    let mut groups: Vec<String> = spec.groups.iter().map(|group| group.get_ref().clone()).collect();
    groups.sort_unstable();
    let name = desk.name(&spec.name)?;
    if name.as_name().is_root() {
        desk.note(clash::rule_for_everything(desk.at(&spec.name)));
        return None;
    }
    Some(SchoolRule {
        name,
        scope: scope?,
        action,
        tiers,
        groups,
        reason: spec.reason.get_ref().clone(),
        by: spec.by.get_ref().clone(),
    })
}
