//! One query at hand, and for whom names are judged.

use std::net::IpAddr;

use super::peer::{Peer, Transport};
use super::{World, limit};
use crate::dns::question::Question;
use crate::policy::{Group, Mode};
use crate::rpz::zones::GroupZones;

/// For whom names are judged: what is in force for a client.
#[derive(Clone, Copy)]
pub struct Asker<'w> {
    /// The snapshot.
    pub world: &'w World,
    /// The client's group.
    pub group: &'w Group,
    /// The policy zones of the group; `None`: there are none.
    pub zones: Option<&'w GroupZones>,
    /// Who it is, where somebody is: a check asks for a whole group.
    pub client: Option<IpAddr>,
    /// The way it came.
    pub transport: Transport,
}

impl<'w> Asker<'w> {
    /// For `peer`, who is of group number `number`.
    pub fn of(world: &'w World, peer: Peer, number: usize) -> Self {
        Self {
            world,
            group: world.policy.numbered(number),
            zones: world.zones.of(number),
            client: peer.client(),
            transport: peer.transport,
        }
    }

    /// Whether what would be closed is counted only.
    pub fn is_monitored(&self) -> bool {
        self.group.mode == Mode::Monitor
    }
}

/// One query at hand.
#[derive(Clone, Copy)]
pub struct Query<'q> {
    /// For whom.
    pub asker: Asker<'q>,
    /// What is asked.
    pub question: &'q Question<'q>,
    /// Who asks.
    pub peer: Peer,
}

impl<'q> Query<'q> {
    /// What `peer`, who is of group number `number`, asks of `world`.
    pub fn of(world: &'q World, question: &'q Question<'q>, peer: Peer, number: usize) -> Self {
        Self { asker: Asker::of(world, peer, number), question, peer }
    }

    /// The snapshot.
    pub fn world(&self) -> &'q World {
        self.asker.world
    }

    /// Octets that the answer may have.
    pub fn limit(&self) -> usize {
        limit(self.question, self.peer.transport)
    }

    /// Whether the client gets signatures that it does not check itself.
    pub fn wants_signed(&self) -> bool {
        self.question.dnssec_ok() && !self.question.checking_disabled()
    }
}
