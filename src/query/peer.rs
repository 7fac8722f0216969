//! Who asks, and by which way: what the answer's size and the access list depend on.

use std::net::{IpAddr, SocketAddr};

use ipnet::IpNet;

use crate::dns::edns::{IdleTime, Keepalive};
use crate::dns::question::{Question, Refused};

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
    /// How long its connection may be idle, where the way is one.
    pub idle_time: Option<IdleTime>,
}

impl Peer {
    /// A client seen at `from`.
    pub fn new(from: SocketAddr, transport: Transport) -> Self {
        Self { address: from.ip().to_canonical(), transport, idle_time: None }
    }

    /// The same on a connection that may be idle for so long, which is told to whoever asks.
    pub fn with_idle_time(self, idle_time: IdleTime) -> Self {
        Self { idle_time: Some(idle_time), ..self }
    }

    /// Reads a packet of the client's, with what its way makes of it.
    ///
    /// # Errors
    /// What [`Refused`] says.
    pub fn parse<'p>(&self, packet: &'p [u8]) -> Result<Question<'p>, Refused> {
        let question = self.note_way(Question::parse(packet))?;
        if self.transport == Transport::Stream && question.keepalive() == Keepalive::Malformed {
            return Err(Refused::FormErr);
        }
        Ok(question)
    }

    /// The same for a packet that is turned down for what it says, as [`Question::read`].
    ///
    /// # Errors
    /// Only for the octets and the opcode.
    pub fn read<'p>(&self, packet: &'p [u8]) -> Result<Question<'p>, Refused> {
        self.note_way(Question::read(packet))
    }

    fn note_way<'p>(&self, mut read: Result<Question<'p>, Refused>) -> Result<Question<'p>, Refused> {
        if let (Some(idle_time), Ok(question)) = (self.idle_time, &mut read) {
            question.came_over_stream(idle_time);
        }
        read
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
