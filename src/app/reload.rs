//! Building a new world beside the old one, and swapping: at a reload, and whenever a list has changed.

use std::collections::HashMap;
use std::hash::Hasher;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use siphasher::sip::SipHasher13;
use tokio::sync::watch;
use tracing::{error, info, warn};

use super::notify::{State, notify};
use super::{App, lists, world};
use crate::config::{Look, Settings};
use crate::filter::Index;
use crate::lists::spec::{ListSpec, SourceSpec};
use crate::sys::clock::unix_now;
use crate::sys::priority::{Behind, step_back};
use crate::update::compile::{CompileError, compile, compile_in_memory, infos};
use crate::update::refresh::{RefreshError, Refreshed, refresh};
use crate::update::schedule::{since_check, wait};

/// Why a new world was not built. The old one answers on.
#[derive(Debug, thiserror::Error)]
pub enum ReloadError {
    /// The config has mistakes; this is how they are shown.
    #[error("{0}")]
    Config(String),
    #[error("{0}")]
    World(#[from] world::WorldError),
    #[error("danh sách / lists: {0}")]
    Compile(#[from] CompileError),
}

/// What a reload did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reloaded {
    /// Whether a new index was built.
    pub new_index: bool,
    /// Names in the index.
    pub names: u64,
    /// Settings that changed and wait for a restart.
    pub at_restart: Vec<&'static str>,
}

/// Reads config and lists again. What fails changes nothing.
///
/// # Errors
/// What [`ReloadError`] says.
pub fn reload(app: &App) -> Result<Reloaded, ReloadError> {
    notify(State::Reloading);
    let outcome = read_settings(app).and_then(|settings| {
        // Files of this machine are read again at once; what the gate refuses is noted and left as it was.
        for spec in settings.lists.specs.iter().filter(|spec| matches!(spec.source, SourceSpec::File(_))) {
            let _ = fetch_one(app, spec);
        }
        app.zones.take_over(&settings, *app.desk.world().index.key());
        renew(app, Some(settings)).inspect(|_| app.zones.forget_others(&app.settings()))
    });
    notify(State::Ready);
    match &outcome {
        Ok(done) => info!(names = done.names, "reloaded: {} names in force", done.names),
        Err(error) => error!("the reload changed nothing: {error}"),
    }
    // After the new settings are stored: whoever wakes looks at what they say is due.
    if outcome.is_ok() {
        app.config_is_stand_in.store(false, Ordering::Relaxed);
        app.lists_changed.notify_one();
        app.zones.wake();
    }
    outcome
}

fn read_settings(app: &App) -> Result<Settings, ReloadError> {
    let read = super::settings(&app.place).map_err(|report| ReloadError::Config(report.render(Look::Plain)));
    app.config_complaint.note(&read);
    read
}

/// Builds a world from `settings` (or those in force) and the lists as they are now, and swaps.
fn renew(app: &App, settings: Option<Settings>) -> Result<Reloaded, ReloadError> {
    let _building = app.building.lock().expect("nothing panics while it holds this lock");
    let outcome = renew_alone(app, settings);
    app.build_complaint.note(&outcome);
    outcome
}

fn renew_alone(app: &App, settings: Option<Settings>) -> Result<Reloaded, ReloadError> {
    let old_settings = app.settings();
    let old = app.desk.world();
    // Who reloads means the files too that the config names: one may say something else although the
    // config does not. A list that changed has nothing to do with them.
    let same_resolution = settings.as_ref().is_none_or(|new| {
        new.resolve == old_settings.resolve && old.resolver.has_read_files_of(&new.resolve)
    });
    let settings = settings.map_or_else(|| old_settings.clone(), Arc::new);
    let (index, new_index) = match new_index(app, &settings, &old.index)? {
        Some(index) => (Arc::new(index), true),
        None => (old.index.clone(), false),
    };
    let names = index.stats().names;
    let resolver = same_resolution.then(|| old.resolver.clone());
    let zones = (app.zones.in_force(&settings, &app.lists), app.zones.announced(&settings));
    let world =
        world::build(&settings, index, resolver, (&app.groups, &app.lists), app.timekeeper.watch(), zones)?;
    app.desk.swap(world);
    if !same_resolution {
        app.desk.forget_answers();
    }
    let at_restart = at_restart(&old_settings, &settings);
    app.settings.store(settings);
    Ok(Reloaded { new_index, names, at_restart })
}

/// A new index where the lists in force are others than those of the index in use.
fn new_index(app: &App, settings: &Settings, old: &Arc<Index>) -> Result<Option<Index>, CompileError> {
    // What a damaged index says of a list is not carried over.
    let is_sound = old.is_sound();
    let lists::InForce { sources, damaged } =
        lists::in_force(settings, &app.store, Some(old).filter(|_| is_sound));
    app.note_damaged_lists(&damaged);
    let protected = lists::protected();
    if is_sound && infos(&sources, &protected) == old.lists() {
        return Ok(None);
    }
    let path = lists::index_path(&app.settings().state);
    make_way();
    let compiled = match compile(&sources, &protected, &path, &mut |_| {}) {
        // Where nothing better is in force than what fits into memory, that is better than nothing.
        Err(error) if !is_sound || old.is_in_memory() => {
            warn!("the index is kept in memory: {error}");
            app.index_complaint.note::<(), _>(&Err(error));
            compile_in_memory(&sources, &protected, &mut |_| {})?
        }
        compiled => {
            let compiled = compiled?;
            app.index_complaint.clear();
            compiled
        }
    };
    for (id, error) in &compiled.unreadable {
        warn!(list.id = %id, "list `{id}` could not be read and is not in force: {error}");
    }
    info!(
        names = compiled.summary.names,
        duration_ms = compiled.summary.took.as_millis() as u64,
        "index built: {} names of {} lists",
        compiled.summary.names,
        compiled.summary.lists
    );
    Ok(Some(compiled.index))
}

/// Settings that are read at the start only.
fn at_restart(old: &Settings, new: &Settings) -> Vec<&'static str> {
    let mut names = Vec::new();
    let listen = |settings: &Settings| {
        let mut serve = settings.serve.clone();
        // These are part of the world and take effect at once.
        (serve.allow, serve.version, serve.hostname) = Default::default();
        (serve.refusal, serve.rate) = Default::default();
        serve
    };
    let changes = [
        ("[listen]", listen(old) != listen(new) || old.control != new.control),
        ("[journal]", old.journal != new.journal),
        ("[state]", old.state != new.state),
        ("[resolve] cache", old.resolve.cache_bytes != new.resolve.cache_bytes),
        ("[resolve] min_ttl, max_ttl, max_negative_ttl, stale", old.resolve.ttl != new.resolve.ttl),
        (
            "[resolve] stale_after, prefetch",
            (old.resolve.stale_after, old.resolve.prefetches)
                != (new.resolve.stale_after, new.resolve.prefetches),
        ),
    ];
    names.extend(changes.iter().filter(|(_, changed)| *changed).map(|(name, _)| *name));
    names
}

/// How long the task sleeps at the most before it looks at the timetable again.
const LOOK: Duration = Duration::from_secs(3600);

/// Keeps the lists new: first brings the index up to date with what is switched on, then renews each
/// list when it is due.
pub async fn keep_lists_new(app: Arc<App>, mut stop: watch::Receiver<bool>) {
    let mut timetable = Timetable::new();
    renew_later(&app).await;
    loop {
        let next = timetable.next(&app);
        let pause = next.as_ref().map_or(LOOK, |(_, pause)| (*pause).min(LOOK));
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = app.lists_changed.notified() => {
                timetable.note_clock(app.timekeeper.jumps());
                continue;
            }
            _ = stop.wait_for(|stop| *stop) => return,
        }
        let Some((spec, _)) = next.filter(|(_, pause)| *pause <= LOOK) else { continue };
        let outcome = fetch_later(&app, &spec).await;
        timetable.note(&spec.id, outcome.is_ok());
        if let Ok(Renewed::Yes) = outcome {
            renew_later(&app).await;
        }
    }
}

/// Fetches every list now; gives back one line for each.
pub fn update_all(app: &Arc<App>) -> Vec<String> {
    let settings = app.settings();
    let mut lines = Vec::new();
    let mut changed = false;
    for spec in &settings.lists.specs {
        let outcome = fetch_one(app, spec);
        changed |= matches!(outcome, Ok(Refreshed::New(_)));
        lines.push(match outcome {
            Ok(Refreshed::New(meta)) => {
                format!("{}: bản mới / new version {}, {} names", spec.id, meta.version, meta.taken)
            }
            Ok(Refreshed::Unchanged) => format!("{}: không đổi / unchanged", spec.id),
            Err(error) => {
                format!("{}: {} / {error}; bản cũ vẫn dùng / the last good copy stays", spec.id, error.vi())
            }
        });
    }
    if changed && let Err(error) = renew(app, None) {
        lines.push(error.to_string());
    }
    lines
}

/// Whether a fetch brought something new.
enum Renewed {
    Yes,
    No,
}

async fn fetch_later(app: &Arc<App>, spec: &ListSpec) -> Result<Renewed, ()> {
    let (app, spec) = (app.clone(), spec.clone());
    // What failed is logged and noted where it happened.
    match tokio::task::spawn_blocking(move || fetch_one(&app, &spec)).await {
        Ok(Ok(Refreshed::New(_))) => Ok(Renewed::Yes),
        Ok(Ok(Refreshed::Unchanged)) => Ok(Renewed::No),
        Ok(Err(_)) | Err(_) => Err(()),
    }
}

fn fetch_one(app: &App, spec: &ListSpec) -> Result<Refreshed, RefreshError> {
    make_way();
    let settings = app.settings();
    let bounds = (&settings.lists.fetch, &settings.lists.gate);
    let outcome = refresh(spec, &app.store, &lists::protected(), bounds, &mut |_| {});
    match &outcome {
        Ok(Refreshed::New(meta)) => {
            info!(list.id = %spec.id, rules.taken = meta.taken, "list `{}` updated: {} rules", spec.id, meta.taken);
        }
        Ok(Refreshed::Unchanged) => {}
        Err(error) => {
            warn!(list.id = %spec.id, "list `{}` not updated, the last good copy stays: {error}", spec.id)
        }
    }
    outcome
}

/// Lets those that answer go first. The thread is one of those that do what nobody waits for.
pub(super) fn make_way() {
    // At the old priority it is done all the same.
    let _ = step_back(Behind::Far);
}

async fn renew_later(app: &Arc<App>) {
    let app = app.clone();
    let renewed = tokio::task::spawn_blocking(move || renew(&app, None)).await;
    if let Ok(Err(error)) = renewed {
        error!("the index was not renewed, the old one stays in force: {error}");
    }
}

/// Builds the index again whose file was damaged.
pub(super) fn renew_lost(app: &App) {
    if let Err(error) = renew(app, None) {
        error!("the damaged index was not built again: {error}");
    }
}

/// Puts policy zones in force that have a new version.
pub(super) fn renew_zones(app: &App) {
    if let Err(error) = renew(app, None) {
        error!("the policy zones were not renewed, the old ones stay in force: {error}");
    }
}

/// When each list is asked for next. Remembers attempts in memory, so that a disk that takes no notes
/// does not make us ask a server over and over.
struct Timetable {
    seed: u64,
    /// Times that the wall clock had been set when it was last looked at.
    jumps: u64,
    attempts: HashMap<String, Attempts>,
}

struct Attempts {
    last: Instant,
    failures: u32,
}

impl Timetable {
    fn new() -> Self {
        // Without randomness this school is merely not spread among the others.
        Self { seed: getrandom::u64().unwrap_or(0), jumps: 0, attempts: HashMap::new() }
    }

    fn note(&mut self, id: &str, good: bool) {
        let attempts =
            self.attempts.entry(id.to_owned()).or_insert(Attempts { last: Instant::now(), failures: 0 });
        attempts.last = Instant::now();
        attempts.failures = if good { 0 } else { attempts.failures.saturating_add(1) };
    }

    /// Forgets failures from before the clock was last set: with a wrong clock no certificate is valid.
    fn note_clock(&mut self, jumps: u64) {
        if self.jumps != jumps {
            self.attempts.retain(|_, attempts| attempts.failures == 0);
            self.jumps = jumps;
        }
    }

    /// The list that is due next, and how long until then.
    fn next(&self, app: &App) -> Option<(ListSpec, Duration)> {
        let settings = app.settings();
        let due = settings.lists.specs.iter().map(|spec| (spec, self.pause(app, spec)));
        due.min_by_key(|(_, pause)| *pause).map(|(spec, pause)| (spec.clone(), pause))
    }

    fn pause(&self, app: &App, spec: &ListSpec) -> Duration {
        let attempts = self.attempts.get(&spec.id);
        // A kept text that is damaged is fetched at once, and after that as often as a fetch that fails.
        if let Some(since) = app.damaged_since(&spec.id)
            && attempts.is_none_or(|attempts| attempts.last < since)
        {
            return Duration::ZERO;
        }
        if let Some(attempts) = attempts {
            let wait = wait(spec.every, attempts.failures, self.chance(&spec.id));
            return wait.saturating_sub(attempts.last.elapsed());
        }
        // Not asked for since the start: what the store noted before counts.
        let Some(meta) = app.store.meta(&spec.id).filter(|meta| meta.failure.is_none()) else {
            return Duration::ZERO;
        };
        let Some(since) = since_check(meta.checked_at, unix_now()) else { return Duration::ZERO };
        wait(spec.every, 0, self.chance(&spec.id)).saturating_sub(since)
    }

    /// A number in 0..1 for each list, the same as long as the program runs.
    fn chance(&self, id: &str) -> f64 {
        let mut hasher = SipHasher13::new_with_keys(self.seed, 0);
        hasher.write(id.as_bytes());
        hasher.finish() as f64 / u64::MAX as f64
    }
}
