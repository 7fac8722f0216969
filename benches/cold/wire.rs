//! Just enough of DNS packets: a question is read, an answer is put together.

use std::fmt;
use std::net::Ipv4Addr;

pub const A: u16 = 1;
pub const NS: u16 = 2;
pub const CNAME: u16 = 5;
pub const SOA: u16 = 6;
const OPT: u16 = 41;

/// Octets of a header.
pub const HEADER: usize = 12;
/// How long everything may be kept.
const TTL: u32 = 86_400;
/// Octets of the longest UDP answer, as we tell who asks.
const PAYLOAD: u16 = 1232;

/// A name in wire form, in lower case.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Name(Vec<u8>);

impl Name {
    /// From text without a dot at the end; the root is empty.
    pub fn of(text: &str) -> Self {
        let mut wire = Vec::with_capacity(text.len() + 2);
        for label in text.split('.').filter(|label| !label.is_empty()) {
            wire.push(label.len() as u8);
            wire.extend_from_slice(label.as_bytes());
        }
        wire.push(0);
        Self(wire)
    }

    /// This name, then those above it, the root last.
    pub fn ancestors(&self) -> impl Iterator<Item = Self> {
        let mut at = Some(0);
        std::iter::from_fn(move || {
            let here = at?;
            let length = usize::from(self.0[here]);
            at = (length > 0).then_some(here + 1 + length);
            Some(Self(self.0[here..].to_vec()))
        })
    }

    pub fn is_within(&self, apex: &Self) -> bool {
        self.ancestors().any(|above| above == *apex)
    }

    /// The name above, and the first label.
    pub fn split(&self) -> Option<(&[u8], Self)> {
        let length = usize::from(self.0[0]);
        (length > 0).then(|| (&self.0[1..=length], Self(self.0[1 + length..].to_vec())))
    }

    /// Octets in wire form.
    pub fn wire(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = Some(self.clone());
        while let Some((label, above)) = rest.as_ref().and_then(Name::split) {
            write!(f, "{}.", String::from_utf8_lossy(label))?;
            rest = Some(above);
        }
        Ok(())
    }
}

/// What was asked.
pub struct Question {
    pub name: Name,
    pub kind: u16,
    /// Where the question ends in the packet.
    end: usize,
    edns: bool,
}

impl Question {
    /// `None` for what is no query with one question.
    pub fn read(packet: &[u8]) -> Option<Self> {
        if packet.len() < HEADER + 5 || packet[2] & 0xF8 != 0 || packet[4..6] != [0, 1] {
            return None;
        }
        let mut at = HEADER;
        loop {
            match *packet.get(at)? {
                0 => break,
                length if length < 64 => at += 1 + usize::from(length),
                _ => return None,
            }
        }
        // Lengths are below 64, so lower case leaves them as they are.
        let name = Name(packet[HEADER..=at].to_ascii_lowercase());
        let kind = u16::from_be_bytes(packet.get(at + 1..at + 3)?.try_into().ok()?);
        Some(Self { name, kind, end: at + 5, edns: packet[10..12] != [0, 0] })
    }
}

/// The parts of an answer, in order.
#[derive(Clone, Copy)]
pub enum Section {
    Answer = 0,
    Authority = 1,
    Additional = 2,
}

/// An answer in the making.
pub struct Reply<'q> {
    question: &'q Question,
    packet: Vec<u8>,
    counts: [u16; 3],
}

impl<'q> Reply<'q> {
    pub fn to(packet: &[u8], question: &'q Question, authoritative: bool, code: u8) -> Self {
        let mut reply = Vec::with_capacity(512);
        reply.extend_from_slice(&packet[..question.end.min(packet.len())]);
        reply[2] = 0x80 | if authoritative { 4 } else { 0 } | packet[2] & 1;
        reply[3] = code;
        reply[6..HEADER].fill(0);
        Self { question, packet: reply, counts: [0; 3] }
    }

    pub fn address(&mut self, section: Section, owner: &Name, address: Ipv4Addr) {
        self.record(section, owner, A, &address.octets());
    }

    pub fn named(&mut self, section: Section, owner: &Name, kind: u16, name: &Name) {
        self.record(section, owner, kind, name.wire());
    }

    /// Of a zone; says how long "no such name" may be kept.
    pub fn start_of(&mut self, section: Section, apex: &Name) {
        let mut data = [apex.wire(), apex.wire()].concat();
        for number in [1, 3600, 600, TTL, 900] {
            data.extend_from_slice(&u32::to_be_bytes(number));
        }
        self.record(section, apex, SOA, &data);
    }

    fn record(&mut self, section: Section, owner: &Name, kind: u16, data: &[u8]) {
        let (asked, wanted) = (self.question.name.wire(), owner.wire());
        // What the question's name ends with is a pointer to there.
        if asked.ends_with(wanted) && wanted.len() > 1 {
            let at = (HEADER + asked.len() - wanted.len()) as u16;
            self.packet.extend_from_slice(&(0xC000 | at).to_be_bytes());
        } else {
            self.packet.extend_from_slice(wanted);
        }
        self.packet.extend_from_slice(&kind.to_be_bytes());
        self.packet.extend_from_slice(&[0, 1]);
        self.packet.extend_from_slice(&TTL.to_be_bytes());
        self.packet.extend_from_slice(&(data.len() as u16).to_be_bytes());
        self.packet.extend_from_slice(data);
        self.counts[section as usize] += 1;
    }

    pub fn packet(mut self) -> Vec<u8> {
        if self.question.edns {
            self.packet.push(0);
            self.packet.extend_from_slice(&OPT.to_be_bytes());
            self.packet.extend_from_slice(&PAYLOAD.to_be_bytes());
            self.packet.extend_from_slice(&[0; 6]);
            self.counts[Section::Additional as usize] += 1;
        }
        for (number, count) in self.counts.iter().enumerate() {
            self.packet[6 + 2 * number..8 + 2 * number].copy_from_slice(&count.to_be_bytes());
        }
        self.packet
    }
}

/// A query of a client.
pub fn query(id: u16, name: &Name) -> Vec<u8> {
    let mut packet = vec![0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
    packet[..2].copy_from_slice(&id.to_be_bytes());
    packet.extend_from_slice(name.wire());
    packet.extend_from_slice(&[0, A as u8, 0, 1]);
    packet
}
