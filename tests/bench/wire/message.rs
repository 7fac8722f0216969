//! Messages: written with owner names compressed, read with all names written out.

use std::collections::HashMap;

use super::name::Name;
use super::record::Record;
use super::types::*;

#[derive(Clone, Debug, Default)]
pub struct Flags {
    pub response: bool,
    pub authoritative: bool,
    pub truncated: bool,
    pub recursion_desired: bool,
    pub recursion_available: bool,
    pub authentic: bool,
    pub checking_disabled: bool,
}

/// EDNS (RFC 6891): size, DO, version, and the options in wire order.
#[derive(Clone, Debug, Default)]
pub struct Edns {
    pub size: u16,
    pub dnssec_ok: bool,
    pub version: u8,
    pub options: Vec<(u16, Vec<u8>)>,
}

#[derive(Clone, Debug, Default)]
pub struct Message {
    pub id: u16,
    pub flags: Flags,
    /// With the upper bits from EDNS.
    pub rcode: u8,
    pub question: Option<(Name, u16)>,
    pub answer: Vec<Record>,
    pub authority: Vec<Record>,
    pub additional: Vec<Record>,
    pub edns: Option<Edns>,
}

impl Message {
    pub fn query(name: &Name, rtype: u16) -> Self {
        Self { question: Some((name.clone(), rtype)), ..Self::default() }
    }

    /// An empty answer to `query`.
    pub fn reply(query: &Self) -> Self {
        Self {
            id: query.id,
            flags: Flags {
                response: true,
                recursion_desired: query.flags.recursion_desired,
                ..Flags::default()
            },
            question: query.question.clone(),
            edns: query.edns.as_ref().map(|edns| Edns {
                size: 1232,
                dnssec_ok: edns.dnssec_ok,
                ..Edns::default()
            }),
            ..Self::default()
        }
    }

    pub fn dnssec_ok(&self) -> bool {
        self.edns.as_ref().is_some_and(|edns| edns.dnssec_ok)
    }

    pub fn write(&self) -> Vec<u8> {
        let flags = &self.flags;
        let bits = [
            (flags.response, 0x8000),
            (flags.authoritative, 0x400),
            (flags.truncated, 0x200),
            (flags.recursion_desired, 0x100),
            (flags.recursion_available, 0x80),
            (flags.authentic, 0x20),
            (flags.checking_disabled, 0x10),
        ];
        let word =
            bits.iter().filter(|(set, _)| *set).fold(u16::from(self.rcode & 15), |sum, (_, bit)| sum | bit);
        let counts = [
            usize::from(self.question.is_some()),
            self.answer.len(),
            self.authority.len(),
            self.additional.len() + usize::from(self.edns.is_some()),
        ];
        let mut out = [self.id.to_be_bytes(), word.to_be_bytes()].concat();
        for count in counts {
            out.extend(u16::try_from(count).unwrap().to_be_bytes());
        }
        let mut seen = HashMap::new();
        if let Some((name, rtype)) = &self.question {
            write_name(name, &mut out, &mut seen);
            out.extend([rtype.to_be_bytes(), [0, 1]].concat());
        }
        for record in self.answer.iter().chain(&self.authority).chain(&self.additional) {
            write_name(&record.name, &mut out, &mut seen);
            out.extend([record.rtype.to_be_bytes(), record.class.to_be_bytes()].concat());
            out.extend(record.ttl.to_be_bytes());
            out.extend(u16::try_from(record.data.len()).unwrap().to_be_bytes());
            out.extend(&record.data);
        }
        if let Some(edns) = &self.edns {
            out.extend([0, 0, 41]);
            out.extend(edns.size.to_be_bytes());
            out.extend([self.rcode >> 4, edns.version, u8::from(edns.dnssec_ok) << 7, 0]);
            let options: Vec<u8> = edns
                .options
                .iter()
                .flat_map(|(code, data)| {
                    [&code.to_be_bytes()[..], &(data.len() as u16).to_be_bytes(), data].concat()
                })
                .collect();
            out.extend((options.len() as u16).to_be_bytes());
            out.extend(options);
        }
        out
    }

    /// `None` where the octets are no message.
    pub fn read(octets: &[u8]) -> Option<Self> {
        let mut reader = Reader { octets, at: 0 };
        let (id, word) = (reader.short()?, reader.short()?);
        let counts = [reader.short()?, reader.short()?, reader.short()?, reader.short()?];
        let has = |bit: u16| word & bit != 0;
        let mut message = Self {
            id,
            flags: Flags {
                response: has(0x8000),
                authoritative: has(0x400),
                truncated: has(0x200),
                recursion_desired: has(0x100),
                recursion_available: has(0x80),
                authentic: has(0x20),
                checking_disabled: has(0x10),
            },
            rcode: (word & 15) as u8,
            ..Self::default()
        };
        for _ in 0..counts[0] {
            message.question = Some((reader.name()?, reader.short()?));
            reader.short()?;
        }
        for (section, count) in counts[1..].iter().enumerate() {
            for _ in 0..*count {
                let record = reader.record()?;
                if record.rtype == OPT {
                    message.rcode |= ((record.ttl >> 24) << 4) as u8;
                    message.edns = Some(edns(&record)?);
                    continue;
                }
                [&mut message.answer, &mut message.authority, &mut message.additional][section].push(record);
            }
        }
        Some(message)
    }
}

fn write_name(name: &Name, out: &mut Vec<u8>, seen: &mut HashMap<Vec<Vec<u8>>, u16>) {
    for (at, label) in name.labels().iter().enumerate() {
        let rest = name.labels()[at..].to_vec();
        if let Some(place) = seen.get(&rest) {
            out.extend((0xc000 | place).to_be_bytes());
            return;
        }
        if out.len() < 0x4000 {
            seen.insert(rest, out.len() as u16);
        }
        out.push(label.len() as u8);
        out.extend(label);
    }
    out.push(0);
}

fn edns(record: &Record) -> Option<Edns> {
    let mut reader = Reader { octets: &record.data, at: 0 };
    let mut options = Vec::new();
    while reader.at < record.data.len() {
        let (code, len) = (reader.short()?, reader.short()?);
        options.push((code, reader.take(usize::from(len))?.to_vec()));
    }
    let [_, version, high, _] = record.ttl.to_be_bytes();
    Some(Edns { size: record.class, dnssec_ok: high & 0x80 != 0, version, options })
}

struct Reader<'a> {
    octets: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let taken = self.octets.get(self.at..self.at + len)?;
        self.at += len;
        Some(taken)
    }

    fn short(&mut self) -> Option<u16> {
        self.take(2).map(|octets| u16::from_be_bytes([octets[0], octets[1]]))
    }

    fn name(&mut self) -> Option<Name> {
        let (mut labels, mut jumps, mut back) = (Vec::new(), 0, None);
        loop {
            match *self.octets.get(self.at)? {
                0 => break self.at += 1,
                len @ 1..64 => {
                    self.at += 1;
                    labels.push(self.take(usize::from(len))?.to_vec());
                }
                _ => {
                    let place = usize::from(self.short()? & 0x3fff);
                    back.get_or_insert(self.at);
                    jumps += 1;
                    if jumps > 127 {
                        return None;
                    }
                    self.at = place;
                }
            }
        }
        self.at = back.unwrap_or(self.at);
        Some(Name::of_labels(labels))
    }

    fn record(&mut self) -> Option<Record> {
        let (name, rtype, class) = (self.name()?, self.short()?, self.short()?);
        let ttl = u32::from_be_bytes(self.take(4)?.try_into().ok()?);
        let end = usize::from(self.short()?) + self.at;
        // Names in data are written out, so that data can be compared.
        let data = match rtype {
            NS | CNAME | DNAME | 12 => self.name()?.wire(),
            15 => [self.take(2)?.to_vec(), self.name()?.wire()].concat(),
            33 => [self.take(6)?.to_vec(), self.name()?.wire()].concat(),
            SOA => [self.name()?.wire(), self.name()?.wire(), self.take(20)?.to_vec()].concat(),
            _ => self.take(end.checked_sub(self.at)?)?.to_vec(),
        };
        (self.at == end).then_some(Record { name, rtype, class, ttl, data })
    }
}
