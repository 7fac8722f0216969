//! The slow way: what could not be answered at once is fetched, looked through, kept, and answered.
//!
//! Where an answer is there whose time is over, the client waits a little for a new one and then gets the old
//! one (RFC 8767); the new one is still fetched.

use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::time::timeout;

use super::admit::Admitted;
use super::asker::Query;
use super::counters::Counters;
use super::inspect::{self, Trail};
use super::judge::Judge;
use super::outcomes::Outcome;
use super::peer::Peer;
use super::zones::{self, Follow, Rest};
use super::{Desk, Moment, Scratch, World};
use crate::dns::question::{Question, Refused};
use crate::dns::rdata::rtype;
use crate::dns::reply::Rcode;
use crate::model::verdict::AllowReason;
use crate::resolve::alias::{Gate, Unfinished};
use crate::resolve::cache::{Hit, Stamp};
use crate::resolve::{Answer, Ask, Proof};

/// Every client is answered within this, at the latest with SERVFAIL: stub resolvers give up after 5 s, and then
/// nobody learns why. What is being fetched goes on for as long as the resolver's own deadline, for who asks again.
const ANSWER_WITHIN: Duration = Duration::from_secs(4);

/// A query that has to be fetched: allowed already, with the snapshot that allowed it.
pub struct Later {
    world: Arc<World>,
    packet: Box<[u8]>,
    peer: Peer,
    /// When it has to be answered.
    due: Instant,
    task: Task,
}

/// What is fetched.
enum Task {
    /// The answer to what is asked.
    Answer(AllowReason, Rest),
    /// Where a policy zone leads.
    Follow(Follow),
}

impl Later {
    /// Copies what outlives the worker's buffer.
    pub(super) fn new(moment: &Moment, packet: &[u8], peer: Peer, allowed: AllowReason, rest: Rest) -> Self {
        Self::to(moment, packet, peer, Task::Answer(allowed, rest))
    }

    /// The same for an alias of a policy zone.
    pub(super) fn follow(moment: &Moment, packet: &[u8], peer: Peer, follow: Follow) -> Self {
        Self::to(moment, packet, peer, Task::Follow(follow))
    }

    fn to(moment: &Moment, packet: &[u8], peer: Peer, task: Task) -> Self {
        let due = Instant::now() + ANSWER_WITHIN;
        Self { world: moment.world.clone(), packet: packet.into(), peer, due, task }
    }

    /// Octets of the query.
    pub fn octets(&self) -> usize {
        self.packet.len()
    }

    /// Who asked.
    pub fn peer(&self) -> Peer {
        self.peer
    }

    pub(super) fn question(&self) -> Result<Question<'_>, Refused> {
        self.peer.parse(&self.packet)
    }
}

/// Why a query that would have to wait, or waits, is turned away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shed {
    /// Too many wait, all clients together, and its client has most of them.
    Scarce,
    /// Too many of its client's wait.
    OverShare,
}

/// An answer that is still being fetched, although the client has one.
pub struct Pending {
    world: Arc<World>,
    /// What was asked, as a client asks it.
    packet: Box<[u8]>,
    fetching: Fetching,
    /// What is kept still lives: a failure changes nothing.
    is_renewal: bool,
}

type Fetching = Pin<Box<dyn Future<Output = Answer> + Send>>;

/// What came of a query that had to be fetched. By default nothing.
#[derive(Default)]
pub struct Finished {
    /// Whether there is an answer to send.
    pub is_answered: bool,
    /// What is to be [settled](Desk::settle) once the answer is sent.
    pub pending: Option<Pending>,
}

impl Desk {
    /// Fetches the answer and writes it; one whose time is over, where a new one does not come soon.
    pub async fn finish(&self, later: &Later, scratch: &mut Scratch, out: &mut Vec<u8>) -> Finished {
        let Later { world, peer, task, due, .. } = later;
        let Ok(question) = later.question() else { return Finished::default() };
        let query = Query::of(world, &question, *peer, world.number_of(*peer));
        if world.policy.is_unknown(query.asker.group) {
            Counters::add(&scratch.counters.unknown_clients);
        }
        let (follow, pending) = match task {
            Task::Follow(follow) => (follow.clone(), None),
            Task::Answer(allowed, rest) => {
                let ask = Ask::of(&question);
                let gate = Judge::new(world, query, *allowed, *rest);
                let (hit, pending) = self.obtain(world, scratch, &question, &ask, &gate, *due).await;
                let now = self.now();
                match self.admit(now, scratch, query, (*allowed, *rest), &hit, out) {
                    Admitted::Written { .. } => {
                        let allowed = (*allowed, *rest);
                        let pending = pending.or_else(|| self.renewal(world, query, allowed, &hit, now));
                        return Finished { is_answered: true, pending };
                    }
                    Admitted::Closed => return Finished { is_answered: true, pending },
                    Admitted::Silent => return Finished { is_answered: false, pending },
                    Admitted::Follow(follow) => (follow, pending),
                    // What is known of name servers has changed meanwhile; the client asks again.
                    Admitted::Unfinished => {
                        hit.write(&question, now, out, query.limit());
                        return Finished { is_answered: true, pending };
                    }
                }
            }
        };
        let (is_answered, followed) = self.follow(world, scratch, query, *due, follow, out).await;
        Finished { is_answered, pending: followed.or(pending) }
    }

    /// The answer to `ask`, which is what `question` asks, as far as `gate` follows: from the cache, or fetched,
    /// looked through and kept. Where there is none when the client's answer is `due`, that is told, and the
    /// answer is still waited for.
    pub(super) async fn obtain(
        &self,
        world: &Arc<World>,
        scratch: &mut Scratch,
        question: &Question<'_>,
        ask: &Ask,
        gate: &Arc<Judge>,
        due: Instant,
    ) -> (Hit, Option<Pending>) {
        let is_enough = |hit: &Hit| match hit.unfinished() {
            Some(Unfinished::Stopped(aliases)) => !gate.follows(&ask.name, aliases),
            _ => true,
        };
        match self.cache.find(question, self.now()).filter(is_enough) {
            Some(hit) if hit.stamp().generation == world.generation() => (hit, None),
            // Kept under an older index: looked at again, not asked for again.
            Some(hit) => {
                let stamp = self.stamp(world, scratch, &hit.message(ask), hit.unfinished(), question);
                let hit = self.cache.restamp(ask, &hit, stamp);
                (hit, None)
            }
            None => {
                Counters::add(&scratch.counters.fetched);
                let (hit, pending) = self.fetch(world, scratch, question, ask, gate, due).await;
                // A chain that policy ended is no failure.
                if !hit.is_stopped() {
                    self.outcomes.note(ask.name.as_name(), Outcome::of(&hit), self.started.elapsed());
                }
                (hit, pending)
            }
        }
    }

    /// What is kept anew, to be [settled](Self::settle) by whoever has time, if the hit shows that it is due.
    pub(super) fn renewal(
        &self,
        world: &Arc<World>,
        query: Query<'_>,
        (allowed, rest): (AllowReason, Rest),
        hit: &Hit,
        now: u64,
    ) -> Option<Pending> {
        (self.prefetches && hit.is_due(now)).then(|| {
            let (resolver, ask) = (world.resolver.clone(), Ask::of(query.question));
            let gate = Judge::new(world, query, allowed, rest);
            let fetching: Fetching = Box::pin(async move { resolver.resolve_anew(ask, &*gate).await });
            let packet = query.question.packet.into();
            Pending { world: world.clone(), packet, fetching, is_renewal: true }
        })
    }

    /// Waits for what is still being fetched, and keeps it.
    pub async fn settle(&self, pending: Pending, scratch: &mut Scratch) {
        let Pending { world, packet, fetching, is_renewal } = pending;
        if is_renewal {
            Counters::add(&scratch.counters.fetched);
        }
        let answer = fetching.await;
        if let Ok(question) = Question::parse(&packet) {
            // What still lives is better than a failure.
            let failed = !matches!(answer.rcode, Rcode::NoError | Rcode::NxDomain);
            let lives = || self.cache.find(&question, self.now()).is_some_and(|kept| !kept.is_overdue());
            if failed && (is_renewal || lives()) {
                return;
            }
            self.keep_or_prolong(&world, scratch, &question, &Ask::of(&question), &answer);
        }
    }

    async fn fetch(
        &self,
        world: &Arc<World>,
        scratch: &mut Scratch,
        question: &Question<'_>,
        ask: &Ask,
        gate: &Arc<Judge>,
        due: Instant,
    ) -> (Hit, Option<Pending>) {
        let (resolver, asked, gate) = (world.resolver.clone(), ask.clone(), gate.clone());
        let mut fetching: Fetching = Box::pin(async move { resolver.resolve_for(asked, &*gate).await });
        let left = due.saturating_duration_since(Instant::now());
        let overdue = self.cache.find_overdue(ask, self.now());
        let patience = match &overdue {
            None => left,
            // Who was told "not yet" a moment ago need not wait again.
            Some(overdue) if overdue.is_overdue() => Duration::ZERO,
            Some(_) => self.stale_after.min(left),
        };
        if let Ok(answer) = timeout(patience, &mut fetching).await {
            return (self.keep_or_prolong(world, scratch, question, ask, &answer), None);
        }
        let hit = match overdue {
            Some(overdue) => self.prolong(world, scratch, question, ask, &overdue),
            // Kept like every failure (RFC 9520), until what is fetched takes its place.
            None => self.keep_answer(world, scratch, question, ask, &Answer::out_of_time(ask)),
        };
        let (world, packet) = (world.clone(), question.packet.into());
        (hit, Some(Pending { world, packet, fetching, is_renewal: false }))
    }

    /// Keeps an answer; where there is none, goes on with one whose time is over. What is bogus is no answer,
    /// but no reason to go on with an old one either: somebody may want just that.
    fn keep_or_prolong(
        &self,
        world: &Arc<World>,
        scratch: &mut Scratch,
        question: &Question<'_>,
        ask: &Ask,
        answer: &Answer,
    ) -> Hit {
        // Nor is a chain that was not to be followed.
        let is_stopped = matches!(answer.unfinished, Some(Unfinished::Stopped(_)));
        let failed = answer.rcode == Rcode::ServFail && answer.proof != Proof::Bogus && !is_stopped;
        match self.cache.find_overdue(ask, self.now()).filter(|_| failed) {
            Some(overdue) => self.prolong(world, scratch, question, ask, &overdue),
            None => self.keep_answer(world, scratch, question, ask, answer),
        }
    }

    fn prolong(
        &self,
        world: &Arc<World>,
        scratch: &mut Scratch,
        question: &Question<'_>,
        ask: &Ask,
        overdue: &Hit,
    ) -> Hit {
        let stamp = self.stamp(world, scratch, &overdue.message(ask), overdue.unfinished(), question);
        self.cache.prolong(ask, overdue, stamp, self.now())
    }

    fn keep_answer(
        &self,
        world: &Arc<World>,
        scratch: &mut Scratch,
        question: &Question<'_>,
        ask: &Ask,
        answer: &Answer,
    ) -> Hit {
        if answer.is_rebound() {
            Counters::add(&scratch.counters.rebound);
        }
        if ask.rtype == rtype::AAAA && world.resolver.has_made(answer) {
            Counters::add(&scratch.counters.synthesised);
        }
        let stamp = self.stamp(world, scratch, &answer.wire, answer.unfinished.as_ref(), question);
        let hit = self.cache.insert(ask, answer, stamp, self.now());
        // It may come from servers that are not asked any more. Looked at after it was kept, so that
        // no reload slips in between.
        if !Arc::ptr_eq(&world.resolver, &self.world.load().resolver) {
            self.cache.forget(ask);
        }
        hit
    }

    fn stamp(
        &self,
        world: &World,
        scratch: &mut Scratch,
        answer: &[u8],
        unfinished: Option<&Unfinished>,
        question: &Question<'_>,
    ) -> Stamp {
        let leads = inspect::leads(answer, unfinished, world, &mut scratch.suffixes);
        let zones = match world.zones.all() {
            [] => 0,
            _ => {
                let trail = match unfinished {
                    Some(unfinished) => Trail::of_aliases(question.name(), unfinished.aliases()),
                    None => Trail::of(answer, question.name(), question.rtype),
                };
                zones::marks(world, &trail)
            }
        };
        Stamp {
            all: leads.all.0,
            open: leads.closing.0,
            zones,
            marks: leads.marks,
            generation: world.generation(),
        }
    }
}
