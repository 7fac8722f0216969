//! No file with a wrong octet is taken, and no file whatever makes a lookup panic.

use std::path::Path;

use proptest::prelude::*;

use super::{List, build, name, walk};
use crate::filter::Index;
use crate::filter::error::OpenError;
use crate::filter::layout::{HEADER_OCTETS, Header};
use crate::model::category::Category;
use crate::model::rule::{ListKind, RuleAction, Scope};

/// An index file with a bit of everything, and its octets.
fn some_index(folder: &Path) -> (std::path::PathBuf, Vec<u8>) {
    let path = folder.join("index");
    let ads =
        List::of(Category::Ads).block("a.example").rule("b.a.example", Scope::Exact, RuleAction::Except);
    build(&path, &[ads, List::new("set", ListKind::Allow).block("b.a.example")]);
    let octets = std::fs::read(&path).unwrap();
    (path, octets)
}

fn open(path: &Path, octets: &[u8]) -> Result<Index, OpenError> {
    std::fs::write(path, octets).unwrap();
    Index::open(path)
}

#[test]
fn a_file_cut_at_any_octet_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (path, octets) = some_index(folder.path());
    for len in 0..octets.len() {
        assert!(open(&path, &octets[..len]).is_err(), "{len} of {}", octets.len());
    }
    assert!(open(&path, &[&octets[..], &[0]].concat()).is_err(), "one octet too many");
    assert!(open(&path, &octets).is_ok());
}

#[test]
fn a_file_with_any_bit_flipped_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (path, mut octets) = some_index(folder.path());
    for bit in 0..octets.len() * 8 {
        octets[bit / 8] ^= 1 << (bit % 8);
        assert!(open(&path, &octets).is_err(), "bit {} of octet {}", bit % 8, bit / 8);
        octets[bit / 8] ^= 1 << (bit % 8);
    }
}

#[test]
fn what_is_wrong_with_a_file_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let (path, octets) = some_index(folder.path());
    let mut other = octets.clone();
    other[8] = 99;
    assert!(matches!(open(&path, &other), Err(OpenError::Version { found: 99 })));
    assert!(matches!(open(&path, b"<!DOCTYPE html>"), Err(OpenError::Size { found: 15 })));
    assert!(matches!(open(&path, &[b'<'; 4096]), Err(OpenError::NotAnIndex)));
    let mut other = octets.clone();
    other[HEADER_OCTETS] ^= 1;
    assert!(matches!(open(&path, &other), Err(OpenError::Checksum { section: "records" })));
    assert!(matches!(Index::open(&folder.path().join("none")), Err(OpenError::Io { .. })));
    assert!(matches!(Index::open(folder.path()), Err(OpenError::Io { .. } | OpenError::Size { .. })));
}

/// Makes all checksums right again.
fn forge(octets: &mut [u8]) {
    let mut header = Header::decode(octets).unwrap();
    let ranges = header.ranges(octets.len()).unwrap();
    for (section, range) in header.sections.iter_mut().zip(ranges) {
        section.checksum = crc32fast::hash(&octets[range]);
    }
    octets[..HEADER_OCTETS].copy_from_slice(&header.encode());
}

#[test]
fn a_forged_file_with_an_offset_out_of_range_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (path, mut octets) = some_index(folder.path());
    let ranges = Header::decode(&octets).unwrap().ranges(octets.len()).unwrap();
    octets[ranges[1].start + 32..][..4].copy_from_slice(&u32::MAX.to_le_bytes());
    forge(&mut octets);
    assert!(matches!(open(&path, &octets), Err(OpenError::Contradiction { what: "an offset out of range" })));
}

proptest! {
    // The checksums are right, the content is not: whatever gets through must not panic.
    #[test]
    fn a_forged_file_is_refused_or_harmless(
        places in proptest::collection::vec((HEADER_OCTETS..4096usize, any::<u8>()), 1..6),
        reach in prop_oneof![Just(0), any::<u32>()],
        deepest in prop_oneof![Just(3), any::<u32>()],
        homes in prop_oneof![4 => Just(None), 1 => any::<u32>().prop_map(Some)],
        names in prop_oneof![4 => Just(2), 1 => any::<u64>()],
    ) {
        let folder = tempfile::tempdir().unwrap();
        let (path, mut octets) = some_index(folder.path());
        for (at, octet) in places {
            let body = octets.len() - HEADER_OCTETS;
            octets[HEADER_OCTETS + at % body] = octet;
        }
        let mut header = Header::decode(&octets).unwrap();
        header.homes = homes.unwrap_or(header.homes);
        let header = Header { reach, deepest, names, ..header };
        octets[..HEADER_OCTETS].copy_from_slice(&header.encode());
        forge(&mut octets);
        let Ok(index) = open(&path, &octets) else { return Ok(()) };
        for asked in ["b.a.example", "c.b.a.example", "example", "."] {
            let suffixes = walk(&index, asked);
            let matched = index.lookup(&suffixes);
            index.explain(&suffixes);
            index.blocking(&suffixes, &matched, Category::Ads);
            index.entry(name(asked).as_name()).map(|entry| entry.rules().count());
        }
        let _ = index.check_every_name(|_| ());
        assert!(index.names().all(|entry| entry.lists().count() <= index.lists().len()));
    }
}
