//! UDP: one thread a core and address, each with a socket of its own; the kernel spreads the clients.
//!
//! A worker receives, lets the desk answer, and sends. What has to be fetched goes to a task, which
//! sends through the same socket, so that the answer leaves from the address that was asked.

use std::io;
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use tracing::error;

use crate::journal::count::Tally;
use crate::query::peer::{Peer, Transport};
use crate::query::{Counters, Desk, Outcome, Scratch};
use crate::sys::udp::{ControlBuf, Path, Udp};

/// Octets of the largest query that is read; EDNS queries with every option are below 1 KiB.
const QUERY_MAX: usize = 4096;
/// How often an idle worker looks whether it is to stop.
const LOOK_UP: Duration = Duration::from_millis(200);

/// Binds one socket for each worker.
///
/// # Errors
/// What the kernel says of the address.
pub fn bind(address: SocketAddr, workers: usize) -> io::Result<Vec<Udp>> {
    Udp::check_free(address)?;
    let first = Udp::bind(address, LOOK_UP)?;
    // Port 0 means "any": the others share what the first one got.
    let address = first.local()?;
    let mut sockets = vec![first];
    for _ in 1..workers {
        sockets.push(Udp::bind(address, LOOK_UP)?);
    }
    Ok(sockets)
}

/// One worker: everything that it owns.
pub struct Worker {
    /// Its socket, shared with tasks that bring answers later.
    pub socket: Arc<Udp>,
    /// Where queries are answered.
    pub desk: Arc<Desk>,
    /// Its own counts of blocked attempts.
    pub tally: Arc<Tally>,
    /// The counts of the tasks that bring answers later.
    pub later_tally: Arc<Tally>,
    /// Queries that may wait, all listeners together.
    pub waiting: Arc<Semaphore>,
    /// Where tasks run.
    pub runtime: Handle,
    /// Set once: stop.
    pub stop: Arc<AtomicBool>,
}

impl Worker {
    /// Starts the worker's thread.
    ///
    /// # Errors
    /// If the system has no thread left.
    pub fn start(self, number: usize) -> io::Result<JoinHandle<()>> {
        std::thread::Builder::new().name(format!("udp-{number}")).spawn(move || self.run())
    }

    fn run(self) {
        let mut buf = [0; QUERY_MAX];
        let mut control = ControlBuf::new();
        let mut scratch = Scratch::new(self.tally.clone());
        let mut out = Vec::with_capacity(QUERY_MAX);
        let mut failing = false;
        while !self.stop.load(Ordering::Relaxed) {
            match self.socket.receive(&mut buf, &mut control) {
                Ok((len, path)) => {
                    failing = false;
                    self.answer(&buf[..len], &path, &mut scratch, &mut out);
                }
                Err(error) if is_wait(&error) => {}
                Err(error) => {
                    // An ICMP error of a client long gone shows here too; a socket that fails for
                    // good must neither flood the log nor spin.
                    if !failing {
                        error!(%error, "could not receive: {error}");
                    }
                    failing = true;
                    std::thread::sleep(LOOK_UP);
                }
            }
        }
    }

    fn answer(&self, packet: &[u8], path: &Path, scratch: &mut Scratch, out: &mut Vec<u8>) {
        let peer = Peer::new(path.from, Transport::Udp);
        let world = self.desk.world();
        let outcome = catch_unwind(AssertUnwindSafe(|| self.desk.answer(&world, scratch, packet, peer, out)));
        match outcome {
            Ok(Outcome::Ready) => self.send(out, path),
            Ok(Outcome::Silent) => {}
            Ok(Outcome::Later(later)) => match self.waiting.clone().try_acquire_owned() {
                Ok(permit) => {
                    let (socket, desk, path) = (self.socket.clone(), self.desk.clone(), *path);
                    let mut scratch = Scratch::new(self.later_tally.clone());
                    self.runtime.spawn(async move {
                        let mut out = Vec::new();
                        if desk.finish(later, &mut scratch, &mut out).await {
                            let _ = socket.send(&out, &path);
                        }
                        drop(permit);
                    });
                }
                Err(_) => {
                    self.desk.shed(packet, out);
                    self.send(out, path);
                }
            },
            Err(_) => Counters::add(&self.desk.counters().panics),
        }
    }

    /// A send that fails concerns this client alone, who will ask again.
    fn send(&self, answer: &[u8], path: &Path) {
        let _ = self.socket.send(answer, path);
    }
}

fn is_wait(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut | io::ErrorKind::Interrupted)
}
