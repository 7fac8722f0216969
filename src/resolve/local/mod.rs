//! What never leaves the school's network: records and zones of the school, `localhost`, reverse zones of private
//! ranges (RFC 6303), special-use names (RFC 6761 and its kin), canaries.
//!
//! The order is: records, zones, special names. So a school's own PTR stands above the empty reverse
//! zone around it, and a forwarded zone (a domain controller's `school.local`, the reverse zone of a
//! campus) is left to its servers; so is what a zone of ours gives away. A name that exists only because of
//! what is below it is never said not to exist (RFC 8020), wherever that comes from.
//!
//! Knows names and files. Never asks anybody.

use std::collections::{HashMap, HashSet};
use std::net::Ipv4Addr;
use std::path::PathBuf;

use hickory_resolver::proto::rr::rdata::{A, AAAA, CNAME, PTR, SOA};
use hickory_resolver::proto::rr::{self, RData, Record};

use super::dns64::prefix::{Prefix, address_of};
use super::wire::{self, Parts};
use super::{Answer, Ask};
use crate::dns::name::{Name, OwnedName};
use crate::dns::rcode::Rcode;
use crate::dns::rdata::CLASS_IN;
use crate::dns::rrtype::RrType;
use crate::dns::security::Security;
pub use records::RecordSpec;
use records::Records;
use special::Special;
pub use zones::Delegation;
pub use zones::ZoneSpec;
use zones::Zones;

pub mod canary;
mod dname;
mod records;
mod special;
mod zones;

/// TTL of what is made here, and of "nothing there": a new record in the config is seen soon.
const TTL: u32 = 300;
/// Links of a chain of aliases that are followed here. Longer ones lead in a circle, or are no use.
const LINKS_MAX: usize = 16;
/// The addresses of `ipv4only.arpa` (RFC 7050 §8.2).
const IPV4_ONLY: [Ipv4Addr; 2] = [Ipv4Addr::new(192, 0, 0, 170), Ipv4Addr::new(192, 0, 0, 171)];

/// What we answer ourselves. `Default` is what we ship: canaries on, no data.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Single records.
    pub records: Vec<RecordSpec>,
    /// Zones in master files.
    pub zones: Vec<ZoneSpec>,
    /// Whether [`canary`] names are NXDOMAIN.
    pub canaries: bool,
    /// Special names that are left to others, each with what is below.
    pub public: Vec<OwnedName>,
}

impl Default for Settings {
    fn default() -> Self {
        Self { records: Vec::new(), zones: Vec::new(), canaries: true, public: Vec::new() }
    }
}

/// Whether there is anything at, above or below the name that [`Settings::public`] can leave to others.
pub fn can_be_left(name: Name<'_>) -> bool {
    special::can_be_left(name)
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
    /// Forwarded and delegated zones, the root not among them: special names in them are theirs.
    left: Vec<OwnedName>,
    /// What the config leaves to others.
    public: Vec<OwnedName>,
    /// Names within special ones that exist because of what is below them.
    between: HashSet<OwnedName>,
}

/// What local data says of one name.
struct Said {
    rcode: Rcode,
    answers: Vec<Record>,
    authorities: Vec<Record>,
}

impl Said {
    fn data(answers: Vec<Record>) -> Self {
        Self { rcode: Rcode::NO_ERROR, answers, authorities: Vec::new() }
    }

    fn nothing(rcode: Rcode, soa: Record) -> Self {
        Self { rcode, answers: Vec::new(), authorities: vec![soa] }
    }

    /// Where an alias leads, if that is what was found.
    fn leads_to(&self, asked: RrType) -> Option<OwnedName> {
        match &self.answers.last()?.data {
            RData::CNAME(target) if asked != RrType::CNAME && self.rcode == Rcode::NO_ERROR => {
                wire::our_name(&target.0)
            }
            _ => None,
        }
    }
}

impl Local {
    /// `translated` is the prefix of DNS64.
    pub(super) fn new(
        settings: &Settings,
        forwarded: impl Iterator<Item = OwnedName>,
        translated: Option<Prefix>,
    ) -> Result<Self, LocalError> {
        let (records, zones) = (Records::new(&settings.records)?, Zones::new(&settings.zones)?);
        let special: HashMap<_, _> = special::apexes(settings.canaries, translated).collect();
        let delegated = zones.delegations().into_iter().map(|delegation| delegation.zone);
        let left: Vec<OwnedName> =
            forwarded.chain(delegated).filter(|zone| !zone.as_name().is_root()).collect();
        let there = records.apexes().chain(zones.apexes()).chain(left.iter().map(OwnedName::as_name));
        let between = there.flat_map(|name| name.ancestors().skip(1)).map(Name::to_owned).collect();
        Ok(Self { records, zones, special, public: settings.public.clone(), between, left })
    }

    /// The answer, if the name is ours. A chain of aliases is followed as far as it stays here.
    pub(super) fn answer(&self, ask: &Ask) -> Option<Answer> {
        if ask.class != CLASS_IN {
            return None;
        }
        let mut said = self.say(ask.name.as_name(), ask.rtype)?;
        let (mut answers, mut seen) = (Vec::new(), vec![ask.name.clone()]);
        while let Some(target) = said.leads_to(ask.rtype) {
            // In a circle, or out of the local names: whoever asked sees where it ends.
            let next = match seen.contains(&target) || seen.len() > LINKS_MAX {
                true => None,
                false => self.say(target.as_name(), ask.rtype),
            };
            let Some(next) = next else { break };
            answers.append(&mut said.answers);
            seen.push(target);
            said = next;
        }
        answers.append(&mut said.answers);
        let Said { rcode, authorities, .. } = said;
        let parts = Parts { rcode, answers, authorities, security: Security::Indeterminate, ede: None };
        Some(wire::encode(ask, parts))
    }

    /// Names such that each name of ours is one of them or below one.
    pub(super) fn apexes(&self) -> impl Iterator<Item = Name<'_>> {
        let special = self.special.keys().map(OwnedName::as_name);
        special.chain(self.records.apexes()).chain(self.zones.apexes())
    }

    /// Whether the name is ours, for questions of that type.
    pub(super) fn covers(&self, name: Name<'_>, asked: RrType) -> bool {
        self.records.covers(name) || self.zones.covers(name, asked) || self.special_of(name, asked).is_some()
    }

    /// Whether a public alias to the name would lead into the school: it has data here, or may get some. Names
    /// that exist nowhere are none of ours.
    pub(super) fn leads_inside(&self, name: Name<'_>, asked: RrType) -> bool {
        let nowhere = |special| matches!(special, Special::Missing | Special::Silent);
        self.records.covers(name)
            || self.zones.covers(name, asked)
            || self.special_of(name, asked).is_some_and(|(_, special)| !nowhere(special))
    }

    /// Zones that ours give away, with the servers that are to be asked about them.
    pub(super) fn delegations(&self) -> Vec<Delegation> {
        self.zones.delegations()
    }

    fn say(&self, name: Name<'_>, asked: RrType) -> Option<Said> {
        if let Some(answers) = self.records.at(name, asked) {
            return Some(match answers.is_empty() {
                true => Said::nothing(Rcode::NO_ERROR, soa(name)),
                false => Said::data(answers),
            });
        }
        if let Some(said) = self.zones.at(name, asked) {
            return Some(said);
        }
        let (apex, special) = self.special_of(name, asked)?;
        let said = answer_special(name, asked, apex, special);
        Some(match said.rcode {
            Rcode::NX_DOMAIN if self.between.contains(name.wire()) => Said { rcode: Rcode::NO_ERROR, ..said },
            _ => said,
        })
    }

    fn special_of<'n>(&self, name: Name<'n>, asked: RrType) -> Option<(Name<'n>, Special)> {
        let (apex, special) = name
            .ancestors()
            .find_map(|ancestor| self.special.get(ancestor.wire()).map(|special| (ancestor, *special)))?;
        let theirs =
            |zone: &OwnedName| name.is_at_or_below(zone.as_name()) && zone.as_name().is_at_or_below(apex);
        let is_public = |zone: &OwnedName| name.is_at_or_below(zone.as_name());
        let is_theirs = self.left.iter().any(theirs)
            || !self.public.is_empty() && special::may_be_public(apex) && self.public.iter().any(is_public);
        (!is_theirs && !special.leaves_to_parent(name, apex, asked)).then_some((apex, special))
    }
}

fn answer_special(name: Name<'_>, asked: RrType, apex: Name<'_>, special: Special) -> Said {
    let owner = wire::library_name(name);
    let data = |rdata| Said::data(vec![Record::from_rdata(owner.clone(), TTL, rdata)]);
    let nothing = |rcode| Said::nothing(rcode, soa(apex));
    let text = name.to_string();
    match special {
        Special::Localhost => match asked {
            RrType::A => data(RData::A(A::new(127, 0, 0, 1))),
            RrType::AAAA => data(RData::AAAA(AAAA::new(0, 0, 0, 0, 0, 0, 0, 1))),
            _ => nothing(Rcode::NO_ERROR),
        },
        Special::Empty if special::LOOPBACK.contains(&text.as_str()) => match asked {
            RrType::PTR => data(pointer("localhost.")),
            _ => nothing(Rcode::NO_ERROR),
        },
        // RFC 8020: what has something below it exists.
        Special::Empty
            if special::LOOPBACK.iter().any(|loopback| loopback.ends_with(&format!(".{text}"))) =>
        {
            nothing(Rcode::NO_ERROR)
        }
        Special::Empty | Special::Ipv4Only(_) if name == apex && asked == RrType::SOA => {
            Said::data(vec![soa(apex)])
        }
        Special::Ipv4Only(prefix) if name == apex => ipv4_only(name, asked, prefix),
        Special::Ipv4OnlyAddress if name == apex && asked == RrType::PTR => data(pointer("ipv4only.arpa.")),
        Special::Translated(prefix) => translated(name, apex, prefix),
        Special::Empty | Special::Ipv4OnlyAddress if name == apex => nothing(Rcode::NO_ERROR),
        Special::Empty | Special::Missing | Special::Ipv4Only(_) | Special::Ipv4OnlyAddress => {
            nothing(Rcode::NX_DOMAIN)
        }
        Special::Silent => nothing(Rcode::NO_ERROR),
    }
}

/// What tells a client its translator's prefix (RFC 7050 §3).
fn ipv4_only(name: Name<'_>, asked: RrType, prefix: Option<Prefix>) -> Said {
    let record = |rdata| Record::from_rdata(wire::library_name(name), TTL, rdata);
    match (asked, prefix) {
        (RrType::A, _) => Said::data(IPV4_ONLY.map(|address| record(RData::A(A(address)))).into()),
        (RrType::AAAA, Some(prefix)) => {
            Said::data(IPV4_ONLY.map(|address| record(RData::AAAA(AAAA(prefix.embed(address))))).into())
        }
        _ => Said::nothing(Rcode::NO_ERROR, soa(name)),
    }
}

/// The name of an address behind the prefix is that of the IPv4 address (RFC 6147 §5.3.1).
fn translated(name: Name<'_>, apex: Name<'_>, prefix: Prefix) -> Said {
    let embedded = address_of(name).and_then(|address| prefix.embedded(address));
    match embedded {
        Some(address) => {
            let [a, b, c, d] = address.octets();
            let target = rr::Name::from_ascii(format!("{d}.{c}.{b}.{a}.in-addr.arpa.")).expect("a name");
            let alias = RData::CNAME(CNAME(target));
            Said::data(vec![Record::from_rdata(wire::library_name(name), TTL, alias)])
        }
        None if is_start_of_address(name) => Said::nothing(Rcode::NO_ERROR, soa(apex)),
        None => Said::nothing(Rcode::NX_DOMAIN, soa(apex)),
    }
}

/// Whether there are names of addresses below the name.
fn is_start_of_address(name: Name<'_>) -> bool {
    let nibble = |label: &[u8]| matches!(label, [b'0'..=b'9' | b'a'..=b'f']);
    let count = name.label_count();
    count < 34 && name.labels().take(count - 2).all(nibble)
}

fn pointer(target: &str) -> RData {
    RData::PTR(PTR(rr::Name::from_ascii(target).expect("a name")))
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
