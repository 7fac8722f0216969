//! The short way: a datagram that came before is answered from the worker's [packet cache](super::packets),
//! and what the long way made of one is put there.
//!
//! Kept are block answers by name, and cached answers that lead nowhere that is to be counted. The others
//! are rare, or depend on more than the packet, the client's group and the time.

use super::counters::Counters;
use super::packets::Blocked;
use super::peer::{Peer, Transport};
use super::{Desk, Moment, Scratch};
use crate::model::event::{Attempt, Effect};
use crate::resolve::cache::Hit;

/// TC, in the third octet of a message (RFC 1035 §4.1.1).
const TRUNCATED: u8 = 0x02;

/// What an answer rests on.
pub(super) enum Rests<'h> {
    /// On what is in force alone; each time it is counted.
    OnBlock(Blocked),
    /// On what the answer cache has.
    OnHit(&'h Hit),
}

impl Desk {
    /// Whether the packet was answered as one like it was before. `number` is that of the client's group.
    pub(super) fn again(
        &self,
        moment: &Moment,
        scratch: &mut Scratch,
        packet: &[u8],
        peer: Peer,
        number: usize,
        out: &mut Vec<u8>,
    ) -> bool {
        let Some(packets) = scratch.packets.as_mut().filter(|_| peer.transport == Transport::Udp) else {
            return false;
        };
        let world = &moment.world;
        let Some(mut found) = packets.answer(packet, moment.scope(number), out) else { return false };
        // Last, since whom we do not answer seldom asks: what was written is thrown away then.
        if !world.access.allows(peer.address) {
            return false;
        }
        Counters::add(&scratch.counters.queries);
        let Some((name, rtype, blocked)) = found.blocked() else {
            Counters::add(&scratch.counters.cached);
            return true;
        };
        Counters::add(&scratch.counters.blocked);
        let group = &world.policy.groups()[number];
        let attempt = Attempt {
            group: group.id,
            tier: group.tier,
            client: peer.address,
            name,
            rtype,
            category: blocked.category,
            list: blocked.list,
            layer: blocked.layer,
            effect: Effect::Blocked,
        };
        scratch.tally.count_again(&attempt, &mut blocked.hint);
        true
    }
}

impl Scratch {
    /// Keeps the answer that the long way has written to the datagram at hand.
    pub(super) fn keep(
        &mut self,
        moment: &Moment,
        peer: Peer,
        number: usize,
        answer: &[u8],
        rests: Rests<'_>,
    ) {
        let Some(packets) = self.packets.as_mut().filter(|_| peer.transport == Transport::Udp) else {
            return;
        };
        let scope = moment.scope(number);
        match rests {
            Rests::OnBlock(blocked) => {
                packets.keep(scope, answer, &[], u64::MAX, Some(blocked));
            }
            Rests::OnHit(hit) if answer[2] & TRUNCATED == 0 => {
                packets.keep(scope, answer, hit.ttl_places(), hit.rests_until(scope.now), None);
            }
            Rests::OnHit(..) => {}
        }
    }
}
