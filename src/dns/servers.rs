//! The name servers that an answer came by.

use std::net::IpAddr;

use super::name::OwnedName;

/// Name servers of all zones at and above a name that have two labels or more: those of the root and of
/// top-level domains serve everybody and say nothing of anybody (BIND's `min-ns-dots 1`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NameServers {
    /// Their names, those of the deepest zone first.
    pub names: Vec<OwnedName>,
    /// Their addresses, as far as they are known.
    pub addresses: Vec<IpAddr>,
}
