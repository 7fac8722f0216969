//! Response policy zones (draft-vixie-dnsop-dns-rpz): rules that somebody publishes as a DNS zone, for the
//! asked name, who asks, the answer's addresses and the name servers that it came by.
//!
//! A zone comes as a master file ([`text`]) or by transfer ([`transfer`], without sockets); both make
//! [`content::Content`]. Of that a [`table::Table`] is built, and [`zones::Zones`] puts all tables in their
//! order, for the groups that they are for. [`decide`] says which rule decides.
//!
//! Knows names, addresses, records and groups by name. Never knows categories, caches or sockets, nor what
//! an answer looks like.
// Inside: `trigger` and `action` read what a rule is about and what it does.

pub mod action;
pub mod content;
pub mod decide;
pub mod table;
pub mod text;
pub mod transfer;
pub mod trigger;
pub mod zones;
