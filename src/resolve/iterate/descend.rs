//! From the deepest zone that is known down to the one that knows the answer.

use std::net::IpAddr;
use std::sync::{Arc, OnceLock};

use super::Recursor;
use super::ask::{NoResponse, STEP_TIME_MAX, ZONE_TIME_MAX, ZoneResponse};
use super::budget::{Freshness, Job, Path};
use super::cuts::Cut;
use super::io::Io;
use super::minimise::{Minimisation, Steps};
use super::reply::{self, Response, ResponseKind};
use super::single_flight::Waited;
use super::store::{Content, Kept, Rank, Validation};
use crate::dns::name::{Name, OwnedName};
use crate::dns::rdata::soa_minimum;
use crate::dns::rrset::RrSet;
use crate::dns::rrtype::RrType;
use crate::resolve::reason::Reason;

/// Zones on one way down. A name has at most 127 labels, a real one some six zones.
const ZONES_MAX: usize = 40;

/// How often one question waits for others that ask the same, on one way down: once a zone, and again where somebody
/// came back with nothing.
const WAITS_MAX: u8 = 8;

/// Whose answer it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// It was known already.
    Known,
    /// A name server's.
    Server(IpAddr),
    /// A forwarder's.
    Forwarder,
}

/// What was found of a name, and what came with it.
#[derive(Clone)]
pub struct Lookup {
    pub kept: Arc<Kept>,
    pub origin: Origin,
    /// Further sets of the same answer.
    pub more: Vec<Arc<Kept>>,
}

impl Lookup {
    pub(super) fn known(kept: Arc<Kept>) -> Self {
        Self { kept, origin: Origin::Known, more: Vec::new() }
    }
}

impl<O: Io> Recursor<O> {
    /// What is at `name`: its data of type `kind`, an alias, or nothing. Not validated here.
    pub(super) async fn look(
        &self,
        name: Name<'_>,
        kind: RrType,
        job: &Job,
        path: &Path<'_>,
    ) -> Result<Lookup, Reason> {
        if let Some(kept) = self.known(name, kind) {
            return Ok(Lookup::known(kept));
        }
        self.descend(name, kind, job, path).await
    }

    /// The same for what a client asked itself, who may want it anew.
    pub(super) async fn look_for_client(
        &self,
        name: Name<'_>,
        kind: RrType,
        job: &Job,
        path: &Path<'_>,
    ) -> Result<Lookup, Reason> {
        let will_do = |kept: &Arc<Kept>| {
            // A referral says that there is no DS, but has no SOA for who asks.
            let is_whole = !matches!(kept.content, Content::NoData(None));
            is_whole
                && match job.freshness {
                    Freshness::Kept => true,
                    Freshness::Anew => !kept.is_ending(self.io.now()),
                    Freshness::Never => false,
                }
        };
        match self.known(name, kind).filter(will_do) {
            Some(kept) => Ok(Lookup::known(kept)),
            None => self.descend(name, kind, job, path).await,
        }
    }

    /// The same from the store alone.
    pub(super) fn known(&self, name: Name<'_>, kind: RrType) -> Option<Arc<Kept>> {
        let now = self.io.now();
        if let Some(kept) = self.store.find(name, kind, now) {
            return Some(kept);
        }
        let is_set = |kept: &Arc<Kept>| kept.set().is_some();
        if kind != RrType::CNAME
            && let Some(kept) = self.store.find(name, RrType::CNAME, now).filter(is_set)
        {
            return Some(kept);
        }
        // A DNAME above, or proof that nothing is above (RFC 8020); unproven, that is often a mistake. A DNAME is
        // kept where it is proven, or was asked for; only one that is proven speaks for other names: a forged
        // answer for any name below could move all of them.
        let strict = self.settings.minimisation == Minimisation::Strict;
        name.ancestors().skip(1).find_map(|above| {
            let kept = self.store.find(above, RrType::DNAME, now)?;
            match &kept.content {
                Content::Set(_) if kept.validation() == Validation::Secure => Some(kept),
                Content::NoName(_) if strict || kept.validation() == Validation::Secure => Some(kept),
                _ => None,
            }
        })
    }

    async fn descend(
        &self,
        name: Name<'_>,
        kind: RrType,
        job: &Job,
        path: &Path<'_>,
    ) -> Result<Lookup, Reason> {
        if let Some(zone) = self.io.forward_zone(name, kind) {
            return self.forwarded(zone, name, kind, job, path).await;
        }
        if let Some(kept) = self.spanned(name, kind) {
            return Ok(Lookup::known(Arc::new(kept)));
        }
        // The parent answers for a DS (RFC 4035 §3.1.4.1).
        let from = if kind == RrType::DS { name.parent().unwrap_or(name) } else { name };
        let mut cut = self.start(from, job, path).await;
        let mode = self.settings.minimisation;
        let mut steps = Steps::new(mode, name, kind, cut.zone.as_name());
        let mut ahead = steps.ahead();
        let mut waits_left = WAITS_MAX;
        for _ in 0..ZONES_MAX + name.label_count() {
            let (asked, asked_kind) = ahead;
            let whole = steps.is_whole();
            // What lies between is known not to be a cut if anything is known of it.
            if !whole && let Some(kept) = self.store.find(asked, asked_kind, self.io.now()) {
                if matches!(kept.content, Content::NoName(_)) {
                    steps.show_all();
                }
                ahead = steps.ahead();
                continue;
            }
            // What a client asked itself, and nothing else, has been put together before.
            let turn = match (!whole || !path.is_clients_own()) && waits_left > 0 {
                true => self.join_flight(cut.zone.as_name(), asked, asked_kind, job).await,
                false => Ok(None),
            };
            let _running = match turn {
                Ok(running) => running,
                Err(Waited { is_done }) => {
                    waits_left = if is_done { waits_left - 1 } else { 0 };
                    if whole && let Some(kept) = self.known(name, kind) {
                        return Ok(Lookup::known(kept));
                    }
                    let deepest = self.cuts.deepest(from, self.io.now());
                    if deepest.zone.as_name().label_count() > cut.zone.as_name().label_count() {
                        cut = deepest;
                        steps.descend(cut.zone.as_name());
                        if !whole {
                            ahead = steps.ahead();
                        }
                    }
                    continue;
                }
            };
            let within = if whole { ZONE_TIME_MAX } else { STEP_TIME_MAX };
            let ZoneResponse { response, from } =
                match self.ask_zone(&cut, asked, asked_kind, within, job, path).await {
                    Ok(told) => told,
                    Err(NoResponse::Spent) => return Err(NoResponse::Spent.reason()),
                    Err(_) if !whole => {
                        steps.show_all();
                        ahead = steps.ahead();
                        continue;
                    }
                    Err(nobody) => return Err(nobody.reason()),
                };
            let now = self.io.now();
            if let Some(servers) = &response.servers {
                self.cuts.note_own(servers, now);
            }
            if let ResponseKind::Referral(referral, ds) = response.says {
                self.keep_ds(referral.zone.clone(), ds, response.proofs, &cut.zone, referral.ttl, now);
                cut = self.cuts.learn(referral, now);
                steps.descend(cut.zone.as_name());
                if !whole {
                    ahead = steps.ahead();
                }
                continue;
            }
            if whole {
                return Ok(self.take_in(name, kind, &cut.zone, response, Origin::Server(from), None));
            }
            match &response.says {
                ResponseKind::NxDomain(_) if mode == Minimisation::Strict => {
                    let lookup =
                        self.take_in(asked, asked_kind, &cut.zone, response, Origin::Server(from), None);
                    return Ok(lookup);
                }
                // Some servers deny names that merely have nothing but names below.
                ResponseKind::NxDomain(_) => steps.show_all(),
                ResponseKind::Dname(_) => {
                    return Ok(self.take_in(
                        asked,
                        asked_kind,
                        &cut.zone,
                        response,
                        Origin::Server(from),
                        None,
                    ));
                }
                _ => {
                    self.take_in(asked, asked_kind, &cut.zone, response, Origin::Server(from), None);
                }
            }
            ahead = steps.ahead();
        }
        Err(NoResponse::Useless.reason())
    }

    /// Asks the forwarders of `zone`.
    async fn forwarded(
        &self,
        zone: OwnedName,
        name: Name<'_>,
        kind: RrType,
        job: &Job,
        path: &Path<'_>,
    ) -> Result<Lookup, Reason> {
        let turn = match path.is_clients_own() {
            true => Ok(None),
            false => self.join_flight(zone.as_name(), name, kind, job).await,
        };
        let _running = match turn {
            Ok(running) => running,
            Err(_) => match self.known(name, kind) {
                Some(kept) => return Ok(Lookup::known(kept)),
                None => None,
            },
        };
        if !job.spend_message() {
            return Err(NoResponse::Spent.reason());
        }
        let told = self.io.forward(name, kind).await?;
        let read = reply::read_from_resolver(zone.as_name(), name, kind, told.rcode, &told.octets);
        let response = read.map_err(|_| Reason::ForwarderMalformed)?;
        Ok(self.take_in(name, kind, &zone, response, Origin::Forwarder, told.note))
    }

    /// The deepest cut that is known, the root primed if that is due.
    async fn start(&self, name: Name<'_>, job: &Job, path: &Path<'_>) -> Arc<Cut> {
        let cut = self.cuts.deepest(name, self.io.now());
        if !cut.zone.as_name().is_root()
            || !self.settings.primes
            || self.cuts.at(Name::ROOT, self.io.now()).is_some()
        {
            return cut;
        }
        self.prime(job, path).await;
        self.cuts.deepest(name, self.io.now())
    }

    /// Asks the servers of the hints for the root's own (RFC 8109). Without an answer the hints do.
    async fn prime(&self, job: &Job, path: &Path<'_>) {
        let Some(path) = path.then(Name::ROOT, RrType::NS) else { return };
        let hints = self.cuts.hints();
        let Ok(_running) = self.join_flight(Name::ROOT, Name::ROOT, RrType::NS, job).await else { return };
        let asked = self.ask_zone(&hints, Name::ROOT, RrType::NS, STEP_TIME_MAX, job, &path);
        let Ok(told) = Box::pin(asked).await else { return };
        let now = self.io.now();
        if let Some(servers) = &told.response.servers {
            self.cuts.note_own(servers, now);
        }
        self.take_in(Name::ROOT, RrType::NS, &hints.zone, told.response, Origin::Server(told.from), None);
    }

    /// Keeps what a referral says of the DS of the zone that it leads to.
    fn keep_ds(
        &self,
        zone: OwnedName,
        ds: Option<RrSet>,
        proofs: Vec<RrSet>,
        parent: &OwnedName,
        ttl: u32,
        now: u64,
    ) {
        let (content, ttl) = match ds {
            Some(ds) => {
                let ttl = ds.ttl;
                (Content::Set(ds), ttl)
            }
            None if proofs.is_empty() => return,
            None => (Content::NoData(None), proofs.iter().map(|set| set.ttl).min().unwrap_or(0).min(ttl)),
        };
        let kept = Kept {
            name: zone,
            content,
            proofs,
            zone: parent.clone(),
            rank: Rank::NonAuthoritative,
            note: None,
            stored: now,
            ttl: ttl.min(self.settings.ttl.max),
            proven: OnceLock::new(),
        };
        self.store.keep(RrType::DS, kept);
    }

    /// Keeps what a server said.
    fn take_in(
        &self,
        name: Name<'_>,
        kind: RrType,
        zone: &OwnedName,
        response: Response,
        origin: Origin,
        note: Option<Reason>,
    ) -> Lookup {
        let now = self.io.now();
        let Response { says, authoritative, proofs, more, .. } = response;
        let rank = if authoritative { Rank::Authoritative } else { Rank::NonAuthoritative };
        let bounds = self.settings.ttl;
        let kept = |name: OwnedName, content: Content, proofs: Vec<RrSet>| {
            let ttl = match &content {
                Content::Set(set) => set.ttl.clamp(bounds.min.min(bounds.max), bounds.max),
                Content::NoData(soa) | Content::NoName(soa) => soa.as_ref().map_or(0, |soa| {
                    soa.ttl
                        .min(soa.rdata.first().map_or(0, |rdata| soa_minimum(rdata)))
                        .min(bounds.negative_max)
                }),
            };
            Kept {
                name,
                content,
                proofs,
                zone: zone.clone(),
                rank,
                note,
                stored: now,
                ttl,
                proven: OnceLock::new(),
            }
        };
        let more = more
            .into_iter()
            .map(|set| Arc::new(kept(set.owner.clone(), Content::Set(set), proofs.clone())))
            .collect();
        // Kept once it is proven: see `known`.
        let is_moved = matches!(says, ResponseKind::Dname(_));
        let (name, kind, content) = match says {
            ResponseKind::Data(set) => (name.to_owned(), kind, Content::Set(set)),
            ResponseKind::Alias(set) => (name.to_owned(), RrType::CNAME, Content::Set(set)),
            ResponseKind::Dname(set) => (set.owner.clone(), RrType::DNAME, Content::Set(set)),
            ResponseKind::NoData(soa) => (name.to_owned(), kind, Content::NoData(soa)),
            ResponseKind::NxDomain(soa) => (name.to_owned(), kind, Content::NoName(soa)),
            ResponseKind::Referral(..) => (name.to_owned(), kind, Content::NoData(None)),
        };
        let kept = kept(name, content, proofs);
        // One of several sets would not do for who asks for all of them next.
        let is_part = kind == RrType::ANY && kept.set().is_some();
        let kept = if is_moved || is_part { Arc::new(kept) } else { self.store.keep(kind, kept) };
        Lookup { kept, origin, more }
    }
}
