//! What an upstream's octets say: checked, and only what was asked for.

use super::Ask;
use super::alias::{self};
use super::wire::{MESSAGE_MAX, trim};
use crate::dns::compose::Composer;
use crate::dns::edns::{OPTION_EDE, options};
use crate::dns::header::Flags;
use crate::dns::message::{MessageError, RecordAt, Section, check_names, check_rdata, records};
use crate::dns::name::{HEADER, NameBuf};
use crate::dns::rcode::Rcode;
use crate::dns::rdata::CLASS_IN;
use crate::dns::rrset::{RrSet, Sections};
use crate::dns::rrtype::RrType;

/// Why an upstream's octets are not an answer to what was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Garbage {
    #[error("not a message: {0}")]
    Message(#[from] MessageError),
    #[error("another question than the one asked")]
    Question,
    #[error("a record of a class that was not asked for")]
    Class,
    #[error("OPT outside the additional section")]
    Misplaced,
    #[error("longer than a message can be once it is written anew")]
    TooLong,
}

/// What an upstream says, checked and without OPT and additional records.
pub(super) struct Taken {
    pub wire: Vec<u8>,
    /// RCODE, with the upper bits that the OPT record has.
    pub rcode: Rcode,
    pub ede: Option<u16>,
    /// RA of the upstream: without it, an NXDOMAIN from a recursive server means "blocked".
    pub recursion_available: bool,
    pub authoritative: bool,
}

/// Checks an upstream's octets against the question and takes what a client may have.
pub(super) fn take(ask: &Ask, octets: Vec<u8>) -> Result<Taken, Garbage> {
    let (question_end, found) = records(&octets)?;
    let mut name = NameBuf::new();
    let asked_at = name.fill_from_wire(&octets[HEADER..]).map_err(MessageError::from)? + HEADER;
    let tail = [ask.rtype.to_be_bytes(), ask.class.to_be_bytes()].concat();
    let flags = Flags::of(&octets);
    if !flags.has(Flags::QR) || name.name() != ask.name.as_name() || octets[asked_at..question_end] != tail {
        return Err(Garbage::Question);
    }
    let (mut rcode, mut ede) = (flags.rcode(), None);
    for record in &found {
        if record.rtype == RrType::OPT {
            if record.section != Section::Additional {
                return Err(Garbage::Misplaced);
            }
            rcode = Rcode::of(rcode.header_bits(), (record.ttl >> 24) as u8);
            ede = ede.or_else(|| first_ede(&octets[record.rdata_at()..record.end()]));
            continue;
        }
        if record.class != CLASS_IN {
            return Err(Garbage::Class);
        }
        check_rdata(&octets, record)?;
    }
    check_names(&octets, &found)?;
    let (recursion_available, authoritative) = (flags.has(Flags::RA), flags.has(Flags::AA));
    let wire = trim(ask, octets, question_end, &found);
    Ok(Taken { wire, rcode, ede, recursion_available, authoritative })
}

/// Leaves only what was asked for: the name and the aliases that lead on from it, and what says that there is
/// no more (RFC 5452 §6). Whatever else a forwarder puts into any section is nobody's word.
///
/// # Errors
/// What cannot be read.
pub(super) fn only_asked(ask: &Ask, wire: Vec<u8>) -> Result<Vec<u8>, Garbage> {
    let (_, found) = records(&wire)?;
    if is_only_asked(ask, &wire, &found) {
        return Ok(wire);
    }
    let Sections { answer, authority, .. } = Sections::of(&wire, &found)?;
    let aliases = match ask.rtype {
        RrType::ANY => Vec::new(),
        kind => alias::chain(&answer, ask.name.as_name(), kind),
    };
    let end = aliases.last().map_or(&ask.name, |alias| &alias.target).as_name();
    let mut composer = Composer::new(Flags::of(&wire), ask.name.as_name(), ask.rtype, ask.class);
    let mut written: Vec<&RrSet> = Vec::new();
    let mut put = |set: &'_ RrSet| composer.answer(set, set.ttl, ask.dnssec_ok);
    for alias in &aliases {
        let owner = alias.owner.as_name();
        let makes = |set: &&RrSet| {
            set.rtype == RrType::DNAME
                && alias.dname.is_some()
                && owner.is_at_or_below(set.owner.as_name())
                && set.first_name() == alias.dname
        };
        // RFC 2181 §5: a set is said once, though several aliases may be made from one DNAME.
        if let Some(dname) = answer.iter().find(makes)
            && !written.contains(&dname)
        {
            put(dname);
            written.push(dname);
        }
        if let Some(set) = answer.iter().find(|set| set.is(owner, RrType::CNAME)) {
            put(set);
        }
    }
    for set in &answer {
        let is_data = set.owner.as_name() == end && (set.rtype == ask.rtype || ask.rtype == RrType::ANY);
        // Who asks for an alias that was made from a DNAME gets both (RFC 6672 §3.1).
        let makes_alias = ask.rtype == RrType::CNAME
            && set.rtype == RrType::DNAME
            && set.owner.as_name() != end
            && end.is_at_or_below(set.owner.as_name());
        if is_data || makes_alias {
            put(set);
        }
    }
    for set in authority {
        let is_of_zone = set.rtype == RrType::SOA && end.is_at_or_below(set.owner.as_name());
        let is_proof = ask.dnssec_ok && matches!(set.rtype, RrType::NSEC | RrType::NSEC3);
        if is_of_zone || is_proof {
            composer.authority(&set, set.ttl, ask.dnssec_ok);
        }
    }
    if composer.len() > MESSAGE_MAX {
        return Err(Garbage::TooLong);
    }
    Ok(composer.finish())
}

/// Whether an answer has nothing but what was asked for, its aliases in order; most end here.
fn is_only_asked(ask: &Ask, wire: &[u8], found: &[RecordAt]) -> bool {
    let (mut here, mut owner) = (NameBuf::new(), NameBuf::new());
    if here.fill_from_wire(ask.name.as_name().wire()).is_err() {
        return false;
    }
    found.iter().all(|record| {
        if owner.fill_from_message(wire, record.owner).is_err() {
            return false;
        }
        match record.section {
            Section::Answer if owner.name() != here.name() => false,
            Section::Answer if record.rtype == ask.rtype || ask.rtype == RrType::ANY => true,
            Section::Answer if record.rtype == RrType::RRSIG => ask.dnssec_ok,
            Section::Answer => {
                record.rtype == RrType::CNAME && here.fill_from_message(wire, record.rdata_at()).is_ok()
            }
            Section::Authority => {
                record.rtype == RrType::SOA && here.name().is_at_or_below(owner.name())
                    || ask.dnssec_ok && matches!(record.rtype, RrType::NSEC | RrType::NSEC3 | RrType::RRSIG)
            }
            Section::Additional => false,
        }
    })
}

fn first_ede(rdata: &[u8]) -> Option<u16> {
    options(rdata)
        .flatten()
        .find(|(code, data)| *code == OPTION_EDE && data.len() >= 2)
        .map(|(_, data)| u16::from_be_bytes([data[0], data[1]]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dns::name::OwnedName;
    use crate::resolve::wire;

    #[test]
    fn an_alias_whose_name_would_change_with_its_ttl_is_not_taken() {
        let ask = Ask::new(OwnedName::parse("a").unwrap(), RrType::A);
        let answer = |to: u8| {
            let mut octets = wire::bare(&ask, Rcode::NO_ERROR, None).wire;
            octets[7] = 1;
            octets.extend_from_slice(b"\xc0\x0c\x00\x05\x00\x01\x00\x00\x01\x2c\x00\x02\xc0");
            octets.push(to);
            take(&ask, octets).map(|taken| taken.wire.len())
        };
        assert_eq!(answer(HEADER as u8), Ok(33));
        // The TTL's lower half reads as the label `,` until a second has gone.
        assert_eq!(answer(27), Err(Garbage::Message(MessageError::Loose)));
    }
}
