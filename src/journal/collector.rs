//! The collector: takes the workers' tables once a second, and merges what they hold into what waits for the disk.
//!
//! It touches no file, so the minutes and the day's key stay right however slow the disk is.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use tracing::error;

use super::budget::{Budget, Kept};
use super::clock::{Clock, DatedClock, day_of, minute_of};
use super::count::{Clients, Second, Tally};
use super::health::Health;
use super::kinds::{Fit, Key, Kinds, Limits};
use super::pseudonym::{DayKey, DeviceMode, kept};
use super::store::SCHEMA;
use crate::sys::lock::Guard;
use crate::sys::secret::wipe_stack;

/// What may wait for the disk with all its details: 16 MiB of kinds and 8 MiB of names; twice that
/// when a batch is in the keeper's hand as well. Coarser kinds come on top, 1 MiB of each sort.
/// One client has its budget already (`budget`).
pub(super) const WAITING: Limits =
    Limits { kinds: 1 << 18, names: 8 << 20, coarse: 1 << 14, of_one: u16::MAX };

/// What the handle, the collector and the keeper share. Each lock is held for a few lines, none for I/O.
pub(super) struct Shared {
    pub clock: DatedClock,
    pub(super) device: DeviceMode,
    pub(super) tallies: Mutex<Tallies>,
    pub(super) waiting: Mutex<Kinds>,
    /// The day's key, when its file does not hold it yet.
    pub(super) key_to_write: Mutex<Option<DayKey>>,
    pub(super) in_flight: AtomicU64,
    pub(super) folded: AtomicU64,
    pub(super) reduced: AtomicU64,
    pub(super) health: Mutex<Health>,
}

pub(super) struct Tallies {
    minute: u32,
    all: Vec<Arc<Tally>>,
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.guard()
}

pub(super) fn hash_key() -> [u8; 16] {
    let mut key = [0; 16];
    // Without randomness the table still counts; only its order could be guessed.
    let _ = getrandom::fill(&mut key);
    key
}

impl Shared {
    pub fn new(clock: DatedClock, device: DeviceMode) -> Self {
        let minute = minute_of(clock.now());
        Self {
            clock,
            device,
            tallies: Mutex::new(Tallies { minute, all: Vec::new() }),
            waiting: Mutex::new(Kinds::new(WAITING, hash_key())),
            key_to_write: Mutex::new(None),
            in_flight: AtomicU64::new(0),
            folded: AtomicU64::new(0),
            reduced: AtomicU64::new(0),
            health: Mutex::new(Health { schema: SCHEMA, ..Health::default() }),
        }
    }

    /// Begins the minute that the clock says, once it is known what the store knows.
    pub fn begin_minute(&self) {
        lock(&self.tallies).minute = minute_of(self.clock.now());
    }

    /// Has the key's file written by the thread that stores.
    pub fn write_key_later(&self, key: DayKey) {
        *lock(&self.key_to_write) = Some(key);
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
        let reduced = self.reduced.load(Ordering::Relaxed);
        let clock_unset = self.clock.is_unset();
        Health { waiting, folded, reduced, clock_unset, ..lock(&self.health).clone() }
    }
}

/// Takes the workers' tables.
pub(super) struct Collector {
    pub shared: Arc<Shared>,
    zone: TimeZone,
    key: DayKey,
    budget: Budget,
    spare: Second,
}

impl Collector {
    pub fn new(shared: Arc<Shared>, zone: TimeZone, key: DayKey) -> Self {
        Self { shared, zone, key, budget: Budget::new(hash_key()), spare: Second::new(0, hash_key()) }
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
        drop(tallies);
        wipe_stack();
    }

    /// Merges `spare` into what waits. Not inlined: what the key leaves on the stack lies below `collect`.
    #[inline(never)]
    fn merge(&mut self) {
        let (mut folded, mut reduced) = (self.spare.folded, 0);
        if self.spare.kinds.len() > 0 {
            let mut waiting = lock(&self.shared.waiting);
            for (key, name, count) in self.spare.kinds.iter() {
                let who = kept(key.who, self.shared.device, &self.key);
                let details = !name.is_empty() || key.rtype != 0;
                let key = Key { who, ..*key };
                let (key, name) = match self.budget.spend(&key, name) {
                    Kept::Name => (key, name),
                    Kept::Domain(domain) => {
                        reduced += count;
                        (Key { rtype: 0, ..key }, domain)
                    }
                    Kept::Nothing => {
                        reduced += count;
                        (Key { rtype: 0, ..key }, &[][..])
                    }
                };
                if waiting.add(key, name, count) == Fit::Folded && details {
                    folded += count;
                }
            }
        }
        if reduced > 0 {
            self.shared.reduced.fetch_add(reduced, Ordering::Relaxed);
            lock(&self.shared.health).reduced_last = Some(self.shared.clock.now());
        }
        self.shared.folded.fetch_add(folded, Ordering::Relaxed);
    }

    #[inline(never)]
    fn turn_key(&mut self, day: Date) {
        let pseudonyms = self.shared.device == DeviceMode::Pseudonym;
        let turned = self.key.turn(day).and_then(|turned| {
            if turned && pseudonyms {
                *lock(&self.shared.key_to_write) = Some(self.key.copy()?);
            }
            Ok(())
        });
        match turned {
            Ok(()) => {}
            // Tried again in a second; the system has had randomness when we started.
            Err(error) => error!("could not make the new day's key for pseudonyms: {error}"),
        }
    }
}
