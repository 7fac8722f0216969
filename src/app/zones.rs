//! Policy zones in the running program: whose settings and key they go by, and how a new version comes into force.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use tracing::error;

use super::App;
use super::keeper::{Change, apply, make_way};
use crate::config::Settings;
use crate::dns::name::OwnedName;
use crate::dns::suffixes::HashKey;
use crate::i18n::msg;
use crate::model::roster::Roster;
use crate::rpz::zones::Zone;
use crate::sys::clock::unix_now;
use crate::update::schedule::{Due, Now, Outcome, Source};
use crate::update::zones::renew::{Means, Zones};

/// Loads what is kept in the state folder and reads the files, before the first query.
pub fn open(settings: &Settings, key: HashKey, may_write: Arc<AtomicBool>) -> Zones {
    let zones = Zones::new(settings.state.join("rpz"), may_write, unix_now);
    zones.take_over(&settings.rpz, means(settings, key));
    zones
}

/// The zones as the state folder has them, for who explains without a server. Nothing is fetched.
pub fn at_rest(settings: &Settings, key: HashKey) -> Vec<Zone> {
    let zones = Zones::new(settings.state.join("rpz"), Arc::default(), unix_now);
    zones.load(&settings.rpz, key);
    zones.in_force(&settings.rpz, &Roster::default())
}

/// What files of zones are read by.
pub fn means(settings: &Settings, key: HashKey) -> Means<'_> {
    Means { octets_max: settings.lists.fetch.octets_max, gate: &settings.lists.gate, key }
}

/// Puts new versions in force.
pub fn put_in_force(app: &App) {
    if let Err(error) = apply(app, Change::Zones) {
        error!("the policy zones were not renewed, the old ones stay in force: {error}");
    }
}

/// The zones that have primaries: each is looked at when it is due, or when a primary announces something.
pub struct Transferred(pub Arc<App>);

impl Source for Transferred {
    type Item = OwnedName;
    // A transfer may take half an hour, and costs a thread that waits.
    const AT_ONCE: usize = 64;
    const GATHERS: bool = false;
    const IS_BEHIND_AT_START: bool = false;

    fn due(&self, now: Now) -> Vec<Due<OwnedName>> {
        self.0.zones.due(&self.0.settings().rpz, now.unix)
    }

    fn refresh(&self, name: &OwnedName) -> Outcome {
        make_way();
        let (settings, key) = (self.0.settings(), *self.0.responder.world().index.key());
        let zone = settings.rpz.iter().find(|zone| zone.name == *name);
        zone.map_or(Outcome::Unchanged, |zone| self.0.zones.look(zone, key))
    }

    fn note_panic(&self, name: &OwnedName) {
        self.0.zones.note_failure(name, msg!("zone-panicked"));
    }

    fn put_in_force(&self) {
        put_in_force(&self.0);
    }
}
