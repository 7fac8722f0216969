//! What could not be answered at once is fetched, looked through, kept, and answered.
//!
//! Where a stale answer is there, the client waits a little for a new one and then gets the stale one (RFC 8767);
//! the new one is still fetched.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::time::timeout;

use super::admit::Admitted;
use super::counters::Counters;
use super::inspect::{self, Trail};
use super::judge::Judge;
use super::outcomes::Outcome;
use super::pending::{BackgroundFetch, Fetching, Finished, PendingQuery, Task};
use super::request::{Allowed, Request};
use super::{Responder, WorkerState, World, zones};
use crate::dns::question::Question;
use crate::dns::rcode::Rcode;
use crate::dns::rrtype::RrType;
use crate::dns::security::Security;
use crate::resolve::alias::{Gate, Unfinished};
use crate::resolve::cache::{Hit, Stamp};
use crate::resolve::{Answer, Ask};

/// What is fetched, for whoever asks it.
#[derive(Clone, Copy)]
pub(super) struct Fetch<'f> {
    pub world: &'f Arc<World>,
    /// As a client asks it.
    pub question: &'f Question<'f>,
    /// As the resolver is asked.
    pub ask: &'f Ask,
}

impl Responder {
    /// Fetches the answer and writes it; a stale one, where a new one does not come soon.
    pub async fn finish(
        &self,
        query: &PendingQuery,
        worker: &mut WorkerState,
        out: &mut Vec<u8>,
    ) -> Finished {
        let (world, due) = (&query.world, query.due);
        let Ok(question) = query.question() else { return Finished::default() };
        let (client, begun) = (query.client(), self.moment_of(world));
        let request = Request::of(&begun, &question, client, world.number_of(client));
        if world.policy.is_unknown(request.context.group) {
            Counters::add(&worker.counters.unknown_clients);
        }
        let allowed = match &query.task {
            Task::Answer(allowed) => *allowed,
            Task::Rewrite(rewrite) => return self.rewrite(request, worker, due, rewrite.clone(), out).await,
        };
        let (ask, gate) = (Ask::of(&question), Judge::new(request, allowed));
        let fetch = Fetch { world, question: &question, ask: &ask };
        let (hit, background) = self.obtain(fetch, worker, &gate, due).await;
        let now = self.moment_of(world);
        let request = request.at(&now);
        match self.admit(request, worker, allowed, &hit, out) {
            Admitted::Written { .. } => {
                let background = background.or_else(|| self.prefetch(request, allowed, &hit));
                Finished { is_answered: true, background }
            }
            Admitted::Closed => Finished { is_answered: true, background },
            Admitted::Silent => Finished { is_answered: false, background },
            Admitted::Rewrite(rewrite) => {
                let finished = self.rewrite(request, worker, due, rewrite, out).await;
                Finished { background: finished.background.or(background), ..finished }
            }
            // What is known of name servers has changed meanwhile; the client asks again.
            Admitted::Unfinished => {
                request.write(&hit, out);
                Finished { is_answered: true, background }
            }
        }
    }

    /// The answer to `fetch.ask`, which is what the question asks, as far as `gate` follows: from the cache, or
    /// fetched, looked through and kept. Where there is none when the client's answer is `due`, that is told, and
    /// the answer is still waited for.
    pub(super) async fn obtain(
        &self,
        fetch: Fetch<'_>,
        worker: &mut WorkerState,
        gate: &Arc<Judge>,
        due: Instant,
    ) -> (Hit, Option<BackgroundFetch>) {
        let Fetch { world, question, ask } = fetch;
        let is_enough = |hit: &Hit| match hit.unfinished() {
            Some(Unfinished::Stopped(aliases)) => !gate.follows(&ask.name, aliases),
            _ => true,
        };
        match self.cache.find(question, self.now()).filter(is_enough) {
            Some(hit) if hit.stamp().generation == world.generation() => (hit, None),
            // Kept under an older index: looked at again, not asked for again.
            Some(hit) => {
                let stamp = self.stamp(fetch, worker, &hit.message(ask), hit.unfinished());
                let hit = self.cache.restamp(ask, &hit, stamp);
                (hit, None)
            }
            None => {
                Counters::add(&worker.counters.fetched);
                let (hit, background) = self.fetch(fetch, worker, gate, due).await;
                // A chain that policy ended is no failure.
                if !hit.is_stopped() {
                    self.outcomes.note(ask.name.as_name(), Outcome::of(&hit), self.started.elapsed());
                }
                (hit, background)
            }
        }
    }

    /// A fetch of what is about to expire, to be [settled](Self::settle) by whoever has time.
    pub(super) fn prefetch(
        &self,
        request: Request<'_>,
        allowed: Allowed,
        hit: &Hit,
    ) -> Option<BackgroundFetch> {
        (self.prefetches && hit.is_due(request.moment.now)).then(|| {
            let world = &request.moment.world;
            let (resolver, ask) = (world.resolver.clone(), Ask::of(request.question));
            let gate = Judge::new(request, allowed);
            let fetching: Fetching = Box::pin(async move { resolver.refresh(ask, &*gate).await });
            let packet = request.question.packet.into();
            BackgroundFetch { world: world.clone(), packet, fetching, is_prefetch: true }
        })
    }

    /// Waits for what is still being fetched, and keeps it.
    pub async fn settle(&self, background: BackgroundFetch, worker: &mut WorkerState) {
        let BackgroundFetch { world, packet, fetching, is_prefetch } = background;
        if is_prefetch {
            Counters::add(&worker.counters.fetched);
        }
        let answer = fetching.await;
        if let Ok(question) = Question::parse(&packet) {
            // What still lives is better than a failure.
            let failed = !matches!(answer.rcode, Rcode::NO_ERROR | Rcode::NX_DOMAIN);
            let lives = || self.cache.find(&question, self.now()).is_some_and(|kept| !kept.is_stale());
            if failed && (is_prefetch || lives()) {
                return;
            }
            let ask = Ask::of(&question);
            let fetch = Fetch { world: &world, question: &question, ask: &ask };
            self.keep_or_extend(fetch, worker, &answer);
        }
    }

    async fn fetch(
        &self,
        fetch: Fetch<'_>,
        worker: &mut WorkerState,
        gate: &Arc<Judge>,
        due: Instant,
    ) -> (Hit, Option<BackgroundFetch>) {
        let Fetch { world, question, ask } = fetch;
        let (resolver, asked, gate) = (world.resolver.clone(), ask.clone(), gate.clone());
        let mut fetching: Fetching = Box::pin(async move { resolver.resolve_for(asked, &*gate).await });
        let left = due.saturating_duration_since(Instant::now());
        let stale = self.cache.find_stale(ask, self.now());
        let wait = match &stale {
            None => left,
            // Who was told "not yet" a moment ago need not wait again.
            Some(stale) if stale.is_stale() => Duration::ZERO,
            Some(_) => self.stale_after.min(left),
        };
        if let Ok(answer) = timeout(wait, &mut fetching).await {
            return (self.keep_or_extend(fetch, worker, &answer), None);
        }
        let hit = match stale {
            Some(stale) => self.extend_stale(fetch, worker, &stale),
            // Kept like every failure (RFC 9520), until what is fetched takes its place.
            None => self.keep_answer(fetch, worker, &Answer::out_of_time(ask)),
        };
        let (world, packet) = (world.clone(), question.packet.into());
        (hit, Some(BackgroundFetch { world, packet, fetching, is_prefetch: false }))
    }

    /// Keeps an answer; where there is none, goes on with a stale one. What is bogus is no answer, but no reason
    /// to go on with a stale one either: somebody may want just that.
    fn keep_or_extend(&self, fetch: Fetch<'_>, worker: &mut WorkerState, answer: &Answer) -> Hit {
        // Nor is a chain that was not to be followed.
        let is_stopped = matches!(answer.unfinished, Some(Unfinished::Stopped(_)));
        let failed = answer.rcode == Rcode::SERV_FAIL && answer.security != Security::Bogus && !is_stopped;
        match self.cache.find_stale(fetch.ask, self.now()).filter(|_| failed) {
            Some(stale) => self.extend_stale(fetch, worker, &stale),
            None => self.keep_answer(fetch, worker, answer),
        }
    }

    fn extend_stale(&self, fetch: Fetch<'_>, worker: &mut WorkerState, stale: &Hit) -> Hit {
        let stamp = self.stamp(fetch, worker, &stale.message(fetch.ask), stale.unfinished());
        self.cache.extend_stale(fetch.ask, stale, stamp, self.now())
    }

    fn keep_answer(&self, fetch: Fetch<'_>, worker: &mut WorkerState, answer: &Answer) -> Hit {
        let Fetch { world, ask, .. } = fetch;
        if answer.is_rebound() {
            Counters::add(&worker.counters.rebound);
        }
        if ask.rtype == RrType::AAAA && world.resolver.has_made(answer) {
            Counters::add(&worker.counters.synthesised);
        }
        let stamp = self.stamp(fetch, worker, &answer.wire, answer.unfinished.as_ref());
        let hit = self.cache.insert(ask, answer, stamp, self.now());
        // It may come from servers that are not asked any more. Looked at after it was kept, so that
        // no reload slips in between.
        if !Arc::ptr_eq(&world.resolver, &self.world.load().resolver) {
            self.cache.forget(ask);
        }
        hit
    }

    fn stamp(
        &self,
        fetch: Fetch<'_>,
        worker: &mut WorkerState,
        answer: &[u8],
        unfinished: Option<&Unfinished>,
    ) -> Stamp {
        let Fetch { world, question, .. } = fetch;
        let leads = inspect::leads(question.name(), answer, unfinished, world, &mut worker.suffixes);
        let zones = match world.zones.all() {
            [] => 0,
            _ => {
                let trail = match unfinished {
                    Some(unfinished) => Trail::of_aliases(question.name(), unfinished.aliases()),
                    None => Trail::of(answer, question.name(), question.rtype),
                };
                zones::marks(world, &trail)
            }
        };
        Stamp {
            all: leads.all.0,
            open: leads.closing.0,
            zones,
            marks: leads.marks,
            generation: world.generation(),
        }
    }
}
