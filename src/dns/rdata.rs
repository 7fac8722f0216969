//! Types, classes, and the few RDATA forms that we write ourselves.

/// RR type numbers that the program speaks of (IANA DNS parameters).
pub mod rtype {
    pub const A: u16 = 1;
    pub const NS: u16 = 2;
    pub const CNAME: u16 = 5;
    pub const SOA: u16 = 6;
    pub const PTR: u16 = 12;
    pub const HINFO: u16 = 13;
    pub const MX: u16 = 15;
    pub const TXT: u16 = 16;
    pub const AAAA: u16 = 28;
    pub const SRV: u16 = 33;
    pub const DNAME: u16 = 39;
    pub const OPT: u16 = 41;
    pub const DS: u16 = 43;
    pub const RRSIG: u16 = 46;
    pub const NSEC: u16 = 47;
    pub const DNSKEY: u16 = 48;
    pub const NSEC3: u16 = 50;
    pub const SVCB: u16 = 64;
    pub const HTTPS: u16 = 65;
    pub const TSIG: u16 = 250;
    pub const IXFR: u16 = 251;
    pub const AXFR: u16 = 252;
    pub const ANY: u16 = 255;
}

/// Class IN.
pub const CLASS_IN: u16 = 1;
/// Class CH (CHAOS), for `version.bind` and its kin.
pub const CLASS_CH: u16 = 3;
/// Class ANY.
pub const CLASS_ANY: u16 = 255;

const NAMES: &[(u16, &str)] = &[
    (1, "A"),
    (2, "NS"),
    (5, "CNAME"),
    (6, "SOA"),
    (12, "PTR"),
    (13, "HINFO"),
    (15, "MX"),
    (16, "TXT"),
    (28, "AAAA"),
    (33, "SRV"),
    (35, "NAPTR"),
    (37, "CERT"),
    (39, "DNAME"),
    (41, "OPT"),
    (43, "DS"),
    (44, "SSHFP"),
    (46, "RRSIG"),
    (47, "NSEC"),
    (48, "DNSKEY"),
    (50, "NSEC3"),
    (51, "NSEC3PARAM"),
    (52, "TLSA"),
    (53, "SMIMEA"),
    (59, "CDS"),
    (60, "CDNSKEY"),
    (61, "OPENPGPKEY"),
    (64, "SVCB"),
    (65, "HTTPS"),
    (99, "SPF"),
    (251, "IXFR"),
    (252, "AXFR"),
    (255, "ANY"),
    (256, "URI"),
    (257, "CAA"),
];

/// An RR type as people write it: the mnemonic, else `TYPE65280` (RFC 3597 §5).
pub fn type_name(rtype: u16) -> std::borrow::Cow<'static, str> {
    NAMES
        .iter()
        .find(|(number, _)| *number == rtype)
        .map_or_else(|| format!("TYPE{rtype}").into(), |(_, name)| (*name).into())
}

/// Reads what [`type_name`] prints, in any case.
pub fn type_number(text: &str) -> Option<u16> {
    let upper = text.to_ascii_uppercase();
    NAMES
        .iter()
        .find(|(_, name)| *name == upper)
        .map(|(number, _)| *number)
        .or_else(|| upper.strip_prefix("TYPE")?.parse().ok())
}
