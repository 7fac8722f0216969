//! Gathers how the last minutes and the clock are, and what is worth a look there.

use super::answering::{self, Fault};
use super::{App, timekeeper};
use crate::config::Settings;
use crate::control::status::{ClockStatus, FailedStatus, RecentStatus};
use crate::i18n::{Message, msg};
use crate::lists::starter;
use crate::query::outcomes::Recent;
use crate::resolve::cause::Cause;
use crate::sys::clock::unix_now;

/// Refused queries of the school's own networks that are worth a word.
const REFUSED_MANY: u64 = 20;
/// Answers with addresses taken out that are worth a word.
const REBOUND_MANY: u64 = 5;
/// Queries of clients of no group that are worth a word.
const UNKNOWN_MANY: u64 = 20;
/// Domains with one address for all of them that are no chance.
const ONE_ADDRESS_MANY: u64 = 20;

/// The last minutes in numbers.
pub fn recent_status(recent: &Recent) -> RecentStatus {
    let counts = &recent.counts;
    let failed = recent.failed.iter();
    RecentStatus {
        span_s: recent.span.as_secs(),
        queries: counts.queries,
        cached: counts.cached.saturating_sub(counts.failed_again),
        blocked: counts.blocked,
        local: counts.local,
        fetched: recent.answered,
        rebound: recent.rebound,
        stale: recent.stale,
        refused_clients: counts.refused,
        limited: counts.limited,
        shed: counts.shed,
        failed_again: counts.failed_again,
        failed: failed.map(|(cause, count)| FailedStatus { cause: *cause, count: *count }).collect(),
        domains: recent.domains,
        domains_failed: recent.domains_failed,
    }
}

/// The clock now.
pub fn clock_status(app: &App) -> ClockStatus {
    let now = unix_now();
    ClockStatus {
        shows: timekeeper::date(now, &app.settings().journal.time_zone),
        plausible: app.timekeeper.watch().is_plausible(now),
        jumps: app.timekeeper.jumps(),
    }
}

/// What is worth a person's look: troubles, which make the exit code 1, and notes, which do not.
#[derive(Debug, Default)]
pub struct Found {
    pub troubles: Vec<Message>,
    pub notes: Vec<Message>,
}

/// Looks at the clock, the forwarders and the last minutes. Asks outside where that is not known; called off
/// the way of queries.
pub fn look(app: &App, recent: &Recent, settings: &Settings) -> Found {
    let mut found = Found::default();
    let now = unix_now();
    if let Some(told) = timekeeper::told(app, app.timekeeper.watch().judge(now), now) {
        found.troubles.push(told);
    }
    let lacks_signatures = recent.failed.iter().any(|(cause, _)| *cause == Cause::SignaturesMissing);
    let asked = tokio::runtime::Handle::try_current().map(|runtime| {
        runtime.block_on(async {
            (answering::unsigned(app, lacks_signatures).await, answering::fault(app).await)
        })
    });
    let (unsigned, fault) = asked.unwrap_or_default();
    for name in &unsigned {
        found.troubles.push(answering::no_signatures(name));
    }
    // What was said of the clock or of a forwarder is not said twice.
    if let Some(fault) = fault.filter(|fault| !is_explained(*fault, &found, &unsigned)) {
        found.troubles.push(fault.message());
    }
    look_at_clients(recent, settings, &mut found);
    look_at_answers(recent, &mut found);
    if settings.lists.starter && settings.lists.specs.is_empty() {
        found.notes.push(msg!("only-starter-lists", version = starter::VERSION));
    }
    found
}

fn is_explained(fault: Fault, found: &Found, unsigned: &[String]) -> bool {
    match fault {
        Fault::Failing(Cause::SignaturesMissing) => !unsigned.is_empty(),
        Fault::Failing(Cause::SignatureExpired | Cause::SignatureNotYetValid) => {
            found.troubles.len() > unsigned.len()
        }
        _ => false,
    }
}

fn look_at_clients(recent: &Recent, settings: &Settings, found: &mut Found) {
    let counts = &recent.counts;
    if counts.refused_inside >= REFUSED_MANY {
        let told = msg!("refused-inside", queries = counts.refused_inside);
        match counts.refused * 10 >= counts.queries * 9 {
            true => found.troubles.push(told),
            false => found.notes.push(told),
        }
    }
    if counts.unknown_clients >= UNKNOWN_MANY && !settings.policy.groups.is_empty() {
        found.notes.push(msg!("unknown-clients", queries = counts.unknown_clients));
    }
}

fn look_at_answers(recent: &Recent, found: &mut Found) {
    if recent.rebound >= REBOUND_MANY {
        let told = msg!("rebound-many", answers = recent.rebound);
        match recent.rebound > recent.answered {
            true => found.troubles.push(told),
            false => found.notes.push(told),
        }
    }
    if recent.domains_with_address >= ONE_ADDRESS_MANY && recent.one_address_for_all {
        found.notes.push(msg!("one-address-for-all", domains = recent.domains_with_address));
    }
    if recent.counts.shed > 0 {
        found.notes.push(msg!("shed-now", queries = recent.counts.shed));
    }
}
