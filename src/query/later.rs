//! The slow way: what could not be answered at once is fetched, looked through, kept, and answered.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;

use super::counters::Counters;
use super::peer::Peer;
use super::{Desk, Moment, Scratch, World, inspect};
use crate::dns::question::{Question, Refused};
use crate::dns::rdata::rtype;
use crate::dns::reply::Rcode;
use crate::model::verdict::AllowReason;
use crate::resolve::cache::{Hit, Stamp};
use crate::resolve::{Answer, Ask, Proof};

/// A query that has to be fetched: allowed already, with the snapshot that allowed it.
pub struct Later {
    world: Arc<World>,
    packet: Box<[u8]>,
    peer: Peer,
    allowed: AllowReason,
}

impl Later {
    /// Copies what outlives the worker's buffer.
    pub(super) fn new(moment: &Moment, packet: &[u8], peer: Peer, allowed: AllowReason) -> Self {
        Self { world: moment.world.clone(), packet: packet.into(), peer, allowed }
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
    ask: Ask,
    fetching: Fetching,
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
        let Later { world, peer, allowed, .. } = later;
        let Ok(question) = later.question() else {
            return Finished { is_answered: false, pending: None };
        };
        let ask = Ask::of(&question);
        let (hit, pending) = match self.cache.find(&question, self.now()) {
            // Kept under an older index: looked at again, not asked for again.
            Some(hit) => {
                let stamp = self.stamp(world, scratch, &hit.message(&ask));
                (self.cache.restamp(&ask, &hit, stamp), None)
            }
            None => {
                Counters::add(&scratch.counters.fetched);
                self.fetch(world, &ask, scratch).await
            }
        };
        self.admit(world, self.now(), scratch, &question, *peer, *allowed, &hit, out);
        Finished { is_answered: true, pending }
    }

    /// Fetches what is kept anew, before its time is over; nobody waits for it.
    pub async fn renew(&self, later: Later, scratch: &mut Scratch) {
        let Ok(question) = later.question() else { return };
        let ask = Ask::of(&question);
        Counters::add(&scratch.counters.fetched);
        let answer = later.world.resolver.resolve_anew(ask.clone()).await;
        if matches!(answer.rcode, Rcode::NoError | Rcode::NxDomain) {
            self.keep_answer(&later.world, &ask, &answer, scratch);
        }
    }

    /// Waits for what is still being fetched, and keeps it.
    pub async fn settle(&self, pending: Pending, scratch: &mut Scratch) {
        let Pending { world, ask, fetching } = pending;
        let answer = fetching.await;
        self.keep_or_prolong(&world, &ask, &answer, scratch);
    }

    async fn fetch(&self, world: &Arc<World>, ask: &Ask, scratch: &mut Scratch) -> (Hit, Option<Pending>) {
        let resolver = world.resolver.clone();
        let Some(overdue) = self.cache.find_overdue(ask, self.now()) else {
            let answer = resolver.resolve(ask.clone()).await;
            return (self.keep_answer(world, ask, &answer, scratch), None);
        };
        let asked = ask.clone();
        let mut fetching: Fetching = Box::pin(async move { resolver.resolve(asked).await });
        // Who was told "not yet" a moment ago need not wait again.
        let patience = if overdue.is_overdue() { Duration::ZERO } else { self.stale_after };
        match timeout(patience, &mut fetching).await {
            Ok(answer) => (self.keep_or_prolong(world, ask, &answer, scratch), None),
            Err(_) => {
                let stamp = self.stamp(world, scratch, &overdue.message(ask));
                let hit = self.cache.prolong(ask, &overdue, stamp, self.now());
                (hit, Some(Pending { world: world.clone(), ask: ask.clone(), fetching }))
            }
        }
    }

    /// Keeps an answer; where there is none, goes on with one whose time is over. What is bogus is no answer,
    /// but no reason to go on with an old one either: somebody may want just that.
    fn keep_or_prolong(&self, world: &Arc<World>, ask: &Ask, answer: &Answer, scratch: &mut Scratch) -> Hit {
        let failed = answer.rcode == Rcode::ServFail && answer.proof != Proof::Bogus;
        match self.cache.find_overdue(ask, self.now()).filter(|_| failed) {
            Some(overdue) => {
                let stamp = self.stamp(world, scratch, &overdue.message(ask));
                self.cache.prolong(ask, &overdue, stamp, self.now())
            }
            None => self.keep_answer(world, ask, answer, scratch),
        }
    }

    fn keep_answer(&self, world: &Arc<World>, ask: &Ask, answer: &Answer, scratch: &mut Scratch) -> Hit {
        if answer.is_rebound() {
            Counters::add(&scratch.counters.rebound);
        }
        if ask.rtype == rtype::AAAA && world.resolver.has_made(answer) {
            Counters::add(&scratch.counters.synthesised);
        }
        let stamp = self.stamp(world, scratch, &answer.wire);
        let hit = self.cache.insert(ask, answer, stamp, self.now());
        // It may come from servers that are not asked any more. Looked at after it was kept, so that
        // no reload slips in between.
        if !Arc::ptr_eq(&world.resolver, &self.world.load().resolver) {
            self.cache.forget(ask);
        }
        hit
    }

    fn stamp(&self, world: &World, scratch: &mut Scratch, answer: &[u8]) -> Stamp {
        let leads = inspect::leads(answer, &world.index, &mut scratch.suffixes);
        Stamp { all: leads.all.0, open: leads.open.0, generation: world.index.id() }
    }
}
