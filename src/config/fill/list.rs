//! `[[list]]`: a source of the catalogue, a URL, or a file.

use std::net::IpAddr;
use std::path::Path;
use std::sync::LazyLock;
use std::time::Duration;

use toml::Spanned;

use super::{ENTRIES_MAX, Filler, allow_sets, flag};
use crate::config::mistake::said;
use crate::config::nearest::nearest;
use crate::config::spec::Text;
use crate::config::spec::list::{ListSpec, ListsSpec};
use crate::config::spec::table::{Table, Tables};
use crate::config::{Lists, clash, say, value};
use crate::lists::catalogue::{self, CatalogueEntry};
use crate::lists::fetch::{self, Proxy};
use crate::lists::format::Format;
use crate::lists::gate;
use crate::lists::recommended;
use crate::lists::spec::{self, FormatChoice, Matching, Profile, SourceSpec};
use crate::model::category::Category;
use crate::model::rule::ListKind;

/// A list that does not say how often it is fetched.
const EVERY: Duration = Duration::from_secs(86_400);
/// Fetched more often, a list is a burden to its source.
const EVERY_MIN: Duration = Duration::from_secs(15 * 60);
/// Fetched more seldom, a list protects nobody.
const EVERY_MAX: Duration = Duration::from_secs(90 * 86_400);
/// Characters of an id: it stands in tables and file names.
const ID_MAX: usize = 64;
/// Names that a list may be allowed at most: what an index of 16 GiB would hold.
const NAMES_MAX: usize = 500_000_000;
/// What ids of our own lists and of school rules begin with.
const RESERVED: &[&str] = &["starter-", "protected-", "school"];

pub(super) fn lists(
    filler: &mut Filler<'_>,
    specs: &Tables<ListSpec>,
    all: &ListsSpec,
    ca_of_resolution: Option<&Text>,
) -> Lists {
    let mirror = mirror(filler, all.mirror.as_ref());
    let mut specs = each(filler, specs, mirror.as_deref());
    let recommended = recommended(filler, all, &specs, mirror.as_deref());
    let ids = recommended.iter().map(|spec| spec.id.clone()).collect();
    specs.extend(recommended);
    let shipped = gate::Settings::default();
    let bounds = gate::Bounds { shrink: percent(filler, &all.shrink), grow: percent(filler, &all.grow) };
    let gate = gate::Settings { bounds, ..shipped };
    let shipped = fetch::Settings::default();
    // Whoever is trusted to answer for forwarders may answer for lists; that file is looked at with them.
    let ca_files = ca_of_resolution.map(|file| filler.path(file));
    let ca_files = ca_files.into_iter().chain(all.ca_file.as_ref().map(|file| filler.file(file))).collect();
    let fetch = fetch::Settings {
        proxy: proxy(filler, &all.proxy),
        octets_max: filler.size(&all.max_size, shipped.octets_max, (1 << 20, "1 MiB"), (4 << 30, "4 GiB")),
        ca_files,
        ..shipped
    };
    let snapshot = all.snapshot.as_ref().map(|folder| filler.path(folder));
    Lists { specs, recommended: ids, starter: flag(&all.starter, true), snapshot, gate, fetch }
}

/// The lists of the recommended set that the config does not name itself and does not do without.
fn recommended(
    filler: &mut Filler<'_>,
    all: &ListsSpec,
    named: &[spec::ListSpec],
    mirror: Option<&str>,
) -> Vec<spec::ListSpec> {
    let set = recommended::all();
    for without in &all.without {
        let known: Vec<&str> = set.iter().map(|list| list.entry.spec.id.as_str()).collect();
        if !known.contains(&without.get_ref().as_str()) {
            let meant = nearest(without.get_ref(), known.iter().copied());
            filler.note(say::unknown_source(filler.at(without), without.get_ref(), meant, &known));
        }
    }
    if !flag(&all.recommended, !is_off("LACHAN_LISTS_RECOMMENDED")) {
        return Vec::new();
    }
    let is_wanted = |spec: &spec::ListSpec| {
        !named.iter().any(|other| other.id == spec.id)
            && !all.without.iter().any(|without| *without.get_ref() == spec.id)
    };
    let specs = set.into_iter().map(|list| list.entry.spec).filter(is_wanted);
    specs.map(|spec| spec::ListSpec { source: mirrored(spec.source, mirror), ..spec }).collect()
}

/// Whether a variable of the environment switches something off.
fn is_off(name: &str) -> bool {
    std::env::var(name).is_ok_and(|value| matches!(value.as_str(), "off" | "no" | "false" | "0"))
}

/// From where the catalogue's sources are fetched instead of from their publishers: by the config, or by the
/// environment.
fn mirror(filler: &mut Filler<'_>, text: Option<&Text>) -> Option<String> {
    let mirror = match text {
        Some(text) if is_folder(text.get_ref()) => Some(address_of_folder(&filler.path(text))),
        Some(text) => fetchable(filler, text, false),
        None => std::env::var("LACHAN_LISTS_MIRROR").ok().filter(|url| !url.is_empty()),
    };
    mirror.map(|url| url.trim_end_matches('/').to_owned())
}

/// Whether a mirror is a folder of this machine: it has no scheme.
fn is_folder(mirror: &str) -> bool {
    !mirror.contains("://") && mirror.contains('/')
}

/// A folder as a mirror's address.
fn address_of_folder(folder: &Path) -> String {
    let path = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    format!("file://{}", path.display().to_string().replace('%', "%25"))
}

/// A source of the catalogue at a mirror: behind the mirror's address stands the publisher's, without `https://`.
fn mirrored(source: SourceSpec, mirror: Option<&str>) -> SourceSpec {
    match (source, mirror) {
        (SourceSpec::Url(url), Some(mirror)) => {
            let publisher = url.split_once("://").map_or(url.as_str(), |(_, rest)| rest);
            SourceSpec::Url(format!("{mirror}/{publisher}"))
        }
        (source, _) => source,
    }
}

fn percent(filler: &mut Filler<'_>, text: &Option<Text>) -> Option<f64> {
    let text = text.as_ref()?;
    let percent = value::percent(text.get_ref());
    if percent.is_none() {
        filler.note(say::bad_percent(filler.at(text), text.get_ref()));
    }
    percent
}

fn proxy(filler: &mut Filler<'_>, text: &Option<Text>) -> Proxy {
    let Some(text) = text else { return Proxy::default() };
    match text.get_ref().as_str() {
        "environment" => Proxy::Environment,
        "none" => Proxy::None,
        url if url.starts_with("http://") && url.len() > "http://".len() => Proxy::Url(url.to_owned()),
        other => {
            filler.note(say::bad_proxy(filler.at(text), other));
            Proxy::default()
        }
    }
}

fn each(filler: &mut Filler<'_>, specs: &Tables<ListSpec>, mirror: Option<&str>) -> Vec<spec::ListSpec> {
    if let Some(spec) = specs.get(ENTRIES_MAX) {
        filler.note(say::too_many(filler.at(spec), said!("noun-lists"), ENTRIES_MAX));
    }
    let mut lists: Vec<spec::ListSpec> = Vec::new();
    let mut places = Vec::new();
    for spec in specs.iter().take(ENTRIES_MAX) {
        let Some(list) = list(filler, spec, mirror) else {
            filler.notes.left_out_entry();
            continue;
        };
        let fields = spec.get_ref();
        let id = fields.id.as_ref().or(fields.source.as_ref());
        let at = id.map_or_else(|| filler.at(spec), |id| filler.at(id));
        match lists.iter().position(|other| other.id == list.id) {
            Some(first) => {
                let first: &crate::config::source::Place = &places[first];
                filler.note(clash::duplicate(at, &list.id, said!("noun-list"), first.clone()));
            }
            None => {
                lists.push(list);
                places.push(at);
            }
        }
    }
    lists
}

fn list(
    filler: &mut Filler<'_>,
    spec: &Spanned<Table<ListSpec>>,
    mirror: Option<&str>,
) -> Option<spec::ListSpec> {
    let fields = &spec.get_ref().0;
    let given = [("source", &fields.source), ("url", &fields.url), ("file", &fields.file)];
    let given: Vec<&str> = given.iter().filter(|(_, text)| text.is_some()).map(|(key, _)| *key).collect();
    if given.len() != 1 {
        filler.note(clash::either_or(filler.at(spec), &given, &["source", "url", "file"]));
        // The rest of the entry is still looked at.
        if fields.category.is_some() || fields.kind.is_some() {
            let _ = kind(filler, spec, None);
        }
        let _ =
            (format(filler, fields, None), profile(filler, fields, None, None), every(filler, fields, EVERY));
        return None;
    }
    let entry = fields.source.as_ref().and_then(|source| catalogue_entry(filler, source));
    let id = id(filler, spec, entry.as_ref());
    let kind = kind(filler, spec, entry.as_ref());
    let format = format(filler, fields, entry.as_ref());
    let profile = profile(filler, fields, entry.as_ref(), kind);
    let every = every(filler, fields, entry.as_ref().map_or(EVERY, |entry| entry.spec.every));
    if let (Some(insecure), None) = (&fields.insecure, &fields.url) {
        let other = if fields.file.is_some() { "file" } else { "source" };
        filler.note(clash::not_with(filler.at(insecure), "insecure", other));
    }
    let source = match (&fields.url, &fields.file, &entry) {
        (Some(url), ..) => SourceSpec::Url(fetchable(filler, url, flag(&fields.insecure, false))?),
        // A list that is gone is no reason to refuse the config: its last good copy filters on, and the
        // status says so. A resolver that does not start is a school without internet.
        (_, Some(file), _) => SourceSpec::File(filler.path(file)),
        (.., entry) => mirrored(entry.as_ref()?.spec.source.clone(), mirror),
    };
    Some(spec::ListSpec { id: id?, source, kind: kind?, format, profile, every })
}

fn catalogue_entry(filler: &mut Filler<'_>, source: &Text) -> Option<CatalogueEntry> {
    static CATALOGUE: LazyLock<Vec<CatalogueEntry>> = LazyLock::new(catalogue::all);
    let found = CATALOGUE.iter().find(|entry| entry.spec.id == *source.get_ref());
    if found.is_none() {
        let known: Vec<&str> = CATALOGUE.iter().map(|entry| entry.spec.id.as_str()).collect();
        let meant = nearest(source.get_ref(), known.iter().copied());
        filler.note(say::unknown_source(filler.at(source), source.get_ref(), meant, &known));
    }
    found.cloned()
}

fn id(
    filler: &mut Filler<'_>,
    spec: &Spanned<Table<ListSpec>>,
    entry: Option<&CatalogueEntry>,
) -> Option<String> {
    match (&spec.get_ref().id, entry) {
        (Some(id), _) if spec.get_ref().source.is_some() => {
            filler.note(clash::not_with(filler.at(id), "id", "source"));
            None
        }
        (None, Some(entry)) => Some(entry.spec.id.clone()),
        // The source that does not exist is told of already.
        (None, None) if spec.get_ref().source.is_some() => None,
        (None, None) => {
            filler.note(say::missing_key(filler.at(spec), "id"));
            None
        }
        (Some(id), _) => {
            let text = id.get_ref();
            let legal =
                |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_' | '.');
            let fits = (1..=ID_MAX).contains(&text.len())
                && text.chars().all(legal)
                && !text.starts_with('.')
                && !RESERVED.iter().any(|reserved| text.starts_with(reserved));
            if !fits {
                filler.note(say::bad_id(filler.at(id), text));
            } else if allow_sets::shipped().iter().any(|set| set == text) {
                filler.note(clash::taken(filler.at(id), text));
            } else {
                return Some(text.clone());
            }
            None
        }
    }
}

fn kind(
    filler: &mut Filler<'_>,
    spec: &Spanned<Table<ListSpec>>,
    entry: Option<&CatalogueEntry>,
) -> Option<ListKind> {
    let fields = spec.get_ref();
    let is_allow = match &fields.kind {
        Some(kind) => {
            let noun = said!("noun-kind-of-list");
            let is_allow = filler.word(kind, noun, &[("block", false), ("allow", true)]);
            if is_allow.is_none() {
                // The category is still looked at.
                let _ = fields.category.as_ref().and_then(|text| filler.category(text));
            }
            is_allow?
        }
        None => false,
    };
    match (&fields.category, entry) {
        (Some(category), _) if is_allow => {
            filler.note(clash::not_with(filler.at(category), "category", "kind = \"allow\""));
            None
        }
        _ if is_allow => match (&fields.kind, entry) {
            // An allow set is called by its list's id, and a catalogue's lists are there to block.
            (Some(kind), Some(_)) => {
                filler.note(clash::not_with(filler.at(kind), "kind = \"allow\"", "source"));
                None
            }
            _ => Some(ListKind::Allow),
        },
        (Some(text), _) => {
            let category = filler.category(text)?;
            if category.is_secret() {
                filler.note(say::sealed_category(filler.at(text), text.get_ref()));
                return None;
            }
            Some(ListKind::Block(category))
        }
        (None, Some(entry)) => Some(entry.spec.kind),
        (None, None) if fields.source.is_some() => None,
        (None, None) => {
            filler.note(say::missing_key(filler.at(spec), "category"));
            None
        }
    }
}

fn format(filler: &mut Filler<'_>, fields: &ListSpec, entry: Option<&CatalogueEntry>) -> FormatChoice {
    let shipped = entry.map_or(FormatChoice::Auto, |entry| entry.spec.format);
    let Some(text) = &fields.format else { return shipped };
    let named = Format::ALL.iter().map(|format| (format.id(), FormatChoice::Named(*format)));
    let words: Vec<_> = std::iter::once(("auto", FormatChoice::Auto)).chain(named).collect();
    let noun = said!("noun-list-format");
    filler.word(text, noun, &words).unwrap_or(shipped)
}

fn profile(
    filler: &mut Filler<'_>,
    fields: &ListSpec,
    entry: Option<&CatalogueEntry>,
    kind: Option<ListKind>,
) -> Profile {
    let shipped = entry.map_or_else(Profile::default, |entry| entry.spec.profile);
    let noun = said!("noun-way-to-match-names");
    let words = [("native", Matching::Native), ("subtree", Matching::Subtree)];
    let matching = fields.r#match.as_ref().and_then(|text| filler.word(text, noun, &words));
    let threat = match kind {
        Some(ListKind::Block(category)) => Some(category).filter(|category: &Category| category.is_threat()),
        _ => None,
    };
    if let (Some(fold), Some(category)) = (fields.fold_www.as_ref().filter(|fold| *fold.get_ref()), threat) {
        filler.note(clash::fold_threats(filler.at(fold), category.id()));
    }
    Profile {
        matching: matching.unwrap_or(shipped.matching),
        fold_www: flag(&fields.fold_www, shipped.fold_www),
        private_suffixes: flag(&fields.private_suffixes, shipped.private_suffixes),
        tld: flag(&fields.tld, shipped.tld),
        urls: flag(&fields.urls, shipped.urls),
        page_options: flag(&fields.page_options, shipped.page_options),
        max_names: filler.number(&fields.max_names, shipped.max_names, 1, NAMES_MAX),
    }
}

fn every(filler: &mut Filler<'_>, fields: &ListSpec, shipped: Duration) -> Duration {
    let Some(text) = &fields.every else { return shipped };
    match value::duration(text.get_ref()) {
        Some(every) if (EVERY_MIN..=EVERY_MAX).contains(&every) => return every,
        Some(_) => {
            let (min, max) = (value::print_duration(EVERY_MIN), value::print_duration(EVERY_MAX));
            filler.note(say::every(filler.at(text), text.get_ref(), &min, &max));
        }
        None => filler.note(say::bad_duration(filler.at(text), text.get_ref())),
    }
    shipped
}

/// A URL that lists are fetched from: HTTPS; HTTP from this very machine, or where the list says that it is
/// `insecure`.
fn fetchable(filler: &mut Filler<'_>, url: &Text, insecure: bool) -> Option<String> {
    let text = url.get_ref();
    let parts = text.split_once("://").map(|(scheme, rest)| (scheme.to_ascii_lowercase(), rest));
    let Some((scheme, rest)) = parts.filter(|_| !text.contains(char::is_whitespace)) else {
        filler.note(say::bad_url(filler.at(url), text));
        return None;
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let host = match host.strip_prefix('[') {
        Some(v6) => v6.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    let address = host.parse::<IpAddr>();
    let is_host = address.is_ok() || host != "." && crate::dns::idna::to_name(host).is_ok();
    let is_local = address.is_ok_and(|address| address.is_loopback());
    match scheme.as_str() {
        "https" if is_host => return Some(text.clone()),
        "http" if is_host && (is_local || insecure) => return Some(text.clone()),
        "http" if is_host => filler.note(say::plain_http(filler.at(url), text)),
        _ => filler.note(say::bad_url(filler.at(url), text)),
    }
    None
}
