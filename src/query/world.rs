//! What a query is answered from: one immutable snapshot, and the moment that it is looked at.

use std::sync::Arc;
use std::time::Duration;

use super::client::{Access, Client};
use super::packets::Scope;
use super::rate::Rates;
use super::server_identity;
use super::texts::ErrorTexts;
use crate::dns::suffixes::Suffixes;
use crate::filter::Index;
use crate::model::name_set::NameSet;
use crate::model::roster::RosterId;
use crate::policy::Policy;
use crate::resolve::Resolver;
use crate::rpz::transfer::notify::Listener;
use crate::rpz::zones::Zones;

/// Everything that a query is answered from: one immutable snapshot of parts, each of which is built and replaced
/// by itself. What is put beside the others fits them: names are filed under one key, and zones know the groups of
/// the policy by their numbers.
#[derive(Clone)]
pub struct World {
    /// Who gets what.
    pub policy: Arc<Policy>,
    /// What the lists say.
    pub index: Arc<Index>,
    /// Journal numbers of the index's lists, in the index's order.
    pub lists: Arc<[RosterId]>,
    /// Journal number for the school's own rules.
    pub school_list: RosterId,
    /// Response policy zones.
    pub zones: Arc<Zones>,
    /// Whose announcements of new versions of them count.
    pub announced: Arc<[Listener]>,
    /// How to get answers.
    pub resolver: Arc<Resolver>,
    /// Names at or below which the resolver has a name of its own; `None`: any name may be one.
    pub local: Arc<Option<NameSet<()>>>,
    /// Whom we answer, how fast, and with what texts.
    pub limits: Arc<Limits>,
}

/// Whom we answer and how fast, and what goes with some answers.
pub struct Limits {
    /// Whom we answer.
    pub access: Access,
    /// How fast a client may ask; `None`: as fast as it likes.
    pub rates: Option<Arc<Rates>>,
    /// What goes with errors, in the school's language.
    pub texts: ErrorTexts,
    /// What `version.bind` and `hostname.bind` are answered with.
    pub identity: server_identity::Identity,
}

/// Spreads numbers of sets of zones over all 64 bits (the golden ratio's).
const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;

impl World {
    /// What answers are looked at by: another number with each index, each set of zones, of school rules and of services.
    pub fn generation(&self) -> u64 {
        self.index.id() ^ self.zones.id().wrapping_mul(SPREAD) ^ self.policy.names_id()
    }

    /// Whether a packet is answered from `other` as from this one, as long as the policy says the same for its
    /// group: each part is the same or, what announcements and journal numbers concern, of no account.
    pub(super) fn answers_as(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.index, &other.index)
            && Arc::ptr_eq(&self.zones, &other.zones)
            && Arc::ptr_eq(&self.resolver, &other.resolver)
            && Arc::ptr_eq(&self.local, &other.local)
            && Arc::ptr_eq(&self.limits, &other.limits)
    }

    /// Number of the client's group.
    pub(super) fn number_of(&self, client: Client) -> usize {
        client.group().unwrap_or_else(|| self.policy.number_of(client.address))
    }

    /// Whether the name with these suffixes may be one of our own.
    pub(super) fn may_be_local(&self, suffixes: &Suffixes) -> bool {
        (*self.local).as_ref().is_none_or(|local| local.covers(suffixes))
    }
}

/// What is in force while a batch of queries is answered, and the time.
pub struct Moment {
    /// The snapshot.
    pub world: Arc<World>,
    /// Changes whenever an answer to the same packet may, whoever asks: with each new part of the snapshot but the
    /// policy, and when the answer cache is emptied.
    pub(super) generation: u64,
    /// Seconds since 1970.
    pub now: u64,
    /// Time since the responder was set up, by a clock that only goes forward.
    pub elapsed: Duration,
}

impl Moment {
    /// For whom and how long an answer given now is good.
    pub(super) fn scope(&self, group: usize) -> Scope {
        let generation = self.generation ^ self.world.policy.mark_of(group);
        Scope { generation, group: group as u16, now: self.now }
    }
}
