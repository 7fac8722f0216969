//! Public sources that a school switches on by name. Nothing of them is part of the program.

use std::time::Duration;

use serde::Deserialize;

use super::format::Format;
use super::spec::{FormatChoice, ListSpec, Matching, Profile, SourceSpec};
use crate::model::category::Category;
use crate::model::rule::ListKind;

/// The catalogue that is part of the program.
const CATALOGUE: &str = include_str!("../../blocklists/catalogue.toml");

/// Why a catalogue was not taken.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Not the shape that it should have.
    #[error("read the catalogue: {0}")]
    Shape(#[from] toml::de::Error),
    /// A value that is none of those allowed.
    #[error("read the catalogue: source {id:?} has {field} = {value:?}")]
    Value { id: String, field: &'static str, value: String },
}

/// One public source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CatalogueEntry {
    /// How it is read.
    pub spec: ListSpec,
    /// Its name in Vietnamese.
    pub vi: String,
    /// Its name in English.
    pub en: String,
    /// Under which licence it is published.
    pub licence: String,
    /// Whether brands of bookmakers are learned from it.
    pub brands: bool,
    /// What to know before switching it on, in Vietnamese.
    pub notes_vi: String,
    /// The same in English.
    pub notes_en: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    source: Vec<SourceEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SourceEntry {
    id: String,
    vi: String,
    en: String,
    url: String,
    licence: String,
    category: String,
    format: String,
    r#match: String,
    fold_www: bool,
    private_suffixes: bool,
    #[serde(default)]
    brands: bool,
    #[serde(default)]
    tld: bool,
    #[serde(default)]
    urls: bool,
    #[serde(default)]
    page_options: bool,
    every: String,
    max_names: usize,
    notes_vi: String,
    notes_en: String,
}

/// All sources of the program's catalogue, by id.
pub fn all() -> Vec<CatalogueEntry> {
    parse(CATALOGUE).expect("a test reads the embedded catalogue")
}

/// Reads a catalogue.
///
/// # Errors
/// What [`Error`] says; nothing is taken in part.
pub fn parse(text: &str) -> Result<Vec<CatalogueEntry>, Error> {
    let file: File = toml::from_str(text)?;
    file.source.into_iter().map(entry).collect()
}

fn entry(source: SourceEntry) -> Result<CatalogueEntry, Error> {
    let bad = |field, value: &str| Error::Value { id: source.id.clone(), field, value: value.to_owned() };
    let category = Category::from_id(&source.category).ok_or_else(|| bad("category", &source.category))?;
    let format = match source.format.as_str() {
        "auto" => FormatChoice::Auto,
        id => FormatChoice::Named(Format::from_id(id).ok_or_else(|| bad("format", id))?),
    };
    let matching = match source.r#match.as_str() {
        "native" => Matching::Native,
        "subtree" => Matching::Subtree,
        other => return Err(bad("match", other)),
    };
    let every = duration(&source.every).ok_or_else(|| bad("every", &source.every))?;
    let profile = Profile {
        matching,
        fold_www: source.fold_www,
        private_suffixes: source.private_suffixes,
        tld: source.tld,
        urls: source.urls,
        page_options: source.page_options,
        max_names: source.max_names,
    };
    let kind = ListKind::Block(category);
    let from = SourceSpec::Url(source.url.clone());
    Ok(CatalogueEntry {
        spec: ListSpec { id: source.id.clone(), source: from, kind, format, profile, every },
        vi: source.vi,
        en: source.en,
        licence: source.licence,
        brands: source.brands,
        notes_vi: source.notes_vi,
        notes_en: source.notes_en,
    })
}

/// `90m`, `24h`, `7d`.
fn duration(text: &str) -> Option<Duration> {
    let unit = match text.as_bytes().last()? {
        b'm' => 60,
        b'h' => 3600,
        b'd' => 86_400,
        _ => return None,
    };
    let count: u64 = text[..text.len() - 1].parse().ok()?;
    count.checked_mul(unit).map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_catalogue_is_read_and_its_ids_are_its_own() {
        let entries = all();
        assert!(entries.len() >= 50, "{}", entries.len());
        assert!(entries.is_sorted_by(|a, b| a.spec.id < b.spec.id), "sorted, and no id twice");
        for entry in &entries {
            let spec = &entry.spec;
            let ListKind::Block(category) = spec.kind else { panic!("{}: sources block", spec.id) };
            let SourceSpec::Url(url) = &spec.source else { panic!("{}: sources are URLs", spec.id) };
            assert!(url.starts_with("https://"), "{url}");
            assert!(!category.is_secret(), "{}: only signed bundles fill {category:?}", spec.id);
            assert!(!(category.is_threat() && spec.profile.fold_www), "{}: no folding of threats", spec.id);
            assert!(!spec.profile.private_suffixes || category == Category::Ddns, "{}", spec.id);
            assert!(!spec.id.starts_with("starter-") && !entry.licence.is_empty());
        }
    }

    #[test]
    fn a_wrong_value_is_named_with_its_source() {
        let text = CATALOGUE.replacen("every = \"24h\"", "every = \"daily\"", 1);
        let error = parse(&text).unwrap_err().to_string();
        assert!(error.contains("every = \"daily\""), "{error}");
    }
}
