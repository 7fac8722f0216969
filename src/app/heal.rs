//! Putting back what was lost while running, and trying again what a start could not do.
//!
//! What is on disk may be cut, removed or written over by others at any time. A look each second costs a few
//! system calls; only what has changed is read. (Addresses and the control socket are looked after in `tasks`,
//! the journal by its own threads.)

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tracing::{error, info, warn};

use super::keeper::{Change, apply};
use super::{App, folder, lists, reload, zones};
use crate::config::Settings;
use crate::i18n::msg;

/// Between two looks: how long names of a large index that was cut may pass.
const LOOK: Duration = Duration::from_secs(1);
/// Between two tries of what failed: a disk that is full stays so for a while.
const TRY_AGAIN: Duration = Duration::from_secs(30);
/// Between two looks at a config that did not pass: somebody may be mending it.
const CONFIG: Duration = Duration::from_secs(10);
/// Between two looks at the kept texts of lists: only the next build of an index needs them.
const TEXTS: Duration = Duration::from_secs(60);

/// Between two tries to store policy zones that the disk did not take: they are read or transferred again for it.
const ZONES: Duration = Duration::from_secs(600);

/// Looks after what is kept on disk until it is told to stop.
pub async fn keep_whole(app: Arc<App>, mut stop: watch::Receiver<bool>) {
    let mut healer = Healer {
        settings: app.settings(),
        index: None,
        state: None,
        config: None,
        texts: None,
        zones: Some(Instant::now()),
    };
    loop {
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {}
            _ = stop.wait_for(|stop| *stop) => return,
        }
        let app = app.clone();
        let looked = tokio::task::spawn_blocking(move || {
            healer.look(&app);
            healer
        });
        match looked.await {
            Ok(back) => healer = back,
            Err(error) => return error!("nobody looks after the state folder any more: {error}"),
        }
    }
}

/// When what was last tried.
struct Healer {
    /// The settings that are kept for the next start.
    settings: Arc<Settings>,
    index: Option<Instant>,
    state: Option<Instant>,
    config: Option<Instant>,
    texts: Option<Instant>,
    zones: Option<Instant>,
}

/// Whether `pause` has passed since the last time, which is now then.
fn is_due(last: &mut Option<Instant>, pause: Duration) -> bool {
    let due = last.is_none_or(|last| last.elapsed() >= pause);
    if due {
        *last = Some(Instant::now());
    }
    due
}

impl Healer {
    fn look(&mut self, app: &App) {
        let is_taken_over = app.folder.look();
        if is_taken_over {
            app.keep_state();
        }
        if is_taken_over || is_due(&mut self.zones, ZONES) {
            let key = *app.responder.world().index.key();
            let settings = app.settings();
            if app.zones.store_again(&settings.rpz, zones::means(&settings, key)) {
                zones::put_in_force(app);
            }
        }
        self.look_at_index(app);
        if app.config_is_stand_in.load(Ordering::Relaxed) && is_due(&mut self.config, CONFIG) {
            look_at_config(app);
        }
        if is_due(&mut self.texts, TEXTS) {
            look_at_texts(app);
        }
        let settings = app.settings();
        let is_new = !Arc::ptr_eq(&settings, &self.settings);
        if is_new || (app.state_complaint.is_noted() && is_due(&mut self.state, TRY_AGAIN)) {
            self.settings = settings;
            app.keep_state();
        }
    }

    /// An index whose file was damaged is built anew; one whose file is gone is written again.
    fn look_at_index(&mut self, app: &App) {
        if !app.responder.world().index.is_sound() {
            if is_due(&mut self.index, TRY_AGAIN) {
                error!("the file of the index in force was changed or cut from outside: it is built again");
                if let Err(error) = apply(app, Change::Lists) {
                    error!("the damaged index was not built again: {error}");
                }
                if app.responder.world().index.is_sound() {
                    // The next damage is another one, and is mended at once.
                    self.index = None;
                }
            }
            return;
        }
        if !app.folder.is_ours() {
            return;
        }
        // Nobody puts another index in this place meanwhile.
        let _index = app.keeper.hold_index();
        let index = app.responder.world().index.clone();
        let path = lists::index_path(&app.settings().state);
        if index.is_kept_at(&path) {
            app.index_complaint.clear();
            self.index = None;
            return;
        }
        if !is_due(&mut self.index, TRY_AGAIN) {
            return;
        }
        // The folder may be gone with all that was in it; where it cannot be made, the next line says so.
        let _ = folder::prepare_state(&app.settings().state);
        let saved = index.save(&path);
        match &saved {
            Ok(()) => info!("the index is on disk again: {}", path.display()),
            Err(error) if !app.index_complaint.is_noted() => {
                warn!("could not write the index to {}: {error}", path.display());
            }
            Err(_) => {}
        }
        app.index_complaint
            .note(&saved.map_err(|error| msg!("index-not-written", path = path.as_path(), error = &error)));
    }
}

/// The present config, if it passes now, takes the place of the one that stands in for it.
fn look_at_config(app: &App) {
    if super::settings(&app.place).is_ok() {
        info!("the config passes its check now");
        // It says itself what came of it.
        let _ = reload::reload(app);
    }
}

/// A kept text that is gone is fetched again before the next build needs it.
fn look_at_texts(app: &App) {
    let settings = app.settings();
    let ids = settings.lists.specs.iter().map(|spec| &spec.id);
    let gone: Vec<String> = ids.filter(|id| !app.store.seems_whole(id)).cloned().collect();
    if gone.iter().any(|id| app.damaged_since(id).is_none()) {
        warn!("kept texts of lists are damaged or gone, fetching them again: {}", gone.join(", "));
        app.note_damaged_lists(&gone);
        app.lists_changed.notify_one();
    }
}
