//! Following an alias that a rule says: to a block page, to a garden.

use std::sync::Arc;

use super::write::{finish, put};
use crate::dns::message::Section;
use crate::dns::question::Question;
use crate::dns::rdata::rtype;
use crate::dns::reply::Reply;
use crate::dns::rrset::Sections;
use crate::model::category::CategorySet;
use crate::model::event::Effect;
use crate::model::verdict::{AllowReason, Verdict};
use crate::policy::decide::decide_answer;
use crate::query::inspect::Alias;
use crate::query::later::Pending;
use crate::query::peer::Peer;
use crate::query::{Desk, Scratch, World};
use crate::resolve::Ask;

/// An alias that a rule says, to be followed.
#[derive(Clone, Debug)]
pub(in crate::query) struct Follow {
    /// The world's own aliases before it.
    pub(super) before: Vec<Alias>,
    pub(super) alias: Alias,
    /// Number of the zone.
    pub(super) zone: usize,
}

impl Desk {
    /// Fetches where a rule's alias leads and writes the answer. Zones have nothing to say of what they lead
    /// to themselves, nor have categories; what is locked stays closed.
    pub(in crate::query) async fn follow(
        &self,
        world: &Arc<World>,
        scratch: &mut Scratch,
        question: &Question<'_>,
        peer: Peer,
        follow: Follow,
        out: &mut Vec<u8>,
    ) -> (bool, Option<Pending>) {
        let Follow { before, alias, zone } = follow;
        let ask = Ask::of(question).at(alias.target.clone());
        let packet = packet_of(&ask);
        let Ok(target) = Question::parse(&packet) else { return (false, None) };
        let (hit, pending) = self.obtain(world, scratch, &target, &ask).await;
        let group = world.policy.group_of(peer.address);
        scratch.suffixes.fill(world.index.key(), ask.name.as_name());
        let matched = world.index.lookup(&scratch.suffixes);
        let all = CategorySet(hit.stamp().all).union(matched.categories);
        let verdict = decide_answer(group, AllowReason::PolicyZone, all, CategorySet::EMPTY);
        if let Some(Verdict::Block(reason)) = verdict {
            self.block(world, scratch, &matched, group, question, peer, &reason, out);
            return (true, pending);
        }
        let zone = &world.zones.all()[zone];
        self.count_zone(world, scratch, question, peer, zone, Effect::Blocked);
        let mut fetched = Vec::new();
        hit.write(&target, self.now(), &mut fetched, usize::from(u16::MAX));
        let sections = Sections::read(&fetched).unwrap_or_default();
        let mut reply = Reply::to(question, hit.rcode(), out);
        for Alias { owner, ttl, target } in before.iter().chain([&alias]) {
            reply.answer_at(owner.as_name(), rtype::CNAME, *ttl, target.as_name().wire());
        }
        let signed = question.dnssec_ok();
        sections.answer.iter().for_each(|set| put(&mut reply, Section::Answer, set, signed));
        sections.authority.iter().for_each(|set| put(&mut reply, Section::Authority, set, signed));
        finish(world, question, peer, zone, reply, true);
        (true, pending)
    }
}

/// A client's packet that would ask this.
fn packet_of(ask: &Ask) -> Vec<u8> {
    let checking = if ask.checking_disabled { 0x10 } else { 0 };
    let mut packet = vec![0, 0, 1, checking, 0, 1, 0, 0, 0, 0, 0, u8::from(ask.dnssec_ok)];
    packet.extend_from_slice(ask.name.as_name().wire());
    packet.extend_from_slice(&ask.rtype.to_be_bytes());
    packet.extend_from_slice(&ask.class.to_be_bytes());
    if ask.dnssec_ok {
        packet.extend_from_slice(&[0, 0, 41, 0x04, 0xd0, 0, 0, 0x80, 0, 0, 0]);
    }
    packet
}
