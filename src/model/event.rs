//! A counted kind of blocked attempt.

use std::net::IpAddr;

use super::category::Category;
use super::roster::RosterId;
use super::service::ServiceId;
use super::tier::Tier;
use super::verdict::Layer;
use crate::dns::name::Name;
use crate::dns::rrtype::RrType;

/// One blocked (or monitored) attempt, as a worker hands it to the journal. It borrows: the journal
/// copies what it keeps.
#[derive(Clone, Copy, Debug)]
pub struct Attempt<'q> {
    /// Group of the client.
    pub group: RosterId,
    /// Tier of that group.
    pub tier: Tier,
    /// Who asked. Never stored as it is unless the school said so.
    pub client: IpAddr,
    /// Asked name.
    pub name: Name<'q>,
    /// Asked type.
    pub rtype: RrType,
    /// Category it counts under, if one.
    pub category: Option<Category>,
    /// Service it counts under, if one.
    pub service: Option<ServiceId>,
    /// List whose rule it was, if one (the roster also has `school` rules by their own names).
    pub list: Option<RosterId>,
    /// Which layer blocked.
    pub layer: Layer,
    /// Blocked, or only counted.
    pub effect: Effect,
}

/// What the client got.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Effect {
    /// The block answer.
    Blocked = 0,
    /// The normal answer (monitor mode).
    Monitored = 1,
}

impl Effect {
    /// The id, as exports write it.
    pub fn id(self) -> &'static str {
        match self {
            Effect::Blocked => "blocked",
            Effect::Monitored => "monitored",
        }
    }
}
