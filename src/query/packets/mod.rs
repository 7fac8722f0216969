//! A worker's packet cache: a query that came before, but for its id and the case of its name, gets the
//! answer that it got before.
//!
//! A school asks for the same few thousand names all day. What [`Responder::answer`](super::Responder::answer) made
//! of such a query stands here ready to be sent: one hash of the packet, one comparison, one copy. The
//! answer is that of the long way to the octet, since a block by name depends on nothing but the packet,
//! the client's group and what is in force, and a cached answer on its age besides.
//!
//! An entry is good for one generation of what is in force: a reload, a new index or a flush of the
//! answer cache makes all entries strangers at once. What comes once does not get in: a packet is kept
//! when it comes the second time, and does not push out one that was of use since the last that wanted
//! its place. The table has a fixed number of places and is nobody else's, so it needs no lock.
//!
//! Knows packets and octets. Never knows what is blocked, or why: what is to be counted with an answer is
//! kept beside it for whoever put it there.

use std::hash::{BuildHasher, Hasher};

use foldhash::fast::RandomState;

use crate::dns::name::{HEADER, LABEL_MAX, Name};
use crate::dns::rrtype::RrType;
use crate::journal::count::Hint;
use crate::model::category::Category;
use crate::model::roster::RosterId;
use crate::model::service::ServiceId;
use crate::model::verdict::Layer;
use slot::{Kept, Slot};

mod slot;

/// Answers kept, of 320 octets each: 5 MiB when all are used, which takes as many different questions that
/// come again and again.
const SLOTS: usize = 16_384;
/// Places that a packet may have.
const WAYS: usize = 4;
/// Packets remembered to have come once.
const ONCE: usize = SLOTS;
/// Octets of the longest packet that is kept, its id left out: names of up to 101 octets with OPT.
const KEY_MAX: usize = 126;
/// Octets of an OPT record without options (RFC 6891 §6.1.2).
const OPT_BARE: usize = 11;
/// Octets of type and class.
const FIXED: usize = 4;

/// A worker's packet cache.
pub struct Packets {
    hasher: RandomState,
    sets: Box<[Set]>,
    /// Tags of packets that came once.
    once: Box<[u32]>,
    asked: Asked,
}

/// The places that a packet may have.
#[derive(Default)]
struct Set {
    /// For each slot the tag of what it holds; 0: nothing.
    tags: [u32; WAYS],
    /// Taken with the first that comes.
    slots: Option<Box<[Slot; WAYS]>>,
}

/// The packet that is being answered, as it is looked for.
struct Asked {
    key: [u8; KEY_MAX],
    len: usize,
    name_len: usize,
    hash: u64,
}

/// What is counted each time a kept block answer is given.
#[derive(Clone, Copy, Debug)]
pub struct Blocked {
    /// Category it counts under.
    pub category: Option<Category>,
    /// Service it counts under, if one.
    pub service: Option<ServiceId>,
    /// List whose rule it was.
    pub list: Option<RosterId>,
    /// Which layer blocked.
    pub layer: Layer,
    /// Where the journal found it the last time.
    pub hint: Hint,
}

/// How long a kept answer is good, and for whom.
#[derive(Clone, Copy, Debug)]
pub struct Scope {
    /// What is in force.
    pub generation: u64,
    /// Number of the client's group.
    pub group: u16,
    /// Seconds of the responder's clock.
    pub now: u64,
}

/// A kept answer that was found and written.
pub struct Again<'p>(&'p mut Slot);

impl Again<'_> {
    /// For a block answer: asked name, asked type, and what is to be counted.
    pub fn blocked(&mut self) -> Option<(Name<'_>, RrType, &mut Blocked)> {
        self.0.blocked()
    }
}

impl Default for Packets {
    fn default() -> Self {
        Self::new()
    }
}

impl Packets {
    /// An empty one.
    pub fn new() -> Self {
        Self {
            hasher: RandomState::default(),
            sets: std::iter::repeat_with(Set::default).take(SLOTS / WAYS).collect(),
            once: vec![0; ONCE].into(),
            asked: Asked { key: [0; KEY_MAX], len: 0, name_len: 0, hash: 0 },
        }
    }

    /// Writes the answer to `packet` into `out` if one was kept for `scope`.
    pub fn answer(&mut self, packet: &[u8], scope: Scope, out: &mut Vec<u8>) -> Option<Again<'_>> {
        if !self.asked.read(packet, &self.hasher) {
            return None;
        }
        let slot = self.sets[self.asked.set()].find(&self.asked, scope)?;
        slot.is_used = true;
        slot.write(packet, scope.now, out);
        Some(Again(slot))
    }

    /// Keeps `answer`, given to the packet that [`answer`](Self::answer) last did not find, until `expires`,
    /// if that packet came before. `ttls` are the places of TTLs that are to be counted down, from the end
    /// of the question on.
    pub fn keep(
        &mut self,
        scope: Scope,
        answer: &[u8],
        ttls: &[u16],
        expires: u64,
        blocked: Option<Blocked>,
    ) {
        let asked = &self.asked;
        let Some(kept) = Kept::of(asked, answer, ttls).filter(|_| asked.len > 0) else { return };
        let once = &mut self.once[(asked.hash >> 16) as usize % ONCE];
        if *once != asked.tag() {
            *once = asked.tag();
            return;
        }
        self.sets[asked.set()].keep(asked, &kept, scope, expires, blocked);
    }
}

impl Set {
    /// The slot that holds the answer to what is asked.
    fn find(&mut self, asked: &Asked, scope: Scope) -> Option<&mut Slot> {
        let tagged = self.tags.iter().zip(self.slots.as_mut()?.iter_mut());
        let mut slots = tagged.filter(|(tag, _)| **tag == asked.tag()).map(|(_, slot)| slot);
        slots.find(|slot| slot.is_good(scope) && slot.is_of(asked, scope.group))
    }

    /// Keeps an answer in its own slot, in one that is of no use any more, or in one that was not used of
    /// late. Not at the first try where all were used: each has to show its use again till the next.
    fn keep(&mut self, asked: &Asked, kept: &Kept<'_>, scope: Scope, expires: u64, blocked: Option<Blocked>) {
        let slots = self.slots.get_or_insert_with(|| Box::new([(); WAYS].map(|()| Slot::empty())));
        let worth = |slot: &Slot| match (slot.is_of(asked, scope.group), slot.is_good(scope), slot.is_used) {
            (true, ..) => 0,
            (false, false, _) => 1,
            (false, true, false) => 2,
            (false, true, true) => 3,
        };
        let worths = slots.iter().map(worth).enumerate();
        let (at, worth) = worths.min_by_key(|(_, worth)| *worth).expect("a set has slots");
        if worth == 3 {
            slots.iter_mut().for_each(|slot| slot.is_used = false);
            return;
        }
        self.tags[at] = asked.tag();
        slots[at].fill(asked, kept, scope, expires, blocked);
    }
}

impl Asked {
    /// Takes a packet in, if it is of the kind that is kept: one question, and OPT without options or
    /// nothing behind it. What else it says is not looked at; it is compared.
    fn read(&mut self, packet: &[u8], hasher: &RandomState) -> bool {
        self.len = 0;
        let len = packet.len().wrapping_sub(2);
        if len > KEY_MAX {
            return false;
        }
        let mut end = HEADER;
        loop {
            match packet.get(end) {
                Some(0) => break,
                Some(&label) if usize::from(label) <= LABEL_MAX => end += usize::from(label) + 1,
                _ => return false,
            }
        }
        end += 1;
        let rest = packet.len() - end;
        if rest != FIXED && rest != FIXED + OPT_BARE {
            return false;
        }
        self.key[..len].copy_from_slice(&packet[2..]);
        // A length octet is no letter, so all can be lower-cased in one go.
        self.key[HEADER - 2..end - 2].make_ascii_lowercase();
        self.len = len;
        self.name_len = end - HEADER;
        let mut state = hasher.build_hasher();
        state.write(self.key());
        self.hash = state.finish();
        true
    }

    fn key(&self) -> &[u8] {
        &self.key[..self.len]
    }

    fn set(&self) -> usize {
        self.hash as usize % (SLOTS / WAYS)
    }

    fn tag(&self) -> u32 {
        (self.hash >> 32) as u32 | 1
    }
}

#[cfg(test)]
mod tests;
