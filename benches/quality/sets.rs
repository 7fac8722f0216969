//! Sets of lists with their texts.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use lachan::app::lists::starter_sources;
use lachan::lists::catalogue::{self, CatalogueEntry};
use lachan::lists::recommended;
use lachan::lists::spec::SourceSpec;
use lachan::update::compile::{Source, Text};

use super::names::{shared, unpacked};

/// Where the catalogue's sources lie.
const RAW: &str = "https://raw.githubusercontent.com/";

/// Some lists.
pub struct ListSet {
    /// With their texts.
    pub sources: Vec<Source>,
    /// Sources whose text is not here.
    pub absent: Vec<String>,
}

impl ListSet {
    /// The starter lists with those that `word` names: `starter`, `recommended`, `catalogue`, or ids.
    pub fn named(word: &str) -> Self {
        let ids: Vec<String> = match word {
            "starter" => Vec::new(),
            "recommended" => recommended::all().into_iter().map(|it| it.entry.spec.id).collect(),
            "catalogue" => catalogue::all().into_iter().map(|it| it.spec.id).collect(),
            ids => ids.split(',').map(str::to_owned).collect(),
        };
        let (mut sources, mut absent) = (starter_sources(true), Vec::new());
        let texts = Snapshots::open();
        for entry in catalogue::all() {
            if !ids.contains(&entry.spec.id) {
                continue;
            }
            match texts.of(&entry) {
                Some(text) => sources.push(text),
                None => absent.push(entry.spec.id),
            }
        }
        Self { sources, absent }
    }
}

/// The texts of catalogue sources that lie beside the checkout, by where they are published.
struct Snapshots {
    files: HashMap<(String, String), PathBuf>,
}

impl Snapshots {
    fn open() -> Self {
        let files = shared().map(|shared| manifest(&shared)).unwrap_or_default();
        Self { files }
    }

    fn of(&self, entry: &CatalogueEntry) -> Option<Source> {
        let SourceSpec::Url(url) = &entry.spec.source else { return None };
        let mut parts = url.strip_prefix(RAW)?.splitn(4, '/');
        let repository = format!("{}/{}", parts.next()?, parts.next()?);
        let _branch = parts.next()?;
        let packed = self.files.get(&(repository, parts.next()?.to_owned()))?;
        // It is wanted as long as the program runs.
        let text = Text::Embedded(Box::leak(unpacked(packed).into_boxed_str()));
        Some(Source { spec: entry.spec.clone(), version: "snapshot".into(), text })
    }
}

/// Which file of the folder is which file of which repository.
fn manifest(shared: &Path) -> HashMap<(String, String), PathBuf> {
    let text = std::fs::read_to_string(shared.join("MANIFEST.tsv")).expect("the folder's manifest");
    let row = |line: &str| {
        let mut columns = line.split('\t');
        let (file, repository, path) = (columns.next()?, columns.next()?, columns.next()?);
        Some(((repository.to_owned(), path.to_owned()), shared.join(file)))
    };
    text.lines().skip(1).filter_map(row).collect()
}
