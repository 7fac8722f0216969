//! One query, from its octets to its answer: the sentence of design §2, told once.
//!
//! [`Desk::answer`] runs on the worker that received the packet and never waits: a refusal, a local
//! name, a block and a cached answer are written at once. Everything else becomes a [`Later`], which
//! a task takes upstream and [`Desk::finish`]es. Both end in the same functions, so that an answer
//! does not depend on the way it took.
//!
//! Knows every pillar. Never knows sockets.

mod admit;
mod again;
mod asker;
pub mod block;
pub mod counters;
pub mod inspect;
mod judge;
pub mod later;
pub mod outcomes;
pub mod packets;
pub mod peer;
pub mod rate;
pub mod special;
pub mod trace;
pub mod world;
mod zones;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;

use crate::dns::ede::EdeCode;
use crate::dns::name::HEADER;
use crate::dns::question::{Question, Refused};
use crate::dns::reply::{Error, Rcode, Reply};
use crate::dns::suffixes::Suffixes;
use crate::journal::count::Tally;
use crate::model::event::{Attempt, Effect};
use crate::model::matched::Matched;
use crate::model::verdict::{AllowReason, BlockReason, Source, Verdict};
use crate::policy::decide::decide;
use crate::resolve::Ask;
use crate::resolve::cache::Cache;
use crate::rpz::transfer::notify;
use crate::sys::clock::unix_now;
use admit::Admitted;
use again::Rests;
use asker::Query;
use block::Place;
use counters::{AllCounters, Counters, Counts};
use later::{Later, Pending, Shed};
use outcomes::{Outcomes, Recent};
use packets::{Blocked, Packets};
use peer::{Peer, Refusal, Transport};
use trace::{Decided, ListRule, Trace};
pub use world::{Moment, World};
use zones::{Early, Rest};

/// Where queries are answered. One for the whole program; workers share it.
pub struct Desk {
    world: ArcSwap<World>,
    generation: AtomicU64,
    cache: Cache,
    /// How long a client waits for a new answer when there is an old one.
    stale_after: Duration,
    prefetches: bool,
    counters: AllCounters,
    outcomes: Outcomes,
    started: Instant,
}

/// What a worker keeps between queries.
pub struct Scratch {
    suffixes: Suffixes,
    packets: Option<Packets>,
    /// What is to be fetched anew, although it could be answered.
    renewal: Option<Pending>,
    /// Datagrams over a client's rate, so far.
    over_rate: u32,
    /// What decides, where somebody wants to know: a check.
    trace: Option<Box<Trace>>,
    tally: Arc<Tally>,
    counters: Arc<Counters>,
}

/// What became of a packet.
pub enum Outcome {
    /// The answer stands in the buffer.
    Ready,
    /// No answer, on purpose.
    Silent,
    /// The answer has to be fetched.
    Later(Later),
}

impl Scratch {
    /// For a worker whose blocked attempts go into `tally`, and the rest into `counters`.
    pub fn new(tally: Arc<Tally>, counters: Arc<Counters>) -> Self {
        Self {
            suffixes: Suffixes::new(),
            packets: None,
            renewal: None,
            over_rate: 0,
            trace: None,
            tally,
            counters,
        }
    }

    /// What the last answer showed to be near its end: to be [settled](Desk::settle) by whoever has time.
    pub fn take_renewal(&mut self) -> Option<Pending> {
        self.renewal.take()
    }

    /// For a check: what decides is noted, and nothing is counted where anybody reads it.
    pub fn for_check() -> Self {
        let trace = Some(Box::default());
        Self { trace, ..Self::new(Arc::new(Tally::unread()), Arc::default()) }
    }

    /// What decided since the scratch was made for a check.
    pub fn take_trace(&mut self) -> Trace {
        self.trace.take().map(|trace| *trace).unwrap_or_default()
    }

    /// The same with a [packet cache](packets), for who answers many datagrams.
    pub fn with_packets(self) -> Self {
        Self { packets: Some(Packets::new()), ..self }
    }
}

impl Desk {
    /// A desk that answers from `world`, with this cache in front.
    pub fn new(world: World, cache: Cache) -> Self {
        Self {
            world: ArcSwap::from_pointee(world),
            generation: AtomicU64::new(1),
            cache,
            stale_after: Duration::from_millis(1800),
            prefetches: true,
            counters: AllCounters::default(),
            outcomes: Outcomes::default(),
            started: Instant::now(),
        }
    }

    /// The same where a client waits for `stale_after` before it gets an old answer, and where answers are
    /// fetched anew before their time is over, or not.
    pub fn with_steadiness(self, stale_after: Duration, prefetches: bool) -> Self {
        Self { stale_after, prefetches, ..self }
    }

    /// The snapshot in force.
    pub fn world(&self) -> Arc<World> {
        self.world.load_full()
    }

    /// The snapshot in force and the time, for the queries that are at hand.
    pub fn moment(&self) -> Moment {
        // Before the snapshot: an old one must not be taken for one of the new generation.
        let generation = self.generation.load(Ordering::Acquire);
        Moment { world: self.world(), generation, now: self.now(), elapsed: self.started.elapsed() }
    }

    /// Puts a new snapshot in force. Queries under way end with the old one, which then goes.
    pub fn swap(&self, world: World) {
        self.world.store(Arc::new(world));
        self.generation.fetch_add(1, Ordering::Release);
    }

    /// Forgets all answers that were fetched.
    pub fn forget_answers(&self) {
        self.cache.clear();
        self.generation.fetch_add(1, Ordering::Release);
    }

    /// Everybody's counters.
    pub fn counters(&self) -> &AllCounters {
        &self.counters
    }

    /// Counts since the start.
    pub fn counts(&self) -> Counts {
        self.counters.sum()
    }

    /// What became of the queries of the last minutes.
    pub fn recent(&self) -> Recent {
        self.outcomes.recent(self.counts(), self.started.elapsed())
    }

    /// Notes what was counted until now, so that the counts of the last minutes can be told later.
    pub fn sample(&self) {
        self.outcomes.sample(self.counts(), self.started.elapsed());
    }

    /// The answer cache.
    pub fn cache(&self) -> &Cache {
        &self.cache
    }

    /// Answers a packet at once, or says what it takes.
    pub fn answer(
        &self,
        moment: &Moment,
        scratch: &mut Scratch,
        packet: &[u8],
        peer: Peer,
        out: &mut Vec<u8>,
    ) -> Outcome {
        let world = &moment.world;
        if let Some(rates) = &world.rates
            && !rates.admits(peer, moment.elapsed)
        {
            return rate::answer(scratch, packet, peer, out);
        }
        let number = world.policy.number_of(peer.address);
        if scratch.packets.is_some() && self.again(moment, scratch, packet, peer, number, out) {
            return Outcome::Ready;
        }
        let question = match peer.parse(packet) {
            Ok(question) => question,
            Err(refused) => return self.refuse(world, scratch, refused, packet, peer, out),
        };
        Counters::add(&scratch.counters.queries);
        let limit = limit(&question, peer.transport);
        if !world.access.allows(peer.address) {
            Counters::add(&scratch.counters.refused);
            if peer.is_inside() {
                Counters::add(&scratch.counters.refused_inside);
            }
            if world.access.refusal() == Refusal::Drop {
                return Outcome::Silent;
            }
            let error = Error::new(EdeCode::Prohibited, "");
            Reply::to(&question, Rcode::Refused, out).finish(limit, &[error]);
            return Outcome::Ready;
        }
        self.answer_in_group(moment, scratch, &question, peer, number, out)
    }

    /// Answers what somebody asks who may ask, or says what it takes. A check begins here.
    pub fn answer_question(
        &self,
        moment: &Moment,
        scratch: &mut Scratch,
        question: &Question<'_>,
        peer: Peer,
        out: &mut Vec<u8>,
    ) -> Outcome {
        let number = moment.world.number_of(peer);
        self.answer_in_group(moment, scratch, question, peer, number, out)
    }

    /// The same for a peer of group number `number`.
    fn answer_in_group(
        &self,
        moment: &Moment,
        scratch: &mut Scratch,
        question: &Question<'_>,
        peer: Peer,
        number: usize,
        out: &mut Vec<u8>,
    ) -> Outcome {
        let world = &*moment.world;
        if !question.is_internet() {
            world.identity.answer(question, limit(question, peer.transport), out);
            return Outcome::Ready;
        }
        scratch.suffixes.fill(world.index.key(), question.name());
        if world.may_be_local(&scratch.suffixes) && world.resolver.is_local(question.name(), question.rtype) {
            Counters::add(&scratch.counters.local);
            return self.local(moment, scratch, question, peer, out);
        }
        let query = Query::of(world, question, peer, number);
        let matched = world.index.lookup(&scratch.suffixes);
        let verdict = decide(&world.policy, query.asker.group, &scratch.suffixes, &matched);
        let (verdict, rest) = match self.early(moment, scratch, query, verdict, out) {
            Early::GoesOn(verdict, rest) => (verdict, rest),
            Early::Over(outcome) => return outcome,
        };
        let mut is_counted = false;
        let allowed = match verdict {
            Verdict::Allow(reason) => reason,
            Verdict::Monitor(reason) => {
                self.count(scratch, query, &matched, &reason, Effect::Monitored);
                is_counted = true;
                // It is counted; only what is locked can still close the answer.
                AllowReason::OpenGroup
            }
            Verdict::Block(reason) => {
                let blocked = self.block(scratch, query, &matched, &reason, None, out);
                if rest.may_keep {
                    scratch.keep(moment, peer, number, out, Rests::OnBlock(blocked));
                }
                return Outcome::Ready;
            }
        };
        if let Some(trace) = &mut scratch.trace {
            trace.allowed = Some(allowed);
        }
        if !question.recursion_desired() {
            // Looking into the cache without asking for recursion would tell what others asked.
            refuse_without_recursion(question, query.limit(), out);
            return Outcome::Ready;
        }
        match self.cache.find(question, moment.now) {
            Some(hit) if hit.stamp().generation == world.generation() => {
                let has_failed = hit.rcode() == Rcode::ServFail;
                let allowed = (allowed, rest);
                match self.admit(moment.now, scratch, query, allowed, &hit, out) {
                    Admitted::Written { same_for_all } => {
                        Counters::add(&scratch.counters.cached);
                        if has_failed {
                            Counters::add(&scratch.counters.failed_again);
                        }
                        scratch.renewal = self.renewal(&moment.world, query, allowed, &hit, moment.now);
                        // A failure is counted each time it is given.
                        if same_for_all && rest.may_keep && !is_counted && !has_failed {
                            scratch.keep(moment, peer, number, out, Rests::OnHit(&hit));
                        }
                        Outcome::Ready
                    }
                    Admitted::Closed => {
                        Counters::add(&scratch.counters.cached);
                        Outcome::Ready
                    }
                    Admitted::Silent => Outcome::Silent,
                    Admitted::Follow(follow) => {
                        Outcome::Later(Later::follow(moment, question.packet, peer, follow))
                    }
                    // Others could not go so far.
                    Admitted::Unfinished => {
                        Outcome::Later(Later::new(moment, question.packet, peer, allowed.0, allowed.1))
                    }
                }
            }
            _ => Outcome::Later(Later::new(moment, question.packet, peer, allowed, rest)),
        }
    }

    /// Answers from what never leaves the house; where that leads outside, it has to be fetched.
    fn local(
        &self,
        moment: &Moment,
        scratch: &mut Scratch,
        question: &Question<'_>,
        peer: Peer,
        out: &mut Vec<u8>,
    ) -> Outcome {
        let world = &moment.world;
        let ask = Ask::of(question);
        if let Some(trace) = &mut scratch.trace {
            trace.is_local = true;
        }
        match world.resolver.local(&ask) {
            Some(answer) => {
                let hit = self.cache.wrap(&ask, &answer, moment.now);
                hit.write(question, moment.now, out, limit(question, peer.transport));
                Outcome::Ready
            }
            None if !question.recursion_desired() => {
                refuse_without_recursion(question, limit(question, peer.transport), out);
                Outcome::Ready
            }
            None => {
                let allowed = AllowReason::NothingForbids;
                Outcome::Later(Later::new(moment, question.packet, peer, allowed, Rest::DONE))
            }
        }
    }

    fn block(
        &self,
        scratch: &mut Scratch,
        query: Query<'_>,
        matched: &Matched,
        reason: &BlockReason,
        place: Option<Place<'_>>,
        out: &mut Vec<u8>,
    ) -> Blocked {
        Counters::add(&scratch.counters.blocked);
        if query.world().policy.is_unknown(query.asker.group) {
            Counters::add(&scratch.counters.unknown_clients);
        }
        let blocked = self.count(scratch, query, matched, reason, Effect::Blocked);
        let texts = &query.world().texts;
        block::write(query.question, query.asker.group, reason, place, texts, query.limit(), out);
        blocked
    }

    /// Counts an attempt at the name that was walked last.
    fn count(
        &self,
        scratch: &mut Scratch,
        query: Query<'_>,
        matched: &Matched,
        reason: &BlockReason,
        effect: Effect,
    ) -> Blocked {
        let world = query.world();
        let list = match reason.source {
            Source::SchoolRule(_) => Some(world.school_list),
            Source::PolicyZone(list) => Some(list),
            Source::NotInAllowSet => None,
            Source::Lists => reason.category.and_then(|category| {
                let (list, _) = world.index.blocking_list(&scratch.suffixes, matched, category)?;
                world.lists.get(usize::from(list)).copied()
            }),
        };
        let hint = scratch.tally.count(&Attempt {
            group: query.asker.group.id,
            tier: query.asker.group.tier,
            client: query.peer.address,
            name: query.question.name(),
            rtype: query.question.rtype,
            category: reason.category,
            list,
            layer: reason.layer,
            effect,
        });
        if scratch.trace.is_some() {
            scratch.note(world, matched, reason, effect);
        }
        Blocked { category: reason.category, list, layer: reason.layer, hint }
    }

    /// Writes the answer to a packet that is no question we answer. Who may not ask learns no more than
    /// that, whatever was asked.
    fn refuse(
        &self,
        world: &World,
        scratch: &Scratch,
        refused: Refused,
        packet: &[u8],
        peer: Peer,
        out: &mut Vec<u8>,
    ) -> Outcome {
        if refused == Refused::NotImp && self.announced(world, packet, peer, out) {
            return Outcome::Ready;
        }
        if matches!(refused, Refused::Silent | Refused::FormErr) {
            Counters::add(&scratch.counters.malformed);
        }
        let rcode = match refused {
            Refused::Silent => return Outcome::Silent,
            Refused::FormErr => Rcode::FormErr,
            Refused::NotImp => Rcode::NotImp,
            Refused::BadVers => Rcode::BadVers,
            Refused::Refused => Rcode::Refused,
        };
        let (rcode, errors) = if world.access.allows(peer.address) {
            (rcode, &[][..])
        } else {
            Counters::add(&scratch.counters.refused);
            if world.access.refusal() == Refusal::Drop {
                return Outcome::Silent;
            }
            (Rcode::Refused, &[Error::new(EdeCode::Prohibited, "")][..])
        };
        match peer.read(packet) {
            Ok(question) => Reply::to(&question, rcode, out).finish(limit(&question, peer.transport), errors),
            Err(_) => Reply::to_header(packet, rcode, out).finish(HEADER, &[]),
        };
        Outcome::Ready
    }

    /// Takes a primary's announcement that its policy zone has changed, and writes the answer. `false`: it
    /// is none that we listen to.
    fn announced(&self, world: &World, packet: &[u8], peer: Peer, out: &mut Vec<u8>) -> bool {
        if world.announced.is_empty() || !notify::is_notify(packet) {
            return false;
        }
        notify::take(&world.announced, packet, peer.address, self.now(), out)
    }

    /// Writes the answer to a query that does not get, or loses, its place among those that wait.
    pub fn turn_away(&self, later: &Later, why: Shed, out: &mut Vec<u8>) {
        let counters = &self.counters.shared;
        Counters::add(&counters.shed);
        if why == Shed::OverShare {
            Counters::add(&counters.over_share);
        }
        if let Ok(question) = later.question() {
            write_shed(&question, out);
        }
    }

    /// Seconds since 1970: TTLs count by the wall clock, and signatures are made by it.
    fn now(&self) -> u64 {
        unix_now()
    }
}

impl Scratch {
    /// Notes what decides at the name that was walked last, for a check.
    #[cold]
    fn note(&mut self, world: &World, matched: &Matched, reason: &BlockReason, effect: Effect) {
        let Some(trace) = &mut self.trace else { return };
        let rule = reason.category.filter(|category| !category.is_secret()).and_then(|category| {
            let found = world.index.blocking(&self.suffixes, matched, category)?;
            Some(ListRule {
                list: found.info.id.clone(),
                version: found.info.version.clone(),
                scope: found.scope,
                name: found.name,
                line: found.line,
            })
        });
        let name = self.suffixes.name().to_owned();
        trace.decided.push(Decided { name, effect, reason: *reason, rule, zone: None });
    }
}

/// Answers who does not desire recursion, which is all that there is to be had here (RFC 8914 §4.21).
fn refuse_without_recursion(question: &Question<'_>, limit: usize, out: &mut Vec<u8>) {
    let error = Error::new(EdeCode::NotAuthoritative, "");
    Reply::to(question, Rcode::Refused, out).finish(limit, &[error]);
}

/// Short enough for every way.
fn write_shed(question: &Question<'_>, out: &mut Vec<u8>) {
    let error = Error::new(EdeCode::Other, "too many queries are waiting");
    Reply::to(question, Rcode::ServFail, out).finish(question.udp_limit(), &[error]);
}

fn limit(question: &Question<'_>, transport: Transport) -> usize {
    match transport {
        Transport::Udp => question.udp_limit(),
        Transport::Stream => usize::from(u16::MAX),
    }
}
