//! Writing a zone as a master file: what is kept on disk, for us and for any other program to read.

use std::fmt::Write;
use std::net::{Ipv4Addr, Ipv6Addr};

use super::name;
use crate::dns::name::{Name, NameBuf};
use crate::dns::rrtype::RrType;
use crate::rpz::content::{Content, Record};

/// The zone's text: SOA first (RFC 1035 §5.2), each record on a line of its own, names in full.
pub fn print(content: &Content) -> String {
    let mut out = String::from("$ORIGIN ");
    absolute(content.apex(), &mut out);
    out.push('\n');
    if let Some(soa) = content.soa_record() {
        line("@", soa, &mut out);
    }
    let mut owner = String::new();
    for (name, records) in content.owners() {
        owner.clear();
        name::print(name, &mut owner);
        let owner = if name.is_root() { "@" } else { owner.as_str() };
        for record in records.iter().filter(|record| record.rtype != RrType::SOA) {
            line(owner, record, &mut out);
        }
    }
    out
}

fn line(owner: &str, record: &Record, out: &mut String) {
    write!(out, "{owner} {} IN {} ", record.ttl, record.rtype).expect("a string takes all");
    if !readable(record, out) {
        write!(out, "\\# {} ", record.rdata.len()).expect("a string takes all");
        record.rdata.iter().for_each(|octet| write!(out, "{octet:02x}").expect("a string takes all"));
    }
    out.push('\n');
}

/// Writes the data of types that most rules have; the others as unknown (RFC 3597 §5).
fn readable(record: &Record, out: &mut String) -> bool {
    match record.rtype {
        RrType::A => match <[u8; 4]>::try_from(&*record.rdata) {
            Ok(octets) => out.push_str(&Ipv4Addr::from(octets).to_string()),
            Err(_) => return false,
        },
        RrType::AAAA => match <[u8; 16]>::try_from(&*record.rdata) {
            Ok(octets) => out.push_str(&Ipv6Addr::from(octets).to_string()),
            Err(_) => return false,
        },
        RrType::CNAME => {
            let mut target = NameBuf::new();
            if target.fill_from_wire(&record.rdata) != Ok(record.rdata.len()) {
                return false;
            }
            absolute(target.name(), out);
        }
        _ => return false,
    }
    true
}

fn absolute(name: Name<'_>, out: &mut String) {
    name::print(name, out);
    out.push('.');
}
