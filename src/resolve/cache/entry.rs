//! One answer as it is kept: the sections in wire form, where their TTLs stand, and until when.

use std::sync::atomic::{AtomicBool, Ordering};

use super::{Stamp, TtlBounds};
use crate::dns::header::{Flags, Header};
use crate::dns::message::{RecordAt, Section, count_down, records};
use crate::dns::name::{HEADER, NameBuf};
use crate::dns::question::Question;
use crate::dns::rcode::Rcode;
use crate::dns::rdata::soa_minimum;
use crate::dns::reply::Reply;
use crate::dns::rrtype::RrType;
use crate::dns::security::Security;
use crate::resolve::alias::{Alias, Unfinished};
use crate::resolve::reason::Reason;
use crate::resolve::{Answer, Ask};

/// TTL of an answer whose time is over, in seconds (RFC 8767 §4).
const STALE_TTL: u32 = 30;
/// Answers that live shorter are not fetched anew before their time is over, in seconds.
const PREFETCH_MIN: u32 = 10;

/// A kept answer.
pub(super) struct Entry {
    /// Everything after the question.
    sections: Box<[u8]>,
    /// Where the TTLs stand in `sections`.
    ttls: Box<[u16]>,
    counts: [u16; 3],
    truncated: bool,
    pub rcode: Rcode,
    pub security: Security,
    pub ede: Option<Reason>,
    pub stamp: Stamp,
    /// How far resolution came, where there is no answer.
    pub unfinished: Option<Unfinished>,
    stored: u64,
    lifetime: u32,
    /// For an answer that goes on past its time: when that was over.
    stale_since: Option<u64>,
    /// Somebody is fetching it anew.
    renewing: AtomicBool,
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
            security: answer.security,
            ede: answer.ede,
            stamp,
            unfinished: answer.unfinished.clone(),
            stored: now,
            lifetime: 0,
            stale_since: None,
            renewing: AtomicBool::new(false),
        };
        let question_end = HEADER + ask.name.as_name().wire().len() + 4;
        let found = match records(&answer.wire) {
            Ok((end, found)) if end == question_end && answers(ask, &answer.wire) && fits(&found) => found,
            _ => {
                entry.rcode = Rcode::SERV_FAIL;
                entry.security = Security::Indeterminate;
                entry.lifetime = bounds.failure;
                return entry;
            }
        };
        let end = found.last().map_or(question_end, RecordAt::end);
        let mut sections: Box<[u8]> = answer.wire[question_end..end].into();
        entry.truncated = Flags::of(&answer.wire).has(Flags::TC);
        entry.lifetime = match answer.rcode {
            _ if entry.truncated || ask.rtype == RrType::ANY => 0,
            Rcode::NO_ERROR | Rcode::NX_DOMAIN => lifetime(ask, answer, &found, bounds),
            Rcode::SERV_FAIL => match &answer.unfinished {
                Some(Unfinished::Stopped(aliases)) => stopped_lifetime(aliases, bounds),
                _ => bounds.failure,
            },
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
        Self {
            sections: self.sections.clone(),
            ttls: self.ttls.clone(),
            counts: self.counts,
            truncated: self.truncated,
            rcode: self.rcode,
            security: self.security,
            ede: self.ede,
            stamp,
            unfinished: self.unfinished.clone(),
            stored: self.stored,
            lifetime: self.lifetime,
            stale_since: self.stale_since,
            renewing: AtomicBool::new(false),
        }
    }

    /// The same for [`STALE_TTL`] more, although its time is over (RFC 8767 §4), saying so (RFC 8914 §4.4).
    pub(super) fn extended(&self, stamp: Stamp, now: u64) -> Self {
        let mut entry = self.with(stamp);
        for &at in &self.ttls {
            let at = usize::from(at);
            entry.sections[at..at + 4].copy_from_slice(&STALE_TTL.to_be_bytes());
        }
        entry.ede =
            Some(if self.rcode == Rcode::NX_DOMAIN { Reason::StaleNxdomain } else { Reason::StaleAnswer });
        entry.stale_since = Some(self.stale_since.unwrap_or(self.expires()));
        entry.stored = now;
        entry.lifetime = STALE_TTL;
        entry
    }

    /// Whether it may be used: neither expired nor from the future, which is what an entry seems to be once
    /// the clock was set back.
    pub(super) fn is_fresh(&self, now: u64) -> bool {
        self.stored <= now && now < self.expires()
    }

    /// Whether it may still be given where nothing better can be had, `window` seconds after its time.
    pub(super) fn is_better_than_nothing(&self, now: u64, window: u32) -> bool {
        let over = self.stale_since.unwrap_or(self.expires());
        let had_time = self.lifetime > 0 && self.stored <= now;
        had_time && matches!(self.rcode, Rcode::NO_ERROR | Rcode::NX_DOMAIN) && now < over + u64::from(window)
    }

    /// Whether its time was over before it was extended.
    pub(super) fn is_stale(&self) -> bool {
        self.stale_since.is_some()
    }

    /// From when on it is fetched anew if somebody asks: when a tenth of its time is left.
    pub(super) fn renews_from(&self) -> u64 {
        match self.lifetime {
            lifetime @ PREFETCH_MIN.. if !self.is_stale() && self.rcode != Rcode::SERV_FAIL => {
                self.expires() - u64::from(lifetime / 10)
            }
            _ => self.expires(),
        }
    }

    /// Whether it is time to fetch it anew; only the first who asks is told so.
    pub(super) fn is_due(&self, now: u64) -> bool {
        now >= self.renews_from() && !self.renewing.swap(true, Ordering::Relaxed)
    }

    /// When it expires.
    pub(super) fn expires(&self) -> u64 {
        self.stored + u64::from(self.lifetime)
    }

    /// Where TTLs stand behind the question.
    pub(super) fn ttls(&self) -> &[u16] {
        &self.ttls
    }

    /// The first address in the answer section. Type, class, TTL and length stand in a row (RFC 1035 §4.1.3).
    pub(super) fn first_ipv4(&self) -> Option<[u8; 4]> {
        let answers = self.ttls.iter().take(usize::from(self.counts[0]));
        answers.map(|at| usize::from(*at)).find_map(|at| {
            let fixed = self.sections.get(at.checked_sub(4)?..at + 6)?;
            let is_address = fixed[..2] == RrType::A.to_be_bytes() && fixed[8..] == [0, 4];
            self.sections.get(at + 6..at + 10).filter(|_| is_address)?.try_into().ok()
        })
    }

    /// Octets of its parts.
    pub(super) fn octets(&self) -> usize {
        let aliases = self.unfinished.iter().flat_map(Unfinished::aliases);
        self.sections.len() + self.ttls.len() * 2 + aliases.map(Alias::octets).sum::<usize>()
    }

    pub(super) fn reply<'b>(&self, question: &Question<'_>, now: u64, out: &'b mut Vec<u8>) -> Reply<'b> {
        let mut reply = Reply::to(question, self.rcode, out);
        if self.security == Security::Secure
            && (question.dnssec_ok() || question.authentic_data())
            && !question.checking_disabled()
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
        let flags = (Flags::RESPONSE | Flags::TC.when(self.truncated)).with_rcode(self.rcode);
        let [answers, authorities, additionals] = self.counts;
        let header = Header { id: 0, flags, counts: [1, answers, authorities, additionals] };
        let mut message = header.octets().to_vec();
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
    found.iter().all(|record| record.rtype != RrType::OPT && record.end() <= usize::from(u16::MAX))
}

/// TTL of a record as it is kept. One with the top bit set counts as 0 (RFC 2181 §8); that of a SOA in
/// the authority section is the negative TTL (RFC 2308 §5).
fn kept_ttl(record: &RecordAt, wire: &[u8], bounds: TtlBounds) -> u32 {
    let ttl = if record.ttl > i32::MAX as u32 { 0 } else { record.ttl };
    if record.section == Section::Authority && record.rtype == RrType::SOA {
        return ttl.min(soa_minimum(&wire[record.rdata_at()..record.end()])).min(bounds.negative_max);
    }
    ttl.clamp(bounds.min.min(bounds.max), bounds.max)
}

/// Seconds for which aliases stay true that were not followed to an answer.
fn stopped_lifetime(aliases: &[Alias], bounds: TtlBounds) -> u32 {
    let ttl = |alias: &Alias| alias.ttl.clamp(bounds.min.min(bounds.max), bounds.max);
    aliases.iter().map(ttl).min().unwrap_or(0)
}

/// Seconds for which the answer may be kept: those of its shortest-lived record. A negative one needs a
/// SOA to be kept at all.
fn lifetime(ask: &Ask, answer: &Answer, found: &[RecordAt], bounds: TtlBounds) -> u32 {
    let has_data = found.iter().any(|record| record.section == Section::Answer && record.rtype == ask.rtype);
    let has_soa =
        found.iter().any(|record| record.section == Section::Authority && record.rtype == RrType::SOA);
    let negative = answer.rcode == Rcode::NX_DOMAIN || !has_data;
    if negative && !has_soa {
        return 0;
    }
    let shortest = found.iter().map(|record| kept_ttl(record, &answer.wire, bounds)).min().unwrap_or(0);
    if negative { shortest.min(bounds.negative_max) } else { shortest }
}
