//! One connection, from its first octet to its last.
//!
//! A task that sleeps until there is something to do, does all of it, and sleeps again: it reads what has
//! come, answers the queries in it, and writes all answers in one go. What has to be fetched goes to tasks
//! of its own, which leave the answers on the [`Mailbox`](super::mailbox::Mailbox). While it sleeps it holds no
//! buffers, but for part of a query or of an answer.
//!
//! A client that does not take its answers is not read from. One that has as many queries in flight as it may
//! is read on: further queries that have to be fetched are held in order, and those that can be answered at once
//! overtake them. Only when as many are held as there is room for, reading stops.

use std::collections::VecDeque;
use std::io;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

use super::Streams;
use super::buffers::Buffers;
use super::connection_limit::ConnectionSlot;
use super::frames::{self, First};
use super::timeouts::{Judged, Timeouts};
use crate::dns::edns::IdleTime;
use crate::query::client::Client;
use crate::query::counters::Counters;
use crate::query::pending::PendingQuery;
use crate::query::{Moment, Outcome};

/// Octets of answers from which on no more are made until these are taken. The last may be the longest
/// that there is.
const ANSWERS_MAX: usize = 64 * 1024;
/// Queries of one connection that are held until others of it are answered: whoever opens a hundred pages at
/// once has some hundred.
const HELD_MAX: usize = 1024;
/// Octets of these queries.
const HELD_OCTETS_MAX: usize = 64 * 1024;
/// Queries that all connections hold together: some 4 MiB. Where these are reached, a connection holds one.
const HELD_IN_ALL_MAX: usize = 16 * 1024;
/// Rounds of reading and answering before others get their turn.
const ROUNDS_MAX: usize = 4;

/// A connection and all that it holds.
pub struct Connection<S> {
    stream: S,
    streams: Arc<Streams>,
    slot: ConnectionSlot,
    client: Client,
    timeouts: Timeouts,
    /// Octets that were read and not answered: part of a query, or queries whose turn has not come.
    unread: Vec<u8>,
    /// Whether there may be whole queries in `unread`.
    has_queries: bool,
    /// Octets of answers that the client did not take yet, and how many of them it did.
    unsent: Vec<u8>,
    taken: usize,
    /// Queries for whose answer it waits.
    waiting: usize,
    /// Queries that are to be fetched when there is room, the oldest first, and their octets.
    held: VecDeque<PendingQuery>,
    held_octets: usize,
    /// Nothing more is read; it ends when nothing waits any more.
    is_ending: bool,
}

impl<S> Connection<S>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    /// A connection of `client`.
    pub fn new(streams: Arc<Streams>, stream: S, client: Client, slot: ConnectionSlot) -> Self {
        Self {
            stream,
            streams,
            slot,
            client,
            timeouts: Timeouts::new(Instant::now()),
            unread: Vec::new(),
            has_queries: false,
            unsent: Vec::new(),
            taken: 0,
            waiting: 0,
            held: VecDeque::new(),
            held_octets: 0,
            is_ending: false,
        }
    }

    /// Lives until it is over.
    ///
    /// # Errors
    /// What the stream says, or that the client does not take its answers.
    pub async fn run(mut self) -> io::Result<()> {
        let mut timer = pin!(sleep_until(Instant::now() + self.streams.limit.idle()));
        std::future::poll_fn(|cx| self.poll(cx, timer.as_mut())).await
    }

    fn poll(&mut self, cx: &mut Context<'_>, mut timer: Pin<&mut Sleep>) -> Poll<io::Result<()>> {
        self.slot.mailbox().listen(cx.waker());
        loop {
            if self.slot.mailbox().is_told_to_end() {
                self.end();
            }
            let now = Instant::now();
            if let Poll::Ready(ended) = self.go_on(cx, now) {
                return Poll::Ready(ended);
            }
            let look = match self.timeouts.judge(now, &self.streams.limit, self.is_waiting()) {
                Judged::Look(then) => then,
                Judged::Enough => {
                    self.end();
                    continue;
                }
                Judged::TooSlow => return Poll::Ready(Err(io::ErrorKind::TimedOut.into())),
            };
            self.tell_whether_idle();
            // One that goes off too early costs less than one that is set anew for each query.
            if look < timer.deadline() || timer.is_elapsed() {
                timer.as_mut().reset(look);
            }
            ready!(timer.as_mut().poll(cx));
        }
    }

    /// Does all that can be done now. `Ready`: it is over.
    fn go_on(&mut self, cx: &mut Context<'_>, now: Instant) -> Poll<io::Result<()>> {
        for _ in 0..ROUNDS_MAX {
            ready!(self.send_rest(cx, now))?;
            if self.is_ending && !self.is_waiting() {
                let shut = Pin::new(&mut self.stream).poll_shutdown(cx);
                if shut.is_pending() {
                    self.timeouts.stuck(now);
                }
                return shut;
            }
            let mut buffers = self.streams.buffers.take();
            let worked = self.work(cx, now, &mut buffers);
            let sent = self.send(cx, now, &buffers.answers);
            self.streams.buffers.give_back(buffers);
            sent?;
            ready!(worked)?;
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// One round: collects what was fetched, reads, and answers. `Pending`: there was nothing to do.
    fn work(&mut self, cx: &mut Context<'_>, now: Instant, buffers: &mut Buffers) -> Poll<io::Result<()>> {
        let collected = self.collect(now, buffers).map(Ok);
        if self.is_ending || self.is_full() {
            return collected;
        }
        let start = self.unread.len();
        buffers.input[..start].copy_from_slice(&self.unread);
        let mut end = start;
        if !self.has_queries {
            let mut room = ReadBuf::new(&mut buffers.input[start..]);
            match Pin::new(&mut self.stream).poll_read(cx, &mut room)? {
                Poll::Pending => return collected,
                Poll::Ready(()) => end += room.filled().len(),
            }
            if end == start {
                // What it still has to ask will not come; what waits is answered.
                self.end();
                return Poll::Ready(Ok(()));
            }
        }
        self.answer_all(end, now, buffers);
        Poll::Ready(Ok(()))
    }

    /// Takes what was fetched. `Pending`: nothing was.
    fn collect(&mut self, now: Instant, buffers: &mut Buffers) -> Poll<()> {
        let before = self.waiting;
        while self.waiting > 0
            && buffers.answers.len() < ANSWERS_MAX
            && let Some(answer) = self.slot.mailbox().take()
        {
            self.waiting -= 1;
            if !answer.is_empty() {
                frames::put(&answer, &mut buffers.answers);
            }
        }
        if self.waiting == before {
            return Poll::Pending;
        }
        self.timeouts.active(now);
        if self.waiting == 0 {
            self.slot.mailbox().shrink();
        }
        while self.waiting < self.streams.pipeline
            && let Some(held) = self.held.pop_front()
        {
            self.held_octets -= held.octets();
            self.streams.held.fetch_sub(1, Ordering::Relaxed);
            self.fetch(held);
        }
        if self.held.is_empty() {
            self.held.shrink_to_fit();
        }
        Poll::Ready(())
    }

    /// Answers the queries in the first `end` octets that were read, and keeps what is left of them.
    fn answer_all(&mut self, end: usize, now: Instant, buffers: &mut Buffers) {
        // One snapshot, and one time to be idle, for all that came together.
        let moment = self.streams.waiting.responder().moment();
        let client = self.client.with_idle_time(IdleTime::of(self.streams.limit.idle()));
        let had_begun = !self.unread.is_empty() && !self.has_queries;
        let mut at = 0;
        self.has_queries = loop {
            if self.is_ending || self.is_full() || buffers.answers.len() >= ANSWERS_MAX {
                break at < end && !self.is_ending;
            }
            match frames::first(&buffers.input[at..end]) {
                First::Begun => break false,
                First::TooLong => self.end(),
                First::Whole(query, rest) => {
                    let (from, to) = (end - rest.len() - query.len(), end - rest.len());
                    at = to;
                    self.timeouts.active(now);
                    self.answer(&moment, client, from..to, buffers);
                }
            }
        };
        let begun = at < end && !self.has_queries && !self.is_ending;
        if !(begun && had_begun && at == 0) {
            self.timeouts.begun(begun.then_some(now));
        }
        self.unread = if self.is_ending { Vec::new() } else { buffers.input[at..end].to_vec() };
    }

    /// Answers one query, or has its answer fetched.
    fn answer(&mut self, moment: &Moment, client: Client, query: Range<usize>, buffers: &mut Buffers) {
        let Buffers { worker, input, answer, answers } = buffers;
        let responder = self.streams.waiting.responder();
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            responder.answer(moment, worker, &input[query], client, answer)
        }));
        match outcome {
            Ok(Outcome::Ready) => {
                frames::put(answer, answers);
                if let Some(prefetch) = worker.take_prefetch() {
                    self.streams.waiting.prefetch(prefetch);
                }
            }
            // Nobody who speaks DNS sends that.
            Ok(Outcome::Silent) => self.end(),
            Ok(Outcome::Pending(pending)) if self.waiting < self.streams.pipeline => self.fetch(pending),
            Ok(Outcome::Pending(pending)) => self.hold(pending),
            Err(_) => {
                worker.renew();
                answer.clear();
                Counters::add(&responder.counters().shared.panics);
            }
        }
    }

    /// Holds a query until others are answered.
    fn hold(&mut self, pending: PendingQuery) {
        self.held_octets += pending.octets();
        self.streams.held.fetch_add(1, Ordering::Relaxed);
        self.held.push_back(pending);
    }

    /// Whether no more queries may be held.
    fn is_full(&self) -> bool {
        self.held.len() >= HELD_MAX
            || self.held_octets >= HELD_OCTETS_MAX
            || !self.held.is_empty() && self.streams.held.load(Ordering::Relaxed) >= HELD_IN_ALL_MAX
    }

    /// Has a task fetch the answer.
    fn fetch(&mut self, pending: PendingQuery) {
        self.waiting += 1;
        let mailbox = self.slot.mailbox().clone();
        self.streams.waiting.finish(pending, move |answer| mailbox.put(answer));
    }

    /// Sends answers; what the client does not take now is kept.
    fn send(&mut self, cx: &mut Context<'_>, now: Instant, answers: &[u8]) -> io::Result<()> {
        if answers.is_empty() {
            return Ok(());
        }
        let mut rest = answers;
        match push(&mut self.stream, cx, &mut rest) {
            Poll::Ready(sent) => sent,
            Poll::Pending => {
                self.unsent = rest.to_vec();
                self.timeouts.stuck(now);
                Ok(())
            }
        }
    }

    /// Sends what the client did not take before.
    fn send_rest(&mut self, cx: &mut Context<'_>, now: Instant) -> Poll<io::Result<()>> {
        if self.timeouts.is_stuck() {
            let mut rest = &self.unsent[self.taken..];
            let pushed = push(&mut self.stream, cx, &mut rest);
            self.taken = self.unsent.len() - rest.len();
            ready!(pushed)?;
            (self.unsent, self.taken) = (Vec::new(), 0);
            self.timeouts.unstuck(now);
        }
        Poll::Ready(Ok(()))
    }

    /// Reads no more. What waits is still answered.
    fn end(&mut self) {
        self.is_ending = true;
        self.unread = Vec::new();
        self.has_queries = false;
        self.timeouts.begun(None);
    }

    fn tell_whether_idle(&self) {
        let mailbox = self.slot.mailbox();
        if self.is_waiting() || self.timeouts.is_stuck() {
            mailbox.note_busy();
        } else {
            mailbox.note_idle(self.timeouts.active_since());
        }
    }

    fn is_waiting(&self) -> bool {
        self.waiting > 0 || !self.held.is_empty()
    }
}

impl<S> Drop for Connection<S> {
    fn drop(&mut self) {
        self.streams.held.fetch_sub(self.held.len(), Ordering::Relaxed);
    }
}

/// Writes octets until all are taken or the stream takes no more, and has the stream pass them on.
fn push<S>(stream: &mut S, cx: &mut Context<'_>, octets: &mut &[u8]) -> Poll<io::Result<()>>
where
    S: AsyncWrite + Unpin,
{
    while !octets.is_empty() {
        let taken = ready!(Pin::new(&mut *stream).poll_write(cx, octets))?;
        if taken == 0 {
            return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
        }
        *octets = &octets[taken..];
    }
    Pin::new(stream).poll_flush(cx)
}
