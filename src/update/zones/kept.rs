//! What is known of one policy zone: the version in force, how it came, and what became of the last look.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::primary::How;
use crate::dns::name::OwnedName;
use crate::lists::meta::Failure;
use crate::rpz::table::Table;
use crate::rpz::text::Account;
use crate::rpz::transfer::notify::Bell;
use crate::rpz::transfer::timers::Timers;
use crate::rpz::zones::{self, Source};

/// How the version in force of a zone came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CameBy {
    /// It is the last good copy of an earlier run.
    Kept,
    /// From a file.
    File,
    /// From a primary.
    Transfer(How),
}

impl CameBy {
    /// The word, as the log has it.
    pub fn id(self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::File => "file",
            Self::Transfer(how) => how.id(),
        }
    }
}

/// What is known of one zone.
#[derive(Debug)]
pub(super) struct Kept {
    /// The version in force, once there is one.
    pub table: Option<Table>,
    pub hits: Arc<AtomicU64>,
    /// Rung by what primaries announce.
    pub bell: Arc<Bell>,
    pub timers: Timers,
    /// Records of the version in force.
    pub records: usize,
    /// Lines of a file that bring no rule.
    pub account: Account,
    pub came_by: CameBy,
    pub failure: Option<Failure>,
    /// Whether the version in force is not on disk.
    pub is_unstored: bool,
}

/// How one zone stands, for the status.
#[derive(Clone, Debug)]
pub struct ZoneState {
    pub name: OwnedName,
    pub serial: Option<u32>,
    pub rules: u32,
    /// Owners and lines that bring no rule.
    pub unusable: u32,
    pub hits: u64,
    /// How the version in force came.
    pub came_by: CameBy,
    /// Unix seconds.
    pub refreshed: Option<u64>,
    pub failures: u32,
    pub failure: Option<Failure>,
    pub is_in_force: bool,
    /// No primary was seen for longer than the zone allows.
    pub is_expired: bool,
}

impl Kept {
    /// A zone of which nothing is there yet.
    pub fn new(bell: Bell) -> Self {
        Self {
            table: None,
            hits: Arc::default(),
            bell: Arc::new(bell),
            timers: Timers::default(),
            records: 0,
            account: Account::default(),
            came_by: CameBy::Kept,
            failure: None,
            is_unstored: false,
        }
    }

    /// How long until its primaries are to be looked at, at `now` in Unix seconds.
    pub fn wait(&self, now: u64) -> Duration {
        let soa = self.table.as_ref().and_then(Table::soa);
        let due = self.timers.due(soa);
        let due = if self.bell.has_rung() { due.min(self.timers.due_announced()) } else { due };
        let due = if self.timers.is_ahead_of(now) { now } else { due };
        Duration::from_secs(due.saturating_sub(now))
    }

    /// The serial that primaries are asked to better; none where the disk has no copy, so that it gets one.
    pub fn serial_on_disk(&self) -> Option<u32> {
        let on_disk = self.table.as_ref().filter(|_| !self.is_unstored);
        on_disk.and_then(Table::soa).map(|soa| soa.serial)
    }

    /// How it stands, where queries meet `in_force`.
    pub fn state(&self, zone: &zones::Settings, in_force: Option<&Table>, now: u64) -> ZoneState {
        let soa = in_force.and_then(Table::soa);
        let counts = in_force.map(|table| *table.counts()).unwrap_or_default();
        let is_transferred = matches!(zone.source, Source::Primaries { .. });
        ZoneState {
            name: zone.name.clone(),
            serial: soa.map(|soa| soa.serial),
            rules: counts.rules(),
            unusable: counts.unusable + self.account.refused(),
            hits: self.hits.load(Ordering::Relaxed),
            came_by: self.came_by,
            refreshed: self.timers.refreshed,
            failures: self.timers.failures,
            failure: self.failure.clone(),
            is_in_force: in_force.is_some(),
            is_expired: is_transferred && self.timers.is_expired(soa, now),
        }
    }
}
