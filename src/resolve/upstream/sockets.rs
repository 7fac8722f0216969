//! UDP sockets to one forwarder, kept for a few queries each.
//!
//! A socket of its own for each query costs five system calls besides sending and receiving. Kept sockets
//! save these, and must not make forging easier (RFC 5452 §9.2):
//!
//! - A query uses a socket alone, so its answer has to have the socket's port and the query's id.
//! - A kept socket is used only where there are at least [`KEPT_MIN`] to draw from; with less, the kernel
//!   draws a new port. Somebody who asks one query after the other sees as many ports as queries.
//! - A socket takes [`USES_MAX`] queries at most, within [`AGE_MAX`]; one that received anything but one
//!   answer to one query takes no further one.
//!
//! Who knows nothing has to guess one of 28,232 ports (Linux' default range) and one of 65,536 ids, as before.
//! Who learns a port by other means, say a side channel, has to guess the id alone for as long as the port
//! is in use: for one query before, for 16 in two seconds at most now.

use std::io;
use std::net::SocketAddr;
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};

use tokio::runtime::{Handle, Id};

use crate::sys::lock::Guard;
use crate::sys::outgoing::Outgoing;

/// Queries that one socket takes.
const USES_MAX: u32 = 16;
/// How long it is used.
const AGE_MAX: Duration = Duration::from_secs(2);
/// From how many a query's socket is drawn at least.
const KEPT_MIN: usize = 64;
/// How many are kept for each thread of queries: so many queries in flight find one.
const KEPT_MAX: usize = 256;
/// Sockets that are too old and that one query closes at most.
const CLOSED_MAX: usize = 2;

/// The sockets to one server.
pub(super) struct Sockets {
    server: SocketAddr,
    source: Option<SocketAddr>,
    /// A socket belongs to the event loop in which it was opened.
    kept: Mutex<Vec<(Id, Vec<Kept>)>>,
}

/// One socket.
pub(super) struct Kept {
    pub(super) socket: Outgoing,
    opened: Instant,
    uses: u32,
}

impl Sockets {
    /// None is opened before it is needed.
    pub(super) fn new(server: SocketAddr, source: Option<SocketAddr>) -> Self {
        Self { server, source, kept: Mutex::default() }
    }

    /// Sends `query` from a kept socket, or from a new one.
    ///
    /// # Errors
    /// What the kernel says of the addresses or the way, or that there are no descriptors left.
    pub(super) fn send(&self, query: &[u8]) -> io::Result<Kept> {
        if let Some(mut kept) = self.draw() {
            kept.uses += 1;
            // An error may be of our own address that changed, or of what was sent before: a new socket tells.
            if kept.socket.send(query).is_ok() {
                return Ok(kept);
            }
        }
        self.send_from_new(query)
    }

    /// Sends `query` from a new socket.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub(super) fn send_from_new(&self, query: &[u8]) -> io::Result<Kept> {
        let socket = Outgoing::open(self.server, self.source, query)?;
        Ok(Kept { socket, opened: Instant::now(), uses: 1 })
    }

    /// Takes back a socket that received one answer to one query, and nothing else.
    pub(super) fn keep(&self, socket: Kept) {
        if socket.uses >= USES_MAX || socket.opened.elapsed() >= AGE_MAX {
            return;
        }
        let here = Handle::current().id();
        let mut kept = self.lock();
        let at = kept.iter().position(|(runtime, _)| *runtime == here).unwrap_or_else(|| {
            kept.push((here, Vec::with_capacity(KEPT_MAX)));
            kept.len() - 1
        });
        let sockets = &mut kept[at].1;
        if sockets.len() < KEPT_MAX {
            sockets.push(socket);
        }
    }

    fn draw(&self) -> Option<Kept> {
        let here = Handle::current().id();
        let mut kept = self.lock();
        let (_, sockets) = kept.iter_mut().find(|(runtime, _)| *runtime == here)?;
        for _ in 0..=CLOSED_MAX {
            if sockets.len() < KEPT_MIN {
                return None;
            }
            let drawn = sockets.swap_remove(rand::random_range(0..sockets.len()));
            if drawn.opened.elapsed() < AGE_MAX {
                return Some(drawn);
            }
        }
        None
    }

    fn lock(&self) -> MutexGuard<'_, Vec<(Id, Vec<Kept>)>> {
        // Each use leaves a whole list behind.
        self.kept.guard()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{HashMap, HashSet};
    use std::net::UdpSocket;

    use super::*;

    /// Sends one query, and has it answered.
    async fn one(sockets: &Sockets, server: &UdpSocket) -> (Kept, u16) {
        let sent = sockets.send(b"query").unwrap();
        let (_, from) = server.recv_from(&mut [0; 16]).unwrap();
        server.send_to(b"answer", from).unwrap();
        let octets = sent.socket.receive(|_| true).await.unwrap();
        assert_eq!(octets.as_deref(), Some(&b"answer"[..]));
        (sent, from.port())
    }

    fn server() -> (UdpSocket, Sockets) {
        let server = UdpSocket::bind("127.0.0.1:0").unwrap();
        let sockets = Sockets::new(server.local_addr().unwrap(), None);
        (server, sockets)
    }

    #[tokio::test]
    async fn few_queries_have_a_port_each() {
        let (server, sockets) = server();
        let mut ports = HashSet::new();
        for _ in 0..KEPT_MIN {
            let (sent, port) = one(&sockets, &server).await;
            sockets.keep(sent);
            ports.insert(port);
        }
        assert!(ports.len() > KEPT_MIN - 4, "{} ports for {KEPT_MIN} queries", ports.len());
    }

    #[tokio::test]
    async fn a_port_is_used_sixteen_times_at_most_and_drawn_by_chance() {
        let (server, sockets) = server();
        let mut ports: HashMap<u16, u32> = HashMap::new();
        let mut in_turn = Vec::new();
        for _ in 0..KEPT_MIN * 8 {
            let (sent, port) = one(&sockets, &server).await;
            sockets.keep(sent);
            *ports.entry(port).or_default() += 1;
            in_turn.push(port);
        }
        // The kernel may draw a port again that was closed.
        assert!(ports.values().all(|uses| *uses <= 2 * USES_MAX), "{ports:?}");
        assert!(ports.len() >= KEPT_MIN, "{} ports", ports.len());
        let again = in_turn.windows(2).filter(|two| two[0] == two[1]).count();
        assert!(again < 60, "the same port {again} times in a row");
    }

    #[tokio::test]
    async fn more_than_are_kept_are_closed() {
        let (server, sockets) = server();
        let mut sent = Vec::new();
        for _ in 0..KEPT_MAX + 1 {
            sent.push(sockets.send_from_new(b"query").unwrap());
            server.recv_from(&mut [0; 16]).unwrap();
        }
        sent.into_iter().for_each(|socket| sockets.keep(socket));
        let kept = sockets.lock();
        assert_eq!((kept.len(), kept[0].1.len()), (1, KEPT_MAX));
    }
}
