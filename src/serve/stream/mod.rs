//! DNS over TCP (RFC 7766): length-prefixed messages over any byte stream.
//!
//! Queries of one connection are answered as they finish, not in the order in which they came. Each
//! connection has a bound on what may wait, each client a bound on connections, and all together too. How
//! long a connection may be idle is told to whoever asks (RFC 7828).
//!
//! A connection is one task. Thousands that are idle cost a few hundred octets each, since what answering
//! takes is borrowed while there is something to answer.
// Inside: `connection` is one of them, `frames` finds messages in octets, `patience` is how long it is
// borne with, `places` how many there may be, `line` what others have to say to it, `tools` its buffers.

mod connection;
mod frames;
mod line;
mod patience;
mod places;
#[cfg(test)]
mod tests;
mod tools;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::Settings;
use super::admission::Admission;
use crate::journal::count::Tally;
use crate::query::later::{Later, Pending};
use crate::query::peer::{Peer, Transport};
use crate::query::{Desk, Scratch};
use connection::Connection;
pub use places::Place;
use places::Places;
use tools::Toolbox;

/// How long an accept that failed (no descriptors left) waits before the next.
const ACCEPT_WAIT: Duration = Duration::from_millis(100);

/// What all TCP listeners share.
pub struct Streams {
    desk: Arc<Desk>,
    tally: Arc<Tally>,
    waiting: Arc<Admission>,
    /// Queries of one connection that are fetched at a time.
    pipeline: usize,
    /// Queries that connections hold besides.
    held: AtomicUsize,
    places: Arc<Places>,
    toolbox: Toolbox,
}

impl Streams {
    /// Streams with the limits of `settings`.
    pub fn new(settings: &Settings, desk: Arc<Desk>, tally: Arc<Tally>, waiting: Arc<Admission>) -> Self {
        Self {
            toolbox: Toolbox::new(desk.clone(), tally.clone()),
            desk,
            tally,
            waiting,
            pipeline: settings.tcp_pipeline_max,
            held: AtomicUsize::new(0),
            places: Arc::new(Places::new(settings)),
        }
    }

    /// Accepts connections until `stop` says so, and then has all of them end.
    pub async fn listen(self: Arc<Self>, listener: TcpListener, mut stop: watch::Receiver<bool>) {
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                _ = stop.wait_for(|stop| *stop) => return self.places.close(),
            };
            let Ok((stream, from)) = accepted else {
                tokio::time::sleep(ACCEPT_WAIT).await;
                continue;
            };
            // One over the limit is closed at once: the client tries again, or by UDP.
            let Some(place) = self.admit(from) else { continue };
            let _ = stream.set_nodelay(true);
            tokio::spawn(self.clone().serve(stream, from, place));
        }
    }

    /// A place for a connection from `from`; `None`: it is one too many.
    pub fn admit(&self, from: SocketAddr) -> Option<Place> {
        self.places.admit(from.ip().to_canonical())
    }

    /// Answers the queries of one connection until it is idle, closed, or broken.
    ///
    /// # Errors
    /// What the stream says; the connection is over either way.
    pub async fn serve<S>(self: Arc<Self>, stream: S, from: SocketAddr, place: Place) -> io::Result<()>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        Connection::new(self, stream, Peer::new(from, Transport::Stream), place).run().await
    }

    /// Connections open now.
    pub fn open(&self) -> usize {
        self.places.open()
    }

    /// The answer to a query that has to wait, empty where it gets none; and what is to be settled after it.
    async fn fetch(&self, later: &Later) -> (Vec<u8>, Option<Pending>) {
        let mut scratch = self.scratch();
        let mut answer = Vec::new();
        let finished = self.desk.finish(later, &mut scratch, &mut answer).await;
        if !finished.is_answered {
            answer.clear();
        }
        (answer, finished.pending)
    }

    fn scratch(&self) -> Scratch {
        Scratch::new(self.tally.clone(), self.desk.counters().shared.clone())
    }
}
