//! Memory for keys: a page of its own that is neither swapped nor dumped, and is overwritten before it goes.
//!
//! Depends on the kernel only. Does not know what a key is for.

use std::hint::black_box;
use std::io;
use std::ops::{Deref, DerefMut};

use memmap2::{Advice, MmapMut};
use nix::sys::prctl;
use nix::sys::resource::{Resource, setrlimit};
use zeroize::Zeroize;

/// Octets of a [`Secret`]: one page on the machines that we run on.
const PAGE: usize = 4096;
/// Octets below the caller's frame that [`wipe_stack`] overwrites: several times what hashing needs.
const STACK_WIPED: usize = 32 << 10;

/// One page of octets. Moving the value moves a pointer, never the octets.
pub struct Secret(MmapMut);

impl Secret {
    /// A page of zeros, locked into memory where the system allows that (`RLIMIT_MEMLOCK`). A page that
    /// cannot be locked may be swapped, which is still better than no key.
    ///
    /// # Errors
    /// No memory.
    pub fn zeroed() -> io::Result<Self> {
        let page = MmapMut::map_anon(PAGE)?;
        if let Err(error) = page.lock() {
            tracing::warn!("a page for a key could not be locked into memory: {error}");
        }
        // Advice: on a kernel without it the process is not dumpable all the same.
        let _ = page.advise(Advice::DontDump);
        Ok(Self(page))
    }
}

impl Deref for Secret {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl DerefMut for Secret {
    fn deref_mut(&mut self) -> &mut [u8] {
        &mut self.0
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

/// Overwrites what functions called before have left on this thread's stack below the caller's frame.
/// Only what was called as a function of its own (`#[inline(never)]`) lies there.
#[inline(never)]
pub fn wipe_stack() {
    let mut below = [0u8; STACK_WIPED];
    black_box(&mut below).zeroize();
}

/// Makes this process one whose memory no other process of the same user may read, and of which the kernel
/// writes no image when it crashes.
///
/// # Errors
/// What the kernel says; the process is then as it was.
pub fn forbid_dumps() -> io::Result<()> {
    prctl::set_dumpable(false)?;
    Ok(setrlimit(Resource::RLIMIT_CORE, 0, 0)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_locked_zero_and_writable() {
        let mut secret = Secret::zeroed().unwrap();
        assert!(secret.iter().all(|octet| *octet == 0));
        secret[..4].copy_from_slice(b"key!");
        assert_eq!(&secret[..5], b"key!\0");
        let address = format!("{:x}-", secret.as_ptr() as usize);
        let maps = std::fs::read_to_string("/proc/self/smaps").unwrap();
        let ours = maps.split("VmFlags:").find(|part| part.contains(&address)).unwrap();
        assert!(ours.contains("Locked:                4 kB"), "{ours}");
    }
}
