//! Opening an index file: nothing in it is believed before it is checked.
//!
//! Header, sizes, checksum of every octet, every class, every list, every offset. All of it is read with
//! `pread`: a sector that the disk cannot read is an error then, and no signal.

use std::fs::File;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::Path;

use crate::dns::suffixes::{HashKey, hash_name};
use crate::sys::mmap::Mapped;
use crate::sys::pipeline::pipeline;
use crate::sys::whole::open_file;

use super::class::{Contribution, Effect, Side};
use super::error::OpenError;
use super::kept::{Backing, GIVE_BACK, Stamp};
use super::layout::{
    BUCKET_OCTETS, BUCKETS, CLASSES, CONTRIBUTION_OCTETS, CONTRIBUTIONS, ClassAt, HEADER_OCTETS, Header,
    HeaderError, LISTS, Line, PATTERNS, RECORDS, SECTIONS, encode_class, take_list, u32_at,
};
use super::table::PLACES;
use super::{Index, LISTS_MAX, Records, patterns};

/// Octets of records that are kept in private memory: those of some 300,000 names. Such an index is whole
/// whatever becomes of its file.
const HELD_MAX: usize = 8 << 20;
/// Octets read at once: whole buckets and classes.
const PIECE: usize = 256 << 10;
/// Names that are read before they are looked up: those of some 100 KiB of records.
const LOOKED_UP: usize = 4096;

const _: () = assert!(PIECE.is_multiple_of(BUCKET_OCTETS));

impl Index {
    /// Opens and checks a file, by reading it.
    ///
    /// # Errors
    /// What [`OpenError`] says.
    pub fn open(path: &Path) -> Result<Self, OpenError> {
        let file = open_file(path).map_err(|source| OpenError::Io { path: path.to_owned(), source })?;
        Self::read(file, path)
    }

    /// Reads and checks an open file. `path` is for messages.
    pub(super) fn read(file: File, path: &Path) -> Result<Self, OpenError> {
        let io = |source| OpenError::Io { path: path.to_owned(), source };
        let stamp = Stamp::of(&file).map_err(io)?;
        let len = stamp.len();
        let mut head = [0; HEADER_OCTETS];
        if len < head.len() as u64 {
            return Err(OpenError::Size { found: len });
        }
        file.read_exact_at(&mut head, 0).map_err(io)?;
        let header = Header::decode(&head).map_err(|error| match error {
            HeaderError::Short => OpenError::Size { found: len },
            HeaderError::Magic => OpenError::NotAnIndex,
            HeaderError::Version(found) => OpenError::Version { found },
            HeaderError::Checksum => OpenError::Checksum { section: "header" },
        })?;
        let size = || OpenError::Size { found: len };
        let ranges = header.ranges(usize::try_from(len).map_err(|_| size())?).ok_or_else(size)?;
        let sections = Reader { file: &file, path, header: &header, ranges: &ranges };
        let records = ranges[RECORDS].clone();
        let is_held = records.len() <= HELD_MAX;
        let mut held = Vec::with_capacity(if is_held { records.len() } else { 0 });
        sections.each(RECORDS, |piece| {
            if is_held {
                held.extend_from_slice(piece);
            }
        })?;
        let (buckets, classes) = (sections.lines(BUCKETS)?, sections.lines(CLASSES)?);
        let (contributions, lists_section) = (sections.whole(CONTRIBUTIONS)?, sections.whole(LISTS)?);
        let patterns_section = sections.whole(PATTERNS)?;
        let patterns =
            patterns::decode(&patterns_section).ok_or(contradiction("a pattern that cannot be read"))?;
        let (lists, names_of) = read_lists(&lists_section)?;
        let effects = Effect::of_lists(&lists).ok_or(contradiction("more allow sets than bits"))?;
        check_classes(&classes, &contributions, &effects)?;
        check_buckets(&buckets, records.len(), header.homes)?;
        let records = if is_held {
            Records::Held(held)
        } else {
            Records::Mapped { map: Mapped::open(&file).map_err(io)?, range: records }
        };
        Ok(Self {
            id: header.id,
            key: HashKey(header.key),
            names: header.names,
            homes: header.homes,
            reach: header.reach,
            deepest: header.deepest as usize,
            backing: Backing::new(file, stamp),
            header,
            lists,
            effects,
            names_of,
            records,
            buckets,
            classes,
            contributions,
            lists_section,
            patterns,
            patterns_section,
        })
    }

    /// Looks up every name that the file holds, as the builder does before it hands a file out. Takes
    /// about as long as writing it.
    ///
    /// # Errors
    /// [`OpenError::Contradiction`].
    pub fn check_every_name(&self, mut each: impl FnMut(u64)) -> Result<(), OpenError> {
        let (mut seen, mut given_back) = (0, 0);
        let read = |give: &mut dyn FnMut(Vec<(u64, u32)>) -> bool| {
            let mut some = Vec::with_capacity(LOOKED_UP);
            for entry in self.names() {
                if entry.name.label_count() > self.deepest || entry.rules().next().is_none() {
                    return Err(contradiction("a name is too deep, or has no rule"));
                }
                some.push((hash_name(&self.key, entry.name), entry.record));
                if some.len() == LOOKED_UP
                    && !give(std::mem::replace(&mut some, Vec::with_capacity(LOOKED_UP)))
                {
                    return Ok(());
                }
            }
            give(some);
            Ok(())
        };
        pipeline("index-check", 1, read, &mut |some: Vec<(u64, u32)>| {
            for (hash, record) in some {
                let name = self.entry_at(record).map(|(entry, _)| entry.name);
                let found = name.and_then(|name| self.find(hash, name));
                if found.map(|(record, _)| record) != Some(record) {
                    return Err(contradiction("a name is not found where it stands"));
                }
                seen += 1;
                each(seen);
                let at = record as usize;
                if at - given_back >= GIVE_BACK {
                    self.records.give_back(given_back..at);
                    given_back = at;
                }
            }
            Ok(())
        })?;
        self.records.give_back(given_back..self.records().len());
        if seen == self.names { Ok(()) } else { Err(contradiction("a record is cut short")) }
    }
}

fn contradiction(what: &'static str) -> OpenError {
    OpenError::Contradiction { what }
}

type Lists = (Vec<crate::model::rule::ListInfo>, Vec<u64>);

fn read_lists(mut octets: &[u8]) -> Result<Lists, OpenError> {
    let (mut lists, mut names_of) = (Vec::new(), Vec::new());
    while !octets.is_empty() {
        let (list, names, rest) = take_list(octets).ok_or(contradiction("a list that cannot be read"))?;
        if lists.len() == LISTS_MAX {
            return Err(contradiction("more lists than an index may have"));
        }
        lists.push(list);
        names_of.push(names);
        octets = rest;
    }
    Ok((lists, names_of))
}

/// Reads the sections of a file, piece by piece, and holds each against its checksum.
struct Reader<'f> {
    file: &'f File,
    path: &'f Path,
    header: &'f Header,
    ranges: &'f [Range<usize>; SECTIONS.len()],
}

impl Reader<'_> {
    fn each(&self, section: usize, mut take: impl FnMut(&[u8])) -> Result<(), OpenError> {
        let range = self.ranges[section].clone();
        let mut buffer = vec![0; range.len().min(PIECE)];
        let mut checksum = crc32fast::Hasher::new();
        let mut at = range.start;
        while at < range.end {
            let piece = &mut buffer[..PIECE.min(range.end - at)];
            let read = self.file.read_exact_at(piece, at as u64);
            read.map_err(|source| OpenError::Io { path: self.path.to_owned(), source })?;
            checksum.update(piece);
            take(piece);
            at += piece.len();
        }
        if checksum.finalize() == self.header.sections[section].checksum {
            Ok(())
        } else {
            Err(OpenError::Checksum { section: SECTIONS[section] })
        }
    }

    fn whole(&self, section: usize) -> Result<Vec<u8>, OpenError> {
        let mut octets = Vec::with_capacity(self.ranges[section].len());
        self.each(section, |piece| octets.extend_from_slice(piece))?;
        Ok(octets)
    }

    fn lines(&self, section: usize) -> Result<Vec<Line>, OpenError> {
        let len = self.ranges[section].len();
        let mut lines = Vec::with_capacity(len / size_of::<Line>());
        self.each(section, |piece| lines.extend(piece.as_chunks().0.iter().map(|line| Line(*line))))?;
        if len.is_multiple_of(size_of::<Line>()) {
            Ok(lines)
        } else {
            Err(contradiction("a section with a broken end"))
        }
    }
}

/// Every class must be exactly what its contributions make it.
fn check_classes(classes: &[Line], contributions: &[u8], effects: &[Effect]) -> Result<(), OpenError> {
    let (contributions, odd) = contributions.as_chunks::<CONTRIBUTION_OCTETS>();
    if !odd.is_empty() {
        return Err(contradiction("a section with a broken end"));
    }
    let contributions: Option<Vec<Contribution>> = contributions
        .iter()
        .map(|bits| Contribution::from_bits(u16::from_le_bytes(*bits)))
        .map(|contribution| contribution.filter(|it| usize::from(it.list) < effects.len()))
        .collect();
    let contributions = contributions.ok_or(contradiction("a contribution of no list"))?;
    for Line(class) in classes {
        let own = ClassAt(class).contributions();
        let own = own.start / CONTRIBUTION_OCTETS..own.end / CONTRIBUTION_OCTETS;
        let own = contributions.get(own).ok_or(contradiction("a class without contributions"))?;
        let sides = [true, false].map(|whole| Side::of(own, effects, whole));
        let first = u32_at(class, 32);
        if *class != encode_class(&sides[0], &sides[1], first, own.len() as u32) {
            return Err(contradiction("a class that is not what its contributions say"));
        }
    }
    Ok(())
}

fn check_buckets(buckets: &[Line], records: usize, homes: u32) -> Result<(), OpenError> {
    if buckets.len() < homes as usize || homes == 0 {
        return Err(contradiction("fewer buckets than the header says"));
    }
    let mut farthest = 0;
    for Line(bucket) in buckets {
        let (places, _) = bucket.as_chunks::<4>();
        for offset in &places[PLACES..] {
            farthest = farthest.max(u32::from_le_bytes(*offset));
        }
    }
    if (farthest as usize) < records { Ok(()) } else { Err(contradiction("an offset out of range")) }
}
