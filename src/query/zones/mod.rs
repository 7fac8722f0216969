//! Response policy zones in a query: between what the school decides itself and what lists say.
//!
//! A zone may decide before there is an answer ([`Desk::early`]), or when names or an answer become known
//! ([`judge`](super::judge)). Until then a [`Rest`] goes along with the query and says what is left to be looked
//! at.
// Inside: `write` writes what a rule says, `follow` fetches where it leads.

mod follow;
mod write;

use super::asker::Query;
use super::counters::Counters;
use super::inspect::Trail;
use super::later::Later;
use super::peer::Transport;
use super::trace::ZoneRule;
use super::{Desk, Moment, Outcome, Scratch, World};
use crate::dns::name::{Name, OwnedName};
use crate::dns::question::Question;
use crate::dns::rdata::rtype;
use crate::dns::reply::{Rcode, Reply};
use crate::model::event::Effect;
use crate::model::matched::Matched;
use crate::model::verdict::{AllowReason, BlockReason, Layer, Source, Verdict};
use crate::policy::decide::comes_before_zones;
use crate::resolve::alias::Alias;
use crate::resolve::cache::Stamp;
use crate::rpz::action::Action;
use crate::rpz::decide::{self, Ruling, Seen};
use crate::rpz::zones::Zone;
pub(super) use follow::Follow;
pub(super) use write::put;
use write::{Said, sets_of, write};

/// What zones have still to say of a query.
#[derive(Clone, Copy, Debug)]
pub struct Rest {
    pub(super) look: Look,
    /// Disabled zones that were counted already.
    pub(super) told: u64,
    /// The block that holds unless a zone opens the name.
    pub(super) unless_opened: Option<BlockReason>,
    /// Whether everybody in the group gets the same, also the next time.
    pub(super) may_keep: bool,
}

/// Whether the answer is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// No: there are no zones, or they have decided.
    Done,
    /// Where its stamp says that a zone has a rule for it.
    IfMarked,
    /// In any case: the question has a rule, and an earlier zone may have another for the answer.
    InAnyCase,
}

impl Rest {
    /// Nothing is left.
    pub const DONE: Rest = Rest { look: Look::Done, told: 0, unless_opened: None, may_keep: true };

    /// A number that tells apart what is left to be looked at.
    pub(super) fn key(&self) -> u8 {
        self.look as u8 | u8::from(self.unless_opened.is_some()) << 4
    }

    /// Whether the zones are to be asked about an answer with this stamp.
    pub(super) fn looks(&self, query: Query<'_>, stamp: Stamp) -> bool {
        match self.look {
            Look::Done => false,
            Look::InAnyCase => true,
            Look::IfMarked => query.asker.zones.is_some_and(|zones| zones.has_any_of(stamp.zones)),
        }
    }
}

/// What came of the zones before there is an answer.
pub(super) enum Early {
    /// The query is over.
    Over(Outcome),
    /// It goes on, perhaps with another verdict.
    GoesOn(Verdict, Rest),
}

/// What came of a rule.
pub(super) enum Acted {
    /// The answer stands in the buffer.
    Written,
    /// There is no answer, on purpose.
    Silent,
    /// An alias has to be followed first.
    Follow(Follow),
}

impl Desk {
    /// Lets the zones decide by the question alone. Costs one look where there are none, and allocates
    /// nothing where none has a rule.
    pub(super) fn early(
        &self,
        moment: &Moment,
        scratch: &mut Scratch,
        query: Query<'_>,
        verdict: Verdict,
        out: &mut Vec<u8>,
    ) -> Early {
        let Some(zones) = query.asker.zones else { return Early::GoesOn(verdict, Rest::DONE) };
        if comes_before_zones(&verdict) {
            return Early::GoesOn(verdict, Rest::DONE);
        }
        let all = &query.world().zones;
        let early = decide::early(all, zones, query.asker.client, &scratch.suffixes, query.wants_signed());
        self.note_disabled(scratch, query, early.disabled);
        let rest = Rest { told: early.disabled, may_keep: false, ..Rest::DONE };
        let Some(ruling) = early.ruling else {
            let may_keep = !zones.by_client() && early.disabled == 0;
            return Early::GoesOn(verdict, Rest { look: Look::IfMarked, may_keep, ..rest });
        };
        let opens = opens(&ruling);
        if early.waits {
            return match verdict {
                // Closed either way; that it was is no reason to ask outside.
                Verdict::Block(_) | Verdict::Monitor(_) if !opens => Early::GoesOn(verdict, rest),
                Verdict::Block(reason) => {
                    let rest = Rest { unless_opened: Some(reason), look: Look::InAnyCase, ..rest };
                    Early::GoesOn(Verdict::Allow(AllowReason::NothingForbids), rest)
                }
                _ => Early::GoesOn(verdict, Rest { look: Look::InAnyCase, ..rest }),
            };
        }
        let monitors = query.asker.is_monitored();
        match ruling.action {
            Action::Passthru => {
                self.note_passed(scratch, &ruling);
                let opened = Verdict::Allow(AllowReason::PolicyZone);
                Early::GoesOn(if opens { opened } else { verdict }, rest)
            }
            Action::TcpOnly if monitors || query.peer.transport == Transport::Stream => {
                self.note_passed(scratch, &ruling);
                Early::GoesOn(verdict, rest)
            }
            _ if monitors => {
                self.note_hit(scratch, ruling.zone);
                self.count_zone(scratch, query, &ruling, query.question.name(), Effect::Monitored);
                // It is counted; only what is locked can still close the answer.
                Early::GoesOn(Verdict::Allow(AllowReason::OpenGroup), rest)
            }
            _ => match self.act(scratch, query, &ruling, &[], query.question.name().to_owned(), out) {
                Acted::Written => Early::Over(Outcome::Ready),
                Acted::Silent => Early::Over(Outcome::Silent),
                Acted::Follow(follow) => Early::Over(Outcome::Later(Later::follow(
                    moment,
                    query.question.packet,
                    query.peer,
                    follow,
                ))),
            },
        }
    }

    /// Does what a rule says of the name `owner`, to which the aliases `before` lead: one that lets the query
    /// pass does not come here.
    pub(super) fn act(
        &self,
        scratch: &mut Scratch,
        query: Query<'_>,
        ruling: &Ruling<'_>,
        before: &[Alias],
        owner: OwnedName,
        out: &mut Vec<u8>,
    ) -> Acted {
        let Ruling { zone, action, ttl, .. } = *ruling;
        self.note_hit(scratch, zone);
        if *action == Action::TcpOnly {
            let mut reply = Reply::to(query.question, Rcode::NoError, out);
            reply.truncated();
            reply.finish(query.limit(), &[]);
            return Acted::Written;
        }
        if let Action::Alias(target) = action
            && follows(query.question)
            && let Some(target) = target.of(owner.as_name())
        {
            let alias = Alias { owner, ttl, target, dname: None };
            let zones = query.world().zones.all();
            let number = zones.iter().position(|other| std::ptr::eq(other, zone));
            let zone = number.expect("a rule is of a zone in force");
            return Acted::Follow(Follow { before: before.to_vec(), alias, zone, kind: ruling.kind });
        }
        self.count_zone(scratch, query, ruling, owner.as_name(), Effect::Blocked);
        let (rcode, sets) = match action {
            Action::Drop => return Acted::Silent,
            Action::NxDomain => (Rcode::NxDomain, Vec::new()),
            // No name can be that long: there is none.
            Action::Alias(_) if follows(query.question) => (Rcode::NxDomain, Vec::new()),
            _ => (Rcode::NoError, sets_of(action, query.question.rtype, &owner, ttl)),
        };
        write(query, zone, before, &owner, &Said { rcode, sets: &sets, ttl }, out);
        Acted::Written
    }

    /// Counts zones that are disabled and would have decided.
    pub(super) fn note_disabled(&self, scratch: &mut Scratch, query: Query<'_>, zones: u64) {
        for zone in query.world().zones.among(zones) {
            self.note_hit(scratch, zone);
            self.count_of_zone(scratch, query, zone, None, Effect::Monitored);
        }
    }

    /// Notes that a rule of a zone let a query pass.
    pub(super) fn note_passed(&self, scratch: &mut Scratch, ruling: &Ruling<'_>) {
        self.note_hit(scratch, ruling.zone);
        if let Some(trace) = &mut scratch.trace {
            trace.passed = Some(told(ruling.zone, Some(ruling)));
        }
    }

    pub(super) fn note_hit(&self, scratch: &Scratch, zone: &Zone) {
        if scratch.trace.is_none() {
            zone.note_hit();
        }
    }

    pub(super) fn count_zone(
        &self,
        scratch: &mut Scratch,
        query: Query<'_>,
        ruling: &Ruling<'_>,
        link: Name<'_>,
        effect: Effect,
    ) {
        self.count_of_zone(scratch, query, ruling.zone, Some(ruling), effect);
        if let Some(decided) = scratch.trace.as_mut().and_then(|trace| trace.decided.last_mut())
            && let Some(rule) = &mut decided.zone
        {
            rule.link = Some(link.to_owned());
        }
    }

    pub(super) fn count_of_zone(
        &self,
        scratch: &mut Scratch,
        query: Query<'_>,
        zone: &Zone,
        ruling: Option<&Ruling<'_>>,
        effect: Effect,
    ) {
        if effect == Effect::Blocked {
            Counters::add(&scratch.counters.blocked);
        }
        let source = Source::PolicyZone(zone.list);
        let reason = BlockReason { layer: Layer::PolicyZone, category: None, source };
        self.count(scratch, query, &Matched::default(), &reason, effect);
        if let Some(decided) = scratch.trace.as_mut().and_then(|trace| trace.decided.last_mut()) {
            decided.zone = Some(told(zone, ruling));
        }
    }
}

fn told(zone: &Zone, ruling: Option<&Ruling<'_>>) -> ZoneRule {
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
    question.recursion_desired() && !matches!(question.rtype, rtype::CNAME | rtype::ANY)
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
