//! Which allow sets there are.

use std::sync::LazyLock;

use super::Filler;
use crate::config::nearest::nearest;
use crate::config::spec::{FileSpec, Text};
use crate::config::{Settings, clash, say};
use crate::lists::spec::ListSpec;
use crate::lists::starter;
use crate::model::rule::ListKind;
use crate::policy::Mode;

/// Allow sets are ours, or lists of the school with `kind = "allow"`.
pub(in crate::config) fn exist(filler: &mut Filler<'_>, sets: &[Text], lists: &[ListSpec]) {
    let own = lists.iter().filter(|list| list.kind == ListKind::Allow).map(|list| list.id.as_str());
    let known: Vec<&str> = shipped().iter().map(String::as_str).chain(own).collect();
    for set in sets {
        if !known.contains(&set.get_ref().as_str()) {
            let meant = nearest(set.get_ref(), known.iter().copied());
            filler.note(say::unknown_allow_set(filler.at(set), set.get_ref(), &known, meant));
        }
    }
}

/// Allow sets of the school that nothing uses, and groups with sets that their mode does not look at.
pub(in crate::config) fn are_used(filler: &mut Filler<'_>, spec: &FileSpec, settings: &Settings) {
    let policy = &settings.policy;
    let of_tiers = policy.tiers.iter().flat_map(|tier| &tier.allow_sets);
    let used: Vec<&String> =
        of_tiers.chain(policy.groups.iter().flat_map(|group| &group.allow_sets)).collect();
    for list in spec.list.iter().map(|list| &list.get_ref().0) {
        let Some(id) = &list.id else { continue };
        let is_set = |own: &ListSpec| own.kind == ListKind::Allow && own.id == *id.get_ref();
        if settings.lists.specs.iter().any(is_set) && !used.contains(&id.get_ref()) {
            filler.note(clash::unused_allow_set(filler.at(id), id.get_ref()));
        }
    }
    for written in spec.group.iter().map(|group| &group.get_ref().0) {
        let Some(name) = &written.name else { continue };
        let Some(group) = policy.groups.iter().find(|group| group.name == *name.get_ref()) else { continue };
        let mode = group.mode.unwrap_or(policy.tiers[group.tier.index()].mode);
        if let (Some(set), true) = (written.allow_sets.first(), mode != Mode::AllowOnly) {
            filler.note(clash::allow_set_without_mode(filler.at(set), set.get_ref(), mode.id()));
        }
    }
}

/// Allow sets that the program brings along.
pub(super) fn shipped() -> &'static [String] {
    static SETS: LazyLock<Vec<String>> = LazyLock::new(|| {
        let specs = starter::all().into_iter().map(|starter| starter.spec);
        specs.filter(|spec| spec.kind == ListKind::Allow).map(|spec| spec.id).collect()
    });
    &SETS
}
