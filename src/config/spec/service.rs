//! `[school]`, `[listen]`, `[access]`, `[journal]` and `[state]`.

use serde::Deserialize;
use toml::Spanned;

use super::{Number, Text};

/// The school.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SchoolSpec {
    pub name: Option<Text>,
    pub level: Option<Spanned<Vec<Text>>>,
    pub time_zone: Option<Text>,
    pub language: Option<Text>,
}

/// Where the server listens.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ListenSpec {
    pub dns: Option<Spanned<Vec<Text>>>,
    pub unprivileged_port: Option<Number>,
    pub control: Option<Text>,
    pub workers: Option<Number>,
    pub in_flight: Option<Number>,
    pub in_flight_per_client: Option<Number>,
    pub tcp_idle: Option<Text>,
    pub tcp_connections: Option<Number>,
    pub tcp_connections_per_client: Option<Number>,
    pub tcp_pipeline: Option<Number>,
    pub version: Option<Text>,
    pub hostname: Option<Text>,
}

/// Who may ask.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AccessSpec {
    pub allow: Option<Spanned<Vec<Text>>>,
    pub refuse: Option<Text>,
    pub rate: Option<Number>,
}

/// How blocked attempts are kept.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct JournalSpec {
    pub device: Option<Text>,
    pub keep_minutes: Option<Text>,
    pub keep_hours: Option<Text>,
    pub keep_months: Option<Text>,
    pub size_cap: Option<Text>,
}

/// Where the server keeps what it must not lose.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StateSpec {
    pub folder: Option<Text>,
}
