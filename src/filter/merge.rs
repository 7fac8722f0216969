//! The rules of one name, from all lists, become one record and one class.
//!
//! Rules come part by part from the spill, see [`build`](super::build).

use std::collections::HashMap;
use std::io;
use std::path::Path;

use super::class::{Contribution, Say};
use super::error::{BuildError, CLASSES_MAX};
use super::layout::{take_wire, u32_at, u64_at};
use super::spill::Spill;

/// Hash, line and contribution, which stand before the name of a rule in the spill.
pub(super) const FIXED_OCTETS: usize = 14;
/// Octets of a rule in the spill, on average, for the room of an order.
const TYPICAL_OCTETS: usize = 32;

#[derive(Clone, Copy)]
pub(super) struct Spilled<'s> {
    pub hash: u64,
    pub wire: &'s [u8],
    pub say: Say,
}

/// The rules of one part, by hash, then by name.
pub(super) struct SortedPart {
    octets: Vec<u8>,
    order: Vec<Place>,
}

/// Where a rule stands in its part.
#[derive(Clone, Copy)]
pub(super) struct Place {
    hash: u64,
    at: u32,
}

impl SortedPart {
    /// Sorts what the spill has of it. It is far below 4 GiB: hashes spread the rules over the parts evenly, and
    /// the key is not known outside.
    pub fn of(octets: Vec<u8>) -> Self {
        let mut order = Vec::with_capacity(octets.len() / TYPICAL_OCTETS);
        let mut at = 0;
        while let Some((rule, len)) = rule_at(&octets, at) {
            order.push(Place { hash: rule.hash, at: at as u32 });
            at += len;
        }
        let wire = |place: &Place| rule_at(&octets, place.at as usize).map(|(rule, _)| rule.wire);
        order.sort_unstable_by(|a, b| a.hash.cmp(&b.hash).then_with(|| wire(a).cmp(&wire(b))));
        // Laid out in that order too: whoever reads them then goes from one to the next.
        let mut sorted = Vec::with_capacity(octets.len());
        for place in &mut order {
            let len = rule_at(&octets, place.at as usize).map_or(0, |(_, len)| len);
            let rule = &octets[place.at as usize..][..len];
            place.at = sorted.len() as u32;
            sorted.extend_from_slice(rule);
        }
        Self { octets: sorted, order }
    }

    /// How many rules it has.
    pub fn len(&self) -> usize {
        self.order.len()
    }

    /// The rules of each name.
    pub fn names(&self) -> impl Iterator<Item = &[Place]> {
        self.order.chunk_by(|a, b| a.hash == b.hash && self.wire(*a) == self.wire(*b))
    }

    /// One of its rules.
    pub fn rule(&self, place: Place) -> Option<Spilled<'_>> {
        rule_at(&self.octets, place.at as usize).map(|(rule, _)| rule)
    }

    fn wire(&self, place: Place) -> Option<&[u8]> {
        self.rule(place).map(|rule| rule.wire)
    }
}

/// The rule that stands at `at`, and how many octets it has.
fn rule_at(octets: &[u8], at: usize) -> Option<(Spilled<'_>, usize)> {
    let (fixed, rest) = octets.get(at..)?.split_at_checked(FIXED_OCTETS)?;
    let (wire, _) = take_wire(rest)?;
    let contribution = Contribution::from_bits(u16::from_le_bytes([fixed[12], fixed[13]]))?;
    let say = Say { contribution, line: u32_at(fixed, 8) };
    Some((Spilled { hash: u64_at(fixed, 0), wire, say }, FIXED_OCTETS + wire.len()))
}

/// What is known once all names are merged.
pub(super) struct Merged {
    pub names: u64,
    pub names_of: Vec<u64>,
    pub deepest: u32,
    pub classes: Vec<Vec<Contribution>>,
    numbers: HashMap<Vec<Contribution>, u32>,
    key: Vec<Contribution>,
    /// The class that was asked for last.
    last: u32,
    /// Hash and offset of each record, in the order of the hashes.
    pub places: Spill,
}

impl Merged {
    pub fn new(folder: &Path, spill_at: usize, lists: usize) -> Self {
        Self {
            names: 0,
            names_of: vec![0; lists],
            deepest: 0,
            classes: Vec::new(),
            numbers: HashMap::new(),
            key: Vec::new(),
            last: 0,
            places: Spill::new(folder, spill_at),
        }
    }

    pub fn class_of(&mut self, settled: &[Say]) -> Result<u32, BuildError> {
        self.key.clear();
        self.key.extend(settled.iter().map(|say| say.contribution));
        // Most names have the class of the one before.
        if self.classes.get(self.last as usize) == Some(&self.key) {
            return Ok(self.last);
        }
        if let Some(&number) = self.numbers.get(&self.key) {
            self.last = number;
            return Ok(number);
        }
        if self.classes.len() == CLASSES_MAX {
            return Err(BuildError::TooManyClasses);
        }
        let number = self.classes.len() as u32;
        self.classes.push(self.key.clone());
        self.numbers.insert(self.key.clone(), number);
        Ok(number)
    }

    pub fn note(&mut self, rule: Spilled<'_>, offset: u32, settled: &[Say]) -> io::Result<()> {
        self.names += 1;
        self.deepest = self.deepest.max(labels(rule.wire));
        for of_list in settled.chunk_by(|a, b| a.contribution.list == b.contribution.list) {
            self.names_of[usize::from(of_list[0].contribution.list)] += 1;
        }
        let part = Spill::part_of(rule.hash);
        self.places.push(part, &[&rule.hash.to_le_bytes(), &offset.to_le_bytes()])
    }
}

fn labels(mut wire: &[u8]) -> u32 {
    let mut count = 0;
    while let Some((&len, rest)) = wire.split_first().filter(|(len, _)| **len != 0) {
        wire = &rest[usize::from(len).min(rest.len())..];
        count += 1;
    }
    count
}
