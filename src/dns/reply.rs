//! Writing answers into a caller's buffer.
//!
//! A [`Reply`] starts from the query's own header and question (so that id and the case of the name,
//! 0x20, come back as they were), takes records, and ends with the OPT record and its Extended DNS
//! Error. What does not fit over UDP becomes TC with the question and the OPT only (RFC 2181 §9).

use std::net::{Ipv4Addr, Ipv6Addr};

use super::ede::EdeCode;
use super::edns::{OPTION_EDE, OPTION_KEEPALIVE, PAYLOAD, TYPE_OPT};
use super::name::Name;
use super::question::{HEADER, Question};
use super::rdata::{CLASS_IN, rtype};

/// Response code (RFC 1035 §4.1.1, RFC 6891 §9).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub enum Rcode {
    NoError = 0,
    FormErr = 1,
    ServFail = 2,
    NxDomain = 3,
    NotImp = 4,
    Refused = 5,
    BadVers = 16,
}

/// EXTRA-TEXT is cut at this many octets, at a character: an error may never push an answer over a limit.
pub const EXTRA_TEXT_MAX: usize = 160;

/// One answer being written.
pub struct Reply<'b> {
    buf: &'b mut Vec<u8>,
    question_end: usize,
    counts: [u16; 3],
    rcode: Rcode,
    edns: Option<ReplyEdns>,
}

#[derive(Clone, Copy)]
struct ReplyEdns {
    dnssec_ok: bool,
}

impl<'b> Reply<'b> {
    /// An answer to `question` with RA set, RD and CD copied, and the question as it was asked.
    pub fn to(question: &Question<'_>, rcode: Rcode, buf: &'b mut Vec<u8>) -> Self {
        buf.clear();
        buf.extend_from_slice(&question.packet[..question.end]);
        buf[2] = 0x80 | question.packet[2] & 0x01;
        buf[3] = 0x80 | question.packet[3] & 0x10 | (rcode as u8 & 0x0f);
        buf[4..HEADER].copy_from_slice(&[0, 1, 0, 0, 0, 0, 0, 0]);
        Self {
            buf,
            question_end: question.end,
            counts: [0; 3],
            rcode,
            edns: question.edns.map(|edns| ReplyEdns { dnssec_ok: edns.dnssec_ok }),
        }
    }

    /// An answer to a packet that could not be read as a question: the header alone, with an OPT
    /// record where `edns` says so (BADVERS needs one).
    pub fn to_header(packet: &[u8], rcode: Rcode, edns: bool, buf: &'b mut Vec<u8>) -> Self {
        buf.clear();
        buf.extend_from_slice(&packet[..2]);
        buf.push(0x80 | packet[2] & 0x79);
        buf.push(0x80 | packet[3] & 0x10 | (rcode as u8 & 0x0f));
        buf.extend_from_slice(&[0; 8]);
        Self {
            buf,
            question_end: HEADER,
            counts: [0; 3],
            rcode,
            edns: edns.then_some(ReplyEdns { dnssec_ok: false }),
        }
    }

    /// Sets AA: the answer is made here with authority.
    pub fn authoritative(&mut self) {
        self.buf[2] |= 0x04;
    }

    /// Sets AD: all data was validated (RFC 4035 §3.2.3).
    pub fn authentic(&mut self) {
        self.buf[3] |= 0x20;
    }

    /// Adds an A record for the asked name.
    pub fn answer_a(&mut self, ttl: u32, address: Ipv4Addr) {
        self.answer(rtype::A, ttl, &address.octets());
    }

    /// Adds an AAAA record for the asked name.
    pub fn answer_aaaa(&mut self, ttl: u32, address: Ipv6Addr) {
        self.answer(rtype::AAAA, ttl, &address.octets());
    }

    /// Adds a record in class IN for the asked name to the answer section.
    pub fn answer(&mut self, rtype: u16, ttl: u32, rdata: &[u8]) {
        self.counts[0] += 1;
        self.record(&[0xc0, HEADER as u8], rtype, CLASS_IN, ttl, rdata);
    }

    /// Adds a record of any class for the asked name to the answer section.
    pub fn answer_in_class(&mut self, rtype: u16, class: u16, ttl: u32, rdata: &[u8]) {
        self.counts[0] += 1;
        self.record(&[0xc0, HEADER as u8], rtype, class, ttl, rdata);
    }

    /// Adds the SOA that makes a negative answer cacheable for `ttl` seconds (RFC 2308 §3), with the
    /// asked name as its owner and `lachan.invalid.` as its server: nobody is to ask there.
    pub fn negative_soa(&mut self, ttl: u32) {
        const MNAME: &[u8] = b"\x06lachan\x07invalid\x00";
        let mut rdata = [0u8; MNAME.len() + 2 + 20];
        rdata[..MNAME.len()].copy_from_slice(MNAME);
        rdata[MNAME.len()..MNAME.len() + 2].copy_from_slice(&[0xc0, HEADER as u8]);
        for (slot, value) in rdata[MNAME.len() + 2..].chunks_exact_mut(4).zip([1, 3600, 600, 86_400, ttl]) {
            slot.copy_from_slice(&value.to_be_bytes());
        }
        self.counts[1] += 1;
        self.record(&[0xc0, HEADER as u8], rtype::SOA, CLASS_IN, ttl, &rdata);
    }

    /// Adds a record with an owner of its own to the answer section.
    pub fn answer_at(&mut self, owner: Name<'_>, rtype: u16, ttl: u32, rdata: &[u8]) {
        self.counts[0] += 1;
        self.record(owner.wire(), rtype, CLASS_IN, ttl, rdata);
    }

    /// Adds sections that stand ready in wire form right after the question, as a cached answer keeps
    /// them. `counts` are the records of the answer, authority and additional sections in `octets`.
    pub fn sections(&mut self, octets: &[u8], counts: [u16; 3]) -> &mut [u8] {
        let start = self.buf.len();
        self.buf.extend_from_slice(octets);
        for (mine, theirs) in self.counts.iter_mut().zip(counts) {
            *mine += theirs;
        }
        &mut self.buf[start..]
    }

    fn record(&mut self, owner: &[u8], rtype: u16, class: u16, ttl: u32, rdata: &[u8]) {
        self.buf.extend_from_slice(owner);
        self.buf.extend_from_slice(&rtype.to_be_bytes());
        self.buf.extend_from_slice(&class.to_be_bytes());
        self.buf.extend_from_slice(&ttl.to_be_bytes());
        self.buf.extend_from_slice(&(rdata.len() as u16).to_be_bytes());
        self.buf.extend_from_slice(rdata);
    }

    /// Ends the answer: OPT with the errors, counts, and TC where it is longer than `limit` octets.
    /// Returns the octets written.
    pub fn finish(mut self, limit: usize, error: Option<Error<'_>>) -> usize {
        self.finish_with(limit, error, None)
    }

    /// As [`finish`](Self::finish), with the idle time that a TCP client may count on, in units of
    /// 100 ms (RFC 7828).
    pub fn finish_with(&mut self, limit: usize, error: Option<Error<'_>>, keepalive: Option<u16>) -> usize {
        let body_end = self.buf.len();
        self.opt(error.as_ref(), keepalive);
        if self.buf.len() > limit && error.is_some() {
            // The text goes first (RFC 8914 §3), then the records.
            self.buf.truncate(body_end);
            self.opt(error.map(|error| Error { text: "", ..error }).as_ref(), keepalive);
        }
        if self.buf.len() > limit {
            self.buf.truncate(self.question_end);
            self.counts = [0; 3];
            self.buf[2] |= 0x02;
            self.opt(error.map(|error| Error { text: "", ..error }).as_ref(), keepalive);
        }
        if self.edns.is_some() {
            self.counts[2] += 1;
        }
        for (slot, count) in self.buf[6..HEADER].chunks_exact_mut(2).zip(self.counts) {
            slot.copy_from_slice(&count.to_be_bytes());
        }
        self.buf.len()
    }

    fn opt(&mut self, error: Option<&Error<'_>>, keepalive: Option<u16>) {
        let Some(edns) = self.edns else { return };
        let extended = (self.rcode as u16 >> 4) as u8;
        self.buf.push(0);
        self.buf.extend_from_slice(&TYPE_OPT.to_be_bytes());
        self.buf.extend_from_slice(&PAYLOAD.to_be_bytes());
        self.buf.extend_from_slice(&[extended, 0, if edns.dnssec_ok { 0x80 } else { 0 }, 0]);
        let length_at = self.buf.len();
        self.buf.extend_from_slice(&[0, 0]);
        if let Some(error) = error {
            let text = cut(error.text, EXTRA_TEXT_MAX);
            self.buf.extend_from_slice(&OPTION_EDE.to_be_bytes());
            self.buf.extend_from_slice(&(text.len() as u16 + 2).to_be_bytes());
            self.buf.extend_from_slice(&error.code.code().to_be_bytes());
            self.buf.extend_from_slice(text.as_bytes());
        }
        if let Some(tenths) = keepalive {
            self.buf.extend_from_slice(&OPTION_KEEPALIVE.to_be_bytes());
            self.buf.extend_from_slice(&2u16.to_be_bytes());
            self.buf.extend_from_slice(&tenths.to_be_bytes());
        }
        let length = (self.buf.len() - length_at - 2) as u16;
        self.buf[length_at..length_at + 2].copy_from_slice(&length.to_be_bytes());
    }
}

/// An Extended DNS Error to send along (RFC 8914).
#[derive(Clone, Copy, Debug)]
pub struct Error<'t> {
    /// INFO-CODE.
    pub code: EdeCode,
    /// EXTRA-TEXT, cut at [`EXTRA_TEXT_MAX`] octets.
    pub text: &'t str,
}

fn cut(text: &str, max: usize) -> &str {
    let mut end = text.len().min(max);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}
