//! Lists in the running program: when each is fetched and how it comes into force, and fetching all of them at once where somebody asks for that.

use std::sync::Arc;

use tracing::{error, info, warn};

use super::keeper::{Change, apply, make_way};
use super::lookup::OwnLookup;
use super::{App, Tell, lists, snapshot};
use crate::config::Settings;
use crate::i18n::{Message, msg};
use crate::lists::fetch::Fetcher;
use crate::lists::spec::ListSpec;
use crate::sys::clock::unix_now;
use crate::sys::lock::Guard;
use crate::update::refresh::{Means, RefreshError, Refreshed, refresh};
use crate::update::schedule::{Due, Now, Outcome, Source};

/// The lists of the config, each fetched when it is due. What comes at about the same time is built into one index.
pub struct Lists(pub Arc<App>);

impl Source for Lists {
    type Item = String;
    const AT_ONCE: usize = 4;
    const GATHERS: bool = true;
    const IS_BEHIND_AT_START: bool = true;

    fn due(&self, now: Now) -> Vec<Due<String>> {
        let (app, mut timetable) = (&self.0, self.0.timetable.guard());
        timetable.note_clock(app.timekeeper.jumps());
        timetable.due(&app.settings().lists.specs, &app.store, |id| app.damaged_since(id), now)
    }

    /// Packed lists, where no copy is kept: the settings may name new ones.
    fn take_at_hand(&self) -> bool {
        snapshot::bring_in(&self.0.settings(), &self.0.store) > 0
    }

    fn refresh(&self, id: &String) -> Outcome {
        let settings = self.0.settings();
        let Some(spec) = settings.lists.specs.iter().find(|spec| spec.id == *id) else {
            return Outcome::Unchanged;
        };
        match fetch_one(&self.0, &settings, spec) {
            Ok(Refreshed::New(_)) => Outcome::Changed,
            Ok(Refreshed::Unchanged) => Outcome::Unchanged,
            Err(_) => Outcome::Refused,
        }
    }

    fn note_panic(&self, id: &String) {
        if let Some(spec) = self.0.settings().lists.specs.iter().find(|spec| spec.id == *id) {
            self.0.note_fetch(spec, false);
        }
    }

    fn put_in_force(&self) {
        if let Err(error) = apply(&self.0, Change::Lists) {
            error!("the index was not renewed, the old one stays in force: {error}");
        }
    }
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
    let means = Means {
        store: &app.store,
        protected,
        fetcher: &fetcher,
        gate: &settings.lists.gate,
        now: unix_now(),
    };
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
