//! The servers that a question to a zone may go to, and whose turn it is.
//!
//! 1. Servers of the delegation: by its glue; one without glue by addresses that a question of its own brought.
//! 2. Servers of the delegation without a known address, which is looked up.
//! 3. Servers that were found to be lame for the zone.
//! 4. Where all these have failed, other addresses of the same servers, and servers that the zone itself names
//!    ([`Source`]).
//! 5. Servers whose data did not validate.
//! 6. Servers that are silent, again.
//!
//! Glue comes first because it is the parent's word: a forged answer for a server's address does not divert the
//! zone, and one that is merely wrong costs nothing.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use super::Recursor;
use super::budget::Job;
use super::cuts::Cut;
use super::io::Io;
use super::servers::Server;
use crate::dns::name::OwnedName;

/// Queries to one zone's servers for one question.
const TRIES_MAX: usize = 24;
/// Queries to one server that is silent, for one question.
const ROUNDS_MAX: u8 = 4;
/// Silent servers are asked so often before other addresses are searched for.
const ROUNDS_BEFORE_SEARCH: u8 = 2;
/// After so long the same server is asked again: it may be slow for once, a datagram may be lost, and what is down may
/// come back. The last query goes out after the time at which a client gets an expired answer (RFC 8767 §5).
const AGAIN: [Duration; 3] =
    [Duration::from_millis(500), Duration::from_millis(800), Duration::from_millis(1000)];
/// Look-ups that one question makes once all servers have failed.
const SEARCHES_MAX: usize = 6;

/// A server that may be asked.
pub(super) struct Candidate {
    pub address: IpAddr,
    pub server: Arc<Server>,
    /// Queries sent.
    pub rounds: u8,
    /// Not asked again: it has answered, but not usefully, or cannot be reached.
    pub is_done: bool,
    /// When it may be asked again, by the clock that only goes forward.
    again_at: Duration,
}

/// Where further addresses may come from.
pub(super) enum Source {
    /// They are known.
    Known(Vec<IpAddr>),
    /// A question for this server's addresses.
    Lookup(OwnedName),
    /// The zone above this server's own.
    Above(OwnedName),
}

/// What is to be done next.
pub(super) enum Next {
    /// This candidate is asked.
    Ask(usize),
    /// Further addresses are found.
    Find(Source),
    /// Nothing, unless what is being waited for comes; so long at most.
    Wait(Option<Duration>),
}

/// All that one question may go to.
pub(super) struct Candidates {
    pub list: Vec<Candidate>,
    tries: usize,
    /// Servers of the delegation without a known address.
    unknown: Vec<OwnedName>,
    /// The last resort; `None` until it is needed.
    others: Option<VecDeque<Source>>,
}

impl Candidate {
    fn is_open(&self) -> bool {
        !self.is_done && self.rounds < ROUNDS_MAX
    }

    /// A query goes out, whose answer usually takes no longer than `usual`.
    pub fn begin_round(&mut self, usual: Duration, now: Duration) {
        let [.., longest] = AGAIN;
        let interval = AGAIN.get(usize::from(self.rounds)).copied().unwrap_or(longest);
        self.again_at = now + interval.max(usual.min(longest));
        self.rounds += 1;
    }

    /// It failed, and may do better the next time, once the others have been asked.
    pub fn may_try_again(&mut self) {
        self.again_at = Duration::ZERO;
    }
}

impl<O: Io> Recursor<O> {
    /// Those whom a question to the zone of `cut` may go to first.
    pub(super) fn candidates(&self, cut: &Cut) -> Candidates {
        let (list, unknown) = (Vec::with_capacity(cut.servers.len()), Vec::new());
        let mut candidates = Candidates { list, tries: 0, unknown, others: None };
        for (server, glue) in &cut.servers {
            let known = if glue.is_empty() { self.known_addresses(server.as_name()) } else { Vec::new() };
            if glue.is_empty() && known.is_empty() {
                candidates.unknown.push(server.clone());
            }
            glue.iter().chain(&known).for_each(|address| self.add(&mut candidates, *address));
        }
        self.shuffle(&mut candidates.unknown);
        candidates
    }

    /// Adds an address, unless it is there or may not be asked.
    pub(super) fn add(&self, candidates: &mut Candidates, address: IpAddr) {
        let is_new = candidates.list.iter().all(|other| other.address != address);
        if is_new && self.may_ask(address) {
            let server = self.servers.of(address);
            let again_at = Duration::ZERO;
            candidates.list.push(Candidate { address, server, rounds: 0, is_done: false, again_at });
        }
    }

    /// Whose turn it is. Called where a query or a look-up has ended, or takes longer than usual.
    pub(super) fn next(&self, candidates: &mut Candidates, cut: &Cut, job: &Job) -> Next {
        let zone = cut.zone.as_name();
        let now = self.io.elapsed();
        let may_ask = candidates.tries < TRIES_MAX;
        let distrusted = |candidate: &Candidate| job.distrusts(candidate.address, zone);
        let lame =
            |candidate: &Candidate| self.servers.is_lame(candidate.address, zone.wire(), now.as_secs());
        let fresh = |candidate: &Candidate| may_ask && candidate.is_open() && candidate.rounds == 0;
        let found = self.best(&candidates.list, |candidate| {
            fresh(candidate) && !distrusted(candidate) && !lame(candidate)
        });
        if let Some(at) = found {
            return candidates.ask(at);
        }
        if let Some(server) = candidates.unknown.pop() {
            // Where it lies in the zone itself nobody in there can be asked for it.
            let is_inside = server.as_name().is_at_or_below(zone);
            return Next::Find(if is_inside { Source::Above(server) } else { Source::Lookup(server) });
        }
        if let Some(at) = self.best(&candidates.list, |candidate| fresh(candidate) && !distrusted(candidate))
        {
            return candidates.ask(at);
        }
        let has_failed = |candidate: &Candidate| {
            !candidate.is_open() || candidate.rounds >= ROUNDS_BEFORE_SEARCH || distrusted(candidate)
        };
        if candidates.list.iter().all(has_failed) {
            let others = candidates.others.get_or_insert_with(|| self.other_sources(cut));
            if let Some(source) = others.pop_front() {
                return Next::Find(source);
            }
            if let Some(at) = self.best(&candidates.list, fresh) {
                return candidates.ask(at);
            }
        }
        let again = |candidate: &Candidate| {
            may_ask && candidate.is_open() && candidate.rounds > 0 && candidate.again_at <= now
        };
        if let Some(at) = self.best(&candidates.list, again) {
            return candidates.ask(at);
        }
        let later =
            candidates.list.iter().filter(|candidate| may_ask && candidate.is_open() && candidate.rounds > 0);
        Next::Wait(later.map(|candidate| candidate.again_at.saturating_sub(now)).min())
    }

    /// Of those that are `open` the one that was asked least, and of these the one with the best score.
    fn best(&self, list: &[Candidate], open: impl Fn(&Candidate) -> bool) -> Option<usize> {
        let seconds = self.io.elapsed().as_secs();
        let rank = |candidate: &Candidate| {
            let (backed_off, score) = candidate.server.score(seconds, self.io.chance() as u32 >> 1);
            (candidate.rounds, backed_off, score)
        };
        let open = list.iter().enumerate().filter(|(_, candidate)| open(candidate));
        open.min_by_key(|(_, candidate)| rank(candidate)).map(|(at, _)| at)
    }

    /// Where addresses may come from once all servers of the delegation have failed at those that are known.
    fn other_sources(&self, cut: &Cut) -> VecDeque<Source> {
        let zone = cut.zone.as_name();
        let (mut known, mut sources) = (Vec::new(), VecDeque::new());
        let now = self.io.now();
        // What another question has found meanwhile.
        let current = self.cuts.at(zone, now);
        for (server, glue) in &cut.servers {
            let name = server.as_name();
            let own = self.known_addresses(name);
            let is_known = !own.is_empty();
            known.extend(own);
            known.extend(current.iter().flat_map(|cut| cut.glue_of(name)));
            known.extend(self.glue_met(name));
            let is_outside = !name.is_at_or_below(zone);
            match () {
                // NoResponse is above who could tell.
                () if zone.is_root() => {}
                () if is_outside && !glue.is_empty() && !is_known => {
                    sources.push_back(Source::Lookup(server.clone()));
                }
                () => sources.push_back(Source::Above(server.clone())),
            }
        }
        for (server, primed) in &cut.own {
            let own = self.known_addresses(server.as_name());
            let is_delegated = cut.servers.iter().any(|(other, _)| other == server);
            if own.is_empty() && !is_delegated && !server.as_name().is_at_or_below(zone) {
                sources.push_back(Source::Lookup(server.clone()));
            }
            known.extend(own);
            known.extend(primed);
        }
        if !sources.is_empty() && !self.cuts.begin_search(zone, now) {
            sources.clear();
        }
        sources.truncate(SEARCHES_MAX);
        sources.push_front(Source::Known(known));
        sources
    }

    fn shuffle<T>(&self, items: &mut [T]) {
        for at in (1..items.len()).rev() {
            items.swap(at, (self.io.chance() % (at as u64 + 1)) as usize);
        }
    }
}

impl Candidates {
    fn ask(&mut self, at: usize) -> Next {
        self.tries += 1;
        Next::Ask(at)
    }
}
