//! `[resolve]`, `[[resolve.forward]]` and `[[local]]`.

use serde::Deserialize;
use toml::Spanned;

use super::table::Tables;
use super::{Number, Text};

/// How names are resolved.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ResolveSpec {
    pub mode: Option<Text>,
    pub dnssec: Option<Spanned<bool>>,
    pub root_hints: Option<Text>,
    pub trust_anchors: Option<Text>,
    pub negative_anchors: Vec<Text>,
    pub sha1_signatures: Option<Text>,
    pub ca_file: Option<Text>,
    pub never_ask: Option<Vec<Text>>,
    pub source_addresses: Vec<Text>,
    pub cache: Option<Text>,
    pub canaries: Option<Spanned<bool>>,
    pub qname_minimisation: Option<Text>,
    pub edns_size: Option<Number>,
    pub case_randomization: Option<Spanned<bool>>,
    pub cookies: Option<Spanned<bool>>,
    pub priming: Option<Spanned<bool>>,
    pub min_ttl: Option<Text>,
    pub max_ttl: Option<Text>,
    pub max_negative_ttl: Option<Text>,
    pub stale: Option<Text>,
    pub stale_after: Option<Text>,
    pub prefetch: Option<Spanned<bool>>,
    pub rebinding: Option<Spanned<bool>>,
    pub private_names: Vec<Text>,
    pub public_zones: Vec<Text>,
    pub dns64: Option<Text>,
    pub forward: Tables<ForwardSpec>,
}

/// Who is asked about a zone.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ForwardSpec {
    pub zone: Option<Text>,
    pub servers: Option<Spanned<Vec<Text>>>,
    pub dnssec: Option<Spanned<bool>>,
}

/// A record, or a zone in master format.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LocalSpec {
    pub name: Option<Text>,
    pub r#type: Option<Text>,
    pub data: Option<Text>,
    pub ttl: Option<Text>,
    pub zone: Option<Text>,
    pub file: Option<Text>,
}
