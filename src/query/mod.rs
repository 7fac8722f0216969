//! One query, from its octets to its response.
//!
//! [`Responder::answer`] runs on the worker that received the packet and never waits: a refusal, local data, a block
//! and a cached answer are written at once. Everything else becomes a [`PendingQuery`], which a task
//! [finishes](Responder::finish) after a fetch. Both ways end in the same functions, so an answer does not depend on
//! the way it took.
//!
//! Depends on policy, index, journal, resolver and policy zones. Does not depend on sockets.
// Inside: `client` and `request` are who asks what, `worker` is what a worker keeps, `admit` and `judge` decide about an
// answer, `likeness` is what a name stands for, which `before_fetch` looks at, `block` and `texts` write a block, `zones`
// and `rewrite` do what policy zones say, `refuse` turns away, `fetch` and `pending` are for what has to be fetched,
// `packets` and `repeat` for what was asked before.

mod admit;
mod before_fetch;
pub mod block;
pub mod client;
pub mod counters;
mod fetch;
pub mod inspect;
mod judge;
mod likeness;
pub mod outcomes;
pub mod packets;
pub mod pending;
pub mod rate;
mod refuse;
mod repeat;
mod request;
mod rewrite;
pub mod server_identity;
pub mod texts;
pub mod trace;
pub mod worker;
pub mod world;
mod zones;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;

use crate::dns::ede::EdeCode;
use crate::dns::question::Question;
use crate::dns::rcode::Rcode;
use crate::dns::reply::{Error, Reply};
use crate::model::event::{Attempt, Effect};
use crate::model::matched::Matched;
use crate::model::verdict::{AllowReason, BlockReason, Source, Verdict};
use crate::policy::decide::decide;
use crate::resolve::Ask;
use crate::resolve::cache::{Cache, Hit};
use crate::resolve::settings::STALE_AFTER;
use crate::sys::clock::unix_now;
use admit::Admitted;
use block::Place;
use client::{Client, Refusal};
use counters::{AllCounters, Counters, Counts};
use outcomes::{Outcomes, Recent};
use packets::Blocked;
use pending::{PendingQuery, Task};
use refuse::refuse_without_recursion;
use repeat::Rests;
use request::{Allowed, Request, limit};
pub use worker::WorkerState;
pub use world::{Limits, Moment, World};
use zones::Early;

/// Answers queries. There is one in the program; workers share it.
pub struct Responder {
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

/// What became of a packet.
pub enum Outcome {
    /// The answer stands in the buffer.
    Ready,
    /// No answer, on purpose.
    Silent,
    /// The answer has to be fetched.
    Pending(PendingQuery),
}

impl Responder {
    /// Answers from `world`, with this cache in front.
    pub fn new(world: World, cache: Cache) -> Self {
        Self {
            world: ArcSwap::from_pointee(world),
            generation: AtomicU64::new(1),
            cache,
            stale_after: STALE_AFTER,
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

    /// The given snapshot and the time.
    fn moment_of(&self, world: &Arc<World>) -> Moment {
        Moment { world: world.clone(), generation: 0, now: self.now(), elapsed: self.started.elapsed() }
    }

    /// Puts a new snapshot in force. Queries under way end with the old one, which then goes. Workers forget the
    /// answers that they have ready, as far as another part decides them now: a policy that is new for one group
    /// costs the others nothing.
    pub fn swap(&self, world: World) {
        let world = Arc::new(world);
        let old = self.world.swap(world.clone());
        if !world.answers_as(&old) {
            self.generation.fetch_add(1, Ordering::Release);
        }
    }

    /// Forgets all answers that were fetched, and what became of queries: other servers are asked from now on.
    pub fn forget_answers(&self) {
        self.cache.clear();
        self.outcomes.clear();
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
        worker: &mut WorkerState,
        packet: &[u8],
        client: Client,
        out: &mut Vec<u8>,
    ) -> Outcome {
        let world = &moment.world;
        if let Some(rates) = &world.limits.rates
            && !rates.admits(client, moment.elapsed)
        {
            return rate::answer(worker, packet, client, &world.limits.texts, out);
        }
        let number = world.policy.number_of(client.address);
        if worker.packets.is_some() && self.repeat(moment, worker, packet, client, number, out) {
            return Outcome::Ready;
        }
        self.answer_new(moment, worker, packet, client, number, out)
    }

    /// The same for a packet that the packet cache does not have. Apart from the above, whose frame stays small.
    #[inline(never)]
    fn answer_new(
        &self,
        moment: &Moment,
        worker: &mut WorkerState,
        packet: &[u8],
        client: Client,
        number: usize,
        out: &mut Vec<u8>,
    ) -> Outcome {
        let world = &moment.world;
        let question = match client.parse(packet) {
            Ok(question) => question,
            Err(refused) => return self.refuse(world, worker, refused, packet, client, out),
        };
        Counters::add(&worker.counters.queries);
        let limit = limit(&question, client.transport);
        if !world.limits.access.allows(client.address) {
            Counters::add(&worker.counters.refused);
            if client.is_inside() {
                Counters::add(&worker.counters.refused_inside);
            }
            if world.limits.access.refusal() == Refusal::Drop {
                return Outcome::Silent;
            }
            let error = Error::new(EdeCode::Prohibited, "");
            Reply::to(&question, Rcode::REFUSED, out).finish(limit, &[error]);
            return Outcome::Ready;
        }
        self.answer_request(Request::of(moment, &question, client, number), worker, out)
    }

    /// Answers what somebody asks who may ask, or says what it takes. A check begins here.
    pub fn answer_question(
        &self,
        moment: &Moment,
        worker: &mut WorkerState,
        question: &Question<'_>,
        client: Client,
        out: &mut Vec<u8>,
    ) -> Outcome {
        let number = moment.world.number_of(client);
        self.answer_request(Request::of(moment, question, client, number), worker, out)
    }

    /// Answers a query of somebody who may ask, in this order: local names, policy zones and policy by the question
    /// alone, the cache. What is left has to be fetched.
    fn answer_request(&self, request: Request<'_>, worker: &mut WorkerState, out: &mut Vec<u8>) -> Outcome {
        let Request { question, context, moment, .. } = request;
        let world = request.world();
        if !question.is_internet() {
            world.limits.identity.answer(question, request.limit(), out);
            return Outcome::Ready;
        }
        worker.suffixes.fill(world.index.key(), question.name());
        if world.may_be_local(&worker.suffixes) && world.resolver.is_local(question.name(), question.rtype) {
            Counters::add(&worker.counters.local);
            return self.local(request, worker, out);
        }
        let matched = world.index.lookup(&worker.suffixes);
        let verdict = decide(&world.policy, context.group, &worker.suffixes, &matched);
        let (verdict, zones) = match self.early(request, worker, verdict, out) {
            Early::GoesOn(verdict, zones) => (verdict, zones),
            Early::Over(outcome) => return outcome,
        };
        let mut may_repeat = zones.may_keep;
        let reason = match verdict {
            Verdict::Allow(reason) => reason,
            Verdict::Monitor(reason) => {
                self.count(request, worker, &matched, &reason, Effect::Monitored);
                // It is counted each time; only what is locked can still block the answer.
                may_repeat = false;
                AllowReason::OpenGroup
            }
            Verdict::Block(reason) => {
                let blocked = self.block(request, worker, &matched, &reason, None, out);
                if may_repeat {
                    worker.keep(request, out, Rests::OnBlock(blocked));
                }
                return Outcome::Ready;
            }
        };
        if let Some(trace) = &mut worker.trace {
            trace.allowed = Some(reason);
        }
        if !question.recursion_desired() {
            // Looking into the cache without asking for recursion would tell what others asked.
            refuse_without_recursion(question, request.limit(), out);
            return Outcome::Ready;
        }
        let allowed = Allowed { reason, zones };
        match self.cache.find(question, moment.now) {
            Some(hit) if hit.stamp().generation == world.generation() => {
                self.answer_from_cache(request, worker, allowed, &hit, may_repeat, out)
            }
            _ if self.blocks_by_likeness(request, worker, allowed, out) => Outcome::Ready,
            _ => Outcome::Pending(request.pending(Task::Answer(allowed))),
        }
    }

    /// Writes a cached answer, if nothing blocks a name that it leads to. `may_repeat`: the worker's packet cache
    /// may keep it.
    fn answer_from_cache(
        &self,
        request: Request<'_>,
        worker: &mut WorkerState,
        allowed: Allowed,
        hit: &Hit,
        may_repeat: bool,
        out: &mut Vec<u8>,
    ) -> Outcome {
        match self.admit(request, worker, allowed, hit, out) {
            Admitted::Written { same_for_all } => {
                // A failure is counted each time it is given.
                let has_failed = hit.rcode() == Rcode::SERV_FAIL;
                Counters::add(&worker.counters.cached);
                if has_failed {
                    Counters::add(&worker.counters.failed_again);
                }
                worker.prefetch = self.prefetch(request, allowed, hit);
                if same_for_all && may_repeat && !has_failed {
                    worker.keep(request, out, Rests::OnHit(hit));
                }
                Outcome::Ready
            }
            Admitted::Closed => {
                Counters::add(&worker.counters.cached);
                Outcome::Ready
            }
            Admitted::Silent => Outcome::Silent,
            Admitted::Rewrite(rewrite) => Outcome::Pending(request.pending(Task::Rewrite(rewrite))),
            // Others could not go so far.
            Admitted::Unfinished => Outcome::Pending(request.pending(Task::Answer(allowed))),
        }
    }

    /// Answers from local data; where that leads outside, it has to be fetched.
    fn local(&self, request: Request<'_>, worker: &mut WorkerState, out: &mut Vec<u8>) -> Outcome {
        let Request { question, moment, .. } = request;
        let ask = Ask::of(question);
        if let Some(trace) = &mut worker.trace {
            trace.is_local = true;
        }
        match request.world().resolver.local(&ask) {
            Some(answer) => {
                let hit = self.cache.wrap(&ask, &answer, moment.now);
                request.write(&hit, out);
                Outcome::Ready
            }
            None if !question.recursion_desired() => {
                refuse_without_recursion(question, request.limit(), out);
                Outcome::Ready
            }
            None => {
                let allowed = Allowed::finally(AllowReason::NothingForbids);
                Outcome::Pending(request.pending(Task::Answer(allowed)))
            }
        }
    }

    fn block(
        &self,
        request: Request<'_>,
        worker: &mut WorkerState,
        matched: &Matched,
        reason: &BlockReason,
        place: Option<Place<'_>>,
        out: &mut Vec<u8>,
    ) -> Blocked {
        Counters::add(&worker.counters.blocked);
        if request.world().policy.is_unknown(request.context.group) {
            Counters::add(&worker.counters.unknown_clients);
        }
        let blocked = self.count(request, worker, matched, reason, Effect::Blocked);
        let texts = &request.world().limits.texts;
        block::write(request.question, request.context.group, reason, place, texts, request.limit(), out);
        blocked
    }

    /// Counts an attempt at the name whose suffixes the worker has.
    fn count(
        &self,
        request: Request<'_>,
        worker: &mut WorkerState,
        matched: &Matched,
        reason: &BlockReason,
        effect: Effect,
    ) -> Blocked {
        let world = request.world();
        let list = match reason.source {
            Source::SchoolRule(_) => Some(world.school_list),
            Source::PolicyZone(list) => Some(list),
            Source::ServiceName | Source::NotInAllowSet => None,
            Source::Lists => reason.category.and_then(|category| {
                let (list, _) = world.index.blocking_list(&worker.suffixes, matched, category)?;
                world.lists.get(usize::from(list)).copied()
            }),
        };
        let hint = worker.tally.count(&Attempt {
            group: request.context.group.id,
            tier: request.context.group.tier,
            client: request.client.address,
            name: request.question.name(),
            rtype: request.question.rtype,
            category: reason.category,
            service: reason.service,
            list,
            layer: reason.layer,
            effect,
        });
        if worker.trace.is_some() {
            worker.note(world, matched, reason, effect);
        }
        Blocked { category: reason.category, service: reason.service, list, layer: reason.layer, hint }
    }

    /// Seconds since 1970: TTLs count by the wall clock, and signatures are made by it.
    fn now(&self) -> u64 {
        unix_now()
    }
}
