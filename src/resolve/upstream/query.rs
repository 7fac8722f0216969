//! A query over UDP and what is heard of it: its answer among what is none.

use std::io;
use std::net::SocketAddr;

use futures_util::stream::{FuturesUnordered, StreamExt};

use super::sockets::{Kept, Sockets};
use crate::sys::outgoing::Outgoing;

/// Messages that do not match a question, after which somebody is guessing.
pub(super) const STRAY_MAX: u32 = 8;

/// A query that was sent to a forwarder, once or several times, and how much came that was no answer to it.
pub(super) struct SentQuery<'s> {
    sockets: &'s Sockets,
    sent: Kept,
    /// Sent again, each from a socket of its own: our address may have changed, or a NAT forgotten the first.
    again: Vec<Kept>,
    stray: u32,
}

impl<'s> SentQuery<'s> {
    /// Sends `query`.
    pub(super) fn after(query: &[u8], sockets: &'s Sockets) -> io::Result<Self> {
        Ok(Self { sockets, sent: sockets.send(query)?, again: Vec::new(), stray: 0 })
    }

    /// Sends it again.
    pub(super) fn again(&mut self, query: &[u8]) -> io::Result<()> {
        self.again.push(self.sockets.send_from_new(query)?);
        Ok(())
    }

    /// Waits for the answer; who gives up waiting may wait again. `None`: too many stray datagrams.
    pub(super) async fn answer(&mut self, is_answer: impl Fn(&[u8]) -> bool) -> io::Result<Option<Vec<u8>>> {
        while self.stray <= STRAY_MAX {
            let received = match self.again.len() {
                0 => self.sent.socket.receive(&is_answer).await?,
                _ => self.receive_on_any(&is_answer).await?,
            };
            if received.is_some() {
                return Ok(received);
            }
            self.stray += 1;
        }
        Ok(None)
    }

    /// The next datagram on any of the sockets. What the kernel says of the newest counts: an older one may be
    /// of an address that is gone.
    async fn receive_on_any(&self, is_answer: impl Fn(&[u8]) -> bool) -> io::Result<Option<Vec<u8>>> {
        let is_answer = &is_answer;
        let newest = self.again.len();
        let all = std::iter::once(&self.sent).chain(&self.again).enumerate();
        let mut receiving: FuturesUnordered<_> =
            all.map(|(at, kept)| async move { (at, kept.socket.receive(is_answer).await) }).collect();
        loop {
            match receiving.next().await {
                Some((at, Err(_))) if at < newest => {}
                Some((_, received)) => return received,
                None => return Err(io::ErrorKind::TimedOut.into()),
            }
        }
    }

    /// Lets another query use the socket, after the answer came.
    pub(super) fn end(self) {
        if self.stray == 0 && self.again.is_empty() {
            self.sockets.keep(self.sent);
        }
    }
}

/// Sends one query to a name server from a socket of its own, and waits for the answer. `None`: too many stray
/// datagrams.
pub(super) async fn ask_once(
    query: &[u8],
    server: SocketAddr,
    source: Option<SocketAddr>,
    is_answer: impl Fn(&[u8]) -> bool,
) -> io::Result<Option<Vec<u8>>> {
    let socket = Outgoing::open(server, source, query)?;
    for _ in 0..=STRAY_MAX {
        let received = socket.receive(&is_answer).await?;
        if received.is_some() {
            return Ok(received);
        }
    }
    Ok(None)
}
