//! Building a new world beside the old one, and swapping: at a reload, and whenever a list has changed.

use std::collections::HashMap;
use std::hash::Hasher;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use siphasher::sip::SipHasher13;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::sleep;
use tracing::{error, info, warn};

use super::lookup::OwnLookup;
use super::notify::{State, notify};
use super::{App, Tell, lists, world};
use crate::config::{Report, Settings};
use crate::filter::Index;
use crate::i18n::{Message, msg};
use crate::lists::fetch::Fetcher;
use crate::lists::spec::{ListSpec, SourceSpec};
use crate::lists::store::{Meta, Store, source_mark};
use crate::sys::clock::unix_now;
use crate::sys::priority::{Behind, step_back};
use crate::update::compile::{CompileError, compile, compile_in_memory, infos};
use crate::update::refresh::{Means, RefreshError, Refreshed, refresh};
use crate::update::schedule::{Arrivals, since_check, wait};

/// Why a new world was not built. The old one answers on.
#[derive(Debug, thiserror::Error)]
pub enum ReloadError {
    /// The config has mistakes; this is how they are shown.
    #[error("{0}")]
    Config(Box<Report>),
    #[error("{0}")]
    World(#[from] world::WorldError),
    #[error("lists: {0}")]
    Compile(#[from] CompileError),
}

impl Tell for ReloadError {
    fn tell(&self) -> Message {
        match self {
            Self::Config(report) => report.tell(),
            Self::World(error) => error.tell(),
            Self::Compile(error) => error.tell(),
        }
    }
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
    /// Lists in files that were not taken, each with why.
    pub not_taken: Vec<Message>,
    /// Lists in files that were taken and that somebody should have a look at.
    pub warnings: Vec<Message>,
}

/// Reads config and lists again. What fails changes nothing.
///
/// # Errors
/// What [`ReloadError`] says.
pub fn reload(app: &App) -> Result<Reloaded, ReloadError> {
    notify(State::Reloading);
    let outcome = read_settings(app).and_then(|settings| {
        // Files of this machine are read again at once. One that is not taken leaves its copy as it was.
        let (mut not_taken, mut warnings) = (Vec::new(), Vec::new());
        for spec in settings.lists.specs.iter().filter(|spec| matches!(spec.source, SourceSpec::File(_))) {
            match fetch_one(app, &settings, spec) {
                Ok(Refreshed::New(meta)) => warnings.extend(lists::warning(&meta)),
                Ok(Refreshed::Unchanged) => {}
                Err(error) => not_taken.push(lists::not_taken(&spec.id, &error, &app.store)),
            }
        }
        app.zones.take_over(&settings, *app.responder.world().index.key());
        let done = renew(app, Some(settings)).inspect(|_| app.zones.forget_others(&app.settings()))?;
        Ok(Reloaded { not_taken, warnings, ..done })
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
    let read = super::settings(&app.place);
    app.config_complaint.note(&read);
    read.map_err(ReloadError::Config)
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
    let old = app.responder.world();
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
    app.responder.swap(world);
    if !same_resolution {
        app.responder.forget_answers();
    }
    let at_restart = at_restart(&old_settings, &settings);
    app.settings.store(settings);
    Ok(Reloaded { new_index, names, at_restart, ..Reloaded::default() })
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

/// Lists that are fetched at the same time, so that a slow source does not hold the others back.
const FETCHES_MAX: usize = 4;

/// Keeps the lists new: first brings the index up to date with what is switched on, then renews each
/// list when it is due. What comes at about the same time is built into one index.
pub async fn keep_lists_new(app: Arc<App>, mut stop: watch::Receiver<bool>) {
    let mut timetable = Timetable::new();
    let mut arrivals = Arrivals::default();
    let mut fetches = JoinSet::new();
    renew_later(&app).await;
    loop {
        app.take_fetches().into_iter().for_each(|(spec, good)| timetable.note(&spec, good));
        let mut next = timetable.next(&app);
        while let Some((spec, _)) = next.take_if(|(_, pause)| pause.is_zero() && fetches.len() < FETCHES_MAX)
        {
            timetable.under_way.insert(spec.id.clone(), spec.clone());
            let own = app.clone();
            fetches.spawn_blocking(move || fetch_one(&own, &own.settings(), &spec));
            next = timetable.next(&app);
        }
        let pause = next.filter(|_| fetches.len() < FETCHES_MAX).map_or(LOOK, |(_, pause)| pause.min(LOOK));
        let build = arrivals.pause(Instant::now(), !fetches.is_empty());
        let event = tokio::select! {
            Some(done) = fetches.join_next() => Event::Fetched(done.ok()),
            () = sleep(build.unwrap_or(LOOK)), if build.is_some() => Event::Build,
            () = sleep(pause) => Event::Look,
            () = app.lists_changed.notified() => Event::Look,
            _ = stop.wait_for(|stop| *stop) => return,
        };
        match event {
            Event::Look => timetable.note_clock(app.timekeeper.jumps()),
            Event::Build => {
                let begun = Instant::now();
                renew_later(&app).await;
                arrivals.built(begun.elapsed());
            }
            // A fetch that panicked is a bug. Which one it was is not known; all wait as after a failure.
            Event::Fetched(None) => {
                let all: Vec<ListSpec> = timetable.under_way.values().cloned().collect();
                all.iter().for_each(|spec| timetable.note(spec, false));
            }
            Event::Fetched(Some(outcome)) => {
                if let Ok(Refreshed::New(_)) = outcome {
                    arrivals.note(Instant::now());
                }
            }
        }
    }
}

/// What the task that keeps lists new wakes up for.
enum Event {
    /// A fetch ended.
    Fetched(Option<Result<Refreshed, RefreshError>>),
    /// An index is to be built.
    Build,
    /// A list is due, or the settings are others.
    Look,
}

/// What came of fetching every list.
#[derive(Debug, Default)]
pub struct Updated {
    /// A line for each list, and what else is to be said.
    pub lines: Vec<Message>,
    /// Whether something was not taken.
    pub is_short: bool,
}

/// Fetches every list now.
pub fn update_all(app: &Arc<App>) -> Updated {
    let settings = app.settings();
    let mut updated = Updated::default();
    let mut changed = false;
    for spec in &settings.lists.specs {
        let outcome = fetch_one(app, &settings, spec);
        changed |= matches!(outcome, Ok(Refreshed::New(_)));
        match &outcome {
            Ok(refreshed) => {
                updated.lines.push(lists::renewed(&spec.id, refreshed));
                if let Refreshed::New(meta) = refreshed {
                    updated.lines.extend(lists::warning(meta));
                }
            }
            Err(error) => {
                updated.lines.push(lists::not_taken(&spec.id, error, &app.store));
                updated.is_short = true;
            }
        }
    }
    if changed && let Err(error) = renew(app, None) {
        updated.lines.push(error.tell());
        updated.is_short = true;
    }
    // What was written into the config since is not known here.
    if let Ok(written) = super::settings(&app.place) {
        let new = |spec: &&ListSpec| !settings.lists.specs.contains(spec);
        for spec in written.lists.specs.iter().filter(new) {
            updated.lines.push(msg!("list-new-in-config", id = &spec.id));
            updated.is_short = true;
        }
    }
    updated
}

fn fetch_one(app: &App, settings: &Settings, spec: &ListSpec) -> Result<Refreshed, RefreshError> {
    make_way();
    let fetcher = Fetcher { settings: &settings.lists.fetch, lookup: OwnLookup::of(app.responder.clone()) };
    let protected = lists::protected();
    let means =
        Means { store: &app.store, protected: &protected, fetcher: &fetcher, gate: &settings.lists.gate };
    let outcome = refresh(spec, means, &mut |_| {});
    app.note_fetch(spec, outcome.is_ok());
    match &outcome {
        Ok(Refreshed::New(meta)) => {
            info!(list.id = %spec.id, rules.taken = meta.taken, "list `{}` updated: {} rules", spec.id, meta.taken);
            if let Some(warning) = &meta.warning {
                warn!(list.id = %spec.id, "list `{}` was taken, but have a look: {}", spec.id, warning.en);
            }
        }
        Ok(Refreshed::Unchanged) => {}
        Err(error) => {
            let stays = match app.store.meta(&spec.id).is_some_and(|meta| meta.has_text()) {
                true => "the last good copy stays",
                false => "nothing of it is in force",
            };
            warn!(list.id = %spec.id, "list `{}` not updated, {stays}: {error}", spec.id);
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
    /// Lists that are being fetched.
    under_way: HashMap<String, ListSpec>,
}

struct Attempts {
    /// Where the list came from then: another source was never tried.
    source: String,
    last: Instant,
    failures: u32,
}

impl Timetable {
    fn new() -> Self {
        // Without randomness this school is merely not spread among the others.
        Self {
            seed: getrandom::u64().unwrap_or(0),
            jumps: 0,
            attempts: HashMap::new(),
            under_way: HashMap::new(),
        }
    }

    fn note(&mut self, spec: &ListSpec, good: bool) {
        self.under_way.remove(&spec.id);
        let source = source_mark(spec);
        let before = self.attempts.get(&spec.id).filter(|before| before.source == source);
        let failures = if good { 0 } else { before.map_or(0, |before| before.failures).saturating_add(1) };
        self.attempts.insert(spec.id.clone(), Attempts { source, last: Instant::now(), failures });
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
        let idle = settings.lists.specs.iter().filter(|spec| !self.under_way.contains_key(&spec.id));
        let due =
            idle.map(|spec| (spec, self.pause(&app.store, spec, unix_now(), app.damaged_since(&spec.id))));
        due.min_by_key(|(_, pause)| *pause).map(|(spec, pause)| (spec.clone(), pause))
    }

    /// `damaged`: since when the kept text is known not to be whole.
    fn pause(&self, store: &Store, spec: &ListSpec, now: u64, damaged: Option<Instant>) -> Duration {
        let attempts = self.attempts.get(&spec.id).filter(|it| it.source == source_mark(spec));
        // A kept text that is damaged is fetched at once, and after that as often as a fetch that fails.
        if let Some(since) = damaged
            && attempts.is_none_or(|attempts| attempts.last < since)
        {
            return Duration::ZERO;
        }
        if let Some(attempts) = attempts {
            let wait = wait(spec.every, attempts.failures, self.chance(&spec.id));
            return wait.saturating_sub(attempts.last.elapsed());
        }
        // Not asked for since the start, or since it moved: what the store noted before counts, if it is of
        // this source and not of the future (a clock that was wrong then, or is now).
        let counts = |meta: &Meta| meta.failure.is_none() && meta.is_from(spec);
        let meta = store.meta(&spec.id).filter(counts);
        let Some(since) = meta.and_then(|meta| since_check(meta.checked_at, now)) else {
            return Duration::ZERO;
        };
        wait(spec.every, 0, self.chance(&spec.id)).saturating_sub(since)
    }

    /// A number in 0..1 for each list, the same as long as the program runs.
    fn chance(&self, id: &str) -> f64 {
        let mut hasher = SipHasher13::new_with_keys(self.seed, 0);
        hasher.write(id.as_bytes());
        hasher.finish() as f64 / u64::MAX as f64
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;
    use crate::lists::fetch::Validators;
    use crate::lists::gate;
    use crate::lists::protected::Protected;
    use crate::lists::read::survey;
    use crate::lists::spec::{FormatChoice, Profile};
    use crate::lists::store::Failure;
    use crate::model::category::Category;
    use crate::model::rule::ListKind;

    const DAY: u64 = 86_400;

    fn list(url: &str) -> ListSpec {
        ListSpec {
            id: "own".into(),
            source: SourceSpec::Url(url.into()),
            kind: ListKind::Block(Category::Games),
            format: FormatChoice::Auto,
            profile: Profile::default(),
            every: Duration::from_secs(DAY),
        }
    }

    /// A store that has the list's text since `now`.
    fn store(folder: &std::path::Path, spec: &ListSpec, now: u64) -> Store {
        let store = Store::open(folder).unwrap();
        let mut text = store.begin(&spec.id).unwrap();
        text.write_all(b"a.example\n").unwrap();
        let reading = survey(b"a.example\n", spec, &Protected::none());
        let passed = gate::check(None, &reading, &gate::Settings::default()).unwrap();
        store.keep(spec, text, Validators::default(), &reading, &passed, now).unwrap();
        store
    }

    #[test]
    fn a_list_is_due_when_its_interval_is_over_it_moved_or_the_clock_was_wrong() {
        let folder = tempfile::tempdir().unwrap();
        let (here, moved) = (list("https://one.example/a"), list("https://two.example/a"));
        let store = store(folder.path(), &here, 1000 * DAY);
        let timetable = Timetable::new();
        let due = |spec: &ListSpec, now| timetable.pause(&store, spec, now, None).is_zero();
        assert!(!due(&here, 1000 * DAY + 3600));
        assert!(due(&here, 1002 * DAY));
        assert!(due(&moved, 1000 * DAY + 3600), "it comes from elsewhere now");
        assert!(due(&here, 10 * DAY), "the copy is from the future");
        store.note_failure(&here, Failure { at: 0, vi: String::new(), en: String::new() }).unwrap();
        assert!(due(&here, 1000 * DAY + 3600), "the last attempt before the start failed");
    }

    #[test]
    fn an_address_put_right_is_tried_at_once_and_one_that_fails_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let (wrong, right) = (list("https://wrong.example/a"), list("https://right.example/a"));
        let store = Store::open(folder.path()).unwrap();
        let mut timetable = Timetable::new();
        assert!(timetable.pause(&store, &wrong, DAY, None).is_zero());
        timetable.note(&wrong, false);
        assert!(!timetable.pause(&store, &wrong, DAY, None).is_zero(), "five minutes later");
        assert!(timetable.pause(&store, &right, DAY, None).is_zero());
    }
}
