//! Services that tiers switch (layer 4 of `docs/policy.md`): their names, filed by name.

use std::hash::{Hash, Hasher};

use siphasher::sip::SipHasher13;

use crate::dns::name::OwnedName;
use crate::dns::suffixes::{HashKey, Suffixes};
use crate::model::name_set::NameSet;
use crate::model::rule::Scope;
use crate::model::service::ServiceId;

use super::Group;

/// A name of a service.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ServiceName {
    /// Whose.
    pub service: ServiceId,
    /// The name.
    pub name: OwnedName,
    /// How far it reaches.
    pub scope: Scope,
    /// Line in the service's file, from 1.
    pub line: u32,
}

/// The services that some group is switched off.
#[derive(Debug)]
pub struct Services {
    names: Vec<ServiceName>,
    by_name: NameSet<u32>,
    /// Of what the names are: another number for others, 0 for none.
    id: u64,
}

impl Services {
    /// Files the names of the services that `is_switched` names: what nobody switches costs nothing.
    pub fn build(names: &[ServiceName], is_switched: impl Fn(ServiceId) -> bool, key: HashKey) -> Self {
        let names: Vec<ServiceName> =
            names.iter().filter(|name| is_switched(name.service)).cloned().collect();
        let mut by_name = NameSet::new(key);
        for (name, number) in names.iter().zip(0..) {
            by_name.insert(name.name.as_name(), name.scope, number);
        }
        let mut hasher = SipHasher13::new_with_key(&key.0);
        names.hash(&mut hasher);
        let id = if names.is_empty() { 0 } else { hasher.finish().max(1) };
        Self { names, by_name, id }
    }

    /// A number that differs where the names do; 0 for none.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// Whether the walked name belongs to a service that somebody is switched off.
    pub fn covers(&self, suffixes: &Suffixes) -> bool {
        self.by_name.covers(suffixes)
    }

    /// The most specific name by which the walked name belongs to that service.
    pub fn name_of<'s>(&'s self, service: ServiceId, suffixes: &'s Suffixes) -> Option<&'s ServiceName> {
        self.names_of(suffixes).find(|name| name.service == service)
    }

    /// The most specific name by which the walked name belongs to a service that the group is switched off.
    pub fn blocking<'s>(&'s self, suffixes: &'s Suffixes, group: &Group) -> Option<&'s ServiceName> {
        if !self.by_name.may_cover(suffixes) {
            return None;
        }
        self.names_of(suffixes).find(|name| group.services.contains(&name.service))
    }

    /// Every name by which the walked name belongs to a service that somebody is switched off, the most specific first.
    pub fn names_of<'s>(&'s self, suffixes: &'s Suffixes) -> impl Iterator<Item = &'s ServiceName> {
        self.by_name.matching(suffixes).map(|(_, number)| &self.names[*number as usize])
    }
}
