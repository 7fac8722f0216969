//! DNS over TCP (RFC 7766): length-prefixed messages over any byte stream.
//!
//! Queries of one connection are answered as they finish, not in the order in which they came. Each
//! connection has a bound on what may wait, each client a bound on connections, and all together too.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::time::timeout;

use super::Settings;
use crate::journal::count::Tally;
use crate::query::peer::{Peer, Transport};
use crate::query::{Desk, Outcome, Scratch};

/// Octets of the largest query that is read; a longer one ends the connection.
const QUERY_MAX: usize = 4096;
/// How long a client may take to accept an answer.
const WRITE_WAIT: Duration = Duration::from_secs(5);
/// How long an accept that failed (no descriptors left) waits before the next.
const ACCEPT_WAIT: Duration = Duration::from_millis(100);

/// What all TCP listeners share.
pub struct Streams {
    desk: Arc<Desk>,
    tally: Arc<Tally>,
    waiting: Arc<Semaphore>,
    limits: Limits,
    open: Mutex<Open>,
}

struct Limits {
    idle: Duration,
    connections: usize,
    per_client: usize,
    pipeline: usize,
}

#[derive(Default)]
struct Open {
    total: usize,
    by_client: HashMap<IpAddr, usize>,
}

impl Streams {
    /// Streams with the limits of `settings`.
    pub fn new(settings: &Settings, desk: Arc<Desk>, tally: Arc<Tally>, waiting: Arc<Semaphore>) -> Self {
        let limits = Limits {
            idle: settings.tcp_idle,
            connections: settings.tcp_connections_max,
            per_client: settings.tcp_connections_per_client,
            pipeline: settings.tcp_pipeline_max,
        };
        Self { desk, tally, waiting, limits, open: Mutex::default() }
    }

    /// Accepts connections until `stop` says so.
    pub async fn listen(self: Arc<Self>, listener: TcpListener, mut stop: watch::Receiver<bool>) {
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                _ = stop.wait_for(|stop| *stop) => return,
            };
            let Ok((stream, from)) = accepted else {
                tokio::time::sleep(ACCEPT_WAIT).await;
                continue;
            };
            // One over the limit is closed at once: the client tries again, or by UDP.
            let Some(place) = self.clone().admit(from.ip().to_canonical()) else { continue };
            let _ = stream.set_nodelay(true);
            let (streams, stop) = (self.clone(), stop.clone());
            tokio::spawn(async move {
                let (read, write) = stream.into_split();
                let _ = streams.serve(read, write, from, stop).await;
                drop(place);
            });
        }
    }

    fn admit(self: Arc<Self>, client: IpAddr) -> Option<Place> {
        let mut open = self.open.lock().expect("nothing panics while it holds this lock");
        if open.total >= self.limits.connections {
            return None;
        }
        let of_client = open.by_client.entry(client).or_default();
        if *of_client >= self.limits.per_client {
            return None;
        }
        *of_client += 1;
        open.total += 1;
        drop(open);
        Some(Place { streams: self, client })
    }

    /// Answers the queries of one connection until it is idle, closed, or broken.
    ///
    /// # Errors
    /// What the stream says; the connection is over either way.
    pub async fn serve<R, W>(
        &self,
        mut read: R,
        mut write: W,
        from: SocketAddr,
        mut stop: watch::Receiver<bool>,
    ) -> io::Result<()>
    where
        R: AsyncRead + Unpin,
        W: AsyncWrite + Unpin + Send + 'static,
    {
        let peer = Peer::new(from, Transport::Stream);
        let pipeline = Arc::new(Semaphore::new(self.limits.pipeline));
        let (answers, mut finished) = mpsc::channel::<Vec<u8>>(self.limits.pipeline);
        let writer = tokio::spawn(async move {
            while let Some(answer) = finished.recv().await {
                timeout(WRITE_WAIT, write.write_all(&answer)).await??;
            }
            write.shutdown().await
        });
        let mut scratch = Scratch::new(self.tally.clone(), self.desk.counters().shared.clone());
        let mut query = vec![0; QUERY_MAX];
        loop {
            let begun = tokio::select! {
                begun = timeout(self.limits.idle, read.read_u8()) => begun,
                _ = stop.wait_for(|stop| *stop) => break,
            };
            let first = match begun {
                Ok(Ok(first)) => first,
                // Who waits for an answer is not idle (RFC 7766 §6.2.3).
                Err(_) if pipeline.available_permits() < self.limits.pipeline => continue,
                // Idle, closed or broken: what waits is still answered, then it ends.
                _ => break,
            };
            let next = tokio::select! {
                next = timeout(self.limits.idle, read_query(&mut read, first, &mut query)) => next,
                _ = stop.wait_for(|stop| *stop) => break,
            };
            // One who dawdles within a query, breaks off, or sends nonsense goes the same way.
            let Ok(Ok(Some(len))) = next else { break };
            let packet = &query[..len];
            let mut out = Vec::new();
            let moment = self.desk.moment();
            match self.desk.answer(&moment, &mut scratch, packet, peer, &mut out) {
                Outcome::Ready => {
                    if answers.send(framed(out)).await.is_err() {
                        break;
                    }
                }
                Outcome::Silent => break,
                Outcome::Later(later) => {
                    // A client that sends faster than it is answered waits here, unread.
                    let Ok(turn) = pipeline.clone().acquire_owned().await else { break };
                    let Ok(permit) = self.waiting.clone().try_acquire_owned() else {
                        self.desk.shed(packet, &mut out);
                        if answers.send(framed(out)).await.is_err() {
                            break;
                        }
                        continue;
                    };
                    let (desk, answers) = (self.desk.clone(), answers.clone());
                    let mut scratch = Scratch::new(self.tally.clone(), self.desk.counters().shared.clone());
                    tokio::spawn(async move {
                        let mut out = Vec::new();
                        if desk.finish(later, &mut scratch, &mut out).await {
                            let _ = answers.send(framed(out)).await;
                        }
                        drop((permit, turn));
                    });
                }
            }
        }
        drop(answers);
        writer.await?
    }

    /// Connections open now.
    pub fn open(&self) -> usize {
        self.open.lock().expect("nothing panics while it holds this lock").total
    }
}

/// A connection's place among the open ones; given back when it ends, however it ends.
struct Place {
    streams: Arc<Streams>,
    client: IpAddr,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.streams.open.lock().expect("nothing panics while it holds this lock");
        open.total -= 1;
        if let Some(of_client) = open.by_client.get_mut(&self.client) {
            *of_client -= 1;
            if *of_client == 0 {
                open.by_client.remove(&self.client);
            }
        }
    }
}

/// Reads one length-prefixed message whose first octet has been read; `None` for one too long to be a
/// query.
async fn read_query<R>(read: &mut R, first: u8, buf: &mut [u8]) -> io::Result<Option<usize>>
where
    R: AsyncRead + Unpin,
{
    let len = usize::from(u16::from_be_bytes([first, read.read_u8().await?]));
    let Some(buf) = buf.get_mut(..len) else { return Ok(None) };
    read.read_exact(buf).await?;
    Ok(Some(len))
}

/// Puts the length before an answer; one write, one segment.
fn framed(answer: Vec<u8>) -> Vec<u8> {
    let len = u16::try_from(answer.len()).expect("answers over a stream are bounded by 65,535 octets");
    let mut framed = Vec::with_capacity(answer.len() + 2);
    framed.extend_from_slice(&len.to_be_bytes());
    framed.extend_from_slice(&answer);
    framed
}
