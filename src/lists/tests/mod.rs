//! Tests that take a whole list: each module promises one thing.
//!
//! - `torture`: every line of the hand-written files has the verdict that its table gives
//! - `laws`: whatever the octets, nothing panics and the account adds up
//! - `real`: real public lists are told apart and read

mod laws;
mod real;
mod shared;
mod torture;
