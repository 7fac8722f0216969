//! The slow way: what could not be answered at once is fetched, looked through, kept, and answered.

use std::sync::Arc;

use super::counters::Counters;
use super::peer::Peer;
use super::zones::{Admitted, Follow, Rest};
use super::{Desk, Moment, Scratch, World, inspect, write_shed, zones};
use crate::dns::question::Question;
use crate::model::verdict::AllowReason;
use crate::resolve::Ask;
use crate::resolve::cache::{Hit, Stamp};

/// A query that has to be fetched: allowed already, with the snapshot that allowed it.
pub struct Later {
    world: Arc<World>,
    packet: Box<[u8]>,
    peer: Peer,
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
        Self { world: moment.world.clone(), packet: packet.into(), peer, task: Task::Answer(allowed, rest) }
    }

    /// The same for an alias of a policy zone.
    pub(super) fn follow(moment: &Moment, packet: &[u8], peer: Peer, follow: Follow) -> Self {
        Self { world: moment.world.clone(), packet: packet.into(), peer, task: Task::Follow(follow) }
    }
}

impl Desk {
    /// Fetches the answer and writes it. Says whether there is one to send.
    pub async fn finish(&self, later: Later, scratch: &mut Scratch, out: &mut Vec<u8>) -> bool {
        let Later { world, packet, peer, task } = later;
        let Ok(question) = peer.parse(&packet) else { return false };
        let follow = match task {
            Task::Follow(follow) => follow,
            Task::Answer(allowed, rest) => {
                let hit = self.obtain(&world, scratch, &question, &Ask::of(&question)).await;
                let allowed = (allowed, rest);
                match self.admit(&world, self.now(), scratch, &question, peer, allowed, &hit, out) {
                    Admitted::Written { .. } => return true,
                    Admitted::Silent => return false,
                    Admitted::Follow(follow) => follow,
                }
            }
        };
        self.follow(&world, scratch, &question, peer, follow, out).await
    }

    /// The answer to `ask`, which is what `question` asks: from the cache, or fetched, looked through and kept.
    pub(super) async fn obtain(
        &self,
        world: &Arc<World>,
        scratch: &mut Scratch,
        question: &Question<'_>,
        ask: &Ask,
    ) -> Hit {
        match self.cache.find(question, self.now()) {
            Some(hit) if hit.stamp().generation == world.generation() => hit,
            // Kept under an older index: looked at again, not asked for again.
            Some(hit) => {
                let stamp = self.stamp(world, scratch, &hit.message(ask), question);
                self.cache.restamp(ask, &hit, stamp)
            }
            None => {
                Counters::add(&scratch.counters.fetched);
                let answer = world.resolver.resolve(ask.clone()).await;
                let stamp = self.stamp(world, scratch, &answer.wire, question);
                let hit = self.cache.insert(ask, &answer, stamp, self.now());
                // It may come from servers that are not asked any more. Looked at after it was kept, so that
                // no reload slips in between.
                if !Arc::ptr_eq(&world.resolver, &self.world.load().resolver) {
                    self.cache.forget(ask);
                }
                hit
            }
        }
    }

    /// Writes the answer to one that is not fetched because too many wait, as [`shed`](Self::shed) does.
    pub fn turn_away(&self, later: &Later, out: &mut Vec<u8>) {
        Counters::add(&self.counters.shared.shed);
        if let Ok(question) = later.peer.parse(&later.packet) {
            write_shed(&question, out);
        }
    }

    fn stamp(&self, world: &World, scratch: &mut Scratch, answer: &[u8], question: &Question<'_>) -> Stamp {
        let leads = inspect::leads(answer, &world.index, &mut scratch.suffixes);
        Stamp {
            all: leads.all.0,
            open: leads.open.0,
            zones: zones::marks(world, answer, question),
            generation: world.generation(),
        }
    }
}
