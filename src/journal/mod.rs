//! What was blocked, counted: from each worker's own table to rows that can be asked for.
//!
//! A blocked attempt's path: `count` (a worker adds to its own table) → `writer` (once a second the
//! tables are taken, devices become pseudonyms, and one batch goes to the store) → `store` (batches become
//! blocks, hours and months; later the blocks go) → `access` (who reads what, and that it was read).
//!
//! Σ counts in the store = calls of [`count::Tally::count`]. A full table or a full disk makes kinds
//! coarser and [`health::Health`] louder; it never loses an attempt nor holds up an answer. A crash
//! costs what was counted since the last second.
//!
//! Knows attempts. Never knows verdicts' making, packets, or what a report looks like.
// Inside: `kinds` is the table that both workers and writer use; `pseudonym` and `keyfile` are all that
// knows keys; `budget` bounds what one device may have kept; `block` is the stored form of rows; `doubt` says
// whether the clock may delete.

pub mod access;
pub mod block;
mod budget;
pub mod clock;
mod collector;
pub mod count;
mod doubt;
pub mod health;
mod keyfile;
mod kinds;
pub mod pseudonym;
pub mod rows;
pub mod store;
#[cfg(test)]
mod tests;
mod threads;
mod writer;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use jiff::tz::TimeZone;

use crate::model::roster::Roster;
use clock::{Clock, DatedClock, day_of, minute_of};
use collector::{Collector, Shared};
use count::Tally;
use health::Health;
use keyfile::KeyFile;
use pseudonym::{DayKey, DeviceMode};
use store::{Error, Keep, Rosters};
use threads::{ORDERS_MAX, Order};
use writer::{Keeper, KeeperParts};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// What a school may set.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Where the store lies.
    pub folder: PathBuf,
    /// Where the day's key lies, which no backup should hold; none: where `keyfile` says.
    pub runtime: Option<PathBuf>,
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
            runtime: None,
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
    /// The system has no threads, no memory or no randomness.
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
        let ended = |(collecting, keeping): &(JoinHandle<()>, JoinHandle<u64>)| {
            collecting.is_finished() || keeping.is_finished()
        };
        Health { has_ended: self.threads.as_ref().is_some_and(ended), ..self.shared.health() }
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
        let key_file = KeyFile::of(&settings);
        let Settings { folder, device, time_zone, keep_minutes, keep_hours, keep_months, size_cap, .. } =
            settings;
        let shared = Arc::new(Shared::new(DatedClock::new(clock), device));
        let keep = Keep { minutes: keep_minutes, hours: keep_hours, months: keep_months, size_cap };
        let rosters = Rosters { groups, lists };
        let zone = time_zone.clone();
        let parts = KeeperParts { folder: folder.clone(), key_file: key_file.clone(), zone, keep, rosters };
        let keeper = Keeper::new(shared.clone(), parts);
        shared.begin_minute();
        // After the store was opened: a clock that was never set goes on from what the store knows.
        let today = day_of(minute_of(shared.clock.now()), &time_zone);
        let failed = |source| Error::File {
            doing: "make the day's key for",
            path: key_file.path().to_owned(),
            source,
        };
        let (key, written) = if keeper.has_folder() {
            key_file.open(&folder, device, today).map_err(failed)?
        } else {
            let later = Err(std::io::Error::other("the state folder is not ours yet"));
            (DayKey::fresh(today).map_err(failed)?, later)
        };
        if let Err(error) = written {
            tracing::error!("the day's key for pseudonyms could not be kept for a restart: {error}");
            if device == DeviceMode::Pseudonym {
                shared.write_key_later(key.copy().map_err(failed)?);
            }
        }
        let collector = Collector::new(shared.clone(), time_zone, key);
        Ok(Self { shared, collector, keeper })
    }
}
