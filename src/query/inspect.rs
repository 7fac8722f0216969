//! Where an answer leads: the names behind a CNAME, DNAME, SVCB or HTTPS record are held to the same
//! rules as the asked name, or a blocked site would only need an alias.
//!
//! What there is to be said of these names is remembered with the cached answer, as a `Stamp` that names
//! the index, the policy zones and the school's rules it was made with; under others the answer is looked at
//! again, not asked for again. The stamp only tells whether it is worth while to judge them.

use std::net::IpAddr;

use super::World;
use super::likeness::Likeness;
use crate::dns::message::targets;
use crate::dns::name::{Name, OwnedName};
use crate::dns::rrset::{RrSet, Sections};
use crate::dns::rrtype::RrType;
use crate::dns::suffixes::Suffixes;
use crate::model::category::CategorySet;
use crate::policy::decide::open_categories;
use crate::resolve::alias::{self, Alias, Unfinished};

/// A rule of the school or a service covers one of the names.
pub const RULES: u8 = 1;
/// An HTTPS or SVCB record leads to another name, which the client asks for next.
pub const TARGETS: u8 = 2;

/// What lists and the school say of the names that an answer leads to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Leads {
    /// All their categories.
    pub all: CategorySet,
    /// Those that can close them.
    pub closing: CategorySet,
    /// [`RULES`], [`TARGETS`].
    pub marks: u8,
}

/// Looks up every name that an answer to a question for `asked` leads to, and the names for which these and the asked
/// one stand: a whole message, or how far resolution came.
pub fn leads(
    asked: Name<'_>,
    answer: &[u8],
    unfinished: Option<&Unfinished>,
    world: &World,
    suffixes: &mut Suffixes,
) -> Leads {
    let mut leads = Leads::default();
    let mut look = |name: Name<'_>| {
        suffixes.fill(world.index.key(), name);
        let matched = world.index.lookup(suffixes);
        leads.all = leads.all.union(matched.categories);
        leads.closing = leads.closing.union(open_categories(&matched));
        if world.policy.rules().covers(suffixes) || world.policy.services().covers(suffixes) {
            leads.marks |= RULES;
        }
    };
    Likeness::of(world, asked).names().for_each(|name| look(name.as_name()));
    let mut look = |name: Name<'_>| {
        look(name);
        Likeness::of(world, name).names().for_each(|name| look(name.as_name()));
    };
    targets(answer).for_each(|target| look(target.name()));
    unfinished.into_iter().flat_map(Unfinished::aliases).flat_map(Alias::leads_to).for_each(&mut look);
    if has_service_target(answer) {
        leads.marks |= TARGETS;
    }
    leads
}

/// Whether the answer has a service's record that leads elsewhere.
fn has_service_target(answer: &[u8]) -> bool {
    let Ok((_, found)) = crate::dns::message::records(answer) else { return false };
    found.iter().any(|record| matches!(record.rtype, RrType::SVCB | RrType::HTTPS))
        && Sections::read(answer)
            .is_ok_and(|sections| sections.answer.iter().any(|set| !service_targets(set).is_empty()))
}

/// The names other than its owner to which a set of service records leads.
pub fn service_targets(set: &RrSet) -> Vec<OwnedName> {
    match set.rtype {
        RrType::SVCB | RrType::HTTPS => set
            .rdata
            .iter()
            .filter_map(|rdata| service_target(rdata))
            .filter(|name| *name != set.owner)
            .collect(),
        _ => Vec::new(),
    }
}

/// The name in a service record; `None` for the owner itself, and for what cannot be read.
pub fn service_target(rdata: &[u8]) -> Option<OwnedName> {
    let mut target = crate::dns::name::NameBuf::new();
    target.fill_from_wire(rdata.get(2..)?).ok()?;
    (!target.name().is_root()).then(|| target.name().to_owned())
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
    /// Names to which records lead that are no aliases.
    pub targets: Vec<OwnedName>,
}

impl Trail {
    /// The trail of `answer`, a whole message, to a question for `asked` and type `kind`. What cannot be read
    /// leads nowhere.
    pub fn of(answer: &[u8], asked: Name<'_>, kind: RrType) -> Self {
        let sets = Sections::read(answer).map(|sections| sections.answer).unwrap_or_default();
        let mut trail = Self::of_aliases(asked, &alias::chain(&sets, asked, kind));
        let last = trail.links.last().expect("the asked name is there");
        trail.addresses = sets.iter().filter(|set| set.owner == *last).flat_map(RrSet::addresses).collect();
        // Aliases that were asked for themselves, or lie beside the chain, and service records.
        let beside = sets.iter().flat_map(|set| match set.rtype {
            RrType::CNAME | RrType::DNAME => set.names().collect(),
            _ => service_targets(set),
        });
        let known = |name: &OwnedName| {
            trail.links.contains(name) || trail.aliases.iter().any(|alias| alias.dname.as_ref() == Some(name))
        };
        let beside: Vec<OwnedName> = beside.filter(|name| !known(name)).collect();
        trail.targets = beside;
        trail
    }

    /// The trail of these aliases, one after the other.
    pub fn of_aliases(asked: Name<'_>, aliases: &[Alias]) -> Self {
        let targets = aliases.iter().map(|alias| alias.target.clone());
        Self {
            links: std::iter::once(asked.to_owned()).chain(targets).collect(),
            aliases: aliases.to_vec(),
            addresses: Vec::new(),
            targets: Vec::new(),
        }
    }
}
