//! Tests that take a whole list: each module promises one thing.
//!
//! - `torture`: every line of the hand-written files has the verdict that its table gives
//! - `fetch`: from a server on loopback, with all that goes wrong
//! - `gate`: ordinary updates pass, real accidents are held
//! - `laws`: whatever the octets, nothing panics and the account adds up
//! - `options`: what becomes of a rule with an option, and never the opposite
//! - `profile`: what a profile makes of a list, and what it may not
//! - `real`: real public lists are told apart and read
//! - `store`: last good stays, whatever happens

mod fetch;
mod gate;
mod laws;
mod options;
mod profile;
mod real;
mod shared;
mod store;
mod torture;
