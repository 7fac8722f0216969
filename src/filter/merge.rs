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

#[derive(Clone, Copy)]
pub(super) struct Spilled<'s> {
    pub hash: u64,
    pub wire: &'s [u8],
    pub say: Say,
}

/// The rules of one part, by hash, then by name.
pub(super) fn sorted_rules(mut octets: &[u8]) -> Vec<Spilled<'_>> {
    let mut rules = Vec::new();
    while let Some((fixed, rest)) = octets.split_at_checked(FIXED_OCTETS)
        && let Some((wire, rest)) = take_wire(rest)
        && let Some(contribution) = Contribution::from_bits(u16::from_le_bytes([fixed[12], fixed[13]]))
    {
        rules.push(Spilled {
            hash: u64_at(fixed, 0),
            wire,
            say: Say { contribution, line: u32_at(fixed, 8) },
        });
        octets = rest;
    }
    rules.sort_unstable_by(|a, b| a.hash.cmp(&b.hash).then_with(|| a.wire.cmp(b.wire)));
    rules
}

/// What is known once all names are merged.
pub(super) struct Merged {
    pub names: u64,
    pub names_of: Vec<u64>,
    pub deepest: u32,
    pub classes: Vec<Vec<Contribution>>,
    numbers: HashMap<Vec<Contribution>, u32>,
    key: Vec<Contribution>,
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
            places: Spill::new(folder, spill_at),
        }
    }

    pub fn class_of(&mut self, settled: &[Say]) -> Result<u32, BuildError> {
        self.key.clear();
        self.key.extend(settled.iter().map(|say| say.contribution));
        if let Some(&number) = self.numbers.get(&self.key) {
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
