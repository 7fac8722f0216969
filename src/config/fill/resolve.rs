//! `[resolve]`, `[[resolve.forward]]` and `[[local]]`.

use std::net::IpAddr;
use std::time::Duration;

use toml::Spanned;

use super::{ENTRIES_MAX, Filler, flag};
use crate::config::mistake::said;
use crate::config::nearest::nearest;
use crate::config::spec::Text;
use crate::config::spec::resolve::{ForwardSpec, LocalSpec, ResolveSpec};
use crate::config::spec::table::{Table, Tables};
use crate::config::{clash, say, value};
use crate::dns::idna::to_name;
use crate::dns::name::OwnedName;
use crate::dns::public_suffix::is_public_suffix;
use crate::dns::rrtype::RrType;
use crate::dns::written;
use crate::resolve::cache::TtlBounds;
use crate::resolve::dns64::prefix::Prefix;
use crate::resolve::forward::upstream::Upstream;
use crate::resolve::iterate::minimise::Minimisation;
use crate::resolve::local::{self, RecordSpec, ZoneSpec};
use crate::resolve::settings::{ForwardZone, Mode, Settings, recommended_never_ask};
use crate::resolve::validate::Sha1Signatures;

/// TTL of a local record that says none: an hour, as zone files commonly do.
const LOCAL_TTL: Duration = Duration::from_secs(3600);
/// TTLs end here (RFC 8767 §4 advises a week).
const TTL_MAX: Duration = Duration::from_secs(604_800);
/// Clients give up after some five seconds.
const STALE_AFTER_MAX: Duration = Duration::from_secs(4);
/// Longer, and what is long gone would still seem to be there.
const STALE_MAX: Duration = Duration::from_secs(7 * 86_400);
/// Longer, and moved services would seem dead for too long.
const MIN_TTL_MAX: Duration = Duration::from_secs(3600);
/// Servers of one zone; more are never asked within one query's time.
const SERVERS_MAX: usize = 16;

pub(super) fn resolve(filler: &mut Filler<'_>, spec: &ResolveSpec, local: &Tables<LocalSpec>) -> Settings {
    let modes = [("recursive", Mode::Recursive), ("forward", Mode::Forward)];
    let noun = said!("noun-mode-of-resolution");
    let mode = spec.mode.as_ref().and_then(|mode| filler.word(mode, noun, &modes));
    let forwards = forwards(filler, &spec.forward);
    let root = forwards.iter().any(|forward| forward.zone.as_name().is_root());
    match (mode, &spec.mode) {
        (Some(Mode::Forward), Some(written)) if !root && all_read(spec, &forwards) => {
            filler.note(clash::nobody_to_ask(filler.at(written)));
        }
        (Some(Mode::Recursive) | None, written) if root => {
            let mut zones = spec.forward.iter().filter_map(|forward| forward.get_ref().zone.as_ref());
            let place = zones.find(|zone| zone.get_ref() == ".").map(|zone| filler.at(zone));
            if let Some(place) = place.or_else(|| written.as_ref().map(|mode| filler.at(mode))) {
                filler.note(clash::nothing_to_recurse(place));
            }
        }
        _ => {}
    }
    let shipped = Settings::default();
    Settings {
        mode: mode.unwrap_or(shipped.mode),
        forwards,
        minimisation: minimisation(filler, spec).unwrap_or(shipped.minimisation),
        edns_size: filler.number(&spec.edns_size, usize::from(shipped.edns_size), 512, 4096) as u16,
        mix_case: flag(&spec.case_randomization, shipped.mix_case),
        cookies: flag(&spec.cookies, shipped.cookies),
        primes: flag(&spec.priming, shipped.primes),
        ttl: ttl(filler, spec, shipped.ttl),
        stale_after: filler.duration(&spec.stale_after, shipped.stale_after, Duration::ZERO, STALE_AFTER_MAX),
        prefetches: flag(&spec.prefetch, shipped.prefetches),
        rebinding: flag(&spec.rebinding, shipped.rebinding),
        private_names: private_names(filler, &spec.private_names),
        dns64: spec.dns64.as_ref().and_then(|prefix| dns64(filler, prefix)),
        dnssec: flag(&spec.dnssec, shipped.dnssec),
        root_hints: spec.root_hints.as_ref().map(|file| filler.file(file)),
        trust_anchors: spec.trust_anchors.as_ref().map(|file| filler.file(file)),
        negative_anchors: negative_anchors(filler, &spec.negative_anchors),
        sha1: sha1(filler, spec).unwrap_or(shipped.sha1),
        ca_file: spec.ca_file.as_ref().map(|file| filler.file(file)),
        never_ask: match &spec.never_ask {
            Some(texts) => filler.ranges(texts, "recommended", &recommended_never_ask()),
            None => shipped.never_ask.clone(),
        },
        source_addresses: source_addresses(filler, &spec.source_addresses),
        cache_bytes: filler.size(&spec.cache, shipped.cache_bytes, (1 << 20, "1 MiB"), (64 << 30, "64 GiB")),
        local: local::Settings {
            records: records(filler, local),
            zones: zones(filler, local),
            canaries: flag(&spec.canaries, shipped.local.canaries),
            public: public_zones(filler, &spec.public_zones),
        },
        ..shipped
    }
}

fn minimisation(filler: &mut Filler<'_>, spec: &ResolveSpec) -> Option<Minimisation> {
    let modes =
        [("relaxed", Minimisation::Relaxed), ("strict", Minimisation::Strict), ("off", Minimisation::Off)];
    let noun = said!("noun-mode-of-qname-minimisation");
    spec.qname_minimisation.as_ref().and_then(|mode| filler.word(mode, noun, &modes))
}

fn sha1(filler: &mut Filler<'_>, spec: &ResolveSpec) -> Option<Sha1Signatures> {
    let ways = [("validate", Sha1Signatures::Validated), ("insecure", Sha1Signatures::Insecure)];
    let noun = said!("noun-treatment-of-sha-1");
    spec.sha1_signatures.as_ref().and_then(|way| filler.word(way, noun, &ways))
}

/// `broken.example`, or `broken.example until 2026-12-31`: the last day, in UTC.
fn negative_anchors(filler: &mut Filler<'_>, texts: &[Text]) -> Vec<(OwnedName, Option<u32>)> {
    let mut anchors = Vec::new();
    for text in texts.iter().take(ENTRIES_MAX) {
        let (name, until) = match text.get_ref().split_once(" until ") {
            None => (text.get_ref().as_str(), None),
            Some((name, day)) => match end_of_day(day.trim()) {
                Some(end) => (name.trim(), Some(end)),
                None => {
                    filler.note(say::bad_day(filler.at(text), day.trim()));
                    continue;
                }
            },
        };
        anchors.extend(filler.read_name(text, name, written::name).map(|name| (name, until)));
    }
    anchors
}

fn end_of_day(day: &str) -> Option<u32> {
    let after = day.parse::<jiff::civil::Date>().ok()?.tomorrow().ok()?;
    let end = after.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp().as_second();
    u32::try_from(end).ok()
}

/// Names that may lead inside: one that many sites end in would let all of them do so.
fn private_names(filler: &mut Filler<'_>, texts: &[Text]) -> Vec<OwnedName> {
    let mut names = names(filler, texts);
    names.retain(|name| !is_public_suffix(name.as_name()));
    for text in texts.iter().take(ENTRIES_MAX) {
        if written::name(text.get_ref()).is_ok_and(|name| is_public_suffix(name.as_name())) {
            filler.note(clash::public_suffix(filler.at(text), text.get_ref()));
        }
    }
    names
}

/// Names, each once.
fn names(filler: &mut Filler<'_>, texts: &[Text]) -> Vec<OwnedName> {
    let mut names: Vec<(OwnedName, &Text)> = Vec::new();
    for text in texts.iter().take(ENTRIES_MAX) {
        let Some(name) = filler.name(text) else { continue };
        match names.iter().find(|(other, _)| *other == name) {
            Some((_, first)) => {
                let first = filler.at(first);
                filler.note(clash::duplicate(filler.at(text), text.get_ref(), said!("noun-name"), first));
            }
            None => names.push((name, text)),
        }
    }
    names.into_iter().map(|(name, _)| name).collect()
}

fn public_zones(filler: &mut Filler<'_>, texts: &[Text]) -> Vec<OwnedName> {
    for text in texts.iter().take(ENTRIES_MAX) {
        if let Ok(name) = to_name(text.get_ref())
            && !local::can_be_left(name.as_name())
        {
            let noun = said!("noun-local-zone-that-can");
            let known =
                ["10.in-addr.arpa", "168.192.in-addr.arpa", "d.f.ip6.arpa", "home.arpa", "internal", "local"];
            let meant = nearest(text.get_ref(), known.iter().copied());
            filler.note(say::unknown_value(filler.at(text), text.get_ref(), noun, &known, meant));
        }
    }
    names(filler, texts)
}

fn dns64(filler: &mut Filler<'_>, text: &Text) -> Option<Prefix> {
    if text.get_ref() == "off" {
        return None;
    }
    match text.get_ref().parse() {
        Ok(prefix) => Some(prefix),
        Err(error) => {
            filler.note(say::bad_translation_prefix(filler.at(text), text.get_ref(), error));
            None
        }
    }
}

fn ttl(filler: &mut Filler<'_>, spec: &ResolveSpec, shipped: TtlBounds) -> TtlBounds {
    let mut seconds = |text: &Option<Text>, default: u32, to: Duration| {
        filler.duration(text, Duration::from_secs(default.into()), Duration::ZERO, to).as_secs() as u32
    };
    TtlBounds {
        min: seconds(&spec.min_ttl, shipped.min, MIN_TTL_MAX),
        max: seconds(&spec.max_ttl, shipped.max, TTL_MAX),
        negative_max: seconds(&spec.max_negative_ttl, shipped.negative_max, TTL_MAX),
        failure: shipped.failure,
        stale: seconds(&spec.stale, shipped.stale, STALE_MAX),
    }
}

/// Whether every forward zone written became one; else a missing root is told of already.
fn all_read(spec: &ResolveSpec, forwards: &[ForwardZone]) -> bool {
    spec.forward.len() == forwards.len()
}

fn source_addresses(filler: &mut Filler<'_>, texts: &[Text]) -> Vec<IpAddr> {
    let mut addresses = Vec::new();
    for text in texts.iter().take(ENTRIES_MAX) {
        match text.get_ref().parse::<IpAddr>() {
            Ok(address) if !address.is_unspecified() => addresses.push(address),
            _ => {
                let forms = ["192.0.2.10", "2001:db8::10"];
                filler.note(say::bad_address(filler.at(text), text.get_ref(), &forms));
            }
        }
    }
    addresses
}

fn forwards(filler: &mut Filler<'_>, specs: &Tables<ForwardSpec>) -> Vec<ForwardZone> {
    let mut zones: Vec<(ForwardZone, &Text)> = Vec::new();
    for spec in specs.iter().take(ENTRIES_MAX) {
        let fields = spec.get_ref();
        let servers = filler.required(&fields.servers, "servers", spec).map(|texts| servers(filler, texts));
        let written = filler.required(&fields.zone, "zone", spec);
        let Some((written, zone)) = written.and_then(|text| Some((text, zone(filler, text)?))) else {
            continue;
        };
        match zones.iter().find(|(other, _)| other.zone == zone) {
            Some((_, first)) => {
                let (at, first) = (filler.at(written), filler.at(first));
                let noun = said!("noun-forward-zone");
                filler.note(clash::duplicate(at, written.get_ref(), noun, first));
            }
            None => {
                let validates = flag(&fields.dnssec, zone.as_name().is_root());
                zones.push((ForwardZone { zone, servers: servers.unwrap_or_default(), validates }, written));
            }
        }
    }
    zones.into_iter().map(|(zone, _)| zone).collect()
}

/// A forwarded zone; for a range of addresses its reverse zone is what was meant.
fn zone(filler: &mut Filler<'_>, text: &Text) -> Option<OwnedName> {
    match (written::name(text.get_ref()), value::reverse_zone(text.get_ref())) {
        (Err(wrong), Some(reverse)) => {
            let wrong = written::NotAName { meant: Some(reverse), ..wrong };
            filler.note(say::not_a_name(filler.at(text), text.get_ref(), &wrong));
            None
        }
        _ => filler.name(text),
    }
}

fn servers(filler: &mut Filler<'_>, texts: &Spanned<Vec<Text>>) -> Vec<Upstream> {
    if texts.get_ref().is_empty() {
        filler.note(say::empty(filler.at(texts), "servers"));
    }
    if texts.get_ref().len() > SERVERS_MAX {
        filler.note(say::too_many(filler.at(texts), said!("noun-servers"), SERVERS_MAX));
    }
    let mut servers: Vec<Upstream> = Vec::new();
    for text in texts.get_ref().iter().take(SERVERS_MAX) {
        if let Some(meant) = value::port_run_together(text.get_ref()) {
            filler.note(say::ambiguous_port(filler.at(text), text.get_ref(), &meant));
            continue;
        }
        let Ok(server) = text.get_ref().parse::<Upstream>() else {
            filler.note(say::bad_address(filler.at(text), text.get_ref(), value::SERVER_FORMS));
            continue;
        };
        if server.address.port() == 0 {
            filler.note(say::port_zero(filler.at(text), text.get_ref()));
        } else if servers.contains(&server) {
            let first = texts.get_ref().iter().find(|other| other.get_ref() == text.get_ref());
            let first = filler.at(first.unwrap_or(text));
            filler.note(clash::duplicate(filler.at(text), text.get_ref(), said!("noun-server"), first));
        } else {
            servers.push(server);
        }
    }
    servers
}

/// What a `[[local]]` is.
enum Local<'s> {
    Record { name: &'s Text, rtype: &'s Text, data: &'s Text },
    Zone { zone: &'s Text, file: &'s Text },
}

/// Tells a record from a zone; notes all that is missing or too much, only once.
fn record_or_zone<'s>(
    filler: &mut Filler<'_>,
    spec: &'s Spanned<Table<LocalSpec>>,
    tell: bool,
) -> Option<Local<'s>> {
    let at = filler.at(spec);
    let LocalSpec { name, r#type, data, ttl, zone, file } = &spec.get_ref().0;
    let found = match (name, zone) {
        (Some(name), None) => {
            if let (Some(rtype), Some(data), None) = (r#type, data, file) {
                return Some(Local::Record { name, rtype, data });
            }
            let missing = [("type", r#type.is_none()), ("data", data.is_none())];
            let missing = missing.into_iter().filter(|(_, is_missing)| *is_missing);
            let missing = missing.map(|(key, _)| say::missing_key(at.clone(), key));
            missing.chain(file.iter().map(|file| clash::not_with(filler.at(file), "file", "name"))).collect()
        }
        (None, Some(zone)) => {
            let extra = [("type", r#type), ("data", data), ("ttl", ttl)];
            let extra = extra.into_iter().filter_map(|(key, text)| Some((key, text.as_ref()?)));
            let mut found: Vec<_> =
                extra.map(|(key, text)| clash::not_with(filler.at(text), key, "zone")).collect();
            match file {
                Some(file) if found.is_empty() => return Some(Local::Zone { zone, file }),
                Some(_) => {}
                None => found.push(say::missing_key(at, "file")),
            }
            found
        }
        (Some(_), Some(_)) => vec![clash::either_or(at, &["name", "zone"], &["name", "zone"])],
        (None, None) => vec![clash::either_or(at, &[], &["name", "zone"])],
    };
    for mistake in found.into_iter().filter(|_| tell) {
        filler.note(mistake);
    }
    None
}

fn records(filler: &mut Filler<'_>, specs: &Tables<LocalSpec>) -> Vec<RecordSpec> {
    let mut records: Vec<(RecordSpec, &Text)> = Vec::new();
    for spec in specs.iter().take(ENTRIES_MAX) {
        let Some(Local::Record { name: written, rtype, data }) = record_or_zone(filler, spec, true) else {
            continue;
        };
        let ttl = filler.duration(&spec.get_ref().ttl, LOCAL_TTL, Duration::ZERO, TTL_MAX);
        let (name, number) = (filler.owner(written), record_type(filler, rtype));
        let (Some(name), Some((rtype, form))) = (name, number) else { continue };
        if !is_data(rtype, data.get_ref()) {
            filler.note(say::bad_record(filler.at(data), data.get_ref(), &rtype.to_string(), form));
            continue;
        }
        let record = RecordSpec { name, rtype, ttl: ttl.as_secs() as u32, data: data.get_ref().clone() };
        let clash = records.iter().find(|(other, _)| {
            other.name == record.name
                && ((other.rtype == rtype && other.data == record.data)
                    || (other.rtype == RrType::CNAME) != (rtype == RrType::CNAME)
                    || (other.rtype == RrType::CNAME && rtype == RrType::CNAME))
        });
        match clash {
            None => records.push((record, written)),
            Some((other, first)) => {
                let first = filler.at(first);
                let at = filler.at(written);
                if other.rtype == rtype {
                    let noun = said!("noun-record");
                    filler.note(clash::duplicate(at, written.get_ref(), noun, first));
                } else {
                    filler.note(clash::cname_and_more(at, written.get_ref(), first));
                }
            }
        }
    }
    records.into_iter().map(|(record, _)| record).collect()
}

/// Types that a record in the config may have, with the form of their data.
const TYPES: &[(RrType, &str)] = &[
    (RrType::A, "192.0.2.10"),
    (RrType::AAAA, "2001:db8::10"),
    (RrType::CNAME, "server.school.example"),
    (RrType::PTR, "server.school.example"),
    (RrType::MX, "10 mail.school.example"),
    (RrType::TXT, "text"),
    (RrType::SRV, "0 100 389 dc.school.example"),
];

fn record_type(filler: &mut Filler<'_>, text: &Text) -> Option<(RrType, &'static str)> {
    let meant: Option<RrType> = text.get_ref().parse().ok();
    let found = TYPES.iter().find(|(rtype, _)| Some(*rtype) == meant).copied();
    if found.is_none() {
        let known: Vec<String> = TYPES.iter().map(|(rtype, _)| rtype.to_string()).collect();
        let known: Vec<&str> = known.iter().map(AsRef::as_ref).collect();
        let meant = super::nearest(text.get_ref(), known.iter().copied());
        let noun = said!("noun-record-type-for-local");
        filler.note(say::unknown_value(filler.at(text), text.get_ref(), noun, &known, meant));
    }
    found
}

fn is_data(rtype: RrType, data: &str) -> bool {
    let name = |text: &str| written::name(text).is_ok();
    let fields: Vec<&str> = data.split_ascii_whitespace().collect();
    match (rtype, fields.as_slice()) {
        (RrType::A, [address]) => address.parse::<std::net::Ipv4Addr>().is_ok(),
        (RrType::AAAA, [address]) => address.parse::<std::net::Ipv6Addr>().is_ok(),
        (RrType::CNAME | RrType::PTR, [target]) => name(target),
        (RrType::MX, [preference, target]) => preference.parse::<u16>().is_ok() && name(target),
        (RrType::SRV, [numbers @ .., target]) => {
            numbers.len() == 3 && numbers.iter().all(|number| number.parse::<u16>().is_ok()) && name(target)
        }
        (RrType::TXT, _) => data.len() <= 255,
        _ => false,
    }
}

fn zones(filler: &mut Filler<'_>, specs: &Tables<LocalSpec>) -> Vec<ZoneSpec> {
    let mut zones: Vec<(ZoneSpec, &Text)> = Vec::new();
    for spec in specs.iter().take(ENTRIES_MAX) {
        let Some(Local::Zone { zone: written, file }) = record_or_zone(filler, spec, false) else { continue };
        let file = filler.file(file);
        let Some(zone) = filler.name(written) else { continue };
        match zones.iter().find(|(other, _)| other.zone == zone) {
            Some((_, first)) => {
                let first = filler.at(first);
                let noun = said!("noun-zone");
                filler.note(clash::duplicate(filler.at(written), written.get_ref(), noun, first));
            }
            None => zones.push((ZoneSpec { zone, file }, written)),
        }
    }
    zones.into_iter().map(|(zone, _)| zone).collect()
}
