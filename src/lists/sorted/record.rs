//! What is written down of a rule: its line, what it does, and its name as a key that sorts.

use crate::dns::name::{LABELS_MAX, Name, NameBuf};

/// Before the key in each record: the line (4), what is said (2), octets of the key (1).
pub(super) const HEAD: usize = 7;
/// A record: its key is at most as long as a name.
pub(super) const RECORD_MAX: usize = HEAD + 255;

/// Writes a name with its labels from the top, each with an octet 0 behind it, which no listed name has
/// inside: then a key is the beginning of another exactly where its name is above the other's. Says how many
/// octets it has: one less than the name.
pub(super) fn put_key(into: &mut [u8], name: Name<'_>) -> usize {
    let wire = name.wire();
    let (mut starts, mut count, mut at) = ([0u8; LABELS_MAX], 0, 0);
    while wire[at] != 0 {
        starts[count] = at as u8;
        count += 1;
        at += usize::from(wire[at]) + 1;
    }
    let mut end = 0;
    for start in starts[..count].iter().rev().map(|start| usize::from(*start)) {
        let label = &wire[start + 1..=start + usize::from(wire[start])];
        debug_assert!(!label.contains(&0), "a listed name has letters, digits, - and _ only");
        into[end..end + label.len()].copy_from_slice(label);
        into[end + label.len()] = 0;
        end += label.len() + 1;
    }
    end
}

/// The name that a key was made of.
pub(super) fn fill_name(into: &mut NameBuf, key: &[u8]) {
    let (mut wire, mut end) = ([0u8; 256], key.len().min(254));
    let mut at = 0;
    // The last label of the key is the name's first.
    while end > 0 {
        let start = key[..end - 1].iter().rposition(|octet| *octet == 0).map_or(0, |zero| zero + 1);
        let label = &key[start..end - 1];
        wire[at] = label.len() as u8;
        wire[at + 1..=at + label.len()].copy_from_slice(label);
        at += label.len() + 1;
        end = start;
    }
    let filled = into.fill_from_wire(&wire[..=at]);
    debug_assert!(filled.is_ok(), "a key is made of a name");
}

/// The first eight octets, as a number that compares as they do.
pub(super) fn first_octets(key: &[u8]) -> u64 {
    let mut first = [0; 8];
    let count = key.len().min(8);
    first[..count].copy_from_slice(&key[..count]);
    u64::from_be_bytes(first)
}

/// The record that stands at the beginning, if it is whole.
pub(super) fn first_record(octets: &[u8]) -> Option<&[u8]> {
    octets.get(..HEAD + usize::from(*octets.get(HEAD - 1)?))
}

pub(super) fn key_of(record: &[u8]) -> &[u8] {
    &record[HEAD..]
}
