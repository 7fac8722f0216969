//! Following the alias that a rule puts in place of an answer: to a block page, to a walled garden.

use std::time::Instant;

use super::block::Place;
use super::fetch::Fetch;
use super::judge::{Closed, Found, Judge};
use super::pending::{Finished, Rewrite};
use super::request::{Allowed, Request};
use super::zones::{finish, put, told};
use super::{Responder, WorkerState};
use crate::dns::edns::PAYLOAD;
use crate::dns::header::Flags;
use crate::dns::message::Section;
use crate::dns::query::{Opt, Query};
use crate::dns::question::Question;
use crate::dns::reply::Reply;
use crate::dns::rrset::Sections;
use crate::dns::rrtype::RrType;
use crate::model::event::Effect;
use crate::model::verdict::{AllowReason, Verdict};
use crate::policy::decide::decide_link;
use crate::resolve::Ask;
use crate::resolve::alias::Alias;

impl Responder {
    /// Fetches where a rule's alias leads and writes the answer. Zones have nothing to say of what they lead
    /// to themselves, nor have categories; what is locked stays closed, and is not asked for.
    pub(super) async fn rewrite(
        &self,
        request: Request<'_>,
        worker: &mut WorkerState,
        due: Instant,
        rewrite: Rewrite,
        out: &mut Vec<u8>,
    ) -> Finished {
        let Rewrite { before, alias, zone, kind } = rewrite;
        let world = &request.moment.world;
        let before: Vec<Alias> = before.iter().chain([&alias]).cloned().collect();
        let ask = Ask::of(request.question).at(alias.target.clone());
        let allowed = Allowed::finally(AllowReason::PolicyZone);
        worker.suffixes.fill(world.index.key(), ask.name.as_name());
        let matched = world.index.lookup(&worker.suffixes);
        let verdict =
            decide_link(&world.policy, request.context.group, allowed.reason, &worker.suffixes, &matched);
        if let Some(Verdict::Block(reason)) = verdict {
            let place = Place { before: &before, owner: &alias.target };
            self.block(request, worker, &matched, &reason, Some(place), out);
            return Finished { is_answered: true, background: None };
        }
        let packet = packet_of(&ask);
        let Ok(target) = Question::parse(&packet) else { return Finished::default() };
        let fetched = request.asking(&target);
        let gate = Judge::new(fetched, allowed);
        let fetch = Fetch { world, question: &target, ask: &ask };
        let (hit, background) = self.obtain(fetch, worker, &gate, due).await;
        let (trail, judged) = self.judged(fetched, allowed, &hit, out);
        if let Found::Closed(Closed { link, reason, matched, name }) = judged.found {
            worker.suffixes.fill(world.index.key(), name.as_name());
            let before: Vec<Alias> = before.iter().chain(&trail.aliases[..link]).cloned().collect();
            let place = Place { before: &before, owner: &trail.links[link] };
            self.block(request, worker, &matched, &reason, Some(place), out);
            return Finished { is_answered: true, background };
        }
        let zone = &world.zones.all()[zone];
        self.count_of_zone(request, worker, zone, None, Effect::Blocked);
        if let Some(decided) = worker.trace.as_mut().and_then(|trace| trace.decided.last_mut()) {
            let mut rule = told(zone, None);
            (rule.kind, rule.action) = (kind.id(), "cname");
            rule.link = Some(before[before.len() - 1].owner.clone());
            decided.zone = Some(rule);
        }
        let (now, mut octets) = (self.moment_of(world), Vec::new());
        fetched.at(&now).write_whole(&hit, &mut octets);
        let sections = Sections::read(&octets).unwrap_or_default();
        let mut reply = Reply::to(request.question, hit.rcode(), out);
        for Alias { owner, ttl, target, .. } in &before {
            reply.answer_at(owner.as_name(), RrType::CNAME, *ttl, target.as_name().wire());
        }
        let signed = request.question.dnssec_ok();
        sections.answer.iter().for_each(|set| put(&mut reply, Section::Answer, set, signed));
        sections.authority.iter().for_each(|set| put(&mut reply, Section::Authority, set, signed));
        finish(request, zone, reply, true);
        Finished { is_answered: true, background }
    }
}

/// A client's packet that would ask this.
fn packet_of(ask: &Ask) -> Vec<u8> {
    let flags = Flags::RD | Flags::CD.when(ask.checking_disabled);
    let opt = ask.dnssec_ok.then_some(Opt { payload: PAYLOAD, dnssec_ok: true, options: &[] });
    Query { flags, class: ask.class, opt, ..Query::new(ask.name.as_name(), ask.rtype) }.to_packet()
}
