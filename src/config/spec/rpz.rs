//! `[[rpz]]`.

use serde::Deserialize;
use toml::Spanned;

use super::Text;
use super::table::Table;

/// One response policy zone.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RpzSpec {
    pub zone: Option<Text>,
    pub file: Option<Text>,
    pub primaries: Option<Spanned<Vec<Text>>>,
    pub tsig: Option<Spanned<Table<TsigSpec>>>,
    pub policy: Option<Text>,
    pub groups: Vec<Text>,
    pub tiers: Vec<Text>,
    pub break_dnssec: Option<Spanned<bool>>,
    pub passthru_opens: Option<Spanned<bool>>,
    pub enabled: Option<Spanned<bool>>,
}

/// The key that a zone's primaries and we share.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TsigSpec {
    pub name: Option<Text>,
    pub algorithm: Option<Text>,
    pub secret_file: Option<Text>,
}
