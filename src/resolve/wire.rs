//! Whole answers in wire form: built from the library's records, taken from an upstream's octets, or
//! made here when nothing else helps. Whatever comes out has one question, in lower case, and neither
//! OPT nor additional records.

use std::sync::Arc;

use hickory_resolver::proto::dnssec::rdata::DNSSECRData;
use hickory_resolver::proto::op::{Message, Query, ResponseCode};
use hickory_resolver::proto::rr::{self, DNSClass, Record, RecordType};
use hickory_resolver::proto::serialize::binary::BinDecodable;

use super::alias::{self, Unfinished};
use super::reason::Reason;
use super::{Answer, Ask};
use crate::dns::header::{Flags, Header};
use crate::dns::message::{MessageError, RecordAt, Section, records};
use crate::dns::name::{HEADER, Name, NameBuf, OwnedName};
use crate::dns::rcode::Rcode;
use crate::dns::rrtype::RrType;
use crate::dns::security::Security;

/// Octets of the longest message (RFC 1035 §4.2.2: the length before it has 16 bits).
pub(super) const MESSAGE_MAX: usize = 65_535;

/// The parts of an answer as the library has them.
pub(super) struct Parts {
    pub rcode: Rcode,
    pub answers: Vec<Record>,
    pub authorities: Vec<Record>,
    pub security: Security,
    pub ede: Option<Reason>,
}

/// A name as the library has it.
pub(super) fn library_name(name: Name<'_>) -> rr::Name {
    rr::Name::from_bytes(name.wire()).expect("a name of ours is a name of theirs")
}

/// A name of the library as we have it; `None` for one that is not a legal name.
pub(super) fn our_name(name: &rr::Name) -> Option<OwnedName> {
    let mut wire = Vec::with_capacity(name.len() + 1);
    for label in name.iter() {
        wire.push(u8::try_from(label.len()).ok()?);
        wire.extend_from_slice(label);
    }
    wire.push(0);
    let mut buf = NameBuf::new();
    buf.fill_from_wire(&wire).ok()?;
    Some(buf.name().to_owned())
}

/// The question as the library has it.
pub(super) fn query(ask: &Ask) -> Query {
    let mut query = Query::query(library_name(ask.name.as_name()), RecordType::from(ask.rtype.number()));
    query.set_query_class(DNSClass::from(ask.class));
    query
}

/// Whether there is a signature (RRSIG) among the answer's records.
pub(super) fn has_signature(wire: &[u8]) -> bool {
    records(wire).is_ok_and(|(_, found)| {
        found.iter().any(|record| record.section == Section::Answer && record.rtype == RrType::RRSIG)
    })
}

/// Header and question of an answer to `ask`.
fn head(ask: &Ask, rcode: Rcode) -> Vec<u8> {
    let flags = Flags::RESPONSE.with_rcode(rcode);
    let mut wire = Header { id: 0, flags, counts: [1, 0, 0, 0] }.octets().to_vec();
    wire.extend_from_slice(ask.name.as_name().wire());
    wire.extend_from_slice(&ask.rtype.to_be_bytes());
    wire.extend_from_slice(&ask.class.to_be_bytes());
    wire
}

/// An answer without data.
pub(super) fn bare(ask: &Ask, rcode: Rcode, ede: Option<Reason>) -> Answer {
    Answer { wire: head(ask, rcode), rcode, security: Security::Indeterminate, ede, unfinished: None }
}

/// SERVFAIL without a reason, and how far resolution came.
pub(super) fn unfinished(ask: &Ask, unfinished: Unfinished) -> Answer {
    Answer { unfinished: Some(unfinished), ..bare(ask, Rcode::SERV_FAIL, None) }
}

/// SERVFAIL, and why. Where DNSSEC is why, the answer is bogus.
pub(super) fn failure(ask: &Ask, why: Reason) -> Answer {
    let security = if why.ede().is_bogus() { Security::Bogus } else { Security::Indeterminate };
    Answer { security, ..bare(ask, Rcode::SERV_FAIL, Some(why)) }
}

/// Writes the library's records. Records that the client did not ask for (RFC 4035 §3.2.1) and the
/// authority section of a positive answer stay out.
pub(super) fn encode(ask: &Ask, parts: Parts) -> Answer {
    let Parts { rcode, answers, authorities, security, ede } = parts;
    let mut message = Message::response(0, hickory_resolver::proto::op::OpCode::Query);
    message.metadata.recursion_desired = true;
    message.metadata.recursion_available = true;
    message.metadata.response_code = match rcode {
        Rcode::NO_ERROR => ResponseCode::NoError,
        Rcode::NX_DOMAIN => ResponseCode::NXDomain,
        _ => ResponseCode::ServFail,
    };
    message.add_query(query(ask));
    let keep = |record: &Record| ask.wants(u16::from(record.record_type()).into());
    message.add_answers(in_order(ask, answers).into_iter().filter(keep));
    message.add_authorities(authorities.into_iter().filter(keep));
    match message.to_vec() {
        Ok(wire) if wire.len() <= MESSAGE_MAX => {
            let wire = lean(ask, wire).unwrap_or_else(|_| head(ask, Rcode::SERV_FAIL));
            Answer { wire, rcode, security, ede, unfinished: None }
        }
        _ => failure(ask, Reason::ResponseTooLong),
    }
}

/// Puts the chain of CNAMEs first and in order, because old stub resolvers read it in one pass; the
/// library's validator hands the sets back in the order of a hash map.
fn in_order(ask: &Ask, mut records: Vec<Record>) -> Vec<Record> {
    let mut ordered = Vec::with_capacity(records.len());
    let mut owner = library_name(ask.name.as_name());
    while !records.is_empty() {
        // A DNAME stands before the CNAME that was made from it (RFC 6672 §3.1).
        let belongs = |record: &Record| {
            record.name == owner || is_or_signs_dname(record) && record.name.zone_of(&owner)
        };
        let (mut here, rest): (Vec<_>, Vec<_>) = records.into_iter().partition(belongs);
        here.sort_by_key(|record| record.name == owner);
        records = rest;
        let next = here.iter().find_map(|record| match &record.data {
            rr::RData::CNAME(target) if record.name == owner => Some(target.0.clone()),
            _ => None,
        });
        let (signatures, data): (Vec<_>, Vec<_>) =
            here.into_iter().partition(|record| record.record_type() == RecordType::RRSIG);
        ordered.extend(data);
        ordered.extend(signatures);
        match next {
            Some(next) => owner = next,
            None => break,
        }
    }
    ordered.append(&mut records);
    ordered
}

fn is_or_signs_dname(record: &Record) -> bool {
    match &record.data {
        rr::RData::DNSSEC(DNSSECRData::RRSIG(rrsig)) => rrsig.input().type_covered == RecordType::DNAME,
        _ => record.record_type() == RecordType::DNAME,
    }
}

/// What a client may have of what we wrote ourselves.
fn lean(ask: &Ask, octets: Vec<u8>) -> Result<Vec<u8>, MessageError> {
    let (question_end, found) = records(&octets)?;
    Ok(trim(ask, octets, question_end, &found))
}

/// Cuts off the additional section, and the authority section of a positive answer unless the client
/// wants proofs. What stays stands before what goes, so no compression pointer breaks.
pub(super) fn trim(ask: &Ask, mut octets: Vec<u8>, question_end: usize, found: &[RecordAt]) -> Vec<u8> {
    let of = |section| found.iter().filter(move |record| record.section == section);
    let negative = of(Section::Authority).any(|record| record.rtype == RrType::SOA);
    let keep_authority = negative || ask.dnssec_ok;
    let last = found
        .iter()
        .rfind(|record| match record.section {
            Section::Answer => true,
            Section::Authority => keep_authority,
            Section::Additional => false,
        })
        .map_or(question_end, RecordAt::end);
    octets.truncate(last);
    octets[HEADER..question_end - 4].make_ascii_lowercase();
    let authorities = if keep_authority { of(Section::Authority).count() } else { 0 };
    octets[8..10].copy_from_slice(&(authorities as u16).to_be_bytes());
    octets[10..12].copy_from_slice(&[0, 0]);
    // A fresh header: QR, RD, RA; TC and the lower RCODE bits as they were.
    octets[0..2].copy_from_slice(&[0, 0]);
    let flags = Flags::of(&octets);
    (Flags::RESPONSE | flags.only(Flags::TC)).with_rcode(flags.rcode()).put(&mut octets);
    octets
}

/// Where an answer's chain of CNAMEs ends.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum End {
    /// At the data that was asked for, or at the SOA that says there is none.
    Done,
    /// At a name about which the answer says nothing.
    Loose(OwnedName),
    /// Nowhere.
    Circle,
}

/// Follows an answer's chain of CNAMEs. What cannot be read leads nowhere.
pub(super) fn end_of_chain(ask: &Ask, wire: &[u8]) -> End {
    let Ok((_, found)) = records(wire) else { return End::Circle };
    if matches!(ask.rtype, RrType::CNAME | RrType::ANY)
        || found.iter().any(|record| record.section == Section::Authority && record.rtype == RrType::SOA)
    {
        return End::Done;
    }
    let mut at = ask.name.clone();
    let mut name = NameBuf::new();
    // A chain cannot have more links than the answer has records.
    for _ in 0..=found.len() {
        let mut next = None;
        for record in found.iter().filter(|record| record.section == Section::Answer) {
            if name.fill_from_message(wire, record.owner).is_err() || name.name() != at.as_name() {
                continue;
            }
            if record.rtype == ask.rtype {
                return End::Done;
            }
            if record.rtype == RrType::CNAME && name.fill_from_message(wire, record.rdata_at()).is_ok() {
                next = Some(name.name().to_owned());
            }
        }
        match next {
            Some(next) => at = next,
            None if at == ask.name => return End::Done,
            None => return End::Loose(at),
        }
    }
    End::Circle
}

/// `first`, whose chain ends loosely, continued by the answer of `then` to where it ends.
pub(super) fn join(ask: &Ask, first: &Answer, then: &Answer) -> Answer {
    let security = match (first.security, then.security) {
        (Security::Secure, other) | (other, Security::Secure) => other,
        (other, _) => other,
    };
    let joined = (|| {
        let mut answers = Message::from_vec(&first.wire).ok()?.answers;
        let rest = Message::from_vec(&then.wire).ok()?;
        answers.extend(rest.answers);
        Some(Parts { rcode: then.rcode, answers, authorities: rest.authorities, security, ede: then.ede })
    })();
    match joined {
        Some(_) if then.rcode == Rcode::SERV_FAIL => {
            let before = alias::chain_of(&first.wire, ask.name.as_name(), ask.rtype).unwrap_or_default();
            let behind = then.unfinished.clone().unwrap_or_else(|| Unfinished::Failed(Arc::default()));
            let unfinished = Some(behind.after(&before));
            Answer { wire: head(ask, then.rcode), unfinished, ..then.clone() }
        }
        Some(parts) => encode(ask, parts),
        None => failure(ask, Reason::ChainNotJoined),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hickory_resolver::proto::rr::RData;
    use hickory_resolver::proto::rr::rdata::{A, CNAME};
    use proptest::prelude::*;

    fn record(owner: &str, data: RData) -> Record {
        Record::from_rdata(rr::Name::from_ascii(owner).unwrap(), 60, data)
    }

    fn alias(owner: &str, target: &str) -> Record {
        record(owner, RData::CNAME(CNAME(rr::Name::from_ascii(target).unwrap())))
    }

    #[test]
    fn a_chain_is_written_in_the_order_in_which_it_is_read() {
        let ask = Ask::new(OwnedName::parse("a.example").unwrap(), RrType::A);
        let address = record("c.example.", RData::A(A::new(198, 51, 100, 7)));
        let shuffled = vec![address, alias("b.example.", "c.example."), alias("a.example.", "b.example.")];
        let owners: Vec<String> =
            in_order(&ask, shuffled).iter().map(|record| record.name.to_string()).collect();
        assert_eq!(owners, ["a.example.", "b.example.", "c.example."]);
    }

    #[test]
    fn the_end_of_a_chain_is_found() {
        let ask = Ask::new(OwnedName::parse("a.example").unwrap(), RrType::A);
        let address = record("b.example.", RData::A(A::new(198, 51, 100, 7)));
        let loose = End::Loose(OwnedName::parse("b.example").unwrap());
        for (answers, end) in [
            (vec![], End::Done),
            (vec![alias("a.example.", "b.example.")], loose),
            (vec![alias("a.example.", "b.example."), address], End::Done),
            (vec![alias("a.example.", "b.example."), alias("b.example.", "a.example.")], End::Circle),
            (vec![alias("a.example.", "a.example.")], End::Circle),
        ] {
            let parts = Parts {
                rcode: Rcode::NO_ERROR,
                answers,
                authorities: vec![],
                security: Security::Insecure,
                ede: None,
            };
            assert_eq!(end_of_chain(&ask, &encode(&ask, parts).wire), end);
        }
    }

    proptest! {
        /// Every name of ours is one of the library's, and comes back the same: nothing that a client
        /// asks can make the conversion fail.
        #[test]
        fn names_are_the_same_on_both_sides(labels in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..=63), 0..127)) {
            let mut octets = Vec::new();
            for label in &labels {
                if octets.len() + label.len() + 2 <= 255 {
                    octets.push(label.len() as u8);
                    octets.extend_from_slice(label);
                }
            }
            octets.push(0);
            let mut buf = NameBuf::new();
            buf.fill_from_wire(&octets).unwrap();
            let theirs = library_name(buf.name());
            prop_assert!(theirs.is_fqdn());
            let back = our_name(&theirs);
            prop_assert_eq!(back.as_ref().map(OwnedName::as_name), Some(buf.name()));
            let ask = Ask::new(buf.name().to_owned(), RrType::A);
            let answer = encode(&ask, Parts { rcode: Rcode::NX_DOMAIN, answers: vec![], authorities: vec![], security: Security::Insecure, ede: None });
            prop_assert_eq!(answer.wire, bare(&ask, Rcode::NX_DOMAIN, None).wire);
        }

        #[test]
        fn names_as_long_as_can_be_are_the_same_on_both_sides(extra in 0usize..4, deep in any::<bool>()) {
            let text = if deep { vec!["a"; 127 - extra].join(".") } else { vec!["x".repeat(49); 5].join(".") + "." + &"y".repeat(3 - extra.min(2)) };
            let ours = OwnedName::parse(&text).unwrap();
            let back = our_name(&library_name(ours.as_name()));
            prop_assert_eq!(back, Some(ours));
        }
    }
}
