//! The keeper of the world in force: every change of it is made here, one after the other.
//!
//! A change touches the parts that it concerns. An index is compiled beside what else happens: policy zones and the
//! clock do not wait for it.

use std::sync::{Arc, Mutex, MutexGuard};

use tracing::{info, warn};

use super::world::{self, Basis, ZonesInForce};
use super::{App, Tell, lists};
use crate::config::{Report, Settings};
use crate::control::Reloaded;
use crate::filter::Index;
use crate::i18n::Message;
use crate::sys::lock::Guard;
use crate::sys::priority::{Behind, step_back};
use crate::update::compile::{CompileError, compile, compile_in_memory, infos};

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

/// What changed outside of the world in force.
pub enum Change {
    /// The config was read again. What fails leaves everything as it was.
    Settings(Box<Settings>),
    /// A list has another text, or the index was damaged.
    Lists,
    /// A policy zone has a new version.
    Zones,
    /// The wall clock was wrong: what was judged by it is forgotten.
    Clock,
}

/// Who changes the world, one at a time.
#[derive(Debug, Default)]
pub struct Keeper {
    /// Held while an index is compiled or its file looked after; before `swapping`, where both are held.
    compiling: Mutex<()>,
    /// Held from the look at the world in force until another one is.
    swapping: Mutex<()>,
}

impl Keeper {
    /// Nobody puts another index in its place until this is dropped.
    pub fn hold_index(&self) -> MutexGuard<'_, ()> {
        self.compiling.guard()
    }
}

/// Builds the parts that `change` concerns and puts them in force.
///
/// # Errors
/// What [`ReloadError`] says; the world in force is then as it was.
pub fn apply(app: &App, change: Change) -> Result<Reloaded, ReloadError> {
    match change {
        Change::Settings(settings) => noted(app, apply_settings(app, Arc::from(settings))),
        Change::Lists => noted(app, apply_lists(app)),
        Change::Zones => {
            let _turn = app.keeper.swapping.guard();
            let old = app.responder.world();
            app.responder.swap(world::with_zones(&old, zones_in_force(app, &app.settings())));
            Ok(reloaded(&old.index, false))
        }
        Change::Clock => {
            let _turn = app.keeper.swapping.guard();
            let (settings, old) = (app.settings(), app.responder.world());
            let built = basis(app, &settings).with_new_resolver(&old);
            let built = built.map(|world| app.responder.swap(world));
            // Entries carry the time when they came, so what a wrong clock kept for too long goes by itself where
            // the old resolver stays.
            app.responder.forget_answers();
            built?;
            Ok(reloaded(&old.index, false))
        }
    }
}

fn noted(app: &App, outcome: Result<Reloaded, ReloadError>) -> Result<Reloaded, ReloadError> {
    app.build_complaint.note(&outcome);
    outcome
}

fn apply_settings(app: &App, settings: Arc<Settings>) -> Result<Reloaded, ReloadError> {
    let _index = app.keeper.hold_index();
    let new = new_index(app, &settings, &app.responder.world().index)?.map(Arc::new);
    let _turn = app.keeper.swapping.guard();
    let (before, old) = (app.settings(), app.responder.world());
    let new_index = new.is_some();
    let index = new.unwrap_or_else(|| old.index.clone());
    let zones = zones_in_force(app, &settings);
    let world = basis(app, &settings).with_settings(&old, &before, index, zones)?;
    let done = reloaded(&world.index, new_index);
    let same_resolver = Arc::ptr_eq(&world.resolver, &old.resolver);
    app.responder.swap(world);
    if !same_resolver {
        app.responder.forget_answers();
    }
    let at_restart = at_restart(&before, &settings);
    app.settings.store(settings);
    Ok(Reloaded { at_restart, ..done })
}

fn apply_lists(app: &App) -> Result<Reloaded, ReloadError> {
    let _index = app.keeper.hold_index();
    let (settings, old) = (app.settings(), app.responder.world());
    let Some(index) = new_index(app, &settings, &old.index)? else {
        return Ok(reloaded(&old.index, false));
    };
    drop(old);
    let _turn = app.keeper.swapping.guard();
    let index = Arc::new(index);
    // The settings are as they were: they change with the index held.
    app.responder.swap(basis(app, &settings).with_index(&app.responder.world(), index.clone())?);
    Ok(reloaded(&index, true))
}

/// The outcome with this index in force, which is new or is not.
fn reloaded(index: &Index, new_index: bool) -> Reloaded {
    Reloaded { new_index, names: index.stats().names, ..Reloaded::default() }
}

fn basis<'a>(app: &'a App, settings: &'a Settings) -> Basis<'a> {
    Basis { settings, groups: &app.groups, lists: &app.lists, watch: app.timekeeper.watch() }
}

fn zones_in_force(app: &App, settings: &Settings) -> ZonesInForce {
    (app.zones.in_force(&settings.rpz, &app.lists), app.zones.announced(&settings.rpz))
}

/// A new index where the lists in force are others than those of the index in use.
fn new_index(app: &App, settings: &Settings, old: &Arc<Index>) -> Result<Option<Index>, CompileError> {
    // What a damaged index says of a list is not carried over.
    let is_sound = old.is_sound();
    let lists::InForce { sources, damaged } =
        lists::in_force(settings, &app.store, Some(old).filter(|_| is_sound));
    app.note_damaged_lists(&damaged);
    let protected = lists::protected();
    if is_sound && infos(&sources, protected) == old.lists() {
        return Ok(None);
    }
    let path = lists::index_path(&app.settings().state);
    make_way();
    // Names that were filed by the key are not filed anew.
    let key = Some(*old.key());
    let may_write = app.folder.is_ours();
    let compiled = match may_write.then(|| compile(&sources, protected, key, &path, &mut |_| {})) {
        // The file is another server's.
        None => compile_in_memory(&sources, protected, key, &mut |_| {})?,
        // Where nothing better is in force than what fits into memory, that is better than nothing.
        Some(Err(error)) if !is_sound || old.is_in_memory() => {
            warn!("the index is kept in memory: {error}");
            app.index_complaint.note::<(), _>(&Err(error));
            compile_in_memory(&sources, protected, key, &mut |_| {})?
        }
        Some(compiled) => {
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
fn at_restart(old: &Settings, new: &Settings) -> Vec<String> {
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
    changes.into_iter().filter(|(_, changed)| *changed).map(|(name, _)| name.to_owned()).collect()
}

/// Lets those that answer go first. The thread is one of those that do what nobody waits for.
pub(super) fn make_way() {
    // At the old priority it is done all the same.
    let _ = step_back(Behind::Far);
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::config::{self, Context};

    fn settings(text: &str) -> Settings {
        let (folder, state) = (PathBuf::from("."), PathBuf::from("/nowhere"));
        let context = Context { folder, state, stand_ins: Default::default() };
        config::read_text("lachan.toml", text, &context).unwrap_or_else(|report| panic!("{report}"))
    }

    #[test]
    fn what_waits_for_a_restart_is_named_and_the_rest_takes_effect_at_once() {
        let before = settings("");
        for (changed, waits) in [
            ("", &[][..]),
            ("[school]\nname = \"THCS\"\nlanguage = \"en\"", &[]),
            ("[access]\nallow = [\"10.0.0.0/8\"]\nrate = 9\nrefuse = \"drop\"", &[]),
            ("[resolve]\nqname_minimisation = \"off\"", &[]),
            ("[school_rules]\nblock = [{ name = \"x.example\", reason = \"a\", by = \"b\" }]", &[]),
            ("[listen]\nworkers = 3", &["[listen]"]),
            ("[listen]\ncontrol = \"/run/x.sock\"", &["[listen]"]),
            ("[journal]\nkeep_minutes = \"3d\"", &["[journal]"]),
            ("[resolve]\ncache = \"128 MiB\"", &["[resolve] cache"]),
            ("[resolve]\nmin_ttl = \"5s\"", &["[resolve] min_ttl, max_ttl, max_negative_ttl, stale"]),
            ("[resolve]\nprefetch = false", &["[resolve] stale_after, prefetch"]),
            ("[listen]\nworkers = 3\n[resolve]\ncache = \"128 MiB\"", &["[listen]", "[resolve] cache"]),
        ] {
            assert_eq!(at_restart(&before, &settings(changed)), waits, "{changed}");
            assert_eq!(at_restart(&settings(changed), &before), waits, "back from {changed}");
        }
    }
}
