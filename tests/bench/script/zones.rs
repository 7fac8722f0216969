//! Zones as written: apex, addresses of the servers, how it is signed, records, and what is spoilt afterwards.

use std::net::IpAddr;

use super::super::wire::name::Name;
use super::super::wire::record::{Record, words};
use super::super::wire::types::{self, *};

#[derive(Clone, Debug)]
pub struct ZoneSpec {
    pub apex: Name,
    pub servers: Vec<IpAddr>,
    pub records: Vec<Record>,
    pub signing: Option<Signing>,
    pub spoilt: Vec<Spoil>,
    /// The parent is told nothing.
    pub undelegated: bool,
    pub glueless: bool,
}

#[derive(Clone, Debug)]
pub struct Signing {
    pub algorithms: Vec<String>,
    pub denial: Denial,
    pub ds: Ds,
    pub period: Period,
    /// As many more keys of the same tag, and signatures with that tag over every set (KeyTrap).
    pub trap: usize,
    /// A key for keys and another one for the rest, as most zones have it.
    pub split: bool,
}

#[derive(Clone, Debug)]
pub enum Denial {
    Nsec,
    Nsec3 { iterations: u16, salt: String, opt_out: bool },
}

/// What the parent says of the child's keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ds {
    Right,
    /// Digests by number.
    Digests(Vec<String>),
    None,
    Wrong,
    /// And one more for a key that is not in use.
    Standby,
    /// Algorithm or digest that nobody knows.
    UnknownAlgorithm,
    UnknownDigest,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Period {
    Now,
    Expired,
    Future,
}

/// What is done to a zone after it was signed.
#[derive(Clone, Debug)]
pub enum Spoil {
    /// Without the records of the type, of one name or of all.
    Drop(Option<Name>, u16),
    /// Without the signatures over them.
    Unsign(Option<Name>, u16),
    /// A bit of the signatures turned.
    Corrupt(Option<Name>, u16),
    /// Other data under the same signatures.
    Forge(Record),
    Add(Record),
    /// Another TTL than was signed.
    Ttl(Name, u16, u32),
}

impl ZoneSpec {
    pub fn parse(apex: Name, options: &[String], lines: &[&str]) -> Self {
        let mut zone = Self {
            apex,
            servers: Vec::new(),
            records: Vec::new(),
            signing: None,
            spoilt: Vec::new(),
            undelegated: false,
            glueless: false,
        };
        for word in options {
            match word.parse() {
                Ok(ip) => zone.servers.push(ip),
                Err(_) => zone.option(word),
            }
        }
        for line in lines {
            match line.strip_prefix('!') {
                Some(spoil) => zone.spoilt.push(Spoil::parse(spoil, &zone.apex)),
                None => zone.records.push(Record::parse(line, &zone.apex)),
            }
        }
        zone.complete();
        zone
    }

    fn option(&mut self, word: &str) {
        let (key, value) = word.split_once('=').unwrap_or((word, ""));
        match key {
            "undelegated" => return self.undelegated = true,
            "glueless" => return self.glueless = true,
            _ => {}
        }
        let signing = self.signing.get_or_insert_with(Signing::default);
        match (key, value) {
            ("signed", "") => {}
            ("split", "") => signing.split = true,
            ("alg", list) => signing.algorithms = list.split('+').map(str::to_owned).collect(),
            ("nsec3", _) => signing.nsec3(|_, _, _| {}),
            ("iterations", number) => {
                signing.nsec3(|iterations, _, _| *iterations = number.parse().expect("a number"));
            }
            ("salt", hex) => signing.nsec3(|_, salt, _| hex.clone_into(salt)),
            ("optout", _) => signing.nsec3(|_, _, opt_out| *opt_out = true),
            ("ds", "none") => signing.ds = Ds::None,
            ("ds", "wrong") => signing.ds = Ds::Wrong,
            ("ds", "standby") => signing.ds = Ds::Standby,
            ("ds", "unknown-algorithm") => signing.ds = Ds::UnknownAlgorithm,
            ("ds", "unknown-digest") => signing.ds = Ds::UnknownDigest,
            ("ds", digests) => signing.ds = Ds::Digests(digests.split('+').map(str::to_owned).collect()),
            ("expired", _) => signing.period = Period::Expired,
            ("future", _) => signing.period = Period::Future,
            ("trap", count) => signing.trap = count.parse().expect("a number"),
            _ => panic!("no option `{word}` of a zone"),
        }
    }

    /// Adds what every zone has and few scripts care about: the SOA, and a name server `ns` with the addresses.
    fn complete(&mut self) {
        let apex = self.apex.clone();
        let has = |zone: &Self, rtype| zone.records.iter().any(|r| r.rtype == rtype && r.name == apex);
        if !has(self, SOA) {
            self.records.insert(0, Record::parse("@ SOA ns admin 1 3600 600 86400 300", &apex));
        }
        if !has(self, NS) {
            self.records.push(Record::parse("@ NS ns", &apex));
            let addresses = self.servers.iter().map(|ip| {
                let rtype = if ip.is_ipv4() { "A" } else { "AAAA" };
                Record::parse(&format!("ns {rtype} {ip}"), &apex)
            });
            self.records.extend(addresses);
        }
    }
}

impl Default for Signing {
    fn default() -> Self {
        Self {
            algorithms: vec!["ECDSAP256SHA256".into()],
            denial: Denial::Nsec,
            ds: Ds::Right,
            period: Period::Now,
            trap: 0,
            split: false,
        }
    }
}

impl Signing {
    fn nsec3(&mut self, change: impl FnOnce(&mut u16, &mut String, &mut bool)) {
        if let Denial::Nsec = self.denial {
            self.denial = Denial::Nsec3 { iterations: 0, salt: "-".into(), opt_out: false };
        }
        if let Denial::Nsec3 { iterations, salt, opt_out } = &mut self.denial {
            change(iterations, salt, opt_out);
        }
    }
}

impl Spoil {
    fn parse(text: &str, apex: &Name) -> Self {
        let words = words(text);
        let set = || {
            let name = (words[1] != "*").then(|| Name::parse(&words[1], apex));
            (name, types::rtype(&words[2]).unwrap_or_else(|| panic!("no type in `!{text}`")))
        };
        let record = || Record::parse(text.split_once(' ').expect("a record").1, apex);
        match words[0].as_str() {
            "drop" => {
                let (name, rtype) = set();
                Self::Drop(name, rtype)
            }
            "unsign" => {
                let (name, rtype) = set();
                Self::Unsign(name, rtype)
            }
            "corrupt" => {
                let (name, rtype) = set();
                Self::Corrupt(name, rtype)
            }
            "ttl" => {
                let (name, rtype) = set();
                Self::Ttl(name.expect("a name"), rtype, words[3].parse().expect("a TTL"))
            }
            "forge" => Self::Forge(record()),
            "add" => Self::Add(record()),
            _ => panic!("no `!{text}`"),
        }
    }

    pub fn apply(&self, records: &mut Vec<Record>) {
        let hits =
            |known: &Option<Name>, record: &Record| known.as_ref().is_none_or(|name| record.name == *name);
        match self {
            Self::Drop(name, rtype) => records.retain(|record| {
                !(hits(name, record) && (record.rtype == *rtype || record.covered() == Some(*rtype)))
            }),
            Self::Unsign(name, rtype) => {
                records.retain(|record| !(hits(name, record) && record.covered() == Some(*rtype)));
            }
            Self::Corrupt(name, rtype) => {
                let signatures = records
                    .iter_mut()
                    .filter(|record| hits(name, record) && record.covered() == Some(*rtype));
                signatures.for_each(|record| *record.data.last_mut().unwrap() ^= 1);
            }
            Self::Forge(forged) => {
                records.retain(|record| record.name != forged.name || record.rtype != forged.rtype);
                records.push(forged.clone());
            }
            Self::Ttl(name, rtype, ttl) => {
                let set = records.iter_mut().filter(|record| {
                    record.name == *name && (record.rtype == *rtype || record.covered() == Some(*rtype))
                });
                set.for_each(|record| record.ttl = *ttl);
            }
            Self::Add(record) => records.push(record.clone()),
        }
    }
}
