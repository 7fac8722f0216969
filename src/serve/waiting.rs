//! Queries that wait for a fetch, of every transport: admitted, finished or turned away, and what is still fetched
//! after their answer.

use std::pin::pin;
use std::sync::Arc;

use super::admission::Admission;
use super::or_nothing;
use crate::journal::count::Tally;
use crate::query::pending::{BackgroundFetch, Finished, PendingQuery};
use crate::query::{Responder, WorkerState};

/// What tasks need that bring answers.
pub struct Waiting {
    responder: Arc<Responder>,
    /// Their counts of blocked attempts.
    tally: Arc<Tally>,
    admission: Arc<Admission>,
}

impl Waiting {
    /// Tasks that ask `responder`, count blocked attempts in `tally`, and are as many as `admission` lets wait.
    pub fn new(responder: Arc<Responder>, tally: Arc<Tally>, admission: Arc<Admission>) -> Self {
        Self { responder, tally, admission }
    }

    /// Where queries are answered.
    pub fn responder(&self) -> &Arc<Responder> {
        &self.responder
    }

    /// The tasks' counts of blocked attempts.
    pub fn tally(&self) -> &Arc<Tally> {
        &self.tally
    }

    /// Who may wait.
    pub fn admission(&self) -> &Arc<Admission> {
        &self.admission
    }

    /// Has a task finish a query, or turn it away where it loses its place. `deliver` gets the answer; an empty one
    /// where there is none.
    pub fn finish(&self, pending: PendingQuery, deliver: impl FnOnce(Vec<u8>) + Send + 'static) {
        let mut permit = self.admission.admit(pending.client().prefix());
        let (responder, tally) = (self.responder.clone(), self.tally.clone());
        // In a box: the event loop moves a task several times, and these are some kilobytes. For the same reason the
        // worker is made in its place, and the work is pinned before it is handed on.
        tokio::spawn(Box::pin(async move {
            let counters = &responder.counters().shared;
            let mut worker = WorkerState::new(tally, counters.clone());
            let mut answer = Vec::new();
            let held = {
                let work = pin!(or_nothing(responder.finish(&pending, &mut worker, &mut answer), counters));
                permit.while_held(work).await
            };
            let finished = held.unwrap_or_else(|why| {
                responder.turn_away(&pending, why, &mut answer);
                Finished { is_answered: !answer.is_empty(), background: None }
            });
            if !finished.is_answered {
                answer.clear();
            }
            deliver(answer);
            if let Some(background) = finished.background {
                let _ =
                    permit.while_held(or_nothing(responder.settle(background, &mut worker), counters)).await;
            }
        }));
    }

    /// Has a task fetch anew what is about to expire, if there is room for one.
    pub fn prefetch(&self, background: BackgroundFetch) {
        let Some(mut permit) = self.admission.admit_prefetch() else { return };
        let (responder, tally) = (self.responder.clone(), self.tally.clone());
        tokio::spawn(Box::pin(async move {
            let counters = &responder.counters().shared;
            let mut worker = WorkerState::new(tally, counters.clone());
            let _ = permit.while_held(or_nothing(responder.settle(background, &mut worker), counters)).await;
        }));
    }
}
