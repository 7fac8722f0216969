//! `[[list]]` and `[lists]`.

use serde::Deserialize;
use toml::Spanned;

use super::{Number, Text};

/// One list.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ListSpec {
    pub id: Option<Text>,
    pub source: Option<Text>,
    pub url: Option<Text>,
    pub file: Option<Text>,
    pub insecure: Option<Spanned<bool>>,
    pub kind: Option<Text>,
    pub category: Option<Text>,
    pub format: Option<Text>,
    pub r#match: Option<Text>,
    pub fold_www: Option<Spanned<bool>>,
    pub private_suffixes: Option<Spanned<bool>>,
    pub tld: Option<Spanned<bool>>,
    pub urls: Option<Spanned<bool>>,
    pub page_options: Option<Spanned<bool>>,
    pub max_names: Option<Number>,
    pub every: Option<Text>,
}

/// What holds for all lists.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ListsSpec {
    pub starter: Option<Spanned<bool>>,
    pub recommended: Option<Spanned<bool>>,
    pub without: Vec<Text>,
    pub mirror: Option<Text>,
    pub snapshot: Option<Text>,
    pub proxy: Option<Text>,
    pub ca_file: Option<Text>,
    pub max_size: Option<Text>,
    pub shrink: Option<Text>,
    pub grow: Option<Text>,
}
