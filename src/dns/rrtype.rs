//! RR types.

use std::fmt;
use std::str::FromStr;

/// An RR type (RFC 1035 §3.2.2, IANA DNS parameters); any number is one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RrType(u16);

macro_rules! known {
    ($($name:ident = $number:literal)*; $($more:literal = $text:literal)*) => {
        /// Those that the program speaks of.
        impl RrType {
            $(pub const $name: Self = Self($number);)*
        }

        /// Mnemonics, for those besides that people ask for too.
        const NAMES: &[(RrType, &str)] =
            &[$((RrType::$name, stringify!($name)),)* $((RrType($more), $text),)*];
    };
}

known! {
    A = 1
    NS = 2
    MD = 3
    MF = 4
    CNAME = 5
    SOA = 6
    MB = 7
    MG = 8
    MR = 9
    PTR = 12
    HINFO = 13
    MINFO = 14
    MX = 15
    TXT = 16
    RP = 17
    AFSDB = 18
    RT = 21
    SIG = 24
    PX = 26
    AAAA = 28
    NXT = 30
    SRV = 33
    NAPTR = 35
    KX = 36
    A6 = 38
    DNAME = 39
    OPT = 41
    DS = 43
    RRSIG = 46
    NSEC = 47
    DNSKEY = 48
    NSEC3 = 50
    NSEC3PARAM = 51
    ZONEMD = 63
    SVCB = 64
    HTTPS = 65
    SPF = 99
    NXNAME = 128
    TSIG = 250
    IXFR = 251
    AXFR = 252
    ANY = 255
    ;
    37 = "CERT"
    44 = "SSHFP"
    52 = "TLSA"
    53 = "SMIMEA"
    59 = "CDS"
    60 = "CDNSKEY"
    61 = "OPENPGPKEY"
    256 = "URI"
    257 = "CAA"
}

impl RrType {
    /// Type 0, which no record has (RFC 6895 §3.1).
    pub const RESERVED: Self = Self(0);

    /// Whether it is a type of no data: OPT, and those that only questions have (RFC 6895 §3.1).
    pub fn is_meta(self) -> bool {
        matches!(self.0, 41 | 128..=255)
    }

    /// The number.
    pub fn number(self) -> u16 {
        self.0
    }

    /// As it stands in a message.
    pub fn to_be_bytes(self) -> [u8; 2] {
        self.0.to_be_bytes()
    }

    /// From a message.
    pub fn from_be_bytes(octets: [u8; 2]) -> Self {
        Self(u16::from_be_bytes(octets))
    }
}

impl From<u16> for RrType {
    fn from(number: u16) -> Self {
        Self(number)
    }
}

/// As people write it: the mnemonic, else `TYPE65280` (RFC 3597 §5).
impl fmt::Display for RrType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match NAMES.iter().find(|(rtype, _)| rtype == self) {
            Some((_, name)) => f.pad(name),
            None => write!(f, "TYPE{}", self.0),
        }
    }
}

impl fmt::Debug for RrType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A text that names no RR type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAType;

/// Reads what is printed, in any case.
impl FromStr for RrType {
    type Err = NotAType;

    fn from_str(text: &str) -> Result<Self, NotAType> {
        let known = NAMES.iter().find(|(_, name)| name.eq_ignore_ascii_case(text));
        let by_number = || {
            let (head, number) = text.split_at_checked(4)?;
            head.eq_ignore_ascii_case("TYPE").then(|| number.parse().ok().map(Self))?
        };
        known.map(|(rtype, _)| *rtype).or_else(by_number).ok_or(NotAType)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_printed_reads_back_in_any_case() {
        for number in 0..=u16::MAX {
            let rtype = RrType::from(number);
            assert_eq!(rtype.to_string().parse(), Ok(rtype));
            assert_eq!(rtype.to_string().to_ascii_lowercase().parse(), Ok(rtype));
        }
        for text in ["", "B", "TYPE", "TYPE65536", "TYPEA", "Đ", "AAAAA"] {
            assert_eq!(text.parse::<RrType>(), Err(NotAType), "{text}");
        }
    }
}
