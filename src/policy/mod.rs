//! Who, when, what → verdict: which group a client belongs to, and what its policy says of a name.
//!
//! One immutable [`Policy`] is built from checked [`Settings`] and swapped whole on a reload.
//! [`decide`](decide::decide) is the order of the layers (`docs/policy.md`), in one function.
//!
//! Knows tiers, categories, prefixes and school rules. Never knows lists, packets or the network.
// Inside: `client` finds the group, `school` holds the school's own rules, `service` those that are switched by
// name, `decide` is the order,
// `lint` finds younger tiers that are laxer than older ones.

pub mod client;
pub mod decide;
pub mod lint;
pub mod school;
pub mod service;

use std::hash::{Hash, Hasher};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;
use siphasher::sip::SipHasher13;

use crate::dns::suffixes::HashKey;
use crate::model::category::CategorySet;
use crate::model::roster::{Roster, RosterId};
use crate::model::service::ServiceId;
use crate::model::tier::Tier;
use client::Clients;
pub use school::SchoolRule;
use school::SchoolRules;
use service::{ServiceName, Services};

/// What the policy is made of; checked by `config`.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// What each tier blocks and how, by [`Tier::index`].
    pub tiers: [TierSettings; Tier::ALL.len()],
    /// Groups of clients.
    pub groups: Vec<GroupSettings>,
    /// Tier of clients that no group covers; `None`: the strictest tier that a group has.
    pub unknown: Option<Tier>,
    /// Standing rules of the school.
    pub school_rules: Vec<SchoolRule>,
    /// The names of all services.
    pub service_names: Vec<ServiceName>,
}

/// One tier's policy.
#[derive(Clone, Debug, PartialEq)]
pub struct TierSettings {
    /// How the tier is filtered.
    pub mode: Mode,
    /// Categories blocked.
    pub blocked: CategorySet,
    /// Services switched off.
    pub services: Vec<ServiceId>,
    /// Categories that nothing local opens, beyond `csam`, `authority` and `test`, which never open.
    pub locked: CategorySet,
    /// Allow sets that an allow-only tier may reach, by id.
    pub allow_sets: Vec<String>,
    /// What a blocked query is answered with.
    pub style: AnswerStyle,
    /// TTL of a block answer in seconds.
    pub ttl: u32,
    /// What becomes of names that look like a known bookmaker's.
    pub clones: Clones,
    /// Categories in which this tier is laxer than an older one on purpose.
    pub laxer_than_older: CategorySet,
    /// Services in which it is.
    pub laxer_services: Vec<ServiceId>,
}

/// How names are judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mode {
    /// What is in a blocked category is blocked.
    Filter,
    /// As `Filter`, and what is in no allow set is blocked too.
    AllowOnly,
    /// As `Filter`, but only counted; what is locked is blocked all the same.
    Monitor,
    /// Nothing is blocked but what is locked.
    Open,
}

impl Mode {
    /// The id, as config files write it.
    pub fn id(self) -> &'static str {
        match self {
            Mode::Filter => "filter",
            Mode::AllowOnly => "allow-only",
            Mode::Monitor => "monitor",
            Mode::Open => "open",
        }
    }

    /// All modes.
    pub const ALL: [Mode; 4] = [Mode::Filter, Mode::AllowOnly, Mode::Monitor, Mode::Open];
}

/// What a blocked query is answered with (`src/query/block.rs`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AnswerStyle {
    /// `0.0.0.0` and `::`.
    Null,
    /// NXDOMAIN with SOA.
    NxDomain,
    /// NODATA with SOA.
    NoData,
    /// REFUSED.
    Refused,
    /// The block page's addresses; a family without one gets NODATA.
    Page { v4: Option<Ipv4Addr>, v6: Option<Ipv6Addr> },
}

/// What becomes of names that look like a known bookmaker's (`model::likeness`), where gambling is blocked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Clones {
    /// Blocked.
    #[default]
    Block,
    /// Counted, and answered.
    Monitor,
    /// Nothing.
    Off,
}

impl Clones {
    /// All, with the words of config files.
    pub const ALL: [(&str, Clones); 3] =
        [("block", Self::Block), ("monitor", Self::Monitor), ("off", Self::Off)];
}

/// One group of clients.
#[derive(Clone, Debug, PartialEq)]
pub struct GroupSettings {
    /// Name, as people and the journal read it.
    pub name: String,
    /// Tier.
    pub tier: Tier,
    /// Where its clients are.
    pub from: Vec<IpNet>,
    /// A mode other than the tier's.
    pub mode: Option<Mode>,
    /// Allow sets beyond the tier's.
    pub allow_sets: Vec<String>,
}

/// Name of the group of clients that no range covers.
pub const UNKNOWN_GROUP: &str = "không rõ";
/// Name of the one group that a config without groups has.
pub const DEFAULT_GROUP: &str = "Mặc định / default";
/// Groups that a policy may have; a school has some dozens of rooms.
pub const GROUPS_MAX: usize = 4096;

/// Why no policy could be built.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BuildError {
    /// Two groups claim the same range.
    #[error("range {range} is in group `{first}` and in group `{second}`")]
    SameRange { range: IpNet, first: String, second: String },
    /// Two groups have the same name.
    #[error("two groups are named `{0}`")]
    SameName(String),
    /// More than [`GROUPS_MAX`] groups.
    #[error("more than {GROUPS_MAX} groups")]
    TooManyGroups,
}

/// A policy in force. Immutable.
#[derive(Debug)]
pub struct Policy {
    /// Those of the school, then one without clients for each tier, to tell what a tier gets.
    groups: Vec<Group>,
    /// By the same numbers: what is in force for the group, as one number.
    marks: Vec<u64>,
    clients: Clients,
    rules: SchoolRules,
    services: Services,
}

/// A group in force: everything that `decide` needs of it, resolved.
#[derive(Clone, Debug, Hash)]
pub struct Group {
    /// Name.
    pub name: String,
    /// Number in the journal.
    pub id: RosterId,
    /// Tier.
    pub tier: Tier,
    /// Mode.
    pub mode: Mode,
    /// Categories blocked.
    pub blocked: CategorySet,
    /// Services switched off.
    pub services: Vec<ServiceId>,
    /// Categories that nothing local opens.
    pub locked: CategorySet,
    /// Allow sets that it may reach, as in [`Matched`](crate::model::matched::Matched).
    pub allow_sets: u64,
    /// Whether an allow set of it has not been read yet. It is empty until then: it opens nothing.
    pub lacks_allow_set: bool,
    /// What a blocked query is answered with.
    pub style: AnswerStyle,
    /// TTL of a block answer in seconds.
    pub ttl: u32,
    /// What becomes of names that look like a known bookmaker's.
    pub clones: Clones,
}

impl Settings {
    /// Tier of clients that no group covers.
    pub fn unknown_tier(&self) -> Tier {
        self.unknown.unwrap_or_else(|| strictest(self))
    }
}

impl Policy {
    /// Builds the policy for an index with the given hash key and allow sets.
    ///
    /// # Errors
    /// What [`BuildError`] says. An allow set that the index lacks is none: the config has checked that
    /// somebody declares it, and its list may not have been read yet.
    pub fn build(
        settings: &Settings,
        key: HashKey,
        allow_set: impl Fn(&str) -> Option<u8>,
        roster: &Roster,
    ) -> Result<Self, BuildError> {
        if settings.groups.len() >= GROUPS_MAX {
            return Err(BuildError::TooManyGroups);
        }
        let unknown = GroupSettings {
            name: UNKNOWN_GROUP.to_owned(),
            tier: settings.unknown_tier(),
            from: Vec::new(),
            mode: None,
            allow_sets: Vec::new(),
        };
        let mut groups: Vec<Group> = Vec::with_capacity(settings.groups.len() + 1);
        for spec in std::iter::once(&unknown).chain(&settings.groups) {
            if groups.iter().any(|group| group.name == spec.name) {
                return Err(BuildError::SameName(spec.name.clone()));
            }
            groups.push(group_in_force(spec, settings, &allow_set, roster));
        }
        let by_tier = Tier::ALL.iter().map(|tier| {
            let spec = GroupSettings {
                name: tier.vi().to_owned(),
                tier: *tier,
                from: Vec::new(),
                mode: None,
                allow_sets: Vec::new(),
            };
            group_in_force(&spec, settings, &allow_set, roster)
        });
        groups.extend(by_tier);
        let clients = Clients::build(&settings.groups)?;
        let rules = SchoolRules::build(&settings.school_rules, key);
        let is_switched = |service| settings.tiers.iter().any(|tier| tier.services.contains(&service));
        let services = Services::build(&settings.service_names, is_switched, key);
        let mark = |group: &Group| {
            let mut hasher = SipHasher13::new_with_key(&key.0);
            (group, rules.id(), services.id()).hash(&mut hasher);
            hasher.finish()
        };
        Ok(Self { marks: groups.iter().map(mark).collect(), clients, rules, services, groups })
    }

    /// Another number where something else is in force for group number `number`: for who keeps answers by group.
    pub fn mark_of(&self, number: usize) -> u64 {
        self.marks[number]
    }

    /// What a group of that tier without anything of its own gets.
    pub fn of_tier(&self, tier: Tier) -> &Group {
        &self.groups[self.number_of_tier(tier)]
    }

    /// Its number.
    pub fn number_of_tier(&self, tier: Tier) -> usize {
        self.groups().len() + tier.index()
    }

    /// Number of the group with that name.
    pub fn number_named(&self, name: &str) -> Option<usize> {
        self.groups().iter().position(|group| group.name == name)
    }

    /// The group with that number: of a client, a name or a tier.
    pub fn numbered(&self, number: usize) -> &Group {
        &self.groups[number]
    }

    /// The group of a client: the longest prefix that holds its address, else the group of unknown
    /// clients with the strictest tier.
    pub fn group_of(&self, client: IpAddr) -> &Group {
        &self.groups[self.number_of(client)]
    }

    /// All groups that have a number: the [groups](Self::groups), then one for each tier.
    pub fn all_numbered(&self) -> &[Group] {
        &self.groups
    }

    /// Number of [the client's group](Self::group_of) among [`groups`](Self::groups).
    pub fn number_of(&self, client: IpAddr) -> usize {
        self.clients.group_of(client)
    }

    /// Whether it is the group of clients that no group of the config covers.
    pub fn is_unknown(&self, group: &Group) -> bool {
        std::ptr::eq(group, &self.groups[0])
    }

    /// All groups; the first is that of unknown clients.
    pub fn groups(&self) -> &[Group] {
        &self.groups[..self.groups.len() - Tier::ALL.len()]
    }

    /// The services that tiers are switched off.
    pub fn services(&self) -> &Services {
        &self.services
    }

    /// A number that differs where the names do that rules and services are about: what was looked up by them is
    /// looked up anew.
    pub fn names_id(&self) -> u64 {
        self.rules.id() ^ self.services.id().rotate_left(32)
    }

    /// The school's own rules.
    pub fn rules(&self) -> &SchoolRules {
        &self.rules
    }
}

/// The tier, of those that groups have, that blocks most; allow-only is stricter than any filter.
/// Without any group it is preschool.
fn strictest(settings: &Settings) -> Tier {
    let strictness = |tier: Tier| {
        let policy = &settings.tiers[tier.index()];
        (policy.mode == Mode::AllowOnly, policy.blocked.0.count_ones(), std::cmp::Reverse(tier))
    };
    settings
        .groups
        .iter()
        .map(|group| group.tier)
        .max_by_key(|tier| strictness(*tier))
        .unwrap_or(Tier::Preschool)
}

fn group_in_force(
    spec: &GroupSettings,
    settings: &Settings,
    allow_set: &impl Fn(&str) -> Option<u8>,
    roster: &Roster,
) -> Group {
    let tier = &settings.tiers[spec.tier.index()];
    let mode = spec.mode.unwrap_or(tier.mode);
    let (mut allow_sets, mut lacks_allow_set) = (0, false);
    if mode == Mode::AllowOnly {
        for set in tier.allow_sets.iter().chain(&spec.allow_sets) {
            match allow_set(set) {
                Some(bit) => allow_sets |= 1 << bit,
                None => lacks_allow_set = true,
            }
        }
    }
    Group {
        name: spec.name.clone(),
        id: roster.id_of(&spec.name),
        tier: spec.tier,
        mode,
        blocked: tier.blocked,
        services: tier.services.clone(),
        locked: tier.locked.union(CategorySet::SECRET).union(CategorySet::TEST),
        allow_sets,
        lacks_allow_set,
        style: tier.style,
        ttl: tier.ttl,
        clones: tier.clones,
    }
}

#[cfg(test)]
mod tests;
