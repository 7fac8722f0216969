//! `[[group]]` and `[school_rules]`.

use serde::Deserialize;
use toml::Spanned;

use super::Text;
use super::table::Tables;

/// One group of clients.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct GroupSpec {
    pub name: Option<Text>,
    pub tier: Option<Text>,
    pub from: Option<Spanned<Vec<Text>>>,
    pub mode: Option<Text>,
    pub allow_sets: Vec<Text>,
}

/// Standing rules of the school.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SchoolRulesSpec {
    pub allow: Tables<SchoolRuleSpec>,
    pub block: Tables<SchoolRuleSpec>,
}

/// One rule of the school.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SchoolRuleSpec {
    pub name: Option<Text>,
    pub scope: Option<Text>,
    pub tiers: Vec<Text>,
    pub groups: Vec<Text>,
    pub reason: Option<Text>,
    pub by: Option<Text>,
}
