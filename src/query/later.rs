//! The slow way: what could not be answered at once is fetched, looked through, kept, and answered.

use std::sync::Arc;

use super::counters::Counters;
use super::peer::Peer;
use super::{Desk, Moment, Scratch, World, inspect, write_shed};
use crate::model::verdict::AllowReason;
use crate::resolve::Ask;
use crate::resolve::cache::Stamp;

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
}

impl Desk {
    /// Fetches the answer and writes it. Says whether there is one to send.
    pub async fn finish(&self, later: Later, scratch: &mut Scratch, out: &mut Vec<u8>) -> bool {
        let Later { world, packet, peer, allowed } = later;
        let Ok(question) = peer.parse(&packet) else { return false };
        let ask = Ask::of(&question);
        let hit = match self.cache.find(&question, self.now()) {
            // Kept under an older index: looked at again, not asked for again.
            Some(hit) => {
                let stamp = self.stamp(&world, scratch, &hit.message(&ask));
                self.cache.restamp(&ask, &hit, stamp)
            }
            None => {
                Counters::add(&scratch.counters.fetched);
                let answer = world.resolver.resolve(ask.clone()).await;
                let stamp = self.stamp(&world, scratch, &answer.wire);
                let hit = self.cache.insert(&ask, &answer, stamp, self.now());
                // It may come from servers that are not asked any more. Looked at after it was kept, so that
                // no reload slips in between.
                if !Arc::ptr_eq(&world.resolver, &self.world.load().resolver) {
                    self.cache.forget(&ask);
                }
                hit
            }
        };
        self.admit(&world, self.now(), scratch, &question, peer, allowed, &hit, out);
        true
    }

    /// Writes the answer to one that is not fetched because too many wait, as [`shed`](Self::shed) does.
    pub fn turn_away(&self, later: &Later, out: &mut Vec<u8>) {
        Counters::add(&self.counters.shared.shed);
        if let Ok(question) = later.peer.parse(&later.packet) {
            write_shed(&question, out);
        }
    }

    fn stamp(&self, world: &World, scratch: &mut Scratch, answer: &[u8]) -> Stamp {
        let leads = inspect::leads(answer, &world.index, &mut scratch.suffixes);
        Stamp { all: leads.all.0, open: leads.open.0, generation: world.index.id() }
    }
}
