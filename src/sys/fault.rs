//! Faults of memory that is backed by a file: a page that the file no longer has, or that the disk cannot read.
//!
//! The kernel reports either as SIGBUS, which ends the process. Here the page is replaced by zeros of our own
//! and counted, and the program goes on: whoever reads such memory checks what it reads, and whoever sees that
//! [`count`] has changed reads its files anew. That holds for our own mappings and for those of SQLite
//! (`journal.sqlite-shm`).

#![expect(unsafe_code, reason = "a signal handler and the mapping that it makes")]

use std::io;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use nix::libc;

/// `si_code` of a fault in a mapping that has no page there (sigaction(2)).
const BUS_ADRERR: libc::c_int = 2;

/// Pages replaced since the start.
static FAULTS: AtomicU64 = AtomicU64::new(0);
/// Octets of a page, once the handler is installed.
static PAGE: AtomicUsize = AtomicUsize::new(0);
/// Who handled SIGBUS before: the standard library, which tells stack overflows by it.
static BEFORE: OnceLock<libc::sigaction> = OnceLock::new();

/// How many pages have been lost and replaced by zeros since the start.
pub fn count() -> u64 {
    FAULTS.load(Ordering::Relaxed)
}

/// Installs the handler, once in a process. Whoever maps a file of ours does; a program with a store of SQLite
/// should before it opens that.
pub fn install() {
    BEFORE.get_or_init(|| {
        // SAFETY: asks for a number.
        let page = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
        PAGE.store(usize::try_from(page).unwrap_or(4096), Ordering::Relaxed);
        // SAFETY: all fields of a `sigaction` are numbers or pointers that may be zero.
        let (mut ours, mut before): (libc::sigaction, libc::sigaction) = unsafe { std::mem::zeroed() };
        let handler: extern "C" fn(libc::c_int, *mut libc::siginfo_t, *mut libc::c_void) = on_bus_error;
        ours.sa_sigaction = handler as usize;
        // The standard library gives each thread a stack for signals, which this one needs as little of as any.
        ours.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK | libc::SA_NODEFER;
        // SAFETY: both structures are whole and live; the handler only does what a handler may, see there.
        let installed = unsafe { libc::sigaction(libc::SIGBUS, &raw const ours, &raw mut before) };
        if installed != 0 {
            // It only fails for a wrong signal number; without the handler a lost page ends the process.
            tracing::warn!("no handler for lost pages: {}", io::Error::last_os_error());
        }
        before
    });
}

extern "C" fn on_bus_error(signal: libc::c_int, info: *mut libc::siginfo_t, context: *mut libc::c_void) {
    // SAFETY: with SA_SIGINFO the kernel hands over a valid `siginfo_t`, and for SIGBUS it holds an address.
    let (code, address) = unsafe { ((*info).si_code, (*info).si_addr() as usize) };
    if code == BUS_ADRERR && replace_page(address) {
        FAULTS.fetch_add(1, Ordering::Relaxed);
        return;
    }
    let before = BEFORE.get().map_or(libc::SIG_DFL, |before| before.sa_sigaction);
    let takes_info = BEFORE.get().is_some_and(|before| before.sa_flags & libc::SA_SIGINFO != 0);
    if before != libc::SIG_DFL && before != libc::SIG_IGN && takes_info {
        // SAFETY: `before` was installed with SA_SIGINFO, so it is a function of this type.
        let before: extern "C" fn(libc::c_int, *mut libc::siginfo_t, *mut libc::c_void) =
            unsafe { std::mem::transmute(before) };
        return before(signal, info, context);
    }
    // SAFETY: a zeroed `sigaction` is the default action; the fault repeats and ends the process.
    unsafe {
        let default: libc::sigaction = std::mem::zeroed();
        libc::sigaction(libc::SIGBUS, &raw const default, std::ptr::null_mut());
    }
}

/// Puts a page of zeros where the lost one was. Called in a signal handler: two atomics and one system call.
fn replace_page(address: usize) -> bool {
    let page = PAGE.load(Ordering::Relaxed);
    if page == 0 {
        return false;
    }
    let start = address & !(page - 1);
    // SAFETY: BUS_ADRERR is reported only inside a mapping of a file, for a page that cannot be had, so nothing
    // that the program holds is lost by replacing it; the new page is private to this process. It may be written
    // where the old one could be (SQLite's shared memory); through our own mappings nobody writes. `errno` of
    // the interrupted thread is put back.
    unsafe {
        let errno = libc::__errno_location();
        let before = *errno;
        let got = libc::mmap(
            start as *mut libc::c_void,
            page,
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_FIXED,
            -1,
            0,
        );
        *errno = before;
        got != libc::MAP_FAILED
    }
}
