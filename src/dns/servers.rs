//! The name servers that an answer came by.

use std::net::IpAddr;

use super::name::OwnedName;

/// Name servers of all zones at or above a name, the root's and a top-level domain's own left out or not
/// as whoever knows them pleases.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NameServers {
    /// Their names, those of the deepest zone first.
    pub names: Vec<OwnedName>,
    /// Their addresses, as far as they are known.
    pub addresses: Vec<IpAddr>,
}
