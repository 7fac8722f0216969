//! A worker's own table of the second that runs.
//!
//! [`Tally::count`] cannot fail, makes no system call and asks no clock: the minute stands in the
//! table, put there by the collector when it last took the table away. So a table is of one minute
//! and of one day, and what a worker counts around midnight falls under the key of the day that its
//! minute says.
//!
//! The table stands behind a mutex that only its worker and, once a second, the collector take. The
//! collector holds it for one swap of two pointers' worth of memory, never for I/O or merging; a
//! worker can wait for it only if the collector is put to sleep between those few instructions.
// Two tables and an atomic epoch would spare the worker the lock (8 ns of it, uncontended), at the
// price of `unsafe` here; not worth it while the budget of 3 % of a blocked answer holds.

use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard};

use super::kinds::{Fit, Key, Kind, Kinds, Limits, Place, Who};
use crate::model::category::Category;
use crate::model::event::Attempt;
use crate::sys::lock::Guard;

/// Kinds of attempts with all their details, a worker, a second. At 64 octets each this is 4 MiB.
pub const KINDS_MAX: usize = 1 << 16;
/// Octets of names, a worker, a second.
pub const NAMES_MAX: usize = 1 << 21;
/// Kinds more without name, device and type, a worker, a second.
pub const COARSE_MAX: usize = 1 << 12;

/// Kinds with a name that one client may have, a worker, a second: twice what its budget lets be stored
/// of a whole minute (`budget`), and a sixty-fourth of the table.
pub const CLIENT_KINDS_MAX: u16 = 1 << 10;

const LIMITS: Limits =
    Limits { kinds: KINDS_MAX, names: NAMES_MAX, coarse: COARSE_MAX, of_one: CLIENT_KINDS_MAX };

/// Whether a worker's table holds who asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Clients {
    Kept,
    NotKept,
}

/// Where a kind of attempt was last counted: who counts the same again finds it at once. A guess, which is
/// checked before it is believed.
#[derive(Clone, Copy, Debug, Default)]
pub struct Hint(Place);

/// One worker's counts. Give each worker its own, on lines of memory of their own: two that share one cost
/// each other more than the counting does.
#[derive(Debug)]
#[repr(align(128))]
pub struct Tally {
    clients: Clients,
    open: Mutex<Second>,
}

/// What one worker counted since the collector last came.
#[derive(Debug)]
pub(super) struct Second {
    pub minute: u32,
    pub kinds: Kinds,
    /// Attempts whose details no longer fitted.
    pub folded: u64,
}

impl Second {
    pub fn new(minute: u32, hash_key: [u8; 16]) -> Self {
        Self { minute, kinds: Kinds::new(LIMITS, hash_key), folded: 0 }
    }

    pub fn clear(&mut self) {
        self.kinds.clear();
        self.folded = 0;
    }
}

impl Tally {
    pub(super) fn new(clients: Clients, second: Second) -> Self {
        Self { clients, open: Mutex::new(second) }
    }

    /// A table that nobody collects, for who only looks what would be done.
    pub fn unread() -> Self {
        Self::new(Clients::NotKept, Second::new(0, [0; 16]))
    }

    /// Counts one attempt. Never fails and never forgets; at the bounds above the details go, the
    /// attempt stays. The name of a secret category is not even held in memory.
    pub fn count(&self, attempt: &Attempt<'_>) -> Hint {
        let mut hint = Hint::default();
        self.count_again(attempt, &mut hint);
        hint
    }

    /// [Counts](Self::count) one attempt, most likely of the kind that `hint` is of.
    pub fn count_again(&self, attempt: &Attempt<'_>, hint: &mut Hint) {
        let secret = attempt.category.is_some_and(Category::is_secret);
        let name = if secret { &[] } else { attempt.name.wire() };
        let who = match (self.clients, attempt.client) {
            (Clients::NotKept, _) => Who::NOBODY,
            (Clients::Kept, IpAddr::V4(v4)) => Who::new(&v4.to_ipv6_mapped().octets()),
            (Clients::Kept, IpAddr::V6(v6)) => Who::new(&v6.octets()),
        };
        let kind = Kind {
            group: Some(attempt.group),
            tier: attempt.tier,
            category: attempt.category,
            service: attempt.service,
            list: attempt.list,
            layer: attempt.layer,
            effect: attempt.effect,
        };
        let mut open = self.lock();
        let key = Key { minute: open.minute, kind, who, rtype: attempt.rtype.number() };
        if open.kinds.add_at(hint.0, &key, name) {
            return;
        }
        match open.kinds.add(key, name, 1) {
            Fit::Whole(place) => hint.0 = place,
            Fit::Folded => open.folded += 1,
        }
    }

    /// Takes what was counted and leaves `empty` in its place.
    pub(super) fn swap(&self, empty: &mut Second) {
        std::mem::swap(&mut *self.lock(), empty);
    }

    fn lock(&self) -> MutexGuard<'_, Second> {
        self.open.guard()
    }
}
