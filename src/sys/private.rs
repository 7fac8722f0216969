//! Files that only their owner may read, opened without following a link that somebody laid there.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io;
use std::os::fd::AsFd;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use nix::libc;
use nix::sys::socket::{getsockopt, sockopt::PeerCredentials};

/// The user that this process acts as.
pub fn effective_user() -> u32 {
    nix::unistd::geteuid().as_raw()
}

/// The user at the other end of a socket, as when it was connected.
pub fn peer_user(socket: &impl AsFd) -> Option<u32> {
    getsockopt(socket, PeerCredentials).ok().map(|peer| peer.uid())
}

/// Makes `folder`, with mode 0700, if it is not there.
///
/// # Errors
/// What the file system says; something there that is no folder, or that is another user's.
pub fn make_folder(folder: &Path) -> io::Result<()> {
    match DirBuilder::new().recursive(true).mode(0o700).create(folder) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    let found = fs::symlink_metadata(folder)?;
    if !found.is_dir() || found.uid() != effective_user() {
        return Err(io::Error::other("it is not a folder of this user"));
    }
    Ok(())
}

/// Opens the file at `path` for reading and writing, made with mode 0600 if `create`. Mode and owner are set
/// right, or it is refused: a link, a device, and a file of another user are not opened.
///
/// # Errors
/// What the file system says.
pub fn open(path: &Path, create: bool) -> io::Result<File> {
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(create)
        .truncate(false)
        .mode(0o600)
        .custom_flags(libc::O_NOFOLLOW | libc::O_CLOEXEC | libc::O_NONBLOCK)
        .open(path)?;
    let found = file.metadata()?;
    if !found.is_file() || found.uid() != effective_user() {
        return Err(io::Error::other("it is not a file of this user"));
    }
    if found.mode() & 0o777 != 0o600 {
        file.set_permissions(Permissions::from_mode(0o600))?;
    }
    Ok(file)
}

/// Which file stands at a path: device and inode number. None if there is nothing.
pub fn identity(path: &Path) -> Option<(u64, u64)> {
    fs::metadata(path).ok().map(|found| (found.dev(), found.ino()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_not_followed_and_modes_are_set() {
        let folder = tempfile::tempdir().unwrap();
        let (target, link) = (folder.path().join("target"), folder.path().join("link"));
        fs::write(&target, b"before").unwrap();
        std::os::unix::fs::symlink(&target, &link).unwrap();
        assert!(open(&link, true).is_err());
        assert_eq!(fs::read(&target).unwrap(), b"before");
        fs::set_permissions(&target, Permissions::from_mode(0o666)).unwrap();
        open(&target, false).unwrap();
        assert_eq!(fs::metadata(&target).unwrap().mode() & 0o777, 0o600);
        assert!(open(&folder.path().join("absent"), false).is_err());
        assert!(make_folder(&target).is_err());
        let dangling = folder.path().join("dangling");
        std::os::unix::fs::symlink(folder.path().join("nowhere"), &dangling).unwrap();
        assert!(open(&dangling, true).is_err());
    }
}
