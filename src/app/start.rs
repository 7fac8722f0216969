//! From nothing to answering, and back.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use arc_swap::ArcSwap;
use jiff::Timestamp;
use tracing::{error, info, warn};

use super::answering::Answering;
use super::folder::{StateFolder, prepare_state};
use super::keeper::Keeper;
use super::last_good::{Chosen, WhyNot};
use super::listen::{self, ListenError, Listening, Opened};
use super::notify::{State, notify};
use super::timekeeper::{self, Timekeeper};
use super::world::{self, Basis};
use super::{App, Complaint, Place, Tell, lists, tasks, zones};
use crate::clock::{Watch, seen};
use crate::config::{self, Settings};
use crate::filter::Index;
use crate::filter::error::OpenError;
use crate::i18n::{Message, msg};
use crate::journal::clock::SystemClock;
use crate::journal::{self, Journal};
use crate::lists::store::Store;
use crate::model::roster::Roster;
use crate::query::Responder;
use crate::resolve::cache::Cache;
use crate::serve;
use crate::serve::admission::Admission;
use crate::serve::stream::Streams;
use crate::serve::waiting::Waiting;
use crate::sys::fault;
use crate::sys::limits::keep_files_private;
use crate::sys::secret::forbid_dumps;
use crate::update::compile::{self, CompileError, compile, compile_in_memory};

/// Why the program does not start: no address can be bound, or the system lacks what no program can do without.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("{0}")]
    Listen(#[from] ListenError),
    #[error("journal: {0}")]
    Journal(#[from] journal::store::Error),
    #[error("index: {0}")]
    Compile(#[from] CompileError),
    #[error("{0}")]
    World(#[from] world::WorldError),
    #[error("operating system: {0}")]
    System(#[from] io::Error),
}

impl StartError {
    /// As the person who started it is told.
    pub fn tell(&self) -> Message {
        match self {
            Self::Listen(ListenError(message)) => message.clone(),
            Self::Journal(error) => msg!("start-journal", error = error.tell()),
            Self::Compile(error) => error.tell(),
            Self::World(error) => error.tell(),
            Self::System(error) => msg!("start-system", error = error),
        }
    }
}

/// Runs the server until it is told to stop, with the config that was chosen. `greet` is told where it listens,
/// once it answers.
///
/// # Errors
/// What `StartError` says. Once it answers, nothing ends it but a signal.
pub fn serve(place: Place, chosen: Chosen, greet: impl FnOnce(&Greeting)) -> Result<(), StartError> {
    let started = (Instant::now(), Timestamp::now());
    keep_files_private();
    // Before there is a key: no other process of this user may read our memory, and no crash writes it out.
    if let Err(error) = forbid_dumps() {
        warn!("memory images of this process could not be forbidden: {error}");
    }
    fault::install();
    let Chosen { settings, why_not } = chosen;
    let mut is_stand_in = why_not.is_some();
    let config_complaint = Complaint::default();
    let mut config_trouble = None;
    if let Some(WhyNot { told, brief }) = why_not {
        error!("{told}");
        config_complaint.note::<(), _>(&Err(told));
        config_trouble = Some(brief);
    }
    if let Err(told) = prepare_state(&settings.state) {
        error!("{told}; nothing is kept for the next start");
    }
    // Before anything is written there.
    let folder = StateFolder::claim(&settings.state);
    let watch = Arc::new(Watch::new(seen::load(&settings.state)));
    let (groups, list_names) = (Roster::default(), Roster::default());
    let journal =
        Journal::open(settings.journal.clone(), groups.clone(), list_names.clone(), Arc::new(SystemClock))?;
    let store = Store::shared(&lists::store_path(&settings.state), folder.flag());
    // What the system has room for is no part of the config: a reload compares that with the file.
    let tcp_connections_max = listen::room_for(settings.serve.tcp_connections_max);
    let serving = serve::Settings { tcp_connections_max, ..settings.serve.clone() };
    let listening = Listening::new(&settings.serve);
    let opened = listening.open()?;
    let index_complaint = Complaint::default();
    let index = Arc::new(first_index(&settings.state, &folder, &index_complaint)?);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().thread_name("later").build()?;
    let zones = zones::open(&settings, *index.key(), folder.flag());
    let build = |settings: &Settings| {
        let in_force = (zones.in_force(&settings.rpz, &list_names), zones.announced(&settings.rpz));
        Basis { settings, groups: &groups, lists: &list_names, watch: &watch }.build(index.clone(), in_force)
    };
    let (settings, first_world) = match build(&settings) {
        Ok(world) => (settings, world),
        // A file that passed the check a moment ago does not any more.
        Err(error) => {
            error!("part of the config is left out: {error}");
            config_complaint.note::<(), _>(&Err(error));
            is_stand_in = true;
            config_trouble.get_or_insert(msg!("config-has-mistakes"));
            let settings = config::usable(settings);
            let world = build(&settings)?;
            (settings, world)
        }
    };
    // The world has it; held here too it would outlive every index after it.
    drop(index);
    let cache = Cache::new(settings.resolve.cache_bytes, settings.resolve.ttl);
    let resolve = &settings.resolve;
    let responder =
        Responder::new(first_world, cache).with_steadiness(resolve.stale_after, resolve.prefetches);
    let responder = Arc::new(responder);
    let admission = Admission::new(settings.serve.in_flight_max, settings.serve.in_flight_per_client);
    let waiting = Arc::new(Waiting::new(responder.clone(), journal.tally(), Arc::new(admission)));
    let streams = Arc::new(Streams::new(&serving, waiting.clone()));
    let app = Arc::new(App {
        place,
        folder,
        settings: ArcSwap::from_pointee(settings),
        responder,
        journal,
        groups,
        lists: list_names,
        store,
        zones,
        streams,
        listening,
        keeper: Keeper::default(),
        config_complaint,
        config_is_stand_in: AtomicBool::new(is_stand_in),
        build_complaint: Complaint::default(),
        state_complaint: Complaint::default(),
        index_complaint,
        damaged_lists: Mutex::default(),
        timetable: Mutex::default(),
        lists_changed: Arc::default(),
        timekeeper: Timekeeper::new(watch),
        answering: Answering::default(),
        started,
    });
    // Said before the first query is answered.
    timekeeper::look(&app);
    let greeting = Greeting::of(&app, &opened, config_trouble);
    if let Some(room) = greeting.small_room {
        warn!(
            queries.room = room,
            "the kernel's receive buffer holds {room} queries, a burst may have {}: raise net.core.rmem_max",
            listen::BURST
        );
    }
    let mut workers = tasks::Workers::new(app.clone(), waiting.clone());
    let streams = workers.serve(opened)?;
    // Queries are answered from here on: what is kept for the next start keeps nobody waiting.
    app.keep_state();
    runtime.block_on(async {
        let running = tasks::Running::start(app.clone(), streams).await?;
        greet(&greeting);
        notify(State::Ready);
        running.until_told_to_stop(&mut workers).await;
        Ok::<(), StartError>(())
    })?;
    notify(State::Stopping);
    info!("stopping: no new queries, what waits is still answered");
    let tallies = workers.stop();
    tasks::note_undrained(&waiting);
    runtime.shutdown_timeout(tasks::SHUTDOWN);
    drop(tallies);
    if let Some(app) = Arc::into_inner(app)
        && let Err(left) = app.journal.close()
    {
        warn!("the journal: {left}");
    }
    Ok(())
}

/// What a person at the terminal is told.
#[derive(Clone, Debug)]
pub struct Greeting {
    /// What is wrong with the config, so that another one is in use.
    pub config_trouble: Option<Message>,
    /// Who else uses the state folder.
    pub folder_held: Option<Message>,
    /// Where it listens.
    pub addresses: Vec<std::net::SocketAddr>,
    /// Addresses that are not served as configured, a sentence each.
    pub missing: Vec<Message>,
    /// Queries that may wait for certain, where a burst would be more.
    pub small_room: Option<usize>,
    /// The state folder.
    pub state: PathBuf,
    /// Names in the index.
    pub names: u64,
}

impl Greeting {
    fn of(app: &App, opened: &[Opened], config_trouble: Option<Message>) -> Self {
        let mut addresses: Vec<_> =
            app.listening.listeners().into_iter().flat_map(|listener| listener.bound).collect();
        // In the order of the config, each once.
        let settings = app.settings();
        let place = |address: &std::net::SocketAddr| {
            let stands_for = |wanted: &std::net::SocketAddr| {
                // What could be had of a wildcard that somebody holds in part stands in its place.
                wanted.ip() == address.ip()
                    || (wanted.ip().is_unspecified() && wanted.is_ipv4() == address.is_ipv4())
            };
            settings.serve.dns.iter().position(stands_for).unwrap_or(usize::MAX)
        };
        addresses.sort_by_key(|address| (place(address), *address));
        addresses.dedup();
        Self {
            config_trouble,
            folder_held: app.folder.held(),
            missing: app.listening.troubles(),
            addresses,
            small_room: listen::small_room(opened),
            state: settings.state.clone(),
            names: app.responder.world().index.stats().names,
        }
    }
}

/// The index on disk if it is sound, whatever its age; else one of the starter lists, made now: on disk, or in
/// memory where the disk does not take it.
fn first_index(state: &Path, folder: &StateFolder, complaint: &Complaint) -> Result<Index, StartError> {
    let path = lists::index_path(state);
    match Index::open(&path) {
        Ok(index) => return Ok(index),
        Err(OpenError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => {}
        Err(error) => {
            warn!(%error, "the index on disk is not used: {error}; the starter lists filter until it is built again");
        }
    }
    // Also where they are switched off: they beat no filter at all until the school's lists are built.
    let (sources, protected) = (lists::starter_sources(true), lists::protected());
    if !folder.is_ours() {
        return Ok(compile_in_memory(&sources, protected, None, &mut |_: compile::Step<'_>| {})?.index);
    }
    let on_disk = compile(&sources, protected, None, &path, &mut |_: compile::Step<'_>| {});
    complaint.note(&on_disk);
    match on_disk {
        Ok(compiled) => Ok(compiled.index),
        Err(error) => {
            error!("the index is kept in memory: {error}");
            Ok(compile_in_memory(&sources, protected, None, &mut |_: compile::Step<'_>| {})?.index)
        }
    }
}
