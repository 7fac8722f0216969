//! All policy zones: loaded from disk, read from files, transferred when they are due.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard};

use tokio::sync::Notify;
use tracing::{info, warn};

use super::file;
use super::kept::{CameBy, Kept, ZoneState};
use super::primary::{self, Brought};
use super::store::{self, Store};
use crate::dns::name::OwnedName;
use crate::dns::suffixes::HashKey;
use crate::i18n::cause::cause_behind;
use crate::i18n::{Message, msg};
use crate::lists::gate;
use crate::lists::meta::Failure;
use crate::model::roster::Roster;
use crate::rpz::content::Content;
use crate::rpz::table::Table;
use crate::rpz::text::Account;
use crate::rpz::transfer::notify::{Bell, Listener};
use crate::rpz::transfer::tsig::Key;
use crate::rpz::zones::{self, Settings, Source, Zone};
use crate::sys::lock::Guard;
use crate::update::schedule::{Due, Outcome};

/// What files of zones are read by.
#[derive(Clone, Copy, Debug)]
pub struct Means<'m> {
    /// A file with more octets is not read.
    pub octets_max: u64,
    /// How much a file may lose.
    pub gate: &'m gate::Settings,
    /// The key of the installation.
    pub key: HashKey,
}

/// All zones, and where their copies lie.
#[derive(Debug)]
pub struct Zones {
    store: Store,
    kept: Mutex<BTreeMap<OwnedName, Kept>>,
    /// Wakes the task: a primary has announced something, or a reload changed what is to be done.
    wake: Arc<Notify>,
    /// Unix seconds.
    clock: fn() -> u64,
}

impl Zones {
    /// None yet. Copies are kept in `folder` while `may_write` says that it is this program's.
    pub fn new(folder: PathBuf, may_write: Arc<AtomicBool>, clock: fn() -> u64) -> Self {
        Self { store: Store::shared(folder, may_write), kept: Mutex::default(), wake: Arc::default(), clock }
    }

    /// Takes the zones that are new among these from disk, where they are.
    pub fn load(&self, zones: &[Settings], key: HashKey) {
        for zone in zones {
            if self.kept().contains_key(&zone.name) {
                continue;
            }
            let mut kept = Kept::new(Bell::new(self.wake.clone()));
            if let Some((content, meta)) = self.store.load(&zone.name) {
                kept.timers.refreshed = Some(meta.refreshed_at);
                kept.records = content.len();
                kept.table = Some(Table::build(&content, key));
            }
            self.kept().insert(zone.name.clone(), kept);
        }
    }

    /// Takes over what the settings say now: new zones come, files are read again.
    pub fn take_over(&self, zones: &[Settings], means: Means<'_>) {
        self.load(zones, means.key);
        for zone in zones {
            if let Source::File(path) = &zone.source {
                self.read_file(&zone.name, path, means);
            }
        }
    }

    /// Forgets zones that the settings do not name. What is on disk stays, for who brings them back.
    pub fn forget_others(&self, zones: &[Settings]) {
        self.kept().retain(|name, _| zones.iter().any(|zone| zone.name == *name));
    }

    /// Reads files of zones again whose copy the disk did not take; whether there are any, to be put in force then.
    /// What comes from primaries is transferred whole when it is next looked at.
    pub fn store_again(&self, zones: &[Settings], means: Means<'_>) -> bool {
        let mut has_read = false;
        for zone in zones {
            let is_unstored = self.kept().get(&zone.name).is_some_and(|kept| kept.is_unstored);
            if let (true, Source::File(path)) = (is_unstored, &zone.source) {
                self.read_file(&zone.name, path, means);
                has_read = true;
            }
        }
        has_read
    }

    /// What wakes the task that keeps zones new. It looks at the settings in force, so they must be stored before.
    pub fn wake(&self) -> &Arc<Notify> {
        &self.wake
    }

    /// The zones in force, in the order of the settings.
    pub fn in_force(&self, zones: &[Settings], lists: &Roster) -> Vec<Zone> {
        let kept = self.kept();
        let zone = |zone: &Settings| {
            let known = kept.get(&zone.name)?;
            Some(Zone {
                settings: zone.clone(),
                list: lists.id_of(&zone.name.to_string()),
                table: known.table.clone()?,
                hits: known.hits.clone(),
            })
        };
        zones.iter().filter_map(zone).collect()
    }

    /// Whose announcements count.
    pub fn announced(&self, zones: &[Settings]) -> Vec<Listener> {
        let kept = self.kept();
        let listener = |zone: &Settings| {
            let Source::Primaries { addresses, key } = &zone.source else { return None };
            Some(Listener {
                zone: zone.name.clone(),
                primaries: addresses.iter().map(|address| address.ip().to_canonical()).collect(),
                key: key.clone(),
                bell: kept.get(&zone.name)?.bell.clone(),
            })
        };
        zones.iter().filter_map(listener).collect()
    }

    /// How each zone stands, in the order of the settings, where `in_force` are those that queries meet.
    pub fn states(&self, zones: &[Settings], in_force: &zones::Zones) -> Vec<ZoneState> {
        let (kept, now) = (self.kept(), (self.clock)());
        let state = |zone: &Settings| {
            let in_force = in_force.all().iter().find(|other| other.settings.name == zone.name);
            Some(kept.get(&zone.name)?.state(zone, in_force.map(|zone| &zone.table), now))
        };
        zones.iter().filter_map(state).collect()
    }

    /// The zones that have primaries, with how long until each is to be looked at.
    pub fn due(&self, zones: &[Settings], now: u64) -> Vec<Due<OwnedName>> {
        let kept = self.kept();
        let transferred = zones.iter().filter(|zone| matches!(zone.source, Source::Primaries { .. }));
        let due =
            |zone: &Settings| Some(Due { item: zone.name.clone(), wait: kept.get(&zone.name)?.wait(now) });
        transferred.filter_map(due).collect()
    }

    /// Looks whether a zone's primaries have a newer version.
    pub fn look(&self, zone: &Settings, key: HashKey) -> Outcome {
        let Source::Primaries { addresses, key: signing } = &zone.source else { return Outcome::Unchanged };
        let have = match self.kept().get(&zone.name) {
            Some(known) => {
                // Before the question: what is announced from now on may be newer than the answer.
                known.bell.reset();
                known.serial_on_disk()
            }
            None => return Outcome::Unchanged,
        };
        match self.ask(&zone.name, addresses, signing.as_ref(), have) {
            Ok(Brought::Current) => {
                self.note_current(&zone.name);
                Outcome::Unchanged
            }
            Ok(Brought::New(content, how)) => {
                self.take(&zone.name, &content, Account::default(), CameBy::Transfer(how), key);
                Outcome::Changed
            }
            Err(failures) => {
                let each: Vec<Message> = failures
                    .iter()
                    .map(|(address, error)| msg!("trouble-of", of = *address, what = error.message()))
                    .collect();
                self.note_failure(&zone.name, msg!("zone-not-fetched", why = each));
                Outcome::Refused
            }
        }
    }

    fn ask(
        &self,
        apex: &OwnedName,
        primaries: &[SocketAddr],
        key: Option<&Arc<Key>>,
        have: Option<u32>,
    ) -> Result<Brought, Vec<(SocketAddr, primary::Error)>> {
        let asker = primary::Asker { apex, key, clock: self.clock };
        asker.refresh(primaries, have, || self.store.load(apex).map(|(content, _)| content))
    }

    fn read_file(&self, name: &OwnedName, path: &Path, means: Means<'_>) {
        let was = self.kept().get(name).filter(|kept| kept.table.is_some()).map(|kept| kept.records);
        match file::read(path, name.as_name(), was, means.octets_max, means.gate) {
            Ok((content, account)) => {
                if account.refused() > 0 {
                    let first: Vec<String> =
                        account.told.iter().take(3).map(|(line, why)| format!("{line}: {why}")).collect();
                    warn!(
                        zone = %name,
                        lines.refused = account.refused(),
                        "zone `{name}`: {} lines bring no rule ({})",
                        account.refused(),
                        first.join("; ")
                    );
                }
                self.take(name, &content, account, CameBy::File, means.key);
            }
            Err(refused) => self.note_failure(name, refused.message()),
        }
    }

    /// Takes a new version and keeps it. It is in force with the next world, which whoever called builds.
    fn take(&self, name: &OwnedName, content: &Content, account: Account, came_by: CameBy, key: HashKey) {
        let table = Table::build(content, key);
        let now = (self.clock)();
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
        let now = (self.clock)();
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
                kept.failure = Some(Failure { at: (self.clock)(), why });
            }
        }
    }

    /// Notes that a zone was not renewed, and why.
    pub fn note_failure(&self, name: &OwnedName, why: Message) {
        let now = (self.clock)();
        warn!(zone = %name, "zone `{name}` not renewed, the last good copy stays: {why}");
        if let Some(kept) = self.kept().get_mut(name) {
            kept.timers.note_failure(now);
            kept.failure = Some(Failure { at: now, why });
        }
    }

    fn kept(&self) -> MutexGuard<'_, BTreeMap<OwnedName, Kept>> {
        self.kept.guard()
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::io::{Read, Write};
    use std::net::TcpListener;
    use std::thread;

    use super::*;
    use crate::i18n::Lang;
    use crate::rpz::zones::Policy;

    const KEY: HashKey = HashKey([7; 16]);
    const START: u64 = 1_800_000_000;

    thread_local! {
        static NOW: Cell<u64> = const { Cell::new(START) };
    }

    fn name(text: &str) -> OwnedName {
        OwnedName::parse(text).unwrap()
    }

    fn zone(apex: &str, source: Source) -> Settings {
        Settings {
            name: name(apex),
            source,
            policy: Policy::Given,
            tiers: vec![],
            groups: vec![],
            break_dnssec: false,
            passthru_opens: false,
        }
    }

    /// A zone whose primary is at that address.
    fn transferred(apex: &str, primary: SocketAddr) -> Settings {
        zone(apex, Source::Primaries { addresses: vec![primary], key: None })
    }

    /// An address at which nothing listens.
    fn nobody() -> SocketAddr {
        TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
    }

    fn zones(folder: &Path) -> Zones {
        Zones::new(folder.join("rpz"), Arc::new(AtomicBool::new(true)), || NOW.get())
    }

    /// Seconds until each zone is due.
    fn due(zones: &Zones, settings: &[Settings]) -> Vec<(String, u64)> {
        let due = zones.due(settings, NOW.get()).into_iter();
        due.map(|due| (due.item.to_string(), due.wait.as_secs())).collect()
    }

    fn means(gate: &gate::Settings) -> Means<'_> {
        Means { octets_max: 100_000, gate, key: KEY }
    }

    /// Takes a zone of one rule, as if a primary had sent it.
    fn take(zones: &Zones, apex: &str, refresh: u32) {
        let text = format!("@ SOA a b 1 {refresh} 60 86400 60\n@ NS ns\nx.example CNAME .\n");
        let (content, _) = crate::rpz::text::read(text.as_bytes(), name(apex).as_name());
        let by = CameBy::Transfer(primary::How::Axfr);
        zones.take(&name(apex), &content, Account::default(), by, KEY);
    }

    #[test]
    fn a_zone_is_asked_for_at_the_first_start_and_then_when_its_soa_says_so() {
        let folder = tempfile::tempdir().unwrap();
        let (zones, settings) = (zones(folder.path()), [transferred("rpz.test", nobody())]);
        zones.load(&settings, KEY);
        assert_eq!(due(&zones, &settings), [("rpz.test".into(), 0)]);
        take(&zones, "rpz.test", 3600);
        assert_eq!(due(&zones, &settings), [("rpz.test".into(), 3600)]);
        NOW.set(START + 3000);
        assert_eq!(due(&zones, &settings), [("rpz.test".into(), 600)]);
        NOW.set(START - 100);
        assert_eq!(due(&zones, &settings), [("rpz.test".into(), 0)], "the clock was wrong, or is");
    }

    #[test]
    fn at_a_restart_the_kept_copy_is_in_force_and_its_primary_is_asked_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let settings = [transferred("rpz.test", nobody())];
        let before = zones(folder.path());
        before.load(&settings, KEY);
        take(&before, "rpz.test", 3600);
        let after = zones(folder.path());
        after.load(&settings, KEY);
        assert_eq!(after.in_force(&settings, &Roster::default()).len(), 1);
        assert_eq!(after.kept()[&name("rpz.test")].timers.refreshed, Some(START));
        assert_eq!(due(&after, &settings), [("rpz.test".into(), 0)]);
    }

    #[test]
    fn a_primary_that_a_reload_brings_is_asked_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let zones = zones(folder.path());
        let old = transferred("old.test", nobody());
        zones.load(std::slice::from_ref(&old), KEY);
        take(&zones, "old.test", 3600);
        let settings = [old, transferred("new.test", nobody())];
        zones.take_over(&settings, means(&gate::Settings::default()));
        assert_eq!(due(&zones, &settings), [("old.test".into(), 3600), ("new.test".into(), 0)]);
        zones.forget_others(&settings[1..]);
        assert_eq!(due(&zones, &settings), [("new.test".into(), 0)]);
    }

    #[test]
    fn a_primary_that_does_not_answer_is_asked_again_soon_and_ever_less_often() {
        let folder = tempfile::tempdir().unwrap();
        let (zones, settings) = (zones(folder.path()), [transferred("rpz.test", nobody())]);
        zones.load(&settings, KEY);
        take(&zones, "rpz.test", 3600);
        for wait in [60, 120, 240] {
            assert_eq!(zones.look(&settings[0], KEY), Outcome::Refused);
            assert_eq!(due(&zones, &settings), [("rpz.test".into(), wait)]);
        }
        let state = &zones.states(&settings, &zones::Zones::default())[0];
        assert_eq!(state.failures, 3);
        let why = state.failure.as_ref().unwrap().why.text(Lang::Vi);
        assert!(why.starts_with("không lấy được vùng (127.0.0.1:"), "{why}");
        assert!(why.ends_with(": không kết nối được: kết nối bị từ chối)"), "{why}");
    }

    #[test]
    fn a_refusal_is_told_in_both_languages_and_an_announcement_brings_the_next_look_forward() {
        let folder = tempfile::tempdir().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let settings = [transferred("rpz.test", listener.local_addr().unwrap())];
        let server = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut length = [0; 2];
            stream.read_exact(&mut length).unwrap();
            let mut message = vec![0; u16::from_be_bytes(length).into()];
            stream.read_exact(&mut message).unwrap();
            // QR and REFUSED.
            (message[2], message[3]) = (message[2] | 0x80, 5);
            stream.write_all(&[&length[..], &message].concat()).unwrap();
        });
        let zones = zones(folder.path());
        zones.load(&settings, KEY);
        take(&zones, "rpz.test", 3600);
        assert_eq!(zones.look(&settings[0], KEY), Outcome::Refused);
        server.join().unwrap();
        let state = &zones.states(&settings, &zones::Zones::default())[0];
        let why = &state.failure.as_ref().unwrap().why;
        assert!(why.text(Lang::Vi).contains("máy chủ trả lời REFUSED"), "{}", why.text(Lang::Vi));
        assert!(why.text(Lang::En).contains("the server says REFUSED"), "{why}");
        zones.announced(&settings)[0].bell.ring();
        assert_eq!(due(&zones, &settings), [("rpz.test".into(), 1)]);
    }

    #[test]
    fn a_zone_in_a_file_is_never_due_and_its_accidents_are_noted() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("own.zone");
        std::fs::write(&path, "x.example CNAME .\n").unwrap();
        let (zones, settings) = (zones(folder.path()), [zone("own.test", Source::File(path.clone()))]);
        let gate = gate::Settings::default();
        zones.take_over(&settings, means(&gate));
        assert_eq!(due(&zones, &settings), []);
        let in_force = zones.in_force(&settings, &Roster::default());
        assert_eq!(in_force[0].table.counts().rules(), 1);
        std::fs::write(&path, "").unwrap();
        zones.take_over(&settings, means(&gate));
        let kept = &zones.kept()[&name("own.test")];
        assert_eq!(kept.failure.as_ref().unwrap().why.id(), "zone-empty");
        assert_eq!(kept.table.as_ref().unwrap().counts().rules(), 1, "the last good copy stays");
    }
}
