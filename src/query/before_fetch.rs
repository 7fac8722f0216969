//! The last look at a name before it is fetched: what is known of it is only what it stands for.

use super::inspect::Trail;
use super::judge::{Closed, Found, Known, Monitored, judge};
use super::likeness::Likeness;
use super::request::{Allowed, Request};
use super::{Responder, WorkerState};
use crate::model::event::Effect;

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
