//! A list's text on its way in, and the checksum by which a kept text is known (SipHash-1-3-128: against damage, not
//! against forgery).

use std::fs::{self, File};
use std::hash::Hasher;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use siphasher::sip128::{Hasher128, SipHasher13};

use crate::sys::whole::open_file;

/// Octets read at a time when a kept text is checked.
const CHUNK: usize = 64 * 1024;

/// A text on its way in, in a file beside the one in force. Removed again unless it is kept.
#[derive(Debug)]
pub struct Arriving {
    file: File,
    path: PathBuf,
    folder: PathBuf,
    length: u64,
    hasher: SipHasher13,
}

impl Arriving {
    /// Nothing yet of a text that is written to `file`, which is at `path` in `folder`; in memory both are empty.
    pub(super) fn new(file: File, path: PathBuf, folder: PathBuf) -> Self {
        Self { file, path, folder, length: 0, hasher: SipHasher13::new_with_keys(0, 0) }
    }

    /// Where its file is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Octets so far.
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// The text so far, to be read from its beginning.
    pub fn file(&self) -> &File {
        &self.file
    }

    /// The folder that it lies in.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Whether it has that length and checksum.
    pub fn is(&self, length: u64, checksum: &str) -> bool {
        self.length == length && self.checksum() == checksum
    }

    /// The checksum so far.
    pub(super) fn checksum(&self) -> String {
        shown(self.hasher.finish128())
    }
}

impl Write for Arriving {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        let count = self.file.write(octets)?;
        self.hasher.write(&octets[..count]);
        self.length += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Drop for Arriving {
    fn drop(&mut self) {
        // After it was kept it has another name, and there is nothing to remove; in memory it never had one.
        let _ = fs::remove_file(&self.path);
    }
}

/// The checksum of a text in memory.
pub(super) fn checksum(text: &[u8]) -> String {
    let mut hasher = SipHasher13::new_with_keys(0, 0);
    hasher.write(text);
    shown(hasher.finish128())
}

fn shown(sum: siphasher::sip128::Hash128) -> String {
    format!("{:016x}{:016x}", sum.h1, sum.h2)
}

/// Length and checksum of a file, read piece by piece.
pub(super) fn checksum_of(path: &Path) -> io::Result<(u64, String)> {
    let mut file = open_file(path)?;
    let (mut hasher, mut length) = (SipHasher13::new_with_keys(0, 0), 0);
    let mut chunk = vec![0; CHUNK];
    loop {
        match file.read(&mut chunk) {
            Ok(0) => return Ok((length, shown(hasher.finish128()))),
            Ok(count) => {
                hasher.write(&chunk[..count]);
                length += count as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// Whether a text has the form of a checksum.
pub(super) fn is_checksum(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|octet| octet.is_ascii_hexdigit())
}
