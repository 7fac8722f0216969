//! Writing answers into a caller's buffer.
//!
//! A [`Reply`] starts from the query's own header and question (so that id and the case of the name,
//! 0x20, come back as they were), takes records, and ends with the OPT record and its Extended DNS
//! Error. What does not fit over UDP becomes TC with the question and the OPT only (RFC 2181 §9).

use std::net::{Ipv4Addr, Ipv6Addr};

use super::ede::EdeCode;
use super::edns::{IdleTime, OPTION_EDE, OPTION_KEEPALIVE, PAYLOAD};
use super::header::{Flags, Header, QUERY};
use super::name::{HEADER, Name};
use super::question::Question;
use super::rcode::Rcode;
use super::rdata::CLASS_IN;
use super::rrtype::RrType;

/// Octets of EXTRA-TEXT that are sent at the most.
pub const EXTRA_TEXT_MAX: usize = 400;

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
    idle_time: Option<IdleTime>,
}

impl<'b> Reply<'b> {
    /// An answer to `question` with RA set, RD and CD copied, and the question as it was asked.
    pub fn to(question: &Question<'_>, rcode: Rcode, buf: &'b mut Vec<u8>) -> Self {
        buf.clear();
        buf.extend_from_slice(&question.packet[..question.end]);
        let copied = Flags::of(question.packet).only(Flags::RD | Flags::CD);
        (Flags::QR | Flags::RA | copied).with_rcode(rcode).put(buf);
        buf[4..HEADER].copy_from_slice(&[0, 1, 0, 0, 0, 0, 0, 0]);
        let edns =
            question.edns.map(|edns| ReplyEdns { dnssec_ok: edns.dnssec_ok, idle_time: question.idle_time });
        Self { buf, question_end: question.end, counts: [0; 3], rcode, edns }
    }

    /// An answer to a packet that could not be read as a question: the header alone. RD comes back where it
    /// means what it does in queries; nobody is told that recursion is to be had (RFC 8906 §8.1).
    pub fn to_header(packet: &[u8], rcode: Rcode, buf: &'b mut Vec<u8>) -> Self {
        buf.clear();
        let asked = Flags::of(packet);
        let copied = asked.only_opcode() | asked.only(Flags::RD.when(asked.opcode() == QUERY));
        let header = Header {
            id: u16::from_be_bytes([packet[0], packet[1]]),
            flags: (Flags::QR | copied).with_rcode(rcode),
            counts: [0; 4],
        };
        buf.extend_from_slice(&header.octets());
        Self { buf, question_end: HEADER, counts: [0; 3], rcode, edns: None }
    }

    /// Sets AA: the answer is made here with authority.
    pub fn authoritative(&mut self) {
        self.set(Flags::AA);
    }

    /// Sets TC: the client is to ask again over TCP.
    pub fn truncated(&mut self) {
        self.set(Flags::TC);
    }

    /// Sets AD: all data was validated (RFC 4035 §3.2.3).
    pub fn authentic(&mut self) {
        self.set(Flags::AD);
    }

    fn set(&mut self, flag: Flags) {
        (Flags::of(self.buf) | flag).put(self.buf);
    }

    /// Adds an A record for the asked name.
    pub fn answer_a(&mut self, ttl: u32, address: Ipv4Addr) {
        self.answer(RrType::A, ttl, &address.octets());
    }

    /// Adds an AAAA record for the asked name.
    pub fn answer_aaaa(&mut self, ttl: u32, address: Ipv6Addr) {
        self.answer(RrType::AAAA, ttl, &address.octets());
    }

    /// Adds a record in class IN for the asked name to the answer section.
    pub fn answer(&mut self, rtype: RrType, ttl: u32, rdata: &[u8]) {
        self.counts[0] += 1;
        self.record(&[0xc0, HEADER as u8], rtype, CLASS_IN, ttl, rdata);
    }

    /// Adds a record of any class for the asked name to the answer section.
    pub fn answer_in_class(&mut self, rtype: RrType, class: u16, ttl: u32, rdata: &[u8]) {
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
        self.record(&[0xc0, HEADER as u8], RrType::SOA, CLASS_IN, ttl, &rdata);
    }

    /// Adds a record with an owner of its own to the answer section.
    pub fn answer_at(&mut self, owner: Name<'_>, rtype: RrType, ttl: u32, rdata: &[u8]) {
        self.counts[0] += 1;
        self.record(owner.wire(), rtype, CLASS_IN, ttl, rdata);
    }

    /// Adds a record with an owner of its own to the authority section. The answer section is then complete.
    pub fn authority_at(&mut self, owner: Name<'_>, rtype: RrType, ttl: u32, rdata: &[u8]) {
        self.counts[1] += 1;
        self.record(owner.wire(), rtype, CLASS_IN, ttl, rdata);
    }

    /// Adds a record with an owner of its own to the additional section. The other sections are then
    /// complete.
    pub fn additional_at(&mut self, owner: Name<'_>, rtype: RrType, ttl: u32, rdata: &[u8]) {
        self.counts[2] += 1;
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

    fn record(&mut self, owner: &[u8], rtype: RrType, class: u16, ttl: u32, rdata: &[u8]) {
        self.buf.extend_from_slice(owner);
        self.buf.extend_from_slice(&rtype.to_be_bytes());
        self.buf.extend_from_slice(&class.to_be_bytes());
        self.buf.extend_from_slice(&ttl.to_be_bytes());
        self.buf.extend_from_slice(&(rdata.len() as u16).to_be_bytes());
        self.buf.extend_from_slice(rdata);
    }

    /// Ends the answer: OPT with the errors, counts, and TC where it is longer than `limit` octets.
    /// Returns the octets written. Texts of errors give way first (RFC 8914 §3), then the records.
    pub fn finish(mut self, limit: usize, errors: &[Error<'_>]) -> usize {
        let body_end = self.buf.len();
        self.opt(errors, Text::Full);
        for less in [Text::Short, Text::None] {
            if self.buf.len() > limit && !errors.is_empty() {
                self.buf.truncate(body_end);
                self.opt(errors, less);
            }
        }
        if self.buf.len() > limit {
            self.buf.truncate(self.question_end);
            self.counts = [0; 3];
            self.set(Flags::TC);
            self.opt(errors, Text::None);
        }
        if self.edns.is_some() {
            self.counts[2] += 1;
        }
        for (slot, count) in self.buf[6..HEADER].chunks_exact_mut(2).zip(self.counts) {
            slot.copy_from_slice(&count.to_be_bytes());
        }
        self.buf.len()
    }

    fn opt(&mut self, errors: &[Error<'_>], how_much: Text) {
        let Some(edns) = self.edns else { return };
        self.buf.push(0);
        self.buf.extend_from_slice(&RrType::OPT.to_be_bytes());
        self.buf.extend_from_slice(&PAYLOAD.to_be_bytes());
        self.buf.extend_from_slice(&[self.rcode.opt_bits(), 0, if edns.dnssec_ok { 0x80 } else { 0 }, 0]);
        let length_at = self.buf.len();
        self.buf.extend_from_slice(&[0, 0]);
        if let Some(idle_time) = edns.idle_time {
            self.buf.extend_from_slice(&OPTION_KEEPALIVE.to_be_bytes());
            self.buf.extend_from_slice(&[0, 2]);
            self.buf.extend_from_slice(&idle_time.units().to_be_bytes());
        }
        for error in errors {
            let text = match how_much {
                Text::Full => error.text,
                Text::Short => error.short,
                Text::None => "",
            };
            // A text that is too long is left out whole: half a JSON object says nothing.
            let text = if text.len() > EXTRA_TEXT_MAX { "" } else { text };
            self.buf.extend_from_slice(&OPTION_EDE.to_be_bytes());
            self.buf.extend_from_slice(&(text.len() as u16 + 2).to_be_bytes());
            self.buf.extend_from_slice(&error.code.code().to_be_bytes());
            self.buf.extend_from_slice(text.as_bytes());
        }
        let length = (self.buf.len() - length_at - 2) as u16;
        self.buf[length_at..length_at + 2].copy_from_slice(&length.to_be_bytes());
    }
}

#[derive(Clone, Copy)]
enum Text {
    Full,
    Short,
    None,
}

/// An Extended DNS Error to send along (RFC 8914).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Error<'t> {
    /// INFO-CODE.
    pub code: EdeCode,
    /// EXTRA-TEXT, of at most [`EXTRA_TEXT_MAX`] octets.
    pub text: &'t str,
    /// What stays of the text where the whole does not fit over UDP.
    pub short: &'t str,
}

impl<'t> Error<'t> {
    /// An error with a text that gives way as a whole.
    pub fn new(code: EdeCode, text: &'t str) -> Self {
        Self { code, text, short: "" }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `www.Example. A`, RD and CD set, EDNS with the given payload.
    fn query(payload: Option<u16>) -> Vec<u8> {
        let mut packet = vec![0xab, 0xcd, 0x01, 0x10, 0, 1, 0, 0, 0, 0, 0, u8::from(payload.is_some())];
        packet.extend_from_slice(b"\x03www\x07Example\x00\x00\x01\x00\x01");
        if let Some(payload) = payload {
            packet.extend_from_slice(&[0, 0, 41]);
            packet.extend_from_slice(&payload.to_be_bytes());
            packet.extend_from_slice(&[0, 0, 0x80, 0, 0, 0]);
        }
        packet
    }

    #[test]
    fn the_question_comes_back_as_it_was_asked() {
        let packet = query(Some(4096));
        let question = Question::parse(&packet).unwrap();
        assert_eq!(question.name().to_string(), "www.example");
        let mut out = Vec::new();
        let mut reply = Reply::to(&question, Rcode::NO_ERROR, &mut out);
        reply.answer_a(30, Ipv4Addr::UNSPECIFIED);
        let error = Error::new(EdeCode::Blocked, "bị chặn");
        assert_eq!(reply.finish(1232, &[error]), out.len());
        assert_eq!(out[..12], [0xab, 0xcd, 0x81, 0x90, 0, 1, 0, 1, 0, 0, 0, 1]);
        assert_eq!(&out[12..25], &packet[12..25]);
        assert_eq!(&out[29..45], b"\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x1e\x00\x04\x00\x00\x00\x00");
        assert_eq!(&out[45..54], b"\x00\x00\x29\x04\xd0\x00\x00\x80\x00");
        assert!(out.ends_with("bị chặn".as_bytes()));
    }

    #[test]
    fn texts_give_way_before_records_and_records_before_the_limit() {
        let packet = query(Some(512));
        let question = Question::parse(&packet).unwrap();
        let (long, short) = ("x".repeat(120), "y");
        let error = Error { code: EdeCode::Blocked, text: &long, short };
        let written = |records: usize, limit| {
            let mut out = Vec::new();
            let mut reply = Reply::to(&question, Rcode::NO_ERROR, &mut out);
            (0..records).for_each(|_| reply.answer_a(30, Ipv4Addr::LOCALHOST));
            reply.finish(limit, &[error]);
            out
        };
        assert!(written(1, 512).ends_with(b"xxx"));
        assert!(written(25, 512).ends_with(b"y"));
        let full = written(40, 512);
        assert_eq!((full[2] & 2, full[7], full.len()), (2, 0, 29 + 11 + 6));
        assert_eq!(written(40, 65_535)[2] & 2, 0);
    }

    #[test]
    fn who_asks_over_a_stream_is_told_how_long_the_connection_may_be_idle_and_nobody_else_is() {
        let mut asks = query(Some(1232));
        let options = asks.len() - 1;
        asks[options] = 4;
        asks.extend_from_slice(&[0, 11, 0, 0]);
        let (silent, ten_seconds) = (query(Some(1232)), IdleTime::of(std::time::Duration::from_secs(10)));
        let written = |question: Question<'_>| {
            let mut out = Vec::new();
            let error = Error::new(EdeCode::Blocked, "x");
            Reply::to(&question, Rcode::NO_ERROR, &mut out).finish(1232, &[error]);
            out[29..].to_vec()
        };
        let over_udp = |packet| Question::parse(packet).unwrap();
        let over_stream = |packet| {
            let mut question = Question::parse(packet).unwrap();
            question.came_over_stream(ten_seconds);
            question
        };
        let opt = b"\x00\x00\x29\x04\xd0\x00\x00\x80\x00";
        let (told, error) = (b"\x00\x0b\x00\x02\x00\x64", b"\x00\x0f\x00\x03\x00\x0fx");
        assert_eq!(written(over_stream(&asks)), [&opt[..], b"\x00\x0d", told, error].concat());
        for question in [over_udp(&asks), over_udp(&silent), over_stream(&silent)] {
            assert_eq!(written(question), [&opt[..], b"\x00\x07", error].concat());
        }
    }

    #[test]
    fn without_edns_there_is_no_opt_and_no_error() {
        let packet = query(None);
        let question = Question::parse(&packet).unwrap();
        let mut out = Vec::new();
        let mut reply = Reply::to(&question, Rcode::NX_DOMAIN, &mut out);
        reply.negative_soa(30);
        reply.finish(question.udp_limit(), &[Error::new(EdeCode::Blocked, "x")]);
        assert_eq!(out[6..12], [0, 0, 0, 1, 0, 0]);
        assert_eq!(out[3] & 15, 3);
    }
}
