//! From nothing to answering, and back.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use arc_swap::ArcSwap;
use jiff::Timestamp;
use tracing::{info, warn};

use super::listen::{self, ListenError, Listening, Opened};
use super::notify::{State, notify};
use super::zones::Zones;
use super::{App, Complaint, Place, lists, tasks, world};
use crate::config::Settings;
use crate::filter::Index;
use crate::filter::open::OpenError;
use crate::journal::clock::SystemClock;
use crate::journal::{self, Journal};
use crate::lists::store::{self, Store};
use crate::model::roster::Roster;
use crate::query::Desk;
use crate::resolve::cache::Cache;
use crate::serve;
use crate::serve::admission::Admission;
use crate::serve::stream::Streams;
use crate::update::compile::{self, CompileError, compile};

/// Why the program does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("không dùng được thư mục trạng thái / could not use the state folder {}: {source}", path.display())]
    State { path: PathBuf, source: io::Error },
    #[error("{0}")]
    Listen(#[from] ListenError),
    #[error("nhật ký / journal: {0}")]
    Journal(#[from] journal::store::Error),
    #[error("danh sách / lists: {0}")]
    Store(#[from] store::Error),
    #[error("chỉ mục / index: {0}")]
    Compile(#[from] CompileError),
    #[error("{0}")]
    World(#[from] world::WorldError),
    #[error("hệ điều hành / operating system: {0}")]
    System(#[from] io::Error),
}

/// Runs the server until it is told to stop. `greet` is told where it listens, once it answers.
///
/// # Errors
/// What `StartError` says. Once it answers, nothing ends it but a signal.
pub fn serve(place: Place, settings: Settings, greet: impl FnOnce(&Greeting)) -> Result<(), StartError> {
    let started = (Instant::now(), Timestamp::now());
    prepare_state(&settings.state)?;
    let (groups, list_names) = (Roster::default(), Roster::default());
    let journal =
        Journal::open(settings.journal.clone(), groups.clone(), list_names.clone(), Arc::new(SystemClock))?;
    let store = Store::open(&lists::store_path(&settings.state))?;
    // What the system has room for is no part of the config: a reload compares that with the file.
    let tcp_connections_max = listen::room_for(settings.serve.tcp_connections_max);
    let serving = serve::Settings { tcp_connections_max, ..settings.serve.clone() };
    let listening = Listening::new(&settings.serve);
    let opened = listening.open()?;
    let index = Arc::new(first_index(&settings.state)?);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().thread_name("later").build()?;
    let zones = Zones::open(&settings, *index.key());
    let in_force = (zones.in_force(&settings, &list_names), zones.announced(&settings));
    let first_world = world::build(&settings, index, None, (&groups, &list_names), in_force)?;
    let cache = Cache::new(settings.resolve.cache_bytes, settings.resolve.ttl);
    let resolve = &settings.resolve;
    let desk = Desk::new(first_world, cache).with_steadiness(resolve.stale_after, resolve.prefetches);
    let desk = Arc::new(desk);
    let waiting = Admission::new(settings.serve.in_flight_max, settings.serve.in_flight_per_client);
    let waiting = Arc::new(waiting);
    let later_tally = journal.tally();
    let streams = Arc::new(Streams::new(&serving, desk.clone(), later_tally.clone(), waiting.clone()));
    let app = Arc::new(App {
        place,
        settings: ArcSwap::from_pointee(settings),
        desk,
        journal,
        groups,
        lists: list_names,
        store,
        zones,
        streams,
        listening,
        building: Mutex::new(()),
        config_complaint: Complaint::default(),
        build_complaint: Complaint::default(),
        lists_changed: tokio::sync::Notify::new(),
        started,
    });
    let greeting = Greeting::of(&app, &opened);
    if let Some(room) = greeting.small_room {
        warn!(
            queries.room = room,
            "the kernel's receive buffer holds {room} queries, a burst may have {}: raise net.core.rmem_max",
            listen::BURST
        );
    }
    let mut workers = tasks::Workers::new(app.clone(), waiting.clone(), later_tally);
    let streams = workers.serve(opened)?;
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
    /// Where it listens.
    pub addresses: Vec<std::net::SocketAddr>,
    /// Addresses that are not served as configured, a sentence each.
    pub missing: Vec<String>,
    /// Queries that may wait for certain, where a burst would be more.
    pub small_room: Option<usize>,
    /// The state folder.
    pub state: PathBuf,
    /// Names in the index.
    pub names: u64,
}

impl Greeting {
    fn of(app: &App, opened: &[Opened]) -> Self {
        let mut addresses: Vec<_> =
            app.listening.listeners().into_iter().flat_map(|door| door.bound).collect();
        // In the order of the config, each once.
        let settings = app.settings();
        let place = |address: &std::net::SocketAddr| {
            settings.serve.dns.iter().position(|wanted| wanted.ip() == address.ip()).unwrap_or(usize::MAX)
        };
        addresses.sort_by_key(|address| (place(address), *address));
        addresses.dedup();
        Self {
            missing: app.listening.troubles(),
            addresses,
            small_room: listen::small_room(opened),
            state: settings.state.clone(),
            names: app.desk.world().index.stats().names,
        }
    }
}

fn prepare_state(folder: &Path) -> Result<(), StartError> {
    fs::create_dir_all(folder).map_err(|source| StartError::State { path: folder.to_owned(), source })
}

/// The index on disk if it is sound, whatever its age; else one of the starter lists, made now.
fn first_index(state: &Path) -> Result<Index, StartError> {
    let path = lists::index_path(state);
    match Index::open(&path) {
        Ok(index) => return Ok(index),
        Err(OpenError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => {}
        Err(error) => {
            warn!(%error, "the index on disk is not used: {error}; the starter lists filter until it is built again");
        }
    }
    // Also where they are switched off: they beat no filter at all until the school's lists are built.
    let sources = lists::starter_sources(true);
    Ok(compile(&sources, &lists::protected(), &path, &mut |_: compile::Step<'_>| {})?.index)
}
