//! Writing a message from RRsets, names compressed (RFC 1035 §4.1.4).
//!
//! Owners point to any name before them; names in RDATA are compressed only in the types of RFC 1035,
//! which every reader expands (RFC 3597 §4). A pointer leads to the start of a label, never into one.

use super::header::{Flags, Header};
use super::name::{HEADER, Name};
use super::rdata::CLASS_IN;
use super::rrset::RrSet;
use super::rrtype::RrType;

/// Names to which later ones may point. More make the search slow and save little.
const TARGETS_MAX: usize = 64;
/// The highest place that a pointer can lead to.
const POINTER_MAX: usize = 0x3fff;

/// A message that grows section by section.
pub struct Composer {
    out: Vec<u8>,
    /// Where labels start that are followed by the rest of their name.
    targets: Vec<u16>,
}

impl Composer {
    /// Header (id 0) and question.
    pub fn new(flags: Flags, name: Name<'_>, rtype: RrType, class: u16) -> Self {
        let mut this = Self { out: Vec::with_capacity(512), targets: Vec::with_capacity(16) };
        this.out.extend_from_slice(&Header { id: 0, flags, counts: [1, 0, 0, 0] }.octets());
        this.name(name.wire());
        this.out.extend_from_slice(&rtype.to_be_bytes());
        this.out.extend_from_slice(&class.to_be_bytes());
        this
    }

    /// Octets so far.
    pub fn len(&self) -> usize {
        self.out.len()
    }

    /// Whether nothing is written; never so.
    pub fn is_empty(&self) -> bool {
        self.out.is_empty()
    }

    /// Adds a set under `owner` to the answer section; its signatures too, if `signed`.
    pub fn answer(&mut self, set: &RrSet, ttl: u32, signed: bool) {
        self.set(6, set, ttl, signed);
    }

    /// Adds a set to the authority section. All answers come before.
    pub fn authority(&mut self, set: &RrSet, ttl: u32, signed: bool) {
        self.set(8, set, ttl, signed);
    }

    /// The message.
    pub fn finish(self) -> Vec<u8> {
        self.out
    }

    fn set(&mut self, count_at: usize, set: &RrSet, ttl: u32, signed: bool) {
        for rdata in &set.rdata {
            self.record(count_at, set.owner.as_name(), set.rtype, ttl, rdata);
        }
        for rrsig in set.rrsigs.iter().filter(|_| signed) {
            self.record(count_at, set.owner.as_name(), RrType::RRSIG, ttl, rrsig);
        }
    }

    fn record(&mut self, count_at: usize, owner: Name<'_>, kind: RrType, ttl: u32, rdata: &[u8]) {
        let count = u16::from_be_bytes([self.out[count_at], self.out[count_at + 1]]);
        // A message of 64 KiB has fewer records; what does not fit is the caller's to see by `len`.
        let Some(count) = count.checked_add(1) else { return };
        self.out[count_at..count_at + 2].copy_from_slice(&count.to_be_bytes());
        self.name(owner.wire());
        self.out.extend_from_slice(&kind.to_be_bytes());
        self.out.extend_from_slice(&CLASS_IN.to_be_bytes());
        self.out.extend_from_slice(&ttl.to_be_bytes());
        let length_at = self.out.len();
        self.out.extend_from_slice(&[0, 0]);
        self.rdata(kind, rdata);
        let length = (self.out.len() - length_at - 2) as u16;
        self.out[length_at..length_at + 2].copy_from_slice(&length.to_be_bytes());
    }

    fn rdata(&mut self, kind: RrType, rdata: &[u8]) {
        let (before, names) = match kind {
            RrType::NS | RrType::CNAME | RrType::PTR => (0, 1),
            RrType::SOA => (0, 2),
            RrType::MX => (2, 1),
            _ => (rdata.len(), 0),
        };
        let mut at = before.min(rdata.len());
        self.out.extend_from_slice(&rdata[..at]);
        for _ in 0..names {
            let Some(len) = wire_length(&rdata[at..]) else { break };
            self.name(&rdata[at..at + len]);
            at += len;
        }
        self.out.extend_from_slice(&rdata[at..]);
    }

    /// Writes a name, the longest end that stands somewhere already as a pointer.
    fn name(&mut self, wire: &[u8]) {
        let mut at = 0;
        while wire[at] != 0 {
            if let Some(target) = self.targets.iter().find(|target| self.is_at(**target, &wire[at..])) {
                let pointer = 0xc000 | target;
                self.out.extend_from_slice(&pointer.to_be_bytes());
                return;
            }
            let here = self.out.len();
            if (HEADER..=POINTER_MAX).contains(&here) && self.targets.len() < TARGETS_MAX {
                self.targets.push(here as u16);
            }
            let label = &wire[at..=at + usize::from(wire[at])];
            self.out.extend_from_slice(label);
            at += label.len();
        }
        self.out.push(0);
    }

    /// Whether the name at `at` is `wire`, letter for letter.
    fn is_at(&self, at: u16, mut wire: &[u8]) -> bool {
        let mut at = usize::from(at);
        loop {
            match self.out.get(at) {
                Some(0) => return wire == [0],
                Some(&len @ 1..=63) => {
                    let len = usize::from(len) + 1;
                    // The name that is being written ends with what is written so far.
                    if self.out.get(at..at + len) != wire.get(..len) {
                        return false;
                    }
                    at += len;
                    wire = &wire[len..];
                }
                Some(&high) => {
                    let Some(&low) = self.out.get(at + 1) else { return false };
                    at = usize::from(high & 0x3f) << 8 | usize::from(low);
                }
                None => return false,
            }
        }
    }
}

/// Octets of the uncompressed name at the start.
fn wire_length(octets: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        match *octets.get(at)? {
            0 => return Some(at + 1),
            len @ 1..=63 => at += usize::from(len) + 1,
            _ => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::dns::message::{check_names, records};
    use crate::dns::name::OwnedName;
    use crate::dns::rrset::Sections;

    fn name(text: &str) -> OwnedName {
        OwnedName::parse(text).unwrap()
    }

    fn wire(text: &str) -> Box<[u8]> {
        name(text).as_name().wire().into()
    }

    proptest! {
        /// What is written is read again as it was, and no name hangs on a TTL or the question's case.
        #[test]
        fn sets_come_back_as_they_were(labels in prop::collection::vec("[a-c]{1,3}", 1..9), kind in prop::sample::select(vec![1u16, 2, 5, 6, 12, 15, 16, 39, 65280]), ttl in 0u32..90_000) {
            let owner = |skip: usize| name(&labels.iter().skip(skip).cloned().collect::<Vec<_>>().join("."));
            let mut composer = Composer::new(Flags::RESPONSE, owner(0).as_name(), kind.into(), 1);
            let sets: Vec<RrSet> = (0..labels.len()).map(|skip| {
                let target = owner(labels.len() - 1 - skip);
                let rdata = match kind {
                    2 | 5 | 12 | 39 => target.as_name().wire().to_vec(),
                    15 => [&[0, 10], target.as_name().wire()].concat(),
                    6 => [target.as_name().wire(), owner(skip).as_name().wire(), &[7; 20]].concat(),
                    1 => vec![192, 0, 2, 1],
                    16 => vec![3, b'a', b'b', b'c'],
                    _ => target.as_name().wire().to_vec(),
                };
                RrSet { rrsigs: vec![[&kind.to_be_bytes()[..], &[8; 16], &[1, b'a', 0], b"signature"].concat().into()], ..RrSet::new(owner(skip), kind.into(), ttl, vec![rdata.into()]) }
            }).collect();
            for set in &sets {
                composer.answer(set, ttl, true);
            }
            let message = composer.finish();
            let (_, found) = records(&message).unwrap();
            check_names(&message, &found).unwrap();
            prop_assert_eq!(Sections::read(&message).unwrap().answer, sets);
        }
    }

    #[test]
    fn a_name_that_was_written_costs_two_octets() {
        let mut composer = Composer::new(Flags::RESPONSE, name("www.example").as_name(), RrType::CNAME, 1);
        let set = RrSet::new(name("www.example"), RrType::CNAME, 60, vec![wire("web.example")]);
        let before = composer.len();
        composer.answer(&set, 60, false);
        // Pointer, fixed fields, `web` and a pointer to `example`.
        assert_eq!(composer.len() - before, 2 + 10 + 4 + 2);
    }
}
