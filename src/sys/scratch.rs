//! Files of this process alone.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use super::mmap::memory_file;

/// A new file without a name in `folder`: nobody else can open it, and it is gone when it is closed,
/// also after a crash.
///
/// # Errors
/// What the file system says.
pub fn nameless(folder: &Path) -> io::Result<File> {
    if folder.as_os_str().is_empty() {
        return memory_file();
    }
    let number = getrandom::u64().map_err(no_random)?;
    let path = folder.join(format!(".lachan-spill-{number:016x}"));
    let mut options = OpenOptions::new();
    let file = options.read(true).write(true).create_new(true).mode(0o600).open(&path)?;
    std::fs::remove_file(&path)?;
    Ok(file)
}

/// The system's random numbers failed; as an error of the system.
pub fn no_random(error: getrandom::Error) -> io::Error {
    error.raw_os_error().map_or_else(|| io::Error::other(error.to_string()), io::Error::from_raw_os_error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nameless_file_leaves_nothing_in_its_folder() {
        let folder = tempfile::tempdir().unwrap();
        let file = nameless(folder.path()).unwrap();
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
        drop(file);
    }
}
