//! Who runs what. Every thread and task of the program, with its owner and its end:
//!
//! | runs | owner | ends |
//! | --- | --- | --- |
//! | `udp-N`, a thread a core and address; a task a query that waits for upstream | [`Workers`] | their flag is set and they are joined; the tasks when drained |
//! | looking after what is kept on disk | [`Running`] | the stop signal, between two looks |
//! | trying addresses and the control socket again that could not be bound | [`Running`] | with the program |
//! | `forward`: connections to forwarders over TCP, TLS and HTTPS, once there is one | the resolver | with the resolver |
//! | TCP accept, a task an address; a task a connection | [`Running`] | the stop signal; connections when idle or drained |
//! | a task a query over TCP that waits for upstream | the listener's permit | by the resolver's deadline |
//! | control socket | [`Running`] | the stop signal |
//! | lists: renews what is due, builds, swaps | [`Running`] | the stop signal, between two lists |
//! | policy zones: asks primaries when it is due or announced, swaps; a blocking thread a zone at work | [`Running`] | the stop signal; a transfer under way with the runtime |
//! | clock and answers: looks every second whether the wall clock jumped, every quarter of a minute whether answers can be had | [`Running`] | the stop signal |
//! | signals | [`Running`] | with the program |
//! | `journal-take`, `journal-store` | `Journal` | `Journal::close`, after everything above |

use std::io;
use std::net::TcpListener as StdTcpListener;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::net::{TcpListener, UnixListener};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{MissedTickBehavior, interval, timeout};
use tracing::{info, warn};

use super::list_updates::Lists;
use super::listen::{self, Opened, Sockets};
use super::zones::Transferred;
use super::{App, answering, answers, heal, reload, timekeeper};
use crate::control::{Control, socket};
use crate::journal::count::Tally;
use crate::serve::udp::UdpWorker;
use crate::serve::waiting::Waiting;
use crate::sys::udp::Udp;
use crate::update::schedule::{self, Now};

/// How long queries that wait are still waited for at a stop.
const DRAIN: Duration = Duration::from_secs(5);
/// How long tasks may take to end after that.
pub const SHUTDOWN: Duration = Duration::from_secs(2);

/// Threads that answer over UDP, with what stops them.
pub struct Workers {
    app: Arc<App>,
    waiting: Arc<Waiting>,
    threads: Vec<JoinHandle<()>>,
    stop: Arc<AtomicBool>,
    /// Keeps the workers' counts alive until the last one has counted.
    tallies: Vec<Arc<Tally>>,
}

impl Workers {
    /// None yet.
    pub fn new(app: Arc<App>, waiting: Arc<Waiting>) -> Self {
        Self { app, waiting, threads: Vec::new(), stop: Arc::default(), tallies: Vec::new() }
    }

    /// Starts a thread for each UDP socket; gives back the TCP listeners, which tasks will serve.
    ///
    /// # Errors
    /// The system has no thread left.
    pub fn serve(&mut self, opened: Vec<Opened>) -> io::Result<Vec<StdTcpListener>> {
        let mut streams = Vec::new();
        for opened in opened {
            match opened.sockets {
                Sockets::Tcp(listener) => streams.push(listener),
                Sockets::Udp(sockets) => {
                    for socket in sockets {
                        self.serve_datagrams(socket)?;
                    }
                }
            }
        }
        Ok(streams)
    }

    fn serve_datagrams(&mut self, socket: Udp) -> io::Result<()> {
        let worker = UdpWorker {
            socket: Arc::new(socket),
            tally: self.app.journal.tally(),
            waiting: self.waiting.clone(),
            drain: DRAIN,
            stop: self.stop.clone(),
        };
        self.tallies.push(worker.tally.clone());
        self.threads.push(worker.start(self.threads.len())?);
        Ok(())
    }

    /// Stops all threads and waits for them, and so for what waits for upstream. Their counts stay until the
    /// value that is given back is dropped.
    pub fn stop(self) -> Vec<Arc<Tally>> {
        self.stop.store(true, Ordering::Relaxed);
        for thread in self.threads {
            if thread.join().is_err() {
                warn!("a UDP worker had panicked");
            }
        }
        self.tallies
    }
}

/// The tasks of a running server.
pub struct Running {
    app: Arc<App>,
    tasks: JoinSet<()>,
    stop: watch::Sender<bool>,
    stopped: watch::Receiver<bool>,
    /// Where the control socket is; a reload does not move it.
    control_path: PathBuf,
    /// Its task, and the inode of its file.
    control: Option<(AbortHandle, u64)>,
    /// The task of what stands in for it.
    stand_in: Option<AbortHandle>,
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
        tasks.spawn(heal::keep_whole(app.clone(), stopped.clone()));
        let wake = app.lists_changed.clone();
        tasks.spawn(schedule::run(Arc::new(Lists(app.clone())), Now::read, wake, stopped.clone()));
        tasks.spawn(timekeeper::watch(app.clone(), stopped.clone()));
        tasks.spawn(answering::watch(app.clone(), stopped.clone()));
        let wake = app.zones.wake().clone();
        tasks.spawn(schedule::run(Arc::new(Transferred(app.clone())), Now::read, wake, stopped.clone()));
        let control_path = app.settings().control.clone();
        let mut running = Self {
            app,
            tasks,
            stop,
            stopped,
            control_path,
            control: None,
            stand_in: None,
            hangup: signal(SignalKind::hangup())?,
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        };
        running.accept(streams)?;
        if let Err(error) = running.open_control() {
            // Answers matter more than the socket: it is tried again, and `status` and `reload` say meanwhile that
            // nobody listens.
            warn!(%error, "no control socket on {}: {error}", running.control_path.display());
        }
        Ok(running)
    }

    /// Binds the control socket, unless it is there.
    fn open_control(&mut self) -> io::Result<()> {
        if self.has_control_file() {
            return Ok(());
        }
        let listener = match socket::bind(&self.control_path) {
            Ok(listener) => listener,
            Err(error) => {
                self.open_stand_in();
                return Err(error);
            }
        };
        let task = self.serve_control(listener);
        if let Some((old, _)) = self.control.take() {
            // Its file is gone: nobody can reach it.
            old.abort();
        }
        let inode = std::fs::symlink_metadata(&self.control_path)?.ino();
        self.control = Some((task, inode));
        Ok(())
    }

    /// Whether the socket's file is there, and this server's.
    fn has_control_file(&self) -> bool {
        let inode = std::fs::symlink_metadata(&self.control_path).map(|meta| meta.ino()).ok();
        self.control.as_ref().is_some_and(|(_, bound)| inode == Some(*bound))
    }

    /// Where no socket file can be made, the commands reach the server without one.
    fn open_stand_in(&mut self) {
        if self.control.is_some() || self.stand_in.is_some() {
            return;
        }
        if let Ok(listener) = socket::bind_stand_in(&self.control_path) {
            self.stand_in = Some(self.serve_control(listener));
        }
    }

    fn serve_control(&mut self, listener: UnixListener) -> AbortHandle {
        let control: Arc<dyn Control> = Arc::new(answers::Answers(self.app.clone()));
        self.tasks.spawn(socket::serve(listener, control, self.stopped.clone()))
    }

    /// Serves TCP listeners.
    fn accept(&mut self, streams: Vec<StdTcpListener>) -> io::Result<()> {
        for listener in streams {
            let listener = TcpListener::from_std(listener)?;
            self.tasks.spawn(self.app.streams.clone().listen(listener, self.stopped.clone()));
        }
        Ok(())
    }

    /// Tries the addresses that could not be bound, and serves those that can be now.
    async fn open_missing(&mut self, workers: &mut Workers) {
        if !self.app.listening.is_missing() {
            return;
        }
        let app = self.app.clone();
        let opened = tokio::task::spawn_blocking(move || app.listening.open_missing()).await;
        let served = workers.serve(opened.unwrap_or_default()).and_then(|streams| self.accept(streams));
        if let Err(error) = served {
            warn!(%error, "an address could be bound and not be served: {error}");
        }
    }

    /// Runs until SIGTERM or SIGINT; SIGHUP reloads.
    pub async fn until_told_to_stop(mut self, workers: &mut Workers) {
        let mut look = interval(listen::RETRY);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = look.tick() => {
                    self.app.listening.look_at_addresses();
                    self.open_missing(workers).await;
                    // Told once, at the start.
                    let _ = self.open_control();
                }
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
        if timeout(DRAIN, async { while self.tasks.join_next().await.is_some() {} }).await.is_err() {
            info!("some tasks did not end in time and are ended");
        }
        // Another server's stays.
        if self.has_control_file() {
            let _ = std::fs::remove_file(&self.control_path);
        }
    }
}

/// Says so if the time of those that wait was not enough.
pub fn note_undrained(waiting: &Waiting) {
    if waiting.admission().taken() > 0 {
        info!("some queries were still waiting for upstream and get no answer");
    }
}
