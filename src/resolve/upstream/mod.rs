//! How other servers are asked: name servers by sockets of our own ([`system_io`]), forwarders by
//! [`datagram`]s or over [`connections`].

use std::net::{IpAddr, SocketAddr};

pub(super) mod connections;
pub(super) mod datagram;
mod query;
mod sockets;
pub(super) mod system_io;
pub(super) mod tally;

/// From which of `sources` a server is asked: from any where there are none. `None` where none is of the
/// server's family.
pub(super) fn source_for(sources: &[IpAddr], server: IpAddr) -> Option<Option<SocketAddr>> {
    if sources.is_empty() {
        return Some(None);
    }
    let found = sources.iter().find(|source| source.is_ipv4() == server.is_ipv4());
    found.map(|source| Some(SocketAddr::new(*source, 0)))
}
