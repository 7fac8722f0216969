//! Who runs what. Every thread and task of the program, with its owner and its end:
//!
//! | runs | owner | ends |
//! | --- | --- | --- |
//! | `udp-N`, a thread a core and address; a task a query that waits for upstream | [`Workers`] | its flag is set and it is joined; the tasks when drained |
//! | TCP accept, a task an address; a task a connection | [`Running`] | the stop signal; connections when idle or drained |
//! | a task a query over TCP that waits for upstream | the listener's permit | by the resolver's deadline |
//! | control socket | [`Running`] | the stop signal |
//! | lists: renews what is due, builds, swaps | [`Running`] | the stop signal, between two lists |
//! | policy zones: asks primaries when it is due or announced, swaps; a blocking thread a zone at work | [`Running`] | the stop signal; a transfer under way with the runtime |
//! | signals | [`Running`] | with the program |
//! | `journal-take`, `journal-store` | `Journal` | `Journal::close`, after everything above |

use std::io;
use std::net::TcpListener as StdTcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tracing::{info, warn};

use super::listen::Listener;
use super::{App, answers, reload, zones};
use crate::control::{Control, socket};
use crate::journal::count::Tally;
use crate::serve::admission::Admission;
use crate::serve::udp::Worker;

/// How long queries that wait are still waited for at a stop.
const DRAIN: Duration = Duration::from_secs(5);
/// How long tasks may take to end after that.
pub const SHUTDOWN: Duration = Duration::from_secs(2);

/// Threads that answer over UDP, and the TCP listeners that tasks will serve.
pub struct Workers {
    /// The threads.
    pub udp: UdpThreads,
    /// TCP listeners, not served yet.
    pub streams: Vec<StdTcpListener>,
    /// Keeps the workers' counts alive until the last one has counted.
    pub tallies: Vec<Arc<Tally>>,
}

/// UDP threads and what stops them.
pub struct UdpThreads {
    threads: Vec<JoinHandle<()>>,
    stop: Arc<AtomicBool>,
}

impl UdpThreads {
    /// Stops all threads and waits for them, and so for what waits for upstream.
    pub fn stop(self) {
        self.stop.store(true, Ordering::Relaxed);
        for thread in self.threads {
            if thread.join().is_err() {
                warn!("a UDP worker had panicked");
            }
        }
    }
}

/// Starts a thread for each UDP socket.
pub fn start_workers(
    app: &Arc<App>,
    listeners: Vec<Listener>,
    waiting: &Arc<Admission>,
    later_tally: &Arc<Tally>,
) -> io::Result<Workers> {
    let stop = Arc::new(AtomicBool::new(false));
    let mut workers = Workers {
        udp: UdpThreads { threads: Vec::new(), stop: stop.clone() },
        streams: Vec::new(),
        tallies: vec![later_tally.clone()],
    };
    for listener in listeners {
        workers.streams.push(listener.tcp);
        for socket in listener.udp {
            let worker = Worker {
                socket: Arc::new(socket),
                desk: app.desk.clone(),
                tally: app.journal.tally(),
                later_tally: later_tally.clone(),
                waiting: waiting.clone(),
                drain: DRAIN,
                stop: stop.clone(),
            };
            workers.tallies.push(worker.tally.clone());
            workers.udp.threads.push(worker.start(workers.udp.threads.len())?);
        }
    }
    Ok(workers)
}

/// The tasks of a running server.
pub struct Running {
    app: Arc<App>,
    tasks: JoinSet<()>,
    stop: watch::Sender<bool>,
    hangup: Signal,
    terminate: Signal,
    interrupt: Signal,
}

impl Running {
    /// Starts them.
    ///
    /// # Errors
    /// The system has no signals or sockets left for us.
    pub async fn start(app: Arc<App>, streams: Vec<StdTcpListener>) -> io::Result<Self> {
        let (stop, stopped) = watch::channel(false);
        let mut tasks = JoinSet::new();
        for listener in streams {
            tasks.spawn(app.streams.clone().listen(TcpListener::from_std(listener)?, stopped.clone()));
        }
        let path = app.settings().control.clone();
        match socket::bind(&path) {
            Ok(listener) => {
                let control: Arc<dyn Control> = Arc::new(answers::Answers(app.clone()));
                tasks.spawn(socket::serve(listener, control, stopped.clone()));
            }
            // Answers matter more than the socket: `status` and `reload` then say that nobody listens.
            Err(error) => warn!(%error, "no control socket on {}: {error}", path.display()),
        }
        tasks.spawn(reload::keep_lists_new(app.clone(), stopped.clone()));
        tasks.spawn(zones::keep_zones_new(app.clone(), stopped));
        Ok(Self {
            app,
            tasks,
            stop,
            hangup: signal(SignalKind::hangup())?,
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    /// Runs until SIGTERM or SIGINT; SIGHUP reloads.
    pub async fn until_told_to_stop(mut self) {
        loop {
            tokio::select! {
                _ = self.hangup.recv() => {
                    let app = self.app.clone();
                    // It logs what came of it, and the old world stays where it fails.
                    let _ = tokio::task::spawn_blocking(move || reload::reload(&app)).await;
                }
                _ = self.terminate.recv() => break,
                _ = self.interrupt.recv() => break,
            }
        }
        let _ = self.stop.send(true);
        let path = self.app.settings().control.clone();
        if timeout(DRAIN, async { while self.tasks.join_next().await.is_some() {} }).await.is_err() {
            info!("some tasks did not end in time and are ended");
        }
        let _ = std::fs::remove_file(path);
    }
}

/// Says so if the time of those that wait was not enough.
pub fn note_undrained(waiting: &Admission) {
    if waiting.taken() > 0 {
        info!("some queries were still waiting for upstream and get no answer");
    }
}
