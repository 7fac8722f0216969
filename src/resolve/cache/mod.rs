//! Answers kept in wire form, shared by all workers, bounded in octets.
//!
//! A hit costs one look-up and one copy: the entry has the sections as they go out, so [`Hit::write`]
//! puts the client's own header and question before them, counts the TTLs down in place and adds OPT.
//! Compression pointers stay valid because the client's question is as long as the one that was asked.
//!
//! Each entry carries a [`Stamp`] that means nothing here: who inspects answers puts down what was
//! found and by which generation of the index, and looks at it before writing.
//!
//! Negative answers are kept for the SOA's time (RFC 2308 §5), failures for [`TtlBounds::failure`]
//! (RFC 9520). Truncated answers, ANY, and negative answers without SOA are not kept.
//!
//! An answer whose time is over stays until its place is needed: it is better than none ([`Cache::extend_stale`]).
//!
//! Time comes from outside, in seconds of the wall clock; an entry from the future is as good as expired.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use quick_cache::sync::Cache as Store;
use quick_cache::{Equivalent, Weighter};

use super::alias::Unfinished;
use super::reason::Reason;
use super::{Answer, Ask, rebind};
use crate::dns::name::{Name, OwnedName};
use crate::dns::question::Question;
use crate::dns::rcode::Rcode;
use crate::dns::reply::{Error, Reply};
use crate::dns::rrtype::RrType;
use crate::dns::security::Security;
use crate::i18n::Lang;
pub use bounds::TtlBounds;
use entry::Entry;

pub mod bounds;
mod entry;

/// Octets of a usual answer with all it costs: to guess how many entries there will be.
const ENTRY_USUAL: u64 = 400;
/// What an entry costs besides its octets: the fields of key and entry, the store's links, a share of the
/// links that remember what was dropped, and what the allocator adds to four pieces. Measured: 290 to 320.
const ENTRY_FIXED: u64 = 300;

/// What the inspection of an answer found. Opaque here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stamp {
    /// Categories of the names that the answer leads to.
    pub all: u64,
    /// The same, less what protection takes away.
    pub open: u64,
    /// Policy zones that have a rule for where the answer leads, as a set.
    pub zones: u64,
    /// What else is to be looked at, as a set of the inspector's own.
    pub marks: u8,
    /// The index and the zones by which all this was found.
    pub generation: u64,
}

/// The cache. One for all workers.
pub struct Cache {
    store: Store<Key, Arc<Entry>, Octets>,
    bounds: TtlBounds,
}

#[derive(Clone, PartialEq, Eq)]
struct Key {
    name: OwnedName,
    rest: u64,
}

/// A key that borrows its name from the query.
struct Asked<'q> {
    name: Name<'q>,
    rest: u64,
}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.as_name().wire().hash(state);
        self.rest.hash(state);
    }
}

impl Hash for Asked<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.wire().hash(state);
        self.rest.hash(state);
    }
}

impl Equivalent<Key> for Asked<'_> {
    fn equivalent(&self, key: &Key) -> bool {
        self.rest == key.rest && self.name == key.name.as_name()
    }
}

fn rest(rtype: RrType, class: u16, dnssec_ok: bool, checking_disabled: bool) -> u64 {
    u64::from(rtype.number()) << 32
        | u64::from(class) << 16
        | u64::from(dnssec_ok) << 1
        | u64::from(checking_disabled)
}

#[derive(Clone)]
struct Octets;

impl Weighter<Key, Arc<Entry>> for Octets {
    fn weight(&self, key: &Key, entry: &Arc<Entry>) -> u64 {
        ENTRY_FIXED + key.name.as_name().wire().len() as u64 + entry.octets() as u64
    }
}

impl Cache {
    /// A cache of at most `octets`, entries with all they cost.
    pub fn new(octets: u64, bounds: TtlBounds) -> Self {
        let guess = usize::try_from(octets / ENTRY_USUAL).unwrap_or(usize::MAX).max(64);
        Self { store: Store::with_weighter(guess, octets, Octets), bounds }
    }

    /// The answer to a client's query, if there is one that has not expired.
    pub fn find(&self, question: &Question<'_>, now: u64) -> Option<Hit> {
        let asked = Asked {
            name: question.name(),
            rest: rest(question.rtype, question.class, question.dnssec_ok(), question.checking_disabled()),
        };
        self.store.get(&asked).filter(|entry| entry.is_fresh(now)).map(Hit)
    }

    /// An answer whose time is over, but which is better than none.
    pub fn find_stale(&self, ask: &Ask, now: u64) -> Option<Hit> {
        let kept = self.store.get(&Key::of(ask))?;
        kept.is_better_than_nothing(now, self.bounds.stale).then_some(Hit(kept))
    }

    /// Keeps an answer whose time is over for a little longer, and says so in it.
    pub fn extend_stale(&self, ask: &Ask, stale: &Hit, stamp: Stamp, now: u64) -> Hit {
        let entry = Arc::new(stale.0.extended(stamp, now));
        self.store.insert(Key::of(ask), entry.clone());
        Hit(entry)
    }

    /// [`find`](Self::find) and [`Hit::write`] in one, for tests.
    #[cfg(test)]
    fn write(&self, question: &Question<'_>, now: u64, out: &mut Vec<u8>, limit: usize) -> Option<Hit> {
        let hit = self.find(question, now)?;
        hit.write(question, now, Lang::default(), out, limit);
        Some(hit)
    }

    /// Keeps an answer if it may be kept, and hands it back as a hit in any case, so that a fresh
    /// answer and a kept one are written by the same code.
    pub fn insert(&self, ask: &Ask, answer: &Answer, stamp: Stamp, now: u64) -> Hit {
        let entry = Arc::new(Entry::new(ask, answer, stamp, self.bounds, now));
        if entry.is_fresh(now) {
            self.store.insert(Key::of(ask), entry.clone());
        }
        Hit(entry)
    }

    /// An answer that is not kept (a local one), to be written by the same code as one that is.
    pub fn wrap(&self, ask: &Ask, answer: &Answer, now: u64) -> Hit {
        Hit(Arc::new(Entry::new(ask, answer, Stamp::default(), self.bounds, now)))
    }

    /// Puts a new stamp on what is kept for `ask`.
    pub fn restamp(&self, ask: &Ask, hit: &Hit, stamp: Stamp) -> Hit {
        let entry = Arc::new(hit.0.with(stamp));
        self.store.insert(Key::of(ask), entry.clone());
        Hit(entry)
    }

    /// Takes out what is kept for `ask`.
    pub fn forget(&self, ask: &Ask) {
        self.store.remove(&Key::of(ask));
    }

    /// Takes out everything.
    pub fn clear(&self) {
        self.store.clear();
    }

    /// Answers kept, the expired that nobody asked for since among them.
    pub fn len(&self) -> usize {
        self.store.len()
    }

    /// Whether nothing is kept.
    pub fn is_empty(&self) -> bool {
        self.store.is_empty()
    }

    /// Octets that the entries take.
    pub fn octets(&self) -> u64 {
        self.store.weight()
    }
}

impl Key {
    fn of(ask: &Ask) -> Self {
        Self {
            name: ask.name.clone(),
            rest: rest(ask.rtype, ask.class, ask.dnssec_ok, ask.checking_disabled),
        }
    }
}

/// One answer, kept or fresh.
#[derive(Clone)]
pub struct Hit(Arc<Entry>);

impl Hit {
    /// What inspection found.
    pub fn stamp(&self) -> Stamp {
        self.0.stamp
    }

    /// The answer's RCODE.
    pub fn rcode(&self) -> Rcode {
        self.0.rcode
    }

    /// Whether the answer was validated.
    pub fn is_secure(&self) -> bool {
        self.0.security == Security::Secure
    }

    /// Whether validation failed: SERVFAIL, whatever else could be said.
    pub fn is_bogus(&self) -> bool {
        self.0.security == Security::Bogus
    }

    /// The Extended DNS Error that came with it.
    pub fn ede(&self) -> Option<Reason> {
        self.0.ede
    }

    /// Whether records were taken out of it because they lead into the school's own networks.
    pub fn is_rebound(&self) -> bool {
        rebind::is_rebound(self.0.ede)
    }

    /// The first IPv4 address among the answer's records.
    pub fn first_ipv4(&self) -> Option<[u8; 4]> {
        self.0.first_ipv4()
    }

    /// How far resolution came, where there is no answer.
    pub fn unfinished(&self) -> Option<&Unfinished> {
        self.0.unfinished.as_ref()
    }

    /// Whether a gate ended the resolution: there is an answer for who may follow further.
    pub fn is_stopped(&self) -> bool {
        matches!(self.0.unfinished, Some(Unfinished::Stopped(_)))
    }

    /// Seconds until it expires.
    pub fn expires_in(&self, now: u64) -> u64 {
        self.0.expires().saturating_sub(now)
    }

    /// When it expires.
    pub fn expires(&self) -> u64 {
        self.0.expires()
    }

    /// Until when it can be given without a look at whether it should be fetched anew.
    pub fn rests_until(&self, now: u64) -> u64 {
        let renews = self.0.renews_from();
        if now < renews { renews } else { self.0.expires() }
    }

    /// Whether it is time to fetch it anew; said once for each entry.
    pub fn is_due(&self, now: u64) -> bool {
        self.0.is_due(now)
    }

    /// Whether it was given before although its time was over.
    pub fn is_stale(&self) -> bool {
        self.0.is_stale()
    }

    /// Where the TTLs stand behind the question, in an answer that is not truncated.
    pub fn ttl_places(&self) -> &[u16] {
        self.0.ttls()
    }

    /// The whole message again, TTLs as kept, to inspect it.
    pub fn message(&self, ask: &Ask) -> Vec<u8> {
        self.0.message(ask)
    }

    /// Starts an answer to `question`: header, question, sections with TTLs counted down, AD where it
    /// belongs (RFC 6840 §5.8). What is left to do is [`Reply::finish`].
    pub fn reply<'b>(&self, question: &Question<'_>, now: u64, out: &'b mut Vec<u8>) -> Reply<'b> {
        self.0.reply(question, now, out)
    }

    /// Writes the answer to `question` into `out`, with OPT and TC as they are due, and says how many
    /// octets it has. Its error has a text in `lang`. No allocation where `out` has room for `limit` octets.
    pub fn write(
        &self,
        question: &Question<'_>,
        now: u64,
        lang: Lang,
        out: &mut Vec<u8>,
        limit: usize,
    ) -> usize {
        let error = self.0.ede.map(|reason| Error::new(reason.ede(), reason.text(lang)));
        self.0.reply(question, now, out).finish(limit, error.as_slice())
    }
}

#[cfg(test)]
mod tests;
