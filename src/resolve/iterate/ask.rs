//! One question to one zone: its servers are asked, the best first, until one gives a useful answer.
//!
//! A server that takes longer than it usually does gets company: the next is asked as well, and whichever
//! answers first counts. Addresses of servers that came without glue are looked for one by one, when those at
//! hand are used up. When all have been asked in vain, those that were silent are asked again, without EDNS,
//! which some firewalls drop, and at last over TCP.

use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{Either, select};
use futures_util::stream::{FuturesUnordered, StreamExt};

use super::Seeker;
use super::budget::{Job, Path};
use super::cuts::Cut;
use super::outside::Outside;
use super::reply::{self, Fault, Heard};
use super::servers::Server;
use super::talk::{Manner, NoAnswer, Wanted};
use crate::dns::name::{Name, OwnedName};
use crate::dns::rdata::rtype;
use crate::resolve::reason::{self, Reason};

/// Tries of one zone's servers for one question.
const TRIES_MAX: usize = 24;
/// Servers that are silent are asked so often in all.
const ROUNDS_MAX: u8 = 4;
/// How much longer than its usual time a server's answer is still waited for, while others are asked.
const PATIENCE_FACTOR: u32 = 3;

/// A useful answer, and whose it is.
pub struct Told {
    pub heard: Heard,
    pub from: IpAddr,
}

/// Why a zone gave none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Nobody {
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

impl Nobody {
    /// Why there is no answer, for the client.
    pub fn reason(self) -> Reason {
        match self {
            Self::NoAddress => reason::NO_SERVER,
            Self::Silent => reason::TOO_SLOW,
            Self::Spent => reason::TOO_MUCH_WORK,
            Self::Useless => reason::NOWHERE,
            Self::Refuse | Self::Fail => reason::NO_ANSWER,
        }
    }
}

/// How a server is asked that was silent: some networks lose fragments, some EDNS, some all of UDP.
fn manner_of(round: u8) -> Manner {
    match round {
        0..=2 => Manner::Usual,
        3 => Manner::Plain,
        _ => Manner::ByTcp,
    }
}

/// A server that may be asked.
struct Candidate {
    address: IpAddr,
    server: Arc<Server>,
    rounds: u8,
    /// Its answer may still come.
    is_asked: bool,
    /// Answered, but not usefully: not asked again.
    done: bool,
}

/// Whom a question may go to.
struct Field<'c> {
    candidates: Vec<Candidate>,
    /// Glue that differs from what a server's own zone says: the last resort.
    resort: Vec<IpAddr>,
    /// Servers without a known address.
    unknown: Vec<&'c OwnedName>,
}

/// The shortest time after which the same server is asked again: it may be slow for once.
const AGAIN_MIN: Duration = Duration::from_millis(500);

/// The longest.
const AGAIN_MAX: Duration = Duration::from_millis(1500);

impl Candidate {
    /// Whether it may be asked once more. One that has answered datagrams before is dead when it is silent;
    /// another may be out of their reach.
    fn has_rounds(&self) -> bool {
        self.rounds < if self.server.rtt().is_none() { ROUNDS_MAX } else { ROUNDS_MAX - 1 }
    }
}

type Try<'t> = Pin<Box<dyn Future<Output = (usize, Result<Vec<u8>, NoAnswer>)> + Send + 't>>;

impl<O: Outside> Seeker<O> {
    /// Asks the servers of `cut` for `kind` at `name`.
    pub(super) async fn ask_zone(
        &self,
        cut: &Cut,
        name: Name<'_>,
        kind: u16,
        job: &Job,
        path: &Path<'_>,
    ) -> Result<Told, Nobody> {
        let zone = cut.zone.as_name();
        let Field { mut candidates, mut resort, mut unknown } = self.field(cut);
        let mut trying: FuturesUnordered<Try<'_>> = FuturesUnordered::new();
        let mut worst = Nobody::NoAddress;
        let mut fallback: Option<Told> = None;
        let mut tries = 0;
        loop {
            let next = if tries < TRIES_MAX { self.choose(&candidates, zone, job) } else { None };
            let mut company = None;
            if let Some(at) = next {
                tries += 1;
                let candidate = &mut candidates[at];
                candidate.rounds += 1;
                candidate.is_asked = true;
                let (address, server) = (candidate.address, candidate.server.clone());
                let usual = server.patience();
                let wanted = Wanted { name, kind, manner: manner_of(candidate.rounds) };
                company = Some(usual);
                trying.push(Box::pin(async move {
                    let patience = usual.saturating_mul(PATIENCE_FACTOR).clamp(AGAIN_MIN, AGAIN_MAX);
                    (at, self.talk(address, &server, wanted, patience, job).await)
                }));
            } else if trying.is_empty() {
                // Nobody left of those with known addresses.
                if let Some(server) = unknown.pop() {
                    let found = self.hunt(server.as_name(), job, path).await;
                    found.iter().for_each(|address| self.add(&mut candidates, *address));
                    continue;
                }
                if !resort.is_empty() {
                    resort.drain(..).for_each(|address| self.add(&mut candidates, address));
                    continue;
                }
                return fallback.ok_or(worst);
            }
            let slow = async {
                match company {
                    Some(usual) => self.outside.pause(usual).await,
                    None => std::future::pending().await,
                }
            };
            let slow = std::pin::pin!(slow);
            let (at, found) = match select(trying.next(), slow).await {
                Either::Left((Some(found), _)) => found,
                // Nobody is being asked; or it is time for the next.
                Either::Left((None, _)) | Either::Right(_) => continue,
            };
            candidates[at].is_asked = false;
            let answer = match found {
                Ok(answer) => answer,
                Err(NoAnswer::Spent) => return fallback.ok_or(Nobody::Spent),
                Err(NoAnswer::Silent) => {
                    worst = worst.max(Nobody::Silent);
                    continue;
                }
                Err(NoAnswer::Unreachable) => {
                    candidates[at].done = true;
                    worst = worst.max(Nobody::Silent);
                    continue;
                }
            };
            let from = candidates[at].address;
            candidates[at].done = true;
            match reply::read(zone, name, kind, &answer) {
                Ok(heard) => return Ok(Told { heard, from }),
                Err(fault) => {
                    worst = worst.max(self.note_fault(fault, &mut candidates[at], zone));
                    if fault == Fault::Recursive
                        && fallback.is_none()
                        && let Ok(heard) =
                            reply::read_from_resolver(zone, name, kind, reply::rcode(&answer), &answer)
                    {
                        fallback = Some(Told { heard, from });
                    }
                }
            }
        }
    }

    /// Those whom a question to the zone of `cut` may go to.
    fn field<'c>(&self, cut: &'c Cut) -> Field<'c> {
        let mut field = Field { candidates: Vec::new(), resort: Vec::new(), unknown: Vec::new() };
        for (server, glue) in cut.all_servers() {
            let known = self.known_addresses(server.as_name());
            match (known.is_empty(), glue.is_empty()) {
                (true, true) => field.unknown.push(server),
                (true, false) => glue.iter().for_each(|address| self.add(&mut field.candidates, *address)),
                (false, _) => {
                    known.iter().for_each(|address| self.add(&mut field.candidates, *address));
                    field.resort.extend(glue);
                }
            }
        }
        self.shuffle(&mut field.unknown);
        field
    }

    /// Remembers that what a server of `zone` said is of no use, and says how bad that is.
    fn note_fault(&self, fault: Fault, candidate: &mut Candidate, zone: Name<'_>) -> Nobody {
        // Who failed may do better the next time, once the others have been asked.
        candidate.done = fault != Fault::Failed || candidate.rounds > 1;
        candidate.server.failed();
        if matches!(fault, Fault::Lame | Fault::Refused | Fault::Recursive) {
            let seconds = self.outside.elapsed().as_secs();
            self.servers.set_lame(candidate.address, zone.wire(), seconds);
        }
        match fault {
            Fault::Refused => Nobody::Refuse,
            Fault::Failed => Nobody::Fail,
            _ => Nobody::Useless,
        }
    }

    /// Who is asked next: of those that may be, the one with the best score.
    fn choose(&self, candidates: &[Candidate], zone: Name<'_>, job: &Job) -> Option<usize> {
        let seconds = self.outside.elapsed().as_secs();
        let rank = |candidate: &Candidate| {
            let distrusted = job.distrusts(candidate.address, zone);
            let lame = self.servers.is_lame(candidate.address, zone.wire(), seconds);
            let (rests, score) = candidate.server.score(seconds, self.outside.chance() as u32 >> 1);
            (candidate.rounds, distrusted, lame, rests, score)
        };
        let open = candidates
            .iter()
            .enumerate()
            .filter(|(_, candidate)| !candidate.done && !candidate.is_asked && candidate.has_rounds());
        open.min_by_key(|(_, candidate)| rank(candidate)).map(|(at, _)| at)
    }

    fn add(&self, candidates: &mut Vec<Candidate>, address: IpAddr) {
        if candidates.iter().all(|other| other.address != address) && self.may_ask(address) {
            candidates.push(Candidate {
                address,
                server: self.servers.of(address),
                rounds: 0,
                is_asked: false,
                done: false,
            });
        }
    }

    /// Addresses of a name server that its own zone told us.
    pub(super) fn known_addresses(&self, server: Name<'_>) -> Vec<IpAddr> {
        let now = self.outside.now();
        let kinds = [rtype::A, rtype::AAAA];
        let sets = kinds.iter().filter_map(|kind| self.store.find(server, *kind, now));
        sets.filter_map(|kept| Some(reply::addresses(kept.set()?).collect::<Vec<_>>())).flatten().collect()
    }

    /// Looks for a name server's addresses, by resolving its name: IPv4 first, IPv6 where there is none.
    async fn hunt(&self, server: Name<'_>, job: &Job, path: &Path<'_>) -> Vec<IpAddr> {
        for kind in [rtype::A, rtype::AAAA] {
            let Some(path) = path.then(server, kind) else { continue };
            if !job.spend_hunt() {
                break;
            }
            let found = self.addresses_of(server, kind, job, &path).await;
            let usable = found.iter().any(|address| self.may_ask(*address));
            if usable {
                return found;
            }
        }
        Vec::new()
    }

    fn shuffle<T>(&self, items: &mut [T]) {
        for at in (1..items.len()).rev() {
            items.swap(at, (self.outside.chance() % (at as u64 + 1)) as usize);
        }
    }
}
