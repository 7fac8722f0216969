//! What a worker keeps between queries.

use std::sync::Arc;

use super::World;
use super::counters::Counters;
use super::packets::Packets;
use super::pending::BackgroundFetch;
use super::trace::{Decided, ListRule, Trace};
use crate::dns::suffixes::Suffixes;
use crate::journal::count::Tally;
use crate::model::event::Effect;
use crate::model::matched::Matched;
use crate::model::service::ServiceId;
use crate::model::verdict::BlockReason;

/// What a worker keeps between queries: buffers, its packet cache, its counters.
pub struct WorkerState {
    pub(super) suffixes: Suffixes,
    pub(super) packets: Option<Packets>,
    /// What is about to expire, although it could be answered.
    pub(super) prefetch: Option<BackgroundFetch>,
    /// Datagrams over a client's rate, so far.
    pub(super) over_rate: u32,
    /// What decides, where somebody wants to know: a check.
    pub(super) trace: Option<Box<Trace>>,
    pub(super) tally: Arc<Tally>,
    pub(super) counters: Arc<Counters>,
}

impl WorkerState {
    /// For a worker whose blocked attempts go into `tally`, and the rest into `counters`.
    pub fn new(tally: Arc<Tally>, counters: Arc<Counters>) -> Self {
        Self {
            suffixes: Suffixes::new(),
            packets: None,
            prefetch: None,
            over_rate: 0,
            trace: None,
            tally,
            counters,
        }
    }

    /// What the last answer showed to be near its end: to be [settled](super::Responder::settle) by whoever has time.
    pub fn take_prefetch(&mut self) -> Option<BackgroundFetch> {
        self.prefetch.take()
    }

    /// For a check: what decides is noted, and nothing is counted where anybody reads it.
    pub fn for_check() -> Self {
        let trace = Some(Box::default());
        Self { trace, ..Self::new(Arc::new(Tally::unread()), Arc::default()) }
    }

    /// What decided since the worker was made for a check.
    pub fn take_trace(&mut self) -> Trace {
        self.trace.take().map(|trace| *trace).unwrap_or_default()
    }

    /// The same with a [packet cache](super::packets), for who answers many datagrams.
    pub fn with_packets(self) -> Self {
        Self { packets: Some(Packets::new()), ..self }
    }

    /// Forgets everything that a query may have left half done, for after a panic: what it wrote into is not trusted to
    /// be whole.
    pub fn renew(&mut self) {
        self.suffixes = Suffixes::new();
        self.packets = self.packets.take().map(|_| Packets::new());
        self.prefetch = None;
    }

    /// Notes what decides at the name whose suffixes the worker has, for a check.
    #[cold]
    pub(super) fn note(&mut self, world: &World, matched: &Matched, reason: &BlockReason, effect: Effect) {
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
        let of_service = |service: ServiceId| {
            let found = world.policy.services().name_of(service, &self.suffixes)?;
            Some(ListRule {
                list: format!("services/{}", service.word()),
                version: env!("CARGO_PKG_VERSION").into(),
                scope: found.scope,
                name: found.name.clone(),
                line: found.line,
            })
        };
        let rule = rule.or_else(|| of_service(reason.service?));
        let name = self.suffixes.name().to_owned();
        trace.decided.push(Decided { name, effect, reason: *reason, rule, zone: None });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dns::name::OwnedName;
    use crate::dns::suffixes::HashKey;

    #[test]
    fn a_renewed_worker_knows_no_name_and_still_has_its_packet_cache() {
        let mut worker = WorkerState::new(Arc::new(Tally::unread()), Arc::default()).with_packets();
        worker.suffixes.fill(&HashKey([7; 16]), OwnedName::parse("www.example").unwrap().as_name());
        worker.renew();
        assert_eq!(worker.suffixes.len(), 0);
        assert!(worker.packets.is_some() && worker.take_prefetch().is_none());
    }
}
