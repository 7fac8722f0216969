//! A whole message: where its records stand, without copying them.

use std::ops::Range;

use super::name::{HEADER, NameBuf, NameError};
use super::rrtype::RrType;

/// Section of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    Answer,
    Authority,
    Additional,
}

/// One record of a message, by its places in the octets.
#[derive(Clone, Copy, Debug)]
pub struct RecordAt {
    /// Which section it is in.
    pub section: Section,
    /// Where its owner name starts.
    pub owner: usize,
    /// Where its TYPE stands (CLASS + 2, TTL + 4, RDLENGTH + 8, RDATA + 10).
    pub fixed: usize,
    /// RR type.
    pub rtype: RrType,
    /// Class (payload size for OPT).
    pub class: u16,
    /// TTL in seconds (flags for OPT).
    pub ttl: u32,
    /// Octets of RDATA.
    pub rdata_len: usize,
}

impl RecordAt {
    /// Where the TTL stands.
    pub fn ttl_at(&self) -> usize {
        self.fixed + 4
    }

    /// Where the RDATA starts.
    pub fn rdata_at(&self) -> usize {
        self.fixed + 10
    }

    /// Where the record ends.
    pub fn end(&self) -> usize {
        self.rdata_at() + self.rdata_len
    }
}

/// Takes `age` seconds off the TTL that stands at `at`.
pub fn count_down(octets: &mut [u8], at: usize, age: u32) {
    let ttl = &mut octets[at..at + 4];
    let left = u32::from_be_bytes([ttl[0], ttl[1], ttl[2], ttl[3]]).saturating_sub(age);
    ttl.copy_from_slice(&left.to_be_bytes());
}

/// Why octets are not a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MessageError {
    #[error("message cut short")]
    Truncated,
    #[error("not exactly one question")]
    Questions,
    #[error("a name that would change with a TTL or with the case of the question")]
    Loose,
    #[error(transparent)]
    Name(#[from] NameError),
}

/// Reads all records of a message with one question. Returns where the question ends, and the records
/// in order. Octets after the last record are left alone.
///
/// # Errors
/// What [`MessageError`] says.
pub fn records(message: &[u8]) -> Result<(usize, Vec<RecordAt>), MessageError> {
    if message.len() >= HEADER && message[4..6] != [0, 1] {
        return Err(MessageError::Questions);
    }
    records_of_transfer(message)
}

/// As [`records`], also for a message without a question: those of a zone transfer after the first may
/// leave it out (RFC 5936 §2.2.1).
///
/// # Errors
/// What [`MessageError`] says.
pub fn records_of_transfer(message: &[u8]) -> Result<(usize, Vec<RecordAt>), MessageError> {
    if message.len() < HEADER {
        return Err(MessageError::Truncated);
    }
    let count = |at: usize| u16::from_be_bytes([message[at], message[at + 1]]) as usize;
    let mut name = NameBuf::new();
    let question_end = match count(4) {
        0 => HEADER,
        1 => name.fill_from_message(message, HEADER)? + 4,
        _ => return Err(MessageError::Questions),
    };
    let mut at = question_end;
    let total = count(6) + count(8) + count(10);
    // A record takes 11 octets at least, so the message's own length bounds what is reserved.
    let mut found = Vec::with_capacity(total.min(message.len() / 11));
    for index in 0..total {
        let section = match index {
            i if i < count(6) => Section::Answer,
            i if i < count(6) + count(8) => Section::Authority,
            _ => Section::Additional,
        };
        let fixed = name.fill_from_message(message, at)?;
        let head = message.get(fixed..fixed + 10).ok_or(MessageError::Truncated)?;
        let record = RecordAt {
            section,
            owner: at,
            fixed,
            rtype: RrType::from_be_bytes([head[0], head[1]]),
            class: u16::from_be_bytes([head[2], head[3]]),
            ttl: u32::from_be_bytes([head[4], head[5], head[6], head[7]]),
            rdata_len: u16::from_be_bytes([head[8], head[9]]) as usize,
        };
        if record.end() > message.len() {
            return Err(MessageError::Truncated);
        }
        at = record.end();
        found.push(record);
    }
    if question_end > message.len() {
        return Err(MessageError::Truncated);
    }
    Ok((question_end, found))
}

/// Names to which an answer leads away from what was asked: targets of CNAME, DNAME, SVCB and HTTPS
/// in the answer section (the `.` of an SVCB record, "the owner itself", is left out). Octets that
/// are not a message have none.
pub fn targets(message: &[u8]) -> impl Iterator<Item = NameBuf> + '_ {
    let found = records(message).map(|(_, found)| found).unwrap_or_default();
    found.into_iter().filter(|record| record.section == Section::Answer).filter_map(|record| {
        let skip = match record.rtype {
            RrType::CNAME | RrType::DNAME => 0,
            RrType::SVCB | RrType::HTTPS => 2,
            _ => return None,
        };
        let mut name = NameBuf::new();
        let end = name.fill_from_message(message, record.rdata_at() + skip).ok()?;
        (end <= record.end() && !(skip == 2 && name.name().is_root())).then_some(name)
    })
}

/// What RDATA that holds names is made of.
enum Part {
    /// So many octets.
    Octets(usize),
    /// A length octet and what it says (RFC 1035 §3.3).
    Text,
    /// A name.
    Name,
    /// Whatever is left.
    Rest,
}

/// The parts of each type's RDATA that may hold a compressed name (RFC 3597 §4), and of those that
/// some software decompresses although none may be there.
fn parts(rtype: RrType) -> &'static [Part] {
    use Part::{Name, Octets, Rest, Text};
    match rtype {
        RrType::NS
        | RrType::MD
        | RrType::MF
        | RrType::CNAME
        | RrType::MB
        | RrType::MG
        | RrType::MR
        | RrType::PTR
        | RrType::DNAME => &[Name],
        RrType::SOA => &[Name, Name, Octets(20)],
        RrType::MINFO | RrType::RP => &[Name, Name],
        RrType::MX | RrType::AFSDB | RrType::RT | RrType::KX => &[Octets(2), Name],
        RrType::PX => &[Octets(2), Name, Name],
        RrType::SRV => &[Octets(6), Name],
        RrType::NAPTR => &[Octets(4), Text, Text, Text, Name],
        RrType::SIG | RrType::RRSIG => &[Octets(18), Name, Rest],
        RrType::NXT | RrType::NSEC => &[Name, Rest],
        RrType::SVCB | RrType::HTTPS => &[Octets(2), Name, Rest],
        RrType::A => &[Octets(4)],
        RrType::AAAA => &[Octets(16)],
        _ => &[Rest],
    }
}

/// Checks that a record's RDATA has the shape of its type and that each name in it can be read.
///
/// # Errors
/// What [`MessageError`] says.
pub fn check_rdata(message: &[u8], record: &RecordAt) -> Result<(), MessageError> {
    show_rdata(message, record, &mut |_| ())
}

/// As [`check_rdata`], and shows each name's place: where it starts, and where what follows it starts.
///
/// # Errors
/// What [`MessageError`] says.
pub fn rdata_names(
    message: &[u8],
    record: &RecordAt,
    show: &mut impl FnMut(usize, usize),
) -> Result<(), MessageError> {
    each_name(message, record, &mut |name, at| {
        let end = name.fill_from_message(message, at)?;
        show(at, end);
        Ok(end)
    })
}

/// As [`check_rdata`], and shows where the parts of each name stand.
fn show_rdata(
    message: &[u8],
    record: &RecordAt,
    show: &mut impl FnMut(Range<usize>),
) -> Result<(), MessageError> {
    each_name(message, record, &mut |name, at| name.fill_and_show(message, at, show))
}

/// Goes through RDATA; `read` reads the name at a place and says where what follows it starts.
fn each_name(
    message: &[u8],
    record: &RecordAt,
    read: &mut impl FnMut(&mut NameBuf, usize) -> Result<usize, NameError>,
) -> Result<(), MessageError> {
    let mut name = NameBuf::new();
    let mut at = record.rdata_at();
    for part in parts(record.rtype) {
        at = match part {
            Part::Octets(count) => at + count,
            Part::Text => at + 1 + usize::from(*message.get(at).ok_or(MessageError::Truncated)?),
            Part::Name => read(&mut name, at)?,
            Part::Rest => record.end().max(at),
        };
    }
    if at == record.end() { Ok(()) } else { Err(MessageError::Truncated) }
}

/// Checks that every name of the records stays what it is while the TTLs count down and whatever case
/// the question is asked in: none runs over a TTL, and those that lead into the question start at one of
/// its labels.
///
/// # Errors
/// [`MessageError::Loose`], and what [`check_rdata`] says.
pub fn check_names(message: &[u8], found: &[RecordAt]) -> Result<(), MessageError> {
    let mut name = NameBuf::new();
    let mut asked = Vec::new();
    name.fill_and_show(message, HEADER, &mut |part| asked.push(part))?;
    let asked_end = asked.last().map_or(HEADER, |part| part.end);
    let mut loose = false;
    let mut look = |part: Range<usize>| {
        let next = found.partition_point(|record| record.ttl_at() + 4 <= part.start);
        loose |= found.get(next).is_some_and(|record| record.ttl_at() < part.end);
        loose |= part.start < asked_end && !asked.contains(&part);
    };
    for record in found {
        name.fill_and_show(message, record.owner, &mut look)?;
        show_rdata(message, record, &mut look)?;
    }
    if loose { Err(MessageError::Loose) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// `www.a.` with a CNAME to `b.` and an HTTPS record whose target is the owner itself.
    fn answer() -> Vec<u8> {
        let mut message = vec![0, 0, 0x80, 0, 0, 1, 0, 2, 0, 0, 0, 0];
        message.extend_from_slice(b"\x03www\x01a\x00\x00\x01\x00\x01");
        message.extend_from_slice(b"\xc0\x0c\x00\x05\x00\x01\x00\x00\x00\x3c\x00\x03\x01B\x00");
        message.extend_from_slice(b"\xc0\x0c\x00\x41\x00\x01\x00\x00\x00\x3c\x00\x03\x00\x01\x00");
        message
    }

    #[test]
    fn targets_are_where_the_answer_leads_and_not_the_owner_itself() {
        let names: Vec<String> = targets(&answer()).map(|name| name.name().to_string()).collect();
        assert_eq!(names, ["b"]);
    }

    #[test]
    fn rdata_that_is_longer_or_shorter_than_its_names_is_refused() {
        let good = answer();
        let (_, found) = records(&good).unwrap();
        assert_eq!(check_rdata(&good, &found[0]), Ok(()));
        for rdata_len in [1, 2, 4] {
            let record = RecordAt { rdata_len, ..found[0] };
            assert!(check_rdata(&good, &record).is_err(), "{rdata_len}");
        }
    }

    #[test]
    fn a_name_that_would_change_with_a_ttl_or_with_the_case_of_the_question_is_refused() {
        let asked = answer();
        // To `www.a.` and to `a.`; into the label `www`, if it holds what can be read; to the TTL's first zero.
        for (to, label, said) in [
            (12, b"www", Ok(())),
            (16, b"www", Ok(())),
            (13, b"\x01w\x00", Err(MessageError::Loose)),
            (29, b"www", Err(MessageError::Loose)),
        ] {
            let mut message = asked.clone();
            message[13..16].copy_from_slice(label);
            message.splice(33..38, [0, 2, 0xc0, to]);
            let (_, found) = records(&message).unwrap();
            assert_eq!(check_names(&message, &found), said, "{to}");
        }
    }

    proptest! {
        #[test]
        fn no_octets_make_reading_panic(mut message in prop::collection::vec(any::<u8>(), 12..300), counts in prop::array::uniform3(0u8..4)) {
            message[4..12].copy_from_slice(&[0, 1, 0, counts[0], 0, counts[1], 0, counts[2]]);
            let _ = targets(&message).count();
            if let Ok((_, found)) = records(&message) {
                for record in &found {
                    let _ = check_rdata(&message, record);
                }
            }
        }
    }
}
