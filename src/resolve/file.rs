//! A file that the config names, read up to a bound: a device or a mix-up must not fill the memory.

use std::fs::File;
use std::io::{Error, ErrorKind, Read, Result};
use std::path::Path;

/// Octets of one file. The library looks at each name of a zone for a negative answer: keep them small.
const FILE_MAX: u64 = 16 << 20;

/// The file's text.
///
/// # Errors
/// What the system says; `FileTooLarge` past the bound, `InvalidData` for what is not UTF-8.
pub(super) fn read(path: &Path) -> Result<String> {
    // Not by the size that the system tells: a device has none.
    let mut octets = Vec::new();
    File::open(path)?.take(FILE_MAX + 1).read_to_end(&mut octets)?;
    if octets.len() as u64 > FILE_MAX {
        return Err(Error::new(ErrorKind::FileTooLarge, format!("larger than {} MiB", FILE_MAX >> 20)));
    }
    String::from_utf8(octets).map_err(|error| Error::new(ErrorKind::InvalidData, error))
}
