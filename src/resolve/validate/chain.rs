//! From a parent's DS, or a configured anchor, to the keys of a zone (RFC 4035 §5.2).

use hickory_resolver::proto::dnssec::DigestType;
use hickory_resolver::proto::dnssec::crypto::Digest;

use super::Rules;
use super::anchors::Anchor;
use super::fault::{Fault, Unsupported};
use super::key::{self, Dnskey, ZoneKeys};
use super::signature::verify_by;
use super::work::Work;
use crate::dns::name::Name;
use crate::dns::rrset::RrSet;
use crate::dns::rrtype::RrType;

/// DNSKEYs of a zone that are looked at: in the middle of a rollover it has some ten.
const KEYS_MAX: usize = 64;
/// DS of a zone that are looked at, with at most [`KEYS_OF_A_TAG_MAX`] digests each.
const DS_MAX: usize = 32;
/// Keys of one tag and algorithm whose digest is compared with one DS.
const KEYS_OF_A_TAG_MAX: usize = 4;

/// What is known of a zone with a DS or an anchor.
#[derive(Clone, Debug)]
pub enum Trust {
    /// Its data must be signed by these.
    Secure(ZoneKeys),
    /// It is signed in ways that we do not check (RFC 4035 §5.2): as if it were not signed.
    Insecure(Unsupported),
}

/// The keys of the zone whose DNSKEY set this is, by the RDATA of the DS set that its parent has for it
/// (verified by the parent's keys). DS of SHA-1 do not count beside stronger ones (RFC 4509 §3); of those
/// that count, one that leads to a signed DNSKEY set is enough (RFC 6840 §5.11).
///
/// # Errors
/// Why the zone is bogus. An empty DS set is no proof of anything: [`Fault::DnskeyMissing`].
pub fn keys_by_ds(
    dnskeys: &RrSet,
    ds: &[Box<[u8]>],
    now: u32,
    rules: &Rules,
    work: &Work,
) -> Result<Trust, Fault> {
    let all: Vec<Point<'_>> = ds.iter().filter_map(|rdata| Ds::read(rdata)).map(Point::Ds).collect();
    let mut supported = match supported(all, rules) {
        Ok(supported) => supported,
        Err(why) => return Ok(Trust::Insecure(why)),
    };
    if supported.iter().any(|point| !point.is_sha1()) {
        supported.retain(|point| !point.is_sha1());
    }
    keys_by(dnskeys, &supported, now, rules, work)
}

/// The keys of the zone of an anchor, by its DNSKEY set. A revoked key never counts (RFC 5011 §2.1).
///
/// # Errors
/// As [`keys_by_ds`], and [`Fault::DnskeyMissing`] for another zone's set.
pub fn keys_by_anchor(
    dnskeys: &RrSet,
    anchor: &Anchor,
    now: u32,
    rules: &Rules,
    work: &Work,
) -> Result<Trust, Fault> {
    if dnskeys.owner != anchor.name {
        return Err(Fault::DnskeyMissing);
    }
    let by_ds = anchor.ds.iter().filter_map(|rdata| Ds::read(rdata)).map(Point::Ds);
    let by_key = anchor.dnskeys.iter().filter_map(|rdata| Dnskey::read(rdata)).map(Point::Dnskey);
    match supported(by_key.chain(by_ds).collect(), rules) {
        Ok(supported) => keys_by(dnskeys, &supported, now, rules, work),
        Err(why) => Ok(Trust::Insecure(why)),
    }
}

/// What a key is trusted by.
enum Point<'a> {
    Ds(Ds<'a>),
    Dnskey(Dnskey<'a>),
}

impl Point<'_> {
    fn algorithm(&self) -> u8 {
        match self {
            Self::Ds(ds) => ds.algorithm,
            Self::Dnskey(key) => key.algorithm,
        }
    }

    fn has_known_digest(&self) -> bool {
        match self {
            Self::Ds(ds) => ds.digest_type.is_supported(),
            Self::Dnskey(_) => true,
        }
    }

    fn is_sha1(&self) -> bool {
        matches!(self, Self::Ds(Ds { digest_type: DigestType::SHA1, .. }))
    }

    /// The zone's key that this speaks of.
    fn find<'k>(&self, apex: Name<'_>, keys: &[Dnskey<'k>]) -> Result<Dnskey<'k>, Fault> {
        let found = match self {
            Self::Ds(ds) => keys
                .iter()
                .filter(|key| key.tag == ds.tag && key.algorithm == ds.algorithm)
                .take(KEYS_OF_A_TAG_MAX)
                .find(|key| ds.is_of(apex, key)),
            Self::Dnskey(anchor) => keys.iter().find(|key| key.rdata == anchor.rdata),
        };
        match found {
            None => Err(Fault::DnskeyMissing),
            Some(key) if !key.is_for_zones() => Err(Fault::NoZoneKeyBit),
            Some(key) => Ok(*key),
        }
    }
}

/// A DS's RDATA, taken apart (RFC 4034 §5.1).
struct Ds<'a> {
    tag: u16,
    algorithm: u8,
    digest_type: DigestType,
    digest: &'a [u8],
}

impl<'a> Ds<'a> {
    fn read(rdata: &'a [u8]) -> Option<Self> {
        let ([tag_high, tag_low, algorithm, digest_type], digest) = rdata.split_first_chunk()?;
        let tag = u16::from_be_bytes([*tag_high, *tag_low]);
        Some(Self { tag, algorithm: *algorithm, digest_type: DigestType::from(*digest_type), digest })
    }

    fn is_of(&self, apex: Name<'_>, key: &Dnskey<'_>) -> bool {
        Digest::from_iter([apex.wire(), key.rdata], self.digest_type)
            .is_ok_and(|digest| digest.as_ref() == self.digest)
    }
}

/// Those that we can follow; where there is none, why the zone is insecure. Of nothing, nothing follows.
fn supported<'a>(mut all: Vec<Point<'a>>, rules: &Rules) -> Result<Vec<Point<'a>>, Unsupported> {
    if all.is_empty() {
        return Ok(all);
    }
    all.retain(|point| key::checks(point.algorithm(), rules));
    if all.is_empty() {
        return Err(Unsupported::Algorithm);
    }
    all.retain(Point::has_known_digest);
    all.truncate(DS_MAX);
    if all.is_empty() { Err(Unsupported::Digest) } else { Ok(all) }
}

fn keys_by(
    dnskeys: &RrSet,
    points: &[Point<'_>],
    now: u32,
    rules: &Rules,
    work: &Work,
) -> Result<Trust, Fault> {
    let apex = dnskeys.owner.as_name();
    if dnskeys.rtype != RrType::DNSKEY {
        return Err(Fault::DnskeyMissing);
    }
    let all: Vec<Dnskey<'_>> =
        dnskeys.rdata.iter().take(KEYS_MAX).filter_map(|rdata| Dnskey::read(rdata)).collect();
    let mut entries = Vec::new();
    let mut fault = None;
    for point in points {
        match point.find(apex, &all) {
            Ok(key) => entries.push(key),
            Err(other) => fault = fault.max(Some(other)),
        }
    }
    if entries.is_empty() {
        return Err(fault.unwrap_or(Fault::DnskeyMissing));
    }
    // Nothing is signed yet: a key may be missing because somebody took it out. Only where each DS leads to
    // a key that is too small is this what the zone's owner wants.
    if fault.is_none() && !entries.iter().any(Dnskey::has_known_size) {
        return Ok(Trust::Insecure(Unsupported::Algorithm));
    }
    let entry_keys: Vec<_> = entries.into_iter().map(Dnskey::to_key).collect();
    let verified = verify_by(dnskeys, apex, &entry_keys, now, rules, work).map_err(|fault| match fault {
        // The set may well be signed, but not by what we trust.
        Fault::DnskeyMissing => Fault::RrsigsMissing,
        other => other,
    })?;
    let keys = all.into_iter().filter(|key| key::checks(key.algorithm, rules)).map(Dnskey::to_key).collect();
    Ok(Trust::Secure(ZoneKeys { apex: dnskeys.owner.clone(), ttl: verified.ttl, keys }))
}
