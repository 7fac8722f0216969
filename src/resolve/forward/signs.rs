//! Whether a forwarder sends DNSSEC signatures.

use std::sync::atomic::{AtomicU8, Ordering::Relaxed};

const UNKNOWN: u8 = 0;
const ALL: u8 = 1;
const NONE: u8 = 2;

/// What was found when the forwarder was asked.
#[derive(Debug, Default)]
pub(super) struct Signs(AtomicU8);

impl Signs {
    /// Takes what an answer had that must have a signature.
    pub(super) fn note(&self, had_one: bool) {
        self.0.store(if had_one { ALL } else { NONE }, Relaxed);
    }

    /// Whether it was asked and answered.
    pub(super) fn is_known(&self) -> bool {
        self.0.load(Relaxed) != UNKNOWN
    }

    /// Whether it sends none.
    pub(super) fn is_none(&self) -> bool {
        self.0.load(Relaxed) == NONE
    }
}
