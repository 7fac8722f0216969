//! Whose the state folder is: of the one server that holds the lock in it.
//!
//! A second server with the same folder (another config, another port) serves DNS all the same: only where no
//! address can be bound does a start fail. It uses what it finds in the folder and writes nothing there: its counts,
//! lists and index are kept in memory, and the first server's last good config stays the first's. `status` says so.
//! When the other one ends, it takes the folder over by itself, so that a restart that overlaps heals.
//!
//! Where no lock can be had (a full or read-only disk), nobody else is known of, and what cannot be written is told
//! of where it is tried.

use std::fs::{self, DirBuilder, File, Permissions, TryLockError};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use tracing::{info, warn};

use crate::i18n::{Message, msg};
use crate::sys::lock::Guard;
use crate::sys::private::identity;
use crate::sys::whole::open_private;

/// The file whose lock says whose the folder is. It holds the number of the process.
const LOCK_FILE: &str = "server.lock";
/// Octets of that number.
const NUMBER_MAX: u64 = 20;

/// Makes the state folder, closed to others, if it can.
pub(super) fn prepare_state(folder: &Path) -> Result<(), Message> {
    let prepared = DirBuilder::new().recursive(true).mode(0o700).create(folder);
    if let Err(error) = prepared {
        return Err(msg!("state-not-usable", folder = folder, error = &error));
    }
    if let Ok(meta) = fs::metadata(folder)
        && meta.permissions().mode() & OTHERS != 0
    {
        // A folder of somebody else stays as it is: that shows when something is to be written.
        let _ = fs::set_permissions(folder, Permissions::from_mode(meta.permissions().mode() & !OTHERS));
    }
    Ok(())
}

/// What nobody but the owner and the group may do with the state folder, and the group may not write.
const OTHERS: u32 = 0o027;

/// The state folder, and whether it is this server's.
#[derive(Debug)]
pub struct StateFolder {
    path: PathBuf,
    lock: Mutex<Option<Lock>>,
    is_ours: Arc<AtomicBool>,
}

#[derive(Debug)]
struct Lock {
    _file: File,
    /// The file as it was locked: another one in its place says nothing any more.
    identity: Option<(u64, u64)>,
}

impl StateFolder {
    /// Claims the folder for this process, as long as the value lives.
    pub fn claim(path: &Path) -> Self {
        let folder =
            Self { path: path.to_owned(), lock: Mutex::default(), is_ours: Arc::new(AtomicBool::new(true)) };
        folder.look();
        folder
    }

    /// Whether this server may write there.
    pub fn is_ours(&self) -> bool {
        self.is_ours.load(Ordering::Relaxed)
    }

    /// The same, as others look at it.
    pub fn flag(&self) -> Arc<AtomicBool> {
        self.is_ours.clone()
    }

    /// Looks whether it is ours still, or can be had now; whether that has just come about.
    pub fn look(&self) -> bool {
        let mut lock = self.lock.guard();
        let path = self.path.join(LOCK_FILE);
        if lock.as_ref().is_some_and(|lock| lock.identity == identity(&path)) {
            return false;
        }
        let Ok(mut file) = open_private(&path) else {
            // The old lock is of a file that is gone.
            *lock = None;
            return !self.is_ours.swap(true, Ordering::Relaxed);
        };
        let was_ours = self.is_ours();
        match file.try_lock() {
            Ok(()) => {
                // Only for people: who holds it is said by the lock.
                let _ = file.set_len(0).and_then(|()| writeln!(file, "{}", std::process::id()));
                *lock = Some(Lock { _file: file, identity: identity(&path) });
                self.is_ours.store(true, Ordering::Relaxed);
                if !was_ours {
                    info!(
                        "the state folder {} is taken over: the other server has ended",
                        self.path.display()
                    );
                }
                !was_ours
            }
            Err(TryLockError::WouldBlock) => {
                *lock = None;
                self.is_ours.store(false, Ordering::Relaxed);
                if was_ours {
                    warn!(
                        "another server uses the state folder {}: this one serves and writes nothing there",
                        self.path.display()
                    );
                }
                false
            }
            // A file system without locks: as where there is no lock file.
            Err(TryLockError::Error(_)) => !self.is_ours.swap(true, Ordering::Relaxed),
        }
    }

    /// Who else holds it, and what to do; nothing while it is ours.
    pub fn held(&self) -> Option<Message> {
        (!self.is_ours()).then(|| {
            let program = holder(&self.path.join(LOCK_FILE)).unwrap_or_else(|| msg!("another-program"));
            msg!("state-held", folder = self.path.as_path(), program = program)
        })
    }
}

/// The program that wrote its number into the lock file, if it runs.
fn holder(path: &Path) -> Option<Message> {
    let mut file = open_private(path).ok()?;
    let mut text = String::new();
    file.rewind().ok()?;
    file.take(NUMBER_MAX).read_to_string(&mut text).ok()?;
    let process: u32 = text.trim().parse().ok()?;
    let name = fs::read_to_string(format!("/proc/{process}/comm")).ok()?;
    let name: String = name.chars().filter(|c| !c.is_control()).collect();
    Some(msg!("program", name = name, process = process.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_of_one_server_at_a_time_and_is_taken_over_when_that_one_ends() {
        let folder = tempfile::tempdir().unwrap();
        let first = StateFolder::claim(folder.path());
        let second = StateFolder::claim(folder.path());
        assert!(first.is_ours() && !second.is_ours());
        assert!(first.held().is_none());
        let told = second.held().unwrap().to_string();
        assert!(told.contains(&format!("process {}", std::process::id())), "{told}");
        assert!(!second.look() && !first.look() && first.is_ours());
        drop(first);
        assert!(second.look(), "it has just come about");
        assert!(second.is_ours() && second.held().is_none() && !second.look());
    }

    #[test]
    fn a_folder_without_a_lock_is_of_who_asks() {
        let folder = tempfile::tempdir().unwrap();
        assert!(StateFolder::claim(&folder.path().join("absent")).is_ours());
        fs::create_dir(folder.path().join(LOCK_FILE)).unwrap();
        assert!(StateFolder::claim(folder.path()).is_ours());
    }

    #[test]
    fn a_lock_file_that_was_removed_is_made_again() {
        let folder = tempfile::tempdir().unwrap();
        let first = StateFolder::claim(folder.path());
        fs::remove_file(folder.path().join(LOCK_FILE)).unwrap();
        assert!(!first.look() && first.is_ours());
        assert!(!StateFolder::claim(folder.path()).is_ours());
    }
}
