//! Names and numbers of types and codes, and the bitmaps made of types (RFC 4034 §4.1.2).

pub const A: u16 = 1;
pub const NS: u16 = 2;
pub const CNAME: u16 = 5;
pub const SOA: u16 = 6;
pub const AAAA: u16 = 28;
pub const DNAME: u16 = 39;
pub const OPT: u16 = 41;
pub const DS: u16 = 43;
pub const RRSIG: u16 = 46;
pub const NSEC: u16 = 47;
pub const DNSKEY: u16 = 48;
pub const NSEC3: u16 = 50;
pub const NSEC3PARAM: u16 = 51;
pub const ANY: u16 = 255;

const TYPES: &[(&str, u16)] = &[
    ("A", A),
    ("NS", NS),
    ("CNAME", CNAME),
    ("SOA", SOA),
    ("PTR", 12),
    ("HINFO", 13),
    ("MX", 15),
    ("TXT", 16),
    ("AAAA", AAAA),
    ("SRV", 33),
    ("DNAME", DNAME),
    ("DS", DS),
    ("RRSIG", RRSIG),
    ("NSEC", NSEC),
    ("DNSKEY", DNSKEY),
    ("NSEC3", NSEC3),
    ("NSEC3PARAM", NSEC3PARAM),
    ("HTTPS", 65),
    ("ANY", ANY),
    ("CAA", 257),
];

const RCODES: &[(&str, u8)] = &[
    ("NOERROR", 0),
    ("FORMERR", 1),
    ("SERVFAIL", 2),
    ("NXDOMAIN", 3),
    ("NOTIMP", 4),
    ("REFUSED", 5),
    ("YXDOMAIN", 6),
    ("NOTAUTH", 9),
];

/// `A`, or `TYPE65280` (RFC 3597 §5); `None` if it is no type.
pub fn rtype(text: &str) -> Option<u16> {
    let known = TYPES.iter().find(|(name, _)| *name == text).map(|(_, number)| *number);
    known.or_else(|| text.strip_prefix("TYPE")?.parse().ok())
}

pub fn type_name(rtype: u16) -> String {
    let known = TYPES.iter().find(|(_, number)| *number == rtype);
    known.map_or_else(|| format!("TYPE{rtype}"), |(name, _)| (*name).to_owned())
}

pub fn rcode(text: &str) -> Option<u8> {
    RCODES.iter().find(|(name, _)| *name == text).map(|(_, number)| *number)
}

pub fn rcode_name(rcode: u8) -> String {
    let known = RCODES.iter().find(|(_, number)| *number == rcode);
    known.map_or_else(|| format!("RCODE{rcode}"), |(name, _)| (*name).to_owned())
}

pub fn bitmap(types: impl Iterator<Item = u16>) -> Vec<u8> {
    let mut types: Vec<u16> = types.collect();
    types.sort_unstable();
    let mut map = Vec::new();
    for window in types.chunk_by(|a, b| a >> 8 == b >> 8) {
        let mut bits = vec![0u8; usize::from(window.last().unwrap() & 255) / 8 + 1];
        for rtype in window {
            bits[usize::from(rtype & 255) / 8] |= 0x80 >> (rtype & 7);
        }
        map.extend([(window[0] >> 8) as u8, bits.len() as u8]);
        map.extend(bits);
    }
    map
}
