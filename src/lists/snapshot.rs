//! A snapshot: lists of the catalogue packed into a folder, to be given to schools.
//!
//! Laid out as a mirror is (`<folder>/raw.githubusercontent.com/…`), so that a web server can publish it as it is and
//! `[lists] mirror` can name it on a stick. `snapshot.toml` says what is in it: from where, under which licence, how
//! large. A list of which no copy is kept is taken from the snapshot beside the program, before it is first fetched.

use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::catalogue::CatalogueEntry;
use super::spec::{ListSpec, SourceSpec};
use super::store::{self, Store};
use crate::sys::whole::read_file;

/// The folder beside the program where the config names none.
pub const FOLDER: &str = "lachan-lists";
/// What is in a snapshot.
const MANIFEST: &str = "snapshot.toml";
/// Whose the lists are.
const NOTICE: &str = "NOTICE.txt";
/// Octets of a manifest; ours have some kilobytes.
const MANIFEST_MAX: u64 = 1 << 20;
/// Octets of a list; the largest of the catalogue has 90 million.
const TEXT_MAX: u64 = super::fetch::OCTETS_MAX;

/// Licences under which a list may be given on as it is, if its source and licence are named. For the others more has
/// to go along.
const FREE_TO_GIVE_ON: [&str; 5] = ["MIT", "Unlicense", "CC0-1.0", "CC-BY-4.0", "CC-BY-SA-4.0"];

/// Why no snapshot was written, or one cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The disk said no.
    #[error("{what} {}: {source}", path.display())]
    Io { what: &'static str, path: PathBuf, source: io::Error },
    /// There are files that are none of a snapshot's.
    #[error("write into {}: it holds other files", .0.display())]
    OtherFiles(PathBuf),
    /// The manifest is not one.
    #[error("read {}: {source}", path.display())]
    Manifest { path: PathBuf, source: Box<toml::de::Error> },
    /// A kept copy cannot be read.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// One list of a snapshot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Packed {
    /// The catalogue's id.
    pub id: String,
    /// Where it is published.
    pub source: String,
    /// SPDX id.
    pub licence: String,
    /// The publisher's version, or the beginning of a checksum.
    pub version: String,
    /// When it was fetched, Unix seconds.
    pub fetched_at: u64,
    /// Names in it that were in force.
    pub names: u32,
    /// Octets of its text.
    pub octets: u64,
    /// The store's checksum of the text, against damage.
    pub checksum: String,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct Manifest {
    #[serde(default)]
    list: Vec<Packed>,
}

/// A snapshot that can be read.
#[derive(Debug)]
pub struct Snapshot {
    folder: PathBuf,
    lists: Vec<Packed>,
}

impl Snapshot {
    /// Opens the one in a folder; none where there is no manifest.
    ///
    /// # Errors
    /// A manifest that cannot be read.
    pub fn open(folder: &Path) -> Result<Option<Self>, Error> {
        let path = folder.join(MANIFEST);
        let text = match read_file(&path, MANIFEST_MAX) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            read => read.map_err(|source| io_error("read", &path, source))?,
        };
        let manifest: Manifest = toml::from_slice(&text)
            .map_err(|source| Error::Manifest { path: path.clone(), source: Box::new(source) })?;
        Ok(Some(Self { folder: folder.to_owned(), lists: manifest.list }))
    }

    /// The packed text of a list, if it is of the same source: the publisher's, or a mirror of it.
    pub fn find(&self, spec: &ListSpec) -> Option<(&Packed, PathBuf)> {
        let SourceSpec::Url(url) = &spec.source else { return None };
        let packed = self.lists.iter().find(|packed| packed.id == spec.id)?;
        let place = place(&packed.source)?;
        Path::new(url).ends_with(&place).then(|| (packed, self.folder.join(place)))
    }
}

/// Why a list is not in a snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LeftOut {
    /// None of it is kept: it was never fetched.
    NoCopy,
    /// More than a notice has to go along with it.
    Licence(String),
}

/// What came of packing.
#[derive(Debug, Default)]
pub struct Report {
    /// The lists in the snapshot.
    pub packed: Vec<Packed>,
    /// Those that are not, by id.
    pub left_out: Vec<(String, LeftOut)>,
}

/// Packs the kept copies of `lists` into `folder`. `own_use`: they are not given to others, so that every licence will
/// do.
///
/// # Errors
/// What [`Error`] says. What was in the folder before may then be old and new in part, which its checksums tell.
pub fn pack(lists: &[CatalogueEntry], store: &Store, own_use: bool, folder: &Path) -> Result<Report, Error> {
    refuse_other_files(folder)?;
    let mut report = Report::default();
    for entry in lists {
        let id = &entry.spec.id;
        if !own_use && !FREE_TO_GIVE_ON.contains(&entry.licence.as_str()) {
            report.left_out.push((id.clone(), LeftOut::Licence(entry.licence.clone())));
            continue;
        }
        let SourceSpec::Url(source) = &entry.spec.source else { continue };
        // A test looks that each source of the catalogue has a place.
        let (Some(meta), Some(place)) = (store.intact(id)?, place(source)) else {
            report.left_out.push((id.clone(), LeftOut::NoCopy));
            continue;
        };
        let text = store.text_path(&meta);
        let text = read_file(&text, TEXT_MAX).map_err(|source| io_error("read", &text, source))?;
        write(&folder.join(place), &text)?;
        report.packed.push(Packed {
            id: id.clone(),
            source: source.clone(),
            licence: entry.licence.clone(),
            version: meta.version,
            fetched_at: meta.fetched_at,
            names: meta.taken,
            octets: meta.length,
            checksum: meta.checksum,
        });
    }
    write(&folder.join(NOTICE), notice(&report.packed).as_bytes())?;
    let manifest = Manifest { list: report.packed.clone() };
    let manifest = toml::to_string(&manifest).expect("plain fields print as TOML");
    write(&folder.join(MANIFEST), manifest.as_bytes())?;
    Ok(report)
}

/// Whose the lists are, as their licences ask for it.
fn notice(packed: &[Packed]) -> String {
    let mut text = "Public blocklists, each as its publisher made it, unchanged.\n\
        Danh sách công khai, mỗi danh sách giữ nguyên như nơi phát hành.\n\n\
        Licences: https://spdx.org/licenses/\n\n"
        .to_owned();
    for Packed { id, source, licence, version, .. } in packed {
        text.push_str(&format!("{id} {version}\n  {source}\n  {licence}, (c) its authors\n"));
    }
    text
}

/// Where the text of a source lies in a mirror: its address without `https://`. None for an address that is no path.
pub fn place(source: &str) -> Option<PathBuf> {
    let (_, rest) = source.split_once("://")?;
    let place = Path::new(rest);
    let is_plain = place.components().all(|part| matches!(part, Component::Normal(_)));
    (is_plain && !rest.is_empty() && !rest.ends_with('/') && !rest.contains(['?', '#', '%']))
        .then(|| place.into())
}

/// A folder is written into if it is new, empty or a snapshot.
fn refuse_other_files(folder: &Path) -> Result<(), Error> {
    let mut files = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        files => files.map_err(|source| io_error("read the folder", folder, source))?,
    };
    if files.next().is_none() || folder.join(MANIFEST).is_file() {
        return Ok(());
    }
    Err(Error::OtherFiles(folder.to_owned()))
}

/// Writes a file that others may read, whole or not at all.
fn write(path: &Path, octets: &[u8]) -> Result<(), Error> {
    let folder = path.parent().unwrap_or(path);
    fs::create_dir_all(folder).map_err(|source| io_error("make the folder", folder, source))?;
    let beside = path.with_added_extension("new");
    let written = fs::write(&beside, octets).and_then(|()| fs::rename(&beside, path));
    written.map_err(|source| io_error("write", path, source))
}

fn io_error(what: &'static str, path: &Path, source: io::Error) -> Error {
    Error::Io { what, path: path.to_owned(), source }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;
    use crate::lists::catalogue;
    use crate::lists::fetch::Validators;
    use crate::lists::gate;
    use crate::lists::protected::Protected;
    use crate::lists::read::survey;

    fn kept(store: &Store, entry: &CatalogueEntry, text: &[u8]) {
        let mut arriving = store.begin(&entry.spec.id).unwrap();
        arriving.write_all(text).unwrap();
        let reading = survey(text, &entry.spec, &Protected::none());
        let passed = gate::check(None, &reading, &gate::Settings::default(), 0).unwrap();
        store.keep(&entry.spec, arriving, Validators::default(), &reading, &passed, 1_800_000_000).unwrap();
    }

    fn entries(ids: &[&str]) -> Vec<CatalogueEntry> {
        let all = catalogue::all();
        ids.iter().map(|id| all.iter().find(|entry| entry.spec.id == *id).unwrap().clone()).collect()
    }

    #[test]
    fn what_may_be_given_on_is_packed_as_a_mirror_has_it_and_the_rest_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("lists")).unwrap();
        let lists = entries(&["hostsvn-gambling-vn", "shadowwhisperer-adult", "hostsvn-ads"]);
        kept(&store, &lists[0], b"0.0.0.0 a.example\n0.0.0.0 b.example\n");
        kept(&store, &lists[2], b"0.0.0.0 c.example\n");
        let target = folder.path().join("snapshot");
        let report = pack(&lists, &store, false, &target).unwrap();
        assert_eq!(report.packed.iter().map(|packed| packed.names).collect::<Vec<_>>(), [2, 1]);
        assert_eq!(report.left_out, [("shadowwhisperer-adult".into(), LeftOut::NoCopy)]);
        let snapshot = Snapshot::open(&target).unwrap().expect("it has a manifest");
        let (packed, path) = snapshot.find(&lists[0].spec).expect("it was packed");
        assert_eq!((packed.names, packed.fetched_at), (2, 1_800_000_000));
        assert_eq!(fs::read(path).unwrap(), b"0.0.0.0 a.example\n0.0.0.0 b.example\n");
        assert!(snapshot.find(&lists[1].spec).is_none());
        let SourceSpec::Url(url) = &lists[0].spec.source else { panic!("a source has an address") };
        let at = |url: String| ListSpec { source: SourceSpec::Url(url), ..lists[0].spec.clone() };
        let publisher = url.strip_prefix("https://").unwrap();
        assert!(snapshot.find(&at(format!("https://mirror.example/lists/{publisher}"))).is_some());
        assert!(
            snapshot.find(&at("https://other.example/gambling".into())).is_none(),
            "another list of that id"
        );
        let notice = fs::read_to_string(target.join(NOTICE)).unwrap();
        assert!(notice.contains(url) && notice.contains("MIT"), "{notice}");
    }

    #[test]
    fn a_licence_that_asks_for_more_is_packed_for_own_use_only() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("lists")).unwrap();
        let all = catalogue::all();
        let strict = all.iter().find(|entry| !FREE_TO_GIVE_ON.contains(&entry.licence.as_str())).unwrap();
        kept(&store, strict, b"a.example\n");
        let pack =
            |own_use, name| pack(std::slice::from_ref(strict), &store, own_use, &folder.path().join(name));
        let given = pack(false, "given").unwrap();
        assert_eq!(given.left_out, [(strict.spec.id.clone(), LeftOut::Licence(strict.licence.clone()))]);
        assert_eq!(pack(true, "own").unwrap().packed.len(), 1);
    }

    #[test]
    fn a_folder_with_other_files_is_not_written_into_and_an_older_snapshot_is() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("lists")).unwrap();
        let home = folder.path().join("home");
        fs::create_dir(&home).unwrap();
        pack(&[], &store, false, &home).expect("an empty folder");
        pack(&[], &store, false, &home).expect("a snapshot");
        fs::remove_file(home.join(MANIFEST)).unwrap();
        assert!(matches!(pack(&[], &store, false, &home), Err(Error::OtherFiles(_))));
    }

    #[test]
    fn every_source_of_the_catalogue_has_a_place_of_its_own_and_no_address_leads_out_of_the_folder() {
        let all = catalogue::all();
        let places = all.iter().map(|entry| {
            let SourceSpec::Url(source) = &entry.spec.source else { panic!("a source has an address") };
            place(source).unwrap_or_else(|| panic!("{source}"))
        });
        assert_eq!(places.collect::<std::collections::HashSet<_>>().len(), all.len());
        for source in
            ["https://x.example/../../etc/passwd", "https:///etc/passwd", "x", "https://", "https://x/?a"]
        {
            assert_eq!(place(source), None, "{source}");
        }
    }
}
