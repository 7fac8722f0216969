//! Opening an index file: nothing in it is believed before it is checked.
//!
//! Header, sizes, checksum of every octet, every class, every list, every offset. That takes as long as
//! reading the file once; nothing is parsed or copied but the lists.

use std::fs::File;
use std::path::{Path, PathBuf};

use crate::dns::suffixes::{HashKey, hash_name};
use crate::sys::mmap::Mapped;

use super::class::{Contribution, Effect, Side};
use super::layout::{
    BUCKET_OCTETS, CLASS_OCTETS, CONTRIBUTION_OCTETS, ClassAt, HEADER_OCTETS, Header, HeaderError, SECTIONS,
    encode_class, take_list, u32_at,
};
use super::table::PLACES;
use super::{Index, LISTS_MAX};

/// Why a file is not taken as an index. The remedy is always to build it anew.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The file cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// It does not start as an index does.
    #[error("not an index file")]
    NotAnIndex,
    /// It was written by another version of the program.
    #[error("index layout {found}, this program reads {}", super::layout::VERSION)]
    Version {
        /// The layout's number.
        found: u32,
    },
    /// It is shorter or longer than its header says.
    #[error("{found} octets do not fit the sizes in the header")]
    Size {
        /// Octets of the file.
        found: u64,
    },
    /// Octets have changed since it was written.
    #[error("checksum of the {section} does not fit")]
    Checksum {
        /// Which part.
        section: &'static str,
    },
    /// The checksums fit, but the content contradicts itself.
    #[error("{what}")]
    Contradiction {
        /// What is wrong.
        what: &'static str,
    },
}

impl Index {
    /// Opens and checks a file.
    ///
    /// # Errors
    /// What [`OpenError`] says.
    pub fn open(path: &Path) -> Result<Self, OpenError> {
        let io = |source| OpenError::Io { path: path.to_owned(), source };
        let file = File::open(path).map_err(io)?;
        let len = file.metadata().map_err(io)?.len();
        if len < HEADER_OCTETS as u64 {
            return Err(OpenError::Size { found: len });
        }
        Self::check(Mapped::open(&file).map_err(io)?)
    }

    fn check(map: Mapped) -> Result<Self, OpenError> {
        let octets = map.octets();
        let header = Header::decode(octets).map_err(|error| match error {
            HeaderError::Short => OpenError::Size { found: octets.len() as u64 },
            HeaderError::Magic => OpenError::NotAnIndex,
            HeaderError::Version(found) => OpenError::Version { found },
            HeaderError::Checksum => OpenError::Checksum { section: "header" },
        })?;
        let ranges = header.ranges(octets.len()).ok_or(OpenError::Size { found: octets.len() as u64 })?;
        for ((section, range), name) in header.sections.iter().zip(&ranges).zip(SECTIONS) {
            if crc32fast::hash(&octets[range.clone()]) != section.checksum {
                return Err(OpenError::Checksum { section: name });
            }
        }
        let [records, buckets, classes, contributions, lists] = ranges;
        let (lists, names_of) = read_lists(&octets[lists])?;
        let effects = Effect::of_lists(&lists).ok_or(contradiction("more allow sets than bits"))?;
        check_classes(&octets[classes.clone()], &octets[contributions.clone()], &effects)?;
        check_buckets(&octets[buckets.clone()], records.len(), header.homes)?;
        // Checked is all of it; needed will be the buckets, and of the records those of names asked for.
        map.let_go();
        Ok(Self {
            id: header.id,
            key: HashKey(header.key),
            names: header.names,
            homes: header.homes,
            reach: header.reach,
            deepest: header.deepest as usize,
            map,
            lists,
            effects,
            names_of,
            records,
            buckets,
            classes,
            contributions,
        })
    }

    /// Looks up every name that the file holds, as the builder does before it hands a file out. Takes
    /// about as long as writing it.
    ///
    /// # Errors
    /// [`OpenError::Contradiction`].
    pub fn check_every_name(&self, mut each: impl FnMut(u64)) -> Result<(), OpenError> {
        let mut seen = 0;
        for entry in self.names() {
            let found = self.find(hash_name(&self.key, entry.name), entry.name);
            if found.map(|(record, _)| record) != Some(entry.record) {
                return Err(contradiction("a name is not found where it stands"));
            }
            if entry.name.label_count() > self.deepest || entry.rules().next().is_none() {
                return Err(contradiction("a name is too deep, or has no rule"));
            }
            seen += 1;
            each(seen);
        }
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

/// Every class must be exactly what its contributions make it.
fn check_classes(classes: &[u8], contributions: &[u8], effects: &[Effect]) -> Result<(), OpenError> {
    let (classes, rest) = classes.as_chunks::<CLASS_OCTETS>();
    let (contributions, odd) = contributions.as_chunks::<CONTRIBUTION_OCTETS>();
    if !rest.is_empty() || !odd.is_empty() {
        return Err(contradiction("a section with a broken end"));
    }
    let contributions: Option<Vec<Contribution>> = contributions
        .iter()
        .map(|bits| Contribution::from_bits(u16::from_le_bytes(*bits)))
        .map(|contribution| contribution.filter(|it| usize::from(it.list) < effects.len()))
        .collect();
    let contributions = contributions.ok_or(contradiction("a contribution of no list"))?;
    for class in classes {
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

fn check_buckets(buckets: &[u8], records: usize, homes: u32) -> Result<(), OpenError> {
    let (buckets, rest) = buckets.as_chunks::<BUCKET_OCTETS>();
    if !rest.is_empty() || buckets.len() < homes as usize || homes == 0 {
        return Err(contradiction("fewer buckets than the header says"));
    }
    let mut farthest = 0;
    for bucket in buckets {
        let (places, _) = bucket.as_chunks::<4>();
        for offset in &places[PLACES..] {
            farthest = farthest.max(u32::from_le_bytes(*offset));
        }
    }
    if (farthest as usize) < records { Ok(()) } else { Err(contradiction("an offset out of range")) }
}
