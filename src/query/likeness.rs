//! What a name stands for besides itself: a bookmaker's brand with another ending, the name that a translator or a cache
//! carries (`model::likeness`), and patterns of lists (`model::pattern`).
//!
//! Looked at where a name is not in the cache, and where an answer is kept: a name that is answered from the cache, or
//! blocked by a list, costs nothing more.

use super::inspect::Trail;
use super::judge::{Closed, Found, Known, Monitored, judge};
use super::request::{Allowed, Request};
use super::{Responder, WorkerState, World};
use crate::dns::name::{Name, OwnedName};
use crate::dns::suffixes::Suffixes;
use crate::model::event::Effect;
use crate::model::likeness::carried;
use crate::model::matched::Matched;
use crate::policy::Clones;

/// Names that lists know, for which another one stands.
#[derive(Debug, Default)]
pub struct Likeness {
    /// A brand, by the name under which the index has it.
    pub brand: Option<OwnedName>,
    /// The name that it carries.
    pub carried: Option<OwnedName>,
    /// Patterns of lists that meet it, by the names under which the index has them, with what is said of each.
    pub patterns: Vec<(OwnedName, Matched)>,
}

impl Likeness {
    /// What `name` stands for, as far as lists have to say something of it.
    pub fn of(world: &World, name: Name<'_>) -> Self {
        let is_listed = |carried: &OwnedName| !matched(world, carried.as_name()).categories.is_empty();
        let patterns = world.index.by_patterns(name);
        Self { brand: world.index.brand_in(name), carried: carried(name).filter(is_listed), patterns }
    }

    /// All of them.
    pub fn names(&self) -> impl Iterator<Item = &OwnedName> {
        self.brand.iter().chain(&self.carried).chain(self.patterns.iter().map(|(name, _)| name))
    }

    /// Whether there is nothing.
    pub fn is_empty(&self) -> bool {
        self.brand.is_none() && self.carried.is_none() && self.patterns.is_empty()
    }
}

impl Responder {
    /// Writes the block of a name that nothing is known of but what it stands for, if that is closed.
    pub(super) fn blocks_by_likeness(
        &self,
        request: Request<'_>,
        worker: &mut WorkerState,
        allowed: Allowed,
        out: &mut Vec<u8>,
    ) -> bool {
        let (world, name) = (request.world(), request.question.name());
        if Likeness::of(world, name).is_empty() {
            return false;
        }
        let trail = Trail::of_aliases(name, &[]);
        let judged = judge(request.context, allowed, request.wants_signed(), &trail, Known::Begun);
        let Found::Closed(Closed { name, reason, matched, .. }) = judged.found else {
            self.note_monitored_likeness(request, worker, judged.monitored);
            return false;
        };
        worker.suffixes.fill(world.index.key(), name.as_name());
        self.block(request, worker, &matched, &reason, None, out);
        true
    }

    /// Notes for a check that asks nobody what is counted with the answer.
    #[cold]
    fn note_monitored_likeness(
        &self,
        request: Request<'_>,
        worker: &mut WorkerState,
        monitored: Option<Monitored<'_>>,
    ) {
        let (true, Some(Monitored::ByLists(closed))) = (worker.trace.is_some(), monitored) else { return };
        let world = request.world();
        worker.suffixes.fill(world.index.key(), closed.name.as_name());
        worker.note(world, &closed.matched, &closed.reason, Effect::Monitored);
    }
}

/// Whether a brand in `name` is of no account: the group has it so, or the name is protected.
pub fn is_exempt(world: &World, clones: Clones, name: Name<'_>) -> bool {
    clones == Clones::Off || matched(world, name).protection.is_some()
}

fn matched(world: &World, name: Name<'_>) -> Matched {
    world.index.lookup(&Suffixes::of(world.index.key(), name))
}
