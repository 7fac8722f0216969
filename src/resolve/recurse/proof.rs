//! A second opinion, where the library turns down proofs that the RFCs accept, or accepts more than
//! they do.
//!
//! - The answer of a wildcard whose own NSEC covers the name: of `*.a NSEC x.a` the library wants the
//!   wildcard *covered*, yet it is the record's owner (RFC 4035 §5.3.4 asks that the name be covered).
//! - NODATA at a name with a DNAME: the library takes its NSEC for one of a zone cut, but the name itself
//!   is not below it (RFC 6840 §4.1).
//! - NODATA for the DS of the root, which has no parent to ask.
//! - A CNAME made from a DNAME has no signature of its own (RFC 6672 §5.3.1).
//! - A name in an opt-out span may be a delegation all the same: no AD (RFC 5155 §9.2).
//!
//! Believes a record only where the library found its signature good.

use hickory_resolver::proto::dnssec::Proof as LibraryProof;
use hickory_resolver::proto::dnssec::rdata::{DNSSECRData, NSEC, NSEC3, RRSIG};
use hickory_resolver::proto::rr::{Name, RData, Record, RecordType};

use super::NSEC3_SOFT;
use crate::dns::name::NameBuf;
use crate::resolve::wire;

/// Gives each CNAME that was made from a DNAME the proof of that DNAME, if it says what it has to say.
pub(super) fn settle_dnames(answers: &mut [Record]) {
    let dnames: Vec<(Name, Name, LibraryProof)> = answers
        .iter()
        .filter_map(|record| Some((record.name.clone(), dname_target(record)?, record.proof)))
        .collect();
    for (owner, target, proof) in dnames {
        for record in answers.iter_mut() {
            let RData::CNAME(said) = &record.data else { continue };
            let below = owner.zone_of(&record.name) && owner != record.name;
            if below && moved(&record.name, &owner, &target).as_ref() == Some(&said.0) {
                record.proof = proof;
            }
        }
    }
}

/// The library knows no DNAME: its RDATA, one name, comes as octets.
fn dname_target(record: &Record) -> Option<Name> {
    let RData::Unknown { code: RecordType::DNAME, rdata } = &record.data else { return None };
    let mut name = NameBuf::new();
    name.fill_from_wire(&rdata.anything).ok()?;
    Some(wire::library_name(name.name()))
}

/// `name` with `target` in the place of `owner`; `None` where that is longer than a name can be.
fn moved(name: &Name, owner: &Name, target: &Name) -> Option<Name> {
    let above = usize::from(label_count(name) - label_count(owner));
    Name::from_labels(name.iter().take(above).chain(target.iter())).ok()
}

/// Whether the answer at `name` is a wildcard's and an NSEC proves that nothing closer is there
/// (RFC 4035 §5.3.4): it covers the name, and the closest name that exists is the wildcard's parent.
pub(super) fn is_wildcards(name: &Name, answers: &[Record], authorities: &[Record]) -> bool {
    let here = |record: &&Record| record.name == *name;
    let mut signatures = answers
        .iter()
        .filter(here)
        .filter_map(signature)
        .filter(|(proof, rrsig)| proof.is_secure() && rrsig.input().num_labels < label_count(name));
    let Some((_, expanded)) = signatures.next() else { return false };
    let all_secure = answers
        .iter()
        .filter(here)
        .filter(|record| signature(record).is_none())
        .all(|record| record.proof.is_secure());
    let parent_labels = expanded.input().num_labels;
    let signer = &expanded.input().signer_name;
    all_secure
        && authorities.iter().any(|record| match nsec(record) {
            Some(data) => {
                signed_by(record, signer, authorities)
                    && covers(&record.name, data, name)
                    && closest(name, &record.name, data.next_domain_name()) == parent_labels
            }
            None => false,
        })
}

/// Whether an NSEC or NSEC3 of the name itself proves that it has no `kind` (RFC 4035 §5.4, RFC 5155
/// §8.5 and §8.6).
pub(super) fn has_none(name: &Name, kind: RecordType, authorities: &[Record]) -> bool {
    authorities.iter().filter(|record| record.proof.is_secure()).any(|record| {
        let types = match (nsec(record), nsec3(record)) {
            (Some(data), _) if record.name == *name => data.type_set(),
            (_, Some(data)) if is_hash_of(&record.name, data, name) => data.type_set(),
            _ => return false,
        };
        let has = |kind| types.contains(kind);
        let right_side = match (kind, has(RecordType::NS), has(RecordType::SOA)) {
            (RecordType::DS, _, at_apex) => !at_apex || name.is_root(),
            (_, at_cut, at_apex) => !at_cut || at_apex,
        };
        right_side && !has(kind) && !has(RecordType::CNAME)
    })
}

/// Whether the proof that there is nothing at `name`, or nothing closer than a wildcard, rests on a span
/// in which there may be unsigned delegations.
pub(super) fn opts_out(name: &Name, authorities: &[Record]) -> bool {
    let mut all = authorities.iter().filter_map(|record| Some((&record.name, nsec3(record)?)));
    all.clone().any(|(_, data)| data.opt_out()) && !all.any(|(owner, data)| is_hash_of(owner, data, name))
}

/// Whether an answer at `name` came from a wildcard.
pub(super) fn is_expanded(answers: &[Record]) -> bool {
    answers.iter().any(|record| {
        signature(record).is_some_and(|(_, s)| s.input().num_labels < label_count(&record.name))
    })
}

fn signature(record: &Record) -> Option<(LibraryProof, &RRSIG)> {
    match &record.data {
        RData::DNSSEC(DNSSECRData::RRSIG(rrsig)) => Some((record.proof, rrsig)),
        _ => None,
    }
}

fn nsec(record: &Record) -> Option<&NSEC> {
    match &record.data {
        RData::DNSSEC(DNSSECRData::NSEC(nsec)) => Some(nsec),
        _ => None,
    }
}

fn nsec3(record: &Record) -> Option<&NSEC3> {
    match &record.data {
        RData::DNSSEC(DNSSECRData::NSEC3(nsec3)) => Some(nsec3),
        _ => None,
    }
}

/// Whether `record` is secure by a signature of the zone `signer`.
fn signed_by(record: &Record, signer: &Name, records: &[Record]) -> bool {
    record.proof.is_secure()
        && records.iter().filter(|other| other.name == record.name).filter_map(signature).any(
            |(proof, rrsig)| {
                proof.is_secure()
                    && rrsig.input().type_covered == record.record_type()
                    && rrsig.input().signer_name == *signer
            },
        )
}

/// Whether `name` lies between the owner of an NSEC and the next name; the last one leads back to the
/// apex. One at a zone cut says nothing of names below (RFC 6840 §4.1).
fn covers(owner: &Name, data: &NSEC, name: &Name) -> bool {
    let next = data.next_domain_name();
    let between = owner < name && (name < next || next <= owner && next.zone_of(name));
    between && !(data.is_ancestor_delegation() && owner.zone_of(name))
}

/// Labels of the longest part of `name` that exists because one of two names does.
fn closest(name: &Name, one: &Name, other: &Name) -> u8 {
    let shared = |other: &Name| {
        let (ours, theirs) = (name.iter().rev(), other.iter().rev());
        ours.zip(theirs).take_while(|(a, b)| a.eq_ignore_ascii_case(b)).count() as u8
    };
    shared(one).max(shared(other))
}

/// Labels of a name, a `*` among them (the library's own count leaves it out).
fn label_count(name: &Name) -> u8 {
    name.iter().len() as u8
}

fn is_hash_of(owner: &Name, data: &NSEC3, name: &Name) -> bool {
    if data.iterations() > NSEC3_SOFT || !owner.base_name().zone_of(name) {
        return false;
    }
    let Ok(hash) = data.hash_algorithm().hash(data.salt(), name, data.iterations()) else { return false };
    owner.iter().next().is_some_and(|label| label.eq_ignore_ascii_case(&base32hex(hash.as_ref())))
}

/// RFC 4648 §7 without padding, lower case: 20 octets of SHA-1 are 32 letters.
fn base32hex(octets: &[u8]) -> Vec<u8> {
    const LETTERS: &[u8; 32] = b"0123456789abcdefghijklmnopqrstuv";
    let bit = |at: usize| octets.get(at / 8).map_or(0, |octet| octet >> (7 - at % 8) & 1);
    (0..(octets.len() * 8).div_ceil(5))
        .map(|letter| LETTERS[(0..5).fold(0, |value, at| value << 1 | usize::from(bit(letter * 5 + at)))])
        .collect()
}

#[cfg(test)]
mod tests {
    use std::str::FromStr;

    use hickory_resolver::proto::dnssec::Nsec3HashAlgorithm;

    use super::*;

    fn name(text: &str) -> Name {
        Name::from_str(text).unwrap()
    }

    #[test]
    fn hashes_are_those_of_rfc_5155_appendix_a() {
        let salt = [0xaa, 0xbb, 0xcc, 0xdd];
        for (text, hash) in [
            ("example.", "0p9mhaveqvm6t7vbl5lop2u3t2rp3tom"),
            ("x.y.w.example.", "2vptu5timamqttgl4luu9kg21e0aor3s"),
            ("*.w.example.", "r53bq7cc2uvmubfu5ocmm6pers9tk9en"),
        ] {
            let data = NSEC3::new(Nsec3HashAlgorithm::SHA1, true, 12, salt.to_vec(), vec![0; 20], []);
            assert!(is_hash_of(&name(&format!("{hash}.example.")), &data, &name(text)), "{text}");
            assert!(!is_hash_of(&name(&format!("{hash}.example.")), &data, &name("other.example.")));
        }
    }

    #[test]
    fn an_nsec_covers_what_lies_between_and_the_last_one_what_comes_after() {
        let covering = |owner: &str, next: &str, asked: &str| {
            covers(&name(owner), &NSEC::new(name(next), [RecordType::A]), &name(asked))
        };
        assert!(covering("*.a.", "x.a.", "f.a."));
        assert!(!covering("*.a.", "x.a.", "*.a."));
        assert!(!covering("*.a.", "x.a.", "x.a."));
        assert!(!covering("*.a.", "x.a.", "y.a."));
        assert!(covering("y.a.", "a.", "z.a."));
        assert!(!covering("y.a.", "a.", "z.b."));
    }

    #[test]
    fn the_closest_name_that_exists_is_told() {
        for (asked, one, other, labels) in [
            ("f.wild.a.", "*.wild.a.", "x.wild.a.", 2),
            ("f.a.", "*.wild.a.", "x.wild.a.", 1),
            ("f.x.wild.a.", "x.wild.a.", "a.", 3),
            ("f.wild.a.", "e.wild.a.", "b.f.wild.a.", 3),
        ] {
            assert_eq!(closest(&name(asked), &name(one), &name(other)), labels, "{asked}");
        }
    }

    #[test]
    fn a_name_moves_with_its_dname() {
        let to = |asked: &str, owner: &str, target: &str| moved(&name(asked), &name(owner), &name(target));
        assert_eq!(to("a.b.old.a.", "old.a.", "new.b."), Some(name("a.b.new.b.")));
        assert_eq!(to("a.old.a.", "old.a.", "."), Some(name("a.")));
        let long = vec!["x".repeat(60); 4].join(".") + ".";
        assert_eq!(to(&format!("{}.a.", "y".repeat(30)), "a.", &long), None);
    }
}
