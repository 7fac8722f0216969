//! Settings of rooms that are not built yet, in the shape that they will have.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;

use crate::dns::name::OwnedName;
use crate::model::rule::ListKind;

#[derive(Clone, Debug, PartialEq)]
pub struct ResolveSettings {
    pub mode: ResolveMode,
    pub forwards: Vec<ForwardZone>,
    pub dnssec: bool,
    pub root_hints: Option<PathBuf>,
    pub trust_anchors: Option<PathBuf>,
    pub never_ask: Vec<IpNet>,
    pub source_addresses: Vec<IpAddr>,
    pub cache_bytes: u64,
    pub local: LocalSettings,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResolveMode {
    Recursive,
    Forward,
}

#[derive(Clone, Debug, PartialEq)]
pub struct ForwardZone {
    pub zone: OwnedName,
    pub servers: Vec<Upstream>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upstream {
    pub addr: SocketAddr,
    pub transport: super::value::Transport,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct LocalSettings {
    pub records: Vec<LocalRecord>,
    pub zones: Vec<LocalZone>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct LocalRecord {
    pub name: OwnedName,
    pub rtype: u16,
    pub ttl: u32,
    pub data: String,
}

#[derive(Clone, Debug, PartialEq)]
pub struct LocalZone {
    pub zone: OwnedName,
    pub file: PathBuf,
}

#[derive(Clone, Debug, PartialEq)]
pub struct JournalSettings {
    pub folder: PathBuf,
    pub device: DeviceMode,
    pub time_zone: jiff::tz::TimeZone,
    pub keep_minutes: Duration,
    pub keep_hours: Duration,
    pub keep_months: Duration,
    pub size_cap: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeviceMode {
    Pseudonym,
    None,
    Address,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListSpec {
    pub id: String,
    pub source: SourceSpec,
    pub kind: ListKind,
    pub format: Option<String>,
    pub profile: Profile,
    pub every: Duration,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SourceSpec {
    Url(String),
    File(PathBuf),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    pub subtree: bool,
    pub fold_www: bool,
    pub private_suffixes: bool,
    pub max_names: usize,
}

/// Formats that a list may be written in.
pub const FORMATS: &[&str] =
    &["rpz", "unbound", "dnsmasq", "abp", "hosts", "wildcard", "urls", "ip", "plain"];

/// Allow sets that the program brings along.
pub fn allow_sets() -> &'static [String] {
    static SETS: std::sync::LazyLock<Vec<String>> = std::sync::LazyLock::new(|| vec!["learning".to_owned()]);
    &SETS
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CatalogueEntry {
    pub id: String,
    pub url: String,
    pub category: crate::model::category::Category,
    pub format: String,
    pub profile: Profile,
    pub every: Duration,
}

/// The catalogue.
pub fn catalogue() -> &'static [CatalogueEntry] {
    static CATALOGUE: std::sync::LazyLock<Vec<CatalogueEntry>> = std::sync::LazyLock::new(|| {
        let table: toml::Table =
            include_str!("../../blocklists/catalogue.toml").parse().expect("the catalogue is TOML");
        table["source"]
            .as_array()
            .expect("sources")
            .iter()
            .map(|source| {
                let text = |key: &str| source[key].as_str().expect("a text").to_owned();
                CatalogueEntry {
                    id: text("id"),
                    url: text("url"),
                    category: crate::model::category::Category::from_id(&text("category")).expect("known"),
                    format: text("format"),
                    profile: Profile {
                        subtree: text("match") == "subtree",
                        fold_www: source["fold_www"].as_bool().expect("a flag"),
                        private_suffixes: source["private_suffixes"].as_bool().expect("a flag"),
                        max_names: source["max_names"].as_integer().expect("a number") as usize,
                    },
                    every: super::value::duration(&text("every")).expect("a duration"),
                }
            })
            .collect()
    });
    &CATALOGUE
}
