//! Files that are there whole or not at all, private to their owner, and nothing but files.
//!
//! What stands at a path is not trusted: a folder, a device, a socket or a pipe is no file, and where we write, a
//! symbolic link is replaced and never written through. Every file that a user may name is opened here.

use std::fs::{self, File, FileType, OpenOptions, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt, PermissionsExt};
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

/// What stands at a path in place of a regular file: the cause of the `InvalidInput` of this module.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAFile {
    #[error("not a regular file but a folder")]
    Folder,
    #[error("not a regular file but a pipe (FIFO)")]
    Pipe,
    #[error("not a regular file but a socket")]
    Socket,
    #[error("not a regular file but a device")]
    Device,
}

impl NotAFile {
    /// What a file of that type is, unless it is a regular file.
    fn of(found: FileType) -> Option<Self> {
        match found {
            found if found.is_file() => None,
            found if found.is_dir() => Some(Self::Folder),
            found if found.is_fifo() => Some(Self::Pipe),
            found if found.is_socket() => Some(Self::Socket),
            _ => Some(Self::Device),
        }
    }
}

/// Opens a file for reading, if it is one: a pipe would be waited for, a device has no end.
///
/// # Errors
/// What the system says, `InvalidInput` with a [`NotAFile`] for what is no file.
pub fn open_file(path: &Path) -> io::Result<File> {
    // Before it is opened: a socket cannot be, and to open a device may set it going.
    refuse_others(fs::metadata(path)?.file_type())?;
    // What has come in its place meanwhile is not waited for either.
    let file = OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK).open(path)?;
    refuse_others(file.metadata()?.file_type())?;
    Ok(file)
}

/// Reads a whole file of at most `octets_max`.
///
/// # Errors
/// As [`open_file`], and `FileTooLarge`.
pub fn read_file(path: &Path, octets_max: u64) -> io::Result<Vec<u8>> {
    let mut octets = Vec::new();
    // Not by the size that the system tells: a file of /proc has none.
    open_file(path)?.take(octets_max.saturating_add(1)).read_to_end(&mut octets)?;
    if octets.len() as u64 > octets_max { Err(io::ErrorKind::FileTooLarge.into()) } else { Ok(octets) }
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
    refuse_others(file.metadata()?.file_type())?;
    file.set_permissions(Permissions::from_mode(PRIVATE))?;
    Ok(file)
}

fn refuse_others(found: FileType) -> io::Result<()> {
    NotAFile::of(found).map_or(Ok(()), |other| Err(io::Error::new(io::ErrorKind::InvalidInput, other)))
}

/// Makes a pipe, for tests of what nobody should wait for.
#[cfg(test)]
pub fn make_pipe(path: &Path) {
    nix::unistd::mkfifo(path, nix::sys::stat::Mode::S_IRWXU).expect("a folder that takes files");
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
        assert!(write_whole(&path, b"x").is_err());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_is_no_file_is_told_by_its_kind_and_nobody_waits_for_it() {
        let folder = tempfile::tempdir().unwrap();
        let (pipe, socket) = (folder.path().join("pipe"), folder.path().join("socket"));
        make_pipe(&pipe);
        let _listening = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        for (path, kind) in [
            (folder.path(), NotAFile::Folder),
            (&pipe, NotAFile::Pipe),
            (&socket, NotAFile::Socket),
            (Path::new("/dev/null"), NotAFile::Device),
        ] {
            let error = open_file(path).unwrap_err();
            let found = error.get_ref().and_then(|cause| cause.downcast_ref::<NotAFile>());
            assert_eq!(found, Some(&kind), "{}: {error}", path.display());
        }
        let private = open_private(&pipe).unwrap_err();
        assert_eq!(private.kind(), io::ErrorKind::InvalidInput, "{private}");
    }

    #[test]
    fn a_file_is_read_up_to_its_bound_and_not_one_octet_past_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, b"12345").unwrap();
        assert_eq!(read_file(&path, 5).unwrap(), b"12345");
        assert_eq!(read_file(&path, 4).unwrap_err().kind(), io::ErrorKind::FileTooLarge);
    }
}
