//! What in a policy is legal but hardly meant.

use super::{Mode, TierSettings};
use crate::model::category::Category;
use crate::model::service::ServiceId;
use crate::model::tier::Tier;

/// A younger tier that may see what an older one may not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Laxer {
    /// The younger tier.
    pub younger: Tier,
    /// The older tier that blocks it.
    pub older: Tier,
    /// What, by the id of a category or service.
    pub what: &'static str,
}

/// Younger pupil tiers that are laxer than an older one without being told so.
pub fn laxer(tiers: &[TierSettings; Tier::ALL.len()]) -> Vec<Laxer> {
    let mut found = Vec::new();
    for (index, &younger) in Tier::PUPILS.iter().enumerate() {
        let young = &tiers[younger.index()];
        for &older in &Tier::PUPILS[index + 1..] {
            let old = &tiers[older.index()];
            if matches!(old.mode, Mode::Open | Mode::Monitor) {
                continue;
            }
            let closed = match young.mode {
                Mode::Filter | Mode::AllowOnly => young.blocked.union(young.locked),
                Mode::Monitor | Mode::Open => young.locked,
            };
            let open = old.blocked.union(old.locked).without(closed).without(young.laxer_than_older);
            let is_closed = |service: &&ServiceId| match young.mode {
                Mode::Filter | Mode::AllowOnly => young.services.contains(service),
                Mode::Monitor | Mode::Open => false,
            };
            let open_services = old
                .services
                .iter()
                .filter(|service| !is_closed(service) && !young.laxer_services.contains(service));
            let services = open_services.filter_map(|service| Some(service.service()?.word));
            let what = open.iter().map(Category::id).chain(services);
            found.extend(what.map(|what| Laxer { younger, older, what }));
        }
    }
    found
}
