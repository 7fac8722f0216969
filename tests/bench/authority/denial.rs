//! Which records prove that something is not there: NSEC (RFC 4035 §3.1.3) and NSEC3 (RFC 5155 §7.2).

use std::collections::BTreeSet;

use super::super::wire::coding::base32hex;
use super::super::wire::name::Name;
use super::super::wire::record::Record;
use super::super::wire::sha1::nsec3_hash;
use super::super::wire::types::*;
use super::zone::Zone;

/// The chain of a signed zone; of an unsigned one nothing can be proven, and all proofs are empty.
pub struct Denial<'z> {
    zone: &'z Zone,
    /// Hash, and owner of the record.
    hashes: Vec<(Vec<u8>, Name)>,
    names: Vec<Name>,
    salt: Vec<u8>,
    iterations: u16,
}

impl<'z> Denial<'z> {
    pub fn of(zone: &'z Zone) -> Self {
        let owners = |rtype| zone.records.iter().filter(move |record: &&Record| record.rtype == rtype);
        let mut hashes: Vec<_> = owners(NSEC3)
            .map(|record| {
                let label = String::from_utf8(record.name.labels()[0].clone()).unwrap();
                (base32hex(&label), record.name.clone())
            })
            .collect();
        hashes.sort();
        let mut names: Vec<_> = owners(NSEC).map(|record| record.name.clone()).collect();
        names.sort();
        let (salt, iterations) = owners(NSEC3).next().map_or((vec![], 0), |record| {
            let data = &record.data;
            let salt = data[5..5 + usize::from(data[4])].to_vec();
            (salt, u16::from_be_bytes([data[2], data[3]]))
        });
        Self { zone, hashes, names, salt, iterations }
    }

    /// That `name` has not the type asked for.
    pub fn no_type(&self, name: &Name) -> BTreeSet<Name> {
        if self.hashes.is_empty() {
            return match self.names.contains(name) {
                true => [name.clone()].into(),
                // Between other names: the one before it says so.
                false => self.covering(name),
            };
        }
        match self.matching(name) {
            Some(owner) => [owner].into(),
            // Left out of the chain (opt-out).
            None => self.encloser(name),
        }
    }

    /// That neither `name` exists nor a wildcard that it could come from.
    pub fn no_name(&self, name: &Name) -> BTreeSet<Name> {
        let wildcard = self.zone.closest_encloser(name).child(b"*");
        if self.hashes.is_empty() {
            return &self.covering(name) | &self.covering(&wildcard);
        }
        &self.encloser(name) | &self.covering(&wildcard)
    }

    /// That nothing is closer to `name` than the wildcard that it came from.
    pub fn expanded(&self, name: &Name) -> BTreeSet<Name> {
        match self.hashes.is_empty() {
            true => self.covering(name),
            false => self.covering(&self.next_closer(name)),
        }
    }

    pub fn no_type_by_wildcard(&self, name: &Name, wildcard: &Name) -> BTreeSet<Name> {
        match self.hashes.is_empty() {
            true => &self.covering(name) | &self.no_type(wildcard),
            false => &self.encloser(name) | &self.no_type(wildcard),
        }
    }

    /// The closest encloser, and that there is nothing between it and the name.
    fn encloser(&self, name: &Name) -> BTreeSet<Name> {
        let mut closest = self.zone.closest_encloser(name);
        let mut next = self.next_closer(name);
        while self.matching(&closest).is_none() && closest != self.zone.apex {
            next = closest.clone();
            closest = closest.parent().expect("the apex is above");
        }
        &self.matching(&closest).into_iter().collect::<BTreeSet<_>>() | &self.covering(&next)
    }

    fn next_closer(&self, name: &Name) -> Name {
        name.ancestor(self.zone.closest_encloser(name).labels().len() + 1)
    }

    fn matching(&self, name: &Name) -> Option<Name> {
        let hash = self.hash(name);
        self.hashes.iter().find(|(known, _)| *known == hash).map(|(_, owner)| owner.clone())
    }

    fn covering(&self, name: &Name) -> BTreeSet<Name> {
        let before = match self.hashes.is_empty() {
            true => self.names.iter().rfind(|known| *known < name).or(self.names.last()).cloned(),
            false => {
                let hash = self.hash(name);
                let before = self.hashes.iter().rfind(|(known, _)| *known < hash);
                before.or(self.hashes.last()).map(|(_, owner)| owner.clone())
            }
        };
        before.into_iter().collect()
    }

    fn hash(&self, name: &Name) -> Vec<u8> {
        nsec3_hash(name, &self.salt, self.iterations)
    }
}
