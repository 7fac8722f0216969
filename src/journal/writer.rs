//! From the workers' tables to the store, once a second, in two steps that never wait for each other.
//!
//! The **collector** (`collector`) takes every worker's table, turns addresses into pseudonyms and merges them into
//! `waiting`. The **keeper**, here, takes what waits as a numbered batch and stores it; it is the one writer. A
//! batch that fails is kept and tried again under its number each second, while new attempts merge in
//! `waiting`, up to its bounds, then coarser. So a slow or full disk costs no answer and no attempt.
//!
//! Both are machines that are told the time; `threads` only tells them.

use std::fs::{DirBuilder, File, TryLockError};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use tracing::{error, info, warn};

use super::clock::{Clock, minute_of};
use super::collector::{Shared, WAITING, hash_key, lock};
use super::doubt::Doubt;
use super::health::Failing;
use super::keyfile::KeyFile;
use super::kinds::Kinds;
use super::store::{Error, Keep, Place, Rosters, Store, put_aside};
use crate::i18n::msg;
use crate::sys::fault;
use crate::sys::private::identity;
use crate::sys::whole::open_private;

/// Steps of folding in one second; a batch makes one.
const FOLDS_A_SECOND: usize = 4;
/// Held by the one program that writes here.
const LOCK_FILE: &str = "journal.lock";

/// What waits for the disk under one number, so that it is stored once whatever is reported.
struct Batch {
    seq: i64,
    kinds: Kinds,
}

/// The folder, and the lock that says that one program writes there.
struct Lock {
    path: PathBuf,
    ours: Option<(u64, u64)>,
    _file: File,
}

impl Lock {
    fn take(folder: &Path) -> Result<Self, Error> {
        let failed = |doing, path: &Path, source| Error::File { doing, path: path.into(), source };
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)
            .map_err(|source| failed("make the folder", folder, source))?;
        let path = folder.join(LOCK_FILE);
        let file = open_private(&path).map_err(|source| failed("open", &path, source))?;
        match file.try_lock() {
            Ok(()) => Ok(Self { ours: identity(&path), path, _file: file }),
            Err(TryLockError::WouldBlock) => Err(Error::InUse { path: folder.into() }),
            Err(TryLockError::Error(source)) => Err(failed("lock", &path, source)),
        }
    }

    fn is_ours(&self) -> bool {
        identity(&self.path) == self.ours
    }
}

/// Stores what waits.
pub(super) struct Keeper {
    pub shared: Arc<Shared>,
    lock: Option<Lock>,
    /// Lost pages in the whole process when the store was opened.
    faults: u64,
    /// None until it can be opened, and after it was put aside or moved away.
    store: Option<Store>,
    pub parts: KeeperParts,
    next_seq: i64,
    batch: Option<Batch>,
    spare: Option<Kinds>,
    tidied: u32,
    more: bool,
    doubt: Doubt,
    /// When a store was lost or put aside, until the new one remembers it.
    lost: Option<Timestamp>,
}

/// What the keeper was given at the start.
pub(super) struct KeeperParts {
    pub folder: PathBuf,
    pub key_file: KeyFile,
    pub zone: TimeZone,
    pub keep: Keep,
    pub rosters: Rosters,
}

impl Keeper {
    /// A keeper that stores in the parts' folder. What hinders that is told in health and tried again each
    /// second, so a server answers and counts whatever its state folder is like.
    pub fn new(shared: Arc<Shared>, parts: KeeperParts) -> Self {
        let now = shared.clock.now();
        let mut keeper = Self {
            shared,
            lock: None,
            faults: fault::count(),
            store: None,
            parts,
            next_seq: 1,
            batch: None,
            spare: None,
            tidied: 0,
            more: true,
            doubt: Doubt::new(None, now),
            lost: None,
        };
        match keeper.open(true).and_then(|()| keeper.measure()) {
            // Brought up to date by its own thread, in a second.
            Ok(()) | Err(Error::Older { .. }) => {}
            Err(error) => keeper.failed(&error, now),
        }
        keeper
    }

    /// Whether the folder is this program's; else the key in the runtime folder may be another one's.
    pub fn has_folder(&self) -> bool {
        self.lock.is_some()
    }

    /// Closes the store after a page of a mapped file was lost. It may have been one of SQLite's index of its log
    /// (`journal.sqlite-shm`): this process would go on with a copy of its own, and readers with another.
    fn drop_faulty(&mut self) {
        let faults = fault::count();
        if self.faults != faults && self.store.take().is_some() {
            warn!("a mapped file lost pages: the journal's store is opened again");
        }
        self.faults = faults;
    }

    /// Opens the store, if it is not open.
    fn open(&mut self, at_start: bool) -> Result<(), Error> {
        if self.store.is_some() {
            return Ok(());
        }
        if self.lock.is_none() {
            self.lock = Some(Lock::take(&self.parts.folder)?);
        }
        let now = self.shared.clock.now();
        let (store, aside) = Store::open(&self.parts.folder, self.parts.zone.clone(), now, at_start)?;
        if let Some(aside) = aside {
            self.note_aside(aside, now);
        }
        if let Some(lost) = self.lost {
            store.remember("lost", lost.as_second())?;
            self.lost = None;
        }
        let lost = store.mark("lost")?.and_then(|at| Timestamp::from_second(at).ok());
        lock(&self.shared.health).lost = lost;
        // Numbers begin anew with a new store, which does not have the batch in hand. In the store of before it may
        // be the last one, and is known by its number then.
        let last = store.last_batch()?;
        self.next_seq = last + 1;
        if let Some(batch) = &mut self.batch {
            if batch.seq != last {
                batch.seq = self.next_seq;
            }
            self.next_seq = batch.seq + 1;
        }
        let clock = store.mark("clock")?.and_then(|clock| Timestamp::from_second(clock).ok());
        if let Some(clock) = clock {
            self.shared.clock.remember(clock);
        }
        self.doubt = Doubt::new(clock, self.shared.clock.now());
        self.more = true;
        self.store = Some(store);
        Ok(())
    }

    /// Looks whether the files are still where they were. Counts in memory stay whatever became of them.
    fn look_after_files(&mut self, now: Timestamp) {
        match self.store.as_ref().map(Store::place) {
            None | Some(Place::Ours) => {}
            Some(Place::Moved) => {
                let store = self.store.take().expect("it was just there");
                let path = store.path().to_owned();
                store.leave();
                error!(
                    path = %path.display(),
                    "the journal's store `{}` was removed, renamed or replaced: a new one is begun",
                    path.display()
                );
                lock(&self.shared.health).moved = Some(now);
                self.lost = Some(now);
            }
            Some(Place::LogMoved) => {
                // Closing writes all into the store, from the log that is still open: nothing is lost.
                self.store = None;
                warn!("a file beside the journal's store was removed or replaced: the store is opened again");
            }
            Some(Place::Overwritten) => {
                let path = self.store.take().expect("it was just there").path().to_owned();
                match put_aside(&path, now) {
                    Ok(aside) => self.note_aside(aside, now),
                    Err(error) => error!("the journal could not {error}"),
                }
            }
        }
        if self.lock.as_ref().is_some_and(|lock| !lock.is_ours()) {
            self.lock = None;
            if let Some(store) = self.store.take() {
                store.leave();
            }
        }
    }

    /// One second's work. Failures are kept in health, told once, and tried again next time.
    pub fn store(&mut self, now: Timestamp) {
        self.drop_faulty();
        self.look_after_files(now);
        let stored = self.store_waiting(now);
        let key = self.write_key(); // also when the store fails: the old key must go
        let tidied = stored.and_then(|()| self.tidy(now)).and_then(|()| self.measure());
        match tidied.and(key) {
            Ok(()) => self.all_is_well(),
            Err(error) => self.failed(&error, now),
        }
    }

    /// Whether something still waits.
    pub fn waits(&self) -> bool {
        self.batch.is_some() || lock(&self.shared.waiting).total() > 0
    }

    fn write_key(&mut self) -> Result<(), Error> {
        if self.lock.is_none() {
            return Ok(()); // the key in the file may be another program's
        }
        let Some(key) = lock(&self.shared.key_to_write).take() else { return Ok(()) };
        let path = self.parts.key_file.path().to_owned();
        self.parts.key_file.write(&key).map_err(|source| {
            lock(&self.shared.key_to_write).get_or_insert(key);
            Error::File { doing: "replace the day's key in", path, source }
        })?;
        if let Some(store) = &mut self.store {
            store.log_holds_secrets();
        }
        Ok(())
    }

    fn store_waiting(&mut self, now: Timestamp) -> Result<(), Error> {
        self.open(false)?;
        self.take_batch();
        let (Some(store), Some(batch)) = (&mut self.store, &self.batch) else { return Ok(()) };
        store.save(batch.seq, &batch.kinds, &self.parts.rosters, now.as_second())?;
        let mut kinds = self.batch.take().expect("it was just there").kinds;
        self.shared.in_flight.store(0, Ordering::Relaxed);
        let mut health = lock(&self.shared.health);
        health.last_stored = Some(now);
        health.stored += kinds.total();
        drop(health);
        kinds.clear();
        self.spare = Some(kinds);
        Ok(())
    }

    fn take_batch(&mut self) {
        if self.batch.is_some() {
            return;
        }
        let mut spare = self.spare.take().unwrap_or_else(|| Kinds::new(WAITING, hash_key()));
        let mut waiting = lock(&self.shared.waiting);
        if waiting.total() == 0 {
            drop(waiting);
            self.spare = Some(spare);
            return;
        }
        std::mem::swap(&mut *waiting, &mut spare);
        self.shared.in_flight.store(spare.total(), Ordering::Relaxed);
        drop(waiting);
        self.batch = Some(Batch { seq: self.next_seq, kinds: spare });
        self.next_seq += 1;
    }

    fn tidy(&mut self, now: Timestamp) -> Result<(), Error> {
        let Some(store) = &mut self.store else { return Ok(()) };
        let minute = minute_of(now);
        for _ in 0..FOLDS_A_SECOND {
            if !store.fold(minute, false)? {
                break;
            }
        }
        let capped = store.hold_cap(self.parts.keep.size_cap)?;
        let mut health = lock(&self.shared.health);
        if capped.cut + capped.given > 0 && health.cut + health.given == 0 {
            warn!(
                rows = capped.cut + capped.given,
                "the journal reached its size cap: names of devices with very many go first, then the oldest minutes"
            );
        }
        health.cut += capped.cut;
        health.given += capped.given;
        health.over_cap = capped.over;
        let believed = self.doubt.look(now) && !self.shared.clock.is_unset();
        if !believed && !health.clock_doubted {
            warn!(believed = %self.doubt.believed(), "the clock leapt forward: nothing is deleted until it has gone on for a while");
        }
        health.clock_doubted = !believed;
        drop(health);
        if believed && (self.more || self.tidied != minute) {
            let clock = self.doubt.believed().as_second();
            if store.mark("clock")? != Some(clock) {
                store.remember("clock", clock)?;
            }
            self.more = store.tidy(&self.parts.keep, now)?.more;
            self.tidied = minute;
        }
        store.empty_log()
    }

    fn measure(&mut self) -> Result<(), Error> {
        let Some(store) = &self.store else { return Ok(()) };
        let (rows, oldest) = store.events()?;
        let size = store.used()?;
        let mut health = lock(&self.shared.health);
        health.rows = rows;
        health.size = size;
        health.oldest = oldest.map(super::clock::start_of);
        Ok(())
    }

    fn all_is_well(&self) {
        if let Some(failing) = lock(&self.shared.health).failing.take() {
            info!(since = %failing.since, "the journal stores again; nothing was lost meanwhile");
        }
    }

    fn failed(&mut self, error: &Error, now: Timestamp) {
        let mut health = lock(&self.shared.health);
        health.failures += 1;
        match &mut health.failing {
            Some(failing) => failing.what = error.tell(),
            none => {
                error!("the journal could not {error}; attempts are kept in memory until it can");
                *none = Some(Failing { since: now, what: error.tell() });
            }
        }
        drop(health);
        if error.is_damage()
            && let Some(store) = self.store.take()
        {
            let path = store.path().to_owned();
            drop(store);
            match put_aside(&path, now) {
                Ok(aside) => self.note_aside(aside, now),
                Err(error) => error!("the journal could not {error}"),
            }
        }
    }

    /// A damaged store was put aside.
    fn note_aside(&mut self, aside: PathBuf, now: Timestamp) {
        tell_aside(&self.shared, aside);
        self.lost = Some(now);
    }

    /// Begins anew after a panic, which is a bug of ours: the store is opened again, and what waits is tried again.
    pub fn recover(&mut self, now: Timestamp) {
        self.store = None;
        let mut health = lock(&self.shared.health);
        health.failures += 1;
        health.failing = Some(Failing { since: now, what: msg!("journal-panicked") });
    }

    /// Stores what waits, and behaves as if that had failed.
    #[cfg(test)]
    pub fn store_and_forget_that(&mut self, now: Timestamp) {
        self.take_batch();
        let (store, batch) = (self.store.as_mut().unwrap(), self.batch.as_ref().unwrap());
        store.save(batch.seq, &batch.kinds, &self.parts.rosters, now.as_second()).unwrap();
    }

    #[cfg(test)]
    pub fn db(&self) -> &rusqlite::Connection {
        self.try_db().expect("a test has not broken it")
    }

    #[cfg(test)]
    pub fn try_db(&self) -> Option<&rusqlite::Connection> {
        self.store.as_ref().map(Store::db)
    }
}

/// Says in the log and in health that a damaged store was put aside.
pub(super) fn tell_aside(shared: &Shared, aside: PathBuf) {
    error!(path = %aside.display(), "the journal's store was damaged: it was put aside as `{}` and a new one begun", aside.display());
    lock(&shared.health).put_aside = Some(aside);
}
