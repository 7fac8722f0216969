//! The pool of what answering needs and an idle connection does not: buffers, a worker's state, counters.
//!
//! A connection takes a set while it works without waiting, so there are as many sets as threads that serve
//! connections, however many connections there are.

use std::sync::{Arc, Mutex, MutexGuard};

use super::frames::{PREFIX, QUERY_MAX};
use crate::journal::count::Tally;
use crate::query::{Responder, WorkerState};
use crate::sys::lock::Guard;

/// Octets read at a time: some hundred queries.
pub const INPUT: usize = 16 * 1024;
const _: () = assert!(INPUT > QUERY_MAX + PREFIX, "what has begun leaves room for more");

/// One set.
pub struct Buffers {
    /// For the responder. Its counters are this set's own.
    pub worker: WorkerState,
    /// Octets as they were read.
    pub input: [u8; INPUT],
    /// One answer.
    pub answer: Vec<u8>,
    /// Answers with their lengths, to go out in one piece.
    pub answers: Vec<u8>,
}

/// The sets that nobody uses now.
pub struct BufferPool {
    responder: Arc<Responder>,
    tally: Arc<Tally>,
    // Boxed, since a set of 18 KiB goes to and fro for each batch.
    free: Mutex<Vec<Box<Buffers>>>,
}

impl BufferPool {
    /// An empty one. Blocked attempts of all its sets are counted in `tally`.
    pub fn new(responder: Arc<Responder>, tally: Arc<Tally>) -> Self {
        Self { responder, tally, free: Mutex::default() }
    }

    /// A free set, or a new one.
    pub fn take(&self) -> Box<Buffers> {
        let free = self.free().pop();
        free.unwrap_or_else(|| {
            Box::new(Buffers {
                worker: WorkerState::new(self.tally.clone(), self.responder.counters().for_worker()),
                input: [0; INPUT],
                answer: Vec::new(),
                answers: Vec::new(),
            })
        })
    }

    /// Takes a set back.
    pub fn give_back(&self, mut buffers: Box<Buffers>) {
        buffers.answers.clear();
        self.free().push(buffers);
    }

    fn free(&self) -> MutexGuard<'_, Vec<Box<Buffers>>> {
        self.free.guard()
    }
}
