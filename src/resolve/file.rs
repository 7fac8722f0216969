//! A file that the config names, read up to a bound: a device or a mix-up must not fill the memory.

use std::io::{Error, ErrorKind, Result};
use std::path::Path;

use crate::sys::whole::read_file;

/// Octets of one file. The library looks at each name of a zone for a negative answer: keep them small.
const FILE_MAX: u64 = 16 << 20;

/// The file's text.
///
/// # Errors
/// What the system says; `FileTooLarge` past the bound, `InvalidData` for what is not UTF-8, or has zero octets.
pub(super) fn read(path: &Path) -> Result<String> {
    let octets = read_file(path, FILE_MAX).map_err(|error| match error.kind() {
        ErrorKind::FileTooLarge => {
            Error::new(ErrorKind::FileTooLarge, format!("larger than {} MiB", FILE_MAX >> 20))
        }
        _ => error,
    })?;
    if octets.contains(&0) {
        return Err(Error::new(ErrorKind::InvalidData, "it has zero octets, as a power cut leaves them"));
    }
    String::from_utf8(octets).map_err(|error| Error::new(ErrorKind::InvalidData, error))
}
