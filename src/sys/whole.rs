//! Files that are there whole or not at all, private to their owner, and nothing but files.
//!
//! What stands at a path is not trusted: a folder, a device or a pipe is no file, and where we write, a symbolic
//! link is replaced and never written through.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use nix::libc;

/// Mode of files in the state folder, whatever the umask.
const PRIVATE: u32 = 0o600;

/// Writes beside (under a name that ends in `.new`), flushes, renames, flushes the folder: after a crash at any
/// moment the old file is there, or the new one.
///
/// # Errors
/// What the file system says; the old file is then as it was.
pub fn write_whole(path: &Path, octets: &[u8]) -> io::Result<()> {
    let beside = beside(path);
    let written = write_beside(&beside, octets).and_then(|()| fs::rename(&beside, path));
    if written.is_err() {
        // Whatever is wrong may be wrong here too; what stays takes room and does no other harm.
        let _ = fs::remove_file(&beside);
    }
    written?;
    File::open(folder_of(path))?.sync_all()
}

fn write_beside(beside: &Path, octets: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(PRIVATE).open(beside)?;
    file.write_all(octets)?;
    file.sync_all()
}

/// A name of its own for each write: two that write one file at the same time do not share a half.
fn beside(path: &Path) -> PathBuf {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!("{name}.{:x}-{number:x}.new", std::process::id()))
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Opens a file for reading, if it is one: a pipe would be waited for, a device has no end.
///
/// # Errors
/// What the system says, `InvalidInput` for what is no file.
pub fn open_file(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK).open(path)?;
    if file.metadata()?.is_file() { Ok(file) } else { Err(no_file()) }
}

/// Opens a file of ours for writing in place, made if it is not there. A symbolic link in its place is removed,
/// so that what it leads to is not written.
///
/// # Errors
/// What the system says, `InvalidInput` for what is no file.
pub fn open_private(path: &Path) -> io::Result<File> {
    if fs::symlink_metadata(path).is_ok_and(|meta| meta.is_symlink()) {
        fs::remove_file(path)?;
    }
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(PRIVATE)
        .custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK)
        .open(path)?;
    if !file.metadata()?.is_file() {
        return Err(no_file());
    }
    file.set_permissions(Permissions::from_mode(PRIVATE))?;
    Ok(file)
}

fn no_file() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, "not a regular file")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_replaced_and_what_it_leads_to_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let (path, other) = (folder.path().join("key"), folder.path().join("other"));
        fs::write(&other, b"precious").unwrap();
        for write in [
            (|path: &Path| open_private(path)?.write_all(b"new")) as fn(&Path) -> io::Result<()>,
            |path: &Path| write_whole(path, b"new"),
        ] {
            let _ = fs::remove_file(&path);
            std::os::unix::fs::symlink(&other, &path).unwrap();
            write(&path).unwrap();
            assert_eq!(fs::read(&path).unwrap(), b"new");
            assert_eq!(fs::read(&other).unwrap(), b"precious");
            let mode = fs::symlink_metadata(&path).unwrap().permissions().mode();
            assert_eq!(mode & 0o7777, PRIVATE);
        }
    }

    #[test]
    fn what_is_no_file_is_not_opened_and_a_write_that_fails_leaves_nothing_beside() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("here");
        fs::create_dir(&path).unwrap();
        assert!(open_file(&path).is_err() && open_private(&path).is_err());
        assert!(open_file(Path::new("/dev/null")).is_err());
        assert!(write_whole(&path, b"x").is_err());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
