//! The cache folder: of each list the last good text, and what is known of it.
//!
//! A folder for each list, in it the text under a name made from its checksum, and `meta.json`, which
//! names the text in force. New text is written beside, flushed and renamed; then the new `meta.json`
//! in the same way: that rename is the moment of change, and a crash at any other leaves the old copy.

use std::collections::BTreeMap;
use std::fs;
use std::hash::Hasher;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use siphasher::sip128::{Hasher128, SipHasher13};

use super::fetch::{self, Validators};
use super::gate::{Passed, Past, Refused};
use super::read::Reading;
use super::spec::{ListSpec, SourceSpec};
use crate::sys::whole::{open_file, write_whole};

/// Characters of an id that make a folder's name as they are; longer or odd ids are hashed.
const ID_MAX: usize = 80;
/// Octets of a `meta.json`; ours have some kilobytes.
const META_MAX: u64 = 1 << 20;

/// Why the cache folder did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The disk said no.
    #[error("{what} {}: {source}", path.display())]
    Io { what: &'static str, path: PathBuf, source: io::Error },
    /// The text is not the one that was kept.
    #[error("use the kept text of list {id:?}: it is damaged")]
    Damaged { id: String },
}

/// What is known of a kept list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Meta {
    /// The list's id.
    pub id: String,
    /// Where its text came from.
    pub source: String,
    /// For asking whether there is a newer one.
    pub etag: Option<String>,
    /// The same, for servers without `ETag`.
    pub last_modified: Option<String>,
    /// When the text was fetched, Unix seconds.
    pub fetched_at: u64,
    /// When it was last known to be the newest, Unix seconds.
    pub checked_at: u64,
    /// What a person can look up: the header's version or date, else the checksum's beginning.
    pub version: String,
    /// Octets of the text.
    pub length: u64,
    /// SipHash-1-3-128 of the text, against damage on disk (not against forgery), in hexadecimal.
    pub checksum: String,
    /// What it was read as.
    pub format: String,
    /// Lines of the text.
    pub lines: u32,
    /// Rules in force.
    pub taken: u32,
    /// Exceptions.
    pub excepted: u32,
    /// Ids of reasons with their counts, and `rewrite`.
    pub reasons: BTreeMap<String, u32>,
    /// Changes of size in earlier updates.
    pub changes: Vec<u32>,
    /// What the counts depend on besides the text: category and profile.
    pub read_as: String,
    /// The last attempt that failed, until one succeeds.
    pub failure: Option<Failure>,
}

/// An attempt that did not bring a new text into force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// When, Unix seconds.
    pub at: u64,
    /// What happened, in Vietnamese.
    pub vi: String,
    /// What happened, in English.
    pub en: String,
}

impl Failure {
    /// A download that the gate refused.
    pub fn refused(at: u64, why: Refused) -> Self {
        Self { at, vi: why.vi(), en: why.en() }
    }

    /// A download that did not come.
    pub fn fetch(at: u64, why: &fetch::Error) -> Self {
        Self { at, vi: why.vi(), en: why.en() }
    }
}

/// The cache folder.
#[derive(Clone, Debug)]
pub struct Store {
    folder: PathBuf,
}

impl Store {
    /// Opens the folder; makes it if it is not there.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn open(folder: &Path) -> Result<Self, Error> {
        fs::create_dir_all(folder).map_err(|source| io_error("make the folder", folder, source))?;
        Ok(Self::at(folder))
    }

    /// The folder as it is: it is made with the first list that is kept.
    pub fn at(folder: &Path) -> Self {
        Self { folder: folder.to_owned() }
    }

    /// What is known of a list; `None` where nothing is kept, or what is kept cannot be read (it is
    /// then fetched again).
    pub fn meta(&self, id: &str) -> Option<Meta> {
        let path = self.folder_of(id).join("meta.json");
        let mut text = Vec::new();
        open_file(&path).ok()?.take(META_MAX + 1).read_to_end(&mut text).ok()?;
        if text.len() as u64 > META_MAX {
            return None;
        }
        serde_json::from_slice(&text).ok().filter(|meta: &Meta| meta.id == id && is_checksum(&meta.checksum))
    }

    /// The last good text of a list, whole and undamaged.
    ///
    /// # Errors
    /// [`Error::Damaged`] if its checksum is another; [`Error::Io`].
    pub fn text(&self, id: &str) -> Result<Option<(Vec<u8>, Meta)>, Error> {
        let Some(meta) = self.meta(id).filter(Meta::has_text) else { return Ok(None) };
        let path = self.text_path(&meta);
        let mut text = Vec::new();
        open_file(&path)
            .and_then(|file| file.take(meta.length.saturating_add(1)).read_to_end(&mut text))
            .map_err(|source| io_error("read", &path, source))?;
        if text.len() as u64 != meta.length || checksum(&text) != meta.checksum {
            return Err(Error::Damaged { id: id.to_owned() });
        }
        Ok(Some((text, meta)))
    }

    /// What to tell the server, so that it sends the text only if it changed. Nothing if the kept text
    /// came from elsewhere or is damaged.
    pub fn validators(&self, spec: &ListSpec) -> Validators {
        let known = self.meta(&spec.id).filter(|meta| meta.has_text() && meta.source == source_of(spec));
        let whole = |meta: &Meta| matches!(self.text(&meta.id), Ok(Some(_)));
        known.filter(whole).map_or_else(Validators::default, |meta| Validators {
            etag: meta.etag,
            last_modified: meta.last_modified,
        })
    }

    /// What the gate compares with. Nothing if the list came from elsewhere or was read otherwise.
    pub fn past(&self, spec: &ListSpec) -> Option<Past> {
        let same =
            |meta: &Meta| meta.has_text() && meta.source == source_of(spec) && meta.read_as == read_as(spec);
        let meta = self.meta(&spec.id).filter(same)?;
        Some(Past { names: meta.taken, changes: meta.changes })
    }

    /// Keeps a text that passed the gate; it is now the last good one. `now` in Unix seconds.
    ///
    /// # Errors
    /// [`Error::Io`]; the old copy then stays.
    pub fn keep(
        &self,
        spec: &ListSpec,
        text: &[u8],
        validators: Validators,
        reading: &Reading,
        passed: &Passed,
        now: u64,
    ) -> Result<Meta, Error> {
        let account = &reading.account;
        let sum = checksum(text);
        let meta = Meta {
            id: spec.id.clone(),
            source: source_of(spec),
            etag: validators.etag,
            last_modified: validators.last_modified,
            fetched_at: now,
            checked_at: now,
            version: reading.header.version.clone().unwrap_or_else(|| sum[..12].to_owned()),
            length: text.len() as u64,
            checksum: sum,
            format: reading.format.id().to_owned(),
            lines: account.lines,
            taken: account.taken,
            excepted: account.excepted,
            reasons: account.reasons().map(|(reason, count)| (reason.id().to_owned(), count)).collect(),
            changes: passed.past.changes.clone(),
            read_as: read_as(spec),
            failure: None,
        };
        let folder = self.folder_of(&spec.id);
        fs::create_dir_all(&folder).map_err(|source| io_error("make the folder", &folder, source))?;
        write(&self.text_path(&meta), text)?;
        self.write_meta(&meta)?;
        self.drop_others(&folder, &meta);
        Ok(meta)
    }

    /// Whether the kept text seems to be there, by its length alone. `true` where none was ever kept.
    pub fn seems_whole(&self, id: &str) -> bool {
        self.meta(id).filter(Meta::has_text).is_none_or(|meta| {
            fs::metadata(self.text_path(&meta)).is_ok_and(|file| file.is_file() && file.len() == meta.length)
        })
    }

    /// Notes that the kept text is still the newest.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn note_unchanged(&self, id: &str, now: u64) -> Result<(), Error> {
        let Some(meta) = self.meta(id) else { return Ok(()) };
        self.write_meta(&Meta { checked_at: now, failure: None, ..meta })
    }

    /// Notes that an attempt failed; the kept text stays, if there is one.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn note_failure(&self, spec: &ListSpec, failure: Failure) -> Result<(), Error> {
        let folder = self.folder_of(&spec.id);
        fs::create_dir_all(&folder).map_err(|source| io_error("make the folder", &folder, source))?;
        let meta = self.meta(&spec.id).unwrap_or_else(|| Meta::without_text(spec));
        self.write_meta(&Meta { failure: Some(failure), ..meta })
    }

    /// Forgets a list: its text and what is known of it.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn forget(&self, id: &str) -> Result<(), Error> {
        let folder = self.folder_of(id);
        match fs::remove_dir_all(&folder) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => {
                Err(io_error("remove", &folder, source))
            }
            _ => Ok(()),
        }
    }

    fn folder_of(&self, id: &str) -> PathBuf {
        self.folder.join(folder_name(id))
    }

    /// Where the text in force lies.
    pub fn text_path(&self, meta: &Meta) -> PathBuf {
        self.folder_of(&meta.id).join(format!("{}.txt", meta.checksum))
    }

    fn write_meta(&self, meta: &Meta) -> Result<(), Error> {
        let text = serde_json::to_vec_pretty(meta).expect("plain fields print as JSON");
        write(&self.folder_of(&meta.id).join("meta.json"), &text)
    }

    /// Removes texts of earlier versions and what a crash left. That one stays is no harm.
    fn drop_others(&self, folder: &Path, meta: &Meta) {
        let keep = self.text_path(meta);
        let Ok(files) = fs::read_dir(folder) else { return };
        for path in files.filter_map(|file| file.ok().map(|file| file.path())) {
            let ours = path.extension().is_some_and(|end| end == "txt" || end == "new");
            if ours && path != keep {
                let _ = fs::remove_file(path);
            }
        }
    }
}

impl Meta {
    /// Whether a text is kept, and not only a failure noted.
    pub fn has_text(&self) -> bool {
        self.fetched_at > 0
    }

    fn without_text(spec: &ListSpec) -> Self {
        Self {
            id: spec.id.clone(),
            source: source_of(spec),
            etag: None,
            last_modified: None,
            fetched_at: 0,
            checked_at: 0,
            version: String::new(),
            length: 0,
            checksum: checksum(b""),
            format: String::new(),
            lines: 0,
            taken: 0,
            excepted: 0,
            reasons: BTreeMap::new(),
            changes: Vec::new(),
            read_as: read_as(spec),
            failure: None,
        }
    }
}

fn source_of(spec: &ListSpec) -> String {
    match &spec.source {
        SourceSpec::Url(url) => url.clone(),
        SourceSpec::File(path) => path.display().to_string(),
        SourceSpec::Starter => "starter".into(),
    }
}

fn read_as(spec: &ListSpec) -> String {
    format!("{:?} {:?} {:?}", spec.kind, spec.format, spec.profile)
}

/// A name for the folder: the id where that is safe, else a hash of it.
fn folder_name(id: &str) -> String {
    let plain = |octet: u8| {
        octet.is_ascii_lowercase() || octet.is_ascii_digit() || matches!(octet, b'-' | b'_' | b'.')
    };
    let safe = !id.is_empty()
        && id.len() <= ID_MAX
        && id.bytes().all(plain)
        && !id.starts_with('.')
        && !id.starts_with("id~");
    if safe { id.to_owned() } else { format!("id~{}", checksum(id.as_bytes())) }
}

fn checksum(text: &[u8]) -> String {
    let mut hasher = SipHasher13::new_with_keys(0, 0);
    hasher.write(text);
    let sum = hasher.finish128();
    format!("{:016x}{:016x}", sum.h1, sum.h2)
}

fn is_checksum(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|octet| octet.is_ascii_hexdigit())
}

fn write(path: &Path, octets: &[u8]) -> Result<(), Error> {
    write_whole(path, octets).map_err(|source| io_error("write", path, source))
}

fn io_error(what: &'static str, path: &Path, source: io::Error) -> Error {
    Error::Io { what, path: path.to_owned(), source }
}
