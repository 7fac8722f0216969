//! The running program: rooms built and wired, reloaded, and stopped again.
//!
//! At the start the index on disk is opened; where there is none, or a damaged one, the starter lists
//! are built into one (some ten milliseconds), and what else is switched on follows behind. A reload
//! reads config and lists, builds a new world beside the old one and swaps; what fails leaves the old
//! world as it was.
//!
//! Knows every room. Nothing below knows it.
// Inside: `start` builds, `reload` builds anew, `tasks` is who runs what, `answers` does what the
// control socket asks, `explain` and `offline` tell why, `lists` which lists are in force, `status`
// how everything is, `zones` the policy zones and how they are kept new.

mod answers;
pub mod explain;
pub mod listen;
pub mod lists;
mod log;
mod notify;
pub mod offline;
mod reload;
mod start;
pub mod status;
mod tasks;
pub mod world;
mod zones;

use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use arc_swap::ArcSwap;
use jiff::Timestamp;

use crate::config::{self, Context, Report, Settings};
use crate::journal::Journal;
use crate::lists::store::Store;
use crate::model::roster::Roster;
use crate::query::Desk;
use crate::serve::stream::Streams;

pub use log::init as init_log;
pub use start::{Greeting, serve};

/// Where config and state come from, as the command line said.
#[derive(Clone, Debug, Default)]
pub struct Place {
    /// Config file; none: what we ship.
    pub config: Option<PathBuf>,
    /// State folder in place of the config's.
    pub state: Option<PathBuf>,
}

/// The program while it runs.
pub struct App {
    place: Place,
    settings: ArcSwap<Settings>,
    desk: Arc<Desk>,
    journal: Journal,
    groups: Roster,
    lists: Roster,
    store: Store,
    /// Response policy zones.
    zones: zones::Zones,
    streams: Arc<Streams>,
    /// Where it listens, and where it should.
    listening: listen::Listening,
    /// Held by whoever builds a new world: one at a time.
    building: Mutex<()>,
    /// What the last reading of the config complained about; empty while all is well.
    config_complaint: Complaint,
    /// The same of the last building of a world.
    build_complaint: Complaint,
    /// Wakes the task that renews lists, after a reload.
    lists_changed: tokio::sync::Notify,
    started: (Instant, Timestamp),
}

/// What went wrong in the last of several tries, and when; nothing if that try went well.
#[derive(Debug, Default)]
struct Complaint(Mutex<Option<(Timestamp, String)>>);

impl Complaint {
    /// Takes how a try ended in place of how the one before it ended.
    fn note<T, E: Display>(&self, outcome: &Result<T, E>) {
        let what = outcome.as_ref().err().map(|error| (Timestamp::now(), error.to_string()));
        *self.0.lock().expect("nothing panics while it holds this lock") = what;
    }

    /// As a person reads it.
    fn told(&self) -> Option<String> {
        let noted = self.0.lock().expect("nothing panics while it holds this lock");
        noted.as_ref().map(|(at, what)| format!("{at}: {what}"))
    }
}

/// The control socket's name in the state folder, where the config does not put it elsewhere.
pub const CONTROL_SOCKET: &str = "control.sock";

/// The settings that a place means.
///
/// # Errors
/// The mistakes of its config file.
pub fn settings(place: &Place) -> Result<Settings, Box<Report>> {
    let mut settings = match &place.config {
        Some(file) => config::read_file(file)?,
        None => config::defaults(&Context::of_this_machine(Path::new("."))),
    };
    if let Some(state) = &place.state {
        if settings.control == settings.state.join(CONTROL_SOCKET) {
            settings.control = state.join(CONTROL_SOCKET);
        }
        settings.journal.folder.clone_from(state);
        settings.state.clone_from(state);
    }
    Ok(settings)
}

impl App {
    /// The settings in force.
    pub fn settings(&self) -> Arc<Settings> {
        self.settings.load_full()
    }
}
