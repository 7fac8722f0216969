//! A policy zone's records, as they came from a file or a primary: what tables are built from, what
//! changes are applied to, and what is kept on disk.
//!
//! Owners are relative to the apex, so the apex itself is the root. Nothing is judged here.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::dns::name::{Name, NameBuf, OwnedName};
use crate::dns::rrtype::RrType;

/// Octets of a SOA's five numbers (RFC 1035 §3.3.13).
const SOA_NUMBERS: usize = 20;

/// One record, without its owner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// RR type.
    pub rtype: RrType,
    /// Seconds.
    pub ttl: u32,
    /// RDATA, no name in it compressed. Many rules say the same, and share it.
    pub rdata: Arc<[u8]>,
}

/// The numbers of a SOA.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Soa {
    pub serial: u32,
    /// Seconds between two looks at the primary.
    pub refresh: u32,
    /// Seconds until the next look after one that failed.
    pub retry: u32,
    /// Seconds without any good look after which the zone is stale.
    pub expire: u32,
    pub minimum: u32,
}

impl Soa {
    /// Reads uncompressed RDATA.
    pub fn read(rdata: &[u8]) -> Option<Self> {
        let mut name = NameBuf::new();
        let first = name.fill_from_wire(rdata).ok()?;
        let second = name.fill_from_wire(&rdata[first..]).ok()?;
        let numbers: &[u8; SOA_NUMBERS] = rdata.get(first + second..)?.try_into().ok()?;
        let mut numbers =
            numbers.as_chunks::<4>().0.iter().map(|octets| u32::from_be_bytes(*octets)).collect::<Vec<_>>();
        let minimum = numbers.pop()?;
        let [serial, refresh, retry, expire] = numbers.try_into().ok()?;
        Some(Self { serial, refresh, retry, expire, minimum })
    }
}

/// Whether serial `a` is newer than `b` (RFC 1982).
pub fn is_newer(a: u32, b: u32) -> bool {
    a != b && a.wrapping_sub(b) < 1 << 31
}

/// All records of one zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content {
    apex: OwnedName,
    records: BTreeMap<OwnedName, Vec<Record>>,
    count: usize,
    /// RDATA of the record that came last: most rules of a zone say the same.
    last: Arc<[u8]>,
}

impl Content {
    /// A zone without records.
    pub fn new(apex: OwnedName) -> Self {
        Self { apex, records: BTreeMap::new(), count: 0, last: Arc::from([]) }
    }

    /// The zone's name.
    pub fn apex(&self) -> Name<'_> {
        self.apex.as_name()
    }

    /// Adds a record. Says whether it is new; a SOA takes the place of the one before.
    pub fn add(&mut self, owner: Name<'_>, rtype: RrType, ttl: u32, rdata: &[u8]) -> bool {
        if *self.last != *rdata {
            self.last = rdata.into();
        }
        let record = Record { rtype, ttl, rdata: self.last.clone() };
        let Some(here) = self.records.get_mut(owner.wire()) else {
            self.records.insert(owner.to_owned(), vec![record]);
            self.count += 1;
            return true;
        };
        let same =
            |other: &Record| other.rtype == rtype && (rtype == RrType::SOA || *other.rdata == *record.rdata);
        match here.iter_mut().find(|other| same(other)) {
            Some(other) => {
                *other = record;
                false
            }
            None => {
                here.push(record);
                self.count += 1;
                true
            }
        }
    }

    /// Takes a record out. Says whether it was there.
    pub fn remove(&mut self, owner: Name<'_>, rtype: RrType, rdata: &[u8]) -> bool {
        let Some(here) = self.records.get_mut(owner.wire()) else { return false };
        let Some(at) = here.iter().position(|record| record.rtype == rtype && *record.rdata == *rdata) else {
            return false;
        };
        here.remove(at);
        if here.is_empty() {
            self.records.remove(owner.wire());
        }
        self.count -= 1;
        true
    }

    /// Whether an alias to elsewhere stands at the owner.
    pub fn has_other_alias(&self, owner: Name<'_>, rdata: &[u8]) -> bool {
        let here = self.records.get(owner.wire()).map_or(&[][..], Vec::as_slice);
        here.iter().any(|record| record.rtype == RrType::CNAME && *record.rdata != *rdata)
    }

    /// The SOA's TTL and RDATA.
    pub fn soa_record(&self) -> Option<&Record> {
        let apex = self.records.get(Name::ROOT.wire())?;
        apex.iter().find(|record| record.rtype == RrType::SOA)
    }

    /// The SOA's numbers.
    pub fn soa(&self) -> Option<Soa> {
        Soa::read(&self.soa_record()?.rdata)
    }

    /// Owners with their records, in order.
    pub fn owners(&self) -> impl Iterator<Item = (Name<'_>, &[Record])> {
        self.records.iter().map(|(owner, records)| (owner.as_name(), records.as_slice()))
    }

    /// Number of records.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }
}

/// Why a record has no place in a zone's data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Misplaced {
    /// A SOA below the apex: that would be another zone (RFC 1034 §4.2.1).
    Soa,
    /// A type that is no data: OPT, TSIG, ANY and the like (RFC 6895 §3.1). A master file cannot tell them from
    /// classes.
    Meta,
}

/// What is wrong with a record of that type at an owner relative to the apex, if anything is. Such a record means
/// nothing to any rule, and what is kept must read back the same.
pub fn misplaced(owner: Name<'_>, rtype: RrType) -> Option<Misplaced> {
    match rtype {
        RrType::SOA if !owner.is_root() => Some(Misplaced::Soa),
        rtype if rtype.is_meta() || rtype == RrType::RESERVED => Some(Misplaced::Meta),
        _ => None,
    }
}

/// An owner relative to the apex; `None` for one outside.
pub fn relative(owner: Name<'_>, apex: Name<'_>) -> Option<OwnedName> {
    if !owner.is_at_or_below(apex) {
        return None;
    }
    let cut = owner.wire().len() - apex.wire().len();
    let mut front = owner.wire()[..cut].to_vec();
    front.push(0);
    Some(Name::of_lower_case(&front).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> OwnedName {
        OwnedName::parse(text).unwrap()
    }

    #[test]
    fn an_owner_is_cut_at_the_apex_and_only_there() {
        let apex = name("rpz.example");
        for (owner, cut) in [
            ("bad.test.rpz.example", Some("bad.test")),
            ("rpz.example", Some(".")),
            ("badrpz.example", None),
            ("example", None),
        ] {
            let found = relative(name(owner).as_name(), apex.as_name());
            assert_eq!(found.map(|name| name.to_string()).as_deref(), cut, "{owner}");
        }
    }

    #[test]
    fn records_come_and_go_one_by_one() {
        let mut content = Content::new(name("rpz.example"));
        let bad = name("bad.test");
        assert!(content.add(bad.as_name(), RrType::CNAME, 60, &[0]));
        assert!(!content.add(bad.as_name(), RrType::CNAME, 30, &[0]));
        assert!(content.add(bad.as_name(), RrType::A, 60, &[0; 4]));
        assert_eq!(content.len(), 2);
        assert!(content.remove(bad.as_name(), RrType::CNAME, &[0]));
        assert!(!content.remove(bad.as_name(), RrType::CNAME, &[0]));
        assert!(content.remove(bad.as_name(), RrType::A, &[0; 4]));
        assert!(content.is_empty() && content.owners().next().is_none());
    }

    #[test]
    fn serials_go_round() {
        for (a, b, newer) in [(2, 1, true), (1, 2, false), (1, 1, false), (5, u32::MAX - 5, true)] {
            assert_eq!(is_newer(a, b), newer, "{a} {b}");
        }
    }
}
