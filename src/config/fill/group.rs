//! `[[group]]`.

use ipnet::IpNet;
use toml::Spanned;

use super::{ENTRIES_MAX, Filler};
use crate::config::mistake::said;
use crate::config::source::Place;
use crate::config::spec::Text;
use crate::config::spec::group::GroupSpec;
use crate::config::spec::table::Tables;
use crate::config::{School, clash, say};
use crate::policy::{DEFAULT_GROUP, GROUPS_MAX, GroupSettings, Mode, UNKNOWN_GROUP};
use crate::serve::private_networks;

const _: () = assert!(ENTRIES_MAX >= GROUPS_MAX);

/// The modes, as written.
pub(super) fn modes() -> [(&'static str, Mode); 4] {
    Mode::ALL.map(|mode| (mode.id(), mode))
}

pub(super) fn groups(
    filler: &mut Filler<'_>,
    specs: &Tables<GroupSpec>,
    school: &School,
) -> Vec<GroupSettings> {
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
        filler.note(say::too_many(filler.at(spec), said!("noun-groups"), GROUPS_MAX - 1));
    }
    let mut groups = Vec::new();
    let mut names: Vec<&Text> = Vec::new();
    let mut ranges: Vec<(IpNet, &str, Place)> = Vec::new();
    for spec in specs.iter().take(GROUPS_MAX - 1) {
        let fields = &spec.get_ref().0;
        // All keys are looked at before the first that is missing ends it.
        let name = filler.required(&fields.name, "name", spec);
        if let Some(text) = name {
            check_name(filler, text, &mut names);
        }
        let called = name.map_or("", |name| name.get_ref());
        let from = filler
            .required(&fields.from, "from", spec)
            .map(|from| ranges_of(filler, called, from, &mut ranges));
        let noun = said!("noun-mode");
        let mode = fields.mode.as_ref().and_then(|mode| filler.word(mode, noun, &modes()));
        let tier = filler.required(&fields.tier, "tier", spec).and_then(|tier| filler.tier(tier));
        let (Some(name), Some(tier)) = (name, tier) else {
            filler.notes.left_out_entry();
            continue;
        };
        let allow_sets = fields.allow_sets.iter().map(|set| set.get_ref().clone()).collect();
        let from = from.unwrap_or_default();
        groups.push(GroupSettings { name: name.get_ref().clone(), tier, from, mode, allow_sets });
    }
    groups
}

fn check_name<'s>(filler: &mut Filler<'_>, name: &'s Text, names: &mut Vec<&'s Text>) {
    let text = name.get_ref();
    if text.trim().is_empty() {
        filler.note(say::empty(filler.at(name), "name"));
    } else if text == UNKNOWN_GROUP {
        filler.note(clash::taken(filler.at(name), text));
    } else if let Some(first) = names.iter().find(|name| name.get_ref() == text) {
        let first = filler.at(first);
        filler.note(clash::duplicate(filler.at(name), text, said!("noun-group"), first));
    } else {
        names.push(name);
    }
}

fn ranges_of<'s>(
    filler: &mut Filler<'_>,
    group: &'s str,
    texts: &'s Spanned<Vec<Text>>,
    ranges: &mut Vec<(IpNet, &'s str, Place)>,
) -> Vec<IpNet> {
    if texts.get_ref().is_empty() {
        filler.note(say::empty(filler.at(texts), "from"));
    }
    let mut from = Vec::new();
    for text in texts.get_ref().iter().take(ENTRIES_MAX) {
        let Some(range) = filler.range(text, &[]) else { continue };
        let at = filler.at(text);
        match ranges.iter().find(|(other, ..)| *other == range) {
            Some((_, first, place)) if *first == group => {
                let noun = said!("noun-range");
                filler.note(clash::duplicate(at, text.get_ref(), noun, place.clone()));
            }
            Some((_, first, place)) => {
                filler.note(clash::overlap(at, &range.to_string(), first, group, place.clone()));
            }
            None => {
                ranges.push((range, group, at));
                from.push(range);
            }
        }
    }
    from
}
