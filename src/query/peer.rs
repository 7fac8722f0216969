//! Who asks, and by which way: what the answer's size and the access list depend on.

use std::net::{IpAddr, SocketAddr};

use ipnet::IpNet;

/// The way a query came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// One datagram; answers are bounded by what the client said it can take.
    Udp,
    /// A stream with length prefixes; answers are bounded by the prefix.
    Stream,
}

/// The client of one query.
#[derive(Clone, Copy, Debug)]
pub struct Peer {
    /// Address, an IPv4 address never in IPv6 clothing.
    pub address: IpAddr,
    /// The way.
    pub transport: Transport,
}

impl Peer {
    /// A client seen at `from`.
    pub fn new(from: SocketAddr, transport: Transport) -> Self {
        Self { address: from.ip().to_canonical(), transport }
    }
}

/// Networks whose clients are answered; a school's resolver is never open to the world.
#[derive(Clone, Debug)]
pub struct Access(Vec<IpNet>);

impl Access {
    /// Answers clients in these networks.
    pub fn new(mut allow: Vec<IpNet>) -> Self {
        IpNet::aggregate(&allow).clone_into(&mut allow);
        Self(allow)
    }

    /// Whether the client is answered.
    pub fn allows(&self, client: IpAddr) -> bool {
        self.0.iter().any(|net| net.contains(&client))
    }
}
