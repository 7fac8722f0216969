//! From the workers' tables to the store, once a second, in two steps that never wait for each other.
//!
//! The **collector** takes every worker's table, turns addresses into pseudonyms and merges them into
//! `waiting`. It touches no file, so the minutes and the day's key stay right however slow the disk
//! is. The **keeper** takes what waits as a numbered batch and stores it; it is the one writer. A
//! batch that fails is kept and tried again under its number each second, while new attempts merge in
//! `waiting`, up to its bounds, then coarser. So a slow or full disk costs no answer and no attempt.
//!
//! Both are machines that are told the time; `threads` only tells them.

use std::fs::File;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use tracing::{error, info, warn};

use super::clock::{Clock, day_of, minute_of};
use super::count::{Clients, Second, Tally};
use super::health::{Failing, Health};
use super::kinds::{Fit, Key, Kinds, Limits};
use super::pseudonym::{DayKey, DeviceMode, kept};
use super::store::{Error, Keep, Rosters, SCHEMA, Store, put_aside};
use super::{open_key, take_folder};
use crate::sys::fault;

/// What may wait for the disk with all its details: 16 MiB of kinds and 8 MiB of names; twice that
/// when a batch is in the keeper's hand as well. Coarser kinds come on top, 1 MiB of each sort.
const WAITING: Limits = Limits { kinds: 1 << 18, names: 8 << 20, coarse: 1 << 14 };
/// A clock that leaps further than this between two seconds is not believed for a while…
const LEAP: SignedDuration = SignedDuration::from_hours(24);
/// …and nothing is deleted until it has gone on for this long.
const DOUBT: SignedDuration = SignedDuration::from_hours(1);

/// What the handle, the collector and the keeper share. Each lock is held for a few lines, none for I/O.
pub(super) struct Shared {
    pub clock: Arc<dyn Clock>,
    device: DeviceMode,
    tallies: Mutex<Tallies>,
    waiting: Mutex<Kinds>,
    /// The day's key, when its file does not hold it yet.
    key_to_write: Mutex<Option<DayKey>>,
    in_flight: AtomicU64,
    folded: AtomicU64,
    health: Mutex<Health>,
}

struct Tallies {
    minute: u32,
    all: Vec<Arc<Tally>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn hash_key() -> [u8; 16] {
    let mut key = [0; 16];
    // Without randomness the table still counts; only its order could be guessed.
    let _ = getrandom::fill(&mut key);
    key
}

impl Shared {
    pub fn new(clock: Arc<dyn Clock>, device: DeviceMode) -> Self {
        let minute = minute_of(clock.now());
        Self {
            clock,
            device,
            tallies: Mutex::new(Tallies { minute, all: Vec::new() }),
            waiting: Mutex::new(Kinds::new(WAITING, hash_key())),
            key_to_write: Mutex::new(None),
            in_flight: AtomicU64::new(0),
            folded: AtomicU64::new(0),
            health: Mutex::new(Health { schema: SCHEMA, ..Health::default() }),
        }
    }

    /// A table for one worker.
    pub fn tally(&self) -> Arc<Tally> {
        let clients = if self.device == DeviceMode::None { Clients::NotKept } else { Clients::Kept };
        // Under the lock: else the collector could go to a new minute between reading it and the push.
        let mut tallies = lock(&self.tallies);
        let tally = Arc::new(Tally::new(clients, Second::new(tallies.minute, hash_key())));
        tallies.all.push(tally.clone());
        tally
    }

    pub fn health(&self) -> Health {
        let waiting = lock(&self.waiting).total() + self.in_flight.load(Ordering::Relaxed);
        let folded = self.folded.load(Ordering::Relaxed);
        Health { waiting, folded, ..lock(&self.health).clone() }
    }
}

/// Takes the workers' tables.
pub(super) struct Collector {
    pub shared: Arc<Shared>,
    zone: TimeZone,
    key: DayKey,
    spare: Second,
}

impl Collector {
    pub fn new(shared: Arc<Shared>, zone: TimeZone, key: DayKey) -> Self {
        Self { shared, zone, key, spare: Second::new(0, hash_key()) }
    }

    /// Takes what was counted, merges it, and turns to a new minute and, at midnight, to a new key.
    pub fn collect(&mut self, now: Timestamp) {
        let minute = minute_of(now);
        let shared = self.shared.clone();
        let mut tallies = lock(&shared.tallies);
        tallies.minute = minute;
        tallies.all.retain(|tally| {
            // Before the swap: whoever has no other owner now is counted on by nobody any more.
            let worker_gone = Arc::strong_count(tally) == 1;
            self.spare.minute = minute;
            tally.swap(&mut self.spare);
            self.merge();
            self.spare.clear();
            !worker_gone
        });
        // Still under the lock: a table begun from here on is of the new minute and the new key.
        self.turn_key(day_of(minute, &self.zone));
    }

    /// Merges `spare` into what waits.
    fn merge(&mut self) {
        let mut folded = self.spare.folded;
        if self.spare.kinds.len() > 0 {
            let mut waiting = lock(&self.shared.waiting);
            for (key, name, count) in self.spare.kinds.iter() {
                let who = kept(key.who, self.shared.device, &self.key);
                let details = !name.is_empty() || key.rtype != 0;
                if waiting.add(Key { who, ..*key }, name, count) == Fit::Folded && details {
                    folded += count;
                }
            }
        }
        self.shared.folded.fetch_add(folded, Ordering::Relaxed);
    }

    fn turn_key(&mut self, day: Date) {
        match self.key.turn(day) {
            Ok(false) => {}
            Ok(true) if self.shared.device == DeviceMode::Pseudonym => {
                *lock(&self.shared.key_to_write) = Some(self.key.copy());
            }
            Ok(true) => {}
            // Tried again in a second; the system has had randomness when we started.
            Err(error) => error!("could not make the new day's key for pseudonyms: {error}"),
        }
    }
}

/// What waits for the disk under one number, so that it is stored once whatever is reported.
struct Batch {
    seq: i64,
    kinds: Kinds,
}

/// Stores what waits.
pub(super) struct Keeper {
    pub shared: Arc<Shared>,
    /// Held by the one program that writes into the folder; none while that could not be made sure of.
    lock: Option<File>,
    /// Lost pages in the whole process when the store was opened.
    faults: u64,
    /// None while it could not be opened.
    store: Option<Store>,
    pub parts: KeeperParts,
    next_seq: i64,
    batch: Option<Batch>,
    spare: Option<Kinds>,
    tidied: u32,
    more: bool,
    last_now: Timestamp,
    doubted_until: Option<Timestamp>,
}

/// What the keeper was given at the start.
pub(super) struct KeeperParts {
    pub folder: PathBuf,
    pub key_file: PathBuf,
    pub zone: TimeZone,
    pub keep: Keep,
    pub rosters: Rosters,
}

impl Keeper {
    /// A keeper whose store is not opened yet.
    pub fn new(shared: Arc<Shared>, parts: KeeperParts) -> Self {
        let last_now = shared.clock.now();
        Self {
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
            last_now,
            doubted_until: None,
        }
    }

    /// Opens the store. What hinders that is kept in health and tried again with each [`store`](Self::store).
    pub fn open(&mut self, now: Timestamp) {
        if let Err(error) = self.open_again(now).and_then(|()| self.measure()) {
            self.failed(&error, now);
        }
    }

    /// The key of today, read back if the folder is ours and has it. What hinders that costs the pseudonyms of
    /// this morning; the new key is written when it can be.
    ///
    /// # Errors
    /// The system has no randomness.
    pub fn first_key(&mut self, device: DeviceMode, today: Date, now: Timestamp) -> Result<DayKey, Error> {
        let path = self.parts.key_file.clone();
        let failed = |source| Error::File { doing: "keep the day's key in", path: path.clone(), source };
        let kept = match &self.lock {
            Some(_) => open_key(&path, device, today).map_err(failed).map(Some),
            None => Ok(None),
        };
        match kept {
            Ok(Some(key)) => return Ok(key),
            Ok(None) => {}
            Err(error) => self.failed(&error, now),
        }
        let key = DayKey::fresh(today).map_err(failed)?;
        if device == DeviceMode::Pseudonym {
            *lock(&self.shared.key_to_write) = Some(key.copy());
        }
        Ok(key)
    }

    /// One second's work. Failures are kept in health, told once, and tried again next time.
    pub fn store(&mut self, now: Timestamp) {
        self.drop_faulty();
        let stored = self.store_waiting(now);
        let key = self.write_key(); // also when the store fails: the old key must go
        let tidied = stored.and_then(|()| self.tidy(now)).and_then(|()| self.measure());
        match tidied.and(key) {
            Ok(()) => self.all_is_well(),
            Err(error) => self.failed(&error, now),
        }
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

    /// Whether something still waits.
    pub fn waits(&self) -> bool {
        self.batch.is_some() || lock(&self.shared.waiting).total() > 0
    }

    fn write_key(&mut self) -> Result<(), Error> {
        if self.lock.is_none() {
            return Ok(()); // the key in the folder may be another program's
        }
        let Some(key) = lock(&self.shared.key_to_write).take() else { return Ok(()) };
        let path = &self.parts.key_file;
        key.write(path).map_err(|source| {
            lock(&self.shared.key_to_write).get_or_insert(key);
            Error::File { doing: "replace the day's key in", path: path.clone(), source }
        })
    }

    fn store_waiting(&mut self, now: Timestamp) -> Result<(), Error> {
        self.open_again(now)?;
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

    fn open_again(&mut self, now: Timestamp) -> Result<(), Error> {
        if self.store.is_some() {
            return Ok(());
        }
        if self.lock.is_none() {
            self.lock = Some(take_folder(&self.parts.folder)?);
        }
        let (store, aside) = Store::open(&self.parts.folder, self.parts.zone.clone(), now)?;
        if let Some(aside) = aside {
            tell_aside(&self.shared, aside);
        }
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
        self.store = Some(store);
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
        let capped = store.hold_cap(self.parts.keep.size_cap)?;
        let mut health = lock(&self.shared.health);
        if capped.cut > 0 && health.cut == 0 {
            warn!(
                rows = capped.cut,
                "the journal reached its size cap: the oldest minutes go before their time"
            );
        }
        health.cut += capped.cut;
        health.over_cap = capped.over;
        drop(health);
        let leapt = now.duration_since(self.last_now) > LEAP;
        self.last_now = now;
        if leapt {
            warn!("the clock leapt forward by more than a day: nothing is deleted for an hour");
            self.doubted_until = now.checked_add(DOUBT).ok();
        }
        if self.doubted_until.is_some_and(|until| now < until) {
            return Ok(());
        }
        self.doubted_until = None;
        if self.more || self.tidied != minute_of(now) {
            self.more = store.tidy(&self.parts.keep, now)?.more;
            self.tidied = minute_of(now);
        }
        Ok(())
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
            Some(failing) => failing.what = error.to_string(),
            none => {
                error!("the journal could not {error}; attempts are kept in memory until it can");
                *none = Some(Failing { since: now, what: error.to_string() });
            }
        }
        drop(health);
        if error.is_damage()
            && let Some(store) = self.store.take()
        {
            let path = store.path().to_owned();
            drop(store);
            match put_aside(&path, now) {
                Ok(aside) => tell_aside(&self.shared, aside),
                Err(error) => error!("the journal could not {error}"),
            }
        }
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
        self.store.as_ref().expect("a test has not broken it").db()
    }
}

/// Says in the log and in health that a damaged store was put aside.
pub(super) fn tell_aside(shared: &Shared, aside: PathBuf) {
    error!(path = %aside.display(), "the journal's store was damaged: it was put aside as `{}` and a new one begun", aside.display());
    lock(&shared.health).put_aside = Some(aside);
}
