//! What others leave for a connection: answers that were fetched for it, and that it is to end.
//!
//! Leaving something wakes the connection's task.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{LazyLock, Mutex, MutexGuard};
use std::task::Waker;

use futures_util::task::AtomicWaker;
use tokio::time::Instant;

use crate::sys::lock::Guard;

/// One connection, as others see it.
pub struct Mailbox {
    /// Nanoseconds since [`EPOCH`]; [`BUSY`]: it is not idle.
    idle_since: AtomicU64,
    is_told_to_end: AtomicBool,
    /// Answers that were fetched; an empty one for a query that gets none.
    finished: Mutex<VecDeque<Vec<u8>>>,
    waker: AtomicWaker,
}

/// Instants are numbers from here on.
static EPOCH: LazyLock<Instant> = LazyLock::new(Instant::now);
const BUSY: u64 = u64::MAX;

impl Mailbox {
    /// Of a connection that begins.
    pub fn new() -> Self {
        Self {
            idle_since: AtomicU64::new(BUSY),
            is_told_to_end: AtomicBool::new(false),
            finished: Mutex::default(),
            waker: AtomicWaker::new(),
        }
    }

    /// Leaves what came of a query: its answer, or nothing where it is empty.
    pub fn put(&self, answer: Vec<u8>) {
        self.finished().push_back(answer);
        self.waker.wake();
    }

    /// The next of the answers that were left.
    pub fn take(&self) -> Option<Vec<u8>> {
        self.finished().pop_front()
    }

    /// Tells the connection to end: what waits is still answered, nothing more is read.
    pub fn tell_to_end(&self) {
        self.is_told_to_end.store(true, Ordering::Release);
        self.waker.wake();
    }

    /// Whether it was told to.
    pub fn is_told_to_end(&self) -> bool {
        self.is_told_to_end.load(Ordering::Acquire)
    }

    /// Has `waker` woken by what comes from now on.
    pub fn listen(&self, waker: &Waker) {
        self.waker.register(waker);
    }

    /// Notes that the connection waits for nothing but queries, since then. It keeps no room for answers.
    pub fn note_idle(&self, since: Instant) {
        let since = since.saturating_duration_since(*EPOCH).as_nanos();
        self.idle_since.store(u64::try_from(since).unwrap_or(BUSY - 1), Ordering::Relaxed);
    }

    /// Notes that it waits for answers, or for a client to take some.
    pub fn note_busy(&self) {
        self.idle_since.store(BUSY, Ordering::Relaxed);
    }

    /// Since when it is idle, if it is.
    pub fn idle_since(&self) -> Option<u64> {
        Some(self.idle_since.load(Ordering::Relaxed)).filter(|since| *since != BUSY)
    }

    /// Gives back the room of answers that are gone.
    pub fn shrink(&self) {
        self.finished().shrink_to_fit();
    }

    fn finished(&self) -> MutexGuard<'_, VecDeque<Vec<u8>>> {
        self.finished.guard()
    }
}
