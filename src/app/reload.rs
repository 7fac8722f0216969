//! A reload: the config and what lies in files beside it are read again.

use std::sync::atomic::Ordering;

use tracing::{error, info};

use super::keeper::{Change, ReloadError, apply};
use super::list_updates::fetch_one;
use super::notify::{State, notify};
use super::{App, lists, zones};
use crate::config::Settings;
use crate::control::Reloaded;
use crate::lists::spec::SourceSpec;
use crate::update::refresh::Refreshed;

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
        let key = *app.responder.world().index.key();
        app.zones.take_over(&settings.rpz, zones::means(&settings, key));
        let done = apply(app, Change::Settings(Box::new(settings)))
            .inspect(|_| app.zones.forget_others(&app.settings().rpz))?;
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
        app.zones.wake().notify_one();
    }
    outcome
}

fn read_settings(app: &App) -> Result<Settings, ReloadError> {
    let read = super::settings(&app.place);
    app.config_complaint.note(&read);
    read.map_err(ReloadError::Config)
}
