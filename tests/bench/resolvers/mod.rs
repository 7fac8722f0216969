//! The resolvers that play the scenarios: one adapter each, from what a script sets to a config of theirs.

mod bind;
pub mod clock;
mod knot;
mod lachan;
mod unbound;

use std::fmt;
use std::fs::{self, File};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use self::clock::{Clock, Clocks};
use super::script::steps::{Kind, Step};
use super::script::{Script, Settings};
use super::world::World;
use crate::support::program;

/// Where the resolver under test listens, in a network of its own.
pub const ADDRESS: &str = "127.0.0.1:5300";
/// How long one may take until it listens.
const READY: Duration = Duration::from_secs(20);
/// How long one may take to come to rest before its clock is moved.
const REST: Duration = Duration::from_secs(2);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resolver {
    Lachan,
    Unbound,
    Knot,
    Bind,
}

/// What an adapter makes of a scenario.
pub struct Plan {
    command: Command,
    /// The clocks that are moved when the script says that time passes.
    clocks: Clocks,
}

/// What an adapter is given.
pub struct Setup<'w> {
    pub script: &'w Script,
    pub world: &'w World,
    pub folder: &'w Path,
}

/// Why a scenario cannot be put to a resolver: a knob that it has not.
#[derive(Debug)]
pub struct Cannot(pub &'static str);

impl Resolver {
    pub const ALL: [Self; 4] = [Self::Lachan, Self::Unbound, Self::Knot, Self::Bind];

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|resolver| resolver.to_string() == text)
    }

    /// Its program; `None`, with a line that says so, where it is not installed.
    pub fn program(self) -> Option<PathBuf> {
        match self {
            Self::Lachan => Some(env!("CARGO_BIN_EXE_lachan").into()),
            Self::Unbound => program("unbound"),
            Self::Knot => program("kresd"),
            Self::Bind => program("named"),
        }
    }

    fn plan(self, setup: &Setup<'_>, program: &Path) -> Result<Plan, Cannot> {
        match self {
            Self::Lachan => lachan::plan(setup, program),
            Self::Unbound => unbound::plan(setup, program),
            Self::Knot => knot::plan(setup, program),
            Self::Bind => bind::plan(setup, program),
        }
    }
}

impl fmt::Display for Resolver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Lachan => "lachan",
            Self::Unbound => "unbound",
            Self::Knot => "knot",
            Self::Bind => "bind",
        })
    }
}

impl Setup<'_> {
    pub fn settings(&self) -> &Settings {
        &self.script.settings
    }

    pub fn validates(&self) -> bool {
        self.world.anchors.is_some() && !self.settings().no_dnssec
    }

    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.join(name);
        fs::write(&path, text).unwrap();
        path
    }
}

/// A running resolver; killed when dropped.
pub struct Running {
    child: Child,
    clock: Clock,
}

impl Running {
    /// Starts it and waits until it takes connections.
    pub fn start(resolver: Resolver, setup: &Setup<'_>) -> Result<Self, Cannot> {
        let program = resolver.program().expect("looked for before");
        let Plan { mut command, clocks } = resolver.plan(setup, &program)?;
        let log = File::create(setup.folder.join("log")).unwrap();
        command.current_dir(setup.folder).stdin(Stdio::null());
        command.stdout(log.try_clone().unwrap()).stderr(log);
        let mut clock = Clock::new(setup.folder);
        clock.set(setup.settings().clock);
        // Only where time passes, or is wrong.
        let moves = |step: &Step| matches!(step.kind, Kind::Pass(_) | Kind::Clock(_));
        if setup.settings().clock != 0 || setup.script.steps.iter().any(moves) {
            clock.wear(&mut command, clocks)?;
        }
        let child = command.spawn().unwrap();
        let mut running = Self { child, clock };
        running.wait(setup);
        Ok(running)
    }

    pub fn address(&self) -> SocketAddr {
        ADDRESS.parse().unwrap()
    }

    /// Sets its clock, so many seconds off the right time.
    pub fn set_clock(&mut self, off: i64) {
        self.rest();
        self.clock.set(off);
    }

    /// Moves its clock.
    pub fn pass(&mut self, time: Duration) {
        self.rest();
        self.clock.pass(time);
    }

    fn rest(&self) {
        // One that has just answered may look for more before it looks at the clock again.
        let begun = Instant::now();
        while !self.is_at_rest() && begun.elapsed() < REST {
            std::thread::park_timeout(Duration::from_millis(1));
        }
    }

    /// Whether all its threads sleep.
    fn is_at_rest(&self) -> bool {
        let tasks = fs::read_dir(format!("/proc/{}/task", self.child.id())).into_iter().flatten().flatten();
        let mut states = tasks.filter_map(|task| fs::read_to_string(task.path().join("stat")).ok());
        states.all(|state| state.rsplit_once(") ").is_some_and(|(_, rest)| rest.starts_with('S')))
    }

    /// Whether it is still there.
    pub fn lives(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    fn wait(&mut self, setup: &Setup<'_>) {
        let begun = Instant::now();
        while begun.elapsed() < READY {
            if TcpStream::connect_timeout(&self.address(), READY).is_ok() {
                return;
            }
            assert!(self.lives(), "it ended at once; see {}", setup.folder.join("log").display());
            std::thread::park_timeout(Duration::from_millis(10));
        }
        panic!("it does not listen; see {}", setup.folder.join("log").display());
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
