//! The header of a message (RFC 1035 §4.1.1).

use std::ops::BitOr;

use super::name::HEADER;
use super::rcode::Rcode;

/// The second 16 bits of a header: flags, OPCODE, and the lower bits of the RCODE.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flags(u16);

/// OPCODE QUERY.
pub const QUERY: u8 = 0;
/// OPCODE NOTIFY (RFC 1996).
pub const NOTIFY: u8 = 4;

const OPCODE: u16 = 0x7800;
const RCODE: u16 = 0x000f;

impl Flags {
    /// A response.
    pub const QR: Self = Self(0x8000);
    /// Authoritative answer.
    pub const AA: Self = Self(0x0400);
    /// Truncation.
    pub const TC: Self = Self(0x0200);
    /// Recursion desired.
    pub const RD: Self = Self(0x0100);
    /// Recursion available.
    pub const RA: Self = Self(0x0080);
    /// Authentic data (RFC 4035 §3.2.3).
    pub const AD: Self = Self(0x0020);
    /// Checking disabled (RFC 4035 §3.2.2).
    pub const CD: Self = Self(0x0010);
    /// What a resolver's response has: QR, RD, RA.
    pub const RESPONSE: Self = Self(Self::QR.0 | Self::RD.0 | Self::RA.0);

    /// Those of a message, which must have a header.
    pub fn of(message: &[u8]) -> Self {
        Self(u16::from_be_bytes([message[2], message[3]]))
    }

    /// Writes them into a message, which must have a header.
    pub fn put(self, message: &mut [u8]) {
        message[2..4].copy_from_slice(&self.octets());
    }

    /// As they stand in a message.
    pub fn octets(self) -> [u8; 2] {
        self.0.to_be_bytes()
    }

    /// Whether one of `flags` is set.
    pub fn has(self, flags: Self) -> bool {
        self.0 & flags.0 != 0
    }

    /// Those of them that are among `flags`.
    pub fn only(self, flags: Self) -> Self {
        Self(self.0 & flags.0)
    }

    /// `self` where `condition` holds, else nothing.
    pub fn when(self, condition: bool) -> Self {
        if condition { self } else { Self::default() }
    }

    /// OPCODE.
    pub fn opcode(self) -> u8 {
        ((self.0 & OPCODE) >> 11) as u8
    }

    /// OPCODE alone, to be copied into a response.
    pub fn only_opcode(self) -> Self {
        Self(self.0 & OPCODE)
    }

    /// Whether it is a response, to a query of OPCODE QUERY.
    pub fn is_response(self) -> bool {
        self.has(Self::QR) && self.opcode() == QUERY
    }

    /// The RCODE as far as it stands here.
    pub fn rcode(self) -> Rcode {
        Rcode::of(self.0 as u8, 0)
    }

    /// The same with the bits of `rcode` that stand here.
    pub fn with_rcode(self, rcode: Rcode) -> Self {
        Self(self.0 & !RCODE | u16::from(rcode.header_bits()))
    }
}

impl BitOr for Flags {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// A whole header.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Header {
    /// Id.
    pub id: u16,
    /// Flags, OPCODE, RCODE.
    pub flags: Flags,
    /// Questions, and records of the answer, authority and additional sections.
    pub counts: [u16; 4],
}

impl Header {
    /// Reads the header of a message; `None` where it is too short for one.
    pub fn read(message: &[u8]) -> Option<Self> {
        let head: &[u8; HEADER] = message.first_chunk()?;
        let word = |at: usize| u16::from_be_bytes([head[at], head[at + 1]]);
        Some(Self { id: word(0), flags: Flags::of(head), counts: [word(4), word(6), word(8), word(10)] })
    }

    /// As it stands in a message.
    pub fn octets(&self) -> [u8; HEADER] {
        let [questions, answers, authorities, additionals] = self.counts.map(u16::to_be_bytes);
        let mut octets = [0; HEADER];
        let words =
            [self.id.to_be_bytes(), self.flags.octets(), questions, answers, authorities, additionals];
        octets.as_chunks_mut().0.copy_from_slice(&words);
        octets
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_reads_back_as_it_was_written() {
        let octets = [0xab, 0xcd, 0x85, 0xb3, 0, 1, 0, 2, 0, 3, 1, 4];
        let header = Header::read(&octets).unwrap();
        assert_eq!(header.id, 0xabcd);
        assert_eq!(header.counts, [1, 2, 3, 260]);
        assert_eq!(header.octets(), octets);
        assert_eq!(Header::read(&octets[..11]), None);
        let Header { flags, .. } = header;
        for flag in [Flags::QR, Flags::AA, Flags::RD, Flags::RA, Flags::AD, Flags::CD] {
            assert!(flags.has(flag), "{flag:?}");
        }
        assert!(!flags.has(Flags::TC));
        assert_eq!(flags.rcode(), Rcode::NX_DOMAIN);
        assert_eq!(
            flags.with_rcode(Rcode::BAD_VERS).rcode(),
            Rcode::NO_ERROR,
            "its upper bits are in the OPT"
        );
        assert!(flags.is_response());
        let notify = Flags::of(&[0, 0, 0x24, 0]);
        assert_eq!(notify.opcode(), NOTIFY);
        assert!(!(notify | Flags::QR).is_response());
    }
}
