//! Who listens on a port of this machine, and which addresses the machine has. Best effort: what `/proc` does
//! not show is not told.

use std::collections::HashSet;
use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// Processes that are looked at: `kernel.pid_max` of a stock 32-bit kernel.
const PROCESSES_MAX: usize = 32_768;
/// Addresses of this machine that are told.
pub const ADDRESSES_MAX: usize = 64;

/// UDP or TCP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// UDP.
    Udp,
    /// TCP.
    Tcp,
}

impl Transport {
    /// As people write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Udp => "UDP",
            Self::Tcp => "TCP",
        }
    }
}

/// Another program's socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// Where it is bound.
    pub address: SocketAddr,
    /// Process id and name, where `/proc` shows them to us.
    pub program: Option<(u32, String)>,
}

/// The socket of another program that keeps us from binding `address`.
pub fn holder(address: SocketAddr, transport: Transport) -> Option<Holder> {
    let own = own_sockets();
    let (address, inode) = bound_sockets(transport)
        .into_iter()
        .find(|(bound, inode)| conflicts(*bound, address) && !own.contains(inode))?;
    Some(Holder { address, program: owner_of(inode) })
}

/// Whether two sockets of one transport cannot be bound side by side.
fn conflicts(bound: SocketAddr, wanted: SocketAddr) -> bool {
    let (held, asked) = (bound.ip(), wanted.ip());
    // A socket on `::` takes IPv4 too unless it says otherwise, which /proc does not show.
    let same_family = held.is_ipv4() == asked.is_ipv4() || (held.is_unspecified() && held.is_ipv6());
    let overlap = held == asked || held.is_unspecified() || asked.is_unspecified();
    bound.port() == wanted.port() && same_family && overlap
}

/// Sockets that are bound (UDP) or listen (TCP), with their inodes.
fn bound_sockets(transport: Transport) -> Vec<(SocketAddr, u64)> {
    let files = match transport {
        Transport::Udp => ["udp", "udp6"],
        Transport::Tcp => ["tcp", "tcp6"],
    };
    let mut sockets = Vec::new();
    for file in files {
        // Below `self`: a service that sees its own processes only (`ProcSubset=pid`) has no /proc/net.
        let Ok(text) = fs::read_to_string(format!("/proc/self/net/{file}")) else { continue };
        sockets.extend(text.lines().skip(1).filter_map(|line| socket(line, transport)));
    }
    sockets
}

/// One line of `/proc/net/udp` and its like.
fn socket(line: &str, transport: Transport) -> Option<(SocketAddr, u64)> {
    /// `TCP_LISTEN` of the kernel.
    const LISTENS: &str = "0A";
    let mut fields = line.split_whitespace();
    let (local, state) = (fields.nth(1)?, fields.nth(1)?);
    if transport == Transport::Tcp && state != LISTENS {
        return None;
    }
    let (ip, port) = local.split_once(':')?;
    let port = u16::from_str_radix(port, 16).ok()?;
    let inode = fields.nth(5)?.parse().ok()?;
    Some((SocketAddr::new(ip_address(ip)?, port), inode))
}

/// An address as `/proc/net` prints it: words of 32 bits in the machine's own order.
fn ip_address(hex: &str) -> Option<IpAddr> {
    let mut octets = [0; 16];
    let words = hex.len() / 8;
    if !hex.len().is_multiple_of(8) || !hex.is_ascii() {
        return None;
    }
    for (at, chunk) in octets.chunks_mut(4).take(words).enumerate() {
        let word = u32::from_str_radix(hex.get(at * 8..at * 8 + 8)?, 16).ok()?;
        chunk.copy_from_slice(&word.to_ne_bytes());
    }
    match words {
        1 => Some(Ipv4Addr::new(octets[0], octets[1], octets[2], octets[3]).into()),
        4 => Some(Ipv6Addr::from(octets).into()),
        _ => None,
    }
}

fn own_sockets() -> HashSet<u64> {
    sockets_of("self")
}

fn sockets_of(process: &str) -> HashSet<u64> {
    let files = fs::read_dir(format!("/proc/{process}/fd")).into_iter().flatten().flatten();
    let links = files.filter_map(|file| fs::read_link(file.path()).ok());
    links
        .filter_map(|link| link.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok())
        .collect()
}

fn owner_of(inode: u64) -> Option<(u32, String)> {
    let entries = fs::read_dir("/proc").ok()?.flatten().take(PROCESSES_MAX);
    let mut processes = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let process = processes.find(|process| sockets_of(&process.to_string()).contains(&inode))?;
    let name = fs::read_to_string(format!("/proc/{process}/comm")).ok()?;
    Some((process, name.trim_end().to_owned()))
}

/// The addresses of this machine's interfaces, link-local ones of IPv6 left out (they need a scope).
pub fn own_addresses() -> Vec<IpAddr> {
    let Ok(interfaces) = nix::ifaddrs::getifaddrs() else { return Vec::new() };
    let mut addresses: Vec<IpAddr> = Vec::new();
    for address in interfaces.filter_map(|interface| interface.address) {
        let ip = match (address.as_sockaddr_in(), address.as_sockaddr_in6()) {
            (Some(v4), _) => IpAddr::V4(v4.ip()),
            (_, Some(v6)) if v6.ip().is_unicast_link_local() => continue,
            (_, Some(v6)) => IpAddr::V6(v6.ip()),
            _ => continue,
        };
        if addresses.len() < ADDRESSES_MAX && !addresses.contains(&ip) {
            addresses.push(ip);
        }
    }
    addresses
}

#[cfg(test)]
mod tests {
    use std::net::UdpSocket;

    use super::*;

    #[test]
    fn lines_of_the_kernel_are_read() {
        let v4 = "  77: 3500007F:0035 00000000:0000 07 00000000:00000000 00:00000000 00000000   101        0 21743 2";
        assert_eq!(socket(v4, Transport::Udp), Some(("127.0.0.53:53".parse().unwrap(), 21743)));
        let v6 = "  0: 00000000000000000000000001000000:0035 00000000000000000000000000000000:0000 0A 0:0 0:0 0 0 0 7 1";
        assert_eq!(socket(v6, Transport::Tcp), Some(("[::1]:53".parse().unwrap(), 7)));
        assert_eq!(socket(&v6.replace(" 0A ", " 01 "), Transport::Tcp), None, "a connection");
        for broken in ["", "sl local", "0: zz:0035 x 07", "0: 3500007F 0 07 0 0 0 0 0 1"] {
            assert_eq!(socket(broken, Transport::Udp), None, "{broken}");
        }
    }

    #[test]
    fn a_wildcard_and_a_single_address_are_in_each_others_way() {
        let on = |text: &str| text.parse().unwrap();
        for (bound, wanted, expected) in [
            ("127.0.0.53:53", "0.0.0.0:53", true),
            ("0.0.0.0:53", "10.0.0.1:53", true),
            ("127.0.0.53:53", "127.0.0.1:53", false),
            ("127.0.0.53:5353", "0.0.0.0:53", false),
            ("127.0.0.53:53", "[::]:53", false),
            ("[::]:53", "0.0.0.0:53", true),
        ] {
            assert_eq!(conflicts(on(bound), on(wanted)), expected, "{bound} {wanted}");
        }
    }

    #[test]
    fn our_own_sockets_hold_nothing_against_us() {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let address = socket.local_addr().unwrap();
        assert_eq!(holder(address, Transport::Udp), None);
        let inodes = bound_sockets(Transport::Udp);
        let inode = inodes.iter().find(|(bound, _)| *bound == address).unwrap().1;
        assert_eq!(owner_of(inode).unwrap().0, std::process::id());
    }
}
