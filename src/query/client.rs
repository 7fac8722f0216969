//! The client of a query: its address and transport, which the response's size and the access list depend on.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use ipnet::IpNet;

use crate::dns::edns::{IdleTime, Keepalive};
use crate::dns::question::{Question, Refused};

/// The transport of a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// One datagram; answers are bounded by what the client said it can take.
    Udp,
    /// A stream with length prefixes; answers are bounded by the prefix.
    Stream,
}

/// The client of one query.
#[derive(Clone, Copy, Debug)]
pub struct Client {
    /// The address; IPv4-mapped IPv6 addresses are IPv4 addresses here.
    pub address: IpAddr,
    /// The transport.
    pub transport: Transport,
    /// How long its connection may be idle, where there is one.
    pub idle_time: Option<IdleTime>,
    /// A check for a whole group asks as this group, whatever the address.
    group: Option<u16>,
}

impl Client {
    /// A client seen at `from`.
    pub fn new(from: SocketAddr, transport: Transport) -> Self {
        Self { address: from.ip().to_canonical(), transport, idle_time: None, group: None }
    }

    /// Somebody of group number `group`, as a check asks.
    pub fn of_group(group: usize) -> Self {
        let nobody = SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0));
        Self { group: u16::try_from(group).ok(), ..Self::new(nobody, Transport::Udp) }
    }

    /// The group that is asked for, if a check asks.
    pub(super) fn group(&self) -> Option<usize> {
        self.group.map(usize::from)
    }

    /// Whether it is no client but a check for a group.
    pub fn is_check(&self) -> bool {
        self.group.is_some()
    }

    /// The client, unless a check asks for a group.
    pub(super) fn known_address(&self) -> Option<IpAddr> {
        self.group.is_none().then_some(self.address)
    }

    /// The same on a connection that may be idle for so long, which is told to whoever asks.
    pub fn with_idle_time(self, idle_time: IdleTime) -> Self {
        Self { idle_time: Some(idle_time), ..self }
    }

    /// What limits for each client count by: the address, or for IPv6 its /64, of which one machine may use any
    /// address.
    pub fn prefix(self) -> IpAddr {
        match self.address {
            IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
            v4 => v4,
        }
    }

    /// Whether the address is one of a private network, of this link or of this machine.
    pub fn is_inside(self) -> bool {
        match self.address {
            IpAddr::V4(address) => address.is_private() || address.is_loopback() || address.is_link_local(),
            IpAddr::V6(address) => {
                address.is_unique_local() || address.is_loopback() || address.is_unicast_link_local()
            }
        }
    }

    /// Reads a packet of the client, by the rules of its transport.
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

/// What is done with a query of somebody who may not ask.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Refusal {
    /// It gets REFUSED, so that a misconfigured client is told.
    #[default]
    Refused,
    /// It gets nothing, so that nobody learns that we are here.
    Drop,
}

/// Networks whose clients are answered; a school's resolver is never open to the world.
#[derive(Clone, Debug)]
pub struct Access {
    /// First and last address of each network: compared for each query.
    v4: Vec<(u32, u32)>,
    v6: Vec<(u128, u128)>,
    refusal: Refusal,
}

impl Access {
    /// Answers clients in these networks.
    pub fn new(allow: Vec<IpNet>) -> Self {
        let (mut v4, mut v6) = (Vec::new(), Vec::new());
        for net in IpNet::aggregate(&allow) {
            match net {
                IpNet::V4(net) => v4.push((net.network().to_bits(), net.broadcast().to_bits())),
                IpNet::V6(net) => v6.push((net.network().to_bits(), net.broadcast().to_bits())),
            }
        }
        Self { v4, v6, refusal: Refusal::default() }
    }

    /// The same with this for all others.
    pub fn with_refusal(self, refusal: Refusal) -> Self {
        Self { refusal, ..self }
    }

    /// Whether the client is answered.
    pub fn allows(&self, client: IpAddr) -> bool {
        match client {
            IpAddr::V4(client) => holds(&self.v4, client.to_bits()),
            IpAddr::V6(client) => holds(&self.v6, client.to_bits()),
        }
    }

    /// What all others get.
    pub fn refusal(&self) -> Refusal {
        self.refusal
    }
}

/// Whether a number lies in one of these ranges.
fn holds<T: Copy + PartialOrd>(ranges: &[(T, T)], number: T) -> bool {
    ranges.iter().any(|(first, last)| *first <= number && number <= *last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_in_one_of_the_networks_is_answered() {
        let nets =
            ["10.0.0.0/8", "192.168.1.0/24", "192.168.2.7/32", "fd00::/8"].map(|net| net.parse().unwrap());
        let access = Access::new(nets.into());
        for (client, is_allowed) in [
            ("10.0.0.0", true),
            ("10.255.255.255", true),
            ("11.0.0.0", false),
            ("9.255.255.255", false),
            ("192.168.1.200", true),
            ("192.168.2.7", true),
            ("192.168.2.8", false),
            ("fd12::1", true),
            ("fe00::1", false),
            ("2001:db8::1", false),
        ] {
            assert_eq!(access.allows(client.parse().unwrap()), is_allowed, "{client}");
        }
        assert!(Access::new(vec!["0.0.0.0/0".parse().unwrap()]).allows("255.255.255.255".parse().unwrap()));
        assert!(!Access::new(vec![]).allows("127.0.0.1".parse().unwrap()));
    }

    #[test]
    fn a_machine_with_many_ipv6_addresses_is_one_client() {
        let prefix = |text: &str| Client::new(text.parse().unwrap(), Transport::Udp).prefix().to_string();
        assert_eq!(prefix("10.0.0.7:53"), "10.0.0.7");
        assert_eq!(prefix("[::ffff:10.0.0.7]:53"), "10.0.0.7");
        assert_eq!(prefix("[2001:db8:1:2:3:4:5:6]:53"), "2001:db8:1:2::");
        assert_eq!(prefix("[2001:db8:1:2:ffff::1]:53"), "2001:db8:1:2::");
    }
}
