//! Figures of the catalogue's sources, measured by `benches/quality` on texts of a day.

use std::collections::BTreeMap;

use serde::Deserialize;

/// The figures that are part of the program.
const MEASURED: &str = include_str!("../../blocklists/measured.toml");

/// What was measured, when and on what.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Measurement {
    /// The day, `2026-11-28`.
    pub date: String,
    /// Sources that were not at hand.
    pub absent: Vec<String>,
    /// Sets of names that no list should take, with their sizes.
    pub corpora: Vec<(String, u32)>,
    /// By id of the source.
    pub sources: BTreeMap<String, Figures>,
}

/// Figures of one source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Rules in force.
    pub rules: u32,
    /// Names that no other source and no starter list has.
    pub alone: u32,
    /// Names of the corpora that it closes to lower secondary, if it alone is asked.
    pub pupils: u32,
    /// The same for staff.
    pub staff: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    date: String,
    absent: Vec<String>,
    #[serde(default)]
    corpus: Vec<Corpus>,
    #[serde(default)]
    source: Vec<Source>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Corpus {
    name: String,
    names: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Source {
    id: String,
    rules: u32,
    alone: u32,
    pupils: u32,
    staff: u32,
}

/// The measurement that is part of the program.
pub fn embedded() -> Measurement {
    parse(MEASURED).expect("a test reads the embedded figures")
}

fn parse(text: &str) -> Result<Measurement, toml::de::Error> {
    let file: File = toml::from_str(text)?;
    let figures = |Source { id, rules, alone, pupils, staff }| (id, Figures { rules, alone, pupils, staff });
    Ok(Measurement {
        date: file.date,
        absent: file.absent,
        corpora: file.corpus.into_iter().map(|corpus| (corpus.name, corpus.names)).collect(),
        sources: file.source.into_iter().map(figures).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lists::catalogue;

    #[test]
    fn every_source_of_the_catalogue_is_measured_or_said_to_be_absent() {
        let Measurement { date, absent, corpora, sources } = embedded();
        assert!(date.parse::<jiff::civil::Date>().is_ok(), "{date}");
        assert!(!corpora.is_empty() && corpora.iter().all(|(_, names)| *names > 0));
        let told: Vec<String> = sources.keys().chain(&absent).cloned().collect();
        let mut told_in_order = told.clone();
        told_in_order.sort();
        let ids: Vec<String> = catalogue::all().into_iter().map(|entry| entry.spec.id).collect();
        assert_eq!(
            told_in_order, ids,
            "measure anew: cargo bench --bench quality -- --measured blocklists/measured.toml"
        );
        let most: u32 = corpora.iter().map(|(_, names)| names).sum();
        for (id, Figures { rules, alone, pupils, staff }) in sources {
            assert!(rules > 0 && alone <= rules * 2, "{id}");
            assert!(pupils <= most && staff <= most, "{id}");
        }
    }
}
