//! The file, octet by octet. All numbers are little-endian; sections follow each other without gaps.
//!
//! | section | octets | holds |
//! | --- | --- | --- |
//! | header | 256 | magic, version, sizes, checksums of all sections, its own checksum at the end |
//! | records | by name | one zero octet; for each name its class (LEB128), the name in wire form, the line of each contribution of the class (LEB128); zeros up to a multiple of 64 |
//! | buckets | 64 each | eight fingerprints, then the eight offsets of their records; see `table` |
//! | classes | 64 each | see [`encode_class`] |
//! | contributions | 2 each | see `Contribution::to_bits` |
//! | lists | by list | names with rules, kind, id, version |
//! | patterns | by pattern | its text |
//!
//! Checksums are CRC-32: any flip of up to 32 neighbouring bits is found for certain, and it runs at
//! memory speed. It guards against disks and cut copies, not against a person who may write the file.

use std::ops::Range;

use crate::model::category::{Category, CategorySet};
use crate::model::matched::Counted;
use crate::model::rule::{ListInfo, ListKind, Origin, Protection};

use super::class::{Effect, Side};

pub(super) const MAGIC: [u8; 8] = *b"LACHANIX";
/// Goes up with any change of the layout; files of another version are built anew.
pub(super) const VERSION: u32 = 3;
pub(super) const HEADER_OCTETS: usize = 256;
pub(super) const BUCKET_OCTETS: usize = 64;
pub(super) const CLASS_OCTETS: usize = 64;
pub(super) const CONTRIBUTION_OCTETS: usize = 2;
pub(super) const SECTIONS: [&str; 6] =
    ["records", "buckets", "classes", "contributions", "lists", "patterns"];
/// Places of the sections in [`SECTIONS`] and [`Header::sections`].
pub(super) const RECORDS: usize = 0;
pub(super) const BUCKETS: usize = 1;
pub(super) const CLASSES: usize = 2;
pub(super) const CONTRIBUTIONS: usize = 3;
pub(super) const LISTS: usize = 4;
pub(super) const PATTERNS: usize = 5;
const CHECKSUM_AT: usize = HEADER_OCTETS - 4;
const SECTIONS_AT: usize = 56;
const SECTION_OCTETS: usize = 12;
/// Octets of an id or a version of a list.
pub(super) const LIST_TEXT_MAX: usize = 1024;

/// A bucket or a class in memory, in a cache line of its own.
#[derive(Clone, Debug)]
#[repr(C, align(64))]
pub(super) struct Line(pub [u8; 64]);

const _: () = assert!(BUCKET_OCTETS == 64 && CLASS_OCTETS == 64);

/// Length and checksum of a section.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Section {
    pub octets: u64,
    pub checksum: u32,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub id: u64,
    pub key: [u8; 16],
    pub names: u64,
    pub homes: u32,
    pub reach: u32,
    pub deepest: u32,
    pub sections: [Section; SECTIONS.len()],
}

/// Why octets are not a header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HeaderError {
    Short,
    Magic,
    Version(u32),
    Checksum,
}

impl Header {
    pub fn encode(&self) -> [u8; HEADER_OCTETS] {
        let mut octets = [0; HEADER_OCTETS];
        let mut put = |at: usize, bytes: &[u8]| octets[at..at + bytes.len()].copy_from_slice(bytes);
        put(0, &MAGIC);
        put(8, &VERSION.to_le_bytes());
        put(12, &self.reach.to_le_bytes());
        put(16, &self.id.to_le_bytes());
        put(24, &self.key);
        put(40, &self.names.to_le_bytes());
        put(48, &self.homes.to_le_bytes());
        put(52, &self.deepest.to_le_bytes());
        for (index, section) in self.sections.iter().enumerate() {
            let at = SECTIONS_AT + index * SECTION_OCTETS;
            put(at, &section.octets.to_le_bytes());
            put(at + 8, &section.checksum.to_le_bytes());
        }
        let checksum = crc32fast::hash(&octets[..CHECKSUM_AT]);
        octets[CHECKSUM_AT..].copy_from_slice(&checksum.to_le_bytes());
        octets
    }

    pub fn decode(octets: &[u8]) -> Result<Self, HeaderError> {
        let header = octets.first_chunk::<HEADER_OCTETS>().ok_or(HeaderError::Short)?;
        if header[..8] != MAGIC {
            return Err(HeaderError::Magic);
        }
        // The version comes first: a later layout may have its checksum elsewhere.
        if u32_at(header, 8) != VERSION {
            return Err(HeaderError::Version(u32_at(header, 8)));
        }
        if crc32fast::hash(&header[..CHECKSUM_AT]) != u32_at(header, CHECKSUM_AT) {
            return Err(HeaderError::Checksum);
        }
        let mut key = [0; 16];
        key.copy_from_slice(&header[24..40]);
        Ok(Self {
            id: u64_at(header, 16),
            key,
            names: u64_at(header, 40),
            homes: u32_at(header, 48),
            reach: u32_at(header, 12),
            deepest: u32_at(header, 52),
            sections: std::array::from_fn(|index| {
                let at = SECTIONS_AT + index * SECTION_OCTETS;
                Section { octets: u64_at(header, at), checksum: u32_at(header, at + 8) }
            }),
        })
    }

    /// Octets of the whole file.
    pub fn octets(&self) -> u64 {
        self.sections.iter().fold(HEADER_OCTETS as u64, |sum, section| sum.saturating_add(section.octets))
    }

    /// Where the sections lie in a file of `len` octets; `None` unless they fill it exactly.
    pub fn ranges(&self, len: usize) -> Option<[Range<usize>; SECTIONS.len()]> {
        let mut ranges: [Range<usize>; SECTIONS.len()] = Default::default();
        let mut at = HEADER_OCTETS;
        for (range, section) in ranges.iter_mut().zip(&self.sections) {
            let end = at.checked_add(usize::try_from(section.octets).ok()?)?;
            *range = at..end;
            at = end;
        }
        (at == len).then_some(ranges)
    }
}

pub(super) fn u32_at(octets: &[u8], at: usize) -> u32 {
    octets.get(at..).and_then(|rest| rest.first_chunk()).map_or(0, |bytes| u32::from_le_bytes(*bytes))
}

pub(super) fn u64_at(octets: &[u8], at: usize) -> u64 {
    octets.get(at..).and_then(|rest| rest.first_chunk()).map_or(0, |bytes| u64::from_le_bytes(*bytes))
}

pub(super) fn put_varint(out: &mut Vec<u8>, mut value: u32) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// A number and what follows it.
#[inline]
pub(super) fn take_varint(octets: &[u8]) -> Option<(u32, &[u8])> {
    let (&first, rest) = octets.split_first()?;
    if first < 0x80 {
        return Some((u32::from(first), rest));
    }
    let mut value = u64::from(first & 0x7f);
    for (index, &octet) in rest.iter().take(4).enumerate() {
        value |= u64::from(octet & 0x7f) << (7 * (index + 1));
        if octet < 0x80 {
            return Some((u32::try_from(value).ok()?, &rest[index + 1..]));
        }
    }
    None
}

/// A name in wire form and what follows it.
pub(super) fn take_wire(octets: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut end = 0;
    loop {
        let len = usize::from(*octets.get(end)?);
        end += len + 1;
        if len == 0 {
            return octets.split_at_checked(end);
        }
    }
}

/// Masks of both sides (categories, allow sets), first contribution, number of contributions,
/// protections, flags (1, 2: the own, the lower side speaks; 4, 8: it has exceptions).
pub(super) fn encode_class(own: &Side, below: &Side, first: u32, count: u32) -> [u8; CLASS_OCTETS] {
    let mut octets = [0; CLASS_OCTETS];
    for (index, side) in [own, below].into_iter().enumerate() {
        octets[8 * index..][..8].copy_from_slice(&side.effect.categories.0.to_le_bytes());
        octets[16 + 8 * index..][..8].copy_from_slice(&side.effect.allow_sets.to_le_bytes());
        octets[40 + index] = side.effect.protection.map_or(0, |protection| protection as u8 + 1);
        octets[42] |=
            (u8::from(side.speaks) | u8::from(side.excepts) << 2 | u8::from(side.contested) << 4) << index;
        octets[43 + index] = side.counted.to_octet();
    }
    octets[32..36].copy_from_slice(&first.to_le_bytes());
    octets[36..40].copy_from_slice(&count.to_le_bytes());
    octets
}

/// A class where it lies in the file.
#[derive(Clone, Copy)]
pub(super) struct ClassAt<'i>(pub &'i [u8; CLASS_OCTETS]);

impl ClassAt<'_> {
    #[inline]
    pub fn side(self, whole: bool) -> Side {
        let index = usize::from(!whole);
        let flags = self.0[42] >> index;
        Side {
            effect: Effect {
                categories: CategorySet(u64_at(self.0, 8 * index)),
                allow_sets: u64_at(self.0, 16 + 8 * index),
                protection: protection_of(self.0[40 + index]),
                is_trusted: false,
            },
            speaks: flags & 1 != 0,
            excepts: flags & 4 != 0,
            contested: flags & 16 != 0,
            counted: Counted::of_bit(self.0[43 + index]),
        }
    }

    /// Where its contributions lie in their section, in octets.
    pub fn contributions(self) -> Range<usize> {
        let first = u32_at(self.0, 32) as usize * CONTRIBUTION_OCTETS;
        first..first + u32_at(self.0, 36) as usize * CONTRIBUTION_OCTETS
    }
}

fn protection_of(octet: u8) -> Option<Protection> {
    match octet {
        1 => Some(Protection::SoftButThreats),
        2 => Some(Protection::Soft),
        3 => Some(Protection::Hard),
        _ => None,
    }
}

pub(super) fn encode_list(out: &mut Vec<u8>, list: &ListInfo, names: u64) {
    let (kind, of) = match list.kind {
        ListKind::Block(category) => (0, category.bit()),
        ListKind::Allow => (1, 0),
        ListKind::Protect(protection) => (2, protection as u8 + 1),
    };
    out.extend_from_slice(&names.to_le_bytes());
    out.extend_from_slice(&[kind | (list.origin as u8) << 4, of]);
    for text in [&list.id, &list.version] {
        put_text(out, text);
    }
}

/// A text with its length before it.
pub(super) fn put_text(out: &mut Vec<u8>, text: &str) {
    out.extend_from_slice(&(text.len() as u16).to_le_bytes());
    out.extend_from_slice(text.as_bytes());
}

/// A list, its number of names, and what follows.
pub(super) fn take_list(octets: &[u8]) -> Option<(ListInfo, u64, &[u8])> {
    let (names, rest) = octets.split_first_chunk::<8>()?;
    let (&[kind, of], mut rest) = rest.split_first_chunk::<2>()?;
    let origin = match kind >> 4 {
        0 => Origin::Shipped,
        1 => Origin::Local,
        2 => Origin::Downloaded,
        _ => return None,
    };
    let kind = match kind & 15 {
        0 => ListKind::Block(Category::from_bit(of)?),
        1 => ListKind::Allow,
        2 => ListKind::Protect(protection_of(of)?),
        _ => return None,
    };
    let mut text = || {
        let (len, after) = rest.split_first_chunk::<2>()?;
        let (text, after) = after.split_at_checked(usize::from(u16::from_le_bytes(*len)))?;
        rest = after;
        String::from_utf8(text.to_vec()).ok()
    };
    let (id, version) = (text()?, text()?);
    Some((ListInfo { id, version, kind, origin }, u64::from_le_bytes(*names), rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_back_and_cut_ones_are_refused() {
        for value in [0, 1, 0x7f, 0x80, 0x3fff, 0x4000, u32::MAX] {
            let mut octets = Vec::new();
            put_varint(&mut octets, value);
            assert_eq!(take_varint(&octets), Some((value, &[][..])));
            assert_eq!(take_varint(&octets[..octets.len() - 1]), None, "{value}");
        }
        assert_eq!(take_varint(&[0xff; 9]), None);
        assert_eq!(take_varint(&[0xff, 0xff, 0xff, 0xff, 0x7f]), None);
    }

    #[test]
    fn a_header_comes_back_and_says_what_is_wrong_with_it() {
        let section = Section { octets: 64, checksum: 5 };
        let header =
            Header { id: 1, key: [2; 16], names: 3, homes: 4, reach: 5, deepest: 6, sections: [section; 6] };
        let octets = header.encode();
        assert_eq!(Header::decode(&octets), Ok(header.clone()));
        assert_eq!(header.ranges(256 + 6 * 64).map(|ranges| ranges[5].clone()), Some(576..640));
        assert_eq!(header.ranges(256 + 6 * 64 + 1), None);
        let mut later = octets;
        later[8] += 1;
        assert_eq!(Header::decode(&later), Err(HeaderError::Version(VERSION + 1)));
        assert_eq!(Header::decode(&octets[1..]), Err(HeaderError::Short));
        assert_eq!(Header::decode(&[0; 256]), Err(HeaderError::Magic));
    }
}
