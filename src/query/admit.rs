//! Whether an answer that is there may go out, held to where it leads.
//!
//! Most answers lead nowhere that anybody has a rule for: their stamp says so, and they go out as they are. The
//! others are judged name by name, as they were when they were resolved for somebody else.

use super::block::Place;
use super::inspect::{RULES, TARGETS, Trail, service_target};
use super::judge::{Closed, Found, Judgement, Known, Monitored, judge};
use super::pending::Rewrite;
use super::request::{Allowed, Look, Request, ZonesLeft};
use super::zones::{Acted, put};
use super::{Responder, WorkerState};
use crate::dns::ede::EdeCode;
use crate::dns::message::Section;
use crate::dns::name::OwnedName;
use crate::dns::reply::{Error, Reply};
use crate::dns::rrset::{RrSet, Sections};
use crate::dns::rrtype::RrType;
use crate::dns::suffixes::Suffixes;
use crate::model::category::CategorySet;
use crate::model::event::Effect;
use crate::model::verdict::Verdict;
use crate::policy::Mode;
use crate::policy::decide::{decide, is_held_to_locks_only, may_close};
use crate::resolve::cache::Hit;

/// Seconds for which "no such record" is kept where all were left out: an allow set may get the name soon.
const LEFT_OUT_TTL: u32 = 30;

/// What came of a query with its answer.
pub(super) enum Admitted {
    /// It is answered; whether everybody in the group would get the same.
    Written { same_for_all: bool },
    /// It is answered, and not with what the world has.
    Closed,
    /// It gets no answer.
    Silent,
    /// The target of a policy zone's alias has to be fetched first.
    Rewrite(Rewrite),
    /// The answer was not resolved to its end, and this client may have the rest.
    Unfinished,
}

impl Responder {
    /// Writes an answer, if nothing closes a name that it leads to.
    pub(super) fn admit(
        &self,
        request: Request<'_>,
        worker: &mut WorkerState,
        allowed: Allowed,
        hit: &Hit,
        out: &mut Vec<u8>,
    ) -> Admitted {
        let stamp = hit.stamp();
        let (all, closing) = (CategorySet(stamp.all), CategorySet(stamp.open));
        let (group, left) = (request.context.group, allowed.zones);
        let is_held = || !is_held_to_locks_only(allowed.reason);
        let is_judged = may_close(group, allowed.reason, all, closing)
            || (stamp.marks & RULES != 0 && is_held())
            || (stamp.marks & TARGETS != 0 && group.mode == Mode::AllowOnly)
            || left.looks(request, stamp)
            || left.unless_opened.is_some()
            || hit.is_stopped()
            || worker.trace.is_some();
        if !is_judged {
            request.write(hit, out);
            return Admitted::Written { same_for_all: true };
        }
        self.admit_judged(request, worker, allowed, hit, out)
    }

    #[cold]
    fn admit_judged(
        &self,
        request: Request<'_>,
        worker: &mut WorkerState,
        allowed: Allowed,
        hit: &Hit,
        out: &mut Vec<u8>,
    ) -> Admitted {
        let left = allowed.zones;
        let look = if left.looks(request, hit.stamp()) { left.look } else { Look::Done };
        let allowed = Allowed { zones: ZonesLeft { look, ..left }, ..allowed };
        let (trail, judged) = self.judged(request, allowed, hit, out);
        let Judgement { found, monitored, disabled, passed } = judged;
        if hit.is_stopped() && matches!(found, Found::Passes) {
            return Admitted::Unfinished;
        }
        if let Some(trace) = &mut worker.trace {
            trace.links.clone_from(&trail.links);
            trace.is_rebound = hit.is_rebound();
        }
        self.note_disabled(request, worker, disabled & !left.told);
        if let Some(ruling) = passed {
            self.note_passed(worker, &ruling);
        }
        let is_counted = monitored.is_some();
        match monitored {
            Some(Monitored::ByLists(Closed { name, reason, matched, .. })) => {
                worker.suffixes.fill(request.world().index.key(), name.as_name());
                self.count(request, worker, &matched, &reason, Effect::Monitored);
            }
            Some(Monitored::ByZone(ruling)) => {
                self.note_hit(worker, ruling.zone);
                let link = trail.links[ruling.link].as_name();
                self.count_zone(request, worker, &ruling, link, Effect::Monitored);
            }
            None => {}
        }
        match found {
            Found::Closed(Closed { link, name, reason, matched }) => {
                worker.suffixes.fill(request.world().index.key(), name.as_name());
                let place = Place { before: &trail.aliases[..link], owner: &trail.links[link] };
                let place = Some(place).filter(|_| link > 0);
                self.block(request, worker, &matched, &reason, place, out);
                Admitted::Closed
            }
            Found::Ruled(ruling) => {
                let owner = trail.links[ruling.link].clone();
                let before = &trail.aliases[..ruling.link];
                match self.act(request, worker, &ruling, before, owner, out) {
                    Acted::Written => Admitted::Closed,
                    Acted::Silent => Admitted::Silent,
                    Acted::Rewrite(rewrite) => Admitted::Rewrite(rewrite),
                }
            }
            Found::Passes => {
                if hit.stamp().marks & TARGETS != 0
                    && request.context.group.mode == Mode::AllowOnly
                    && self.write_allowed_services(request, worker, hit, out)
                {
                    return Admitted::Written { same_for_all: false };
                }
                request.write(hit, out);
                Admitted::Written { same_for_all: !is_counted }
            }
        }
    }

    /// Judges the names that an answer leads to. `room` is for whatever is written on the way.
    pub(super) fn judged<'q>(
        &self,
        request: Request<'q>,
        allowed: Allowed,
        hit: &Hit,
        room: &mut Vec<u8>,
    ) -> (Trail, Judgement<'q>) {
        let question = request.question;
        let is_signed = question.dnssec_ok() && hit.is_secure();
        let known = match hit.is_stopped() {
            true => Known::Begun,
            false => Known::Whole { is_signed, is_bogus: hit.is_bogus() },
        };
        let trail = match hit.unfinished() {
            Some(unfinished) => Trail::of_aliases(question.name(), unfinished.aliases()),
            None => {
                // As it would go out, TTLs counted down.
                request.write_whole(hit, room);
                Trail::of(room, question.name(), question.rtype)
            }
        };
        let judged = judge(request.context, allowed, request.wants_signed(), &trail, known);
        (trail, judged)
    }

    /// Writes the answer without service records that lead to names which the group may not ask for: the
    /// client would take such a record, ask for its target, and be blocked. Without one it asks for addresses.
    /// `false`: there is nothing to leave out.
    fn write_allowed_services(
        &self,
        request: Request<'_>,
        worker: &mut WorkerState,
        hit: &Hit,
        out: &mut Vec<u8>,
    ) -> bool {
        request.write_whole(hit, out);
        let Ok(Sections { answer, authority, .. }) = Sections::read(out) else { return false };
        let mut left_out = false;
        let mut kept: Vec<RrSet> = Vec::with_capacity(answer.len());
        for mut set in answer {
            if matches!(set.rtype, RrType::SVCB | RrType::HTTPS) {
                let before = set.rdata.len();
                set.rdata.retain(|rdata| {
                    service_target(rdata)
                        .is_none_or(|target| target == set.owner || may_be_asked(request, &target))
                });
                if set.rdata.len() < before {
                    left_out = true;
                    // A signature over more than what is left says nothing.
                    set.rrsigs.clear();
                }
            }
            kept.push(set);
        }
        if !left_out {
            return false;
        }
        if let Some(trace) = &mut worker.trace {
            trace.left_out = true;
        }
        let signed = request.question.dnssec_ok();
        let mut reply = Reply::to(request.question, hit.rcode(), out);
        kept.iter().for_each(|set| put(&mut reply, Section::Answer, set, signed));
        let asked = request.question.rtype;
        match kept.iter().any(|set| set.rtype == asked && !set.rdata.is_empty()) {
            true => authority.iter().for_each(|set| put(&mut reply, Section::Authority, set, signed)),
            false => reply.negative_soa(LEFT_OUT_TTL),
        }
        let error = Error::new(EdeCode::ForgedAnswer, request.world().limits.texts.left_out());
        reply.finish(request.limit(), &[error]);
        true
    }
}

/// Whether the group gets an answer for a name that it asks for.
fn may_be_asked(request: Request<'_>, name: &OwnedName) -> bool {
    let world = request.world();
    let suffixes = Suffixes::of(world.index.key(), name.as_name());
    let matched = world.index.lookup(&suffixes);
    !matches!(decide(&world.policy, request.context.group, &suffixes, &matched), Verdict::Block(_))
        || world.resolver.is_local(name.as_name(), request.question.rtype)
}
