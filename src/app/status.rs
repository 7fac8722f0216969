//! Gathers how everything is, for [`Status`].

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::App;
use super::listen::Listener;
use super::recent;
use super::timekeeper::moment;
use crate::clock::judge::Signatures;
use crate::config::Settings;
use crate::control::status::{
    CacheStatus, CameBy, GroupStatus, IndexStatus, JournalStatus, ListStatus, ListenerStatus, Status,
    UpstreamStatus, ZoneStatus,
};
use crate::filter::Index;
use crate::i18n::{Message, msg};
use crate::journal::health::Health;
use crate::lists::meta::Meta;
use crate::lists::spec::ListSpec;
use crate::resolve::UpstreamState;
use crate::sys::clock::unix_now;
use crate::update::zones::kept::{self, ZoneState};
use crate::update::zones::primary::How;

/// How long a flood of blocked names is told of after it ended.
const CROWDED_SHOWN: SignedDuration = SignedDuration::from_hours(1);
/// Upstream servers shown, the busiest first.
const UPSTREAMS_SHOWN: usize = 20;

/// How the running program is. May ask outside; called off the way of queries.
pub fn of(app: &App) -> Status {
    let world = app.responder.world();
    let counts = app.responder.counts();
    let settings = app.settings();
    let health = app.journal.health();
    let stats = world.index.stats();
    let age = std::fs::metadata(super::lists::index_path(&settings.state))
        .and_then(|meta| meta.modified())
        .ok()
        .and_then(|at| at.elapsed().ok());
    let servers = world.resolver.upstreams();
    let states = app.zones.states(&settings.rpz, &world.zones);
    let set = recommended(app, &settings, &world.index);
    let failed_set = set.as_ref().filter(|(_, fails)| *fails).map(|(told, _)| told.clone());
    let mut troubles = troubles(app, &settings, &health, &servers, failed_set);
    troubles.extend(states.iter().filter_map(zone_trouble));
    let last = app.responder.recent();
    let mut found = recent::look(app, &last, &settings);
    if health.clock_doubted && is_clock_explained(app) {
        found.notes.push(msg!("clock-leapt"));
    }
    found.notes.extend(records_lost(&health, &settings));
    let in_memory = settings.lists.specs.iter().filter(|spec| app.store.in_memory(&spec.id).is_some());
    found.notes.extend(in_memory.map(|spec| msg!("list-in-memory", id = &spec.id)));
    found.notes.extend(set.filter(|(_, fails)| !fails).map(|(told, _)| told));
    troubles.splice(0..0, found.troubles);
    let upstreams = servers.into_iter().take(UPSTREAMS_SHOWN).map(|server| UpstreamStatus {
        server: server.server,
        zone: server.zone.map(|zone| zone.to_string()),
        queries: server.queries,
        failures: server.failures,
        failing: server.failing,
        rtt_ms: server.rtt.map(|rtt| rtt.as_secs_f64() * 1e3),
    });
    Status {
        version: env!("CARGO_PKG_VERSION").into(),
        school: settings.school.name.clone(),
        started: app.started.1.to_string(),
        uptime_s: app.started.0.elapsed().as_secs(),
        troubles,
        notes: found.notes,
        clock: recent::clock_status(app),
        recent: recent::recent_status(&last),
        queries: counts.queries,
        blocked: counts.blocked,
        cached: counts.cached,
        fetched: counts.fetched,
        refused_clients: counts.refused,
        malformed: counts.malformed,
        shed: counts.shed,
        shed_over_share: counts.over_share,
        limited: counts.limited,
        local: counts.local,
        rebound: counts.rebound,
        synthesised: counts.synthesised,
        panics: counts.panics,
        tcp_connections: app.streams.open(),
        index: IndexStatus {
            id: format!("{:016x}", world.index.id()),
            names: stats.names,
            lists: stats.lists,
            octets: stats.bytes_file,
            octets_hot: stats.bytes_hot,
            age_s: age.map(|age| age.as_secs()),
        },
        cache: CacheStatus { answers: app.responder.cache().len(), octets: app.responder.cache().octets() },
        journal: JournalStatus {
            stored: health.stored,
            waiting: health.waiting,
            folded: health.folded,
            failures: health.failures,
            rows: health.rows,
            octets: health.size,
            last_stored: health.last_stored.map(|at| at.to_string()),
            oldest: health.oldest.map(|at| at.to_string()),
        },
        lists: (0u16..)
            .zip(world.index.lists())
            .map(|(number, list)| ListStatus {
                id: list.id.clone(),
                version: list.version.clone(),
                names: world.index.names_of(number),
            })
            .collect(),
        zones: states.iter().map(zone_status).collect(),
        groups: world
            .policy
            .groups()
            .iter()
            .map(|group| GroupStatus {
                name: group.name.clone(),
                tier: group.tier.id().into(),
                mode: group.mode.id().into(),
            })
            .collect(),
        listeners: app.listening.listeners().iter().map(listener_status).collect(),
        upstreams: upstreams.collect(),
    }
}

fn listener_status(listener: &Listener) -> ListenerStatus {
    ListenerStatus {
        address: listener.wanted.to_string(),
        transport: listener.transport.name().to_lowercase(),
        bound: listener.is_bound(),
        at: listener.bound.iter().map(ToString::to_string).collect(),
        error: listener.told(),
    }
}

fn zone_status(state: &ZoneState) -> ZoneStatus {
    ZoneStatus {
        zone: state.name.to_string(),
        serial: state.serial,
        rules: state.rules,
        unusable: state.unusable,
        hits: state.hits,
        came_by: came_by(state.came_by),
        refreshed_s: state.refreshed.map(|at| unix_now().saturating_sub(at)),
        failures: state.failures,
        in_force: state.is_in_force,
        expired: state.is_expired,
    }
}

fn came_by(how: kept::CameBy) -> CameBy {
    match how {
        kept::CameBy::Kept => CameBy::Kept,
        kept::CameBy::File => CameBy::File,
        kept::CameBy::Transfer(How::Axfr) => CameBy::Axfr,
        kept::CameBy::Transfer(How::Ixfr) => CameBy::Ixfr,
    }
}

/// What is wrong with a zone, if anything is.
fn zone_trouble(state: &ZoneState) -> Option<Message> {
    let failure = state.failure.as_ref().map(|failure| failure.why.clone());
    let standing = match (state.is_in_force, state.is_expired) {
        (false, _) => Some(msg!("no-copy-yet")),
        (true, true) => Some(msg!("zone-expired")),
        (true, false) => None,
    };
    trouble_of(&state.name.to_string(), standing, failure)
}

/// What is told of one list or zone: how it is, and what failed last.
fn trouble_of(of: &str, state: Option<Message>, failure: Option<Message>) -> Option<Message> {
    match (state, failure) {
        (None, None) => None,
        (Some(state), None) => Some(msg!("trouble-of", of = of, what = state)),
        (None, Some(failure)) => Some(msg!("trouble-of", of = of, what = failure)),
        (Some(state), Some(failure)) => Some(msg!(
            "trouble-of",
            of = of,
            what = msg!("state-and-failure", state = state, failure = failure)
        )),
    }
}

/// What is wrong with a list, if anything is: above all that it is switched on and not in force.
fn list_trouble(app: &App, index: &Index, spec: &ListSpec) -> Option<Message> {
    let id = &spec.id;
    let meta = app.store.meta(id);
    let failure =
        meta.as_ref().and_then(|meta| super::lists::failing(meta, &app.settings().journal.time_zone));
    let has_copy = meta.as_ref().is_some_and(Meta::has_text);
    let is_in_force = index.lists().iter().any(|list| list.id == *id);
    let state = match (is_in_force, app.damaged_since(id)) {
        (true, None) => None,
        (true, Some(_)) => Some(msg!("list-damaged-in-force")),
        (false, Some(_)) => Some(msg!("list-damaged")),
        (false, None) if has_copy => Some(msg!("list-not-in-force")),
        (false, None) => Some(msg!("no-copy-yet")),
    };
    trouble_of(id, state, failure)
}

/// How long lists of which a copy is in force may fail before a person should look: shorter failures heal by
/// themselves, and filtering goes on.
const FAILING_SHOWN: u64 = 7 * 86_400;

/// How far the recommended set is in force, where not all of it is, and whether a person should look at what failed.
/// One line for all: nobody chose them one by one.
fn recommended(app: &App, settings: &Settings, index: &Index) -> Option<(Message, bool)> {
    let ids = &settings.lists.recommended;
    let is_in_force = |id: &String| index.lists().iter().any(|list| list.id == *id);
    let in_force = ids.iter().filter(|id| is_in_force(id)).count();
    let metas: Vec<Meta> = ids.iter().filter_map(|id| app.store.meta(id)).collect();
    let zone = &settings.journal.time_zone;
    let failures: Vec<Message> = metas.iter().filter_map(|meta| super::lists::failing(meta, zone)).collect();
    let oldest =
        metas.iter().filter(|meta| meta.failure.is_some()).filter_map(|meta| meta.failing_since).min();
    let is_long = oldest.is_some_and(|since| unix_now().saturating_sub(since) >= FAILING_SHOWN);
    match failures.first() {
        Some(first) => {
            let (of, failed) = (ids.len(), failures.len());
            let told =
                msg!("recommended-failed", done = in_force, of = of, failed = failed, why = first.clone());
            Some((told, is_long || in_force < ids.len()))
        }
        None if in_force < ids.len() => {
            Some((msg!("recommended-coming", done = in_force, of = ids.len()), false))
        }
        None => None,
    }
}

/// What a person should look at. `failed_set`: what is told of the recommended set, where something of it failed.
fn troubles(
    app: &App,
    settings: &Settings,
    health: &Health,
    servers: &[UpstreamState],
    failed_set: Option<Message>,
) -> Vec<Message> {
    let zone = &settings.journal.time_zone;
    // A build that failed tells of the same disk.
    let of_index = Some(&app.index_complaint).filter(|_| !app.build_complaint.is_noted());
    let complaints =
        [Some(&app.config_complaint), Some(&app.build_complaint), Some(&app.state_complaint), of_index];
    let mut troubles: Vec<Message> =
        complaints.into_iter().flatten().filter_map(|complaint| complaint.told(zone)).collect();
    troubles.extend(app.listening.troubles());
    troubles.extend(journal_troubles(health, zone));
    if health.clock_doubted && !is_clock_explained(app) {
        troubles.push(msg!("clock-leapt"));
    }
    let world = app.responder.world();
    let is_named = |spec: &&ListSpec| !settings.lists.recommended.contains(&spec.id);
    let named = settings.lists.specs.iter().filter(is_named);
    troubles.extend(named.filter_map(|spec| list_trouble(app, &world.index, spec)));
    troubles.extend(failed_set);
    let panics = app.responder.counts().panics;
    if panics > 0 {
        troubles.push(msg!("panics", count = panics));
    }
    troubles.extend(unanswered(servers));
    troubles
}

/// Whether there is a reason to believe a clock that leapt: signatures confirm it, or it was set while we ran
/// and may be right since. The journal waits all the same, and it is a note then, no trouble.
fn is_clock_explained(app: &App) -> bool {
    let (watch, now) = (app.timekeeper.watch(), unix_now());
    watch.is_plausible(now) && (watch.signatures(now) == Signatures::Confirm || app.timekeeper.jumps() > 0)
}

/// How long a lost store is told of.
const LOST_SHOWN: SignedDuration = SignedDuration::from_hours(30 * 24);

/// That earlier records are missing, where a store was lost before this start.
fn records_lost(health: &Health, settings: &Settings) -> Option<Message> {
    let told_already = health.moved.is_some() || health.put_aside.is_some();
    let is_recent = |at: &Timestamp| Timestamp::now().duration_since(*at) < LOST_SHOWN;
    let at = health.lost.filter(is_recent).filter(|_| !told_already)?;
    Some(msg!("journal-lost", at = moment(at, &settings.journal.time_zone)))
}

/// What happened to the journal that a person should know of.
fn journal_troubles(health: &Health, zone: &TimeZone) -> Vec<Message> {
    let mut troubles = Vec::new();
    if health.has_ended {
        troubles.push(msg!("journal-ended"));
    }
    if let Some(failing) = &health.failing {
        let since = moment(failing.since, zone);
        troubles.push(msg!("journal-failing", since = since, what = failing.what.clone()));
    }
    if let Some(aside) = &health.put_aside {
        troubles.push(msg!("journal-put-aside", path = aside.as_path()));
    }
    if let Some(at) = health.moved {
        troubles.push(msg!("journal-moved", at = moment(at, zone)));
    }
    let crowded = |at: Timestamp| Timestamp::now().duration_since(at) < CROWDED_SHOWN;
    if health.reduced_last.is_some_and(crowded) {
        troubles.push(msg!("journal-crowded", attempts = health.reduced));
    }
    if health.given > 0 {
        troubles.push(msg!("journal-names-given", rows = health.given));
    }
    if health.cut > 0 {
        troubles.push(msg!("journal-cut", rows = health.cut));
    }
    if health.over_cap {
        troubles.push(msg!("journal-over-cap"));
    }
    troubles
}

/// Zones none of whose servers answers now; in recursion, all servers together.
fn unanswered(servers: &[UpstreamState]) -> Vec<Message> {
    let mut zones: BTreeMap<Option<String>, Vec<&UpstreamState>> = BTreeMap::new();
    for server in servers {
        zones.entry(server.zone.as_ref().map(|zone| zone.to_string())).or_default().push(server);
    }
    let silent = zones.into_iter().filter(|(_, servers)| servers.iter().all(|server| server.failing > 0));
    silent
        .map(|(zone, servers)| match zone {
            Some(zone) => {
                let named: Vec<&str> = servers.iter().map(|server| server.server.as_str()).collect();
                msg!("zone-unanswered", zone = zone, servers = named.join(", "))
            }
            None => msg!("nobody-answers"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dns::name::OwnedName;

    fn server(zone: Option<&str>, server: &str, failing: u32) -> UpstreamState {
        UpstreamState {
            server: server.into(),
            zone: zone.map(|zone| zone.parse::<OwnedName>().unwrap()),
            queries: 9,
            failures: 5,
            failing,
            rtt: None,
        }
    }

    #[test]
    fn a_zone_is_told_of_when_none_of_its_servers_answers() {
        let servers = [
            server(Some("."), "192.0.2.1", 3),
            server(Some("."), "192.0.2.2", 0),
            server(Some("truong.example"), "192.0.2.3", 1),
            server(Some("truong.example"), "192.0.2.4", 2),
        ];
        let told = unanswered(&servers);
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].to_string().ends_with("truong.example: 192.0.2.3, 192.0.2.4"), "{told:?}");
    }

    #[test]
    fn in_recursion_one_server_that_answers_is_enough() {
        let mut servers = vec![server(None, "192.0.2.1", 3), server(None, "192.0.2.2", 1)];
        assert_eq!(unanswered(&servers).len(), 1);
        servers.push(server(None, "192.0.2.3", 0));
        assert_eq!(unanswered(&servers), Vec::<Message>::new());
        assert_eq!(unanswered(&[]), Vec::<Message>::new());
    }
}
