//! `[[group]]` and `[school_rules]`.

use serde::Deserialize;

use super::Text;
use super::table::Tables;

/// One group of clients.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroupSpec {
    pub name: Text,
    pub tier: Text,
    #[serde(default)]
    pub from: Vec<Text>,
    pub mode: Option<Text>,
    #[serde(default)]
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
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SchoolRuleSpec {
    pub name: Text,
    pub scope: Option<Text>,
    #[serde(default)]
    pub tiers: Vec<Text>,
    #[serde(default)]
    pub groups: Vec<Text>,
    pub reason: Text,
    pub by: Text,
}
