//! Aliases on the way to an answer, and the decision whether one is followed.
//!
//! The resolver does not know who asks. Whoever does hands down a [`Gate`], which is shown every alias as soon
//! as it is known and before its target is asked for. Where the gate says no, resolution ends: the answer is
//! SERVFAIL without data ([`Unfinished::Stopped`]), and the aliases go along so that the asker can be told.
//! A resolution that fails later says in the same way how far it came.

use std::sync::Arc;

use super::iterate::reply::moved;
use crate::dns::message::MessageError;
use crate::dns::name::{Name, OwnedName};
use crate::dns::rrset::{RrSet, Sections};
use crate::dns::rrtype::RrType;

/// One alias of a chain: a CNAME, or what a DNAME makes of a name (RFC 6672 §2.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alias {
    /// Whose.
    pub owner: OwnedName,
    /// Seconds.
    pub ttl: u32,
    /// Where it leads.
    pub target: OwnedName,
    /// The target of the DNAME that the alias was made from.
    pub dname: Option<OwnedName>,
}

impl Alias {
    /// The names that it leads to, to be judged.
    pub fn leads_to(&self) -> impl Iterator<Item = Name<'_>> {
        self.dname.iter().chain([&self.target]).map(OwnedName::as_name)
    }

    /// Octets that it takes, about.
    pub fn octets(&self) -> usize {
        let names = [Some(&self.owner), Some(&self.target), self.dname.as_ref()];
        size_of::<Self>() + names.into_iter().flatten().map(|name| name.as_name().wire().len()).sum::<usize>()
    }
}

/// Decides for whoever asks.
pub trait Gate: Send + Sync {
    /// Whether the target of the last of `aliases` may be asked for. `asked` leads there by all of them.
    fn follows(&self, asked: &OwnedName, aliases: &[Alias]) -> bool;

    /// Gates of one key decide alike.
    fn key(&self) -> u64;
}

/// Follows every alias.
pub struct Open;

impl Gate for Open {
    fn follows(&self, _: &OwnedName, _: &[Alias]) -> bool {
        true
    }

    fn key(&self) -> u64 {
        0
    }
}

/// How far a resolution came that has no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unfinished {
    /// The gate did not let the last alias be followed.
    Stopped(Arc<[Alias]>),
    /// What the last alias leads to could not be had.
    Failed(Arc<[Alias]>),
}

impl Unfinished {
    /// The aliases from the asked name on.
    pub fn aliases(&self) -> &[Alias] {
        match self {
            Self::Stopped(aliases) | Self::Failed(aliases) => aliases,
        }
    }

    /// The same behind these.
    pub(super) fn after(self, before: &[Alias]) -> Self {
        let all = |aliases: Arc<[Alias]>| before.iter().chain(&*aliases).cloned().collect();
        match self {
            Self::Stopped(aliases) => Self::Stopped(all(aliases)),
            Self::Failed(aliases) => Self::Failed(all(aliases)),
        }
    }
}

/// The aliases of an answer section, from `asked` on, for a question of type `kind`: who asks for an alias
/// itself goes nowhere. Ends where a name repeats.
pub fn chain(answer: &[RrSet], asked: Name<'_>, kind: RrType) -> Vec<Alias> {
    let mut aliases: Vec<Alias> = Vec::new();
    // A chain has no more links than the answer has sets.
    for _ in 0..if kind == RrType::CNAME { 0 } else { answer.len() } {
        let here = aliases.last().map_or(asked, |alias| alias.target.as_name());
        // Where the data is, the chain ends, whatever else stands there.
        if answer.iter().any(|set| set.is(here, kind)) {
            break;
        }
        let Some(alias) = alias_at(answer, here) else { break };
        let is_new = alias.target.as_name() != asked && aliases.iter().all(|old| old.target != alias.target);
        if !is_new {
            break;
        }
        aliases.push(alias);
    }
    aliases
}

fn alias_at(answer: &[RrSet], here: Name<'_>) -> Option<Alias> {
    let moves = |set: &&RrSet| {
        set.rtype == RrType::DNAME && set.owner.as_name() != here && here.is_at_or_below(set.owner.as_name())
    };
    let dname = answer.iter().find(moves);
    let dname_target = dname.and_then(RrSet::first_name);
    if let Some(set) = answer.iter().find(|set| set.is(here, RrType::CNAME)) {
        let target = set.first_name()?;
        return Some(Alias { owner: here.to_owned(), ttl: set.ttl, target, dname: dname_target });
    }
    let (set, dname) = (dname?, dname_target?);
    let target = moved(here, set.owner.as_name(), dname.as_name())?;
    Some(Alias { owner: here.to_owned(), ttl: set.ttl, target, dname: Some(dname) })
}

/// As [`chain`], for a whole message.
///
/// # Errors
/// What [`MessageError`] says.
pub fn chain_of(message: &[u8], asked: Name<'_>, kind: RrType) -> Result<Vec<Alias>, MessageError> {
    Ok(chain(&Sections::read(message)?.answer, asked, kind))
}
