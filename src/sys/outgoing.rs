//! A UDP socket for queries of our own, in the event loop for what comes back alone.
//!
//! It is connected to one server: datagrams of others never reach it, and that nobody is there is told at
//! once. Its port is drawn by the kernel from all that it hands out.
//!
//! The event loop's own socket type waits for room to send too. A new socket has that, and gets it again when
//! its datagram has left: the loop would turn twice for news that nobody waits for.

#![expect(unsafe_code, reason = "whoever hands a descriptor to the event loop vouches for it")]

use std::cell::RefCell;
use std::io;
use std::net::{SocketAddr, UdpSocket};

use socket2::{Domain, Protocol, Socket, Type};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// Octets of a datagram that are taken: more than anybody is offered, to see what is too long.
const DATAGRAM_MAX: usize = 4096;

thread_local! {
    /// Where datagrams are received. What is handed on is no longer than it has to be.
    static BUFFER: RefCell<Box<[u8; DATAGRAM_MAX]>> = RefCell::new(Box::new([0; DATAGRAM_MAX]));
}

/// A socket that is connected to one server.
pub struct Outgoing(AsyncFd<UdpSocket>);

impl Outgoing {
    /// Connects a new socket to `server`, from `source` if there is one, and sends `query`.
    ///
    /// # Errors
    /// What the kernel says of the addresses or the way, or that there are no descriptors left.
    ///
    /// # Panics
    /// Outside of an event loop.
    pub fn open(server: SocketAddr, source: Option<SocketAddr>, query: &[u8]) -> io::Result<Self> {
        let socket = connected(server, source)?;
        // Before the loop knows the socket: this need not wait for a turn of it.
        put(&socket, query)?;
        // SAFETY: the standard library's socket owns its descriptor, tells always the same one, and closes it
        // when it is dropped; what it is moved into drops it after it left the loop, and nothing here takes it
        // out.
        let socket = unsafe { AsyncFd::register_with_interest(socket, Interest::READABLE) }?;
        Ok(Self(socket))
    }

    /// Sends another query.
    ///
    /// # Errors
    /// What the kernel says, also of what was sent before.
    pub fn send(&self, query: &[u8]) -> io::Result<()> {
        put(self.0.get_ref(), query)
    }

    /// The next datagram from the server: its octets, if it is an answer; `None` for another one. After an
    /// answer the socket may be used again.
    ///
    /// # Errors
    /// What the kernel says, as that nobody is there.
    pub async fn receive(&self, is_answer: impl Fn(&[u8]) -> bool) -> io::Result<Option<Vec<u8>>> {
        loop {
            // That nobody is there is an error of the socket and makes it not readable.
            let mut ready = self.0.ready(Interest::READABLE | Interest::ERROR).await?;
            let received = BUFFER.with_borrow_mut(|buffer| {
                let len = self.0.get_ref().recv(&mut buffer[..])?;
                let octets = &buffer[..len];
                Ok(is_answer(octets).then(|| octets.to_vec()))
            });
            match received {
                Ok(Some(octets)) => {
                    // Nothing more is waited for: the next query's answer will be news again, and costs no call
                    // that only finds nothing.
                    ready.clear_ready();
                    return Ok(Some(octets));
                }
                Err(error) if is_nothing(&error) => ready.clear_ready(),
                other => return other,
            }
        }
    }
}

fn is_nothing(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted)
}

/// A socket that hears `server` alone. Its port is drawn by the kernel, from all that it hands out; its address
/// is `source`, if there is one.
fn connected(server: SocketAddr, source: Option<SocketAddr>) -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::for_address(server), Type::DGRAM.nonblocking(), Some(Protocol::UDP))?;
    if let Some(source) = source {
        socket.bind(&source.into())?;
    }
    socket.connect(&server.into())?;
    Ok(socket.into())
}

/// What the kernel has no room for is lost, as it may be on the way.
fn put(socket: &UdpSocket, query: &[u8]) -> io::Result<()> {
    match socket.send(query) {
        Err(error) if error.kind() != io::ErrorKind::WouldBlock => Err(error),
        _ => Ok(()),
    }
}
