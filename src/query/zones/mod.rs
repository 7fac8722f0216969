//! Response policy zones at the desk: between what the school decides itself and what lists say.
//!
//! A zone may decide before there is an answer ([`Desk::early`]), or with one ([`Desk::judged`]). Until
//! then a [`Rest`] goes along with the query and says what is left to be looked at.
// Inside: `write` writes what a rule says, `follow` fetches where it leads.

mod follow;
mod write;

use super::counters::Counters;
use super::inspect::{self, Alias, Trail};
use super::later::Later;
use super::peer::{Peer, Transport};
use super::{Desk, Moment, Outcome, Scratch, World, limit};
use crate::dns::ede::EdeCode;
use crate::dns::name::OwnedName;
use crate::dns::question::Question;
use crate::dns::rdata::rtype;
use crate::dns::reply::{Rcode, Reply};
use crate::model::category::CategorySet;
use crate::model::event::Effect;
use crate::model::matched::Matched;
use crate::model::verdict::{AllowReason, BlockReason, Layer, Source, Verdict};
use crate::policy::Mode;
use crate::policy::decide::{comes_before_zones, decide_answer};
use crate::resolve::Ask;
use crate::resolve::cache::{Hit, Stamp};
use crate::rpz::action::Action;
use crate::rpz::decide::{self, Ruling, Seen};
use crate::rpz::zones::Zone;
pub(super) use follow::Follow;
use write::{Said, sets_of, write};

/// What zones have still to say of a query.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rest {
    look: Look,
    /// Disabled zones that were counted already.
    told: u64,
    /// The block that holds unless a zone opens the name.
    unless_opened: Option<BlockReason>,
    /// Whether everybody in the group gets the same, also the next time.
    pub may_keep: bool,
}

/// Whether the answer is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Look {
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
}

/// What came of the zones before there is an answer.
pub(super) enum Early {
    /// The query is over.
    Over(Outcome),
    /// It goes on, perhaps with another verdict.
    GoesOn(Verdict, Rest),
}

/// What came of a query with its answer.
pub(super) enum Admitted {
    /// It is answered; whether everybody in the group would get the same.
    Written { same_for_all: bool },
    /// It gets no answer.
    Silent,
    /// An alias has to be followed first.
    Follow(Follow),
}

/// What came of the rules for an answer.
enum Judged {
    /// It is over.
    Acts(Admitted),
    /// The answer may go out, as far as zones are concerned.
    Passes { opened: bool, counted: bool },
}

impl Desk {
    /// Lets the zones decide by the question alone. Costs one look where there are none, and allocates
    /// nothing where none has a rule.
    #[expect(clippy::too_many_arguments, reason = "the parts of one query, each used")]
    pub(super) fn early(
        &self,
        moment: &Moment,
        scratch: &mut Scratch,
        question: &Question<'_>,
        peer: Peer,
        number: usize,
        verdict: Verdict,
        out: &mut Vec<u8>,
    ) -> Early {
        let world = &moment.world;
        let Some(zones) = world.zones.of(number) else { return Early::GoesOn(verdict, Rest::DONE) };
        if comes_before_zones(&verdict) {
            return Early::GoesOn(verdict, Rest::DONE);
        }
        let early = decide::early(
            &world.zones,
            zones,
            Some(peer.address),
            &scratch.suffixes,
            question.dnssec_ok() && !question.checking_disabled(),
        );
        self.note_disabled(world, scratch, question, peer, early.disabled);
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
        match self.act(world, scratch, question, peer, &ruling, &[], question.name().to_owned(), out) {
            Judged::Acts(Admitted::Written { .. }) => Early::Over(Outcome::Ready),
            Judged::Acts(Admitted::Silent) => Early::Over(Outcome::Silent),
            Judged::Acts(Admitted::Follow(follow)) => {
                Early::Over(Outcome::Later(Later::follow(moment, question.packet, peer, follow)))
            }
            // It is counted; only what is locked can still close the answer.
            Judged::Passes { counted: true, .. } => {
                Early::GoesOn(Verdict::Allow(AllowReason::OpenGroup), rest)
            }
            Judged::Passes { opened: true, .. } => {
                Early::GoesOn(Verdict::Allow(AllowReason::PolicyZone), rest)
            }
            Judged::Passes { .. } => Early::GoesOn(verdict, rest),
        }
    }

    /// Writes an answer, held to where it leads: by what is locked, by zones, by categories.
    #[expect(clippy::too_many_arguments, reason = "the parts of one query, each used")]
    pub(super) fn admit(
        &self,
        world: &World,
        now: u64,
        scratch: &mut Scratch,
        question: &Question<'_>,
        peer: Peer,
        (allowed, rest): (AllowReason, Rest),
        hit: &Hit,
        out: &mut Vec<u8>,
    ) -> Admitted {
        let number = world.policy.number_of(peer.address);
        let group = &world.policy.groups()[number];
        let stamp = hit.stamp();
        let mut verdict = decide_answer(group, allowed, CategorySet(stamp.all), CategorySet(stamp.open));
        let is_locked = matches!(verdict, Some(Verdict::Block(reason)) if reason.layer == Layer::Locked);
        let mut is_counted = false;
        if !is_locked && self.looks(world, number, rest, stamp) {
            match self.judged(world, now, scratch, question, peer, rest, hit, out) {
                Judged::Acts(admitted) => return admitted,
                Judged::Passes { opened, counted } => {
                    is_counted = counted;
                    match rest.unless_opened.filter(|_| !opened && !counted) {
                        Some(reason) => verdict = Some(Verdict::Block(reason)),
                        None if opened || counted => verdict = None,
                        None => {}
                    }
                }
            }
        }
        if let Some(Verdict::Block(reason) | Verdict::Monitor(reason)) = verdict {
            let matched = self.matched_for(world, scratch, question, hit, &reason, rest);
            if let Some(Verdict::Block(reason)) = verdict {
                self.block(world, scratch, &matched, group, question, peer, &reason, out);
                return Admitted::Written { same_for_all: false };
            }
            self.count(world, scratch, &matched, group, question, peer, &reason, Effect::Monitored);
            is_counted = true;
        }
        hit.write(question, now, out, limit(question, peer.transport));
        Admitted::Written { same_for_all: !is_counted }
    }

    /// What matched where the rule stands that is told: at the name to which the answer leads, or at the
    /// asked name where a zone did not open it.
    fn matched_for(
        &self,
        world: &World,
        scratch: &mut Scratch,
        question: &Question<'_>,
        hit: &Hit,
        reason: &BlockReason,
        rest: Rest,
    ) -> Matched {
        if rest.unless_opened.as_ref() == Some(reason) {
            scratch.suffixes.fill(world.index.key(), question.name());
            return world.index.lookup(&scratch.suffixes);
        }
        let answer = hit.message(&Ask::of(question));
        inspect::walk_to(&answer, &world.index, &mut scratch.suffixes, reason.category)
    }

    fn looks(&self, world: &World, number: usize, rest: Rest, stamp: Stamp) -> bool {
        match rest.look {
            Look::Done => false,
            Look::InAnyCase => true,
            Look::IfMarked => world.zones.of(number).is_some_and(|zones| zones.has_any_of(stamp.zones)),
        }
    }

    /// Lets the zones decide by everything there is.
    #[expect(clippy::too_many_arguments, reason = "the parts of one query, each used")]
    fn judged(
        &self,
        world: &World,
        now: u64,
        scratch: &mut Scratch,
        question: &Question<'_>,
        peer: Peer,
        rest: Rest,
        hit: &Hit,
        out: &mut Vec<u8>,
    ) -> Judged {
        let passes = Judged::Passes { opened: false, counted: false };
        let zones = world.zones.of(world.policy.number_of(peer.address));
        // What is forged is SERVFAIL, whatever a zone would put in its place.
        let Some(zones) = zones.filter(|_| !is_bogus(hit)) else { return passes };
        // As it would go out, TTLs counted down.
        hit.write(question, now, out, usize::from(u16::MAX));
        let trail = Trail::of(out, question.name(), question.rtype);
        let seen = Seen {
            links: &trail.links,
            addresses: &trail.addresses,
            servers: &|name| world.resolver.delegation_of(name),
        };
        let is_signed = question.dnssec_ok() && hit.is_secure();
        let judged = decide::judge(&world.zones, zones, peer.address, &seen, is_signed);
        self.note_disabled(world, scratch, question, peer, judged.disabled & !rest.told);
        let Some(ruling) = judged.ruling else { return passes };
        let owner = trail.links[ruling.link].clone();
        self.act(world, scratch, question, peer, &ruling, &trail.aliases[..ruling.link], owner, out)
    }

    /// Does what a rule says of the name `owner`, to which the aliases `before` lead.
    #[expect(clippy::too_many_arguments, reason = "the parts of one query, each used")]
    fn act(
        &self,
        world: &World,
        scratch: &Scratch,
        question: &Question<'_>,
        peer: Peer,
        ruling: &Ruling<'_>,
        before: &[Alias],
        owner: OwnedName,
        out: &mut Vec<u8>,
    ) -> Judged {
        let Ruling { zone, action, ttl, .. } = *ruling;
        zone.note_hit();
        let monitors = world.policy.group_of(peer.address).mode == Mode::Monitor;
        match action {
            Action::Passthru => return Judged::Passes { opened: opens(ruling), counted: false },
            Action::TcpOnly if monitors || peer.transport == Transport::Stream => {
                return Judged::Passes { opened: false, counted: false };
            }
            _ if monitors => {
                self.count_zone(world, scratch, question, peer, zone, Effect::Monitored);
                return Judged::Passes { opened: false, counted: true };
            }
            Action::TcpOnly => {
                let mut reply = Reply::to(question, Rcode::NoError, out);
                reply.truncated();
                reply.finish(limit(question, peer.transport), &[]);
            }
            Action::Drop => {
                self.count_zone(world, scratch, question, peer, zone, Effect::Blocked);
                return Judged::Acts(Admitted::Silent);
            }
            Action::Alias(target) if follows(question) => {
                if let Some(target) = target.of(owner.as_name()) {
                    let alias = Alias { owner, ttl, target };
                    let number = world.zones.all().iter().position(|other| std::ptr::eq(other, zone));
                    let zone = number.expect("a rule is of a zone in force");
                    return Judged::Acts(Admitted::Follow(Follow { before: before.to_vec(), alias, zone }));
                }
                // No name can be that long: there is none.
                self.count_zone(world, scratch, question, peer, zone, Effect::Blocked);
                let said = Said { rcode: Rcode::NxDomain, sets: &[], ttl };
                write(world, question, peer, zone, before, &owner, &said, out);
            }
            Action::NxDomain | Action::NoData | Action::Records(_) | Action::Alias(_) => {
                self.count_zone(world, scratch, question, peer, zone, Effect::Blocked);
                let sets = sets_of(action, question.rtype, &owner, ttl);
                let rcode = if *action == Action::NxDomain { Rcode::NxDomain } else { Rcode::NoError };
                write(world, question, peer, zone, before, &owner, &Said { rcode, sets: &sets, ttl }, out);
            }
        }
        Judged::Acts(Admitted::Written { same_for_all: false })
    }

    fn note_disabled(
        &self,
        world: &World,
        scratch: &Scratch,
        question: &Question<'_>,
        peer: Peer,
        zones: u64,
    ) {
        for zone in world.zones.among(zones) {
            zone.note_hit();
            self.count_zone(world, scratch, question, peer, zone, Effect::Monitored);
        }
    }

    fn count_zone(
        &self,
        world: &World,
        scratch: &Scratch,
        question: &Question<'_>,
        peer: Peer,
        zone: &Zone,
        effect: Effect,
    ) {
        if effect == Effect::Blocked {
            Counters::add(&scratch.counters.blocked);
        }
        let source = Source::PolicyZone(zone.list);
        let reason = BlockReason { layer: Layer::PolicyZone, category: None, source };
        let group = world.policy.group_of(peer.address);
        self.count(world, scratch, &Matched::default(), group, question, peer, &reason, effect);
    }
}

/// Whether an alias is followed for who asks: not for the alias itself, and not without being asked to.
fn follows(question: &Question<'_>) -> bool {
    question.recursion_desired() && !matches!(question.rtype, rtype::CNAME | rtype::ANY)
}

/// Whether it is a PASSTHRU that opens what categories close.
fn opens(ruling: &Ruling<'_>) -> bool {
    *ruling.action == Action::Passthru && ruling.zone.settings.passthru_opens
}

/// Zones that have a rule for where an answer leads, to be remembered with it.
pub(super) fn marks(world: &World, answer: &[u8], question: &Question<'_>) -> u64 {
    if world.zones.all().is_empty() {
        return 0;
    }
    let trail = Trail::of(answer, question.name(), question.rtype);
    let servers = |name: crate::dns::name::Name<'_>| world.resolver.delegation_of(name);
    decide::marks(&world.zones, &Seen { links: &trail.links, addresses: &trail.addresses, servers: &servers })
}

/// Whether validation failed.
fn is_bogus(hit: &Hit) -> bool {
    use EdeCode::{
        DnskeyMissing, DnssecBogus, NoZoneKeyBitSet, NsecMissing, RrsigsMissing, SignatureExpired,
        SignatureNotYetValid,
    };
    let codes = [
        DnssecBogus,
        SignatureExpired,
        SignatureNotYetValid,
        DnskeyMissing,
        RrsigsMissing,
        NoZoneKeyBitSet,
        NsecMissing,
    ];
    hit.rcode() == Rcode::ServFail && hit.ede().is_some_and(|(code, _)| codes.contains(&code))
}
