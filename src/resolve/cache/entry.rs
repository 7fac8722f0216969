//! One answer as it is kept: the sections in wire form, where their TTLs stand, and until when.

use super::{Stamp, TtlBounds};
use crate::dns::ede::EdeCode;
use crate::dns::message::{RecordAt, Section, count_down, records};
use crate::dns::name::{HEADER, NameBuf};
use crate::dns::question::Question;
use crate::dns::rdata::rtype;
use crate::dns::reply::{Rcode, Reply};
use crate::resolve::{Answer, Ask, Proof};

/// A kept answer.
#[derive(Clone)]
pub(super) struct Entry {
    /// Everything after the question.
    sections: Box<[u8]>,
    /// Where the TTLs stand in `sections`.
    ttls: Box<[u16]>,
    counts: [u16; 3],
    truncated: bool,
    pub rcode: Rcode,
    pub secure: bool,
    pub ede: Option<(EdeCode, &'static str)>,
    pub stamp: Stamp,
    stored: u64,
    lifetime: u32,
}

impl Entry {
    /// Takes an answer apart. A message that cannot be read, or answers something else, becomes a
    /// SERVFAIL: it must not meet a client.
    pub(super) fn new(ask: &Ask, answer: &Answer, stamp: Stamp, bounds: TtlBounds, now: u64) -> Self {
        let mut entry = Self {
            sections: Box::default(),
            ttls: Box::default(),
            counts: [0; 3],
            truncated: false,
            rcode: answer.rcode,
            secure: answer.proof == Proof::Secure,
            ede: answer.ede,
            stamp,
            stored: now,
            lifetime: 0,
        };
        let question_end = HEADER + ask.name.as_name().wire().len() + 4;
        let found = match records(&answer.wire) {
            Ok((end, found)) if end == question_end && answers(ask, &answer.wire) && fits(&found) => found,
            _ => {
                entry.rcode = Rcode::ServFail;
                entry.secure = false;
                entry.lifetime = bounds.failure;
                return entry;
            }
        };
        let end = found.last().map_or(question_end, RecordAt::end);
        let mut sections: Box<[u8]> = answer.wire[question_end..end].into();
        entry.truncated = answer.wire[2] & 0x02 != 0;
        entry.lifetime = match answer.rcode {
            _ if entry.truncated || ask.rtype == rtype::ANY => 0,
            Rcode::NoError | Rcode::NxDomain => lifetime(ask, answer, &found, bounds),
            Rcode::ServFail => bounds.failure,
            _ => 0,
        };
        for record in &found {
            let at = record.ttl_at() - question_end;
            let ttl = kept_ttl(record, &answer.wire, bounds);
            sections[at..at + 4].copy_from_slice(&ttl.to_be_bytes());
            let section = match record.section {
                Section::Answer => 0,
                Section::Authority => 1,
                Section::Additional => 2,
            };
            entry.counts[section] += 1;
        }
        entry.ttls = found.iter().map(|record| (record.ttl_at() - question_end) as u16).collect();
        entry.sections = sections;
        entry
    }

    /// The same with another stamp.
    pub(super) fn with(&self, stamp: Stamp) -> Self {
        Self { stamp, ..self.clone() }
    }

    /// When it expires.
    pub(super) fn expires(&self) -> u64 {
        self.stored + u64::from(self.lifetime)
    }

    /// Where TTLs stand behind the question.
    pub(super) fn ttls(&self) -> &[u16] {
        &self.ttls
    }

    /// Octets of its parts.
    pub(super) fn octets(&self) -> usize {
        self.sections.len() + self.ttls.len() * 2
    }

    pub(super) fn reply<'b>(&self, question: &Question<'_>, now: u64, out: &'b mut Vec<u8>) -> Reply<'b> {
        let mut reply = Reply::to(question, self.rcode, out);
        if self.secure && (question.dnssec_ok() || question.authentic_data()) && !question.checking_disabled()
        {
            reply.authentic();
        }
        let age = u32::try_from(now.saturating_sub(self.stored)).unwrap_or(u32::MAX);
        let sections = reply.sections(&self.sections, self.counts);
        for &at in &self.ttls {
            count_down(sections, usize::from(at), age);
        }
        reply
    }

    pub(super) fn message(&self, ask: &Ask) -> Vec<u8> {
        let tc = if self.truncated { 0x02 } else { 0 };
        let mut message = vec![0, 0, 0x81 | tc, 0x80 | self.rcode as u8 & 0x0f, 0, 1];
        for count in self.counts {
            message.extend_from_slice(&count.to_be_bytes());
        }
        message.extend_from_slice(ask.name.as_name().wire());
        message.extend_from_slice(&ask.rtype.to_be_bytes());
        message.extend_from_slice(&ask.class.to_be_bytes());
        message.extend_from_slice(&self.sections);
        message
    }
}

/// Whether the message's question is the one asked, uncompressed, so that a client's question is as
/// long and pointers into it stay valid.
fn answers(ask: &Ask, wire: &[u8]) -> bool {
    let mut name = NameBuf::new();
    let Ok(used) = name.fill_from_wire(&wire[HEADER..]) else { return false };
    let tail = [ask.rtype.to_be_bytes(), ask.class.to_be_bytes()].concat();
    name.name() == ask.name.as_name() && wire[HEADER + used..].starts_with(&tail)
}

/// OPT belongs to one hop; and offsets have 16 bits.
fn fits(found: &[RecordAt]) -> bool {
    found.iter().all(|record| record.rtype != rtype::OPT && record.end() <= usize::from(u16::MAX))
}

/// TTL of a record as it is kept. One with the top bit set counts as 0 (RFC 2181 §8); that of a SOA in
/// the authority section is the negative TTL (RFC 2308 §5).
fn kept_ttl(record: &RecordAt, wire: &[u8], bounds: TtlBounds) -> u32 {
    let ttl = if record.ttl > i32::MAX as u32 { 0 } else { record.ttl };
    if record.section == Section::Authority && record.rtype == rtype::SOA {
        return ttl.min(soa_minimum(record, wire)).min(bounds.negative_max);
    }
    ttl.clamp(bounds.min.min(bounds.max), bounds.max)
}

/// The last number of a SOA (RFC 2308 §4).
fn soa_minimum(record: &RecordAt, wire: &[u8]) -> u32 {
    if record.rdata_len < 22 {
        return 0;
    }
    let end = record.end();
    u32::from_be_bytes([wire[end - 4], wire[end - 3], wire[end - 2], wire[end - 1]])
}

/// Seconds for which the answer may be kept: those of its shortest-lived record. A negative one needs a
/// SOA to be kept at all.
fn lifetime(ask: &Ask, answer: &Answer, found: &[RecordAt], bounds: TtlBounds) -> u32 {
    let has_data = found.iter().any(|record| record.section == Section::Answer && record.rtype == ask.rtype);
    let has_soa =
        found.iter().any(|record| record.section == Section::Authority && record.rtype == rtype::SOA);
    let negative = answer.rcode == Rcode::NxDomain || !has_data;
    if negative && !has_soa {
        return 0;
    }
    let shortest = found.iter().map(|record| kept_ttl(record, &answer.wire, bounds)).min().unwrap_or(0);
    if negative { shortest.min(bounds.negative_max) } else { shortest }
}
