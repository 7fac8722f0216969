//! What the system lets this program have, and what this program lets others have.

#![expect(unsafe_code, reason = "nobody wraps the file mode mask without a feature of its own")]

use std::io;

use nix::sys::resource::{Resource, getrlimit, setrlimit};

/// Raises the number of files and sockets that may be open at a time to the most that the system allows
/// without rights, and gives it. Distributions start programs with 1,024, for those that still use
/// `select`.
///
/// # Errors
/// What the kernel says; the number is then as it was.
pub fn raise_open_files() -> io::Result<u64> {
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
    if soft < hard {
        setrlimit(Resource::RLIMIT_NOFILE, hard, hard)?;
    }
    Ok(hard)
}

/// Files and folders that this program makes from now on are for its own user only, whatever the umask was.
pub fn keep_files_private() {
    // SAFETY: takes and gives plain numbers, and cannot fail.
    let _before = unsafe { nix::libc::umask(0o077) };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_raised_is_in_force() {
        let files = raise_open_files().unwrap();
        assert_eq!(getrlimit(Resource::RLIMIT_NOFILE).unwrap(), (files, files));
    }
}
