//! Response policy zones in a query: between what the school decides itself and what lists say.
//!
//! A zone may decide before there is an answer ([`Responder::early`]), or when names or an answer become known
//! ([`judge`](super::judge)). Until then [`ZonesLeft`] goes along with the query and says what zones have still to
//! say.
// Inside: `write` writes what a rule says; `query::rewrite` fetches where it leads.

mod write;

use super::client::Transport;
use super::counters::Counters;
use super::inspect::Trail;
use super::pending::{Rewrite, Task};
use super::request::{Look, Request, ZonesLeft};
use super::trace::ZoneRule;
use super::{Outcome, Responder, WorkerState, World};
use crate::dns::name::{Name, OwnedName};
use crate::dns::question::Question;
use crate::dns::rcode::Rcode;
use crate::dns::reply::Reply;
use crate::dns::rrtype::RrType;
use crate::model::event::Effect;
use crate::model::matched::Matched;
use crate::model::verdict::{AllowReason, BlockReason, Layer, Source, Verdict};
use crate::policy::decide::comes_before_zones;
use crate::resolve::alias::Alias;
use crate::rpz::action::Action;
use crate::rpz::decide::{self, Ruling, Seen};
use crate::rpz::zones::Zone;
use write::{Said, sets_of, write};
pub(super) use write::{finish, put};

/// What came of the zones before there is an answer.
pub(super) enum Early {
    /// The query is over.
    Over(Outcome),
    /// It goes on, perhaps with another verdict.
    GoesOn(Verdict, ZonesLeft),
}

/// What came of a rule.
pub(super) enum Acted {
    /// The answer stands in the buffer.
    Written,
    /// There is no answer, on purpose.
    Silent,
    /// The target of an alias has to be fetched first.
    Rewrite(Rewrite),
}

impl Responder {
    /// Lets the zones decide by the question alone. Costs one look where there are none, and allocates
    /// nothing where none has a rule.
    pub(super) fn early(
        &self,
        request: Request<'_>,
        worker: &mut WorkerState,
        verdict: Verdict,
        out: &mut Vec<u8>,
    ) -> Early {
        let Some(zones) = request.context.zones else { return Early::GoesOn(verdict, ZonesLeft::NONE) };
        if comes_before_zones(&verdict) {
            return Early::GoesOn(verdict, ZonesLeft::NONE);
        }
        let all = &request.world().zones;
        let early =
            decide::early(all, zones, request.context.address, &worker.suffixes, request.wants_signed());
        self.note_disabled(request, worker, early.disabled);
        let left = ZonesLeft { told: early.disabled, may_keep: false, ..ZonesLeft::NONE };
        let Some(ruling) = early.ruling else {
            let may_keep = !zones.by_client() && early.disabled == 0;
            return Early::GoesOn(verdict, ZonesLeft { look: Look::IfMarked, may_keep, ..left });
        };
        let opens = opens(&ruling);
        if early.waits {
            return match verdict {
                // Closed either way; that it was is no reason to ask outside.
                Verdict::Block(_) | Verdict::Monitor(_) if !opens => Early::GoesOn(verdict, left),
                Verdict::Block(reason) => {
                    let left = ZonesLeft { unless_opened: Some(reason), look: Look::InAnyCase, ..left };
                    Early::GoesOn(Verdict::Allow(AllowReason::NothingForbids), left)
                }
                _ => Early::GoesOn(verdict, ZonesLeft { look: Look::InAnyCase, ..left }),
            };
        }
        let monitors = request.context.is_monitored();
        match ruling.action {
            Action::Passthru => {
                self.note_passed(worker, &ruling);
                let opened = Verdict::Allow(AllowReason::PolicyZone);
                Early::GoesOn(if opens { opened } else { verdict }, left)
            }
            Action::TcpOnly if monitors || request.client.transport == Transport::Stream => {
                self.note_passed(worker, &ruling);
                Early::GoesOn(verdict, left)
            }
            _ if monitors => {
                self.note_hit(worker, ruling.zone);
                self.count_zone(request, worker, &ruling, request.question.name(), Effect::Monitored);
                // It is counted; only what is locked can still close the answer.
                Early::GoesOn(Verdict::Allow(AllowReason::OpenGroup), left)
            }
            _ => match self.act(request, worker, &ruling, &[], request.question.name().to_owned(), out) {
                Acted::Written => Early::Over(Outcome::Ready),
                Acted::Silent => Early::Over(Outcome::Silent),
                Acted::Rewrite(rewrite) => {
                    Early::Over(Outcome::Pending(request.pending(Task::Rewrite(rewrite))))
                }
            },
        }
    }

    /// Does what a rule says of the name `owner`, to which the aliases `before` lead: one that lets the query
    /// pass does not come here.
    pub(super) fn act(
        &self,
        request: Request<'_>,
        worker: &mut WorkerState,
        ruling: &Ruling<'_>,
        before: &[Alias],
        owner: OwnedName,
        out: &mut Vec<u8>,
    ) -> Acted {
        let Ruling { zone, action, ttl, .. } = *ruling;
        self.note_hit(worker, zone);
        if *action == Action::TcpOnly {
            let mut reply = Reply::to(request.question, Rcode::NO_ERROR, out);
            reply.truncated();
            reply.finish(request.limit(), &[]);
            return Acted::Written;
        }
        if let Action::Alias(target) = action
            && follows(request.question)
            && let Some(target) = target.of(owner.as_name())
        {
            let alias = Alias { owner, ttl, target, dname: None };
            let zones = request.world().zones.all();
            let number = zones.iter().position(|other| std::ptr::eq(other, zone));
            let zone = number.expect("a rule is of a zone in force");
            return Acted::Rewrite(Rewrite { before: before.to_vec(), alias, zone, kind: ruling.kind });
        }
        self.count_zone(request, worker, ruling, owner.as_name(), Effect::Blocked);
        let (rcode, sets) = match action {
            Action::Drop => return Acted::Silent,
            Action::NxDomain => (Rcode::NX_DOMAIN, Vec::new()),
            // No name can be that long: there is none.
            Action::Alias(_) if follows(request.question) => (Rcode::NX_DOMAIN, Vec::new()),
            _ => (Rcode::NO_ERROR, sets_of(action, request.question.rtype, &owner, ttl)),
        };
        write(request, zone, before, &owner, &Said { rcode, sets: &sets, ttl }, out);
        Acted::Written
    }

    /// Counts zones that are disabled and would have decided.
    pub(super) fn note_disabled(&self, request: Request<'_>, worker: &mut WorkerState, zones: u64) {
        for zone in request.world().zones.among(zones) {
            self.note_hit(worker, zone);
            self.count_of_zone(request, worker, zone, None, Effect::Monitored);
        }
    }

    /// Notes that a rule of a zone let a query pass.
    pub(super) fn note_passed(&self, worker: &mut WorkerState, ruling: &Ruling<'_>) {
        self.note_hit(worker, ruling.zone);
        if let Some(trace) = &mut worker.trace {
            trace.passed = Some(told(ruling.zone, Some(ruling)));
        }
    }

    pub(super) fn note_hit(&self, worker: &WorkerState, zone: &Zone) {
        if worker.trace.is_none() {
            zone.note_hit();
        }
    }

    pub(super) fn count_zone(
        &self,
        request: Request<'_>,
        worker: &mut WorkerState,
        ruling: &Ruling<'_>,
        link: Name<'_>,
        effect: Effect,
    ) {
        self.count_of_zone(request, worker, ruling.zone, Some(ruling), effect);
        if let Some(decided) = worker.trace.as_mut().and_then(|trace| trace.decided.last_mut())
            && let Some(rule) = &mut decided.zone
        {
            rule.link = Some(link.to_owned());
        }
    }

    pub(super) fn count_of_zone(
        &self,
        request: Request<'_>,
        worker: &mut WorkerState,
        zone: &Zone,
        ruling: Option<&Ruling<'_>>,
        effect: Effect,
    ) {
        if effect == Effect::Blocked {
            Counters::add(&worker.counters.blocked);
        }
        let source = Source::PolicyZone(zone.list);
        let reason = BlockReason { layer: Layer::PolicyZone, category: None, service: None, source };
        self.count(request, worker, &Matched::default(), &reason, effect);
        if let Some(decided) = worker.trace.as_mut().and_then(|trace| trace.decided.last_mut()) {
            decided.zone = Some(told(zone, ruling));
        }
    }
}

pub(super) fn told(zone: &Zone, ruling: Option<&Ruling<'_>>) -> ZoneRule {
    ZoneRule {
        zone: zone.settings.name.clone(),
        link: None,
        serial: zone.table.soa().map(|soa| soa.serial),
        kind: ruling.map_or("", |ruling| ruling.kind.id()),
        action: ruling.map_or("disabled", |ruling| ruling.action.id()),
    }
}

/// Whether an alias is followed for who asks: not for the alias itself, and not without being asked to.
fn follows(question: &Question<'_>) -> bool {
    question.recursion_desired() && !matches!(question.rtype, RrType::CNAME | RrType::ANY)
}

/// Whether it is a PASSTHRU that opens what categories close.
pub(super) fn opens(ruling: &Ruling<'_>) -> bool {
    *ruling.action == Action::Passthru && ruling.zone.settings.passthru_opens
}

/// Zones that have a rule for where an answer leads, to be remembered with it.
pub(super) fn marks(world: &World, trail: &Trail) -> u64 {
    let servers = |name: Name<'_>| world.resolver.delegation_of(name);
    decide::marks(&world.zones, &Seen { links: &trail.links, addresses: &trail.addresses, servers: &servers })
}
