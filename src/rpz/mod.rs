//! Response policy zones (draft-vixie-dnsop-dns-rpz).

pub mod action;
pub mod content;
pub mod table;
pub mod text;
pub mod trigger;
