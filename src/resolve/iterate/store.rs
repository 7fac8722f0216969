//! RRsets that name servers gave, and what they said is not there, until their time is over.
//!
//! Bounded in octets. What is more credible takes the place of what is less (RFC 2181 §5.4.1), and only
//! that: an address that came as glue never replaces one that its own zone told. The keys of an entry are
//! its name and type; "no such name" stands under a type that no record has.
//!
//! Time is the wall clock's. An entry from the future (the clock was set back) is as good as expired.

use std::sync::{Arc, OnceLock};

use quick_cache::sync::Cache;
use quick_cache::{Equivalent, Weighter};

use super::super::reason::Reason;
use crate::dns::name::{Name, OwnedName};
use crate::dns::rrset::RrSet;
use crate::dns::rrtype::RrType;

/// Octets of a usual entry with all it costs: to guess how many there will be.
const ENTRY_USUAL: u64 = 600;
/// What an entry costs besides its sets.
const ENTRY_FIXED: u64 = 240;
/// The type under which "no such name" stands; no record has it (RFC 6895 §3.1).
const NO_NAME: RrType = RrType::RESERVED;

/// How much what a server says is worth (RFC 2181 §5.4.1); the later are worth more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rank {
    /// A referral's proofs and DS, an answer without AA.
    NonAuthoritative,
    /// An answer with AA.
    Authoritative,
}

/// What validation says of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Validation {
    /// NoResponse looked.
    Unchecked,
    /// A chain of signatures leads to an anchor.
    Secure,
    /// Nothing here is signed, and that is proven; or there is no anchor above.
    Insecure,
    /// It should be signed and is not, or not rightly.
    Bogus(Reason),
}

/// What is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// Records.
    Set(RrSet),
    /// Nothing of that type; the SOA of the zone that says so.
    NoData(Option<RrSet>),
    /// No such name.
    NoName(Option<RrSet>),
}

/// One entry.
#[derive(Clone, Debug)]
pub struct Kept {
    /// Whose entry it is.
    pub name: OwnedName,
    /// What is there.
    pub content: Content,
    /// NSEC and NSEC3 sets that came with it.
    pub proofs: Vec<RrSet>,
    /// The zone whose servers said it.
    pub zone: OwnedName,
    pub rank: Rank,
    /// What a forwarder says of it, where it blocks.
    pub note: Option<Reason>,
    /// When it came, in seconds since 1970.
    pub stored: u64,
    /// Seconds from then on, as the servers say.
    pub ttl: u32,
    /// What validation found, once somebody looked.
    pub proven: OnceLock<Proven>,
}

/// What validation found.
#[derive(Clone, Copy, Debug)]
pub struct Proven {
    pub validation: Validation,
    /// What there is to say of it besides.
    pub note: Option<Reason>,
    /// Seconds for which that is so, from when the entry came.
    pub ttl: u32,
}

impl Kept {
    /// What validation says.
    pub fn validation(&self) -> Validation {
        self.proven.get().map_or(Validation::Unchecked, |proven| proven.validation)
    }

    /// What there is to say of it besides.
    pub fn note(&self) -> Option<Reason> {
        self.note.or(self.proven.get().and_then(|proven| proven.note))
    }

    /// Whether it may still be used.
    pub fn is_fresh(&self, now: u64) -> bool {
        self.stored <= now && now < self.stored + u64::from(self.lifetime())
    }

    /// Whether a fifth of its time is left, or less.
    pub fn is_ending(&self, now: u64) -> bool {
        self.left(now) <= self.lifetime() / 5
    }

    fn lifetime(&self) -> u32 {
        self.proven.get().map_or(self.ttl, |proven| proven.ttl.min(self.ttl))
    }

    /// Seconds that are left.
    pub fn left(&self, now: u64) -> u32 {
        let age = u32::try_from(now.saturating_sub(self.stored)).unwrap_or(u32::MAX);
        self.lifetime().saturating_sub(age)
    }

    /// The set, where there is one.
    pub fn set(&self) -> Option<&RrSet> {
        match &self.content {
            Content::Set(set) => Some(set),
            Content::NoData(_) | Content::NoName(_) => None,
        }
    }

    fn octets(&self) -> usize {
        let content = match &self.content {
            Content::Set(set) => set.octets(),
            Content::NoData(soa) | Content::NoName(soa) => soa.as_ref().map_or(0, RrSet::octets),
        };
        content + self.proofs.iter().map(RrSet::octets).sum::<usize>()
    }
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Key {
    name: OwnedName,
    rtype: RrType,
}

#[derive(Hash)]
struct Asked<'n> {
    name: &'n [u8],
    rtype: RrType,
}

impl Equivalent<Key> for Asked<'_> {
    fn equivalent(&self, key: &Key) -> bool {
        self.rtype == key.rtype && self.name == key.name.as_name().wire()
    }
}

#[derive(Clone)]
struct Octets;

impl Weighter<Key, Arc<Kept>> for Octets {
    fn weight(&self, key: &Key, kept: &Arc<Kept>) -> u64 {
        ENTRY_FIXED + key.name.as_name().wire().len() as u64 + kept.octets() as u64
    }
}

/// All entries.
pub struct Store(Cache<Key, Arc<Kept>, Octets>);

impl Store {
    /// A store of at most `octets`.
    pub fn new(octets: u64) -> Self {
        let guess = usize::try_from(octets / ENTRY_USUAL).unwrap_or(usize::MAX).max(64);
        Self(Cache::with_weighter(guess, octets, Octets))
    }

    /// What is known of `rtype` at `name`: its set, that there is none, or that there is no such name.
    pub fn find(&self, name: Name<'_>, rtype: RrType, now: u64) -> Option<Arc<Kept>> {
        self.fresh(name, rtype, now).or_else(|| self.fresh(name, NO_NAME, now))
    }

    /// Keeps an entry, unless a more credible one is there. `rtype` is the type that was asked for.
    pub fn keep(&self, rtype: RrType, kept: Kept) -> Arc<Kept> {
        let kept = Arc::new(kept);
        self.keep_shared(rtype, &kept);
        kept
    }

    /// The same for an entry that is in use already.
    pub fn keep_shared(&self, rtype: RrType, kept: &Arc<Kept>) {
        let rtype = if matches!(kept.content, Content::NoName(_)) { NO_NAME } else { rtype };
        let now = kept.stored;
        let better = self
            .fresh(kept.name.as_name(), rtype, now)
            .is_some_and(|old| old.rank > kept.rank && !matches!(old.validation(), Validation::Bogus(_)));
        if kept.ttl > 0 && !better {
            self.0.insert(Key { name: kept.name.clone(), rtype }, kept.clone());
        }
    }

    /// Takes out what was found when `rtype` at `name` was asked for: also an alias, or that a name above does
    /// not exist.
    pub fn forget(&self, name: Name<'_>, rtype: RrType, found: &Kept) {
        let alias = found.set().map(|set| (set.owner.as_name(), set.rtype));
        let above = (found.name.as_name(), NO_NAME);
        for (name, rtype) in [(name, rtype), (name, NO_NAME), above].into_iter().chain(alias) {
            self.0.remove(&Asked { name: name.wire(), rtype });
        }
    }

    fn fresh(&self, name: Name<'_>, rtype: RrType, now: u64) -> Option<Arc<Kept>> {
        self.0.get(&Asked { name: name.wire(), rtype }).filter(|kept| kept.is_fresh(now))
    }
}
