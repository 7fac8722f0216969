//! Queries that have to wait for a fetch, and fetches that go on after their client was answered.

use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::client::Client;
use super::request::{Allowed, Request};
use super::world::World;
use crate::dns::question::{Question, Refused};
use crate::resolve::Answer;
use crate::resolve::alias::Alias;
use crate::rpz::trigger::Kind;

/// Every client is answered within this, at the latest with SERVFAIL: stub resolvers give up after 5 s, and then
/// nobody learns why. What is being fetched goes on for as long as the resolver's own deadline, for who asks again.
const ANSWER_WITHIN: Duration = Duration::from_secs(4);

/// A query that has to be fetched: allowed already, with the snapshot that allowed it.
pub struct PendingQuery {
    pub(super) world: Arc<World>,
    packet: Box<[u8]>,
    client: Client,
    /// When it has to be answered.
    pub(super) due: Instant,
    pub(super) task: Task,
}

/// What is fetched.
pub(super) enum Task {
    /// The answer to the question.
    Answer(Allowed),
    /// The target of a rewrite.
    Rewrite(Rewrite),
}

/// An alias of a policy zone's rule, to be followed.
#[derive(Clone, Debug)]
pub(super) struct Rewrite {
    /// The world's own aliases before it.
    pub(super) before: Vec<Alias>,
    pub(super) alias: Alias,
    /// Number of the zone.
    pub(super) zone: usize,
    /// What the rule matched by.
    pub(super) kind: Kind,
}

impl Request<'_> {
    /// The query, to be fetched: a copy that outlives the worker's buffer.
    pub(super) fn pending(&self, task: Task) -> PendingQuery {
        PendingQuery::new(&self.moment.world, self.question.packet, self.client, task)
    }
}

impl PendingQuery {
    /// Copies what outlives the worker's buffer.
    fn new(world: &Arc<World>, packet: &[u8], client: Client, task: Task) -> Self {
        let due = Instant::now() + ANSWER_WITHIN;
        Self { world: world.clone(), packet: packet.into(), client, due, task }
    }

    /// Octets of the query.
    pub fn octets(&self) -> usize {
        self.packet.len()
    }

    /// Who asked.
    pub fn client(&self) -> Client {
        self.client
    }

    pub(super) fn question(&self) -> Result<Question<'_>, Refused> {
        self.client.parse(&self.packet)
    }
}

/// Why a query that would have to wait, or waits, is turned away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shed {
    /// Too many wait, all clients together, and its client has most of them.
    Scarce,
    /// Too many of its client's wait.
    OverShare,
}

/// A fetch that goes on although its client has an answer: a refresh of what is stale or nearly so.
pub struct BackgroundFetch {
    pub(super) world: Arc<World>,
    /// What was asked, as a client asks it.
    pub(super) packet: Box<[u8]>,
    pub(super) fetching: Fetching,
    /// Whether what is kept still lives: then a failure changes nothing.
    pub(super) is_prefetch: bool,
}

pub(super) type Fetching = Pin<Box<dyn Future<Output = Answer> + Send>>;

/// What came of a pending query. By default nothing.
#[derive(Default)]
pub struct Finished {
    /// Whether there is an answer to send.
    pub is_answered: bool,
    /// What is to be [settled](super::Responder::settle) once the answer is sent.
    pub background: Option<BackgroundFetch>,
}
