//! Aggressive use of validated denials (RFC 8198): spans of names that are known to be empty, so that
//! random names of a signed zone cost no upstream query.
//!
//! What is kept are NSEC and NSEC3 sets as verified, by zone, in order. What is found is proven again by the
//! functions of [`denial`], so a wildcard, a zone cut or an opt-out span speaks here as it does in an
//! answer; only what is secure becomes one. Wildcard answers are not made.
//!
//! Bounded in octets; what was kept longest ago goes first.
// Inside: the owners of NSEC3 sets sort like the hashes in them, so both kinds are one sort of chain: a
// circle of owners, each with the next.

use std::cmp::Ordering;
use std::collections::btree_map::Range;
use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::ops::Bound::Excluded;
use std::sync::Arc;

use super::hash::owner_of;
use super::nsec3::Nsec3s;
use super::work::Work;
use super::{Denied, Rules, denial, order};
use crate::dns::name::{Name, OwnedName};
use crate::dns::rcode::Rcode;
use crate::dns::rrset::RrSet;
use crate::dns::rrtype::RrType;

/// Octets that a kept set takes beside its own and the SOA's, about.
const KEPT_OCTETS: usize = 400;
/// A negative answer made of what is known.
#[derive(Clone, Debug)]
pub struct Found {
    /// NXDOMAIN, or NOERROR for a name without such records.
    pub rcode: Rcode,
    /// The zone's SOA.
    pub soa: Arc<RrSet>,
    /// The NSEC or NSEC3 sets that prove it, with their signatures.
    pub proofs: Vec<Arc<RrSet>>,
    /// Seconds for which all of this is proven.
    pub ttl: u32,
}

/// The spans of all zones.
#[derive(Debug)]
pub struct Spans {
    kept: BTreeMap<Place, Kept>,
    /// Zones of which something is kept, and how many sets.
    zones: HashMap<OwnedName, usize>,
    /// What was kept when, the oldest first.
    ages: BTreeMap<u64, Place>,
    next_age: u64,
    octets: usize,
    octets_max: usize,
    rules: Rules,
}

#[derive(Clone, Debug)]
struct Kept {
    set: Arc<RrSet>,
    next: OwnedName,
    soa: Arc<RrSet>,
    /// Unix seconds.
    expires: u32,
    age: u64,
}

/// Where a set stands: sorted by zone and kind, then as names are.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    zone: OwnedName,
    rtype: RrType,
    owner: InOrder,
}

/// A name in canonical order.
#[derive(Clone, Debug, PartialEq, Eq)]
struct InOrder(OwnedName);

impl Spans {
    /// Keeps at most so many octets; zero keeps nothing.
    pub fn new(octets_max: usize, rules: Rules) -> Self {
        let (kept, zones, ages) = (BTreeMap::new(), HashMap::new(), BTreeMap::new());
        Self { kept, zones, ages, next_age: 0, octets: 0, octets_max, rules }
    }

    /// Keeps a set that the keys of `zone` verified, and the zone's SOA that was verified beside it, until
    /// unix second `expires`: when the first of both is proven no more, and at most the SOA's MINIMUM from
    /// now (RFC 8198 §5.4, RFC 9077). Kept sets that this one contradicts are dropped, as the zone has
    /// changed. Those made for a single question (RFC 9824) are passed over: they span nothing.
    pub fn keep(&mut self, zone: Name<'_>, set: Arc<RrSet>, soa: Arc<RrSet>, expires: u32) {
        let owner = set.owner.as_name();
        let Some(next) = self.next_of(zone, &set).filter(|next| !is_just_after(owner, next.as_name())) else {
            return;
        };
        let place = Place::new(zone, set.rtype, owner);
        for stale in self.contradicted(&place, &set, next.as_name()) {
            self.drop(&stale);
        }
        self.drop(&place);
        let kept = Kept { set, next, soa, expires, age: self.next_age };
        self.next_age += 1;
        self.octets += kept.octets();
        self.ages.insert(kept.age, place.clone());
        *self.zones.entry(place.zone.clone()).or_default() += 1;
        self.kept.insert(place, kept);
        while self.octets > self.octets_max
            && let Some((_, oldest)) = self.ages.pop_first()
        {
            self.drop(&oldest);
        }
    }

    /// The zones at or above a name of which something is kept, the deepest first.
    pub fn zones_above<'n>(&self, name: Name<'n>) -> impl Iterator<Item = Name<'n>> {
        name.ancestors().filter(|zone| self.zones.contains_key(zone.wire()))
    }

    /// The negative answer for a name of the zone, if what is kept proves one at unix second `now`. Costs
    /// two look-ups in order, and some hashes where the zone has NSEC3.
    pub fn find(&self, qname: Name<'_>, qtype: RrType, zone: Name<'_>, now: u32) -> Option<Found> {
        if qtype == RrType::ANY || !qname.is_at_or_below(zone) {
            return None;
        }
        let mut kept = self.by_nsec(qname, zone).or_else(|| self.by_nsec3(qname, zone))?;
        kept.dedup_by_key(|kept| kept.age);
        let left = kept.iter().map(|kept| kept.expires.wrapping_sub(now) as i32).min()?;
        let ttl = u32::try_from(left).ok().filter(|left| *left > 0)?;
        let sets: Vec<&RrSet> = kept.iter().map(|kept| &*kept.set).collect();
        // For a name that is missing, and for one without such records.
        let work = Work::of_looks(2);
        let secure = Ok(Denied::Secure);
        let rcode = if denial::no_name(qname, zone, &sets, &self.rules, &work) == secure {
            Rcode::NX_DOMAIN
        } else if denial::no_data(qname, qtype, zone, &sets, &self.rules, &work) == secure {
            Rcode::NO_ERROR
        } else {
            return None;
        };
        let soa = kept.first()?.soa.clone();
        Some(Found { rcode, soa, proofs: kept.iter().map(|kept| kept.set.clone()).collect(), ttl })
    }

    /// Octets kept, about.
    pub fn octets(&self) -> usize {
        self.octets
    }

    /// What covers the name or is at it, and what does so for the wildcard that would answer.
    fn by_nsec(&self, qname: Name<'_>, zone: Name<'_>) -> Option<Vec<&Kept>> {
        let span = self.at_or_before(&Place::new(zone, RrType::NSEC, qname))?;
        let (one, other) = (span.set.owner.as_name(), span.next.as_name());
        let (one, other) = (order::shared(qname, one), order::shared(qname, other));
        let encloser = if one.label_count() > other.label_count() { one } else { other };
        let wildcard = order::wildcard(encloser);
        let there =
            wildcard.and_then(|name| self.at_or_before(&Place::new(zone, RrType::NSEC, name.as_name())));
        Some([Some(span), there].into_iter().flatten().collect())
    }

    /// The closest encloser, and what covers the next closer name, and the wildcard's (RFC 5155 §8.3).
    fn by_nsec3(&self, qname: Name<'_>, zone: Name<'_>) -> Option<Vec<&Kept>> {
        let (_, any) = self.chain(zone, RrType::NSEC3).next()?;
        let nsec3s = Nsec3s::read(zone, &[&any.set]).ok()?;
        let work = Work::of_looks(1);
        let place = |name: Name<'_>| {
            let hash = nsec3s.parameters().hash(name, &work).ok()?;
            Some(Place::new(zone, RrType::NSEC3, owner_of(&hash, zone)?.as_name()))
        };
        let mut next_closer = None;
        for candidate in qname.ancestors().take_while(|above| above.is_at_or_below(zone)) {
            let here = place(candidate)?;
            let Some(kept) = self.kept.get(&here) else {
                next_closer = Some(here);
                continue;
            };
            let Some(next_closer) = next_closer else { return Some(vec![kept]) };
            let wildcard = order::wildcard(candidate).and_then(|name| place(name.as_name()));
            let spans = [Some(next_closer), wildcard].into_iter().flatten();
            return Some(
                [kept].into_iter().chain(spans.filter_map(|span| self.at_or_before(&span))).collect(),
            );
        }
        None
    }

    /// The name after a set's owner. `None` for what is no span of the zone, or hashed as we would not
    /// believe it.
    fn next_of(&self, zone: Name<'_>, set: &RrSet) -> Option<OwnedName> {
        match set.rtype {
            _ if set.rdata.len() != 1 || !set.owner.as_name().is_at_or_below(zone) => None,
            RrType::NSEC => set.first_name(),
            RrType::NSEC3 => {
                let nsec3s = Nsec3s::read(zone, &[set]).ok()?;
                let believed = nsec3s.parameters().iterations <= self.rules.nsec3_iterations_max;
                owner_of(&nsec3s.first_next()?, zone).filter(|_| believed)
            }
            _ => None,
        }
    }

    /// What cannot be true any more where `set` is, from its place to `next`.
    fn contradicted(&self, place: &Place, set: &RrSet, next: Name<'_>) -> Vec<Place> {
        let here = place.owner.0.as_name();
        let chain = self.chain(place.zone.as_name(), place.rtype);
        if place.rtype == RrType::NSEC3
            && chain.clone().next().is_some_and(|(_, kept)| hashed_how(&kept.set) != hashed_how(set))
        {
            return chain.map(|(other, _)| other.clone()).collect();
        }
        let (low, high) = Place::bounds(place.zone.as_name(), place.rtype);
        let after = self.kept.range((Excluded(place), Excluded(&high)));
        let around = after.chain(self.kept.range(low..place.clone()));
        let within = around.take_while(|(other, _)| lies_between(other.owner.0.as_name(), here, next));
        let before = self
            .before(place)
            .filter(|(other, kept)| lies_between(here, other.owner.0.as_name(), kept.next.as_name()));
        within.chain(before).map(|(other, _)| other.clone()).collect()
    }

    fn drop(&mut self, place: &Place) {
        if let Some(kept) = self.kept.remove(place) {
            self.ages.remove(&kept.age);
            self.octets -= kept.octets();
            if let Entry::Occupied(mut zone) = self.zones.entry(place.zone.clone()) {
                *zone.get_mut() -= 1;
                if *zone.get() == 0 {
                    zone.remove();
                }
            }
        }
    }

    /// The set at a place, else the one before it on the circle.
    fn at_or_before(&self, place: &Place) -> Option<&Kept> {
        self.kept.get(place).or_else(|| self.before(place).map(|(_, kept)| kept))
    }

    fn before(&self, place: &Place) -> Option<(&Place, &Kept)> {
        let (zone, rtype) = (place.zone.as_name(), place.rtype);
        let (low, _) = Place::bounds(zone, rtype);
        self.kept.range(low..place.clone()).next_back().or_else(|| self.chain(zone, rtype).next_back())
    }

    fn chain(&self, zone: Name<'_>, rtype: RrType) -> Range<'_, Place, Kept> {
        let (low, high) = Place::bounds(zone, rtype);
        self.kept.range(low..high)
    }
}

impl Kept {
    fn octets(&self) -> usize {
        self.set.octets() + self.soa.octets() + KEPT_OCTETS
    }
}

impl Place {
    fn new(zone: Name<'_>, rtype: RrType, owner: Name<'_>) -> Self {
        Self { zone: zone.to_owned(), rtype, owner: InOrder(owner.to_owned()) }
    }

    /// Before and behind all places of a chain: the root comes before all names.
    fn bounds(zone: Name<'_>, rtype: RrType) -> (Self, Self) {
        (Self::new(zone, rtype, Name::ROOT), Self::new(zone, RrType::from(rtype.number() + 1), Name::ROOT))
    }
}

impl Ord for InOrder {
    fn cmp(&self, other: &Self) -> Ordering {
        order::compare(self.0.as_name(), other.0.as_name())
    }
}

impl PartialOrd for InOrder {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Whether a name is passed on the way round the circle from one to the next; from a name to itself, all
/// others are.
fn lies_between(name: Name<'_>, from: Name<'_>, to: Name<'_>) -> bool {
    let (after, before) = (order::compare(from, name).is_lt(), order::compare(name, to).is_lt());
    if order::compare(from, to).is_lt() { after && before } else { after || before }
}

/// Whether no name fits between: `\000.name` is the first below `name`.
fn is_just_after(name: Name<'_>, next: Name<'_>) -> bool {
    next.wire().strip_prefix(b"\x01\x00") == Some(name.wire())
}

/// Iterations and salt of an NSEC3, as octets.
fn hashed_how(set: &RrSet) -> Option<&[u8]> {
    let rdata = set.rdata.first()?;
    rdata.get(2..5 + usize::from(*rdata.get(4)?))
}
