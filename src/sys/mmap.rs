//! A file as memory, read only; and memory as a file.

#![expect(unsafe_code, reason = "mapping a file is a promise about that file, see `Mapped::open`")]

use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::fd::FromRawFd;

use memmap2::{Mmap, MmapOptions, UncheckedAdvice};
use nix::libc;

use super::fault;

/// A whole file mapped into memory, private and read only. The mapping lives as long as the value, the
/// file may be unlinked or replaced meanwhile.
///
/// Whoever writes into the file changes what is read here; a page that the file has lost, or that the disk cannot
/// read, reads as zeros (see [`fault`]). So what is read is checked where it is used, and whoever
/// wants to know whether it is still the file's content compares a checksum.
#[derive(Debug)]
pub struct Mapped(Mmap);

impl Mapped {
    /// Maps all of `file`.
    ///
    /// # Errors
    /// What the kernel says; an empty file cannot be mapped.
    pub fn open(file: &File) -> io::Result<Self> {
        fault::install();
        // SAFETY: nothing of ours writes to the file or through the mapping (`MAP_PRIVATE`, `PROT_READ`), and the
        // mapping holds a reference to the inode, so renaming or unlinking it changes nothing. Another program may
        // still write to the inode or cut it. Only `u8`s are handed out, for which every bit pattern is valid; they
        // are read once each and every offset made of them is checked where it is used; a page that is gone is
        // replaced by the handler that was just installed, so reading it is defined.
        let map = unsafe { MmapOptions::new().map_copy_read_only(file)? };
        Ok(Self(map))
    }

    /// Gives the memory of these octets back: who reads them again reads them from the file.
    pub fn give_back(&self, range: Range<usize>) {
        let (start, end) = (range.start.min(self.0.len()), range.end.min(self.0.len()));
        if start >= end {
            return;
        }
        // SAFETY: nothing is ever written through the mapping, so its pages hold nothing that the file has not, and
        // dropping them changes no octet that is read. A page of zeros that stands for a lost one stays a page of
        // zeros. A refusal leaves all as it is.
        let _ = unsafe { self.0.unchecked_advise_range(UncheckedAdvice::DontNeed, start, end - start) };
    }

    /// All octets of the file. The first one lies at a page's start.
    pub fn octets(&self) -> &[u8] {
        &self.0
    }
}

/// A file without a name that lies in memory alone, for where no disk takes one.
///
/// # Errors
/// What the kernel says.
pub fn memory_file() -> io::Result<File> {
    // SAFETY: the name is a constant that ends in a zero octet; flags are plain numbers.
    let descriptor = unsafe { libc::memfd_create(c"lachan".as_ptr(), libc::MFD_CLOEXEC) };
    if descriptor < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the kernel has just given us this descriptor, and nobody else knows it.
    Ok(unsafe { File::from_raw_fd(descriptor) })
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

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

    #[test]
    fn a_file_that_is_cut_reads_as_zeros_and_is_counted() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(&[7; 100_000]).unwrap();
        let map = Mapped::open(file.as_file()).unwrap();
        assert_eq!(map.octets()[50_000], 7);
        let before = fault::count();
        file.as_file().set_len(10_000).unwrap();
        assert_eq!(map.octets()[50_000], 0);
        assert_eq!(map.octets()[99_999], 0);
        assert_eq!(map.octets()[5_000], 7, "what the file still has is still read");
        assert!(fault::count() >= before + 2);
    }
}
