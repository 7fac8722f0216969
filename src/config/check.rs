//! What each part may say, but not all parts together.

use std::net::SocketAddr;

use toml::Spanned;

use super::fill::{Filler, allow_sets};
use super::spec::{FileSpec, Text};
use super::{Settings, clash, never, say};
use crate::dns::rrtype::RrType;
use crate::dns::suffixes::HashKey;
use crate::lists::fetch;
use crate::model::roster::Roster;
use crate::model::tier::Tier;
use crate::policy::Policy;
use crate::resolve::forward::upstream::Upstream;
use crate::resolve::local::LocalError;
use crate::resolve::{self, Resolver};

/// Looks at the settings as a whole.
pub(super) fn check(filler: &mut Filler<'_>, spec: &FileSpec, settings: &Settings) {
    tiers_have_groups(filler, spec, settings);
    groups_may_ask(filler, spec, settings);
    nobody_asks_itself(filler, spec, settings);
    no_zone_from_itself(filler, spec, settings);
    for group in &spec.group {
        allow_sets::exist(filler, &group.get_ref().allow_sets, &settings.lists.specs);
    }
    allow_sets::are_used(filler, spec, settings);
    never::groups(filler, spec, settings);
}

/// A school that names its levels and its groups has a group for each level.
fn tiers_have_groups(filler: &mut Filler<'_>, spec: &FileSpec, settings: &Settings) {
    let (Some(levels), false) = (&spec.school.level, spec.group.is_empty()) else { return };
    for level in levels.get_ref() {
        let Some(tier) = Tier::from_id(level.get_ref()) else { continue };
        if Tier::PUPILS.contains(&tier) && !settings.policy.groups.iter().any(|group| group.tier == tier) {
            filler.note(clash::tier_without_group(filler.at(level), tier.id()));
        }
    }
}

/// A group's clients must be among those that are answered.
fn groups_may_ask(filler: &mut Filler<'_>, spec: &FileSpec, settings: &Settings) {
    let ranges = spec.group.iter().filter_map(|group| group.get_ref().from.as_ref());
    for text in ranges.flat_map(Spanned::get_ref) {
        let Some(super::value::Range::Net(range)) = super::value::range(text.get_ref()) else { continue };
        let allowed = settings.serve.allow.iter().any(|net| net.contains(&range) || range.contains(net));
        if !allowed {
            filler.note(clash::not_allowed(filler.at(text), &range.to_string()));
        }
    }
}

/// A question that is forwarded must not come back in.
fn nobody_asks_itself(filler: &mut Filler<'_>, spec: &FileSpec, settings: &Settings) {
    let servers = spec.resolve.forward.iter().filter_map(|forward| forward.get_ref().servers.as_ref());
    for text in servers.flat_map(Spanned::get_ref) {
        let Ok(server) = text.get_ref().parse::<Upstream>() else { continue };
        if is_self(server.address, &settings.serve.dns) {
            filler.note(clash::asks_itself(filler.at(text), text.get_ref()));
        }
    }
}

/// Whether a question sent to `server` would arrive at one of our own listeners.
fn is_self(server: SocketAddr, listeners: &[SocketAddr]) -> bool {
    listeners.iter().any(|own| {
        own.port() == server.port()
            && (own.ip() == server.ip() || (own.ip().is_unspecified() && server.ip().is_loopback()))
    })
}

/// Zones that we have ourselves are not asked for.
fn no_zone_from_itself(filler: &mut Filler<'_>, spec: &FileSpec, settings: &Settings) {
    for text in
        spec.rpz.iter().filter_map(|zone| zone.get_ref().primaries.as_ref()).flat_map(Spanned::get_ref)
    {
        let address = super::value::socket_address(text.get_ref(), 53);
        if address.is_some_and(|address| is_self(address, &settings.serve.dns)) {
            filler.note(clash::asks_itself(filler.at(text), text.get_ref()));
        }
    }
}

/// What only the rooms themselves can tell: a zone file that does not parse, root hints without a
/// server. Asked when nothing else is wrong, so that a config that passes can be started with.
pub(super) fn ask_the_rooms(filler: &mut Filler<'_>, spec: &FileSpec, settings: &Settings) {
    match Resolver::new(settings.resolve.clone()) {
        Ok(resolver) => rules_for_local_names(filler, spec, &resolver),
        Err(error) => {
            let at = whose(spec, settings, &error).map_or(filler.file.place(0..0), |text| filler.at(text));
            filler.note(say::refused(at, &error.to_string()));
        }
    }
    let ca_file = spec.lists.ca_file.as_ref().zip(settings.lists.fetch.ca_files.last());
    if let Some((text, Err(why))) = ca_file.map(|(text, file)| (text, fetch::check_ca_file(file))) {
        filler.note(say::refused(filler.at(text), &format!("CA certificates {}: {why}", text.get_ref())));
    }
    let (key, roster) = (HashKey([0; 16]), Roster::default());
    if let Err(error) = Policy::build(&settings.policy, key, |_| Some(0), &roster) {
        filler.note(say::refused(filler.file.place(0..0), &error.to_string()));
    }
}

/// Local names are answered before any policy, so a rule for one never decides.
fn rules_for_local_names(filler: &mut Filler<'_>, spec: &FileSpec, resolver: &Resolver) {
    let rules = spec.school_rules.allow.iter().chain(&spec.school_rules.block);
    for text in rules.filter_map(|rule| rule.get_ref().name.as_ref()) {
        let Ok(name) = crate::dns::written::name(text.get_ref()) else { continue };
        // The name and a name below it, so that a rule above a single record is left alone.
        let below = format!("lachan.{}", text.get_ref());
        let below = crate::dns::written::name(&below);
        let names = std::iter::once(&name).chain(below.as_ref().ok());
        if { names }.all(|name| resolver.is_local(name.as_name(), RrType::A)) {
            filler.note(clash::answered_here(filler.at(text), text.get_ref()));
        }
    }
}

/// The text that named the file which the resolver refuses.
fn whose<'s>(spec: &'s FileSpec, settings: &Settings, error: &resolve::Error) -> Option<&'s Text> {
    match error {
        resolve::Error::RootHints { .. } => spec.resolve.root_hints.as_ref(),
        resolve::Error::TrustAnchors { .. } => spec.resolve.trust_anchors.as_ref(),
        resolve::Error::Certificates { .. } => spec.resolve.ca_file.as_ref(),
        resolve::Error::Read { path, .. } => {
            let (read, written) = (&settings.resolve, &spec.resolve);
            [
                (&read.root_hints, &written.root_hints),
                (&read.trust_anchors, &written.trust_anchors),
                (&read.ca_file, &written.ca_file),
            ]
            .into_iter()
            .find_map(|(file, text)| text.as_ref().filter(|_| file.as_ref() == Some(path)))
        }
        resolve::Error::Local(LocalError::Zone { zone, .. }) => {
            let texts = spec.local.iter().filter_map(|local| local.get_ref().zone.as_ref());
            texts.into_iter().find(|text| is_name(text, zone))
        }
        resolve::Error::Local(LocalError::Record { name, .. } | LocalError::AliasAndData { name }) => {
            let texts = spec.local.iter().filter_map(|local| local.get_ref().name.as_ref());
            texts.into_iter().find(|text| is_name(text, name))
        }
        _ => None,
    }
}

fn is_name(text: &Text, name: &str) -> bool {
    crate::dns::idna::to_name(text.get_ref()).is_ok_and(|read| read.to_string() == name)
}
