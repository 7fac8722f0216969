//! Files that are there whole or not at all.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

/// Writes beside (under the name with `.new` for its ending), flushes, renames, flushes the folder: after a crash at any
/// moment the old file is there, or the new one.
///
/// # Errors
/// What the file system says; the old file is then as it was.
pub fn write_whole(path: &Path, octets: &[u8]) -> io::Result<()> {
    let beside = path.with_extension("new");
    let mut file = File::create(&beside)?;
    file.write_all(octets)?;
    file.sync_all()?;
    fs::rename(&beside, path)?;
    File::open(path.parent().unwrap_or(Path::new(".")))?.sync_all()
}
