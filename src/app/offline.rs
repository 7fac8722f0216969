//! Explaining from the files alone, without a server: the same code on the index and the config on disk.

use std::sync::Arc;

use super::explain::{Checker, Whom};
use super::world::Basis;
use super::{Tell, lists, zones};
use crate::config::Settings;
use crate::control::Check;
use crate::control::explanation::Explanation;
use crate::dns::idna;
use crate::dns::rrtype::RrType;
use crate::filter::Index;
use crate::filter::error::OpenError;
use crate::i18n::{Message, msg};
use crate::model::roster::Roster;
use crate::model::tier::Tier;
use crate::query::Responder;
use crate::resolve::cache::Cache;

/// Octets for answers, of which there are none.
const CACHE_OCTETS: u64 = 1 << 16;

/// Explains a name from the index on disk and the settings. Nobody is asked.
///
/// # Errors
/// A sentence for the person who asked.
pub fn check(settings: &Settings, check: &Check) -> Result<Explanation, Message> {
    let path = lists::index_path(&settings.state);
    let index = Index::open(&path).map_err(no_index)?;
    let kept = zones::at_rest(settings, *index.key());
    let (groups, lists, watch) = (Roster::default(), Roster::default(), Arc::default());
    let basis = Basis { settings, groups: &groups, lists: &lists, watch: &watch };
    let world = basis.build(Arc::new(index), (kept, Vec::new())).map_err(|error| error.tell())?;
    let responder = Responder::new(world, Cache::new(CACHE_OCTETS, settings.resolve.ttl));
    explain_check(&Checker { responder: &responder, runtime: None }, check)
}

fn no_index(error: OpenError) -> Message {
    match error {
        OpenError::Io { path, source } => {
            let error = msg!("file-and-cause", path = path.as_path(), why = &source);
            msg!("check-no-index", error = error)
        }
        error => msg!("check-no-index", error = error.to_string()),
    }
}

/// Explains what was asked for.
///
/// # Errors
/// A sentence for the person who asked.
pub fn explain_check(checker: &Checker<'_>, check: &Check) -> Result<Explanation, Message> {
    let name = idna::to_name(check.name.trim())
        .map_err(|error| msg!("not-a-name", written = &check.name, why = error.to_string()))?;
    let asked = match &check.rtype {
        None => RrType::A,
        Some(text) => text.parse::<RrType>().ok().ok_or_else(|| msg!("check-no-type", written = text))?,
    };
    let whom = match (&check.client, &check.group, &check.tier) {
        (Some(client), ..) => Whom::Client(*client),
        (None, Some(group), _) => Whom::Group(group),
        (None, None, Some(tier)) => Whom::Tier(
            Tier::from_id(tier).ok_or_else(|| msg!("check-no-tier", written = tier, known = tiers()))?,
        ),
        (None, None, None) => Whom::EveryTier,
    };
    checker.explain(name.as_name(), asked, whom).ok_or_else(|| {
        let world = checker.responder.world();
        let groups: Vec<&str> = world.policy.groups().iter().map(|group| group.name.as_str()).collect();
        let written = check.group.as_deref().unwrap_or_default();
        msg!("check-no-group", written = written, known = groups.join(", "))
    })
}

fn tiers() -> String {
    Tier::ALL.map(Tier::id).join(", ")
}
