//! What answering takes and an idle connection need not have: buffers, scratch, counters.
//!
//! A connection borrows a set for as long as it works without waiting, so there are as many sets as threads
//! that serve connections, however many connections there are.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::frames::{PREFIX, QUERY_MAX};
use crate::journal::count::Tally;
use crate::query::{Desk, Scratch};

/// Octets read at a time: some hundred queries.
pub const INPUT: usize = 16 * 1024;
const _: () = assert!(INPUT > QUERY_MAX + PREFIX, "what has begun leaves room for more");

/// One set.
pub struct Tools {
    /// For the desk. Its counters are this set's own.
    pub scratch: Scratch,
    /// Octets as they were read.
    pub input: [u8; INPUT],
    /// One answer.
    pub answer: Vec<u8>,
    /// Answers with their lengths, to go out in one piece.
    pub answers: Vec<u8>,
}

/// The sets that nobody uses now.
pub struct Toolbox {
    desk: Arc<Desk>,
    tally: Arc<Tally>,
    // Boxed, since a set of 18 KiB goes to and fro for each batch.
    free: Mutex<Vec<Box<Tools>>>,
}

impl Toolbox {
    /// An empty one. Blocked attempts of all its sets are counted in `tally`.
    pub fn new(desk: Arc<Desk>, tally: Arc<Tally>) -> Self {
        Self { desk, tally, free: Mutex::default() }
    }

    /// A free set, or a new one.
    pub fn take(&self) -> Box<Tools> {
        let free = self.free().pop();
        free.unwrap_or_else(|| {
            Box::new(Tools {
                scratch: Scratch::new(self.tally.clone(), self.desk.counters().for_worker()),
                input: [0; INPUT],
                answer: Vec::new(),
                answers: Vec::new(),
            })
        })
    }

    /// Takes a set back.
    pub fn give_back(&self, mut tools: Box<Tools>) {
        tools.answers.clear();
        self.free().push(tools);
    }

    fn free(&self) -> MutexGuard<'_, Vec<Box<Tools>>> {
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
