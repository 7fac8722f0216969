//! UDP sockets that know to which of our addresses a datagram came, and answer from there.
//!
//! A wildcard socket on a host with two addresses would otherwise answer from the wrong one, and the
//! client would throw the answer away. Linux tells by packet info (`ip(7)`, `ipv6(7)`); where that is
//! not to be had the socket still works, and the kernel picks the source.

use std::io::{self, IoSlice, IoSliceMut};
use std::net::{SocketAddr, SocketAddrV4, SocketAddrV6, UdpSocket};
use std::os::fd::{AsFd, AsRawFd};
use std::time::Duration;

use nix::sys::socket::{
    ControlMessage, ControlMessageOwned, MsgFlags, SockaddrStorage, recvmsg, sendmsg, setsockopt, sockopt,
};
use socket2::{Domain, Protocol, Socket, Type};

/// Receive buffer asked of the kernel, in octets: a burst after idleness must not be lost. The kernel
/// may give less (`net.core.rmem_max`).
const RECEIVE_BUFFER: usize = 4 << 20;

/// A bound UDP socket.
#[derive(Debug)]
pub struct Udp {
    socket: UdpSocket,
    packet_info: bool,
}

/// Where a datagram came from, and to which of our addresses.
#[derive(Clone, Copy, Debug)]
pub struct Path {
    /// The client.
    pub from: SocketAddr,
    to: To,
}

#[derive(Clone, Copy, Debug)]
enum To {
    /// The socket's own address, or not known.
    Socket,
    V4(nix::libc::in_pktinfo),
    V6(nix::libc::in6_pktinfo),
}

impl Udp {
    /// Binds `address`. Several sockets may share it (`SO_REUSEPORT`): the kernel spreads clients
    /// over them. A receive call returns at least every `wait`.
    ///
    /// # Errors
    /// What the kernel says of the address.
    pub fn bind(address: SocketAddr, wait: Duration) -> io::Result<Self> {
        let domain = Domain::for_address(address);
        let socket = Socket::new(domain, Type::DGRAM, Some(Protocol::UDP))?;
        if address.is_ipv6() {
            socket.set_only_v6(true)?;
        }
        socket.set_reuse_port(true)?;
        // A smaller buffer than asked for is no reason not to serve.
        let _ = socket.set_recv_buffer_size(RECEIVE_BUFFER);
        let packet_info = address.ip().is_unspecified()
            && match address {
                SocketAddr::V4(_) => setsockopt(&socket, sockopt::Ipv4PacketInfo, &true).is_ok(),
                SocketAddr::V6(_) => setsockopt(&socket, sockopt::Ipv6RecvPacketInfo, &true).is_ok(),
            };
        socket.bind(&address.into())?;
        socket.set_read_timeout(Some(wait))?;
        Ok(Self { socket: socket.into(), packet_info })
    }

    /// Whether nobody has `address`, not even somebody who would share it as [`bind`](Self::bind) does:
    /// two servers on one port would each lose what the kernel gives to the other.
    ///
    /// # Errors
    /// What the kernel says of the address; `AddrInUse` where somebody has it.
    pub fn check_free(address: SocketAddr) -> io::Result<()> {
        let socket = Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
        if address.is_ipv6() {
            socket.set_only_v6(true)?;
        }
        socket.bind(&address.into())
    }

    /// Where it is bound.
    ///
    /// # Errors
    /// Only if the kernel has none.
    pub fn local(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    /// Waits for a datagram. `WouldBlock` after the wait given to [`bind`](Self::bind).
    ///
    /// # Errors
    /// What the kernel says; a datagram longer than `buf` is cut, and so no query.
    pub fn receive(&self, buf: &mut [u8], control: &mut ControlBuf) -> io::Result<(usize, Path)> {
        if !self.packet_info {
            let (len, from) = self.socket.recv_from(buf)?;
            return Ok((len, Path { from, to: To::Socket }));
        }
        let mut slices = [IoSliceMut::new(buf)];
        let message = recvmsg::<SockaddrStorage>(
            self.socket.as_raw_fd(),
            &mut slices,
            Some(&mut control.0),
            MsgFlags::empty(),
        )?;
        let from = message.address.as_ref().and_then(to_std).ok_or(io::ErrorKind::InvalidData)?;
        let mut to = To::Socket;
        if let Ok(controls) = message.cmsgs() {
            for control in controls {
                match control {
                    ControlMessageOwned::Ipv4PacketInfo(info) => to = To::V4(info),
                    ControlMessageOwned::Ipv6PacketInfo(info) => to = To::V6(info),
                    _ => {}
                }
            }
        }
        Ok((message.bytes, Path { from, to }))
    }

    /// Sends an answer back along `path`, from the address that was asked.
    ///
    /// # Errors
    /// What the kernel says; a full send buffer or a client that went away is not ours to mend.
    pub fn send(&self, answer: &[u8], path: &Path) -> io::Result<()> {
        let slices = [IoSlice::new(answer)];
        let fd = self.socket.as_fd().as_raw_fd();
        let to = SockaddrStorage::from(path.from);
        match &path.to {
            To::Socket => {
                self.socket.send_to(answer, path.from)?;
            }
            To::V4(info) => {
                // The interface is left to routing: only the source address matters.
                let info = nix::libc::in_pktinfo { ipi_ifindex: 0, ipi_spec_dst: info.ipi_addr, ..*info };
                sendmsg(fd, &slices, &[ControlMessage::Ipv4PacketInfo(&info)], MsgFlags::empty(), Some(&to))?;
            }
            To::V6(info) => {
                sendmsg(fd, &slices, &[ControlMessage::Ipv6PacketInfo(info)], MsgFlags::empty(), Some(&to))?;
            }
        }
        Ok(())
    }
}

/// Room for the kernel's packet info; a worker keeps one.
#[derive(Debug)]
pub struct ControlBuf(Vec<u8>);

impl ControlBuf {
    /// Room for either family.
    pub fn new() -> Self {
        Self(nix::cmsg_space!(nix::libc::in_pktinfo, nix::libc::in6_pktinfo))
    }
}

impl Default for ControlBuf {
    fn default() -> Self {
        Self::new()
    }
}

fn to_std(address: &SockaddrStorage) -> Option<SocketAddr> {
    if let Some(v4) = address.as_sockaddr_in() {
        return Some(SocketAddrV4::new(v4.ip(), v4.port()).into());
    }
    let v6 = address.as_sockaddr_in6()?;
    Some(SocketAddrV6::new(v6.ip(), v6.port(), v6.flowinfo(), v6.scope_id()).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_is_shared_already_is_not_free() {
        let server = Udp::bind("127.0.0.1:0".parse().unwrap(), Duration::from_secs(5)).unwrap();
        let address = server.local().unwrap();
        assert_eq!(Udp::check_free(address).unwrap_err().kind(), io::ErrorKind::AddrInUse);
        assert!(Udp::bind(address, Duration::from_secs(5)).is_ok(), "a worker of ours may share it");
        drop(server);
    }

    #[test]
    fn a_wildcard_socket_answers_from_the_address_that_was_asked() {
        for (wildcard, asked) in [("0.0.0.0:0", "127.0.0.53"), ("0.0.0.0:0", "127.0.0.1"), ("[::]:0", "::1")]
        {
            let Ok(server) = Udp::bind(wildcard.parse().unwrap(), Duration::from_secs(5)) else {
                eprintln!("left out: {wildcard} cannot be bound here");
                continue;
            };
            let asked = SocketAddr::new(asked.parse().unwrap(), server.local().unwrap().port());
            let client = UdpSocket::bind(SocketAddr::new(asked.ip(), 0)).unwrap();
            client.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
            client.send_to(b"ask", asked).unwrap();
            let mut buf = [0; 512];
            let (len, path) = server.receive(&mut buf, &mut ControlBuf::new()).unwrap();
            assert_eq!(&buf[..len], b"ask");
            server.send(b"answer", &path).unwrap();
            let (len, from) = client.recv_from(&mut buf).unwrap();
            assert_eq!((&buf[..len], from), (&b"answer"[..], asked));
        }
    }
}
