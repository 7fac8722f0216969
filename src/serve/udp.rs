//! UDP: one thread a core and address, each with a socket of its own; the kernel spreads the clients.
//!
//! A worker receives what has come, a batch at a time, lets the responder answer, and sends what is ready. What
//! has to be fetched goes to a task. What tasks bring in one turn of the event loop the worker sends together,
//! through the same socket, so that each answer leaves from the address that was asked.
//!
//! The worker runs its tasks itself: to hand them to another thread costs two changes of threads a query, a
//! tenth of what a miss costs. What has come is answered after every few steps of tasks, so that it never
//! waits for many; and where there are no tasks the worker waits in the receiving call alone, without an
//! event loop.

use std::io;
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use tokio::task::yield_now;
use tokio::time::{sleep, timeout};
use tracing::error;

use super::outbox::Outbox;
use super::waiting::Waiting;
use crate::journal::count::Tally;
use crate::query::client::{Client, Transport};
use crate::query::counters::Counters;
use crate::query::{Moment, Outcome, WorkerState};
use crate::sys::batch::{Batch, Datagram, Wait};
use crate::sys::udp::{Udp, Watched};

/// How often an idle worker looks whether it is to stop.
const LOOK_UP: Duration = Duration::from_millis(200);
/// Steps of tasks after which the worker looks whether queries have come.
const STEPS: u32 = 16;
/// How often it looks where the event loop cannot.
const LOOK_BESIDE_TASKS: Duration = Duration::from_millis(1);

/// Binds one socket for each worker. Sockets of ours on a wider or narrower address of the port are no obstacle;
/// whether the address is free of all others, `Udp::check_free` says.
///
/// # Errors
/// What the kernel says of the address.
pub fn bind(address: SocketAddr, workers: usize) -> io::Result<Vec<Udp>> {
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
pub struct UdpWorker {
    /// Its socket, shared with tasks that bring answers later.
    pub socket: Arc<Udp>,
    /// Its own counts of blocked attempts.
    pub tally: Arc<Tally>,
    /// Queries that wait, all listeners together.
    pub waiting: Arc<Waiting>,
    /// How long tasks may go on when it is told to stop.
    pub drain: Duration,
    /// Set once: stop.
    pub stop: Arc<AtomicBool>,
}

impl UdpWorker {
    /// Starts the worker's thread.
    ///
    /// # Errors
    /// If the system has no thread or no event loop left.
    pub fn start(self, number: usize) -> io::Result<JoinHandle<()>> {
        let runtime = Builder::new_current_thread().enable_all().event_interval(STEPS).build()?;
        std::thread::Builder::new().name(format!("udp-{number}")).spawn(move || self.run(&runtime))
    }

    fn run(self, runtime: &Runtime) {
        let mut receiving = Receiving {
            batch: Batch::new(),
            worker: WorkerState::new(self.tally.clone(), self.waiting.responder().counters().for_worker())
                .with_packets(),
            outbox: Arc::default(),
            failing: false,
        };
        let _tasks = runtime.enter();
        while !self.stop.load(Ordering::Relaxed) {
            if has_tasks(runtime) {
                runtime.block_on(self.run_beside_tasks(runtime, &mut receiving));
                self.send_fetched(&mut receiving);
            } else if self.turn(&mut receiving, Wait::ForOne) == Turn::Failed {
                std::thread::sleep(LOOK_UP);
            }
        }
        let _ = runtime.block_on(timeout(self.drain, self.drain_tasks(&mut receiving)));
        self.send_fetched(&mut receiving);
    }

    /// Sends what tasks bring until none waits any more.
    async fn drain_tasks(&self, receiving: &mut Receiving) {
        let mut drained = pin!(self.waiting.admission().drained());
        loop {
            tokio::select! {
                biased;
                () = receiving.outbox.filled() => self.send_fetched(receiving),
                () = &mut drained => return,
            }
        }
    }

    /// Sends what tasks have brought.
    fn send_fetched(&self, receiving: &mut Receiving) {
        let answers = receiving.outbox.take();
        if !answers.is_empty() {
            receiving.batch.send_answers(&self.socket, &answers);
        }
    }

    /// Answers what comes until there are no tasks any more, or for [`LOOK_UP`].
    async fn run_beside_tasks(&self, runtime: &Runtime, receiving: &mut Receiving) {
        let Ok(watched) = Watched::new(self.socket.clone()) else {
            self.turn(receiving, Wait::No);
            return sleep(LOOK_BESIDE_TASKS).await;
        };
        let mut until = pin!(sleep(LOOK_UP));
        while has_tasks(runtime) {
            let ready = tokio::select! {
                biased;
                () = receiving.outbox.filled() => {
                    self.send_fetched(receiving);
                    continue;
                }
                Ok(ready) = watched.ready() => ready,
                () = &mut until => return,
            };
            match self.turn(receiving, Wait::No) {
                Turn::All => ready.taken(),
                Turn::Some => yield_now().await,
                Turn::Failed => return sleep(LOOK_UP).await,
            }
        }
    }

    /// Takes a batch and answers it.
    fn turn(&self, receiving: &mut Receiving, wait: Wait) -> Turn {
        let turn = match receiving.batch.receive(&self.socket, wait) {
            Ok(()) if receiving.batch.is_all() => Turn::All,
            Ok(()) => Turn::Some,
            Err(error) if is_wait(&error) => return Turn::All,
            Err(error) => {
                // An ICMP error of a client long gone shows here too; a socket that fails for good must
                // neither flood the log nor spin.
                if !receiving.failing {
                    error!(%error, "could not receive: {error}");
                }
                receiving.failing = true;
                return Turn::Failed;
            }
        };
        receiving.failing = false;
        let moment = self.waiting.responder().moment();
        let (worker, outbox) = (&mut receiving.worker, &receiving.outbox);
        receiving.batch.each(|datagram, out| self.answer(&moment, &datagram, worker, outbox, out));
        receiving.batch.send(&self.socket);
        turn
    }

    /// Writes the answer to one query. Says whether there is one to send now.
    fn answer(
        &self,
        moment: &Moment,
        query: &Datagram<'_>,
        worker: &mut WorkerState,
        outbox: &Arc<Outbox>,
        out: &mut Vec<u8>,
    ) -> bool {
        let client = Client::new(query.from, Transport::Udp);
        let answer = || self.waiting.responder().answer(moment, worker, query.octets, client, out);
        match catch_unwind(AssertUnwindSafe(answer)) {
            Ok(Outcome::Ready) => {
                if let Some(prefetch) = worker.take_prefetch() {
                    self.waiting.prefetch(prefetch);
                }
                true
            }
            Ok(Outcome::Silent) => false,
            Ok(Outcome::Pending(pending)) => {
                let (outbox, path) = (outbox.clone(), query.path());
                self.waiting.finish(pending, move |answer| {
                    if !answer.is_empty() {
                        outbox.put(answer, path);
                    }
                });
                false
            }
            Err(_) => {
                worker.renew();
                out.clear();
                Counters::add(&self.waiting.responder().counters().shared.panics);
                false
            }
        }
    }
}

/// What a worker receives with.
struct Receiving {
    batch: Batch,
    worker: WorkerState,
    /// What tasks have brought.
    outbox: Arc<Outbox>,
    /// The last try was an error, and that was said.
    failing: bool,
}

/// What receiving gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Turn {
    /// All that had come.
    All,
    /// There may be more.
    Some,
    /// An error.
    Failed,
}

fn has_tasks(runtime: &Runtime) -> bool {
    runtime.metrics().num_alive_tasks() > 0
}

fn is_wait(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut | io::ErrorKind::Interrupted)
}
