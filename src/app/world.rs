//! The parts of a world from settings, an index and policy zones: what queries are answered from. Each change builds
//! the parts that it touches and leaves the others as they are.

use std::num::NonZeroU32;
use std::sync::Arc;

use crate::clock::Watch;
use crate::config::Settings;
use crate::dns::suffixes::HashKey;
use crate::filter::Index;
use crate::lists::protected::Protected;
use crate::model::name_set::NameSet;
use crate::model::roster::{Roster, RosterId};
use crate::model::rule::Scope;
use crate::policy::{self, Policy};
use crate::query::client::Access;
use crate::query::rate::Rates;
use crate::query::server_identity::Identity;
use crate::query::texts::ErrorTexts;
use crate::query::{Limits, World};
use crate::resolve::timekeeping::Timekeeping;
use crate::resolve::{self, Resolver};
use crate::rpz::transfer::notify::Listener;
use crate::rpz::zones::{Zone, Zones};

/// Name under which the school's own rules stand in the journal.
pub const SCHOOL_LIST: &str = "quy định của trường";

/// Why no world could be built; the old one stays.
#[derive(Debug, thiserror::Error)]
pub enum WorldError {
    #[error("policy: {0}")]
    Policy(#[from] policy::BuildError),
    #[error("resolution: {0}")]
    Resolve(#[from] resolve::Error),
}

/// What the parts of a world are built from, besides the index and the zones.
#[derive(Clone, Copy)]
pub struct Basis<'b> {
    pub settings: &'b Settings,
    /// Journal numbers of groups.
    pub groups: &'b Roster,
    /// Journal numbers of lists.
    pub lists: &'b Roster,
    /// The wall clock.
    pub watch: &'b Arc<Watch>,
}

/// Policy zones in force, and whose announcements of new versions count.
pub type ZonesInForce = (Vec<Zone>, Vec<Listener>);

impl Basis<'_> {
    /// A world of new parts.
    pub fn build(self, index: Arc<Index>, zones: ZonesInForce) -> Result<World, WorldError> {
        let key = *index.key();
        let policy = Arc::new(self.policy(&index)?);
        let (resolver, local) = self.resolution(key)?;
        Ok(World {
            zones: zones_for(zones.0, key, &policy),
            announced: zones.1.into(),
            local,
            policy,
            lists: self.numbers(&index),
            school_list: self.lists.id_of(SCHOOL_LIST),
            index,
            resolver,
            limits: Arc::new(self.limits(None)),
        })
    }

    /// `old` with another index. The policy numbers its allow sets as the index does.
    pub fn with_index(self, old: &World, index: Arc<Index>) -> Result<World, WorldError> {
        assert_same_key(old, &index);
        Ok(World {
            policy: Arc::new(self.policy(&index)?),
            lists: self.numbers(&index),
            index,
            ..old.clone()
        })
    }

    /// `old` with what these settings change, those before being `before`, and with `index`, which may be the one of
    /// `old`. The resolver stays where it would be built from the same settings and files: what it has learnt of
    /// servers is worth keeping.
    pub fn with_settings(
        self,
        old: &World,
        before: &Settings,
        index: Arc<Index>,
        zones: ZonesInForce,
    ) -> Result<World, WorldError> {
        assert_same_key(old, &index);
        let key = *index.key();
        let policy = Arc::new(self.policy(&index)?);
        // Who reloads means the files too that the config names: one may say something else although the config does
        // not.
        let resolve = &self.settings.resolve;
        let same_resolution = *resolve == before.resolve && old.resolver.has_read_files_of(resolve);
        let (resolver, local) = match same_resolution {
            true => (old.resolver.clone(), old.local.clone()),
            false => self.resolution(key)?,
        };
        let has_zones = !zones.0.is_empty() || !old.zones.all().is_empty();
        let limits = match limits_of(before) == limits_of(self.settings) {
            true => old.limits.clone(),
            false => Arc::new(self.limits(Some(&old.limits))),
        };
        Ok(World {
            zones: if has_zones { zones_for(zones.0, key, &policy) } else { old.zones.clone() },
            announced: zones.1.into(),
            policy,
            lists: self.numbers(&index),
            index,
            resolver,
            local,
            limits,
            ..old.clone()
        })
    }

    /// `old` with a resolver that has learnt nothing yet.
    pub fn with_new_resolver(self, old: &World) -> Result<World, WorldError> {
        let (resolver, local) = self.resolution(*old.index.key())?;
        Ok(World { resolver, local, ..old.clone() })
    }

    fn policy(self, index: &Index) -> Result<Policy, WorldError> {
        let allow_set = |set: &str| index.allow_set(set);
        Ok(Policy::build(&self.settings.policy, *index.key(), allow_set, self.groups)?)
    }

    fn resolution(self, key: HashKey) -> Result<(Arc<Resolver>, LocalNames), WorldError> {
        let timekeeping = Timekeeping { watch: self.watch.clone(), servers: super::lists::time_servers() };
        let resolver = Resolver::with_timekeeping(resolution(self.settings), &timekeeping)?;
        let local = local_names(&resolver, key);
        Ok((Arc::new(resolver), Arc::new(local)))
    }

    fn numbers(self, index: &Index) -> Arc<[RosterId]> {
        index.lists().iter().map(|list| self.lists.id_of(&list.id)).collect()
    }

    /// What a client has used up of its rate stays used up.
    fn limits(self, old: Option<&Limits>) -> Limits {
        let serve = &self.settings.serve;
        let rates = NonZeroU32::new(serve.rate).map(|rate| {
            let old = old.and_then(|old| old.rates.clone()).filter(|rates| rates.is_for(rate));
            old.unwrap_or_else(|| Arc::new(Rates::new(rate)))
        });
        Limits {
            access: Access::new(serve.allow.clone()).with_refusal(serve.refusal),
            rates,
            texts: ErrorTexts::new(&self.settings.school.name, self.settings.school.lang),
            identity: Identity { version: serve.version.clone(), hostname: serve.hostname.clone() },
        }
    }
}

/// Zones, rules and local names are filed by the index's key, and an index is built with the key of the one before
/// it: with another key nothing of them would be found.
fn assert_same_key(old: &World, index: &Index) {
    assert!(index.key() == old.index.key(), "an index was built with another key than the one in force");
}

/// `old` with other policy zones.
pub fn with_zones(old: &World, zones: ZonesInForce) -> World {
    let key = *old.index.key();
    World { zones: zones_for(zones.0, key, &old.policy), announced: zones.1.into(), ..old.clone() }
}

type LocalNames = Arc<Option<NameSet<()>>>;

/// The zones for the groups of that policy, by their numbers.
fn zones_for(zones: Vec<Zone>, key: HashKey, policy: &Policy) -> Arc<Zones> {
    let groups = policy.all_numbered().iter().map(|group| (group.name.as_str(), group.tier));
    Arc::new(Zones::build(zones, key, groups))
}

/// The settings that [`Limits`] are made of.
fn limits_of(settings: &Settings) -> impl PartialEq {
    let serve = &settings.serve;
    let identity = (serve.version.clone(), serve.hostname.clone());
    let school = (settings.school.name.clone(), settings.school.lang);
    (serve.allow.clone(), serve.refusal, serve.rate, identity, school)
}

/// The settings of the resolver. What devices ask for to learn whether they are online may lead into private
/// ranges: Windows looks for a certain one of `dns.msftncsi.com`.
fn resolution(settings: &Settings) -> resolve::settings::Settings {
    let mut resolve = settings.resolve.clone();
    resolve.private_names.extend(Protected::embedded().connectivity().cloned());
    resolve
}

/// The names that may be local, filed under the index's key, so that the hashes of one query serve both.
fn local_names(resolver: &Resolver, key: HashKey) -> Option<NameSet<()>> {
    let mut names = NameSet::new(key);
    for apex in resolver.local_apexes() {
        if apex.is_root() {
            return None;
        }
        names.insert(apex, Scope::Subtree, ());
    }
    Some(names)
}
