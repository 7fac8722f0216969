//! Making usable settings of those of a config with mistakes.
//!
//! Reading has replaced what is wrong by its default and left out entries that make no sense. What still keeps
//! the resolver or the policy from being built is left out here, the smaller part first.

use std::collections::HashSet;

use super::Settings;
use crate::dns::suffixes::HashKey;
use crate::model::roster::Roster;
use crate::policy::Policy;
use crate::resolve::local::LocalError;
use crate::resolve::settings::Mode;
use crate::resolve::{self, Resolver};
use crate::serve;

/// Parts of `[resolve]` and `[[local]]` that are left out one by one; beyond that all of it is.
const PARTS_MAX: usize = 64;

/// The settings without what cannot be used.
pub(super) fn reduced(mut settings: Settings) -> Settings {
    let shipped = serve::Settings::default();
    // A list of which every entry was wrong is as none: nobody would be answered.
    if settings.serve.dns.is_empty() {
        settings.serve.dns = shipped.dns;
    }
    if settings.serve.allow.is_empty() {
        settings.serve.allow = shipped.allow;
    }
    settings.resolve.forwards.retain(|zone| !zone.servers.is_empty());
    let root = settings.resolve.forwards.iter().any(|zone| zone.zone.as_name().is_root());
    settings.resolve.mode = if root { Mode::Forward } else { Mode::Recursive };
    for _ in 0..PARTS_MAX {
        match Resolver::new(settings.resolve.clone()) {
            Ok(_) => return with_usable_policy(settings),
            Err(error) => leave_out(&mut settings.resolve, &error),
        }
    }
    settings.resolve = resolve::settings::Settings::default();
    with_usable_policy(settings)
}

/// Leaves out what the resolver complains about.
fn leave_out(resolve: &mut resolve::settings::Settings, error: &resolve::Error) {
    match error {
        resolve::Error::RootHints { .. } if resolve.root_hints.is_some() => resolve.root_hints = None,
        resolve::Error::TrustAnchors { .. } => resolve.trust_anchors = None,
        resolve::Error::Certificates { .. } => resolve.ca_file = None,
        resolve::Error::Read { path, .. } => {
            for file in [&mut resolve.root_hints, &mut resolve.trust_anchors, &mut resolve.ca_file] {
                if file.as_ref() == Some(path) {
                    *file = None;
                }
            }
        }
        resolve::Error::Local(LocalError::Zone { zone, .. } | LocalError::ZoneTwice { zone }) => {
            resolve.local.zones.retain(|other| other.zone.to_string() != *zone);
        }
        resolve::Error::Local(LocalError::Record { name, .. } | LocalError::AliasAndData { name }) => {
            resolve.local.records.retain(|other| other.name.to_string() != *name);
        }
        resolve::Error::Local(LocalError::TooMany { .. }) => resolve.local.records.clear(),
        _ => *resolve = resolve::settings::Settings::default(),
    }
}

/// Each name of a group once, each range once; without groups where that is not enough.
fn with_usable_policy(mut settings: Settings) -> Settings {
    let (mut names, mut ranges) = (HashSet::new(), HashSet::new());
    settings.policy.groups.retain(|group| names.insert(group.name.clone()));
    for group in &mut settings.policy.groups {
        group.from.retain(|range| ranges.insert(*range));
    }
    let built = Policy::build(&settings.policy, HashKey([0; 16]), |_| None, &Roster::default());
    if built.is_err() {
        settings.policy.groups.clear();
    }
    settings
}
