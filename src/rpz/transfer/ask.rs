//! Questions to a primary: what serial it has, what changed, the whole zone.

use crate::dns::header::{Flags, Header};
use crate::dns::message::{Section, records};
use crate::dns::name::{HEADER, Name, NameBuf};
use crate::dns::rcode::Rcode;
use crate::dns::rdata::CLASS_IN;
use crate::dns::rrset::written_out;
use crate::dns::rrtype::RrType;
use crate::rpz::content::Soa;

use super::Failed;

fn question(id: u16, apex: Name<'_>, rtype: RrType, authorities: u16) -> Vec<u8> {
    let header = Header { id, flags: Flags::default(), counts: [1, 0, authorities, 0] };
    let mut message = header.octets().to_vec();
    message.extend_from_slice(apex.wire());
    message.extend_from_slice(&rtype.to_be_bytes());
    message.extend_from_slice(&CLASS_IN.to_be_bytes());
    message
}

/// Asks for the SOA.
pub fn soa(id: u16, apex: Name<'_>) -> Vec<u8> {
    question(id, apex, RrType::SOA, 0)
}

/// Asks for the whole zone (RFC 5936 §2.1).
pub fn axfr(id: u16, apex: Name<'_>) -> Vec<u8> {
    question(id, apex, RrType::AXFR, 0)
}

/// Asks for what changed since `serial` (RFC 1995 §3).
pub fn ixfr(id: u16, apex: Name<'_>, serial: u32) -> Vec<u8> {
    let mut message = question(id, apex, RrType::IXFR, 1);
    message.extend_from_slice(&[0xc0, HEADER as u8]);
    message.extend_from_slice(&RrType::SOA.to_be_bytes());
    message.extend_from_slice(&CLASS_IN.to_be_bytes());
    message.extend_from_slice(&[0, 0, 0, 0, 0, 22, 0, 0]);
    message.extend_from_slice(&serial.to_be_bytes());
    message.extend_from_slice(&[0; 16]);
    message
}

/// The serial in the answer to [`soa`].
///
/// # Errors
/// Why it says none.
pub fn serial(message: &[u8], id: u16, apex: Name<'_>) -> Result<u32, Failed> {
    let (_, found) = records(message)?;
    if message[..2] != id.to_be_bytes() || !Flags::of(message).is_response() {
        return Err(Failed::Mismatch);
    }
    match Flags::of(message).rcode() {
        Rcode::NO_ERROR => {}
        rcode => return Err(Failed::Rcode(rcode)),
    }
    let mut name = NameBuf::new();
    let soa = found.iter().find(|record| {
        let is_soa = record.section == Section::Answer && record.rtype == RrType::SOA;
        is_soa && name.fill_from_message(message, record.owner).is_ok() && name.name() == apex
    });
    let rdata = written_out(message, soa.ok_or(Failed::NoSoa)?)?;
    Soa::read(&rdata).map(|soa| soa.serial).ok_or(Failed::NoSoa)
}
