//! All servers of the hierarchy at work: one UDP socket and one TCP listener for all their addresses.
//!
//! A server's distance is made here: an answer waits in a heap until its time has come, since not every kernel can
//! delay packets by itself. Over TCP each connection has a thread, which waits.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io::{self, IoSlice, IoSliceMut, Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddrV4, TcpListener, TcpStream, UdpSocket};
use std::os::fd::{AsFd, AsRawFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use nix::libc::{in_addr, in_pktinfo};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::sockopt::Ipv4PacketInfo;
use nix::sys::socket::{
    ControlMessage, ControlMessageOwned, MsgFlags, SockaddrIn, recvmsg, sendmsg, setsockopt,
};

use super::authority::answer;
use super::tree::Tree;

/// Queries taken before answers that are due go out.
const BATCH: usize = 64;
/// Octets of the longest query.
const QUERY_MAX: usize = 4096;
/// Octets of the socket's buffers: a burst of a resolver must not be lost here.
const BUFFER: usize = 4 << 20;

/// All servers.
pub struct Authority {
    pub tree: Tree,
    delayed: AtomicBool,
    asked: AtomicU64,
}

/// An answer on its way, ordered by when it goes out.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Due {
    at: Instant,
    from: Ipv4Addr,
    to: SocketAddrV4,
    packet: Vec<u8>,
}

impl Authority {
    /// Opens port 53 of every address.
    pub fn open(tree: Tree) -> Arc<Self> {
        let this = Arc::new(Self { tree, delayed: AtomicBool::new(true), asked: AtomicU64::new(0) });
        let udp = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 53)).expect("port 53 of a network of our own");
        setsockopt(&udp, Ipv4PacketInfo, &true).expect("to be told which server was asked");
        let _ = socket2::SockRef::from(&udp).set_recv_buffer_size(BUFFER);
        let _ = socket2::SockRef::from(&udp).set_send_buffer_size(BUFFER);
        let tcp = TcpListener::bind((Ipv4Addr::UNSPECIFIED, 53)).expect("port 53 of a network of our own");
        let servers = this.clone();
        thread::spawn(move || servers.serve_udp(&udp));
        let servers = this.clone();
        thread::spawn(move || {
            for stream in tcp.incoming().flatten() {
                let servers = servers.clone();
                thread::spawn(move || servers.serve_tcp(stream));
            }
        });
        this
    }

    /// Whether answers take as long as servers are far away, or come at once.
    pub fn delay(&self, delayed: bool) {
        self.delayed.store(delayed, Ordering::Relaxed);
    }

    /// Queries until now.
    pub fn asked(&self) -> u64 {
        self.asked.load(Ordering::Relaxed)
    }

    /// The answer of the server at `address`, and how long it takes.
    fn answer(&self, address: Ipv4Addr, query: &[u8]) -> Option<(Vec<u8>, Duration)> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        let server = self.tree.servers.get(&address)?;
        let delay = if self.delayed.load(Ordering::Relaxed) { server.delay } else { Duration::ZERO };
        Some((answer(&self.tree, server.zone, query)?, delay))
    }

    fn serve_udp(&self, socket: &UdpSocket) {
        let mut waiting: BinaryHeap<Reverse<Due>> = BinaryHeap::new();
        let mut buffer = vec![0; QUERY_MAX];
        loop {
            let now = Instant::now();
            while waiting.peek().is_some_and(|first| first.0.at <= now) {
                if let Some(Reverse(due)) = waiting.pop() {
                    send(socket, &due);
                }
            }
            // Rounded up, so that nothing goes out early: at most a millisecond late.
            let wait = waiting.peek().map_or(PollTimeout::NONE, |first| {
                let left = first.0.at.saturating_duration_since(now).as_micros().div_ceil(1000);
                PollTimeout::try_from(left as i32).unwrap_or(PollTimeout::MAX)
            });
            let _ = poll(&mut [PollFd::new(socket.as_fd(), PollFlags::POLLIN)], wait);
            for _ in 0..BATCH {
                let Some((len, from, to)) = receive(socket, &mut buffer) else { break };
                let Some((packet, delay)) = self.answer(from, &buffer[..len]) else { continue };
                let due = Due { at: Instant::now() + delay, from, to, packet };
                if delay.is_zero() { send(socket, &due) } else { waiting.push(Reverse(due)) }
            }
        }
    }

    /// One connection, until it is closed; its handshake took no time, so the first answer takes two ways.
    fn serve_tcp(&self, mut stream: TcpStream) -> Option<()> {
        let IpAddr::V4(address) = stream.local_addr().ok()?.ip() else { return None };
        let mut ways = 2;
        loop {
            let mut length = [0; 2];
            stream.read_exact(&mut length).ok()?;
            let mut query = vec![0; usize::from(u16::from_be_bytes(length))];
            stream.read_exact(&mut query).ok()?;
            let (packet, delay) = self.answer(address, &query)?;
            thread::sleep(delay * ways);
            ways = 1;
            let length = (packet.len() as u16).to_be_bytes();
            stream.write_all(&[&length[..], &packet].concat()).ok()?;
        }
    }
}

/// A query, the server that was asked, and who asked.
fn receive(socket: &UdpSocket, buffer: &mut [u8]) -> Option<(usize, Ipv4Addr, SocketAddrV4)> {
    let mut space = nix::cmsg_space!(in_pktinfo);
    let mut slices = [IoSliceMut::new(buffer)];
    let got =
        recvmsg::<SockaddrIn>(socket.as_raw_fd(), &mut slices, Some(&mut space), MsgFlags::MSG_DONTWAIT)
            .ok()?;
    let asked = got.cmsgs().ok()?.find_map(|message| match message {
        ControlMessageOwned::Ipv4PacketInfo(info) => Some(Ipv4Addr::from(info.ipi_addr.s_addr.to_ne_bytes())),
        _ => None,
    })?;
    Some((got.bytes, asked, SocketAddrV4::from(got.address?)))
}

/// What the kernel does not take is lost, as on any network.
fn send(socket: &UdpSocket, due: &Due) {
    let source = in_pktinfo {
        ipi_ifindex: 0,
        ipi_spec_dst: in_addr { s_addr: u32::from_ne_bytes(due.from.octets()) },
        ipi_addr: in_addr { s_addr: 0 },
    };
    let _: Result<usize, io::Error> = sendmsg(
        socket.as_raw_fd(),
        &[IoSlice::new(&due.packet)],
        &[ControlMessage::Ipv4PacketInfo(&source)],
        MsgFlags::empty(),
        Some(&SockaddrIn::from(due.to)),
    )
    .map_err(io::Error::from);
}
