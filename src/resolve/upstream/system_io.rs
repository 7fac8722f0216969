//! The world as iteration needs it: the system's clocks, sockets, and chance.
//!
//! What does not match a question is not an answer and is passed over; too much of it is somebody guessing.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpSocket;
use tokio::task::yield_now;
use tokio::time::{sleep, timeout};

use super::query;
use super::source_for;
use crate::clock::Watch;
use crate::dns::name::{Name, OwnedName};
use crate::dns::rrtype::RrType;
use crate::resolve::forward::Forwarder;
use crate::resolve::iterate::io::{ExchangeError, Forwarded, Io, Way};
use crate::resolve::iterate::question::{Matches, is_answer};
use crate::resolve::local::Local;
use crate::resolve::reason::Reason;
use crate::sys::clock::unix_now;

/// The port of name servers.
const PORT: u16 = 53;

/// Sockets of this machine.
pub(in crate::resolve) struct SystemIo {
    /// Addresses to ask from; any, when empty.
    pub sources: Arc<[IpAddr]>,
    pub started: Instant,
    /// Who is asked for zones that are forwarded.
    pub forwarder: Arc<Forwarder>,
    /// What nobody is asked for.
    pub local: Arc<Local>,
    /// Judges the wall clock.
    pub watch: Arc<Watch>,
}

impl Io for SystemIo {
    fn now(&self) -> u64 {
        unix_now()
    }

    fn watch(&self) -> &Watch {
        &self.watch
    }

    fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    fn chance(&self) -> u64 {
        rand::random()
    }

    async fn exchange(
        &self,
        server: IpAddr,
        query: Vec<u8>,
        way: Way,
        time_limit: Duration,
    ) -> Result<Vec<u8>, ExchangeError> {
        let source = source_for(&self.sources, server).ok_or(ExchangeError::Unreachable)?;
        let server = SocketAddr::new(server, PORT);
        let exchange = async {
            match way {
                Way::Udp => {
                    let is_answer = |octets: &[u8]| is_answer(&query, octets) != Matches::No;
                    query::ask_once(&query, server, source, is_answer).await
                }
                Way::Tcp => by_stream(server, source, &query).await,
            }
        };
        match timeout(time_limit, exchange).await {
            Ok(Ok(Some(octets))) => Ok(octets),
            Ok(Ok(None)) => Err(ExchangeError::Mismatched),
            Ok(Err(_)) => Err(ExchangeError::Unreachable),
            Err(_) => Err(ExchangeError::TimedOut),
        }
    }

    fn forward_zone(&self, name: Name<'_>, kind: RrType) -> Option<OwnedName> {
        self.forwarder.validated(name, kind)
    }

    async fn forward(&self, name: Name<'_>, kind: RrType) -> Result<Forwarded, Reason> {
        self.forwarder.fetch(name, kind).await
    }

    fn is_elsewhere(&self, name: Name<'_>, kind: RrType) -> bool {
        self.local.covers(name, kind) || self.forwarder.is_believed(name, kind)
    }

    async fn give_way(&self) {
        yield_now().await;
    }

    async fn pause(&self, time: Duration) {
        sleep(time).await;
    }
}

/// `None`: a message that does not answer the query.
async fn by_stream(
    server: SocketAddr,
    source: Option<SocketAddr>,
    query: &[u8],
) -> io::Result<Option<Vec<u8>>> {
    let socket = if server.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    if let Some(source) = source {
        socket.bind(source)?;
    }
    let mut stream = socket.connect(server).await?;
    let mut framed = Vec::with_capacity(query.len() + 2);
    framed.extend_from_slice(&(query.len() as u16).to_be_bytes());
    framed.extend_from_slice(query);
    stream.write_all(&framed).await?;
    let mut octets = vec![0; usize::from(stream.read_u16().await?)];
    stream.read_exact(&mut octets).await?;
    // The connection is this query's alone: whatever else comes first in it is the server's mistake.
    Ok((is_answer(query, &octets) != Matches::No).then_some(octets))
}
