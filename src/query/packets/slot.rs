//! One kept answer with the packet that it answers.

use super::{Asked, Blocked, FIXED, Scope};
use crate::dns::message::count_down;
use crate::dns::name::{HEADER, Name};
use crate::dns::rrtype::RrType;

/// Octets of a packet and its answer that are kept: an answer with an alias and a few addresses, or a block
/// with its reason. Longer ones take the long way.
pub(super) const KEPT_MAX: usize = 264;
/// Octets of a message's id.
const ID: usize = 2;

/// A kept answer, in five lines of the processor's cache one behind the other, of which a usual one takes
/// two or three.
#[repr(align(64))]
pub(super) struct Slot {
    generation: u64,
    /// Seconds since 1970 when it was written, and from when on it must not be used.
    written: u64,
    expires: u64,
    group: u16,
    /// Octets of the packet without its id, and of the name in it.
    key_len: u8,
    name_len: u8,
    /// Octets of the answer behind its question.
    rest_len: u16,
    /// TTLs that are to be counted down.
    ttls: u8,
    /// Given since another packet last wanted the place.
    pub is_used: bool,
    blocked: Option<Blocked>,
    /// The packet without its id, the answer without id and question, and where TTLs stand behind the
    /// question, two octets each.
    octets: [u8; KEPT_MAX],
}

const _: () = assert!(size_of::<Slot>() == 5 * 64);

/// What is to be kept.
pub(super) struct Kept<'a> {
    /// Flags and counts.
    head: &'a [u8],
    /// What stands behind the question.
    rest: &'a [u8],
    /// Where TTLs stand in that.
    ttls: &'a [u16],
}

impl<'a> Kept<'a> {
    /// An answer to the packet that is asked; `None` if it is too long to be kept.
    pub fn of(asked: &Asked, answer: &'a [u8], ttls: &'a [u16]) -> Option<Self> {
        let question = HEADER + asked.name_len + FIXED;
        let kept = Self { head: answer.get(ID..HEADER)?, rest: answer.get(question..)?, ttls };
        let octets = asked.len + kept.head.len() + kept.rest.len() + 2 * ttls.len();
        (octets <= KEPT_MAX).then_some(kept)
    }
}

impl Slot {
    pub fn empty() -> Self {
        Self {
            generation: 0,
            written: 0,
            expires: 0,
            group: 0,
            key_len: 0,
            name_len: 0,
            rest_len: 0,
            ttls: 0,
            is_used: false,
            blocked: None,
            octets: [0; KEPT_MAX],
        }
    }

    pub fn fill(
        &mut self,
        asked: &Asked,
        kept: &Kept<'_>,
        scope: Scope,
        expires: u64,
        blocked: Option<Blocked>,
    ) {
        self.generation = scope.generation;
        self.written = scope.now;
        self.expires = expires;
        self.group = scope.group;
        self.key_len = asked.len as u8;
        self.name_len = asked.name_len as u8;
        self.rest_len = kept.rest.len() as u16;
        self.ttls = kept.ttls.len() as u8;
        self.is_used = false;
        self.blocked = blocked;
        let mut room = &mut self.octets[..];
        for part in [asked.key(), kept.head, kept.rest] {
            let (here, behind) = room.split_at_mut(part.len());
            here.copy_from_slice(part);
            room = behind;
        }
        for (place, at) in room.chunks_exact_mut(2).zip(kept.ttls) {
            place.copy_from_slice(&at.to_be_bytes());
        }
    }

    /// Whether what it rests on is in force, and its time is not over.
    pub fn is_good(&self, scope: Scope) -> bool {
        self.generation == scope.generation && self.written <= scope.now && scope.now < self.expires
    }

    /// Whether it was kept for this packet and group.
    pub fn is_of(&self, asked: &Asked, group: u16) -> bool {
        self.group == group && self.octets[..usize::from(self.key_len)] == *asked.key()
    }

    /// For a block answer: asked name, asked type, and what is to be counted.
    pub fn blocked(&mut self) -> Option<(Name<'_>, RrType, &mut Blocked)> {
        let blocked = self.blocked.as_mut()?;
        let (name, behind) = self.octets[HEADER - ID..].split_at(usize::from(self.name_len));
        Some((Name::of_lower_case(name), RrType::from_be_bytes([behind[0], behind[1]]), blocked))
    }

    /// The answer with the packet's own id and question, as old as it is now.
    pub fn write(&self, packet: &[u8], now: u64, out: &mut Vec<u8>) {
        let (head, behind) = self.octets[usize::from(self.key_len)..].split_at(HEADER - ID);
        let (rest, places) = behind.split_at(usize::from(self.rest_len));
        let question = HEADER + usize::from(self.name_len) + FIXED;
        out.clear();
        out.extend_from_slice(&packet[..question]);
        out.extend_from_slice(rest);
        out[ID..HEADER].copy_from_slice(head);
        let age = u32::try_from(now.saturating_sub(self.written)).unwrap_or(u32::MAX);
        if age == 0 {
            return;
        }
        for place in places.chunks_exact(2).take(usize::from(self.ttls)) {
            let at = question + usize::from(u16::from_be_bytes([place[0], place[1]]));
            count_down(out, at, age);
        }
    }
}
