//! What an honest authority says: RFC 1034 §4.3.2 with wildcards (RFC 4592), DNAME (RFC 6672), referrals
//! and signatures (RFC 4035 §3.1).

use std::collections::BTreeSet;

use super::super::wire::message::Message;
use super::super::wire::name::Name;
use super::super::wire::record::Record;
use super::super::wire::types::*;
use super::denial::Denial;

/// Aliases followed within one answer.
const ALIASES_MAX: usize = 16;

/// Records of one zone; signed ones carry their signatures and proofs.
#[derive(Clone, Debug)]
pub struct Zone {
    pub apex: Name,
    pub records: Vec<Record>,
}

impl Zone {
    /// Of several zones on one server, the one that is asked. A DS is asked of the parent (RFC 4035 §3.1.4.1).
    pub fn of<'z>(zones: &'z [Self], name: &Name, rtype: u16) -> Option<&'z Self> {
        let mut holds: Vec<_> = zones.iter().filter(|zone| name.is_in(&zone.apex)).collect();
        holds.sort_by_key(|zone| zone.apex.labels().len());
        if rtype == DS && holds.len() > 1 && holds.last().is_some_and(|zone| zone.apex == *name) {
            holds.pop();
        }
        holds.pop()
    }

    /// Fills in the answer to the question of `reply`.
    pub fn answer(&self, reply: &mut Message) {
        let (name, rtype) = reply.question.clone().expect("a question");
        let mut answering = Answering { zone: self, signed: reply.dnssec_ok(), reply };
        answering.answer(&name, rtype);
    }

    /// The records of a name and type.
    pub fn set(&self, name: &Name, rtype: u16) -> impl Iterator<Item = &Record> {
        self.records.iter().filter(move |record| record.name == *name && record.rtype == rtype)
    }

    /// The signatures over them.
    pub fn signatures(&self, name: &Name, rtype: u16) -> impl Iterator<Item = &Record> {
        self.set(name, RRSIG).filter(move |signature| signature.covered() == Some(rtype))
    }

    pub fn has(&self, name: &Name, rtype: u16) -> bool {
        self.set(name, rtype).next().is_some()
    }

    /// Whether the name has records, or is between others (RFC 4592 §2.2.2). Hashes are no names.
    pub fn exists(&self, name: &Name) -> bool {
        self.records.iter().any(|record| {
            let is_hash = record.rtype == NSEC3 || record.covered() == Some(NSEC3);
            record.name.is_in(name) && !is_hash
        })
    }

    /// The longest ancestor that exists.
    pub fn closest_encloser(&self, name: &Name) -> Name {
        let counts = self.apex.labels().len()..name.labels().len();
        let found = counts.rev().map(|count| name.ancestor(count)).find(|ancestor| self.exists(ancestor));
        found.unwrap_or_else(|| self.apex.clone())
    }

    /// Names from the one below the apex down to `name`.
    fn path(&self, name: &Name) -> impl Iterator<Item = Name> {
        (self.apex.labels().len() + 1..=name.labels().len()).map(|count| name.ancestor(count))
    }

    fn types_at(&self, name: &Name) -> BTreeSet<u16> {
        self.records.iter().filter(|record| record.name == *name).map(|record| record.rtype).collect()
    }
}

/// One answer in the making.
struct Answering<'z, 'r> {
    zone: &'z Zone,
    signed: bool,
    reply: &'r mut Message,
}

impl Answering<'_, '_> {
    fn answer(&mut self, name: &Name, rtype: u16) {
        let zone = self.zone;
        let mut at = name.clone();
        for _ in 0..ALIASES_MAX {
            if let Some(cut) = zone.path(&at).find(|node| zone.has(node, NS))
                && !(rtype == DS && cut == at)
            {
                return self.refer(&cut);
            }
            self.reply.flags.authoritative = true;
            let above = |node: &Name| *node != at && zone.has(node, DNAME);
            let owner = zone.path(&at).chain([zone.apex.clone()]).find(above);
            if let Some(owner) = owner {
                self.say(&owner, DNAME);
                let target = zone.set(&owner, DNAME).next().and_then(Record::target).expect("a target");
                let Some(moved) = at.moved(&owner, &target) else {
                    self.reply.rcode = 6;
                    return;
                };
                let dname_ttl = zone.set(&owner, DNAME).next().map(|record| record.ttl);
                let mut alias = Record::new(at.clone(), CNAME, moved.wire());
                alias.ttl = dname_ttl.unwrap_or(alias.ttl);
                self.reply.answer.push(alias);
                if !moved.is_in(&zone.apex) {
                    return;
                }
                at = moved;
                continue;
            }
            let source = match zone.exists(&at) {
                true => at.clone(),
                false => {
                    let wildcard = zone.closest_encloser(&at).child(b"*");
                    if !zone.exists(&wildcard) {
                        self.reply.rcode = 3;
                        return self.deny(|denial| denial.no_name(&at));
                    }
                    wildcard
                }
            };
            let expanded = source != at;
            let types = zone.types_at(&source);
            let alias = types.contains(&CNAME) && ![CNAME, ANY, NSEC, RRSIG].contains(&rtype);
            let wanted: Vec<u16> = match rtype {
                ANY => types.into_iter().filter(|rtype| *rtype != RRSIG).collect(),
                _ if alias => vec![CNAME],
                _ if types.contains(&rtype) => vec![rtype],
                _ if expanded => return self.deny(|denial| denial.no_type_by_wildcard(&at, &source)),
                _ => return self.deny(|denial| denial.no_type(&at)),
            };
            for rtype in wanted {
                self.say_as(&source, rtype, &at);
            }
            if expanded && self.signed {
                let proof = Denial::of(zone).expanded(&at);
                self.prove(proof);
            }
            let target = zone.set(&source, CNAME).next().and_then(Record::target);
            match target.filter(|target| alias && target.is_in(&zone.apex)) {
                Some(target) => at = target,
                None => return,
            }
        }
    }

    fn say(&mut self, name: &Name, rtype: u16) {
        self.say_as(name, rtype, name);
    }

    /// Adds a set to the answer, under the name asked where a wildcard is expanded.
    fn say_as(&mut self, source: &Name, rtype: u16, owner: &Name) {
        let signed = self.signed;
        let signatures = self.zone.signatures(source, rtype).filter(|_| signed);
        let records = self.zone.set(source, rtype).chain(signatures);
        let named = records.map(|record| Record { name: owner.clone(), ..record.clone() });
        self.reply.answer.extend(named);
    }

    fn refer(&mut self, cut: &Name) {
        let zone = self.zone;
        self.reply.authority.extend(zone.set(cut, NS).cloned());
        if self.signed {
            match zone.has(cut, DS) {
                true => self.authority(cut, DS),
                false => self.prove(Denial::of(zone).no_type(cut)),
            }
        }
        let servers: Vec<Name> = zone.set(cut, NS).filter_map(Record::target).collect();
        let glue = zone.records.iter().filter(|record| [A, AAAA].contains(&record.rtype));
        self.reply.additional.extend(glue.filter(|record| servers.contains(&record.name)).cloned());
    }

    fn deny(&mut self, proof: impl FnOnce(&Denial<'_>) -> BTreeSet<Name>) {
        let zone = self.zone;
        self.authority(&zone.apex.clone(), SOA);
        // The negative TTL is the lesser of the SOA's own and its last field (RFC 2308 §3).
        for soa in self.reply.authority.iter_mut().filter(|record| record.rtype == SOA) {
            let least = soa.data[soa.data.len() - 4..].try_into().map(u32::from_be_bytes).unwrap();
            soa.ttl = soa.ttl.min(least);
        }
        if self.signed {
            let proof = proof(&Denial::of(zone));
            self.prove(proof);
        }
    }

    fn prove(&mut self, owners: BTreeSet<Name>) {
        for owner in owners {
            let told = |record: &Record| record.name == owner && [NSEC, NSEC3].contains(&record.rtype);
            if !self.reply.authority.iter().any(told) {
                self.authority(&owner, NSEC);
                self.authority(&owner, NSEC3);
            }
        }
    }

    fn authority(&mut self, name: &Name, rtype: u16) {
        let signed = self.signed;
        let signatures = self.zone.signatures(name, rtype).filter(|_| signed);
        self.reply.authority.extend(self.zone.set(name, rtype).chain(signatures).cloned());
    }
}
