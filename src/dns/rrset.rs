//! RRsets (RFC 2181 §5): the records of one name and type, out of the message they came in.
//!
//! RDATA is kept as octets with every compressed name written out, whatever the type (RFC 3597 §4), the
//! case of its letters as received; owners are lower-case. Signatures stand with the set that they cover.
//! Class IN only: what else a message may hold is for whoever reads it to refuse.

use std::net::IpAddr;

use super::message::{MessageError, RecordAt, Section, rdata_names, records};
use super::name::{HEADER, NAME_MAX, Name, NameBuf, OwnedName};
use super::rdata::{CLASS_IN, address};
use super::rrtype::RrType;

/// Records of one name and type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RrSet {
    /// Whose they are.
    pub owner: OwnedName,
    /// RR type; never RRSIG but where signatures were asked for by that type.
    pub rtype: RrType,
    /// Seconds: the smallest of the set (RFC 2181 §5.2), of its signatures too.
    pub ttl: u32,
    /// RDATA of each record, uncompressed, in the order received, none twice.
    pub rdata: Vec<Box<[u8]>>,
    /// RDATA of each RRSIG that covers the set.
    pub rrsigs: Vec<Box<[u8]>>,
}

impl RrSet {
    /// A set without signatures.
    pub fn new(owner: OwnedName, rtype: RrType, ttl: u32, rdata: Vec<Box<[u8]>>) -> Self {
        Self { owner, rtype, ttl, rdata, rrsigs: Vec::new() }
    }

    /// Whether it is the set of that name and type.
    pub fn is(&self, owner: Name<'_>, rtype: RrType) -> bool {
        self.rtype == rtype && self.owner.as_name() == owner
    }

    /// Octets that it takes, about.
    pub fn octets(&self) -> usize {
        let parts = self.rdata.iter().chain(&self.rrsigs).map(|part| part.len() + 24);
        size_of::<Self>() + self.owner.as_name().wire().len() + parts.sum::<usize>()
    }

    /// The addresses in a set of type A or AAAA.
    pub fn addresses(&self) -> impl Iterator<Item = IpAddr> + '_ {
        self.rdata.iter().filter_map(|rdata| address(self.rtype, rdata))
    }

    /// The name at the start of the first record's RDATA: the target of a CNAME, DNAME, NS or PTR.
    pub fn first_name(&self) -> Option<OwnedName> {
        self.names().next()
    }

    /// The name at the start of each record's RDATA.
    pub fn names(&self) -> impl Iterator<Item = OwnedName> + '_ {
        self.rdata.iter().filter_map(|rdata| {
            let mut name = NameBuf::new();
            name.fill_from_wire(rdata).ok()?;
            Some(name.name().to_owned())
        })
    }
}

/// A message's sections as RRsets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sections {
    pub answer: Vec<RrSet>,
    pub authority: Vec<RrSet>,
    /// Without OPT.
    pub additional: Vec<RrSet>,
}

impl Sections {
    /// Reads a whole message with one question. Records of other classes are left out, and so are OPT and
    /// TSIG, which belong to the message.
    ///
    /// # Errors
    /// What [`MessageError`] says, for names in known RDATA too.
    pub fn read(message: &[u8]) -> Result<Self, MessageError> {
        let (_, found) = records(message)?;
        Self::of(message, &found)
    }

    /// As [`read`](Self::read), with the records already found.
    ///
    /// # Errors
    /// What [`MessageError`] says.
    pub fn of(message: &[u8], found: &[RecordAt]) -> Result<Self, MessageError> {
        let mut sections = Self::default();
        let mut owner = NameBuf::new();
        let mut signatures: Vec<(Section, OwnedName, u32, Box<[u8]>)> = Vec::new();
        for record in found {
            if record.class != CLASS_IN || record.rtype.is_meta() {
                continue;
            }
            owner.fill_from_message(message, record.owner)?;
            let rdata = written_out(message, record)?;
            // RFC 2181 §8: the top bit set means zero.
            let ttl = if record.ttl > i32::MAX as u32 { 0 } else { record.ttl };
            if record.rtype == RrType::RRSIG {
                signatures.push((record.section, owner.name().to_owned(), ttl, rdata));
                continue;
            }
            let sets = sections.section(record.section);
            match sets.iter_mut().rev().find(|set| set.is(owner.name(), record.rtype)) {
                Some(set) => {
                    set.ttl = set.ttl.min(ttl);
                    if !set.rdata.contains(&rdata) {
                        set.rdata.push(rdata);
                    }
                }
                None => {
                    sets.push(RrSet::new(owner.name().to_owned(), record.rtype, ttl, vec![rdata]));
                }
            }
        }
        for (section, owner, ttl, rdata) in signatures {
            let covered =
                rdata.first_chunk().map_or(RrType::RESERVED, |octets| RrType::from_be_bytes(*octets));
            let sets = sections.section(section);
            match sets.iter_mut().find(|set| set.is(owner.as_name(), covered)) {
                Some(set) => {
                    set.ttl = set.ttl.min(ttl);
                    if !set.rrsigs.contains(&rdata) {
                        set.rrsigs.push(rdata);
                    }
                }
                // Without what it covers: data like any other, for who asks for RRSIG.
                None => match sets.iter_mut().find(|set| set.is(owner.as_name(), RrType::RRSIG)) {
                    Some(set) => set.rdata.push(rdata),
                    None => sets.push(RrSet::new(owner, RrType::RRSIG, ttl, vec![rdata])),
                },
            }
        }
        Ok(sections)
    }

    fn section(&mut self, section: Section) -> &mut Vec<RrSet> {
        match section {
            Section::Answer => &mut self.answer,
            Section::Authority => &mut self.authority,
            Section::Additional => &mut self.additional,
        }
    }
}

/// A record's RDATA with every compressed name written out, in the case received.
///
/// # Errors
/// What [`MessageError`] says.
pub fn written_out(message: &[u8], record: &RecordAt) -> Result<Box<[u8]>, MessageError> {
    let mut out = Vec::new();
    let mut at = record.rdata_at();
    rdata_names(message, record, &mut |start, end| {
        out.extend_from_slice(&message[at..start]);
        at = end;
        copy_name(message, start, &mut out);
    })?;
    if at == record.rdata_at() {
        return Ok(message[at..record.end()].into());
    }
    out.extend_from_slice(&message[at..record.end()]);
    Ok(out.into())
}

/// Copies the name at `at`, which has been read before and is sound.
fn copy_name(message: &[u8], mut at: usize, out: &mut Vec<u8>) {
    for _ in 0..NAME_MAX {
        match usize::from(message[at]) {
            0 => break,
            len @ 1..=63 => {
                out.extend_from_slice(&message[at..=at + len]);
                at += len + 1;
            }
            high => at = (high & 0x3f) << 8 | usize::from(message[at + 1]),
        }
        debug_assert!(at >= HEADER || message.len() < HEADER);
    }
    out.push(0);
}
