//! The policy zones of the running program: what is in force of each, how it stands, and the task that
//! keeps it new.

use std::collections::{BTreeMap, HashSet};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;
use tracing::{error, info, warn};

use super::App;
use super::keeper::{Change, apply, make_way};
use crate::config::Settings;
use crate::control::status::CameBy;
use crate::dns::name::OwnedName;
use crate::dns::suffixes::HashKey;
use crate::i18n::cause::cause_behind;
use crate::i18n::{Message, msg};
use crate::lists::meta::Failure;
use crate::model::roster::Roster;
use crate::rpz::content::Content;
use crate::rpz::table::Table;
use crate::rpz::text::Account;
use crate::rpz::transfer::notify::{Bell, Listener};
use crate::rpz::transfer::timers::Timers;
use crate::rpz::transfer::tsig::Key;
use crate::rpz::zones::{self, Source, Zone};
use crate::sys::clock::unix_now;
use crate::sys::lock::Guard;
use crate::update::zones::primary::{Brought, Error, How, refresh};
use crate::update::zones::store::Store;
use crate::update::zones::{file, store};

/// How long the task sleeps at the most before it looks again what is due.
const LOOK: Duration = Duration::from_secs(3600);

/// All zones, and where their copies lie.
#[derive(Debug)]
pub struct Zones {
    store: Store,
    kept: Mutex<BTreeMap<OwnedName, Kept>>,
    /// Wakes the task: a primary has announced something, or a reload changed what is to be done.
    wake: Arc<Notify>,
}

/// What is known of one zone.
#[derive(Debug)]
struct Kept {
    table: Option<Table>,
    hits: Arc<AtomicU64>,
    bell: Arc<Bell>,
    timers: Timers,
    /// Records of the copy in force.
    records: usize,
    /// Lines of a file that bring no rule.
    account: Account,
    /// How the version in force came.
    came_by: CameBy,
    failure: Option<Failure>,
    /// Whether the copy in force is not on disk.
    is_unstored: bool,
}

/// How one zone stands, for the status.
#[derive(Clone, Debug)]
pub struct ZoneState {
    pub name: OwnedName,
    pub serial: Option<u32>,
    pub rules: u32,
    /// Owners and lines that bring no rule.
    pub unusable: u32,
    pub hits: u64,
    /// How the version in force came.
    pub came_by: CameBy,
    /// Unix seconds.
    pub refreshed: Option<u64>,
    pub failures: u32,
    pub failure: Option<Failure>,
    pub is_in_force: bool,
    /// No primary was seen for longer than the zone allows.
    pub is_expired: bool,
}

impl Zones {
    /// Loads what is kept in the state folder and reads the files, before the first query.
    pub fn open(settings: &Settings, key: HashKey, may_write: Arc<AtomicBool>) -> Self {
        let zones = Self {
            store: Store::shared(folder(settings), may_write),
            kept: Mutex::default(),
            wake: Arc::default(),
        };
        zones.take_over(settings, key);
        zones
    }

    /// Forgets zones that the settings do not name. What is on disk stays, for who brings them back.
    pub fn forget_others(&self, settings: &Settings) {
        self.kept().retain(|name, _| settings.rpz.iter().any(|zone| zone.name == *name));
    }

    /// Takes over what the settings say now: new zones come, files are read again.
    pub fn take_over(&self, settings: &Settings, key: HashKey) {
        for zone in &settings.rpz {
            let is_new = !self.kept().contains_key(&zone.name);
            if is_new {
                let kept = self.load(zone, key);
                self.kept().insert(zone.name.clone(), kept);
            }
            if let Source::File(path) = &zone.source {
                self.read_file(settings, zone, path, key);
            }
        }
    }

    /// Reads files of zones again whose copy the disk did not take; whether there are any, to be put in force then.
    /// What comes from primaries is transferred whole when it is next looked at.
    pub fn store_again(&self, settings: &Settings, key: HashKey) -> bool {
        let mut has_read = false;
        for zone in &settings.rpz {
            let is_unstored = self.kept().get(&zone.name).is_some_and(|kept| kept.is_unstored);
            if let (true, Source::File(path)) = (is_unstored, &zone.source) {
                self.read_file(settings, zone, path, key);
                has_read = true;
            }
        }
        has_read
    }

    /// Wakes the task that keeps zones new. It looks at the settings in force, so they must be stored before.
    pub fn wake(&self) {
        self.wake.notify_one();
    }

    /// The zones in force, in the order of the settings.
    pub fn in_force(&self, settings: &Settings, lists: &Roster) -> Vec<Zone> {
        let kept = self.kept();
        let zone = |zone: &zones::Settings| {
            let known = kept.get(&zone.name)?;
            Some(Zone {
                settings: zone.clone(),
                list: lists.id_of(&zone.name.to_string()),
                table: known.table.clone()?,
                hits: known.hits.clone(),
            })
        };
        settings.rpz.iter().filter_map(zone).collect()
    }

    /// Whose announcements count.
    pub fn announced(&self, settings: &Settings) -> Vec<Listener> {
        let kept = self.kept();
        let listener = |zone: &zones::Settings| {
            let Source::Primaries { addresses, key } = &zone.source else { return None };
            Some(Listener {
                zone: zone.name.clone(),
                primaries: addresses.iter().map(|address| address.ip().to_canonical()).collect(),
                key: key.clone(),
                bell: kept.get(&zone.name)?.bell.clone(),
            })
        };
        settings.rpz.iter().filter_map(listener).collect()
    }

    /// How each zone stands, in the order of the settings, where `in_force` are those that queries meet.
    pub fn states(&self, settings: &Settings, in_force: &zones::Zones) -> Vec<ZoneState> {
        let (kept, now) = (self.kept(), unix_now());
        let state = |zone: &zones::Settings| {
            let in_force = in_force.all().iter().find(|other| other.settings.name == zone.name);
            Some(kept.get(&zone.name)?.state(zone, in_force.map(|zone| &zone.table), now))
        };
        settings.rpz.iter().filter_map(state).collect()
    }

    fn load(&self, zone: &zones::Settings, key: HashKey) -> Kept {
        let mut kept = Kept {
            table: None,
            hits: Arc::default(),
            bell: Arc::new(Bell::new(self.wake.clone())),
            timers: Timers::default(),
            records: 0,
            account: Account::default(),
            came_by: CameBy::Kept,
            failure: None,
            is_unstored: false,
        };
        if let Some((content, meta)) = self.store.load(&zone.name) {
            kept.timers.refreshed = Some(meta.refreshed_at);
            kept.records = content.len();
            kept.table = Some(Table::build(&content, key));
        }
        kept
    }

    fn read_file(&self, settings: &Settings, zone: &zones::Settings, path: &Path, key: HashKey) {
        let was = self.kept().get(&zone.name).filter(|kept| kept.table.is_some()).map(|kept| kept.records);
        let lists = &settings.lists;
        let read = file::read(path, zone.name.as_name(), was, lists.fetch.octets_max, &lists.gate);
        match read {
            Ok((content, account)) => {
                if account.refused() > 0 {
                    let first: Vec<String> =
                        account.told.iter().take(3).map(|(line, why)| format!("{line}: {why}")).collect();
                    warn!(
                        zone = %zone.name,
                        lines.refused = account.refused(),
                        "zone `{}`: {} lines bring no rule ({})",
                        zone.name,
                        account.refused(),
                        first.join("; ")
                    );
                }
                self.take(&zone.name, &content, account, CameBy::File, key);
            }
            Err(refused) => self.note_failure(&zone.name, refused.message()),
        }
    }

    /// Takes a new version and keeps it. It is in force with the next world, which whoever called builds.
    fn take(&self, name: &OwnedName, content: &Content, account: Account, came_by: CameBy, key: HashKey) {
        let table = Table::build(content, key);
        let now = unix_now();
        let stored = self.store.keep(name, content, now);
        info!(
            zone = %name,
            rules = table.counts().rules(),
            "zone `{name}` is new: {} rules, serial {} ({})",
            table.counts().rules(),
            table.soa().map_or("–".into(), |soa| soa.serial.to_string()),
            came_by.id()
        );
        if let Some(kept) = self.kept().get_mut(name) {
            kept.timers.note_good(now);
            kept.records = content.len();
            kept.table = Some(table);
            kept.account = account;
            kept.came_by = came_by;
            kept.failure = None;
        }
        self.note_stored(name, stored);
    }

    fn note_current(&self, name: &OwnedName) {
        let now = unix_now();
        let stored = self.store.note_current(name, now);
        if let Some(kept) = self.kept().get_mut(name) {
            kept.timers.note_good(now);
            kept.failure = None;
        }
        self.note_stored(name, stored);
    }

    /// A disk that takes nothing costs the copy for the next start, and no rule now.
    fn note_stored(&self, name: &OwnedName, stored: Result<(), store::Error>) {
        if let Some(kept) = self.kept().get_mut(name) {
            kept.is_unstored = stored.is_err();
        }
        if let Err(error) = stored {
            warn!(zone = %name, "zone `{name}` is in force, but not kept for the next start: could not {error}");
            if let Some(kept) = self.kept().get_mut(name) {
                let cause =
                    cause_behind(&error).unwrap_or_else(|| msg!("system-other", error = error.to_string()));
                let why = msg!("zone-not-kept", error = cause);
                kept.failure = Some(Failure { at: unix_now(), why });
            }
        }
    }

    fn note_failure(&self, name: &OwnedName, why: Message) {
        let now = unix_now();
        warn!(zone = %name, "zone `{name}` not renewed, the last good copy stays: {why}");
        if let Some(kept) = self.kept().get_mut(name) {
            kept.timers.note_failure(now);
            kept.failure = Some(Failure { at: now, why });
        }
    }

    fn kept(&self) -> MutexGuard<'_, BTreeMap<OwnedName, Kept>> {
        self.kept.guard()
    }

    /// The transferred zones with the seconds until each is to be looked at.
    fn due(&self, settings: &Settings, now: u64) -> Vec<(zones::Settings, u64)> {
        let kept = self.kept();
        let transferred = settings.rpz.iter().filter(|zone| matches!(zone.source, Source::Primaries { .. }));
        let due = transferred.filter_map(|zone| {
            let known = kept.get(&zone.name)?;
            let soa = known.table.as_ref().and_then(Table::soa);
            let at = known.timers.due(soa);
            let at = if known.bell.has_rung() { at.min(known.timers.due_announced()) } else { at };
            let at = if known.timers.is_ahead_of(now) { now } else { at };
            Some((zone.clone(), at.saturating_sub(now)))
        });
        due.collect()
    }
}

impl Kept {
    fn state(&self, zone: &zones::Settings, in_force: Option<&Table>, now: u64) -> ZoneState {
        let soa = in_force.and_then(Table::soa);
        let counts = in_force.map(|table| *table.counts()).unwrap_or_default();
        let is_transferred = matches!(zone.source, Source::Primaries { .. });
        ZoneState {
            name: zone.name.clone(),
            serial: soa.map(|soa| soa.serial),
            rules: counts.rules(),
            unusable: counts.unusable + self.account.refused(),
            hits: self.hits.load(std::sync::atomic::Ordering::Relaxed),
            came_by: self.came_by,
            refreshed: self.timers.refreshed,
            failures: self.timers.failures,
            failure: self.failure.clone(),
            is_in_force: in_force.is_some(),
            is_expired: is_transferred && self.timers.is_expired(soa, now),
        }
    }
}

/// The zones as the state folder has them, for who explains without a server. Nothing is fetched.
pub fn at_rest(settings: &Settings, key: HashKey) -> Vec<zones::Zone> {
    let kept = Zones { store: Store::new(folder(settings)), kept: Mutex::default(), wake: Arc::default() };
    for zone in &settings.rpz {
        let known = kept.load(zone, key);
        kept.kept().insert(zone.name.clone(), known);
    }
    kept.in_force(settings, &Roster::default())
}

fn folder(settings: &Settings) -> PathBuf {
    settings.state.join("rpz")
}

/// Keeps the transferred zones new: each when it is due, or when a primary announces something.
pub async fn keep_zones_new(app: Arc<App>, mut stop: watch::Receiver<bool>) {
    let mut under_way: HashSet<OwnedName> = HashSet::new();
    let mut looks: JoinSet<OwnedName> = JoinSet::new();
    loop {
        let mut pause = LOOK;
        for (zone, seconds) in app.zones.due(&app.settings(), unix_now()) {
            if under_way.contains(&zone.name) {
                continue;
            }
            if seconds > 0 {
                pause = pause.min(Duration::from_secs(seconds));
                continue;
            }
            under_way.insert(zone.name.clone());
            let app = app.clone();
            looks.spawn_blocking(move || {
                look(&app, &zone);
                zone.name
            });
        }
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = app.zones.wake.notified() => {}
            Some(ended) = looks.join_next() => match ended {
                Ok(name) => {
                    under_way.remove(&name);
                }
                // A look that panicked: which one is not told, so each may be looked at again.
                Err(_) => under_way.clear(),
            },
            _ = stop.wait_for(|stop| *stop) => return,
        }
    }
}

/// One look at a zone's primaries, and what follows from it.
fn look(app: &App, zone: &zones::Settings) {
    let Source::Primaries { addresses, key } = &zone.source else { return };
    make_way();
    let have = {
        let kept = app.zones.kept();
        let Some(known) = kept.get(&zone.name) else { return };
        // Before the question: what is announced from now on may be newer than the answer.
        known.bell.reset();
        let in_force = known.table.as_ref().filter(|_| !known.is_unstored);
        in_force.and_then(Table::soa).map(|soa| soa.serial)
    };
    match ask(app, zone, addresses, key.as_ref(), have) {
        Ok(Brought::Current) => app.zones.note_current(&zone.name),
        Ok(Brought::New(content, how)) => {
            let key = *app.responder.world().index.key();
            app.zones.take(&zone.name, &content, Account::default(), came_by(how), key);
            if let Err(error) = apply(app, Change::Zones) {
                error!("the policy zones were not renewed, the old ones stay in force: {error}");
            }
        }
        Err(failures) => {
            let each = failures
                .iter()
                .map(|(address, error)| msg!("trouble-of", of = *address, what = error.message()))
                .collect::<Vec<_>>();
            app.zones.note_failure(&zone.name, msg!("zone-not-fetched", why = each));
        }
    }
}

fn ask(
    app: &App,
    zone: &zones::Settings,
    addresses: &[SocketAddr],
    key: Option<&Arc<Key>>,
    have: Option<u32>,
) -> Result<Brought, Vec<(SocketAddr, Error)>> {
    refresh(&zone.name, addresses, key, have, || app.zones.store.load(&zone.name).map(|(content, _)| content))
}

fn came_by(how: How) -> CameBy {
    match how {
        How::Axfr => CameBy::Axfr,
        How::Ixfr => CameBy::Ixfr,
    }
}
