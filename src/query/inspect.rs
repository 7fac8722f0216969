//! Where an answer leads: the names behind a CNAME, DNAME, SVCB or HTTPS record are held to the same
//! lists as the asked name, or a blocked site would only need an alias.
//!
//! What the lists say of these names is remembered with the cached answer, as a `Stamp` that names
//! the index it was made with; after a list update the answer is looked at again, not asked for again.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::dns::message::targets;
use crate::dns::name::{Name, OwnedName};
use crate::dns::rdata::rtype;
use crate::dns::rrset::{RrSet, Sections};
use crate::dns::suffixes::Suffixes;
use crate::filter::Index;
use crate::model::category::{Category, CategorySet};
use crate::model::matched::Matched;
use crate::policy::decide::open_categories;

/// What the lists say of the names that an answer leads to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Leads {
    /// All their categories.
    pub all: CategorySet,
    /// Their categories, less what protection takes away.
    pub open: CategorySet,
}

/// Looks up every name that `answer` (a whole message) leads to.
pub fn leads(answer: &[u8], index: &Index, suffixes: &mut Suffixes) -> Leads {
    let mut leads = Leads::default();
    for target in targets(answer) {
        suffixes.fill(index.key(), target.name());
        let matched = index.lookup(suffixes);
        leads.all = leads.all.union(matched.categories);
        leads.open = leads.open.union(open_categories(&matched));
    }
    leads
}

/// Walks to the name that `answer` leads to and that `category` blocks, and says what matched there, so
/// that its rule can be told.
pub fn walk_to(answer: &[u8], index: &Index, suffixes: &mut Suffixes, category: Option<Category>) -> Matched {
    let mut matched = Matched::default();
    for target in targets(answer) {
        suffixes.fill(index.key(), target.name());
        matched = index.lookup(suffixes);
        if category.is_none_or(|category| matched.categories.contains(category)) {
            break;
        }
    }
    matched
}

/// The way of an answer from the asked name to its addresses.
#[derive(Debug)]
pub struct Trail {
    /// The asked name, and where its aliases lead, one after the other.
    pub links: Vec<OwnedName>,
    /// The aliases between them.
    pub aliases: Vec<Alias>,
    /// Addresses at the last link.
    pub addresses: Vec<IpAddr>,
}

/// One alias of an answer.
#[derive(Clone, Debug)]
pub struct Alias {
    /// Whose.
    pub owner: OwnedName,
    /// Seconds.
    pub ttl: u32,
    /// Where it leads.
    pub target: OwnedName,
}

impl Trail {
    /// The trail of `answer`, a whole message, to a question for `asked` and type `rtype`: who asks for an
    /// alias itself goes nowhere. What cannot be read leads nowhere.
    pub fn of(answer: &[u8], asked: Name<'_>, rtype: u16) -> Self {
        let sets = Sections::read(answer).map(|sections| sections.answer).unwrap_or_default();
        let mut trail = Self { links: vec![asked.to_owned()], aliases: Vec::new(), addresses: Vec::new() };
        // A chain has no more links than the answer has sets.
        for _ in 0..if rtype == rtype::CNAME { 0 } else { sets.len() } {
            let here = trail.last();
            let Some(set) = sets.iter().find(|set| set.is(here, rtype::CNAME)) else { break };
            let Some(target) = set.first_name().filter(|target| !trail.links.contains(target)) else { break };
            trail.aliases.push(Alias { owner: set.owner.clone(), ttl: set.ttl, target: target.clone() });
            trail.links.push(target);
        }
        let at_end = sets.iter().filter(|set| set.owner.as_name() == trail.last());
        trail.addresses = at_end.flat_map(addresses).collect();
        trail
    }

    fn last(&self) -> Name<'_> {
        self.links.last().expect("the asked name is there").as_name()
    }
}

/// The addresses that a set says.
fn addresses(set: &RrSet) -> Vec<IpAddr> {
    let v4 = |rdata: &[u8]| <[u8; 4]>::try_from(rdata).ok().map(|octets| Ipv4Addr::from(octets).into());
    let v6 = |rdata: &[u8]| <[u8; 16]>::try_from(rdata).ok().map(|octets| Ipv6Addr::from(octets).into());
    match set.rtype {
        rtype::A => set.rdata.iter().filter_map(|rdata| v4(rdata)).collect(),
        rtype::AAAA => set.rdata.iter().filter_map(|rdata| v6(rdata)).collect(),
        _ => Vec::new(),
    }
}
