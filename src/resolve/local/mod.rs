//! What never leaves the house: records and zones of the school, `localhost`, reverse zones of private
//! ranges (RFC 6303), special-use names (RFC 6761 and its kin), canaries.
//!
//! The order is: records, zones, special names. So a school's own PTR stands above the empty reverse
//! zone around it, and a forwarded zone (a domain controller's `school.local`, the reverse zone of a
//! campus) is left to its servers.
//!
//! Knows names and files. Never asks anybody.

use std::collections::HashMap;
use std::path::PathBuf;

use hickory_resolver::proto::rr::rdata::{A, AAAA, PTR, SOA};
use hickory_resolver::proto::rr::{self, RData, Record};

use super::wire::{self, Parts};
use super::{Answer, Ask, Proof};
use crate::dns::name::{Name, OwnedName};
use crate::dns::rdata::{CLASS_IN, rtype};
use crate::dns::reply::Rcode;
pub use records::RecordSpec;
use records::Records;
use special::Special;
pub use zones::ZoneSpec;
use zones::Zones;

pub mod canary;
mod records;
mod special;
mod zones;

/// TTL of what is made here, and of "nothing there": a new record in the config is seen soon.
const TTL: u32 = 300;

/// What we answer ourselves. `Default` is what we ship: canaries on, no data.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Single records.
    pub records: Vec<RecordSpec>,
    /// Zones in master files.
    pub zones: Vec<ZoneSpec>,
    /// Whether [`canary`] names are NXDOMAIN.
    pub canaries: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self { records: Vec::new(), zones: Vec::new(), canaries: true }
    }
}

/// Why local data cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LocalError {
    /// A record's data does not fit its type.
    #[error("record {name} {rtype}: {why}")]
    Record { name: String, rtype: String, why: String },
    /// RFC 1034 §3.6.2: an alias stands alone.
    #[error("`{name}` has a CNAME and other records")]
    AliasAndData { name: String },
    /// More records than belong into a config; a zone file holds more.
    #[error("more than {most} records")]
    TooMany { most: usize },
    /// A zone file that cannot be read or used.
    #[error("zone `{zone}` from {}: {why}", file.display())]
    Zone { zone: String, file: PathBuf, why: String },
    /// Two files for one zone.
    #[error("the zone `{zone}` is given twice")]
    ZoneTwice { zone: String },
}

/// Local data, ready to answer.
pub(super) struct Local {
    records: Records,
    zones: Zones,
    special: HashMap<OwnedName, Special>,
    /// Forwarded zones, the root not among them: special names in them are theirs.
    forwarded: Vec<OwnedName>,
}

impl Local {
    pub(super) fn new(
        settings: &Settings,
        forwarded: impl Iterator<Item = OwnedName>,
    ) -> Result<Self, LocalError> {
        Ok(Self {
            records: Records::new(&settings.records)?,
            zones: Zones::new(&settings.zones)?,
            special: special::apexes(settings.canaries).collect(),
            forwarded: forwarded.filter(|zone| !zone.as_name().is_root()).collect(),
        })
    }

    /// The answer, if the name is ours. A chain of aliases is followed as far as it stays here.
    pub(super) fn answer(&self, ask: &Ask) -> Option<Answer> {
        if ask.class != CLASS_IN {
            return None;
        }
        let parts = self.parts(ask.name.as_name(), ask.rtype, ask.dnssec_ok)?;
        Some(wire::encode(ask, parts))
    }

    /// Names such that each name of ours is one of them or below one.
    pub(super) fn apexes(&self) -> impl Iterator<Item = Name<'_>> {
        let special = self.special.keys().map(OwnedName::as_name);
        special.chain(self.records.apexes()).chain(self.zones.apexes())
    }

    /// Whether the name is ours.
    pub(super) fn covers(&self, name: Name<'_>) -> bool {
        self.records.covers(name) || self.zones.covers(name) || self.special_of(name).is_some()
    }

    fn parts(&self, name: Name<'_>, asked: u16, dnssec_ok: bool) -> Option<Parts> {
        if let Some(answers) = self.records.at(name, asked) {
            let authorities = if answers.is_empty() { vec![soa(name)] } else { Vec::new() };
            return Some(made_here(Rcode::NoError, answers, authorities));
        }
        if let Some(said) = self.zones.at(name, asked, dnssec_ok) {
            return Some(made_here(said.rcode, said.answers, said.authorities));
        }
        let (apex, special) = self.special_of(name)?;
        Some(answer_special(name, asked, apex, special))
    }

    fn special_of<'n>(&self, name: Name<'n>) -> Option<(Name<'n>, Special)> {
        let (apex, special) = name
            .ancestors()
            .find_map(|ancestor| self.special.get(ancestor.wire()).map(|special| (ancestor, *special)))?;
        let theirs =
            |zone: &OwnedName| name.is_at_or_below(zone.as_name()) && zone.as_name().is_at_or_below(apex);
        (!self.forwarded.iter().any(theirs)).then_some((apex, special))
    }
}

fn answer_special(name: Name<'_>, asked: u16, apex: Name<'_>, special: Special) -> Parts {
    let owner = wire::library_name(name);
    let data = |rdata| made_here(Rcode::NoError, vec![Record::from_rdata(owner, TTL, rdata)], Vec::new());
    let nothing = |rcode| made_here(rcode, Vec::new(), vec![soa(apex)]);
    let text = name.to_string();
    match special {
        Special::Localhost => match asked {
            rtype::A => data(RData::A(A::new(127, 0, 0, 1))),
            rtype::AAAA => data(RData::AAAA(AAAA::new(0, 0, 0, 0, 0, 0, 0, 1))),
            _ => nothing(Rcode::NoError),
        },
        Special::Empty if special::LOOPBACK.contains(&text.as_str()) => match asked {
            rtype::PTR => data(RData::PTR(PTR(rr::Name::from_ascii("localhost.").expect("a name")))),
            _ => nothing(Rcode::NoError),
        },
        Special::Empty if name == apex => match asked {
            rtype::SOA => made_here(Rcode::NoError, vec![soa(apex)], Vec::new()),
            _ => nothing(Rcode::NoError),
        },
        // RFC 8020: there is something below, so the name exists.
        Special::Empty
            if special::LOOPBACK.iter().any(|loopback| loopback.ends_with(&format!(".{text}"))) =>
        {
            nothing(Rcode::NoError)
        }
        Special::Empty | Special::Missing => nothing(Rcode::NxDomain),
        Special::Silent => nothing(Rcode::NoError),
    }
}

fn made_here(rcode: Rcode, answers: Vec<Record>, authorities: Vec<Record>) -> Parts {
    Parts { rcode, answers, authorities, proof: Proof::Indeterminate, ede: None }
}

/// The SOA that lets others keep "nothing there" for [`TTL`] (RFC 2308 §3, RFC 6303 §3).
fn soa(apex: Name<'_>) -> Record {
    let owner = wire::library_name(apex);
    let nobody = rr::Name::from_ascii("nobody.invalid.").expect("a name");
    let rdata = RData::SOA(SOA::new(owner.clone(), nobody, 1, 3600, 1200, 604_800, TTL));
    Record::from_rdata(owner, TTL, rdata)
}

#[cfg(test)]
mod tests;
