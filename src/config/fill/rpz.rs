//! `[[rpz]]`: response policy zones, from a file or from primaries.

use std::io::ErrorKind;
use std::sync::Arc;

use toml::Spanned;

use super::{Filler, flag};
use crate::config::mistake::said;
use crate::config::nearest::nearest;
use crate::config::source::Place;
use crate::config::spec::Text;
use crate::config::spec::rpz::{RpzSpec, TsigSpec};
use crate::config::spec::table::{Table, Tables};
use crate::config::{clash, say, value};
use crate::dns::name::OwnedName;
use crate::dns::written;
use crate::policy::GroupSettings;
use crate::rpz::action::{Action, Target};
use crate::rpz::transfer::tsig::Key;
use crate::rpz::zones::{Policy, Settings, Source, ZONES_MAX};
use crate::sys::whole::read_file;

/// Octets of a file with a secret: a key file of BIND has some hundred.
const SECRET_FILE_MAX: u64 = 4096;
/// What a key without `algorithm` is for.
const ALGORITHM: &str = "hmac-sha256";
/// How a primary is written.
const PRIMARIES: [&str; 3] = ["192.0.2.1", "192.0.2.1:5353", "[2001:db8::1]:5353"];
/// Overrides, as written; `cname` takes a name.
const POLICIES: [&str; 8] =
    ["given", "disabled", "passthru", "drop", "nodata", "nxdomain", "tcp-only", "cname <name>"];

/// The zones that are enabled, in order.
pub(super) fn zones(
    filler: &mut Filler<'_>,
    specs: &Tables<RpzSpec>,
    groups: &[GroupSettings],
) -> Vec<Settings> {
    if let Some(spec) = specs.get(ZONES_MAX) {
        filler.note(say::too_many(filler.at(spec), said!("noun-policy-zones"), ZONES_MAX));
    }
    let mut zones = Vec::new();
    let mut names: Vec<(OwnedName, Place)> = Vec::new();
    for spec in specs.iter().take(ZONES_MAX) {
        let Some(zone) = zone(filler, spec, groups) else {
            filler.notes.left_out_entry();
            continue;
        };
        let at = spec.get_ref().zone.as_ref().map_or_else(|| filler.at(spec), |text| filler.at(text));
        match names.iter().find(|(name, _)| *name == zone.name) {
            Some((name, first)) => {
                let noun = said!("noun-policy-zone");
                filler.note(clash::duplicate(at, &name.to_string(), noun, first.clone()));
            }
            None => {
                names.push((zone.name.clone(), at));
                if flag(&spec.get_ref().enabled, true) {
                    zones.push(zone);
                }
            }
        }
    }
    zones
}

fn zone(
    filler: &mut Filler<'_>,
    spec: &Spanned<Table<RpzSpec>>,
    groups: &[GroupSettings],
) -> Option<Settings> {
    let fields = &spec.get_ref().0;
    // All parts are looked at before the first that is missing ends it.
    let name = name(filler, spec);
    let source = source(filler, spec);
    let policy = fields.policy.as_ref().map_or(Some(Policy::Given), |text| policy(filler, text));
    let tiers = fields.tiers.iter().filter_map(|tier| filler.tier(tier)).collect();
    let known: Vec<&str> = groups.iter().map(|group| group.name.as_str()).collect();
    for group in &fields.groups {
        if !known.contains(&group.get_ref().as_str()) {
            let meant = nearest(group.get_ref(), known.iter().copied());
            filler.note(say::unknown_group(filler.at(group), group.get_ref(), &known, meant));
        }
    }
    Some(Settings {
        name: name?,
        source: source?,
        policy: policy?,
        tiers,
        groups: fields.groups.iter().map(|group| group.get_ref().clone()).collect(),
        break_dnssec: flag(&fields.break_dnssec, true),
        passthru_opens: flag(&fields.passthru_opens, false),
    })
}

fn name(filler: &mut Filler<'_>, spec: &Spanned<Table<RpzSpec>>) -> Option<OwnedName> {
    let Some(text) = &spec.get_ref().zone else {
        filler.note(say::missing_key(filler.at(spec), "zone"));
        return None;
    };
    let name = filler.name(text)?;
    if name.as_name().is_root() {
        filler.note(say::root_is_no_zone(filler.at(text), text.get_ref()));
        return None;
    }
    Some(name)
}

fn source(filler: &mut Filler<'_>, spec: &Spanned<Table<RpzSpec>>) -> Option<Source> {
    let RpzSpec { file, primaries, tsig, .. } = &spec.get_ref().0;
    let key = tsig.as_ref().map(|tsig| key(filler, tsig));
    match (file, primaries) {
        (Some(file), None) => {
            if let Some(tsig) = tsig {
                filler.note(clash::not_with(filler.at(tsig), "tsig", "file"));
                return None;
            }
            // As with lists: a file that is gone is no reason not to start.
            Some(Source::File(filler.path(file)))
        }
        (None, Some(primaries)) => {
            let addresses = filler.addresses(primaries, "primaries", &PRIMARIES, said!("noun-server"));
            let key = match key {
                Some(key) => Some(Arc::new(key?)),
                None => None,
            };
            Some(Source::Primaries { addresses, key })
        }
        (file, _) => {
            let given: &[&str] = if file.is_some() { &["file", "primaries"] } else { &[] };
            filler.note(clash::either_or(filler.at(spec), given, &["file", "primaries"]));
            None
        }
    }
}

fn policy(filler: &mut Filler<'_>, text: &Text) -> Option<Policy> {
    let written = text.get_ref().trim();
    if let Some(target) = written.strip_prefix("cname ") {
        let name = filler.read_name(text, target.trim(), written::name);
        return name.map(|name| Policy::Always(Action::Alias(Target::Name(name))));
    }
    let policy = match written {
        "given" => Policy::Given,
        "disabled" => Policy::Disabled,
        "passthru" => Policy::Always(Action::Passthru),
        "drop" => Policy::Always(Action::Drop),
        "nodata" => Policy::Always(Action::NoData),
        "nxdomain" => Policy::Always(Action::NxDomain),
        "tcp-only" => Policy::Always(Action::TcpOnly),
        other => {
            let meant = nearest(other, POLICIES.iter().copied());
            let noun = said!("noun-policy-of-a-zone");
            filler.note(say::unknown_value(filler.at(text), other, noun, &POLICIES, meant));
            return None;
        }
    };
    Some(policy)
}

fn key(filler: &mut Filler<'_>, spec: &Spanned<Table<TsigSpec>>) -> Option<Key> {
    let fields: &TsigSpec = spec.get_ref();
    let name = filler.required(&fields.name, "name", spec).and_then(|name| filler.name(name));
    let words = Key::algorithms().map(|id| (id, id));
    let noun = said!("noun-algorithm");
    let algorithm = match &fields.algorithm {
        Some(text) => filler.word(text, noun, &words),
        None => Some(ALGORITHM),
    };
    let file = filler.required(&fields.secret_file, "secret_file", spec);
    let secret = file.and_then(|file| secret(filler, file));
    Key::new(name?, algorithm?, &secret?)
}

fn secret(filler: &mut Filler<'_>, file: &Text) -> Option<Vec<u8>> {
    let path = filler.needed(file);
    let octets = match read_file(&path, SECRET_FILE_MAX) {
        Ok(octets) => octets,
        Err(error) if error.kind() == ErrorKind::FileTooLarge => {
            filler.note(say::bad_secret(filler.at(file), file.get_ref()));
            return None;
        }
        Err(error) => {
            filler.note(say::unreadable(filler.at(file), file.get_ref(), &path, &error));
            return None;
        }
    };
    let secret = value::secret(&String::from_utf8_lossy(&octets));
    if secret.is_none() {
        filler.note(say::bad_secret(filler.at(file), file.get_ref()));
    }
    secret
}
