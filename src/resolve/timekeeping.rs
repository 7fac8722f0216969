//! What resolution has to know of the wall clock: who judges it, and which names set it.

use std::sync::Arc;

use crate::clock::Watch;
use crate::dns::name::OwnedName;

/// The wall clock's judge, and the names that resolve while the clock is wrong.
#[derive(Clone, Debug, Default)]
pub struct Timekeeping {
    /// Judges the wall clock.
    pub watch: Arc<Watch>,
    /// Names, each with those below it, of time servers. While the clock cannot be right they are answered
    /// without validation, or it would never become right.
    pub servers: Vec<OwnedName>,
}
