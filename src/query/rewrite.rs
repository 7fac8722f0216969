//! Following an alias that a rule says: to a block page, to a garden.

use std::sync::Arc;
use std::time::Instant;

use super::write::{finish, put};
use super::{Rest, told};
use crate::dns::message::Section;
use crate::dns::question::Question;
use crate::dns::rdata::rtype;
use crate::dns::reply::Reply;
use crate::dns::rrset::Sections;
use crate::model::event::Effect;
use crate::model::verdict::{AllowReason, Verdict};
use crate::policy::decide::decide_link;
use crate::query::asker::Query;
use crate::query::block::Place;
use crate::query::judge::{Closed, Found, Judge};
use crate::query::later::Pending;
use crate::query::{Desk, Scratch, World};
use crate::resolve::Ask;
use crate::resolve::alias::Alias;
use crate::rpz::trigger::Kind;

/// An alias that a rule says, to be followed.
#[derive(Clone, Debug)]
pub(in crate::query) struct Follow {
    /// The world's own aliases before it.
    pub(super) before: Vec<Alias>,
    pub(super) alias: Alias,
    /// Number of the zone.
    pub(super) zone: usize,
    /// What the rule matched by.
    pub(super) kind: Kind,
}

impl Desk {
    /// Fetches where a rule's alias leads and writes the answer. Zones have nothing to say of what they lead
    /// to themselves, nor have categories; what is locked stays closed, and is not asked for.
    pub(in crate::query) async fn follow(
        &self,
        world: &Arc<World>,
        scratch: &mut Scratch,
        query: Query<'_>,
        due: Instant,
        follow: Follow,
        out: &mut Vec<u8>,
    ) -> (bool, Option<Pending>) {
        let Follow { before, alias, zone, kind } = follow;
        let before: Vec<Alias> = before.iter().chain([&alias]).cloned().collect();
        let ask = Ask::of(query.question).at(alias.target.clone());
        let allowed = (AllowReason::PolicyZone, Rest::DONE);
        scratch.suffixes.fill(world.index.key(), ask.name.as_name());
        let matched = world.index.lookup(&scratch.suffixes);
        let verdict = decide_link(&world.policy, query.asker.group, allowed.0, &scratch.suffixes, &matched);
        if let Some(Verdict::Block(reason)) = verdict {
            let place = Place { before: &before, owner: &alias.target };
            self.block(scratch, query, &matched, &reason, Some(place), out);
            return (true, None);
        }
        let packet = packet_of(&ask);
        let Ok(target) = Question::parse(&packet) else { return (false, None) };
        let fetched = Query { question: &target, ..query };
        let gate = Judge::new(world, fetched, allowed.0, allowed.1);
        let (hit, pending) = self.obtain(world, scratch, &target, &ask, &gate, due).await;
        let (trail, judged) = self.judged(fetched, allowed, &hit, out);
        if let Found::Closed(Closed { link, reason, matched, name }) = judged.found {
            scratch.suffixes.fill(world.index.key(), name.as_name());
            let before: Vec<Alias> = before.iter().chain(&trail.aliases[..link]).cloned().collect();
            let place = Place { before: &before, owner: &trail.links[link] };
            self.block(scratch, query, &matched, &reason, Some(place), out);
            return (true, pending);
        }
        let zone = &world.zones.all()[zone];
        self.count_of_zone(scratch, query, zone, None, Effect::Blocked);
        if let Some(decided) = scratch.trace.as_mut().and_then(|trace| trace.decided.last_mut()) {
            let mut rule = told(zone, None);
            (rule.kind, rule.action) = (kind.id(), "cname");
            rule.link = Some(before[before.len() - 1].owner.clone());
            decided.zone = Some(rule);
        }
        let mut fetched = Vec::new();
        hit.write(&target, self.now(), &mut fetched, usize::from(u16::MAX));
        let sections = Sections::read(&fetched).unwrap_or_default();
        let mut reply = Reply::to(query.question, hit.rcode(), out);
        for Alias { owner, ttl, target, .. } in &before {
            reply.answer_at(owner.as_name(), rtype::CNAME, *ttl, target.as_name().wire());
        }
        let signed = query.question.dnssec_ok();
        sections.answer.iter().for_each(|set| put(&mut reply, Section::Answer, set, signed));
        sections.authority.iter().for_each(|set| put(&mut reply, Section::Authority, set, signed));
        finish(query, zone, reply, true);
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
