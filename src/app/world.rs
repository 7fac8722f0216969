//! A world from settings and an index: what queries are answered from until the next reload.

use std::num::NonZeroU32;
use std::sync::Arc;

use crate::clock::Watch;
use crate::config::Settings;
use crate::dns::suffixes::HashKey;
use crate::filter::Index;
use crate::lists::protected::Protected;
use crate::model::name_set::NameSet;
use crate::model::roster::Roster;
use crate::model::rule::Scope;
use crate::policy::{self, Policy};
use crate::query::World;
use crate::query::block::BlockTexts;
use crate::query::client::Access;
use crate::query::rate::Rates;
use crate::query::server_identity::Identity;
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

/// Builds a world. `zones` are the policy zones in force and whose announcements count. `resolver` is taken over where resolution is set as before: what it has learnt of
/// servers is worth keeping.
pub fn build(
    settings: &Settings,
    index: Arc<Index>,
    resolver: Option<Arc<Resolver>>,
    (groups, lists): (&Roster, &Roster),
    watch: &Arc<Watch>,
    (zones, announced): (Vec<Zone>, Vec<Listener>),
) -> Result<World, WorldError> {
    let policy = Policy::build(&settings.policy, *index.key(), |set| index.allow_set(set), groups)?;
    let resolver = match resolver {
        Some(resolver) => resolver,
        None => {
            let timekeeping = Timekeeping { watch: watch.clone(), servers: super::lists::time_servers() };
            Arc::new(Resolver::with_timekeeping(resolution(settings), &timekeeping)?)
        }
    };
    let tiers = policy.all_numbered().iter().map(|group| (group.name.as_str(), group.tier));
    Ok(World {
        zones: Zones::build(zones, *index.key(), tiers),
        announced,
        local: local_names(&resolver, *index.key()),
        policy,
        lists: index.lists().iter().map(|list| lists.id_of(&list.id)).collect(),
        school_list: lists.id_of(SCHOOL_LIST),
        index,
        access: Access::new(settings.serve.allow.clone()).with_refusal(settings.serve.refusal),
        rates: NonZeroU32::new(settings.serve.rate).map(Rates::new),
        resolver,
        texts: BlockTexts::new(&settings.school.name),
        identity: Identity {
            version: settings.serve.version.clone(),
            hostname: settings.serve.hostname.clone(),
        },
    })
}

/// The settings of the resolver. What devices ask for to learn whether they are online may lead into private
/// ranges: Windows looks for a certain one of `dns.msftncsi.com`.
fn resolution(settings: &Settings) -> resolve::settings::Settings {
    let mut resolve = settings.resolve.clone();
    resolve.private_names.extend(Protected::embedded().connectivity().cloned());
    resolve
}

/// The names that may be local, filed under the index's key, so that one walk serves both.
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
