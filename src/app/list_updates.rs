//! The task that keeps the lists new, and fetching all of them at once where somebody asks for that.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::sleep;
use tracing::{error, info, warn};

use super::keeper::{Change, apply, make_way};
use super::lookup::OwnLookup;
use super::{App, Tell, lists, snapshot};
use crate::config::Settings;
use crate::i18n::{Message, msg};
use crate::lists::fetch::Fetcher;
use crate::lists::spec::ListSpec;
use crate::update::arrivals::Arrivals;
use crate::update::refresh::{Means, RefreshError, Refreshed, refresh};
use crate::update::timetable::Timetable;

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
    unpack(&app).await;
    renew_later(&app).await;
    loop {
        app.take_fetches().into_iter().for_each(|(spec, good)| timetable.note(&spec, good));
        let mut next = next_due(&app, &timetable);
        while let Some((spec, _)) = next.take_if(|(_, pause)| pause.is_zero() && fetches.len() < FETCHES_MAX)
        {
            timetable.begin(&spec);
            let own = app.clone();
            fetches.spawn_blocking(move || fetch_one(&own, &own.settings(), &spec));
            next = next_due(&app, &timetable);
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
            Event::Look => {
                timetable.note_clock(app.timekeeper.jumps());
                // The settings may name lists that are packed.
                if unpack(&app).await > 0 {
                    arrivals.note(Instant::now());
                }
            }
            Event::Build => {
                let begun = Instant::now();
                renew_later(&app).await;
                arrivals.built(begun.elapsed());
            }
            // A fetch that panicked is a bug. Which one it was is not known; all wait as after a failure.
            Event::Fetched(None) => {
                timetable.fail_all();
            }
            Event::Fetched(Some(outcome)) => {
                if let Ok(Refreshed::New(_)) = outcome {
                    arrivals.note(Instant::now());
                }
            }
        }
    }
}

/// The list that is due next, and how long until then.
fn next_due(app: &App, timetable: &Timetable) -> Option<(ListSpec, Duration)> {
    timetable.next(&app.settings().lists.specs, &app.store, |id| app.damaged_since(id))
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
    if changed && let Err(error) = apply(app, Change::Lists) {
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

/// Fetches one list, whatever its timetable says.
pub(super) fn fetch_one(app: &App, settings: &Settings, spec: &ListSpec) -> Result<Refreshed, RefreshError> {
    make_way();
    let fetcher = Fetcher { settings: &settings.lists.fetch, lookup: OwnLookup::of(app.responder.clone()) };
    let protected = lists::protected();
    let means = Means { store: &app.store, protected, fetcher: &fetcher, gate: &settings.lists.gate };
    let outcome = refresh(spec, means, &mut |_| {});
    app.note_fetch(spec, outcome.is_ok());
    match &outcome {
        Ok(Refreshed::New(meta)) => {
            info!(list.id = %spec.id, rules.taken = meta.taken, "list `{}` updated: {} rules", spec.id, meta.taken);
            if let Some(warning) = &meta.warning {
                warn!(list.id = %spec.id, "list `{}` was taken, but have a look: {}", spec.id, warning.why);
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

/// Takes packed lists where no copy is kept. Returns how many came.
async fn unpack(app: &Arc<App>) -> usize {
    let app = app.clone();
    // A panic there is a bug; the lists are fetched.
    tokio::task::spawn_blocking(move || snapshot::bring_in(&app.settings(), &app.store)).await.unwrap_or(0)
}

async fn renew_later(app: &Arc<App>) {
    let app = app.clone();
    let renewed = tokio::task::spawn_blocking(move || apply(&app, Change::Lists)).await;
    if let Ok(Err(error)) = renewed {
        error!("the index was not renewed, the old one stays in force: {error}");
    }
}
