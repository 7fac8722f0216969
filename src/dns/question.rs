//! One query, read in place: the header, one question, and the OPT record if there is one.
//!
//! Reads what RFC 1035 §4.1 and RFC 6891 say and nothing more; the rest of the packet is skipped by
//! its lengths. What cannot be answered with a normal answer says so in a [`Refused`], together with
//! what is needed to write the refusal.

use std::fmt;

use super::edns::{Edns, IdleTime, Keepalive};
use super::header::{Flags, QUERY};
use super::name::{HEADER, Name, NameBuf};
use super::rdata::CLASS_IN;
use super::rrtype::RrType;

/// A query that can be answered.
#[derive(Clone)]
pub struct Question<'p> {
    /// The whole packet.
    pub packet: &'p [u8],
    /// Octets of header and question section: the question ends here.
    pub end: usize,
    /// Asked name, lower-case.
    pub name: NameBuf,
    /// Asked type.
    pub rtype: RrType,
    /// Asked class.
    pub class: u16,
    /// The OPT record, if any.
    pub edns: Option<Edns>,
    /// What the answer's OPT says of how long the connection may be idle; `None`: nothing.
    pub idle_time: Option<IdleTime>,
}

/// Why a packet gets no normal answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// Not a query at all (too short, or QR set): no answer, or loops could start.
    Silent,
    /// FORMERR: it cannot be read.
    FormErr,
    /// NOTIMP: an opcode other than QUERY.
    NotImp,
    /// BADVERS: an EDNS version other than 0 (RFC 6891 §6.1.3).
    BadVers,
    /// REFUSED: AXFR or IXFR, or a class that is neither IN nor asked for by the server's identity.
    Refused,
}

impl fmt::Display for Refused {
    /// The RCODE's name.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Silent => "no answer",
            Self::FormErr => "FORMERR",
            Self::NotImp => "NOTIMP",
            Self::BadVers => "BADVERS",
            Self::Refused => "REFUSED",
        })
    }
}

impl<'p> Question<'p> {
    /// Reads a packet.
    ///
    /// # Errors
    /// What [`Refused`] says.
    pub fn parse(packet: &'p [u8]) -> Result<Self, Refused> {
        let question = Self::read(packet)?;
        if question.edns.is_some_and(|edns| edns.version != 0) {
            return Err(Refused::BadVers);
        }
        match question.rtype {
            RrType::OPT => Err(Refused::FormErr),
            RrType::AXFR | RrType::IXFR => Err(Refused::Refused),
            _ => Ok(question),
        }
    }

    /// Reads a packet, whatever it asks: what is needed to answer one that [`parse`](Self::parse)
    /// turns down for what it says, with its question and its OPT (RFC 6891 §6.1.1).
    ///
    /// # Errors
    /// Only for the octets and the opcode.
    pub fn read(packet: &'p [u8]) -> Result<Self, Refused> {
        if packet.len() < HEADER || Flags::of(packet).has(Flags::QR) {
            return Err(Refused::Silent);
        }
        if Flags::of(packet).opcode() != QUERY {
            return Err(Refused::NotImp);
        }
        let count = |at: usize| u16::from_be_bytes([packet[at], packet[at + 1]]);
        // One question exactly (RFC 9619); answers do not belong into a query.
        if count(4) != 1 || count(6) != 0 {
            return Err(Refused::FormErr);
        }
        let mut name = NameBuf::new();
        let used = name.fill_from_wire(&packet[HEADER..]).map_err(|_| Refused::FormErr)?;
        let fixed = HEADER + used;
        let end = fixed + 4;
        let tail = packet.get(fixed..end).ok_or(Refused::FormErr)?;
        let asked_type = RrType::from_be_bytes([tail[0], tail[1]]);
        let class = u16::from_be_bytes([tail[2], tail[3]]);
        // Nor do authorities, but for the SOA that the asker of an IXFR has (RFC 1995 §3).
        let authorities = count(8);
        if authorities > u16::from(asked_type == RrType::IXFR) {
            return Err(Refused::FormErr);
        }
        let edns = additional(packet, end, authorities, count(10))?;
        Ok(Self { packet, end, name, rtype: asked_type, class, edns, idle_time: None })
    }

    /// Notes that it came over a connection that may be idle for so long: the answer says so if the client
    /// asks (RFC 7828 §3.3.2).
    pub fn came_over_stream(&mut self, idle_time: IdleTime) {
        self.idle_time = (self.keepalive() == Keepalive::Asked).then_some(idle_time);
    }

    /// Message id.
    pub fn id(&self) -> u16 {
        u16::from_be_bytes([self.packet[0], self.packet[1]])
    }

    /// Asked name.
    pub fn name(&self) -> Name<'_> {
        self.name.name()
    }

    /// Recursion desired.
    pub fn recursion_desired(&self) -> bool {
        Flags::of(self.packet).has(Flags::RD)
    }

    /// Authentic data wanted (RFC 6840 §5.7).
    pub fn authentic_data(&self) -> bool {
        Flags::of(self.packet).has(Flags::AD)
    }

    /// Checking disabled (RFC 4035 §3.2.2).
    pub fn checking_disabled(&self) -> bool {
        Flags::of(self.packet).has(Flags::CD)
    }

    /// DNSSEC OK (RFC 3225).
    pub fn dnssec_ok(&self) -> bool {
        self.edns.is_some_and(|edns| edns.dnssec_ok)
    }

    /// Whether the client asks how long its connection may be idle.
    pub fn keepalive(&self) -> Keepalive {
        self.edns.map_or(Keepalive::NotAsked, |edns| edns.keepalive)
    }

    /// Octets that an answer over UDP may have.
    pub fn udp_limit(&self) -> usize {
        self.edns.map_or(512, |edns| edns.payload as usize)
    }

    /// Whether the class is IN.
    pub fn is_internet(&self) -> bool {
        self.class == CLASS_IN
    }
}

/// Records of the additional section that a query may hold: OPT, TSIG or SIG(0), and one to spare.
const ADDITIONAL_MAX: u16 = 3;

/// Reads the records from `at` on, the first `before` of which stand before the additional section.
fn additional(packet: &[u8], mut at: usize, before: u16, count: u16) -> Result<Option<Edns>, Refused> {
    if count > ADDITIONAL_MAX {
        return Err(Refused::FormErr);
    }
    let mut edns = None;
    for number in 0..before + count {
        // The owner of the usual one, an OPT record, is the root in one octet.
        let is_short_root = packet.get(at) == Some(&0);
        let (fixed, is_root) = if is_short_root { (at + 1, true) } else { owner_at(packet, at)? };
        let head = packet.get(fixed..fixed + 10).ok_or(Refused::FormErr)?;
        let rtype = RrType::from_be_bytes([head[0], head[1]]);
        let class = u16::from_be_bytes([head[2], head[3]]);
        let ttl = u32::from_be_bytes([head[4], head[5], head[6], head[7]]);
        let len = u16::from_be_bytes([head[8], head[9]]) as usize;
        let rdata = packet.get(fixed + 10..fixed + 10 + len).ok_or(Refused::FormErr)?;
        at = fixed + 10 + len;
        if rtype == RrType::OPT && number >= before {
            // One OPT at the root (RFC 6891 §6.1.1).
            if edns.is_some() || !is_root {
                return Err(Refused::FormErr);
            }
            edns = Some(Edns::read(class, ttl, rdata).ok_or(Refused::FormErr)?);
        }
    }
    Ok(edns)
}

/// Where the owner of a record ends, and whether it is the root.
fn owner_at(packet: &[u8], at: usize) -> Result<(usize, bool), Refused> {
    let mut owner = NameBuf::new();
    let end = owner.fill_from_message(packet, at).map_err(|_| Refused::FormErr)?;
    Ok((end, owner.name().is_root()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `www.Example. A`, RD set, EDNS.
    const QUERY: &[u8] =
        b"\xab\xcd\x01\0\0\x01\0\0\0\0\0\x01\x03www\x07Example\0\0\x01\0\x01\0\0\x29\x04\xd0\0\0\x80\0\0\0";
    /// Where its question ends and its OPT record begins.
    const END: usize = 29;

    fn changed(change: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
        let mut packet = QUERY.to_vec();
        change(&mut packet);
        packet
    }

    /// The query as an IXFR with this many SOA records in its authority section (RFC 1995 §3).
    fn ixfr(authorities: u8) -> Vec<u8> {
        changed(|p| {
            (p[26], p[9]) = (251, authorities);
            let soa = [b"\xc0\x0c\0\x06\0\x01\0\0\0\0\0\x16\0\0".as_slice(), &[0; 20]].concat();
            p.splice(END..END, soa.repeat(authorities.into()));
        })
    }

    #[test]
    fn odd_queries_get_their_own_refusals() {
        let refused = |change: fn(&mut Vec<u8>)| Question::parse(&changed(change)).err();
        assert_eq!(refused(|_| {}), None);
        assert_eq!(refused(|p| p[2] |= 0x80), Some(Refused::Silent));
        assert_eq!(refused(|p| p.truncate(11)), Some(Refused::Silent));
        assert_eq!(refused(|p| p[2] |= 0x20), Some(Refused::NotImp));
        assert_eq!(refused(|p| p[5] = 2), Some(Refused::FormErr));
        assert_eq!(refused(|p| p[5] = 0), Some(Refused::FormErr));
        assert_eq!(refused(|p| p[7] = 1), Some(Refused::FormErr));
        assert_eq!(refused(|p| p[9] = 1), Some(Refused::FormErr));
        assert_eq!(refused(|p| p.truncate(30)), Some(Refused::FormErr));
        assert_eq!(refused(|p| p[12] = 0xc0), Some(Refused::FormErr));
        assert_eq!(refused(|p| p[26] = 41), Some(Refused::FormErr));
        assert_eq!(refused(|p| p[35] = 1), Some(Refused::BadVers));
        assert_eq!(refused(|p| p[26] = 252), Some(Refused::Refused));
    }

    #[test]
    fn what_is_turned_down_for_what_it_says_can_be_read_all_the_same() {
        for (change, version) in [((|p| p[35] = 1) as fn(&mut Vec<u8>), 1), (|p| p[26] = 252, 0)] {
            let packet = changed(change);
            let question = Question::read(&packet).unwrap();
            assert_eq!((question.name().to_string().as_str(), question.end), ("www.example", END));
            assert_eq!(question.edns.map(|edns| edns.version), Some(version));
        }
    }

    #[test]
    fn the_asker_of_an_ixfr_may_say_what_it_has() {
        for (authorities, refused) in [(0, Refused::Refused), (1, Refused::Refused), (2, Refused::FormErr)] {
            assert_eq!(Question::parse(&ixfr(authorities)).err(), Some(refused), "{authorities} SOA");
        }
        let packet = ixfr(1);
        assert!(Question::read(&packet).unwrap().dnssec_ok(), "the OPT after the SOA is found");
        // An OPT record counts in the additional section only.
        let packet = changed(|p| (p[26], p[9], p[11]) = (251, 1, 0));
        assert_eq!(Question::read(&packet).unwrap().edns, None);
    }
}
