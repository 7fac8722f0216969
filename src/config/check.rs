//! What each part may say, but not all parts together.

use super::fill::Desk;
use super::nearest::nearest;
use super::rooms::{self, ListSpec};
use super::spec::{FileSpec, Text};
use super::{Settings, say};
use crate::model::rule::ListKind;
use crate::model::tier::Tier;

/// Looks at the settings as a whole.
pub(super) fn check(desk: &mut Desk<'_>, spec: &FileSpec, settings: &Settings) {
    tiers_have_groups(desk, spec, settings);
    groups_may_ask(desk, spec, settings);
    nobody_asks_itself(desk, spec, settings);
    for group in &spec.group {
        allow_sets_exist(desk, &group.get_ref().allow_sets, &settings.lists);
    }
}

/// A school that names its levels and its groups has a group for each level.
fn tiers_have_groups(desk: &mut Desk<'_>, spec: &FileSpec, settings: &Settings) {
    let (Some(levels), false) = (&spec.school.level, spec.group.is_empty()) else { return };
    // A group whose tier is misspelt may be the one that is missed.
    if settings.policy.groups.len() < spec.group.len() {
        return;
    }
    for level in levels.get_ref() {
        let Some(tier) = Tier::from_id(level.get_ref()) else { continue };
        if Tier::PUPILS.contains(&tier) && !settings.policy.groups.iter().any(|group| group.tier == tier) {
            desk.note(say::tier_without_group(desk.at(level), tier.id()));
        }
    }
}

/// A group's clients must be among those that are answered.
fn groups_may_ask(desk: &mut Desk<'_>, spec: &FileSpec, settings: &Settings) {
    for text in spec.group.iter().flat_map(|group| &group.get_ref().from) {
        let Some(super::value::Range::Net(range)) = super::value::range(text.get_ref()) else { continue };
        let allowed = settings.serve.allow.iter().any(|net| net.contains(&range) || range.contains(net));
        if !allowed {
            desk.note(say::not_allowed(desk.at(text), &range.to_string()));
        }
    }
}

/// A question that is forwarded must not come back in.
fn nobody_asks_itself(desk: &mut Desk<'_>, spec: &FileSpec, settings: &Settings) {
    for text in spec.resolve.forward.iter().flat_map(|forward| forward.get_ref().servers.get_ref()) {
        let Some(server) = super::value::server(text.get_ref()) else { continue };
        if super::fill::is_self(server.address, &settings.serve.dns) {
            desk.note(say::asks_itself(desk.at(text), text.get_ref()));
        }
    }
}

/// Allow sets are ours, or lists of the school with `kind = "allow"`.
pub(super) fn allow_sets_exist(desk: &mut Desk<'_>, sets: &[Text], lists: &[ListSpec]) {
    let own = lists.iter().filter(|list| list.kind == ListKind::Allow).map(|list| list.id.as_str());
    let shipped = rooms::allow_sets();
    let known: Vec<&str> = shipped.iter().map(|set| &**set).chain(own).collect();
    for set in sets {
        if !known.contains(&set.get_ref().as_str()) {
            let meant = nearest(set.get_ref(), known.iter().copied());
            desk.note(say::unknown_allow_set(desk.at(set), set.get_ref(), &known, meant));
        }
    }
}
