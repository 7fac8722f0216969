//! Single records of the config: a printer, a server, a PTR of the school's own.
//!
//! A name with records is complete: other types are NODATA. Nothing is said about other names, except
//! below a wildcard (`*.lab.example`), which covers what does not exist by itself (RFC 4592): neither a name
//! with records, nor one that has some below it, nor what is below such a name.

use std::collections::{HashMap, HashSet};

use hickory_resolver::proto::rr::{RData, Record, RecordType};

use super::LocalError;
use crate::dns::name::{Name, OwnedName};
use crate::dns::rrtype::RrType;
use crate::resolve::wire;

/// Text of one record's data (RFC 1035 §5.1), and of all records in the config.
const DATA_MAX: usize = 4096;
const RECORDS_MAX: usize = 100_000;

/// One record as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordSpec {
    /// Owner; `*.` in front for a wildcard.
    pub name: OwnedName,
    /// RR type: A, AAAA, CNAME, TXT, MX, SRV, PTR, NS …
    pub rtype: RrType,
    /// Seconds.
    pub ttl: u32,
    /// Data in master format: `10.1.2.3`, `10 mail.example.`
    pub data: String,
}

/// All of them.
#[derive(Default)]
pub(super) struct Records {
    by_owner: HashMap<OwnedName, Vec<Record>>,
    /// Names below a wildcard that exist because there is something below them.
    between: HashSet<OwnedName>,
}

/// What is at a name that exists only because of what is below it.
const NOTHING: &Vec<Record> = &Vec::new();

impl Records {
    pub(super) fn new(specs: &[RecordSpec]) -> Result<Self, LocalError> {
        if specs.len() > RECORDS_MAX {
            return Err(LocalError::TooMany { most: RECORDS_MAX });
        }
        let mut records = Self::default();
        for spec in specs {
            let record = read(spec)?;
            let here = records.by_owner.entry(spec.name.clone()).or_default();
            let alias = |kind| kind == RecordType::CNAME;
            if here.iter().any(|other| alias(other.record_type()) || alias(record.record_type()))
                && !here.is_empty()
            {
                return Err(LocalError::AliasAndData { name: spec.name.to_string() });
            }
            if !here.iter().any(|other| other.data == record.data) {
                here.push(record);
            }
        }
        records.between = records.between();
        Ok(records)
    }

    /// Records of `asked` type at `name` (or the alias there); empty for "nothing of that type", `None`
    /// where the name is not ours.
    pub(super) fn at(&self, name: Name<'_>, asked: RrType) -> Option<Vec<Record>> {
        let all = self.find(name)?;
        let owner = wire::library_name(name);
        let fits = |record: &&Record| {
            let kind = RrType::from(u16::from(record.record_type()));
            kind == asked || asked == RrType::ANY || kind == RrType::CNAME
        };
        let mut found: Vec<Record> = all.iter().filter(fits).cloned().collect();
        for record in &mut found {
            record.name = owner.clone();
        }
        Some(found)
    }

    /// Names at or below which there are records: every owner, a wildcard's parent in its place.
    pub(super) fn apexes(&self) -> impl Iterator<Item = Name<'_>> {
        self.by_owner.keys().filter_map(|name| match is_wildcard(name) {
            true => name.as_name().parent(),
            false => Some(name.as_name()),
        })
    }

    pub(super) fn covers(&self, name: Name<'_>) -> bool {
        self.find(name).is_some()
    }

    fn between(&self) -> HashSet<OwnedName> {
        let mut between = HashSet::new();
        if self.by_owner.keys().any(is_wildcard) {
            for owner in self.by_owner.keys().filter(|owner| !is_wildcard(owner)) {
                let mut above: Vec<Name<'_>> = owner.as_name().ancestors().skip(1).collect();
                while above.pop_if(|name| !self.has_wildcard_at_or_above(*name)).is_some() {}
                between.extend(
                    above
                        .into_iter()
                        .filter(|name| !self.by_owner.contains_key(name.wire()))
                        .map(Name::to_owned),
                );
            }
        }
        between
    }

    /// Whether a wildcard covers the name, or would if it were not there.
    fn has_wildcard_at_or_above(&self, name: Name<'_>) -> bool {
        name.ancestors()
            .skip(1)
            .any(|above| self.by_owner.contains_key([b"\x01*", above.wire()].concat().as_slice()))
    }

    fn find(&self, name: Name<'_>) -> Option<&Vec<Record>> {
        if self.by_owner.is_empty() {
            return None;
        }
        if let Some(here) = self.by_owner.get(name.wire()) {
            return Some(here);
        }
        if self.between.contains(name.wire()) {
            return Some(NOTHING);
        }
        let mut star = Vec::with_capacity(256);
        for ancestor in name.ancestors().skip(1) {
            star.clear();
            star.extend_from_slice(b"\x01*");
            star.extend_from_slice(ancestor.wire());
            if let Some(wild) = self.by_owner.get(star.as_slice()) {
                return Some(wild);
            }
            if self.by_owner.contains_key(ancestor.wire()) || self.between.contains(ancestor.wire()) {
                return None;
            }
        }
        None
    }
}

fn is_wildcard(name: &OwnedName) -> bool {
    name.as_name().wire().starts_with(b"\x01*")
}

fn read(spec: &RecordSpec) -> Result<Record, LocalError> {
    let malformed =
        |why: String| LocalError::Record { name: spec.name.to_string(), rtype: spec.rtype.to_string(), why };
    if spec.data.len() > DATA_MAX {
        return Err(malformed(format!("longer than {DATA_MAX} octets")));
    }
    // Names in the data are absolute, with or without the final dot: there is no origin to add.
    let data = absolute(spec.rtype, &spec.data);
    let rdata = RData::try_from_str(RecordType::from(spec.rtype.number()), &data)
        .map_err(|error| malformed(error.to_string()))?;
    Ok(Record::from_rdata(wire::library_name(spec.name.as_name()), spec.ttl, rdata))
}

/// Adds the final dot to the name at the end of the data of types that end with one.
fn absolute(kind: RrType, data: &str) -> String {
    let data = data.trim();
    let ends_with_name = matches!(kind, RrType::NS | RrType::CNAME | RrType::PTR | RrType::MX | RrType::SRV);
    if ends_with_name && !data.ends_with('.') { format!("{data}.") } else { data.to_owned() }
}
