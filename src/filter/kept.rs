//! The file behind an index in use: whether it still is what was checked, and putting it back where it is not.

use std::fs::{self, File, Metadata};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::{Mutex, MutexGuard};

use crate::sys::fault;
use crate::sys::lock::Guard;

use super::disk::{Disk, Real, beside, clear_leftovers, folder_of};
use super::error::OpenError;
use super::layout::RECORDS;
use super::{Index, Records};

/// Octets of records after which the pages that were read for a check are given back.
pub(super) const GIVE_BACK: usize = 4 << 20;

/// What tells that a file has not been touched: writing and cutting change the time of its last change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    device: u64,
    inode: u64,
    len: u64,
    changed: (i64, i64),
}

impl Stamp {
    pub fn of(file: &File) -> io::Result<Self> {
        file.metadata().map(|meta| Self::from(&meta))
    }

    fn from(meta: &Metadata) -> Self {
        Self {
            device: meta.dev(),
            inode: meta.ino(),
            len: meta.len(),
            changed: (meta.ctime(), meta.ctime_nsec()),
        }
    }

    pub fn len(&self) -> u64 {
        self.len
    }
}

/// The file of an index, and how it was when it was last checked.
#[derive(Debug)]
pub(super) struct Backing {
    file: File,
    seen: Mutex<Seen>,
}

#[derive(Clone, Copy, Debug)]
struct Seen {
    /// The index's own file.
    own: Stamp,
    /// What stands at its path; none if it was made in memory.
    placed: Option<Stamp>,
    /// Lost pages in the whole process.
    faults: u64,
}

impl Backing {
    pub fn new(file: File, stamp: Stamp) -> Self {
        let seen = Seen { own: stamp, placed: Some(stamp), faults: fault::count() };
        Self { file, seen: Mutex::new(seen) }
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.guard()
    }
}

impl Index {
    /// Whether it is in no file that outlives the program.
    pub fn is_in_memory(&self) -> bool {
        self.backing.seen().placed.is_none()
    }

    /// Says that its file lies in memory.
    pub(super) fn note_in_memory(&self) {
        self.backing.seen().placed = None;
    }

    /// Whether lookups still read what was checked. Two system calls, unless something has touched the file:
    /// then its records are held against their checksum again.
    pub fn is_sound(&self) -> bool {
        let Records::Mapped { .. } = self.records else { return true };
        let mut seen = self.backing.seen();
        let faults = fault::count();
        let Ok(own) = Stamp::of(&self.backing.file) else { return false };
        if (seen.own, seen.faults) == (own, faults) {
            return true;
        }
        let is_sound = self.records_checksum() == self.header.sections[RECORDS].checksum;
        // What was lost while it was read shows in the checksum or the next time.
        (seen.own, seen.faults) = if is_sound { (own, faults) } else { (seen.own, seen.faults) };
        is_sound
    }

    /// The checksum of the records as lookups read them.
    fn records_checksum(&self) -> u32 {
        let mut checksum = crc32fast::Hasher::new();
        let told = self.each_piece(|piece| {
            checksum.update(piece);
            Ok(())
        });
        debug_assert!(told.is_ok(), "nothing in it fails");
        checksum.finalize()
    }

    /// Tells all records, some at a time, and gives their pages back on the way.
    fn each_piece(&self, mut tell: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
        let mut at = 0;
        for piece in self.records().chunks(GIVE_BACK) {
            tell(piece)?;
            self.records.give_back(at..at + piece.len());
            at += piece.len();
        }
        Ok(())
    }

    /// Whether a sound index stands at `path`: this one, or one that another program put there.
    pub fn is_kept_at(&self, path: &Path) -> bool {
        let Ok(meta) = fs::metadata(path) else { return false };
        let now = Stamp::from(&meta);
        if self.backing.seen().placed == Some(now) {
            return true;
        }
        let is_sound = Index::open(path).is_ok();
        if is_sound {
            self.backing.seen().placed = Some(now);
        }
        is_sound
    }

    /// Writes the index to `path`: beside it first, checked, then in one step in its place.
    ///
    /// # Errors
    /// What the system says; `InvalidData` where what was written does not read back. What was at `path` is then
    /// still there.
    pub fn save(&self, path: &Path) -> io::Result<()> {
        let folder = folder_of(path);
        let beside = beside(path, self.id);
        clear_leftovers(&mut Real, folder, path);
        let file = Real.create(&beside)?;
        let saved = self.write_and_check(&file, &beside).and_then(|()| Real.rename(&beside, path));
        if saved.is_err() {
            let _ = Real.remove(&beside);
        }
        saved?;
        Real.sync_folder(folder)?;
        self.backing.seen().placed = Some(Stamp::of(&file)?);
        Ok(())
    }

    fn write_and_check(&self, file: &File, beside: &Path) -> io::Result<()> {
        let mut out = BufWriter::with_capacity(256 << 10, file);
        out.write_all(&self.header.encode())?;
        self.each_piece(|piece| out.write_all(piece))?;
        for line in self.buckets.iter().chain(&self.classes) {
            out.write_all(&line.0)?;
        }
        out.write_all(&self.contributions)?;
        out.write_all(&self.lists_section)?;
        out.write_all(&self.patterns_section)?;
        out.flush()?;
        drop(out);
        file.sync_all()?;
        match Index::open(beside) {
            Ok(_) => Ok(()),
            Err(OpenError::Io { source, .. }) => Err(source),
            Err(error) => Err(io::Error::new(io::ErrorKind::InvalidData, error.to_string())),
        }
    }
}
