//! Whether an RRset is signed by its zone (RFC 4035 §5.3).

use std::borrow::Cow;
use std::cell::OnceCell;

use super::fault::Fault;
use super::key::{self, Key, ZoneKeys};
use super::work::Work;
use super::{Rules, canonical, order};
use crate::dns::name::{Name, NameBuf, OwnedName};
use crate::dns::rrset::RrSet;
use crate::dns::rrtype::RrType;

/// Signatures of one RRset that are looked at: two algorithms in a double rollover of both keys make eight.
const SIGNATURES_MAX: usize = 16;
/// Keys of one tag and algorithm that are tried for one signature: in an honest zone, two that have the
/// same tag are a rare accident.
const KEYS_OF_A_TAG_MAX: usize = 4;

/// What a good signature says of its RRset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// Seconds for which the set is proven: at most its own TTL, the original one, and what is left of the
    /// signature (RFC 4035 §5.3.3).
    pub ttl: u32,
    /// Where the set is a wildcard's: the parent of the `*`. The answer is proven only together with
    /// [`no_closer`](super::denial::no_closer).
    pub expanded_from: Option<OwnedName>,
}

/// Checks the set by the zone's keys: one good signature is enough (RFC 6840 §5.4).
///
/// # Errors
/// Why it is bogus; of several signatures, what tells most.
pub fn verify(set: &RrSet, keys: &ZoneKeys, now: u32, rules: &Rules, work: &Work) -> Result<Verified, Fault> {
    verify_by(set, keys.apex.as_name(), &keys.keys, now, rules, work)
}

/// As [`verify`], by some keys of the zone `apex`.
pub(super) fn verify_by(
    set: &RrSet,
    apex: Name<'_>,
    keys: &[Key],
    now: u32,
    rules: &Rules,
    work: &Work,
) -> Result<Verified, Fault> {
    let owner = set.owner.as_name();
    // A zone's DS is its parent's (RFC 4035 §2.4); the root has none.
    if !owner.is_at_or_below(apex) || set.rtype == RrType::DS && owner == apex {
        return Err(Fault::RrsigsMissing);
    }
    let check = Check { set, records: OnceCell::new(), apex, keys, now, rules, work };
    let mut fault = Fault::RrsigsMissing;
    for rdata in set.rrsigs.iter().take(SIGNATURES_MAX) {
        match check.by(rdata) {
            Err(Fault::TooMuchWork) => return Err(Fault::TooMuchWork),
            Err(other) => fault = fault.max(other),
            good => return good,
        }
    }
    Err(fault)
}

/// One set that is checked by some keys.
struct Check<'a> {
    set: &'a RrSet,
    /// Its RDATA in canonical form, once a signature asks for it.
    records: OnceCell<Vec<Cow<'a, [u8]>>>,
    apex: Name<'a>,
    keys: &'a [Key],
    now: u32,
    rules: &'a Rules,
    work: &'a Work,
}

impl Check<'_> {
    /// By one signature.
    fn by(&self, rdata: &[u8]) -> Result<Verified, Fault> {
        let rrsig = Rrsig::read(rdata)
            .filter(|rrsig| rrsig.covered == self.set.rtype && rrsig.signer.name() == self.apex)
            .filter(|rrsig| key::checks(rrsig.algorithm, self.rules))
            .ok_or(Fault::RrsigsMissing)?;
        let expanded_from = rrsig.expanded_from(self.set, self.apex)?;
        let fits = |key: &&Key| key.tag == rrsig.tag && key.algorithm == rrsig.algorithm;
        let fitting: Vec<&Key> = self.keys.iter().filter(fits).take(KEYS_OF_A_TAG_MAX).collect();
        if fitting.is_empty() {
            return Err(Fault::DnskeyMissing);
        }
        if !fitting.iter().any(|key| key.is_for_zones) {
            return Err(Fault::NoZoneKeyBit);
        }
        rrsig.check_time(self.now)?;
        let wildcard = expanded_from.and_then(order::wildcard);
        let owner = wildcard.as_ref().map_or(self.set.owner.as_name(), OwnedName::as_name);
        let message = rrsig.message(owner, self.records.get_or_init(|| canonical::rdata(self.set)));
        for key in fitting {
            self.work.check_signature(key.algorithm)?;
            if key.made(&message, rrsig.signature) {
                let left = rrsig.expiration.wrapping_sub(self.now);
                let ttl = self.set.ttl.min(rrsig.original_ttl).min(left);
                return Ok(Verified { ttl, expanded_from: expanded_from.map(Name::to_owned) });
            }
            self.work.signature_failed()?;
        }
        Err(Fault::BadSignature)
    }
}

/// An RRSIG's RDATA, taken apart (RFC 4034 §3.1).
struct Rrsig<'a> {
    covered: RrType,
    algorithm: u8,
    labels: u8,
    original_ttl: u32,
    expiration: u32,
    inception: u32,
    tag: u16,
    /// All of the above as octets.
    fixed: &'a [u8; 18],
    signer: NameBuf,
    signature: &'a [u8],
}

impl<'a> Rrsig<'a> {
    fn read(rdata: &'a [u8]) -> Option<Self> {
        let (fixed, rest) = rdata.split_first_chunk::<18>()?;
        let mut signer = NameBuf::new();
        let signer_end = signer.fill_from_wire(rest).ok()?;
        let word = |at: usize| u32::from_be_bytes([fixed[at], fixed[at + 1], fixed[at + 2], fixed[at + 3]]);
        Some(Self {
            covered: RrType::from_be_bytes([fixed[0], fixed[1]]),
            algorithm: fixed[2],
            labels: fixed[3],
            original_ttl: word(4),
            expiration: word(8),
            inception: word(12),
            tag: u16::from_be_bytes([fixed[16], fixed[17]]),
            fixed,
            signer,
            signature: &rest[signer_end..],
        })
    }

    /// The wildcard's parent, where the labels say that the set is made from one.
    fn expanded_from<'n>(&self, set: &'n RrSet, apex: Name<'_>) -> Result<Option<Name<'n>>, Fault> {
        let owner = set.owner.as_name();
        let (labels, all) = (usize::from(self.labels), order::signed_labels(owner));
        if labels == all {
            return Ok(None);
        }
        // A zone signs wildcards of its own only. What denies is never made from one: it would deny
        // everywhere what the wildcard's own record denies at its place.
        let denies = matches!(set.rtype, RrType::NSEC | RrType::NSEC3);
        if labels > all || labels < apex.label_count() || denies {
            return Err(Fault::BadSignature);
        }
        Ok(order::ancestor(owner, labels))
    }

    /// Serial arithmetic (RFC 1982): what is 2³¹ seconds away is on neither side, and not valid.
    fn check_time(&self, now: u32) -> Result<(), Fault> {
        let from_to = |from: u32, to: u32| to.wrapping_sub(from) as i32;
        if from_to(self.inception, self.expiration) < 0 {
            Err(Fault::SignatureExpiredBeforeValid)
        } else if from_to(now, self.expiration) < 0 {
            Err(Fault::SignatureExpired)
        } else if from_to(self.inception, now) < 0 {
            Err(Fault::SignatureNotYetValid)
        } else {
            Ok(())
        }
    }

    /// What is signed (RFC 4034 §3.1.8.1).
    fn message(&self, owner: Name<'_>, records: &[Cow<'_, [u8]>]) -> Vec<u8> {
        let mut out = [&self.fixed[..], self.signer.name().wire()].concat();
        canonical::write_records(&mut out, owner, self.covered, self.original_ttl, records);
        out
    }
}
