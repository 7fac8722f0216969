//! Just enough of DNS, on its own: names, records in master format and on the wire, messages.
//!
//! A second opinion must not rest on what it judges, so nothing here comes from the program under test or
//! from its libraries; and hostile servers must be able to write what no honest library would.

pub mod coding;
pub mod message;
pub mod name;
pub mod record;
pub mod sha1;
pub mod types;
