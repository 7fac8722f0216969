//! A worker's packet cache: a query that came before, but for its id and the case of its name, gets the
//! answer that it got before.
//!
//! A school asks for the same few thousand names all day. What [`Desk::answer`](super::Desk::answer) made
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
use std::ops::Range;

use foldhash::fast::RandomState;

use crate::dns::name::{HEADER, LABEL_MAX, Name};
use crate::journal::count::Hint;
use crate::model::category::Category;
use crate::model::roster::RosterId;
use crate::model::verdict::Layer;

/// Answers kept. With 64 octets each and usually 200 of packet and answer this is 2 MiB when full.
const SLOTS: usize = 8192;
/// Places that a packet may have.
const WAYS: usize = 4;
/// Packets remembered to have come once.
const ONCE: usize = 2 * SLOTS;
/// Octets of the longest packet that is kept, its id left out: names of up to 101 octets with OPT.
const KEY_MAX: usize = 126;
/// Octets of the longest answer that is kept.
const ANSWER_MAX: usize = 512;
/// Records of an answer whose TTLs can be counted down.
const TTLS_MAX: usize = 24;
/// Octets of an OPT record without options (RFC 6891 §6.1.2).
const OPT_BARE: usize = 11;
/// Octets of type and class.
const FIXED: usize = 4;

/// A worker's packet cache.
pub struct Packets {
    hasher: RandomState,
    /// For each slot the tag of what it holds; 0: nothing.
    tags: Box<[u32]>,
    slots: Box<[Slot]>,
    once: Box<[u32]>,
    asked: Asked,
}

/// The packet that is being answered, as it is looked for.
struct Asked {
    key: [u8; KEY_MAX],
    len: usize,
    name_len: usize,
    hash: u64,
}

/// A kept answer.
#[derive(Default)]
struct Slot {
    generation: u64,
    /// Seconds of the desk's clock when it was written, and from when on it must not be used.
    written: u64,
    expires: u64,
    group: usize,
    key_len: u8,
    name_len: u8,
    answer_len: u16,
    /// Given since another packet last wanted the place.
    is_used: bool,
    blocked: Option<Blocked>,
    /// The packet, the answer, and where TTLs stand in it, two octets each.
    octets: Box<[u8]>,
}

/// What is counted each time a kept block answer is given.
#[derive(Clone, Copy, Debug)]
pub struct Blocked {
    /// Category it counts under.
    pub category: Option<Category>,
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
    pub group: usize,
    /// Seconds of the desk's clock.
    pub now: u64,
}

/// A kept answer that was found and written.
pub struct Again<'p> {
    /// Asked name.
    pub name: Name<'p>,
    /// Asked type.
    pub rtype: u16,
    /// What to count, if it is a block answer.
    pub blocked: Option<&'p mut Blocked>,
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
            tags: vec![0; SLOTS].into(),
            slots: std::iter::repeat_with(Slot::default).take(SLOTS).collect(),
            once: vec![0; ONCE].into(),
            asked: Asked { key: [0; KEY_MAX], len: 0, name_len: 0, hash: 0 },
        }
    }

    /// Writes the answer to `packet` into `out` if one was kept for `scope`.
    pub fn answer(&mut self, packet: &[u8], scope: Scope, out: &mut Vec<u8>) -> Option<Again<'_>> {
        if !self.asked.read(packet, &self.hasher) {
            return None;
        }
        let at = self.find(scope)?;
        let slot = &mut self.slots[at];
        slot.is_used = true;
        slot.write(packet, scope.now, out);
        let question = &slot.octets[HEADER - 2..];
        let (name, rest) = question.split_at(usize::from(slot.name_len));
        let rtype = u16::from_be_bytes([rest[0], rest[1]]);
        Some(Again { name: Name::of_lower_case(name), rtype, blocked: slot.blocked.as_mut() })
    }

    /// Keeps `answer`, given to the packet that [`answer`](Self::answer) last did not find, until `expires`,
    /// if that packet came before. `ttls` are the places of TTLs in it that are to be counted down.
    pub fn keep(
        &mut self,
        scope: Scope,
        answer: &[u8],
        ttls: impl ExactSizeIterator<Item = usize>,
        expires: u64,
        blocked: Option<Blocked>,
    ) {
        let asked = &self.asked;
        if asked.len == 0 || answer.len() > ANSWER_MAX || ttls.len() > TTLS_MAX {
            return;
        }
        let once = &mut self.once[(asked.hash >> 16) as usize % ONCE];
        if *once != asked.tag() {
            *once = asked.tag();
            return;
        }
        let Some(at) = self.place(scope) else { return };
        let asked = &self.asked;
        let mut octets = Vec::with_capacity(asked.len + answer.len() + 2 * ttls.len());
        octets.extend_from_slice(asked.key());
        octets.extend_from_slice(answer);
        ttls.for_each(|at| octets.extend_from_slice(&(at as u16).to_be_bytes()));
        self.tags[at] = asked.tag();
        self.slots[at] = Slot {
            generation: scope.generation,
            written: scope.now,
            expires,
            group: scope.group,
            key_len: asked.len as u8,
            name_len: asked.name_len as u8,
            answer_len: answer.len() as u16,
            is_used: false,
            blocked,
            octets: octets.into(),
        };
    }

    /// The slot that holds the answer to what is asked.
    fn find(&self, scope: Scope) -> Option<usize> {
        let (places, tag) = (self.asked.places(), self.asked.tag());
        let mut places = places.filter(|&at| self.tags[at] == tag);
        places.find(|&at| self.slots[at].answers(&self.asked, scope))
    }

    /// The slot to use for what is asked: its own, one that is of no use any more, one that was not used
    /// of late. None at the first try where all were used: each has to show its use again till the next.
    fn place(&mut self, scope: Scope) -> Option<usize> {
        let worth = |slot: &Slot| {
            let is_own = slot.group == scope.group && slot.key() == self.asked.key();
            let is_good = slot.generation == scope.generation && scope.now < slot.expires;
            match (is_own, is_good, slot.is_used) {
                (true, ..) => 0,
                (false, false, _) => 1,
                (false, true, false) => 2,
                (false, true, true) => 3,
            }
        };
        let (at, worth) =
            self.asked.places().map(|at| (at, worth(&self.slots[at]))).min_by_key(|(_, worth)| *worth)?;
        if worth == 3 {
            self.slots[self.asked.places()].iter_mut().for_each(|slot| slot.is_used = false);
            return None;
        }
        Some(at)
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

    fn places(&self) -> Range<usize> {
        let first = (self.hash as usize % SLOTS) & !(WAYS - 1);
        first..first + WAYS
    }

    fn tag(&self) -> u32 {
        (self.hash >> 32) as u32 | 1
    }
}

impl Slot {
    fn key(&self) -> &[u8] {
        &self.octets[..usize::from(self.key_len)]
    }

    fn answers(&self, asked: &Asked, scope: Scope) -> bool {
        self.generation == scope.generation
            && self.group == scope.group
            && scope.now < self.expires
            && self.key() == asked.key()
    }

    /// The answer with the packet's own id and question, as old as it is now.
    fn write(&self, packet: &[u8], now: u64, out: &mut Vec<u8>) {
        let (answer, ttls) = self.octets[usize::from(self.key_len)..].split_at(usize::from(self.answer_len));
        out.clear();
        out.extend_from_slice(answer);
        let question = HEADER + usize::from(self.name_len) + FIXED;
        out[..2].copy_from_slice(&packet[..2]);
        out[HEADER..question].copy_from_slice(&packet[HEADER..question]);
        let age = u32::try_from(now.saturating_sub(self.written)).unwrap_or(u32::MAX);
        if age == 0 {
            return;
        }
        for at in ttls.chunks_exact(2) {
            let at = usize::from(u16::from_be_bytes([at[0], at[1]]));
            let slot = &mut out[at..at + 4];
            let ttl = u32::from_be_bytes([slot[0], slot[1], slot[2], slot[3]]);
            slot.copy_from_slice(&ttl.saturating_sub(age).to_be_bytes());
        }
    }
}

#[cfg(test)]
mod tests;
