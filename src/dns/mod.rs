//! The protocol's nouns: names, questions, EDNS, messages, replies. No I/O, no clock, no tokio.
//!
//! Everything here borrows from the packet or writes into a caller's buffer, so that the way of a
//! query needs no allocation. Terms are those of RFC 9499.
//!
//! Knows octets. Never knows tiers, lists or sockets.
// Inside: `name` and `suffixes` are what the index and the policy share; `header`, `rcode` and `rrtype` are the numbers
// of the protocol by name; `query` writes queries, `question` reads one in place; `message` finds the records of answers
// from upstream; `reply` writes what we send; `written` is what people write for a name.

pub mod compose;
pub mod ede;
pub mod edns;
pub mod header;
pub mod idna;
pub mod message;
pub mod name;
pub mod public_suffix;
pub mod query;
pub mod question;
pub mod rcode;
pub mod rdata;
pub mod reply;
pub mod rrset;
pub mod rrtype;
pub mod security;
pub mod servers;
pub mod suffixes;
pub mod written;
