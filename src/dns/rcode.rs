//! Response codes.

use std::fmt;

/// A response code, also one that needs the upper bits of the OPT record (RFC 1035 §4.1.1, RFC 6891 §6.1.3).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Rcode(u16);

impl Rcode {
    pub const NO_ERROR: Self = Self(0);
    pub const FORM_ERR: Self = Self(1);
    pub const SERV_FAIL: Self = Self(2);
    pub const NX_DOMAIN: Self = Self(3);
    pub const NOT_IMP: Self = Self(4);
    pub const REFUSED: Self = Self(5);
    /// A DNAME leads to a name that is too long (RFC 6672 §2.2).
    pub const YX_DOMAIN: Self = Self(6);
    /// The server is not responsible, or does not know the key (RFC 8945 §5.2).
    pub const NOT_AUTH: Self = Self(9);
    /// The EDNS version is not known.
    pub const BAD_VERS: Self = Self(16);
    /// The cookie is not the server's (RFC 7873 §5.3).
    pub const BAD_COOKIE: Self = Self(23);

    /// From the four bits of a header and the eight of an OPT record's TTL field.
    pub fn of(header: u8, opt: u8) -> Self {
        Self(u16::from(opt) << 4 | u16::from(header & 0x0f))
    }

    /// The four bits that stand in the header.
    pub fn header_bits(self) -> u8 {
        self.0 as u8 & 0x0f
    }

    /// The eight bits that stand in the OPT record.
    pub fn opt_bits(self) -> u8 {
        (self.0 >> 4) as u8
    }
}

/// The mnemonic, else `RCODE 11`.
impl fmt::Display for Rcode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match *self {
            Self::NO_ERROR => "NOERROR",
            Self::FORM_ERR => "FORMERR",
            Self::SERV_FAIL => "SERVFAIL",
            Self::NX_DOMAIN => "NXDOMAIN",
            Self::NOT_IMP => "NOTIMP",
            Self::REFUSED => "REFUSED",
            Self::YX_DOMAIN => "YXDOMAIN",
            Self::NOT_AUTH => "NOTAUTH",
            Self::BAD_VERS => "BADVERS",
            Self::BAD_COOKIE => "BADCOOKIE",
            Self(other) => return write!(f, "RCODE {other}"),
        })
    }
}

impl fmt::Debug for Rcode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_are_put_together_and_taken_apart() {
        for (header, opt, rcode, text) in [
            (0, 0, Rcode::NO_ERROR, "NOERROR"),
            (0x85, 0, Rcode::REFUSED, "REFUSED"),
            (0, 1, Rcode::BAD_VERS, "BADVERS"),
            (7, 1, Rcode::BAD_COOKIE, "BADCOOKIE"),
            (15, 255, Rcode(4095), "RCODE 4095"),
        ] {
            assert_eq!(Rcode::of(header, opt), rcode);
            assert_eq!((rcode.header_bits(), rcode.opt_bits()), (header & 15, opt));
            assert_eq!(rcode.to_string(), text);
        }
    }
}
