//! `[school_rules]`.

use std::sync::LazyLock;

use toml::Spanned;

use super::{ENTRIES_MAX, Filler};
use crate::config::mistake::said;
use crate::config::nearest::nearest;
use crate::config::never::{self, Written};
use crate::config::spec::Text;
use crate::config::spec::group::{SchoolRuleSpec, SchoolRulesSpec};
use crate::config::spec::table::Table;
use crate::config::{clash, say};
use crate::dns::name::OwnedName;
use crate::dns::public_suffix::is_public_suffix;
use crate::dns::suffixes::Suffixes;
use crate::lists::protected::Protected;
use crate::lists::starter;
use crate::model::category::Category;
use crate::model::rule::{ListKind, Protection, Scope};
use crate::policy::school::SchoolAction;
use crate::policy::{self, SchoolRule};

pub(super) fn school_rules(
    filler: &mut Filler<'_>,
    spec: &SchoolRulesSpec,
    policy: &policy::Settings,
) -> Vec<SchoolRule> {
    let mut rules: Vec<Written> = Vec::new();
    for (specs, action) in [(&spec.allow, SchoolAction::Allow), (&spec.block, SchoolAction::Block)] {
        if let Some(spec) = specs.get(ENTRIES_MAX) {
            filler.note(say::too_many(filler.at(spec), said!("noun-rules"), ENTRIES_MAX));
        }
        for spec in specs.iter().take(ENTRIES_MAX) {
            let written = spec.get_ref().name.as_ref();
            let Some((rule, written)) = school_rule(filler, spec, action, policy).zip(written) else {
                continue;
            };
            rules.push(Written { rule, at: filler.at(written), text: written.get_ref().clone() });
        }
    }
    never::rules(filler, &rules, policy);
    rules.into_iter().map(|written| written.rule).collect()
}

/// One rule; all its keys are looked at before the first that is wrong ends it.
fn school_rule(
    filler: &mut Filler<'_>,
    spec: &Spanned<Table<SchoolRuleSpec>>,
    action: SchoolAction,
    policy: &policy::Settings,
) -> Option<SchoolRule> {
    let fields = &spec.get_ref().0;
    let mut sentence = |key, text| {
        let text: Option<&Text> = filler.required(text, key, spec);
        if let Some(text) = text.filter(|text| text.get_ref().trim().is_empty()) {
            filler.note(say::empty(filler.at(text), key));
        }
        text.map(|text| text.get_ref().clone())
    };
    let (reason, by) = (sentence("reason", &fields.reason), sentence("by", &fields.by));
    let scopes = [Scope::Subtree, Scope::Exact, Scope::Children].map(|scope| (scope.id(), scope));
    let noun = said!("noun-scope");
    let scope = fields.scope.as_ref().map_or(Some(Scope::Subtree), |scope| filler.word(scope, noun, &scopes));
    let tiers: Vec<_> = fields.tiers.iter().map(|tier| filler.tier(tier)).collect();
    let known: Vec<&str> = policy.groups.iter().map(|group| group.name.as_str()).collect();
    let mut are_groups_known = true;
    for group in &fields.groups {
        if !known.contains(&group.get_ref().as_str()) {
            are_groups_known = false;
            let meant = nearest(group.get_ref(), known.iter().copied());
            filler.note(say::unknown_group(filler.at(group), group.get_ref(), &known, meant));
        }
    }
    let mut groups: Vec<String> = fields.groups.iter().map(|group| group.get_ref().clone()).collect();
    groups.sort_unstable();
    let written = filler.required(&fields.name, "name", spec);
    let name = written.and_then(|text| name(filler, text, action));
    if !are_groups_known {
        return None;
    }
    // A tier that is none is told of; without it the rule would be for other clients.
    let mut tiers: Vec<_> = tiers.into_iter().collect::<Option<_>>()?;
    tiers.sort_unstable();
    Some(SchoolRule { name: name?, scope: scope?, action, tiers, groups, reason: reason?, by: by? })
}

/// The name that a rule is about: one that somebody owns, and that the rule can do something about.
fn name(filler: &mut Filler<'_>, text: &Text, action: SchoolAction) -> Option<OwnedName> {
    let name = filler.name(text)?;
    let at = filler.at(text);
    let refused = if name.as_name().is_root() {
        clash::rule_for_everything(at)
    } else if is_public_suffix(name.as_name()) {
        clash::public_suffix(at, text.get_ref())
    } else if name.as_name().label_count() == 1 {
        clash::one_word(at, text.get_ref(), known_site(text.get_ref()))
    } else if action == SchoolAction::Block && is_always_open(&name) {
        clash::always_open(at, text.get_ref())
    } else {
        return Some(name);
    };
    filler.note(refused);
    None
}

/// Whether the name is protected so that no rule of a school closes it.
fn is_always_open(name: &OwnedName) -> bool {
    static PROTECTED: LazyLock<Protected> = LazyLock::new(Protected::embedded);
    let suffixes = Suffixes::of(PROTECTED.key(), name.as_name());
    // Protection does not depend on the category but for threats.
    let hit = PROTECTED.against(&suffixes, ListKind::Block(Category::Games));
    hit.is_some_and(|hit| hit.protection == Protection::Hard)
}

/// The site that is known by that one word: the shortest name of the starter lists that begins with it.
fn known_site(word: &str) -> Option<&'static str> {
    let start = format!("{}.", word.trim_end_matches('.').to_ascii_lowercase());
    let names = starter::all().into_iter().flat_map(|list| list.text.lines());
    names.filter(|line| line.starts_with(&start)).min_by_key(|line| line.len())
}
