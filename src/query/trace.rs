//! What decided a query, step by step, as `lachan check` tells it.
//!
//! A check is a query like any other that takes a [`Trace`] along; so what it tells is what is answered. It is
//! not counted.

use crate::dns::name::OwnedName;
use crate::model::event::Effect;
use crate::model::rule::Scope;
use crate::model::verdict::{AllowReason, BlockReason};

/// The steps of one query.
#[derive(Clone, Debug, Default)]
pub struct Trace {
    /// Whether the server's own data answered.
    pub is_local: bool,
    /// Why the asked name was allowed, if it was.
    pub allowed: Option<AllowReason>,
    /// The asked name, and where aliases led as far as that is known.
    pub links: Vec<OwnedName>,
    /// What closed a name, or would have.
    pub decided: Vec<Decided>,
    /// The policy zone whose rule let the query pass.
    pub passed: Option<ZoneRule>,
    /// Whether HTTPS records were left out that lead off the allow list.
    pub left_out: bool,
    /// Whether records were left out that lead into the school's networks.
    pub is_rebound: bool,
}

/// One rule that closed a name, or would have.
#[derive(Clone, Debug)]
pub struct Decided {
    /// The name: the asked one, or one that it leads to.
    pub name: OwnedName,
    /// Whether it was closed, or only counted.
    pub effect: Effect,
    /// Layer, category, source.
    pub reason: BlockReason,
    /// The list's rule.
    pub rule: Option<ListRule>,
    /// The policy zone's rule.
    pub zone: Option<ZoneRule>,
}

/// A rule of a list.
#[derive(Clone, Debug)]
pub struct ListRule {
    pub list: String,
    pub version: String,
    pub scope: Scope,
    pub name: OwnedName,
    pub line: u32,
}

/// A rule of a policy zone.
#[derive(Clone, Debug)]
pub struct ZoneRule {
    pub zone: OwnedName,
    /// The name at which it decided, where that is known.
    pub link: Option<OwnedName>,
    pub serial: Option<u32>,
    /// Trigger, by id.
    pub kind: &'static str,
    /// Action, by id.
    pub action: &'static str,
}
