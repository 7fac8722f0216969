//! The cache folder: of each list the last good text, and what is known of it ([`Meta`]).
//!
//! A folder for each list, in it the text under a name made from its checksum, and `meta.json`, which
//! names the text in force. New text is written beside under a name of its own, flushed and renamed; then
//! the new `meta.json` in the same way: that rename is the moment of change, and a crash at any other
//! leaves the old copy. Whoever renews a list holds its lock (`lock`), so that two updates, of one process
//! or of two, follow each other.

use std::collections::HashMap;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use super::arriving::{Arriving, checksum, checksum_of, is_checksum};
use super::fetch::Validators;
use super::fresh::Fresh;
use super::gate::{Passed, Past};
use super::meta::{Acceptance, Failure, Meta, meta_of, read_as};
use super::read::Reading;
use super::spec::ListSpec;
use crate::sys::lock::Guard;
use crate::sys::mmap::memory_file;
use crate::sys::whole::{open_file, open_private, write_whole};

/// Characters of an id that make a folder's name as they are; longer or odd ids are hashed.
const ID_MAX: usize = 80;
/// Octets of a `meta.json`; ours have some kilobytes.
const META_MAX: u64 = 1 << 20;
/// The note that a person wants a list's next text.
const ACCEPTED: &str = "accepted";
/// Between two looks whether another update of the list has ended.
const LOCK_LOOK: Duration = Duration::from_millis(50);

/// Why the cache folder did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The disk said no.
    #[error("{what} {}: {source}", path.display())]
    Io { what: &'static str, path: PathBuf, source: io::Error },
    /// The text is not the one that was kept.
    #[error("use the kept text of list {id:?}: it is damaged")]
    Damaged { id: String },
    /// Somebody else renews the list, and took too long to wait for.
    #[error("begin: another update of list {id:?} is under way")]
    Busy { id: String },
}

/// Lists that were just read, by their ids and [`Meta::mark`].
pub type FreshLists = HashMap<(String, String), Arc<Fresh>>;

/// The cache folder.
#[derive(Clone, Debug)]
pub struct Store {
    folder: PathBuf,
    /// Whether the folder is this program's.
    may_write: Arc<AtomicBool>,
    /// Those read since the last index was built.
    fresh: Arc<Mutex<FreshLists>>,
    /// What could not be written, by list.
    unwritten: Arc<Mutex<HashMap<String, Unwritten>>>,
}

/// What is known of a list and not on disk, because the disk does not take it.
#[derive(Clone, Debug)]
struct Unwritten {
    meta: Meta,
    /// The list itself, where its text could not be kept either.
    list: Option<Arc<Fresh>>,
    since: Instant,
}

/// How often it is tried whether the disk takes a list that is in memory alone.
const UNWRITTEN_RETRY: Duration = Duration::from_secs(600);

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
        Self::shared(folder, Arc::new(AtomicBool::new(true)))
    }

    /// The same of a folder that may be another program's: while `may_write` says so, it is used as it is, and what
    /// comes is kept in memory.
    pub fn shared(folder: &Path, may_write: Arc<AtomicBool>) -> Self {
        Self { folder: folder.to_owned(), may_write, fresh: Arc::default(), unwritten: Arc::default() }
    }

    /// What is known of a list; `None` where nothing is kept, or what is kept cannot be read (it is
    /// then fetched again).
    pub fn meta(&self, id: &str) -> Option<Meta> {
        if let Some(unwritten) = self.unwritten().get(id) {
            return Some(unwritten.meta.clone());
        }
        self.written_meta(id)
    }

    fn written_meta(&self, id: &str) -> Option<Meta> {
        let path = self.folder_of(id).join("meta.json");
        let mut text = Vec::new();
        open_file(&path).ok()?.take(META_MAX + 1).read_to_end(&mut text).ok()?;
        if text.len() as u64 > META_MAX {
            return None;
        }
        serde_json::from_slice(&text).ok().filter(|meta: &Meta| meta.id == id && is_checksum(&meta.checksum))
    }

    /// What is known of a list whose last good text is there, whole and undamaged.
    ///
    /// # Errors
    /// [`Error::Damaged`] if its checksum is another; [`Error::Io`].
    pub fn intact(&self, id: &str) -> Result<Option<Meta>, Error> {
        let Some(meta) = self.written_meta(id).filter(Meta::has_text) else { return Ok(None) };
        let path = self.text_path(&meta);
        let (length, sum) = checksum_of(&path).map_err(|source| io_error("read", &path, source))?;
        if length != meta.length || sum != meta.checksum {
            return Err(Error::Damaged { id: id.to_owned() });
        }
        Ok(Some(meta))
    }

    /// What to tell the server, so that it sends the text only if it changed. Nothing if the kept text
    /// came from elsewhere, was read otherwise, or is damaged.
    pub fn validators(&self, spec: &ListSpec) -> Validators {
        let known = self.intact(&spec.id).ok().flatten();
        let same = |meta: &Meta| meta.is_from(spec) && meta.read_as == read_as(spec);
        known.filter(same).map_or_else(Validators::default, |meta| Validators {
            etag: meta.etag,
            last_modified: meta.last_modified,
        })
    }

    /// What the gate compares with. Nothing if the list came from elsewhere or was read otherwise.
    pub fn past(&self, spec: &ListSpec) -> Option<Past> {
        let same = |meta: &Meta| meta.has_text() && meta.is_from(spec) && meta.read_as == read_as(spec);
        let meta = self.meta(&spec.id).filter(same)?;
        Some(Past { names: meta.taken, changes: meta.changes, refused: meta.refused })
    }

    /// Waits until nobody else renews the list, at most for `wait`. The lock ends with the value, and with the
    /// process.
    ///
    /// # Errors
    /// [`Error::Busy`], [`Error::Io`].
    pub fn lock(&self, id: &str, wait: Duration) -> Result<Lock, Error> {
        let folder = self.make_folder(id)?;
        let path = folder.join("lock");
        let failed = |source| io_error("lock", &path, source);
        let file = open_private(&path).map_err(failed)?;
        let begun = Instant::now();
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Lock { _file: file }),
                Err(TryLockError::Error(source)) => return Err(failed(source)),
                Err(TryLockError::WouldBlock) if begun.elapsed() >= wait => {
                    return Err(Error::Busy { id: id.to_owned() });
                }
                Err(TryLockError::WouldBlock) => std::thread::sleep(LOCK_LOOK),
            }
        }
    }

    /// Notes that a person wants the list's next text, whatever the gate says of its size.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn accept(&self, id: &str, acceptance: &Acceptance) -> Result<(), Error> {
        let path = self.make_folder(id)?.join(ACCEPTED);
        write(&path, &serde_json::to_vec_pretty(acceptance).expect("plain fields print as JSON"))
    }

    /// Who wants the next text, and why. While a list is in memory alone, the text that was wanted is in force, and
    /// what comes is compared with it.
    pub fn acceptance(&self, id: &str) -> Option<Acceptance> {
        let mut text = Vec::new();
        let file = open_file(&self.folder_of(id).join(ACCEPTED)).ok()?;
        file.take(META_MAX).read_to_end(&mut text).ok()?;
        // A note without these words is one all the same.
        self.in_memory(id).is_none().then(|| serde_json::from_slice(&text).unwrap_or_default())
    }

    /// Whether the next text is wanted.
    pub fn is_accepted(&self, id: &str) -> bool {
        self.acceptance(id).is_some()
    }

    /// Forgets that the next text is wanted: it was judged, and is kept or refused.
    pub fn end_acceptance(&self, id: &str) {
        // Where there is none, there is nothing to end.
        let _ = fs::remove_file(self.folder_of(id).join(ACCEPTED));
    }

    /// Begins a new text of a list, beside the one in force.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn begin(&self, id: &str) -> Result<Arriving, Error> {
        let folder = self.make_folder(id)?;
        let number = getrandom::u64().unwrap_or_else(|_| u64::from(std::process::id()));
        let path = folder.join(format!("{number:016x}.part"));
        let mut options = OpenOptions::new();
        let file = options.read(true).write(true).create_new(true).mode(0o600).open(&path);
        let file = file.map_err(|source| io_error("create", &path, source))?;
        Ok(Arriving::new(file, path, folder))
    }

    /// A place for a text in memory, where the disk takes none.
    ///
    /// # Errors
    /// The system has no memory left.
    pub fn begin_in_memory(&self) -> Result<Arriving, Error> {
        let file =
            memory_file().map_err(|source| io_error("make a file in", Path::new("(memory)"), source))?;
        Ok(Arriving::new(file, PathBuf::new(), PathBuf::new()))
    }

    /// Keeps a text that passed the gate; it is now the last good one. `now` in Unix seconds.
    ///
    /// # Errors
    /// [`Error::Io`]; the old copy then stays.
    pub fn keep(
        &self,
        spec: &ListSpec,
        text: Arriving,
        validators: Validators,
        reading: &Reading,
        passed: &Passed,
        now: u64,
    ) -> Result<Meta, Error> {
        let accepted = self.acceptance(&spec.id);
        let meta = Meta { accepted, ..meta_of(spec, &text, validators, reading, passed, now) };
        text.file().sync_all().map_err(|source| io_error("flush", text.path(), source))?;
        let path = self.text_path(&meta);
        fs::rename(text.path(), &path).map_err(|source| io_error("put in its place", &path, source))?;
        // This flushes the folder too.
        self.write_meta(&meta)?;
        self.drop_others(text.folder(), &meta);
        Ok(meta)
    }

    /// Keeps what a list said, for the next index.
    pub fn note_fresh(&self, spec: &ListSpec, meta: &Meta, fresh: Fresh) {
        let key = (spec.id.clone(), meta.mark(spec));
        self.fresh().insert(key, Arc::new(fresh));
    }

    /// What lists said that were read since this was last asked.
    pub fn take_fresh(&self) -> FreshLists {
        std::mem::take(&mut *self.fresh())
    }

    fn fresh(&self) -> MutexGuard<'_, FreshLists> {
        self.fresh.guard()
    }

    /// Whether the kept text seems to be there, by its length alone. `true` where none was ever kept. A list in
    /// memory is not there from time to time, so that it is fetched again for the disk.
    pub fn seems_whole(&self, id: &str) -> bool {
        let in_memory = self.unwritten().get(id).filter(|it| it.list.is_some()).map(|it| it.since.elapsed());
        if let Some(age) = in_memory {
            return age < UNWRITTEN_RETRY || self.make_folder(id).is_err();
        }
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
        self.write_meta(&Meta {
            checked_at: now,
            failure: None,
            failing_since: None,
            refused: Vec::new(),
            ..meta
        })
    }

    /// Notes that an attempt failed; the kept text stays, if there is one.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn note_failure(&self, spec: &ListSpec, failure: Failure) -> Result<(), Error> {
        self.note_failure_and(spec, failure, |_| {})
    }

    /// The same of a text whose size the gate refused: with `past`, which has that size too.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn note_refused(&self, spec: &ListSpec, failure: Failure, past: Past) -> Result<(), Error> {
        self.note_failure_and(spec, failure, |meta| meta.refused = past.refused)
    }

    fn note_failure_and(
        &self,
        spec: &ListSpec,
        failure: Failure,
        also: impl FnOnce(&mut Meta),
    ) -> Result<(), Error> {
        let meta = self.meta(&spec.id).unwrap_or_else(|| Meta::without_text(spec));
        let failing_since = meta.failing_since.or(Some(failure.at));
        let mut meta = Meta { failure: Some(failure), failing_since, ..meta };
        also(&mut meta);
        let written = self.make_folder(&spec.id).and_then(|_| self.write_meta(&meta));
        if written.is_err() {
            // The status tells it all the same.
            let mut unwritten = self.unwritten();
            let list = unwritten.remove(&spec.id).and_then(|before| before.list);
            unwritten.insert(spec.id.clone(), Unwritten { meta, list, since: Instant::now() });
        }
        written
    }

    /// Keeps a list in memory that passed the gate, where the disk takes no copy.
    pub fn keep_in_memory(
        &self,
        spec: &ListSpec,
        text: &Arriving,
        fresh: Fresh,
        passed: &Passed,
        now: u64,
    ) -> Meta {
        let meta = meta_of(spec, text, Validators::default(), &fresh.reading, passed, now);
        let list = Some(Arc::new(fresh));
        self.unwritten()
            .insert(spec.id.clone(), Unwritten { meta: meta.clone(), list, since: Instant::now() });
        meta
    }

    /// A list that is kept in memory alone.
    pub fn in_memory(&self, id: &str) -> Option<(Meta, Arc<Fresh>)> {
        let unwritten = self.unwritten();
        let Unwritten { meta, list, .. } = unwritten.get(id)?;
        Some((meta.clone(), list.clone()?))
    }

    fn unwritten(&self) -> MutexGuard<'_, HashMap<String, Unwritten>> {
        self.unwritten.guard()
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

    /// The folder of one list, where also what its reading needs for a while may lie.
    pub fn folder_of(&self, id: &str) -> PathBuf {
        self.folder.join(folder_name(id))
    }

    fn make_folder(&self, id: &str) -> Result<PathBuf, Error> {
        let folder = self.folder_of(id);
        if !self.may_write.load(Ordering::Relaxed) {
            return Err(io_error("use the folder", &folder, io::ErrorKind::ResourceBusy.into()));
        }
        fs::create_dir_all(&folder).map_err(|source| io_error("make the folder", &folder, source))?;
        Ok(folder)
    }

    /// Where the text in force lies.
    pub fn text_path(&self, meta: &Meta) -> PathBuf {
        self.folder_of(&meta.id).join(format!("{}.txt", meta.checksum))
    }

    fn write_meta(&self, meta: &Meta) -> Result<(), Error> {
        let text = serde_json::to_vec_pretty(meta).expect("plain fields print as JSON");
        write(&self.folder_of(&meta.id).join("meta.json"), &text)?;
        self.unwritten().remove(&meta.id);
        Ok(())
    }

    /// Removes texts of earlier versions and what a crash left. That one stays is no harm.
    fn drop_others(&self, folder: &Path, meta: &Meta) {
        let keep = self.text_path(meta);
        let Ok(files) = fs::read_dir(folder) else { return };
        for path in files.filter_map(|file| file.ok().map(|file| file.path())) {
            let ours = path.extension().is_some_and(|end| end == "txt" || end == "new" || end == "part");
            if ours && path != keep {
                let _ = fs::remove_file(path);
            }
        }
    }
}

/// The right to renew a list.
#[derive(Debug)]
pub struct Lock {
    _file: File,
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

fn write(path: &Path, octets: &[u8]) -> Result<(), Error> {
    write_whole(path, octets).map_err(|source| io_error("write", path, source))
}

fn io_error(what: &'static str, path: &Path, source: io::Error) -> Error {
    Error::Io { what, path: path.to_owned(), source }
}
