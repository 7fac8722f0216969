//! DNS over TCP (RFC 7766): length-prefixed messages over any byte stream.
//!
//! Queries of one connection are answered as they finish, not in the order in which they came. Each
//! connection has a bound on what may wait, each client a bound on connections, and all together too. How
//! long a connection may be idle is told to whoever asks (RFC 7828).
//!
//! A connection is one task. Thousands that are idle cost a few hundred octets each, since what answering
//! takes is borrowed while there is something to answer.
// Inside: `connection` is one of them, `frames` finds messages in octets, `timeouts` ends what is idle or slow,
// `connection_limit` bounds how many there are, `mailbox` holds what others leave for one, `buffers` what is lent.

mod buffers;
mod connection;
mod connection_limit;
mod frames;
mod mailbox;
#[cfg(test)]
mod tests;
mod timeouts;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::Settings;
use super::waiting::Waiting;
use crate::query::client::{Client, Transport};
use buffers::BufferPool;
use connection::Connection;
use connection_limit::ConnectionLimit;
pub use connection_limit::ConnectionSlot;

/// How long an accept that failed (no descriptors left) waits before the next.
const ACCEPT_WAIT: Duration = Duration::from_millis(100);

/// What all TCP listeners share.
pub struct Streams {
    waiting: Arc<Waiting>,
    /// Queries of one connection that are fetched at a time.
    pipeline: usize,
    /// Queries that connections hold besides.
    held: AtomicUsize,
    limit: Arc<ConnectionLimit>,
    buffers: BufferPool,
}

impl Streams {
    /// Streams with the limits of `settings`.
    pub fn new(settings: &Settings, waiting: Arc<Waiting>) -> Self {
        Self {
            buffers: BufferPool::new(waiting.responder().clone(), waiting.tally().clone()),
            waiting,
            pipeline: settings.tcp_pipeline_max,
            held: AtomicUsize::new(0),
            limit: Arc::new(ConnectionLimit::new(settings)),
        }
    }

    /// Accepts connections until `stop` says so, and then has all of them end.
    pub async fn listen(self: Arc<Self>, listener: TcpListener, mut stop: watch::Receiver<bool>) {
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                _ = stop.wait_for(|stop| *stop) => return self.limit.close(),
            };
            let Ok((stream, from)) = accepted else {
                tokio::time::sleep(ACCEPT_WAIT).await;
                continue;
            };
            // One over the limit is closed at once: the client tries again, or by UDP.
            let Some(slot) = self.admit(from) else { continue };
            let _ = stream.set_nodelay(true);
            tokio::spawn(self.clone().serve(stream, from, slot));
        }
    }

    /// Admits a connection from `from`; `None`: it is one too many.
    pub fn admit(&self, from: SocketAddr) -> Option<ConnectionSlot> {
        self.limit.admit(from.ip().to_canonical())
    }

    /// Answers the queries of one connection until it is idle, closed, or broken.
    ///
    /// # Errors
    /// What the stream says; the connection is over either way.
    pub async fn serve<S>(
        self: Arc<Self>,
        stream: S,
        from: SocketAddr,
        slot: ConnectionSlot,
    ) -> io::Result<()>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        Connection::new(self, stream, Client::new(from, Transport::Stream), slot).run().await
    }

    /// Connections open now.
    pub fn open(&self) -> usize {
        self.limit.open()
    }
}
