//! The chain of trust: from an anchor down to the zone that a name lies in, one zone cut at a time
//! (RFC 4035 §5).
//!
//! What is found of a name is remembered: the keys of a zone, that a zone is not signed, or that there is no
//! cut at all. A zone's keys are proven by its DS, the DS by the keys of the zone above; where there is no DS,
//! the zone above has to prove that too.

use std::net::IpAddr;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};

use quick_cache::sync::Cache;

use super::Recursor;
use super::budget::{Job, Path};
use super::descend::{Lookup, Origin};
use super::io::Io;
use super::store::{Content, Kept};
use crate::dns::name::{Name, OwnedName};
use crate::dns::rrset::RrSet;
use crate::dns::rrtype::RrType;
use crate::resolve::reason::Reason;
use crate::resolve::validate::aggressive::Spans;
use crate::resolve::validate::anchors::{Anchor, Anchors};
use crate::resolve::validate::chain::{Trust, keys_by_anchor, keys_by_ds};
use crate::resolve::validate::denial;
use crate::resolve::validate::fault::Fault;
use crate::resolve::validate::key::ZoneKeys;
use crate::resolve::validate::signature::verify;
use crate::resolve::validate::{NoDs, Rules};

/// Names of which is remembered how they are trusted.
const NAMES_MAX: usize = 16_384;
/// Octets of proofs that nothing is there.
const SPANS_OCTETS: usize = 8 << 20;
/// How long a broken chain is remembered, in seconds: short, so that a repaired zone is found soon.
const BROKEN_FOR: u32 = 30;
/// The longest that anything is remembered here, in seconds.
const HELD_MAX: u32 = 3600;
/// Further servers that are asked for what does not validate. Zones have two to four, and each may be spoilt alone;
/// who has asked all of them stops earlier.
pub const RETRIES: usize = 6;

/// How far a zone is trusted. Not [`Security`](crate::dns::security::Security), which is said of data: here each outcome
/// carries what the next step down needs, and no zone is indeterminate.
#[derive(Clone)]
pub enum ZoneSecurity {
    /// By these keys.
    Secure(Arc<ZoneKeys>),
    /// It is not signed, and that is proven; or no anchor is above it; or, for the reason given, signed in a
    /// way that does not count.
    Insecure(Option<Reason>),
    /// The chain is broken.
    Bogus(Reason),
}

/// What is remembered of a name.
#[derive(Clone)]
enum KnownZone {
    Zone(ZoneSecurity),
    /// No zone begins here.
    NoCut,
}

/// What validation needs and remembers.
pub struct Validator {
    pub anchors: Anchors,
    pub rules: Rules,
    held: Cache<OwnedName, (KnownZone, u64, u32)>,
    /// What is proven not to be there, for names that nobody asked yet (RFC 8198).
    pub spans: Mutex<Spans>,
    /// Whether any wildcard was met.
    pub has_wildcards: AtomicBool,
}

impl Validator {
    pub fn new(anchors: Anchors, rules: Rules) -> Self {
        let spans = Mutex::new(Spans::new(SPANS_OCTETS, rules));
        Self { anchors, rules, held: Cache::new(NAMES_MAX), spans, has_wildcards: AtomicBool::new(false) }
    }

    fn find(&self, name: Name<'_>, now: u64) -> Option<KnownZone> {
        let (held, stored, ttl) = self.held.get(name.wire())?;
        (stored <= now && now < stored + u64::from(ttl)).then_some(held)
    }

    fn hold(&self, name: Name<'_>, held: KnownZone, now: u64, ttl: u32) {
        self.held.insert(name.to_owned(), (held, now, ttl.min(HELD_MAX)));
    }
}

/// A step from a zone to a name below it.
enum Step {
    To(ZoneSecurity),
    NoCut,
    /// Nothing is at the name, so nothing below it either.
    Nothing,
    /// The zone above is not the one that was thought: there is a cut between.
    Astray,
}

impl<O: Io> Recursor<O> {
    /// How far the zone is trusted that `name` lies in; with `signer`, that zone, if `name` may lie in it.
    pub(super) async fn zone_of(
        &self,
        validator: &Validator,
        name: Name<'_>,
        signer: Option<Name<'_>>,
        job: &Job,
        path: &Path<'_>,
    ) -> ZoneSecurity {
        let anchor = validator.anchors.closest(name, self.io.now() as u32);
        let Some(anchor) = anchor else { return ZoneSecurity::Insecure(None) };
        let anchored = anchor.name.as_name();
        let may_sign = |signer: &Name<'_>| name.is_at_or_below(*signer) && signer.is_at_or_below(anchored);
        let target = signer.filter(may_sign).unwrap_or(name);
        let mut zone = match self.nearest(validator, target, anchored) {
            Some(security) => security,
            None => self.anchored(validator, anchor, job, path).await,
        };
        let mut below: Option<Name<'_>> = None;
        loop {
            let keys = match &zone {
                ZoneSecurity::Secure(keys) => keys.clone(),
                _ => return zone,
            };
            let apex = keys.apex.as_name();
            let at = below.unwrap_or(apex);
            if target == at || target == apex {
                return zone;
            }
            let labels = target.label_count();
            let next = |above: Name<'_>| target.ancestors().nth(labels - above.label_count() - 1);
            let Some(step_to) = next(at) else { return zone };
            // A cut that was met on the way down is the likeliest place of the next zone.
            let now = self.io.now();
            let cut = target
                .ancestors()
                .take_while(|above| *above != at)
                .filter(|above| self.cuts.at(*above, now).is_some())
                .last()
                .or(signer.filter(|signer| *signer == target));
            let to = cut.unwrap_or(step_to);
            let mut taken = self.step(validator, &keys, to, job, path).await;
            let mut reached = to;
            if matches!(taken, Step::Astray) && to != step_to {
                taken = self.step(validator, &keys, step_to, job, path).await;
                reached = step_to;
            }
            match taken {
                Step::To(security) => {
                    zone = security;
                    below = None;
                }
                Step::NoCut => below = Some(reached),
                Step::Nothing => return zone,
                Step::Astray => return ZoneSecurity::Bogus(Fault::BadSignature.reason()),
            }
        }
    }

    /// What is remembered of the deepest zone at or above `target`.
    fn nearest(&self, validator: &Validator, target: Name<'_>, anchored: Name<'_>) -> Option<ZoneSecurity> {
        let now = self.io.now();
        target.ancestors().take_while(|above| above.is_at_or_below(anchored)).find_map(
            |above| match validator.find(above, now)? {
                KnownZone::Zone(security) => Some(security),
                KnownZone::NoCut => None,
            },
        )
    }

    /// The keys of a zone that has an anchor of its own.
    async fn anchored(
        &self,
        validator: &Validator,
        anchor: &Anchor,
        job: &Job,
        path: &Path<'_>,
    ) -> ZoneSecurity {
        let check = |keys: &RrSet, now: u32| keys_by_anchor(keys, anchor, now, &validator.rules, &job.work);
        self.keys(validator, anchor.name.as_name(), HELD_MAX, job, path, check).await
    }

    /// From the zone of `keys` to `name` below it.
    async fn step(
        &self,
        validator: &Validator,
        keys: &ZoneKeys,
        name: Name<'_>,
        job: &Job,
        path: &Path<'_>,
    ) -> Step {
        let now = self.io.now();
        match validator.find(name, now) {
            Some(KnownZone::Zone(security)) => return Step::To(security),
            Some(KnownZone::NoCut) => return Step::NoCut,
            None => {}
        }
        let (mut broken, mut tried) = (Reason::Bogus, Vec::new());
        for _ in 0..=RETRIES {
            let lookup = match self.look_boxed(name, RrType::DS, job, path).await {
                Ok(lookup) => lookup,
                Err(why) => return Step::To(ZoneSecurity::Bogus(why)),
            };
            let kept = &lookup.kept;
            let found = match &kept.content {
                Content::Set(set) if set.is(name, RrType::DS) => {
                    let checked = self.checked(validator, keys, set, job).await;
                    self.note_periods(validator, keys.apex.as_name(), set, checked.err(), |at| {
                        verify(set, keys, at, &validator.rules, &job.work).is_ok()
                    });
                    match checked {
                        Ok(ttl) => {
                            let ds = set.rdata.clone();
                            let check = |dnskeys: &RrSet, now: u32| {
                                keys_by_ds(dnskeys, &ds, now, &validator.rules, &job.work)
                            };
                            return Step::To(self.keys(validator, name, ttl, job, path, check).await);
                        }
                        Err(fault) => Err((fault, signer(set))),
                    }
                }
                // An alias, or a name moved from above, is no zone cut.
                Content::Set(set) => match self.checked(validator, keys, set, job).await {
                    Ok(ttl) => Ok((Step::NoCut, ttl)),
                    Err(fault) => Err((fault, signer(set))),
                },
                Content::NoData(soa) | Content::NoName(soa) => {
                    self.denied_ds(validator, keys, name, kept, soa.as_ref(), job).await
                }
            };
            match found {
                Ok((step, ttl)) => {
                    let ttl = ttl.min(kept.left(now).max(1));
                    match &step {
                        Step::To(security) => {
                            validator.hold(name, KnownZone::Zone(security.clone()), now, ttl)
                        }
                        Step::NoCut => validator.hold(name, KnownZone::NoCut, now, ttl),
                        Step::Nothing | Step::Astray => {}
                    }
                    return step;
                }
                // Signed by another zone than the one above: there is a cut that was not seen.
                Err((_, Some(signer))) if lies_between(signer.as_name(), keys.apex.as_name(), name) => {
                    return Step::Astray;
                }
                Err((fault, _)) => {
                    broken = fault.reason();
                    if !self.look_elsewhere(&lookup, name, RrType::DS, job, &mut tried) {
                        break;
                    }
                }
            }
        }
        validator.hold(name, KnownZone::Zone(ZoneSecurity::Bogus(broken)), now, BROKEN_FOR);
        Step::To(ZoneSecurity::Bogus(broken))
    }

    /// What the proofs say that came instead of a DS.
    async fn denied_ds(
        &self,
        validator: &Validator,
        keys: &ZoneKeys,
        name: Name<'_>,
        kept: &Kept,
        soa: Option<&RrSet>,
        job: &Job,
    ) -> Result<(Step, u32), (Fault, Option<OwnedName>)> {
        let apex = keys.apex.as_name();
        let signed_by = kept.proofs.iter().chain(soa).find_map(signer);
        let astray = |fault| (fault, signed_by.clone());
        let (proofs, ttl) = self.checked_proofs(validator, keys, &kept.proofs, job).await.map_err(astray)?;
        let missing = matches!(kept.content, Content::NoName(_));
        if missing {
            let denied = denial::no_name(name, apex, &proofs, &validator.rules, &job.work);
            if denied.is_ok() {
                return Ok((Step::Nothing, ttl));
            }
        }
        match denial::no_ds(name, apex, &proofs, &validator.rules, &job.work).map_err(astray)? {
            proven @ (NoDs::Delegation | NoDs::OptOut | NoDs::Insecure) => {
                Ok((Step::To(ZoneSecurity::Insecure(proven.reason())), ttl))
            }
            NoDs::NotACut => Ok((Step::NoCut, ttl)),
        }
    }

    /// The keys of a zone, held against `check`.
    async fn keys(
        &self,
        validator: &Validator,
        zone: Name<'_>,
        ttl: u32,
        job: &Job,
        path: &Path<'_>,
        check: impl Fn(&RrSet, u32) -> Result<Trust, Fault>,
    ) -> ZoneSecurity {
        // Where the DS, or the anchor, speaks of nothing that we check, no key need be asked for.
        let none = RrSet::new(zone.to_owned(), RrType::DNSKEY, 0, Vec::new());
        if let Ok(Trust::Insecure(why)) = check(&none, self.io.now() as u32) {
            let security = ZoneSecurity::Insecure(Some(why.reason()));
            validator.hold(zone, KnownZone::Zone(security.clone()), self.io.now(), ttl.max(1));
            return security;
        }
        let (mut broken, mut tried) = (Fault::DnskeyMissing.reason(), Vec::new());
        for _ in 0..=RETRIES {
            let lookup = match self.look_boxed(zone, RrType::DNSKEY, job, path).await {
                Ok(lookup) => lookup,
                Err(why) => {
                    broken = why;
                    break;
                }
            };
            let now = self.io.now();
            let found = match lookup.kept.set() {
                Some(set) if set.is(zone, RrType::DNSKEY) => {
                    let found = check(set, now as u32);
                    self.note_periods(validator, zone, set, found.as_ref().err().copied(), |at| {
                        matches!(check(set, at), Ok(Trust::Secure(_)))
                    });
                    found
                }
                _ => Err(Fault::DnskeyMissing),
            };
            self.rest(job).await;
            match found {
                Ok(trust) => {
                    let (security, ttl) = match trust {
                        Trust::Secure(keys) => {
                            let ttl = ttl.min(keys.ttl);
                            (ZoneSecurity::Secure(Arc::new(keys)), ttl)
                        }
                        Trust::Insecure(why) => (ZoneSecurity::Insecure(Some(why.reason())), ttl),
                    };
                    validator.hold(zone, KnownZone::Zone(security.clone()), now, ttl.max(1));
                    return security;
                }
                Err(fault) => {
                    broken = fault.reason();
                    if !self.look_elsewhere(&lookup, zone, RrType::DNSKEY, job, &mut tried) {
                        break;
                    }
                }
            }
        }
        validator.hold(zone, KnownZone::Zone(ZoneSecurity::Bogus(broken)), self.io.now(), BROKEN_FOR);
        ZoneSecurity::Bogus(broken)
    }

    /// Whether the zone of `keys` signed the set, and for how long that holds.
    async fn checked(
        &self,
        validator: &Validator,
        keys: &ZoneKeys,
        set: &RrSet,
        job: &Job,
    ) -> Result<u32, Fault> {
        let now = self.io.now() as u32;
        let verified = verify(set, keys, now, &validator.rules, &job.work);
        self.rest(job).await;
        verified.map(|verified| verified.ttl)
    }

    /// Whoever computed for long lets others have their turn: answers that are known wait behind it.
    pub(super) async fn rest(&self, job: &Job) {
        if job.work.is_due_for_rest() {
            self.io.give_way().await;
        }
    }

    /// The proofs that the zone of `keys` signed, and for how long they hold.
    pub(super) async fn checked_proofs<'k>(
        &self,
        validator: &Validator,
        keys: &ZoneKeys,
        proofs: &'k [RrSet],
        job: &Job,
    ) -> Result<(Vec<&'k RrSet>, u32), Fault> {
        let (mut good, mut ttl) = (Vec::with_capacity(proofs.len()), u32::MAX);
        let mut worst = None;
        for proof in proofs {
            match self.checked(validator, keys, proof, job).await {
                Ok(left) => {
                    ttl = ttl.min(left);
                    good.push(proof);
                }
                Err(fault) => worst = worst.or(Some(fault)),
            }
        }
        match worst {
            Some(fault) if good.is_empty() => Err(fault),
            None if good.is_empty() => Err(Fault::NsecMissing),
            _ => Ok((good, ttl)),
        }
    }

    /// What a server said does not validate: it is forgotten, and others come first. `tried` are those that were
    /// asked for it before; `false` where this is one of them, so that nobody is left who could do better.
    pub(super) fn look_elsewhere(
        &self,
        lookup: &Lookup,
        name: Name<'_>,
        kind: RrType,
        job: &Job,
        tried: &mut Vec<IpAddr>,
    ) -> bool {
        self.store.forget(name, kind, &lookup.kept);
        match lookup.origin {
            Origin::Server(from) => {
                job.distrust(from, lookup.kept.zone.as_name());
                let is_new = !tried.contains(&from);
                tried.push(from);
                is_new
            }
            Origin::Known => true,
            Origin::Forwarder => false,
        }
    }
}

/// Whether `zone` lies below `above` and above `below`.
fn lies_between(zone: Name<'_>, above: Name<'_>, below: Name<'_>) -> bool {
    zone != above && zone != below && zone.is_at_or_below(above) && below.is_at_or_below(zone)
}

/// The zone that signed a set, if its signatures say one.
pub fn signer(set: &RrSet) -> Option<OwnedName> {
    let rrsig = set.rrsigs.first()?;
    let mut name = crate::dns::name::NameBuf::new();
    name.fill_from_wire(rrsig.get(18..)?).ok()?;
    Some(name.name().to_owned())
}
