//! The policy zones in force, in their order, and which of them are for which group of clients.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use std::net::SocketAddr;

use super::action::Action;
use super::table::Table;
use super::transfer::tsig::Key;
use super::trigger::Kind;
use crate::dns::name::OwnedName;
use crate::dns::suffixes::HashKey;
use crate::model::roster::RosterId;
use crate::model::tier::Tier;

/// Zones that may be in force at a time: a set of them is one number of 64 bits. BIND has the same bound.
pub const ZONES_MAX: usize = 64;

/// One zone as configured.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Its name: what the journal calls it, and what primaries are asked for.
    pub name: OwnedName,
    /// Where it comes from.
    pub source: Source,
    /// What is done in place of what its rules say.
    pub policy: Policy,
    /// Tiers that it is for; empty means all, guests too.
    pub tiers: Vec<Tier>,
    /// Groups that it is for, by name; empty means all.
    pub groups: Vec<String>,
    /// Whether answers are rewritten that are signed and that the client asked signatures of.
    pub break_dnssec: bool,
    /// Whether its PASSTHRU opens what categories and allow-only mode close.
    pub passthru_opens: bool,
}

/// Where a zone comes from.
#[derive(Clone, Debug, PartialEq)]
pub enum Source {
    /// A master file, read at the start and at each reload.
    File(PathBuf),
    /// Servers that have it, asked in turn.
    Primaries { addresses: Vec<SocketAddr>, key: Option<Arc<Key>> },
}

/// What is done where a rule of the zone matches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Policy {
    /// What the rule says.
    Given,
    /// Nothing; it is counted.
    Disabled,
    /// This.
    Always(Action),
}

impl Settings {
    fn is_for(&self, group: &str, tier: Tier) -> bool {
        let named = self.groups.is_empty() || self.groups.iter().any(|name| name == group);
        named && (self.tiers.is_empty() || self.tiers.contains(&tier))
    }
}

/// A zone in force.
#[derive(Clone, Debug)]
pub struct Zone {
    /// As configured.
    pub settings: Settings,
    /// Its number in the journal.
    pub list: RosterId,
    /// Its rules.
    pub table: Table,
    /// How often a rule of it decided; lives on when a new version comes.
    pub hits: Arc<AtomicU64>,
}

impl Zone {
    /// Counts that a rule of it decided.
    pub fn note_hit(&self) {
        self.hits.fetch_add(1, Ordering::Relaxed);
    }

    /// Whether it has rules that only an answer can match.
    fn looks_at_answers(&self) -> bool {
        let counts = self.table.counts();
        [Kind::Ip, Kind::NsDname, Kind::NsIp].iter().any(|kind| counts.of(*kind) > 0)
    }
}

/// All zones in force. Immutable, part of a snapshot.
#[derive(Debug, Default)]
pub struct Zones {
    pub(super) zones: Vec<Zone>,
    by_group: Vec<Option<GroupZones>>,
    id: u64,
}

/// The zones for one group of clients.
#[derive(Clone, Debug)]
pub struct GroupZones {
    /// Their numbers, in order.
    pub(super) order: Vec<u8>,
    /// The same as a set.
    pub(super) set: u64,
    /// Those of them with rules that only an answer can match.
    pub(super) answers: u64,
    /// Whether one of them looks at who asks.
    by_client: bool,
}

impl GroupZones {
    /// Whether two clients of the group may get different answers to the same question.
    pub fn by_client(&self) -> bool {
        self.by_client
    }

    /// Whether one of these zones (a set) is for the group.
    pub fn has_any_of(&self, set: u64) -> bool {
        self.set & set != 0
    }
}

impl Zones {
    /// Puts zones in force for groups given by name and tier, in the order of their numbers. Suffixes will be
    /// hashed with `key`. Of more than [`ZONES_MAX`] zones the last are left out, which `config` refuses.
    pub fn build<'g>(
        mut zones: Vec<Zone>,
        key: HashKey,
        groups: impl IntoIterator<Item = (&'g str, Tier)>,
    ) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        zones.truncate(ZONES_MAX);
        for zone in &mut zones {
            zone.table = zone.table.with_key(key);
        }
        let mut built = Self { zones, by_group: Vec::new(), id: 0 };
        if !built.zones.is_empty() {
            built.id = NEXT.fetch_add(1, Ordering::Relaxed);
            built.by_group = groups.into_iter().map(|(name, tier)| built.for_group(name, tier)).collect();
        }
        built
    }

    /// Another number for each set of zones; 0 for none.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// The zones of group number `group`; `None` where there is none.
    pub fn of(&self, group: usize) -> Option<&GroupZones> {
        self.by_group.get(group)?.as_ref()
    }

    /// The zones of a group that is not among those that it was built for.
    pub fn for_group(&self, name: &str, tier: Tier) -> Option<GroupZones> {
        let meant = |(_, zone): &(usize, &Zone)| zone.settings.is_for(name, tier);
        let order: Vec<u8> = self.zones.iter().enumerate().filter(meant).map(|(at, _)| at as u8).collect();
        let set_of = |has: &dyn Fn(&Zone) -> bool| {
            let members = order.iter().filter(|number| has(&self.zones[usize::from(**number)]));
            members.fold(0, |set, number| set | 1 << number)
        };
        let zones = GroupZones {
            set: set_of(&|_| true),
            answers: set_of(&Zone::looks_at_answers),
            by_client: set_of(&|zone| zone.table.counts().of(Kind::ClientIp) > 0) != 0,
            order: order.clone(),
        };
        (!zones.order.is_empty()).then_some(zones)
    }

    /// All zones, in order.
    pub fn all(&self) -> &[Zone] {
        &self.zones
    }

    /// The zones of a set.
    pub fn among(&self, set: u64) -> impl Iterator<Item = &Zone> {
        self.zones.iter().enumerate().filter(move |(at, _)| set >> at & 1 != 0).map(|(_, zone)| zone)
    }
}
