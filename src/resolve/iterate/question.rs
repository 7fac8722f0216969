//! Questions as they go out to name servers: nothing of the client's but what it asks.

use crate::dns::edns::options;
use crate::dns::header::Flags;
use crate::dns::message::records;
use crate::dns::name::{HEADER, Name};
use crate::dns::query::{Opt, Query};
use crate::dns::rcode::Rcode;
use crate::dns::rrtype::RrType;

/// Option code of DNS cookies (RFC 7873).
const OPTION_COOKIE: u16 = 10;
/// Octets of a client's cookie.
pub const CLIENT_COOKIE: usize = 8;

/// What goes into the OPT record.
#[derive(Clone, Debug)]
pub struct Extras {
    /// The payload that we take over UDP.
    pub payload: u16,
    /// DNSSEC OK.
    pub dnssec_ok: bool,
    /// Our cookie for the server, and its own, if it gave one.
    pub cookie: Option<Vec<u8>>,
}

/// How a question is written.
#[derive(Clone, Debug)]
pub struct Writing {
    pub id: u16,
    /// RD: for forwarders only.
    pub recursion: bool,
    /// CD.
    pub checking_disabled: bool,
    /// Bits that decide which letters are upper-case; 0 for none (draft-vixie-dnsext-dns0x20).
    pub case: u64,
    pub extras: Option<Extras>,
}

/// Writes a question.
pub fn write(name: Name<'_>, kind: RrType, writing: &Writing) -> Vec<u8> {
    let cookie = writing.extras.as_ref().and_then(|extras| extras.cookie.as_ref());
    let options = cookie.map_or_else(Vec::new, |cookie| {
        [&OPTION_COOKIE.to_be_bytes()[..], &(cookie.len() as u16).to_be_bytes(), cookie].concat()
    });
    let opt = writing.extras.as_ref().map(|extras| Opt {
        payload: extras.payload,
        dnssec_ok: extras.dnssec_ok,
        options: &options,
    });
    let flags = Flags::RD.when(writing.recursion) | Flags::CD.when(writing.checking_disabled);
    let mut query = Query { id: writing.id, flags, opt, ..Query::new(name, kind) }.to_packet();
    if writing.case != 0 {
        mix_case(&mut query[HEADER..HEADER + name.wire().len()], writing.case);
    }
    query
}

/// Makes letters upper-case by the bits of `case`, one after the other.
fn mix_case(name: &mut [u8], case: u64) {
    let letters = name.iter_mut().filter(|octet| octet.is_ascii_lowercase());
    for (at, letter) in letters.enumerate() {
        if case >> (at % 64) & 1 == 1 {
            letter.make_ascii_uppercase();
        }
    }
}

/// Whether `octets` answer `query`: its id and its question, letter for letter. A server that could not read
/// the question need not repeat it.
pub fn is_answer(query: &[u8], octets: &[u8]) -> Matches {
    if octets.len() < HEADER || octets[..2] != query[..2] || !Flags::of(octets).is_response() {
        return Matches::No;
    }
    let Some(end) = question_end(query) else { return Matches::No };
    match octets[4..6] {
        [0, 0] if Flags::of(octets).rcode() != Rcode::NO_ERROR && octets[6..8] == [0, 0] => Matches::Yes,
        [0, 1] => match octets.get(HEADER..end) {
            Some(question) if question == &query[HEADER..end] => Matches::Yes,
            Some(question) => {
                let (ours, fixed) = (&query[HEADER..end - 4], &query[end - 4..end]);
                let same = question.ends_with(fixed) && question[..ours.len()].eq_ignore_ascii_case(ours);
                if same { Matches::InOtherCase } else { Matches::No }
            }
            None => Matches::No,
        },
        _ => Matches::No,
    }
}

/// How a message fits a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Matches {
    /// It answers it.
    Yes,
    /// It does but for the case of letters.
    InOtherCase,
    /// It does not.
    No,
}

/// Where the question of a query of ours ends.
fn question_end(query: &[u8]) -> Option<usize> {
    let mut at = HEADER;
    loop {
        match usize::from(*query.get(at)?) {
            0 => return Some(at + 5),
            len => at += len + 1,
        }
    }
}

/// What an answer's OPT record says of cookies: all octets of the option, client's and server's.
pub fn cookie(message: &[u8]) -> Option<Vec<u8>> {
    let (_, found) = records(message).ok()?;
    let opt = found.iter().find(|record| record.rtype == RrType::OPT)?;
    let rdata = &message[opt.rdata_at()..opt.end()];
    options(rdata).flatten().find(|(code, _)| *code == OPTION_COOKIE).map(|(_, data)| data.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dns::name::OwnedName;

    fn plain() -> Writing {
        Writing { id: 0x1234, recursion: false, checking_disabled: false, case: 0, extras: None }
    }

    #[test]
    fn a_question_carries_what_is_asked_and_nothing_else() {
        let name = OwnedName::parse("a.bc").unwrap();
        assert_eq!(
            write(name.as_name(), RrType::A, &plain()),
            b"\x12\x34\0\0\0\x01\0\0\0\0\0\0\x01a\x02bc\0\0\x01\0\x01"
        );
        let extras = Extras { payload: 1232, dnssec_ok: true, cookie: Some(vec![7; 8]) };
        let full = Writing { case: 0b101, extras: Some(extras), ..plain() };
        assert_eq!(
            write(name.as_name(), RrType::AAAA, &full),
            b"\x12\x34\0\0\0\x01\0\0\0\0\0\x01\x01A\x02bC\0\0\x1c\0\x01\0\0\x29\x04\xd0\0\0\x80\0\0\x0c\0\x0a\0\x08\x07\x07\x07\x07\x07\x07\x07\x07"
        );
    }

    #[test]
    fn an_answer_has_the_id_and_the_question() {
        let name = OwnedName::parse("a.bc").unwrap();
        let query = write(name.as_name(), RrType::A, &Writing { case: 1, ..plain() });
        let answer = |change: fn(&mut Vec<u8>)| {
            let mut octets = query.clone();
            octets[2] |= 0x80;
            change(&mut octets);
            is_answer(&query, &octets)
        };
        assert_eq!(answer(|_| ()), Matches::Yes);
        assert_eq!(answer(|octets| octets[13] = b'a'), Matches::InOtherCase);
        assert_eq!(answer(|octets| octets[13] = b'b'), Matches::No);
        assert_eq!(answer(|octets| octets[0] = 0), Matches::No);
        assert_eq!(answer(|octets| octets[2] = 0), Matches::No);
        assert_eq!(answer(|octets| octets.truncate(20)), Matches::No);
        assert_eq!(answer(|octets| octets[5] = 0), Matches::No, "without a question only an error will do");
        assert_eq!(
            answer(|octets| {
                octets[5] = 0;
                octets[3] |= 1;
                octets.truncate(12);
            }),
            Matches::Yes
        );
    }
}
