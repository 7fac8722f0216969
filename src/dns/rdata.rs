//! Classes, and the few RDATA forms that we read ourselves.

use std::net::IpAddr;

use super::rrtype::RrType;

/// Class IN.
pub const CLASS_IN: u16 = 1;
/// Class CH (CHAOS), for `version.bind` and its kin.
pub const CLASS_CH: u16 = 3;
/// Class ANY.
pub const CLASS_ANY: u16 = 255;

/// Octets of the shortest SOA: two names at the root, five numbers.
const SOA_MIN: usize = 2 + 5 * 4;

/// The address in the RDATA of an A or AAAA record.
pub fn address(rtype: RrType, rdata: &[u8]) -> Option<IpAddr> {
    match rtype {
        RrType::A => <[u8; 4]>::try_from(rdata).ok().map(IpAddr::from),
        RrType::AAAA => <[u8; 16]>::try_from(rdata).ok().map(IpAddr::from),
        _ => None,
    }
}

/// The last number of a SOA, which bounds the negative TTL (RFC 2308 §4); 0 where that is none.
pub fn soa_minimum(rdata: &[u8]) -> u32 {
    let minimum = rdata.last_chunk().filter(|_| rdata.len() >= SOA_MIN);
    minimum.map_or(0, |octets| u32::from_be_bytes(*octets))
}
