//! What is not there: proofs of absence by NSEC and NSEC3 records.
//!
//! All take the sets of one zone's NSEC and NSEC3 records, each verified by that zone's keys; sets of other
//! types and zones may be among them and say nothing. A record of the parent's side of a zone cut, or at a
//! DNAME, denies nothing below its owner (RFC 6840 §4.1).

use super::fault::Fault;
use super::nsec::Nsecs;
use super::nsec3::Nsec3s;
use super::work::Work;
use super::{Denied, NoDs, Rules, order};
use crate::dns::name::Name;
use crate::dns::rrset::RrSet;
use crate::dns::rrtype::RrType;

/// Sets of a proof that are looked at: three prove everything, and an answer with aliases in one zone has
/// some more.
const PROOFS_MAX: usize = 64;

/// NXDOMAIN: neither the name nor a wildcard for it is in the zone (RFC 4035 §5.4, RFC 5155 §8.4).
///
/// # Errors
/// [`Fault::NsecMissing`] or [`Fault::TooMuchWork`], here and below.
pub fn no_name(
    qname: Name<'_>,
    zone: Name<'_>,
    proofs: &[&RrSet],
    rules: &Rules,
    work: &Work,
) -> Result<Denied, Fault> {
    let proofs = Proofs::new(qname, zone, proofs)?;
    if proofs.nsecs.no_name(qname) {
        return Ok(Denied::Secure);
    }
    match proofs.nsec3s(rules)? {
        Some(nsec3s) => nsec3s.no_name(qname, work),
        None => Ok(Denied::Insecure),
    }
}

/// NODATA: the name, or the wildcard that answers for it, has no records of that type and no alias (RFC
/// 4035 §5.4, RFC 5155 §8.5 to §8.7). The DS of a name is denied by the zone above it.
pub fn no_data(
    qname: Name<'_>,
    qtype: RrType,
    zone: Name<'_>,
    proofs: &[&RrSet],
    rules: &Rules,
    work: &Work,
) -> Result<Denied, Fault> {
    let proofs = Proofs::new(qname, zone, proofs)?;
    if qtype == RrType::DS && qname == zone && !zone.is_root() {
        return Err(Fault::NsecMissing);
    }
    if proofs.nsecs.no_data(qname, qtype) {
        return Ok(Denied::Secure);
    }
    match proofs.nsec3s(rules)? {
        Some(nsec3s) => nsec3s.no_data(qname, qtype, work),
        None => Ok(Denied::Insecure),
    }
}

/// The answer of the wildcard `*.encloser`: nothing closer is there for `qname` (RFC 4035 §5.3.4, RFC 5155
/// §8.8). The encloser is what [`Verified::expanded_from`](super::signature::Verified) says.
pub fn no_closer(
    qname: Name<'_>,
    encloser: Name<'_>,
    zone: Name<'_>,
    proofs: &[&RrSet],
    rules: &Rules,
    work: &Work,
) -> Result<Denied, Fault> {
    let proofs = Proofs::new(qname, zone, proofs)?;
    if !encloser.is_at_or_below(zone) {
        return Err(Fault::NsecMissing);
    }
    let next_closer = order::next_closer(qname, encloser).ok_or(Fault::NsecMissing)?;
    if proofs.nsecs.is_absent(next_closer) {
        return Ok(Denied::Secure);
    }
    match proofs.nsec3s(rules)? {
        Some(nsec3s) => nsec3s.is_absent(next_closer, work),
        None => Ok(Denied::Insecure),
    }
}

/// A name below the zone's apex has no DS (RFC 4035 §5.2, RFC 5155 §8.9).
pub fn no_ds(
    cut: Name<'_>,
    zone: Name<'_>,
    proofs: &[&RrSet],
    rules: &Rules,
    work: &Work,
) -> Result<NoDs, Fault> {
    let proofs = Proofs::new(cut, zone, proofs)?;
    if cut == zone {
        return Err(Fault::NsecMissing);
    }
    if let Some(proven) = proofs.nsecs.no_ds(cut) {
        return Ok(proven);
    }
    match proofs.nsec3s(rules)? {
        Some(nsec3s) => nsec3s.no_ds(cut, work),
        None => Ok(NoDs::Insecure),
    }
}

/// The records of a proof, of both kinds.
struct Proofs<'a> {
    zone: Name<'a>,
    sets: Vec<&'a RrSet>,
    nsecs: Nsecs<'a>,
}

impl<'a> Proofs<'a> {
    /// A zone speaks of its own names only.
    fn new(name: Name<'_>, zone: Name<'a>, sets: &[&'a RrSet]) -> Result<Self, Fault> {
        if !name.is_at_or_below(zone) {
            return Err(Fault::NsecMissing);
        }
        let denies = |set: &&&RrSet| matches!(set.rtype, RrType::NSEC | RrType::NSEC3);
        let sets: Vec<&RrSet> = sets.iter().filter(denies).take(PROOFS_MAX).copied().collect();
        Ok(Self { zone, nsecs: Nsecs::read(zone, &sets), sets })
    }

    /// `None` where they are hashed too often.
    fn nsec3s(&self, rules: &Rules) -> Result<Option<Nsec3s<'_>>, Fault> {
        let nsec3s = Nsec3s::read(self.zone, &self.sets)?;
        Ok((nsec3s.parameters().iterations <= rules.nsec3_iterations_max).then_some(nsec3s))
    }
}
