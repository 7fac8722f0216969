//! What was blocked, counted: from each worker's own table to rows that can be asked for.
//!
//! A blocked attempt's walk: `count` (a worker adds to its own table) → `writer` (once a second the
//! tables are taken, devices become pseudonyms, and one batch goes to the store) → `store` (minutes,
//! hours and months in one transaction; later the minutes go) → `access` (who reads what, and that it
//! was read).
//!
//! Σ counts in the store = calls of [`count::Tally::count`]. A full table or a full disk makes kinds
//! coarser and [`health::Health`] louder; it never loses an attempt nor holds up an answer. A crash
//! costs what was counted since the last second.
//!
//! Knows attempts. Never knows verdicts' making, packets, or what a report looks like.
// Inside: `kinds` is the table that both workers and writer use; `pseudonym` is all that knows keys.

pub mod access;
pub mod clock;
pub mod count;
pub mod health;
mod kinds;
pub mod pseudonym;
pub mod rows;
pub mod store;
#[cfg(test)]
mod tests;
mod threads;
mod writer;

use std::fs::{DirBuilder, File, TryLockError};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use jiff::tz::TimeZone;

use crate::model::roster::Roster;
use crate::sys::whole::open_private;
use clock::{Clock, day_of, minute_of};
use count::Tally;
use health::Health;
use pseudonym::{DayKey, DeviceMode};
use store::{Error, Keep, Rosters};
use threads::{ORDERS_MAX, Order};
use writer::{Collector, Keeper, KeeperParts, Shared};

/// The day's key, in the state folder.
const KEY_FILE: &str = "journal.key";
/// Held by the one program that writes here.
const LOCK_FILE: &str = "journal.lock";

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// What a school may set.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Where the store and the day's key lie.
    pub folder: PathBuf,
    /// What is kept of a device.
    pub device: DeviceMode,
    /// Whose midnight changes the key and whose months are counted.
    pub time_zone: TimeZone,
    /// How long minute events stay, to the end of a day.
    pub keep_minutes: Duration,
    /// How long hours and the days' most asked names stay; at least as long as minutes.
    pub keep_hours: Duration,
    /// How long months and the list of who read what stay; at least as long as hours.
    pub keep_months: Duration,
    /// Octets of the store; over it the oldest minutes go first.
    pub size_cap: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            folder: PathBuf::from("/var/lib/lachan"),
            device: DeviceMode::Pseudonym,
            time_zone: clock::vietnam(),
            keep_minutes: 30 * DAY,
            keep_hours: 396 * DAY,
            keep_months: 1827 * DAY,
            size_cap: 2 << 30,
        }
    }
}

/// What was still in memory when the journal closed, because the store could not take it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{attempts} attempts could not be stored")]
pub struct NotStored {
    /// How many attempts.
    pub attempts: u64,
}

/// The journal of a running server. Dropping it closes it.
pub struct Journal {
    shared: Arc<Shared>,
    orders: SyncSender<Order>,
    threads: Option<(JoinHandle<()>, JoinHandle<u64>)>,
}

impl Journal {
    /// Opens the journal in the settings' folder and starts its two threads. A damaged store is put
    /// aside and a new one begun (see [`Health::put_aside`]). Where the store cannot be opened (a full disk,
    /// a folder that cannot be used, another program that uses it, a store of a newer program), attempts are
    /// kept in memory and it is tried again each second: see [`Health::failing`].
    ///
    /// # Errors
    /// The system has no threads or no randomness.
    pub fn open(
        settings: Settings,
        groups: Roster,
        lists: Roster,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, Error> {
        let Parts { shared, collector, keeper } = Parts::new(settings, groups, lists, clock)?;
        let failed =
            |source| Error::File { doing: "start a thread for", path: keeper.parts.folder.clone(), source };
        let (orders, told) = sync_channel(ORDERS_MAX);
        let (go, gone) = sync_channel(ORDERS_MAX);
        let collecting = std::thread::Builder::new()
            .name("journal-take".into())
            .spawn(move || threads::run_collector(collector, told, go))
            .map_err(failed)?;
        let keeping = std::thread::Builder::new().name("journal-store".into());
        let folder = keeper.parts.folder.clone();
        let keeping = keeping
            .spawn(move || threads::run_keeper(keeper, gone))
            .map_err(|source| Error::File { doing: "start a thread for", path: folder, source })?;
        Ok(Self { shared, orders, threads: Some((collecting, keeping)) })
    }

    /// A table for one worker, to count into.
    pub fn tally(&self) -> Arc<Tally> {
        self.shared.tally()
    }

    /// How it is.
    pub fn health(&self) -> Health {
        self.shared.health()
    }

    /// Stores now what was counted until now, and waits for it.
    ///
    /// # Errors
    /// What still waits, because the store cannot take it or is busy with the disk.
    pub fn flush(&self) -> Result<(), NotStored> {
        let (answer, answered) = sync_channel(1);
        let sent = match self.orders.try_send(Order::Flush(answer)) {
            Ok(()) => answered.recv().ok(),
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => None,
        };
        match sent {
            Some(0) => Ok(()),
            Some(attempts) => Err(NotStored { attempts }),
            None => Err(NotStored { attempts: self.health().waiting }),
        }
    }

    /// Stores what is left and ends. The workers have stopped before: what they count after it began
    /// is not stored. Waits as long as the disk does.
    ///
    /// # Errors
    /// What could not be stored.
    pub fn close(mut self) -> Result<(), NotStored> {
        self.end()
    }

    fn end(&mut self) -> Result<(), NotStored> {
        let Some((collecting, keeping)) = self.threads.take() else { return Ok(()) };
        let _ = self.orders.send(Order::Close); // gone only if it panicked, which the join tells
        let collected = collecting.join().is_ok();
        match keeping.join() {
            Ok(0) if collected => Ok(()),
            Ok(attempts) => Err(NotStored { attempts }),
            Err(_) => Err(NotStored { attempts: self.health().waiting }),
        }
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        if let Err(error) = self.end() {
            tracing::error!(attempts = error.attempts, "the journal closed: {error}");
        }
    }
}

/// The journal before its threads; tests drive it by hand.
struct Parts {
    shared: Arc<Shared>,
    collector: Collector,
    keeper: Keeper,
}

impl Parts {
    fn new(settings: Settings, groups: Roster, lists: Roster, clock: Arc<dyn Clock>) -> Result<Self, Error> {
        let Settings { folder, device, time_zone, keep_minutes, keep_hours, keep_months, size_cap } =
            settings;
        let now = clock.now();
        let today = day_of(minute_of(now), &time_zone);
        let shared = Arc::new(Shared::new(clock, device));
        let keep = Keep { minutes: keep_minutes, hours: keep_hours, months: keep_months, size_cap };
        let rosters = Rosters { groups, lists };
        let key_file = folder.join(KEY_FILE);
        let parts = KeeperParts { folder, key_file, zone: time_zone.clone(), keep, rosters };
        let mut keeper = Keeper::new(shared.clone(), parts);
        keeper.open(now);
        let key = keeper.first_key(device, today, now)?;
        let collector = Collector::new(shared.clone(), time_zone, key);
        Ok(Self { shared, collector, keeper })
    }
}

/// Makes the folder if it is not there, and takes the lock that says that it is ours.
fn take_folder(folder: &Path) -> Result<File, Error> {
    let failed = |doing, path: &Path, source| Error::File { doing, path: path.to_owned(), source };
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(|source| failed("make the folder", folder, source))?;
    let lock_file = folder.join(LOCK_FILE);
    let lock = open_private(&lock_file).map_err(|source| failed("open", &lock_file, source))?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(Error::InUse { path: folder.to_owned() }),
        Err(TryLockError::Error(source)) => Err(failed("lock", &lock_file, source)),
    }
}

/// The key of today: read back, or new. Without pseudonyms none is kept on disk, and an old one goes.
fn open_key(path: &Path, device: DeviceMode, today: jiff::civil::Date) -> std::io::Result<DayKey> {
    if let Some(key) = DayKey::read(path, today)?.filter(|_| device == DeviceMode::Pseudonym) {
        return Ok(key);
    }
    let key = DayKey::fresh(today)?;
    if device == DeviceMode::Pseudonym || path.exists() {
        key.write(path)?;
    }
    Ok(key)
}
