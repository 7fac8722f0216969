//! `[policy]`, and the policy file that it may name.

use serde::Deserialize;

use super::table::Table;
use super::{Number, Text};
use crate::model::tier::Tier;

/// `[policy]` of the config file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PolicySpec {
    pub file: Option<Text>,
    pub unknown: Option<Text>,
    pub tier: Table<TiersSpec>,
}

/// A policy file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PolicyFileSpec {
    pub version: Option<Number>,
    pub tier: Table<TiersSpec>,
}

/// Tiers by id. What a tier does not say stays as it was shipped.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TiersSpec {
    pub preschool: Table<TierSpec>,
    pub primary: Table<TierSpec>,
    pub lower_secondary: Table<TierSpec>,
    pub upper_secondary: Table<TierSpec>,
    pub staff: Table<TierSpec>,
    pub guest: Table<TierSpec>,
    pub iot: Table<TierSpec>,
}

impl TiersSpec {
    /// What is said of a tier.
    pub fn tier(&self, tier: Tier) -> &TierSpec {
        match tier {
            Tier::Preschool => &self.preschool,
            Tier::Primary => &self.primary,
            Tier::LowerSecondary => &self.lower_secondary,
            Tier::UpperSecondary => &self.upper_secondary,
            Tier::Staff => &self.staff,
            Tier::Guest => &self.guest,
            Tier::Iot => &self.iot,
        }
    }
}

/// One tier.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TierSpec {
    pub mode: Option<Text>,
    pub blocked: Option<toml::Spanned<Vec<Text>>>,
    pub locked: Option<Vec<Text>>,
    pub allow_sets: Option<toml::Spanned<Vec<Text>>>,
    pub answer: Option<Text>,
    pub page: Option<toml::Spanned<Vec<Text>>>,
    pub ttl: Option<Text>,
    pub clones: Option<Text>,
    pub laxer_than_older: Option<Vec<Text>>,
}
