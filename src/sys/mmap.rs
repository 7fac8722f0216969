//! A file as memory, read only.

#![expect(unsafe_code, reason = "mapping a file is a promise about that file, see `Mapped::open`")]

use std::fs::File;
use std::io;

use memmap2::{Mmap, MmapOptions, UncheckedAdvice};

/// A whole file mapped into memory, private and read only. The mapping lives as long as the value, the
/// file may be unlinked or replaced meanwhile.
#[derive(Debug)]
pub struct Mapped(Mmap);

impl Mapped {
    /// Maps all of `file`.
    ///
    /// Callers own a promise: the file is one that is only ever *replaced* (written beside, then
    /// renamed over), never written or cut in place.
    ///
    /// # Errors
    /// What the kernel says; an empty file cannot be mapped.
    pub fn open(file: &File) -> io::Result<Self> {
        // SAFETY: octets of a mapping may change, or vanish (SIGBUS), only if somebody writes to or
        // truncates this very inode. Files given here are finished before they are mapped and then only
        // replaced by `rename(2)` or removed by `unlink(2)`: both give the *name* to another inode or to
        // none, while the mapping holds a reference to the old inode, whose octets stay as they are until
        // the last mapping and descriptor are gone. The mapping is `MAP_PRIVATE` and `PROT_READ`, so
        // nothing of ours writes through it either. Only `u8`s are handed out, for which every bit
        // pattern is valid.
        let map = unsafe { MmapOptions::new().map_copy_read_only(file)? };
        Ok(Self(map))
    }

    /// Gives back the memory of pages that were read, which the kernel keeps as long as it has nothing better
    /// to do with it: what is needed again comes back when it is.
    pub fn let_go(&self) {
        // SAFETY: the mapping is private, and nobody can write through it, so all its pages are as the file
        // has them; what is read after this is read from the file again, which nobody changes (see `open`).
        let told = unsafe { self.0.unchecked_advise(UncheckedAdvice::DontNeed) };
        // Advice that is not taken changes nothing.
        drop(told);
    }

    /// All octets of the file. The first one lies at a page's start.
    pub fn octets(&self) -> &[u8] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_let_go_is_there_again() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), [7; 100_000]).unwrap();
        let map = Mapped::open(&File::open(file.path()).unwrap()).unwrap();
        std::fs::remove_file(file.path()).unwrap();
        for _ in 0..2 {
            assert!(map.octets().iter().all(|octet| *octet == 7));
            map.let_go();
        }
        assert_eq!(map.octets().len(), 100_000);
    }

    #[test]
    fn a_file_replaced_by_rename_keeps_its_mapping() {
        let folder = tempfile::tempdir().unwrap();
        let (path, beside) = (folder.path().join("a"), folder.path().join("b"));
        std::fs::write(&path, b"old").unwrap();
        std::fs::write(&beside, b"new").unwrap();
        let old = Mapped::open(&File::open(&path).unwrap()).unwrap();
        std::fs::rename(&beside, &path).unwrap();
        let new = Mapped::open(&File::open(&path).unwrap()).unwrap();
        std::fs::remove_file(&path).unwrap();
        assert_eq!((old.octets(), new.octets()), (&b"old"[..], &b"new"[..]));
    }
}
