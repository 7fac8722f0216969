//! One question to one zone: its servers are asked, the best first, until one gives a useful answer.
//!
//! Where a server takes longer than it usually does the next is asked as well, and whichever answers first counts
//! (hedged request). The order is that of [`candidates`](super::candidates); further addresses are looked up while
//! queries are under way. Silent servers are asked again at growing intervals, then over TCP, and at last without
//! EDNS, which some firewalls drop; the answers to earlier queries are still waited for.

use std::net::IpAddr;
use std::pin::Pin;
use std::time::Duration;

use futures_util::future::{Either, select};
use futures_util::stream::{FuturesUnordered, StreamExt};

use super::Recursor;
use super::budget::{Job, Path};
use super::candidates::{Candidate, Next, Source};
use super::cuts::Cut;
use super::exchange::{Manner, NoAnswer, Wanted};
use super::io::Io;
use super::reply::{self, Fault, Response};
use super::servers::Server;
use crate::dns::name::Name;
use crate::dns::rrtype::RrType;
use crate::resolve::reason::Reason;

/// A server's answer is waited for so many times its usual round trip, while others are asked …
const WINDOW_FACTOR: u32 = 4;
/// … within these bounds.
const WINDOW_MIN: Duration = Duration::from_millis(500);
const WINDOW_MAX: Duration = Duration::from_millis(2400);
/// So long a zone's servers have in all for one question, unless addresses are being looked up …
pub(super) const ZONE_TIME_MAX: Duration = Duration::from_millis(3500);
/// … and so long for less than the whole name, which is asked for next: some servers drop what they do not know.
pub(super) const STEP_TIME_MAX: Duration = Duration::from_millis(2000);
/// A client's question should be over within this, a little less than the client waits, so that a failure is
/// remembered before it asks again.
const CLIENT_TIME: Duration = Duration::from_millis(3800);
/// Each zone on the way has this time at least: who asks again begins where it ended.
const ZONE_TIME_MIN: Duration = Duration::from_millis(1500);
/// So long after the begin of an address look-up the next thing is tried: most take two round trips.
const LOOKUP_USUAL: Duration = Duration::from_millis(376);

/// A useful answer, and whose it is.
pub struct ZoneResponse {
    pub response: Response,
    pub from: IpAddr,
}

/// Why a zone gave none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum NoResponse {
    /// No server has an address that may be asked.
    NoAddress,
    /// None answers.
    Silent,
    /// They answer with nothing of use.
    Useless,
    /// They refuse.
    Refuse,
    /// They say that they failed.
    Fail,
    /// The question has cost too much.
    Spent,
}

impl NoResponse {
    /// Why there is no answer, for the client.
    pub fn reason(self) -> Reason {
        match self {
            Self::NoAddress => Reason::NoServerAddress,
            Self::Silent => Reason::ServersTimedOut,
            Self::Spent => Reason::TooMuchWork,
            Self::Useless => Reason::LameDelegation,
            Self::Refuse | Self::Fail => Reason::ServersFail,
        }
    }
}

/// How a server is asked that was silent: some networks lose all of UDP, some fragments. That EDNS is dropped is tried
/// only where no datagram was ever answered: without it there are no signatures.
fn manner_of(round: u8, server: &Server, now: Duration) -> Manner {
    match round {
        1 if server.is_tcp_only(now.as_secs()) => Manner::ByTcp,
        3 => Manner::ByTcp,
        4.. if server.rtt().is_none() => Manner::Plain,
        _ => Manner::Usual,
    }
}

/// What came of something that was under way.
enum Event {
    /// A candidate's answer, or why there is none.
    Answer(usize, Result<Vec<u8>, NoAnswer>),
    /// Addresses of further servers.
    Found(Vec<IpAddr>),
}

type Flight<'t> = Pin<Box<dyn Future<Output = Event> + Send + 't>>;

impl<O: Io> Recursor<O> {
    /// Asks the servers of `cut` for `kind` at `name`, and gives up after `within`.
    pub(super) async fn ask_zone(
        &self,
        cut: &Cut,
        name: Name<'_>,
        kind: RrType,
        within: Duration,
        job: &Job,
        path: &Path<'_>,
    ) -> Result<ZoneResponse, NoResponse> {
        let zone = cut.zone.as_name();
        let mut candidates = self.candidates(cut);
        let mut running: FuturesUnordered<Flight<'_>> = FuturesUnordered::new();
        let mut worst = NoResponse::NoAddress;
        let mut fallback: Option<ZoneResponse> = None;
        let begun = self.io.elapsed();
        let of_client = CLIENT_TIME.saturating_sub(begun.saturating_sub(job.begun));
        // Whoever asks last on a long way would otherwise have no time at all, however often it asks again.
        let within = within.min(of_client.max(ZONE_TIME_MIN));
        let mut lookups = 0_usize;
        loop {
            // How long until the next thing is tried, should nothing come.
            let wait = match self.next(&mut candidates, cut, job) {
                Next::Ask(at) => {
                    let candidate = &mut candidates.list[at];
                    let (address, server) = (candidate.address, candidate.server.clone());
                    let usual = server.time_limit();
                    let now = self.io.elapsed();
                    candidate.begin_round(usual, now);
                    let manner = manner_of(candidate.rounds, &server, now);
                    let wanted = Wanted { name, kind, manner };
                    running.push(Box::pin(async move {
                        let window = usual.saturating_mul(WINDOW_FACTOR).clamp(WINDOW_MIN, WINDOW_MAX);
                        Event::Answer(at, self.exchange(address, &server, wanted, window, job).await)
                    }));
                    Some(usual)
                }
                Next::Find(Source::Known(addresses)) => {
                    addresses.into_iter().for_each(|address| self.add(&mut candidates, address));
                    continue;
                }
                // Beside the queries under way: a zone whose one good server has no glue does not wait for the others.
                Next::Find(source) => {
                    lookups += 1;
                    running.push(Box::pin(async move {
                        Event::Found(self.find_addresses(zone, source, job, path).await)
                    }));
                    Some(LOOKUP_USUAL)
                }
                Next::Wait(None) if running.is_empty() => return fallback.ok_or(worst),
                Next::Wait(wait) => wait,
            };
            let left = within.saturating_sub(self.io.elapsed().saturating_sub(begun));
            // An address look-up has limits of its own, and what it finds may be the only server that answers.
            let wait = match (lookups, wait) {
                (0, _) if left.is_zero() => return fallback.ok_or(worst.max(NoResponse::Silent)),
                (0, wait) => Some(wait.unwrap_or(left).min(left)),
                (_, wait) => wait,
            };
            let late = std::pin::pin!(async {
                match wait {
                    Some(wait) => self.io.pause(wait).await,
                    None => std::future::pending().await,
                }
            });
            let ended = async {
                match running.next().await {
                    Some(event) => event,
                    // Nothing is under way until a server may be asked again.
                    None => std::future::pending().await,
                }
            };
            let (at, found) = match select(std::pin::pin!(ended), late).await {
                Either::Left((Event::Answer(at, found), _)) => (at, found),
                Either::Left((Event::Found(addresses), _)) => {
                    lookups -= 1;
                    addresses.into_iter().for_each(|address| self.add(&mut candidates, address));
                    continue;
                }
                Either::Right(_) => continue,
            };
            match self.judge(cut, (name, kind), &mut candidates.list[at], found) {
                Ok(told) => return Ok(told),
                // To go on with other servers would only spend more.
                Err((NoResponse::Spent, _)) => return fallback.ok_or(NoResponse::Spent),
                Err((nobody, told)) => {
                    worst = worst.max(nobody);
                    fallback = fallback.or(told.map(|told| *told));
                }
            }
        }
    }

    /// What a candidate's answer is worth. The error says why it is of no use, and has what may do all the same
    /// where nobody gives better.
    fn judge(
        &self,
        cut: &Cut,
        (name, kind): (Name<'_>, RrType),
        candidate: &mut Candidate,
        found: Result<Vec<u8>, NoAnswer>,
    ) -> Result<ZoneResponse, (NoResponse, Option<Box<ZoneResponse>>)> {
        let (zone, from) = (cut.zone.as_name(), candidate.address);
        candidate.is_done |= matches!(found, Err(NoAnswer::Unreachable | NoAnswer::Unusable));
        let answer = found.map_err(|why| {
            let nobody = match why {
                NoAnswer::Spent => NoResponse::Spent,
                NoAnswer::Silent | NoAnswer::Unreachable => NoResponse::Silent,
                NoAnswer::Unusable => NoResponse::Useless,
            };
            (nobody, None)
        })?;
        reply::read(zone, name, kind, &answer).map(|response| ZoneResponse { response, from }).map_err(
            |fault| {
                // A resolver that a delegation names by mistake still knows the answer. It is taken where no authority
                // gives one: such zones work with other resolvers too.
                let nobody = self.note_fault(fault, candidate, zone);
                let told = (fault == Fault::Recursive)
                    .then(|| reply::read_from_resolver(zone, name, kind, reply::rcode(&answer), &answer))
                    .and_then(Result::ok)
                    .map(|response| Box::new(ZoneResponse { response, from }));
                (nobody, told)
            },
        )
    }

    /// Addresses from a source; what the zone above adds to its delegation of `zone` is kept with that.
    async fn find_addresses(
        &self,
        zone: Name<'_>,
        source: Source,
        job: &Job,
        path: &Path<'_>,
    ) -> Vec<IpAddr> {
        match source {
            Source::Known(addresses) => addresses,
            Source::Lookup(server) => self.look_up_server(server.as_name(), job, path).await,
            Source::Above(server) => {
                let found = self.look_up_above(server.as_name(), job, path).await;
                self.cuts.learn_glue(zone, server.as_name(), &found, self.io.now());
                found
            }
        }
    }

    /// Remembers that what a server of `zone` said is of no use, and says how bad that is.
    fn note_fault(&self, fault: Fault, candidate: &mut Candidate, zone: Name<'_>) -> NoResponse {
        // SERVFAIL is often over a moment later; what else is wrong with a server stays so.
        candidate.is_done = fault != Fault::Failed || candidate.rounds > 1;
        candidate.may_try_again();
        candidate.server.failed();
        if matches!(fault, Fault::Lame | Fault::Refused | Fault::Recursive) {
            let seconds = self.io.elapsed().as_secs();
            self.servers.set_lame(candidate.address, zone.wire(), seconds);
        }
        match fault {
            Fault::Refused => NoResponse::Refuse,
            Fault::Failed => NoResponse::Fail,
            _ => NoResponse::Useless,
        }
    }
}
