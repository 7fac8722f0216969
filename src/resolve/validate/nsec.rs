//! What NSEC records deny (RFC 4035 §5.4, RFC 6840 §4).

use super::types::Types;
use super::{NoDs, order};
use crate::dns::name::{Name, NameBuf, OwnedName};
use crate::dns::rrset::RrSet;
use crate::dns::rrtype::RrType;

/// One record: from its owner to the next name there is nothing.
struct Nsec<'a> {
    owner: Name<'a>,
    next: OwnedName,
    types: Types<'a>,
}

impl<'a> Nsec<'a> {
    fn read(owner: Name<'a>, rdata: &'a [u8]) -> Option<Self> {
        let mut next = NameBuf::new();
        let end = next.fill_from_wire(rdata).ok()?;
        Some(Self { owner, next: next.name().to_owned(), types: Types::read(&rdata[end..])? })
    }

    /// Whether it says that there are no records at `name`. The last of a zone leads back to its apex.
    fn covers(&self, name: Name<'_>, apex: Name<'_>) -> bool {
        let next = self.next.as_name();
        let before_next = if order::compare(self.owner, next).is_lt() {
            order::compare(name, next).is_lt()
        } else {
            next == apex
        };
        let beyond = self.types.end_the_zone() && name.is_at_or_below(self.owner);
        before_next && order::compare(self.owner, name).is_lt() && !beyond
    }
}

/// The NSEC records of a proof.
pub struct Nsecs<'a> {
    apex: Name<'a>,
    all: Vec<Nsec<'a>>,
}

impl<'a> Nsecs<'a> {
    /// Those of the zone `apex`; others are left out, and so is what cannot be read.
    pub fn read(apex: Name<'a>, sets: &[&'a RrSet]) -> Self {
        let all = sets
            .iter()
            .filter(|set| set.rtype == RrType::NSEC && set.owner.as_name().is_at_or_below(apex))
            .flat_map(|set| set.rdata.iter().filter_map(|rdata| Nsec::read(set.owner.as_name(), rdata)))
            .collect();
        Self { apex, all }
    }

    /// RFC 4035 §5.4: neither the name nor a wildcard that would have answered for it.
    pub fn no_name(&self, name: Name<'_>) -> bool {
        let Some(encloser) = self.closest_encloser(name) else { return false };
        // A wildcard too long to be a name is none.
        order::wildcard(encloser).is_none_or(|wildcard| self.is_absent(wildcard.as_name()))
    }

    /// The name, or the wildcard that answers for it, without records of that type.
    pub fn no_data(&self, name: Name<'_>, asked: RrType) -> bool {
        if let Some(here) = self.at(name) {
            return here.types.deny(asked, name.is_root());
        }
        if self.is_empty_nonterminal(name) {
            return true;
        }
        let Some(wildcard) = self.closest_encloser(name).and_then(order::wildcard) else { return false };
        match self.at(wildcard.as_name()) {
            Some(there) => there.types.deny(asked, false),
            None => self.is_empty_nonterminal(wildcard.as_name()),
        }
    }

    /// Nothing is there, and nothing below.
    pub fn is_absent(&self, name: Name<'_>) -> bool {
        self.covering(name).is_some_and(|nsec| !nsec.next.as_name().is_at_or_below(name))
    }

    /// No DS at `cut`, and what that makes of it.
    pub fn no_ds(&self, cut: Name<'_>) -> Option<NoDs> {
        let Some(here) = self.at(cut) else {
            let no_cut = self.is_empty_nonterminal(cut) || self.is_absent(cut);
            return no_cut.then_some(NoDs::NotACut);
        };
        here.types.no_ds()
    }

    /// The closest name above `name` that exists, where `name` does not.
    fn closest_encloser<'n>(&self, name: Name<'n>) -> Option<Name<'n>> {
        let span = self.covering(name).filter(|span| !span.next.as_name().is_at_or_below(name))?;
        let (one, other) = (order::shared(name, span.owner), order::shared(name, span.next.as_name()));
        Some(if one.label_count() > other.label_count() { one } else { other })
    }

    /// No records are there, but some below.
    fn is_empty_nonterminal(&self, name: Name<'_>) -> bool {
        self.covering(name).is_some_and(|nsec| nsec.next.as_name().is_at_or_below(name))
    }

    fn at(&self, name: Name<'_>) -> Option<&Nsec<'a>> {
        self.all.iter().find(|nsec| nsec.owner == name)
    }

    fn covering(&self, name: Name<'_>) -> Option<&Nsec<'a>> {
        self.all.iter().find(|nsec| nsec.covers(name, self.apex))
    }
}
