//! The running program: rooms built and wired, reloaded, and stopped again.
//!
//! One rule for every start: it serves DNS with the best filter that can be had, says what is wrong, and
//! heals by itself. Only where no address at all can be bound does it fail. The config is the present one, else
//! the last that passed its check, else what can be read of it. The filter is the index on disk, else one of
//! the starter lists (some ten milliseconds), in memory if no disk takes it; what else is switched on follows.
//! Counts are kept in memory until the journal can be opened. A reload reads config and lists, builds a new
//! world beside the old one and swaps; what fails leaves the old world as it was.
//!
//! Knows every room. Nothing below knows it.
// Inside: `start` builds, `last_good` chooses the config, `listen` opens the ports, `reload` builds anew,
// `folder` says whose the state folder is, `heal` puts back what was lost, `tasks` is who runs what, `answers` does what the control socket asks,
// `explain` and `offline` tell why, `lists` which lists are in force, `status` how everything is, `lookup`
// the program's own look-ups, `timekeeper` watches the wall clock and `answering` whether answers can be had,
// `zones` and `list_updates` what the schedule renews.

mod answering;
mod answers;
pub mod explain;
mod folder;
mod heal;
mod keeper;
pub mod last_good;
mod list_updates;
pub mod listen;
pub mod lists;
mod log;
pub mod lookup;
mod notify;
pub mod offline;
pub mod recent;
mod reload;
pub mod snapshot;
mod start;
pub mod status;
mod tasks;
#[cfg(test)]
mod tests;
mod timekeeper;
pub mod world;
mod zones;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use arc_swap::ArcSwap;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use tracing::error;

use crate::config::{self, Context, Report, Settings, Wrong};
use crate::i18n::cause::cause_behind;
use crate::i18n::{Arg, Both, Lang, Message, msg};
use crate::journal::Journal;
use crate::lists::spec::ListSpec;
use crate::lists::store::Store;
use crate::model::roster::Roster;
use crate::query::Responder;
use crate::resolve;
use crate::serve::stream::Streams;
use crate::sys::lock::Guard;
use crate::update::compile::CompileError;
use crate::update::timetable::Timetable;
use crate::update::zones::renew::Zones;

pub use log::init as init_log;
pub use start::{Greeting, StartError, serve};
pub use timekeeper::moment;

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
    /// Whose the state folder is.
    folder: folder::StateFolder,
    settings: ArcSwap<Settings>,
    responder: Arc<Responder>,
    journal: Journal,
    groups: Roster,
    lists: Roster,
    store: Store,
    /// Response policy zones.
    zones: Zones,
    streams: Arc<Streams>,
    /// Where it listens, and where it should.
    listening: listen::Listening,
    /// Who changes what is in force.
    keeper: keeper::Keeper,
    /// What the last reading of the config complained about; empty while all is well.
    config_complaint: Complaint,
    /// Whether the settings in force are not those of the present config, which is then looked at again.
    config_is_stand_in: AtomicBool,
    /// The same of the last building of a world.
    build_complaint: Complaint,
    /// The same of the state folder and of what is kept in it.
    state_complaint: Complaint,
    /// The same of the file of the index in force.
    index_complaint: Complaint,
    /// Lists whose kept text is damaged or gone, and since when that is known: they are fetched at once.
    damaged_lists: Mutex<BTreeMap<String, Instant>>,
    /// When each list is fetched next.
    timetable: Mutex<Timetable>,
    /// Wakes the task that renews lists, after a reload.
    lists_changed: Arc<tokio::sync::Notify>,
    /// What is known of the wall clock.
    timekeeper: timekeeper::Timekeeper,
    /// Whether answers can be had, and what was said of that.
    answering: answering::Answering,
    started: (Instant, Timestamp),
}

/// What went wrong in the last of several tries, and when; nothing if that try went well.
#[derive(Debug, Default)]
struct Complaint(Mutex<Option<(Timestamp, Message)>>);

impl Complaint {
    /// Takes how a try ended in place of how the one before it ended.
    fn note<T, E: Tell>(&self, outcome: &Result<T, E>) {
        let what = outcome.as_ref().err().map(|error| (Timestamp::now(), error.tell()));
        *self.0.guard() = what;
    }

    /// Nothing is wrong any more.
    fn clear(&self) {
        self.note::<(), Message>(&Ok(()));
    }

    /// Whether the last try failed.
    fn is_noted(&self) -> bool {
        self.0.guard().is_some()
    }

    /// As a person reads it, with the time in `zone`.
    fn told(&self, zone: &TimeZone) -> Option<Message> {
        let noted = self.0.guard();
        let (at, what) = noted.as_ref()?;
        Some(msg!("since", at = timekeeper::moment(*at, zone), what = what.clone()))
    }
}

/// A failure that people are told of.
trait Tell {
    /// What it is.
    fn tell(&self) -> Message;
}

impl Tell for Message {
    fn tell(&self) -> Message {
        self.clone()
    }
}

impl Tell for Box<Report> {
    fn tell(&self) -> Message {
        msg!("config-mistakes", wrong = wrong(self), mistakes = mistakes(self))
    }
}

impl Tell for world::WorldError {
    fn tell(&self) -> Message {
        // The file that could not be read is named, in the reader's language.
        let cause = match self {
            world::WorldError::Resolve(resolve::Error::Read { path, source }) => {
                Arg::from(msg!("file-and-cause", path = path.as_path(), why = source))
            }
            other => Arg::from(other.to_string()),
        };
        msg!("world-not-built", error = cause)
    }
}

impl Tell for CompileError {
    fn tell(&self) -> Message {
        // The step that failed stands in the log.
        let cause = cause_behind(self).map_or_else(|| Arg::from(self.to_string()), Arg::from);
        msg!("index-not-built", error = cause)
    }
}

/// Mistakes that a sentence has; `lachan config check` shows all.
const MISTAKES_TOLD: usize = 20;

/// What is wrong with a config as a whole.
fn wrong(report: &Report) -> Message {
    match report.wrong() {
        Wrong::Unread => msg!("config-unread"),
        Wrong::NoRight => msg!("config-no-right"),
        Wrong::Mistakes => msg!("config-wrong"),
    }
}

/// The mistakes of a config, a line each. A file that cannot be read has no line that could be looked at.
fn mistakes(report: &Report) -> Both {
    let lines = |lang| -> String {
        if report.wrong() == Wrong::Unread {
            let told = report.mistakes().iter().map(|mistake| {
                format!("\n{}: {}", report.locate(&mistake.at).0, mistake.told_with_fix().text(lang))
            });
            return told.collect();
        }
        let told = report.mistakes().iter().take(MISTAKES_TOLD).map(|mistake| {
            let (file, line, column) = report.locate(&mistake.at);
            format!("\n{file}:{line}:{column}: {}", mistake.told().text(lang))
        });
        told.collect()
    };
    Both { vi: lines(Lang::Vi), en: lines(Lang::En) }
}

/// The control socket's name in the state folder, where the config does not put it elsewhere.
pub const CONTROL_SOCKET: &str = "control.sock";

/// The settings that a place means.
///
/// # Errors
/// The mistakes of its config file.
pub fn settings(place: &Place) -> Result<Settings, Box<Report>> {
    let settings = match &place.config {
        Some(file) if last_good::had_text(place, file) => config::read_file_that_had_text(file)?,
        Some(file) => config::read_file(file)?,
        None => shipped(),
    };
    Ok(at_state(settings, place))
}

/// The settings without a config file.
fn shipped() -> Settings {
    config::defaults(&Context::of_this_machine(Path::new(".")))
}

/// The settings with the state folder of the command line, if it names one.
fn at_state(mut settings: Settings, place: &Place) -> Settings {
    if let Some(state) = &place.state {
        if settings.control == settings.state.join(CONTROL_SOCKET) {
            settings.control = state.join(CONTROL_SOCKET);
        }
        settings.journal.folder.clone_from(state);
        settings.state.clone_from(state);
    }
    settings
}

impl App {
    /// Keeps the config in force for the next start, if it is one that passed its check.
    fn keep_state(&self) {
        let kept = self.try_keep_state();
        if let Err(error) = &kept
            && !self.state_complaint.is_noted()
        {
            error!("{error}");
        }
        self.state_complaint.note(&kept);
    }

    fn try_keep_state(&self) -> Result<(), Message> {
        let settings = self.settings();
        folder::prepare_state(&settings.state)?;
        self.folder.look();
        if let Some(held) = self.folder.held() {
            return Err(held);
        }
        let Some(config) = &self.place.config else { return Ok(()) };
        if self.config_is_stand_in.load(Ordering::Relaxed) {
            return Ok(());
        }
        if self.place.state.is_none() {
            last_good::tell_state(config, &settings.state);
        }
        last_good::keep(&settings.state, config, &settings.written)
            .map_err(|error| msg!("config-not-kept", folder = settings.state.as_path(), error = &error))
    }

    /// Notes which lists' kept texts cannot be used.
    fn note_damaged_lists(&self, ids: &[String]) {
        let mut known = self.damaged_lists.guard();
        known.retain(|id, _| ids.contains(id));
        for id in ids {
            known.entry(id.clone()).or_insert_with(Instant::now);
        }
    }

    /// Since when the kept text of a list is known to be damaged or gone, if it is.
    fn damaged_since(&self, id: &str) -> Option<Instant> {
        self.damaged_lists.guard().get(id).copied()
    }

    /// Notes that a list was fetched, whoever asked for it, and whether it came: the timetable counts from then.
    fn note_fetch(&self, spec: &ListSpec, good: bool) {
        self.timetable.guard().note(spec, good, Instant::now());
        self.lists_changed.notify_one();
    }

    /// The settings in force.
    pub fn settings(&self) -> Arc<Settings> {
        self.settings.load_full()
    }
}
