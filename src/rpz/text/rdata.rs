//! One record's data, from the words of a master file to octets.
//!
//! Types that rules are made of are read here; the others by the library, which knows them all. Any type
//! may be written as unknown (`\# 4 c0000201`, RFC 3597 §5).

use std::net::{Ipv4Addr, Ipv6Addr};

use hickory_proto::rr::{RData, RecordType};
use hickory_proto::serialize::binary::BinEncodable;

use super::lines::Word;
use super::name;
use crate::dns::name::Name;
use crate::dns::rrtype::RrType;

/// Octets of a character string (RFC 1035 §3.3).
const TEXT_MAX: usize = 255;
/// Octets of RDATA: its length has 16 bits.
const RDATA_MAX: usize = u16::MAX as usize;
/// Reads the data of a record of that type; `None` for what is none.
pub(super) fn read(rtype: RrType, words: &[Word<'_>], origin: Name<'_>) -> Option<Vec<u8>> {
    let rdata = match words {
        [first, rest @ ..] if first.text == "\\#" && !first.is_quoted => unknown(rest)?,
        _ => known(rtype, words, origin)?,
    };
    (rdata.len() <= RDATA_MAX).then_some(rdata)
}

fn known(rtype: RrType, words: &[Word<'_>], origin: Name<'_>) -> Option<Vec<u8>> {
    let texts: Vec<&str> = words.iter().map(|word| word.text).collect();
    let mut rdata = Vec::new();
    let target = |rdata: &mut Vec<u8>, text: &str| {
        rdata.extend_from_slice(name::absolute(text, origin)?.as_name().wire());
        Some(())
    };
    match (rtype, texts.as_slice()) {
        (RrType::A, [text]) => rdata.extend_from_slice(&text.parse::<Ipv4Addr>().ok()?.octets()),
        (RrType::AAAA, [text]) => rdata.extend_from_slice(&text.parse::<Ipv6Addr>().ok()?.octets()),
        (RrType::CNAME | RrType::NS | RrType::PTR | RrType::DNAME, [text]) => target(&mut rdata, text)?,
        (RrType::MX, [preference, text]) => {
            rdata.extend_from_slice(&preference.parse::<u16>().ok()?.to_be_bytes());
            target(&mut rdata, text)?;
        }
        (RrType::SRV, [numbers @ .., text]) if numbers.len() == 3 => {
            for number in numbers {
                rdata.extend_from_slice(&number.parse::<u16>().ok()?.to_be_bytes());
            }
            target(&mut rdata, text)?;
        }
        (RrType::SOA, [server, mailbox, numbers @ ..]) if numbers.len() == 5 => {
            target(&mut rdata, server)?;
            target(&mut rdata, mailbox)?;
            for number in numbers {
                rdata.extend_from_slice(&super::seconds(number)?.to_be_bytes());
            }
        }
        (RrType::TXT | RrType::SPF, [_, ..]) => {
            texts.iter().try_for_each(|text| character_string(text, &mut rdata))?
        }
        (RrType::A | RrType::AAAA | RrType::CNAME | RrType::NS | RrType::PTR | RrType::DNAME, _)
        | (RrType::MX | RrType::SRV | RrType::SOA | RrType::TXT | RrType::SPF, _)
        | (_, []) => return None,
        _ => rdata = by_the_library(rtype, words)?,
    }
    Some(rdata)
}

fn character_string(text: &str, rdata: &mut Vec<u8>) -> Option<()> {
    let length_at = rdata.len();
    rdata.push(0);
    let mut octets = text.bytes();
    while let Some(octet) = octets.next() {
        let octet = match octet {
            b'\\' => name::unescape(&mut octets)?,
            plain => plain,
        };
        rdata.push(octet);
    }
    let length = rdata.len() - length_at - 1;
    rdata[length_at] = u8::try_from(length).ok().filter(|_| length <= TEXT_MAX)?;
    Some(())
}

fn unknown(words: &[Word<'_>]) -> Option<Vec<u8>> {
    let (length, hex) = words.split_first()?;
    let hex: String = hex.iter().map(|word| word.text).collect();
    if !hex.is_ascii() || !hex.len().is_multiple_of(2) || length.text.parse() != Ok(hex.len() / 2) {
        return None;
    }
    let octet = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).ok();
    (0..hex.len()).step_by(2).map(octet).collect()
}

/// HTTPS, CAA, NAPTR and their kin. Names in them must be absolute.
fn by_the_library(rtype: RrType, words: &[Word<'_>]) -> Option<Vec<u8>> {
    let quote = |word: &Word<'_>| match word.is_quoted {
        true => format!("\"{}\"", word.text),
        false => word.text.to_owned(),
    };
    let text = words.iter().map(quote).collect::<Vec<_>>().join(" ");
    let rdata = RData::try_from_str(RecordType::from(rtype.number()), &text).ok()?;
    rdata.to_bytes().ok()
}
