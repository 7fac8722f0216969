//! Lists: from a stranger's text to rules, with an account of every line.
//!
//! A public list is an unreliable upstream. It is fetched (`fetch`), kept (`store`), its format told
//! (`detect`), its lines parsed (`format`), its names judged (`target`, `profile`, `protected`), and it
//! passes the `gate` before anybody's index is built from it; what fails leaves the last good copy in
//! force. `starter` and `catalogue` are what the program brings along.
//!
//! Knows texts, names and one list at a time. Never knows tiers, policies, the index or other lists.
// Inside: `read` does both passes over a text, `sorted` is the second; `reason` and `account` name what came of lines.

pub mod account;
pub mod arriving;
pub mod brands;
pub mod catalogue;
pub mod content;
pub mod detect;
pub mod fetch;
pub mod format;
pub mod fresh;
pub mod gate;
pub mod measured;
pub mod meta;
mod popular;
pub mod protected;
pub mod read;
pub mod reason;
pub mod recommended;
pub mod services;
pub mod snapshot;
pub mod spec;
pub mod starter;
pub mod store;

pub mod profile;
mod sorted;
mod target;
mod text;

#[cfg(test)]
mod tests;
