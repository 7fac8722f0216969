//! UDP sockets that know to which of our addresses a datagram came, and answer from there.
//!
//! A wildcard socket on a host with two addresses would otherwise answer from the wrong one, and the
//! client would throw the answer away. Linux tells by packet info (`ip(7)`, `ipv6(7)`); where that is
//! not to be had the socket still works, and the kernel picks the source.

#![expect(unsafe_code, reason = "whoever hands a descriptor to the event loop vouches for it")]

use std::io::{self, IoSlice};
use std::net::{SocketAddr, UdpSocket};
use std::os::fd::{AsRawFd, RawFd};
use std::sync::Arc;
use std::time::Duration;

use nix::sys::socket::{ControlMessage, MsgFlags, SockaddrStorage, getsockopt, sendmsg, setsockopt, sockopt};
use socket2::{Domain, Protocol, Socket, Type};
use tokio::io::Interest;
use tokio::io::unix::{AsyncFd, AsyncFdReadyGuard};

/// Receive buffer asked of the kernel, in octets: a burst after idleness must not be lost. Without
/// `CAP_NET_ADMIN` the kernel gives no more than `net.core.rmem_max`, on Debian 212,992.
pub const RECEIVE_BUFFER: usize = 4 << 20;
/// What the kernel counts for a query that waits, whatever its length: 832 octets on loopback (measured),
/// and 2,304 where a network card's driver takes half a page for each (256 of its head, 2,048 of data).
const WAITING_COST: usize = 2304;

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
    pub(super) to: To,
}

/// Which of our addresses was asked.
#[derive(Clone, Copy, Debug)]
pub(super) enum To {
    /// The socket's own address, or not known.
    Socket,
    V4(nix::libc::in_pktinfo),
    V6(nix::libc::in6_pktinfo),
}

/// What was asked, as a source. The interface is left to routing: only the address matters.
pub(super) fn to_source(info: &nix::libc::in_pktinfo) -> nix::libc::in_pktinfo {
    nix::libc::in_pktinfo { ipi_ifindex: 0, ipi_spec_dst: info.ipi_addr, ipi_addr: info.ipi_addr }
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
        // With the right to, past the system's limit. A smaller buffer than asked for is no reason not to
        // serve, but one to tell: see `room`.
        if setsockopt(&socket, sockopt::RcvBufForce, &RECEIVE_BUFFER).is_err() {
            let _ = socket.set_recv_buffer_size(RECEIVE_BUFFER);
        }
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

    /// How many queries may wait in the kernel for certain before one is lost.
    ///
    /// # Errors
    /// Only if the kernel does not say how large its buffer is.
    pub fn room(&self) -> io::Result<usize> {
        // What the kernel says is twice what was asked, and what it compares the sum of costs with.
        Ok(getsockopt(&self.socket, sockopt::RcvBuf)? / WAITING_COST)
    }

    /// Whether datagrams come with the address that was asked.
    pub(super) fn packet_info(&self) -> bool {
        self.packet_info
    }

    /// Sends an answer back along `path`, from the address that was asked.
    ///
    /// # Errors
    /// What the kernel says; a full send buffer or a client that went away is not ours to mend.
    pub fn send(&self, answer: &[u8], path: &Path) -> io::Result<()> {
        let slices = [IoSlice::new(answer)];
        let fd = self.as_raw_fd();
        let to = SockaddrStorage::from(path.from);
        match &path.to {
            To::Socket => {
                self.socket.send_to(answer, path.from)?;
            }
            To::V4(info) => {
                let info = to_source(info);
                sendmsg(fd, &slices, &[ControlMessage::Ipv4PacketInfo(&info)], MsgFlags::empty(), Some(&to))?;
            }
            To::V6(info) => {
                sendmsg(fd, &slices, &[ControlMessage::Ipv6PacketInfo(info)], MsgFlags::empty(), Some(&to))?;
            }
        }
        Ok(())
    }
}

/// A socket whose datagrams an event loop looks out for.
pub struct Watched(AsyncFd<Arc<Udp>>);

impl Watched {
    /// Lets the event loop look out.
    ///
    /// # Errors
    /// The kernel has no room left for another one.
    ///
    /// # Panics
    /// Outside of an event loop.
    pub fn new(socket: Arc<Udp>) -> io::Result<Self> {
        // SAFETY: the socket owns its descriptor, tells always the same one, and closes it when the last of
        // its owners is gone, of which one is here until it left the loop.
        let watched = unsafe { AsyncFd::register_with_interest(socket, Interest::READABLE) }?;
        Ok(Self(watched))
    }

    /// Waits until there may be a datagram.
    ///
    /// # Errors
    /// The event loop ends.
    pub async fn ready(&self) -> io::Result<Ready<'_>> {
        self.0.readable().await.map(Ready)
    }
}

/// There may be datagrams, until somebody says that there are none.
pub struct Ready<'w>(AsyncFdReadyGuard<'w, Arc<Udp>>);

impl Ready<'_> {
    /// All have been taken. What has come since, the event loop knows of.
    pub fn taken(mut self) {
        self.0.clear_ready();
    }
}

impl AsRawFd for Udp {
    fn as_raw_fd(&self) -> RawFd {
        self.socket.as_raw_fd()
    }
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
    fn as_many_queries_can_wait_as_are_said_to() {
        let server = Udp::bind("127.0.0.1:0".parse().unwrap(), Duration::from_millis(20)).unwrap();
        let client = UdpSocket::bind("127.0.0.1:0").unwrap();
        client.connect(server.local().unwrap()).unwrap();
        let room = server.room().unwrap();
        assert!(room > 0);
        for _ in 0..room {
            client.send(&[7; 80]).unwrap();
        }
        let mut buf = [0; 128];
        let waited = std::iter::from_fn(|| server.socket.recv(&mut buf).ok()).count();
        assert_eq!(waited, room);
    }
}
