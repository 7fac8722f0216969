//! Zones of our own in master format, on hickory-server's in-memory zones.
//!
//! The library's look-up is asynchronous only because its zones can be updated; ours never are, so it
//! is ready at the first poll and local data stays a plain function call.

use std::collections::HashSet;
use std::future::Future;
use std::path::PathBuf;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::proto::op::ResponseCode;
use hickory_resolver::proto::rr::{LowerName, Record, RecordType};
use hickory_resolver::proto::serialize::txt::Parser;
use hickory_server::store::in_memory::InMemoryZoneHandler;
use hickory_server::zone_handler::{
    AxfrPolicy, LookupControlFlow, LookupError, LookupOptions, ZoneHandler, ZoneType,
};

use super::LocalError;
use crate::dns::name::{Name, OwnedName};
use crate::dns::reply::Rcode;
use crate::resolve::{file, wire};

/// Type DS, which the parent side of a cut has.
const TYPE_DS: u16 = 43;

/// One zone as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ZoneSpec {
    /// Apex.
    pub zone: OwnedName,
    /// Master file (RFC 1035 §5).
    pub file: PathBuf,
}

/// All zones, the deepest first.
#[derive(Default)]
pub(super) struct Zones(Vec<Zone>);

struct Zone {
    apex: OwnedName,
    handler: InMemoryZoneHandler<TokioRuntimeProvider>,
    soa: Record,
    /// Parents of wildcards.
    wild: HashSet<OwnedName>,
    /// Names delegated to others.
    cuts: HashSet<OwnedName>,
}

/// What a zone says.
pub(super) struct Said {
    pub rcode: Rcode,
    pub answers: Vec<Record>,
    pub authorities: Vec<Record>,
}

impl Zones {
    pub(super) fn new(specs: &[ZoneSpec]) -> Result<Self, LocalError> {
        let mut zones = specs.iter().map(Zone::read).collect::<Result<Vec<_>, _>>()?;
        zones.sort_by_key(|zone| std::cmp::Reverse(zone.apex.as_name().label_count()));
        if let Some(twice) = zones.windows(2).find(|pair| pair[0].apex == pair[1].apex) {
            return Err(LocalError::ZoneTwice { zone: twice[0].apex.to_string() });
        }
        Ok(Self(zones))
    }

    /// What the zone of `name` says; `None` where no zone has it, or the zone has given it away.
    pub(super) fn at(&self, name: Name<'_>, asked: u16, dnssec_ok: bool) -> Option<Said> {
        self.of(name, asked)?.say(name, asked, dnssec_ok)
    }

    /// All apexes.
    pub(super) fn apexes(&self) -> impl Iterator<Item = Name<'_>> {
        self.0.iter().map(|zone| zone.apex.as_name())
    }

    pub(super) fn covers(&self, name: Name<'_>) -> bool {
        self.of(name, 0).is_some()
    }

    fn of(&self, name: Name<'_>, asked: u16) -> Option<&Zone> {
        let zone = self.0.iter().find(|zone| name.is_at_or_below(zone.apex.as_name()))?;
        let given_away = name
            .ancestors()
            .take_while(|ancestor| *ancestor != zone.apex.as_name())
            .any(|ancestor| zone.cuts.contains(ancestor.wire()) && !(asked == TYPE_DS && ancestor == name));
        (!given_away).then_some(zone)
    }
}

impl Zone {
    fn read(spec: &ZoneSpec) -> Result<Self, LocalError> {
        let failed =
            |why: String| LocalError::Zone { zone: spec.zone.to_string(), file: spec.file.clone(), why };
        let text = file::read(&spec.file).map_err(|error| failed(error.to_string()))?;
        let origin = wire::library_name(spec.zone.as_name());
        let (_, sets) = Parser::new(text, Some(spec.file.clone()), Some(origin.clone()))
            .parse()
            .map_err(|error| failed(error.to_string()))?;
        let (mut wild, mut cuts, mut soa) = (HashSet::new(), HashSet::new(), None);
        for set in sets.values() {
            let owner = wire::our_name(set.name())
                .ok_or_else(|| failed(format!("`{}` is not a name", set.name())))?;
            if !owner.as_name().is_at_or_below(spec.zone.as_name()) {
                return Err(failed(format!("`{owner}` is outside the zone")));
            }
            match set.record_type() {
                RecordType::SOA if owner == spec.zone => soa = set.records_without_rrsigs().next().cloned(),
                RecordType::NS if owner != spec.zone => {
                    cuts.insert(owner.clone());
                }
                _ => {}
            }
            if owner.as_name().labels().next() == Some(b"*")
                && let Some(parent) = owner.as_name().parent()
            {
                wild.insert(parent.to_owned());
            }
        }
        let soa = soa.ok_or_else(|| failed("no SOA record at the apex".to_owned()))?;
        let handler = InMemoryZoneHandler::new(origin, sets, ZoneType::Primary, AxfrPolicy::Deny, None)
            .map_err(failed)?;
        Ok(Self { apex: spec.zone.clone(), handler, soa, wild, cuts })
    }

    fn say(&self, name: Name<'_>, asked: u16, dnssec_ok: bool) -> Option<Said> {
        let mut options = LookupOptions::default();
        options.dnssec_ok = dnssec_ok;
        let lower = LowerName::new(&wire::library_name(name));
        let found = at_once(self.handler.lookup(&lower, RecordType::from(asked), None, options))?;
        let (rcode, answers) = match found {
            LookupControlFlow::Continue(Ok(found)) | LookupControlFlow::Break(Ok(found)) => {
                (Rcode::NoError, found.iter().cloned().collect())
            }
            LookupControlFlow::Continue(Err(error)) | LookupControlFlow::Break(Err(error)) => match error {
                LookupError::NameExists => (Rcode::NoError, Vec::new()),
                LookupError::ResponseCode(ResponseCode::NXDomain) if !self.has_wildcard_for(name) => {
                    (Rcode::NxDomain, Vec::new())
                }
                LookupError::ResponseCode(ResponseCode::NXDomain) => (Rcode::NoError, Vec::new()),
                _ => return None,
            },
            LookupControlFlow::Skip => return None,
        };
        let answers: Vec<Record> = answers;
        let authorities = if answers.is_empty() { vec![self.soa.clone()] } else { Vec::new() };
        Some(Said { rcode, answers, authorities })
    }

    /// The library says NXDOMAIN where a wildcard has no data of the asked type; it is NODATA.
    fn has_wildcard_for(&self, name: Name<'_>) -> bool {
        name.ancestors()
            .skip(1)
            .take_while(|ancestor| ancestor.is_at_or_below(self.apex.as_name()))
            .any(|ancestor| self.wild.contains(ancestor.wire()))
    }
}

/// The result of a future that waits for nobody; `None` if it does wait.
fn at_once<T>(future: impl Future<Output = T>) -> Option<T> {
    // `unconstrained`: the runtime's budget must not make a free lock look taken.
    let future = pin!(tokio::task::unconstrained(future));
    match future.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(found) => Some(found),
        Poll::Pending => None,
    }
}
