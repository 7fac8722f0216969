//! Zones of our own in master format: what an authoritative server says of a name (RFC 1034 §4.3.2, with
//! wildcards as RFC 4592 and DNAME as RFC 6672 have them).
//!
//! What is below a zone cut is not ours: its servers are named ([`Zones::delegations`]), so that they are
//! asked and nobody else. The DS records at a cut are ours (RFC 4035 §3.1.4.1). Zones are served unsigned,
//! whatever their files hold.

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use hickory_resolver::proto::rr::rdata::CNAME;
use hickory_resolver::proto::rr::{RData, Record, RecordType};
use hickory_resolver::proto::serialize::txt::Parser;

use super::{LocalError, Said, dname};
use crate::dns::name::{Name, OwnedName};
use crate::dns::rcode::Rcode;
use crate::dns::rrtype::RrType;
use crate::resolve::iterate::reply::moved;
use crate::resolve::{file, wire};

/// One zone as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ZoneSpec {
    /// Apex.
    pub zone: OwnedName,
    /// Master file (RFC 1035 §5).
    pub file: PathBuf,
}

/// A zone that one of ours gives away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delegation {
    /// The zone below the cut.
    pub zone: OwnedName,
    /// Its servers, as far as our zones know their addresses.
    pub servers: Vec<IpAddr>,
}

/// All zones, the deepest first.
#[derive(Default)]
pub(super) struct Zones(Vec<Zone>);

struct Zone {
    apex: OwnedName,
    /// Every name that exists; one that has but others below it has no records (an empty non-terminal).
    nodes: HashMap<OwnedName, Vec<Record>>,
    soa: Record,
    /// Names delegated to others.
    cuts: HashSet<OwnedName>,
    /// Where the names below these are to be found.
    dnames: HashMap<OwnedName, OwnedName>,
}

impl Zones {
    pub(super) fn new(specs: &[ZoneSpec]) -> Result<Self, LocalError> {
        let mut zones = specs.iter().map(Zone::read).collect::<Result<Vec<_>, _>>()?;
        zones.sort_by_key(|zone| std::cmp::Reverse(zone.apex.as_name().label_count()));
        if let Some(twice) = zones.windows(2).find(|pair| pair[0].apex == pair[1].apex) {
            return Err(LocalError::ZoneTwice { zone: twice[0].apex.to_string() });
        }
        Ok(Self(zones))
    }

    /// What the zone of `name` says; `None` where no zone has it, or the zone has given it away.
    pub(super) fn at(&self, name: Name<'_>, asked: RrType) -> Option<Said> {
        Some(self.of(name, asked)?.say(name, asked))
    }

    /// All apexes.
    pub(super) fn apexes(&self) -> impl Iterator<Item = Name<'_>> {
        self.0.iter().map(|zone| zone.apex.as_name())
    }

    pub(super) fn covers(&self, name: Name<'_>, asked: RrType) -> bool {
        self.of(name, asked).is_some()
    }

    /// The zones that ours give away to servers whose addresses are known here.
    pub(super) fn delegations(&self) -> Vec<Delegation> {
        let mut found = Vec::new();
        for zone in &self.0 {
            for cut in zone.cuts.iter().filter(|cut| !self.apexes().any(|apex| apex == cut.as_name())) {
                let is_below_another = cut.as_name().parent().is_some_and(|above| zone.has_given_away(above));
                let mut servers: Vec<IpAddr> =
                    zone.servers_of(cut).flat_map(|name| self.addresses(&name)).collect();
                servers.sort_unstable();
                servers.dedup();
                if !servers.is_empty() && !is_below_another {
                    found.push(Delegation { zone: cut.clone(), servers });
                }
            }
        }
        found.sort_by(|one, other| one.zone.cmp(&other.zone));
        found
    }

    /// The addresses of a server, glue among them.
    fn addresses(&self, name: &OwnedName) -> Vec<IpAddr> {
        let records = self.0.iter().filter_map(|zone| zone.nodes.get(name)).flatten();
        records.filter_map(|record| record.data.ip_addr()).collect()
    }

    fn of(&self, name: Name<'_>, asked: RrType) -> Option<&Zone> {
        let zone = self.0.iter().find(|zone| name.is_at_or_below(zone.apex.as_name()))?;
        let from = if asked == RrType::DS && name != zone.apex.as_name() { name.parent()? } else { name };
        (!zone.has_given_away(from)).then_some(zone)
    }
}

/// Files that include each other, one in the other.
const INCLUDED_DEPTH_MAX: usize = 8;

/// Makes sure that what a zone file includes can be read, since the library opens whatever is named: it would wait
/// for a pipe.
fn look_at_included(text: &str, file: &Path, depth: usize) -> Result<(), String> {
    for line in text.lines() {
        let mut words = line.split_whitespace();
        if !words.next().is_some_and(|word| word.eq_ignore_ascii_case("$INCLUDE")) {
            continue;
        }
        let Some(named) = words.next() else { continue };
        let included = file.parent().unwrap_or(Path::new(".")).join(named.trim_matches('"'));
        if depth == INCLUDED_DEPTH_MAX {
            return Err(format!("more than {INCLUDED_DEPTH_MAX} files that include each other"));
        }
        let text = file::read(&included)
            .map_err(|error| format!("could not read the included file {}: {error}", included.display()))?;
        look_at_included(&text, &included, depth + 1)?;
    }
    Ok(())
}

impl Zone {
    fn read(spec: &ZoneSpec) -> Result<Self, LocalError> {
        let failed =
            |why: String| LocalError::Zone { zone: spec.zone.to_string(), file: spec.file.clone(), why };
        let text = file::read(&spec.file).map_err(|error| failed(error.to_string()))?;
        look_at_included(&text, &spec.file, 0).map_err(failed)?;
        let text = dname::readable(&text).map_err(failed)?;
        let origin = wire::library_name(spec.zone.as_name());
        let (_, sets) = Parser::new(text, Some(spec.file.clone()), Some(origin))
            .parse()
            .map_err(|error| failed(error.to_string()))?;
        let (mut nodes, mut cuts) = (HashMap::<OwnedName, Vec<Record>>::new(), HashSet::new());
        let mut dnames = HashMap::new();
        for record in sets.values().flat_map(|set| set.records_without_rrsigs()) {
            let owner = wire::our_name(&record.name)
                .ok_or_else(|| failed(format!("`{}` is not a name", record.name)))?;
            let Some(above) = names_between(owner.as_name(), spec.zone.as_name()) else {
                return Err(failed(format!("`{owner}` is outside the zone")));
            };
            above.for_each(|name| {
                nodes.entry(name.to_owned()).or_default();
            });
            if record.record_type() == RecordType::NS && owner != spec.zone {
                cuts.insert(owner.clone());
            }
            let record = match dname::target(record) {
                Some(target) => {
                    let record = dname::record(record, target.as_name());
                    if dnames.insert(owner.clone(), target).is_some() {
                        return Err(failed(format!("`{owner}` has two DNAMEs")));
                    }
                    record
                }
                None => record.clone(),
            };
            nodes.entry(owner).or_default().push(record);
        }
        for (owner, records) in &nodes {
            let aliases = of_type(records, RrType::CNAME).count();
            if aliases > 1 || aliases == 1 && records.len() > 1 {
                return Err(failed(format!("`{owner}` has a CNAME and other records")));
            }
        }
        let soa = nodes.get(&spec.zone).and_then(|apex| of_type(apex, RrType::SOA).next()).cloned();
        let mut soa = soa.ok_or_else(|| failed("no SOA record at the apex".to_owned()))?;
        if let RData::SOA(data) = &soa.data {
            soa.ttl = soa.ttl.min(data.minimum);
        }
        Ok(Self { apex: spec.zone.clone(), nodes, soa, cuts, dnames })
    }

    fn say(&self, name: Name<'_>, asked: RrType) -> Said {
        if let Some(said) = self.moved(name) {
            return said;
        }
        if let Some(node) = self.nodes.get(name.wire()) {
            return self.say_of(node, name, asked);
        }
        let encloser = name.ancestors().skip(1).find(|above| self.nodes.contains_key(above.wire()));
        let wild =
            encloser.and_then(|encloser| self.nodes.get([b"\x01*", encloser.wire()].concat().as_slice()));
        match wild {
            Some(node) => self.say_of(node, name, asked),
            None => Said::nothing(Rcode::NX_DOMAIN, self.soa.clone()),
        }
    }

    /// What the records of a node say of `name`, whose it is or which its wildcard covers.
    fn say_of(&self, node: &[Record], name: Name<'_>, asked: RrType) -> Said {
        let owned = |record: &Record| {
            let mut record = record.clone();
            record.name = wire::library_name(name);
            record
        };
        let here: Vec<Record> = of_type(node, asked).map(owned).collect();
        let alias = || of_type(node, RrType::CNAME).map(owned).next();
        match (here.is_empty(), alias()) {
            (true, Some(alias)) => Said::data(vec![alias]),
            (true, None) => Said::nothing(Rcode::NO_ERROR, self.soa.clone()),
            (false, _) => Said::data(here),
        }
    }

    /// The DNAME above `name` and the CNAME that comes of it.
    fn moved(&self, name: Name<'_>) -> Option<Said> {
        if self.dnames.is_empty() {
            return None;
        }
        let mut above =
            name.ancestors().skip(1).take_while(|above| above.is_at_or_below(self.apex.as_name()));
        let (owner, target) = above.find_map(|above| Some((above, self.dnames.get(above.wire())?)))?;
        let dname = of_type(self.nodes.get(owner.wire())?, RrType::DNAME).next()?;
        let Some(target) = moved(name, owner, target.as_name()) else {
            return Some(Said { rcode: Rcode::YX_DOMAIN, ..Said::data(vec![dname.clone()]) });
        };
        let alias = RData::CNAME(CNAME(wire::library_name(target.as_name())));
        let alias = Record::from_rdata(wire::library_name(name), dname.ttl, alias);
        Some(Said::data(vec![dname.clone(), alias]))
    }

    fn has_given_away(&self, name: Name<'_>) -> bool {
        let mut below = name.ancestors().take_while(|above| *above != self.apex.as_name());
        below.any(|above| self.cuts.contains(above.wire()))
    }

    fn servers_of(&self, cut: &OwnedName) -> impl Iterator<Item = OwnedName> {
        let records = self.nodes.get(cut).into_iter().flatten();
        records.filter_map(|record| match &record.data {
            RData::NS(server) => wire::our_name(&server.0),
            _ => None,
        })
    }
}

/// The names above `owner` down from `apex`, which exist because it does; `None` where it is not below.
fn names_between<'n>(owner: Name<'n>, apex: Name<'n>) -> Option<impl Iterator<Item = Name<'n>>> {
    let above = owner.ancestors().skip(1).take_while(move |name| name.is_at_or_below(apex));
    owner.is_at_or_below(apex).then_some(above)
}

fn of_type(records: &[Record], kind: RrType) -> impl Iterator<Item = &Record> {
    records.iter().filter(move |record| u16::from(record.record_type()) == kind.number())
}
