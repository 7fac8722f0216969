//! Answers that the tasks of one worker brought and that are not sent yet.
//!
//! What tasks bring in one turn of the event loop leaves in one system call.

use std::sync::{Mutex, MutexGuard};

use tokio::sync::Notify;

use crate::sys::lock::Guard;
use crate::sys::udp::Path;

type Answer = (Vec<u8>, Path);

/// The answers of a worker's tasks.
#[derive(Default)]
pub(super) struct Outbox {
    answers: Mutex<Vec<Answer>>,
    filled: Notify,
}

impl Outbox {
    /// Puts an answer in; the worker sends it when it next has its turn.
    pub(super) fn put(&self, answer: Vec<u8>, path: Path) {
        let mut answers = self.lock();
        answers.push((answer, path));
        let is_first = answers.len() == 1;
        drop(answers);
        if is_first {
            self.filled.notify_one();
        }
    }

    /// Waits until there is something to take.
    pub(super) async fn filled(&self) {
        self.filled.notified().await;
    }

    /// What is to be sent.
    pub(super) fn take(&self) -> Vec<Answer> {
        std::mem::take(&mut *self.lock())
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Answer>> {
        // Each use is one call on it: whoever panicked left a whole list behind.
        self.answers.guard()
    }
}
