//! The short way: a datagram that came before is answered from the worker's [packet cache](super::packets),
//! and what the long way made of one is put there.
//!
//! Kept are block answers by name, and cached answers that lead nowhere that is to be counted. The others
//! are rare, or depend on more than the packet, the client's group and the time.

use super::client::{Client, Transport};
use super::counters::Counters;
use super::packets::Blocked;
use super::request::Request;
use super::{Moment, Responder, WorkerState};
use crate::dns::header::Flags;
use crate::model::event::{Attempt, Effect};
use crate::resolve::cache::Hit;

/// What an answer rests on.
pub(super) enum Rests<'h> {
    /// On what is in force alone; each time it is counted.
    OnBlock(Blocked),
    /// On what the answer cache has.
    OnHit(&'h Hit),
}

impl Responder {
    /// Whether the packet was answered as one like it was before. `number` is that of the client's group.
    #[inline]
    pub(super) fn repeat(
        &self,
        moment: &Moment,
        worker: &mut WorkerState,
        packet: &[u8],
        client: Client,
        number: usize,
        out: &mut Vec<u8>,
    ) -> bool {
        let Some(packets) = worker.packets.as_mut().filter(|_| client.transport == Transport::Udp) else {
            return false;
        };
        let world = &moment.world;
        let Some(mut found) = packets.answer(packet, moment.scope(number), out) else { return false };
        // Last, since whom we do not answer seldom asks: what was written is thrown away then.
        if !world.limits.access.allows(client.address) {
            return false;
        }
        Counters::add(&worker.counters.queries);
        let Some((name, rtype, blocked)) = found.blocked() else {
            Counters::add(&worker.counters.cached);
            return true;
        };
        Counters::add(&worker.counters.blocked);
        let group = &world.policy.groups()[number];
        let attempt = Attempt {
            group: group.id,
            tier: group.tier,
            client: client.address,
            name,
            rtype,
            category: blocked.category,
            service: blocked.service,
            list: blocked.list,
            layer: blocked.layer,
            effect: Effect::Blocked,
        };
        worker.tally.count_again(&attempt, &mut blocked.hint);
        true
    }
}

impl WorkerState {
    /// Keeps the answer that the long way has written to the datagram at hand.
    pub(super) fn keep(&mut self, request: Request<'_>, answer: &[u8], rests: Rests<'_>) {
        let is_datagram = request.client.transport == Transport::Udp;
        let Some(packets) = self.packets.as_mut().filter(|_| is_datagram) else { return };
        let scope = request.moment.scope(request.context.number);
        match rests {
            Rests::OnBlock(blocked) => {
                packets.keep(scope, answer, &[], u64::MAX, Some(blocked));
            }
            Rests::OnHit(hit) if !Flags::of(answer).has(Flags::TC) => {
                packets.keep(scope, answer, hit.ttl_places(), hit.rests_until(scope.now), None);
            }
            Rests::OnHit(..) => {}
        }
    }
}
