//! How much work one client's question may cause, its sub-questions included.
//!
//! Without bounds a hostile zone turns one question into thousands (NXNS, CVE-2020-8616; chains and trees of
//! delegations without addresses), for us and for whoever is asked. What runs out ends in SERVFAIL, and the
//! failure is kept.

use std::net::IpAddr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::Duration;

use crate::dns::name::{Name, OwnedName};
use crate::dns::rrtype::RrType;
use crate::resolve::validate::work::Work;
use crate::sys::lock::Guard;

/// Messages sent for one question. A cold, signed name six cuts deep takes some thirty.
const MESSAGES_MAX: u32 = 150;
/// Name servers whose addresses are looked up. Each may cost a whole resolution.
const ADDRESS_LOOKUPS_MAX: u32 = 24;
/// Pairs of server and zone whose answers did not validate; beyond that they are not told apart any more.
const DISTRUSTED_MAX: usize = 32;

/// Whether what is remembered will do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freshness {
    /// It will, as long as its time is not over.
    Kept,
    /// Not when its time is nearly over.
    Anew,
    /// Never: a server has to be asked now.
    Never,
}

/// What is left for one client's question.
pub struct Job {
    pub freshness: Freshness,
    /// Nothing is validated, because the wall clock cannot be right and the question is for a time server.
    pub is_unchecked: bool,
    /// When it began, by the clock that only goes forward.
    pub begun: Duration,
    messages: AtomicU32,
    lookups: AtomicU32,
    /// Servers whose answers for a zone did not validate.
    distrusted: Mutex<Vec<(IpAddr, OwnedName)>>,
    /// Signatures and hashes.
    pub work: Work,
}

impl Job {
    /// A question that begins now.
    pub fn new(freshness: Freshness, now: Duration) -> Self {
        Self {
            freshness,
            is_unchecked: false,
            begun: now,
            messages: AtomicU32::new(MESSAGES_MAX),
            lookups: AtomicU32::new(ADDRESS_LOOKUPS_MAX),
            distrusted: Mutex::default(),
            work: Work::new(),
        }
    }

    /// What tells it from all others that there are at the same time.
    pub fn id(&self) -> usize {
        std::ptr::from_ref(self).addr()
    }

    /// Takes one message from the budget; `false` when none is left.
    pub fn spend_message(&self) -> bool {
        spend(&self.messages)
    }

    /// Takes one look-up of a name server's addresses from the budget.
    pub fn spend_lookup(&self) -> bool {
        spend(&self.lookups)
    }

    /// What `server` said for `zone` did not validate: it is asked last for the rest of this question.
    pub fn distrust(&self, server: IpAddr, zone: Name<'_>) {
        let mut distrusted = self.distrusted.guard();
        let is_known = distrusted.iter().any(|(other, at)| *other == server && at.as_name() == zone);
        if !is_known && distrusted.len() < DISTRUSTED_MAX {
            distrusted.push((server, zone.to_owned()));
        }
    }

    /// Whether [`distrust`](Self::distrust) was said of it.
    pub fn distrusts(&self, server: IpAddr, zone: Name<'_>) -> bool {
        let distrusted = self.distrusted.guard();
        distrusted.iter().any(|(other, at)| *other == server && at.as_name() == zone)
    }
}

fn spend(left: &AtomicU32) -> bool {
    left.fetch_update(Relaxed, Relaxed, |left| left.checked_sub(1)).is_ok()
}

/// The questions on whose behalf another is asked, so that none waits for itself.
#[derive(Clone, Copy)]
pub struct Path<'p> {
    above: Option<&'p Path<'p>>,
    name: Name<'p>,
    rtype: RrType,
    /// Whether it is asked of the zone above the one that `name` lies in.
    above_its_zone: bool,
    depth: u8,
}

/// Questions that wait for one another: the address of a name server of the zone of a name server …
const DEPTH_MAX: u8 = 10;

impl<'p> Path<'p> {
    /// A client's question.
    pub fn of(name: Name<'p>, rtype: RrType) -> Self {
        Self { above: None, name, rtype, above_its_zone: false, depth: 0 }
    }

    /// Whether a client asked it.
    pub fn is_clients_own(&self) -> bool {
        self.above.is_none()
    }

    /// A question asked on behalf of this one; `None` where it waits for itself, or too deep.
    pub fn then(&'p self, name: Name<'p>, rtype: RrType) -> Option<Self> {
        self.next(name, rtype, false)
    }

    /// The same for a name server's address that the zone above its own is asked for: which is no circle where
    /// the server's own zone is what cannot be reached.
    pub fn then_above(&'p self, name: Name<'p>, rtype: RrType) -> Option<Self> {
        self.next(name, rtype, true)
    }

    fn next(&'p self, name: Name<'p>, rtype: RrType, above_its_zone: bool) -> Option<Self> {
        let mut at = Some(self);
        while let Some(path) = at {
            if path.rtype == rtype && path.above_its_zone == above_its_zone && path.name == name {
                return None;
            }
            at = path.above;
        }
        let depth = self.depth + 1;
        (depth <= DEPTH_MAX).then_some(Self { above: Some(self), name, rtype, above_its_zone, depth })
    }
}
