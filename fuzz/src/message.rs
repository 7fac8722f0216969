//! Messages as the tests of several targets make and read them.

use lachan::dns::message::{RecordAt, check_rdata, records};
use lachan::dns::name::HEADER;
use lachan::dns::rrtype::RrType;

/// A query for `name` (wire form) with RD set, and OPT with the payload and DO where there is one.
pub fn query(name: &[u8], rtype: RrType, opt: Option<(u16, bool)>) -> Vec<u8> {
    let mut packet = vec![0xab, 0xcd, 1, 0, 0, 1, 0, 0, 0, 0, 0, u8::from(opt.is_some())];
    packet.extend_from_slice(name);
    packet.extend_from_slice(&rtype.to_be_bytes());
    packet.extend_from_slice(&[0, 1]);
    if let Some((payload, dnssec_ok)) = opt {
        packet.extend_from_slice(&[0, 0, 41]);
        packet.extend_from_slice(&payload.to_be_bytes());
        packet.extend_from_slice(&[0, 0, if dnssec_ok { 0x80 } else { 0 }, 0, 0, 0]);
    }
    packet
}

/// Reads an answer of ours to `question` (header and question section): it has its id and its question
/// as it was asked, and every record has the shape of its type.
pub fn read_answer(answer: &[u8], question: &[u8]) -> Vec<RecordAt> {
    assert_eq!(answer[..2], question[..2], "another id");
    assert_ne!(answer[2] & 0x80, 0, "an answer without QR");
    assert_eq!(answer[HEADER..question.len()], question[HEADER..], "another question");
    let (end, found) = records(answer).expect("what we send can be read");
    assert_eq!(end, question.len());
    assert_eq!(found.last().map_or(end, RecordAt::end), answer.len(), "octets after the last record");
    for record in &found {
        assert_eq!(check_rdata(answer, record), Ok(()), "{record:?}");
    }
    found
}
