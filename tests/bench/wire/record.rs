//! Records: from master format (RFC 1035 §5) to wire form, and back to a line that people can compare.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::coding::{base32hex, base64, hex, to_hex};
use super::name::Name;
use super::types::{self, *};

/// TTL of records that are written without.
pub const TTL: u32 = 300;
const IN: u16 = 1;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    pub name: Name,
    pub rtype: u16,
    pub class: u16,
    pub ttl: u32,
    pub data: Vec<u8>,
}

impl Record {
    pub fn new(name: Name, rtype: u16, data: Vec<u8>) -> Self {
        Self { name, rtype, class: IN, ttl: TTL, data }
    }

    /// Reads `name [ttl] [IN] TYPE data`.
    pub fn parse(line: &str, origin: &Name) -> Self {
        let words = words(line);
        let name = Name::parse(&words[0], origin);
        let (mut ttl, mut at) = (TTL, 1);
        loop {
            match words.get(at).unwrap_or_else(|| panic!("no type in `{line}`")).as_str() {
                "IN" => {}
                word if word.bytes().all(|octet| octet.is_ascii_digit()) => ttl = word.parse().unwrap(),
                _ => break,
            }
            at += 1;
        }
        let rtype = types::rtype(&words[at]).unwrap_or_else(|| panic!("no type in `{line}`"));
        let data = data(rtype, &words[at + 1..], origin);
        Self { name, rtype, class: IN, ttl, data }
    }

    /// The type that a signature is for.
    pub fn covered(&self) -> Option<u16> {
        (self.rtype == RRSIG).then(|| u16::from_be_bytes([self.data[0], self.data[1]]))
    }

    /// The name that its data is, or begins with.
    pub fn target(&self) -> Option<Name> {
        let at = match self.rtype {
            NS | CNAME | DNAME | 12 | NSEC => 0,
            15 => 2,
            33 => 6,
            _ => return None,
        };
        Some(name_at(&self.data[at..]).0)
    }

    /// Owner, type and data, lower-cased where case does not matter.
    pub fn said(&self) -> String {
        format!("{} {} {}", self.name.lower(), type_name(self.rtype), self.data_text())
    }

    fn data_text(&self) -> String {
        match self.rtype {
            A if self.data.len() == 4 => {
                Ipv4Addr::from(<[u8; 4]>::try_from(&self.data[..]).unwrap()).to_string()
            }
            AAAA if self.data.len() == 16 => {
                Ipv6Addr::from(<[u8; 16]>::try_from(&self.data[..]).unwrap()).to_string()
            }
            NS | CNAME | DNAME | 12 => name_at(&self.data).0.lower().to_string(),
            15 => {
                let rank = u16::from_be_bytes([self.data[0], self.data[1]]);
                format!("{rank} {}", name_at(&self.data[2..]).0.lower())
            }
            SOA => {
                let (primary, used) = name_at(&self.data);
                let (mail, more) = name_at(&self.data[used..]);
                format!("{} {} {}", primary.lower(), mail.lower(), to_hex(&self.data[used + more..]))
            }
            33 => format!("{} {}", to_hex(&self.data[..6]), name_at(&self.data[6..]).0.lower()),
            RRSIG => format!("{} …", type_name(u16::from_be_bytes([self.data[0], self.data[1]]))),
            _ => to_hex(&self.data),
        }
    }
}

/// A name without pointers, and how long it was.
pub fn name_at(octets: &[u8]) -> (Name, usize) {
    let (mut labels, mut at) = (Vec::new(), 0);
    while octets[at] != 0 {
        let end = at + 1 + usize::from(octets[at]);
        labels.push(octets[at + 1..end].to_vec());
        at = end;
    }
    (Name::of_labels(labels), at + 1)
}

/// Words of a line; what stands in quotes is one, kept with its first quote.
pub fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quoted) = (Vec::new(), String::new(), false);
    for letter in line.chars() {
        match letter {
            '"' if !quoted => {
                quoted = true;
                word.push('"');
            }
            '"' => {
                quoted = false;
                words.push(std::mem::take(&mut word));
            }
            ';' if !quoted && word.is_empty() => break,
            letter if letter.is_whitespace() && !quoted => {
                if !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
            }
            letter => word.push(letter),
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

fn data(rtype: u16, words: &[String], origin: &Name) -> Vec<u8> {
    if words.first().is_some_and(|word| word == "\\#") {
        return hex(&words[2..].concat());
    }
    let number =
        |at: usize| -> u32 { words[at].parse().unwrap_or_else(|_| panic!("`{}` is no number", words[at])) };
    let short = |at: usize| u16::try_from(number(at)).unwrap().to_be_bytes().to_vec();
    let octet = |at: usize| vec![u8::try_from(number(at)).unwrap()];
    let name = |at: usize| Name::parse(&words[at], origin).wire();
    let time = |at: usize| time(&words[at]).to_be_bytes().to_vec();
    let kinds = |from: usize| bitmap(words[from..].iter().map(|word| types::rtype(word).unwrap()));
    match rtype {
        A => words[0].parse::<Ipv4Addr>().expect("an IPv4 address").octets().to_vec(),
        AAAA => words[0].parse::<Ipv6Addr>().expect("an IPv6 address").octets().to_vec(),
        NS | CNAME | DNAME | 12 => name(0),
        15 => [short(0), name(1)].concat(),
        33 => [short(0), short(1), short(2), name(3)].concat(),
        SOA => {
            let numbers: Vec<u8> = (2..7).flat_map(|at| number(at).to_be_bytes()).collect();
            [name(0), name(1), numbers].concat()
        }
        13 | 16 => words.iter().flat_map(|word| text(word)).collect(),
        257 => {
            let tag = words[1].as_bytes();
            [octet(0), vec![tag.len() as u8], tag.to_vec(), text(&words[2])[1..].to_vec()].concat()
        }
        DS => [short(0), octet(1), octet(2), hex(&words[3..].concat())].concat(),
        DNSKEY => [short(0), octet(1), octet(2), base64(&words[3..].concat())].concat(),
        RRSIG => {
            let covered = types::rtype(&words[0]).unwrap().to_be_bytes().to_vec();
            let head = [covered, octet(1), octet(2), number(3).to_be_bytes().to_vec()].concat();
            [head, time(4), time(5), short(6), name(7), base64(&words[8..].concat())].concat()
        }
        NSEC => [name(0), kinds(1)].concat(),
        NSEC3 | NSEC3PARAM => {
            let salt = if words[3] == "-" { vec![] } else { hex(&words[3]) };
            let head = [octet(0), octet(1), short(2), vec![salt.len() as u8], salt].concat();
            if rtype == NSEC3PARAM {
                return head;
            }
            let next = base32hex(&words[4]);
            [head, vec![next.len() as u8], next, kinds(5)].concat()
        }
        other => panic!("data of {} has to be written as \\# (RFC 3597 §5)", type_name(other)),
    }
}

/// One character string.
fn text(word: &str) -> Vec<u8> {
    let word = word.strip_prefix('"').unwrap_or(word).as_bytes();
    [&[u8::try_from(word.len()).expect("at most 255 octets")], word].concat()
}

/// `YYYYMMDDHHmmSS` as seconds since 1970 (RFC 4034 §3.2).
fn time(text: &str) -> u32 {
    let time = jiff::civil::DateTime::strptime("%Y%m%d%H%M%S", text).expect("a time");
    time.to_zoned(jiff::tz::TimeZone::UTC).unwrap().timestamp().as_second() as u32
}
