//! The order of the layers (`docs/policy.md`), in one function.

use super::school::SchoolAction;
use super::{Group, Mode, Policy};
use crate::dns::suffixes::Suffixes;
use crate::model::category::CategorySet;
use crate::model::matched::Matched;
use crate::model::rule::Protection;
use crate::model::verdict::{AllowReason, BlockReason, Layer, Source, Verdict};

/// What is done with a query for the walked name by a client of `group`. First match wins.
pub fn decide(policy: &Policy, group: &Group, suffixes: &Suffixes, matched: &Matched) -> Verdict {
    // 1. What nothing local opens.
    if let Some(verdict) = locked(group, matched.categories) {
        return verdict;
    }
    // 2. What nothing but that closes.
    if matched.protection == Some(Protection::Hard) {
        return Verdict::Allow(AllowReason::HardProtected);
    }
    if group.mode == Mode::Open {
        return Verdict::Allow(AllowReason::OpenGroup);
    }
    // 3. The school's own rules.
    if let Some(verdict) = by_school(policy, group, suffixes) {
        return verdict;
    }
    // 4. Services that the tier is switched off.
    if let Some(verdict) = by_service(policy, group, suffixes) {
        return verdict;
    }
    // 6. The categories that soft protection leaves open.
    if let Some(verdict) = by_category(group, matched) {
        return verdict;
    }
    // 7. Allow-only: protection keeps lists off a name, it does not put it into the allow set.
    if group.mode == Mode::AllowOnly {
        return if matched.allow_sets & group.allow_sets != 0 {
            Verdict::Allow(AllowReason::AllowSet)
        } else {
            Verdict::Block(BlockReason {
                layer: Layer::AllowOnly,
                category: None,
                service: None,
                source: Source::NotInAllowSet,
            })
        };
    }
    // 8.
    Verdict::Allow(match matched.protection {
        Some(_) if !matched.categories.is_empty() => AllowReason::SoftProtected,
        _ => AllowReason::NothingForbids,
    })
}

/// What is done with an allowed query because of a name that its answer leads to: layers 1 to 6 as if that name
/// had been asked for. `None`: nothing forbids it. `Some(Verdict::Allow)`: the name opens itself and what is
/// behind it, by layer 2 or 3. A query that layer 2 or 3 allowed is held to layer 1 only.
pub fn decide_link(
    policy: &Policy,
    group: &Group,
    allowed: AllowReason,
    suffixes: &Suffixes,
    matched: &Matched,
) -> Option<Verdict> {
    if let Some(verdict) = locked(group, matched.categories) {
        return Some(verdict);
    }
    if is_held_to_locks_only(allowed) {
        return None;
    }
    if matched.protection == Some(Protection::Hard) {
        return Some(Verdict::Allow(AllowReason::HardProtected));
    }
    by_school(policy, group, suffixes)
        .or_else(|| by_service(policy, group, suffixes))
        .or_else(|| by_category(group, matched))
}

/// Whether [`decide_link`] can close a name that has the categories `all`, of which `closing` are its
/// [`open_categories`]; unions over several names do. School rules and services are not looked at.
pub fn may_close(group: &Group, allowed: AllowReason, all: CategorySet, closing: CategorySet) -> bool {
    !all.intersection(group.locked).is_empty()
        || !is_held_to_locks_only(allowed) && !closing.intersection(group.blocked).is_empty()
}

/// Whether only what is locked closes what a query that was allowed for this reason leads to.
pub fn is_held_to_locks_only(allowed: AllowReason) -> bool {
    match allowed {
        AllowReason::HardProtected
        | AllowReason::SchoolRule(_)
        | AllowReason::OpenGroup
        | AllowReason::PolicyZone => true,
        AllowReason::SoftProtected | AllowReason::AllowSet | AllowReason::NothingForbids => false,
    }
}

/// Whether response policy zones come after the layer that decided: they stand behind what is locked,
/// hard-protected or the school's own rule, and behind services, but before all that lists say.
pub fn comes_before_zones(verdict: &Verdict) -> bool {
    match verdict {
        Verdict::Allow(reason) => {
            matches!(reason, AllowReason::HardProtected | AllowReason::SchoolRule(_) | AllowReason::OpenGroup)
        }
        Verdict::Block(reason) | Verdict::Monitor(reason) => match reason.layer {
            Layer::Locked | Layer::School | Layer::Service | Layer::PolicyZone => true,
            Layer::Category | Layer::AllowOnly => false,
        },
    }
}

/// The categories of a name that its protection leaves open to blocking: all of them, only threats,
/// or none.
pub fn open_categories(matched: &Matched) -> CategorySet {
    match matched.protection {
        None => matched.categories,
        Some(Protection::SoftButThreats) => matched.categories.intersection(CategorySet::THREATS),
        Some(Protection::Soft | Protection::Hard) => CategorySet::EMPTY,
    }
}

fn by_school(policy: &Policy, group: &Group, suffixes: &Suffixes) -> Option<Verdict> {
    let (index, rule) = policy.rules().decisive(suffixes, group)?;
    Some(match rule.action {
        SchoolAction::Allow => Verdict::Allow(AllowReason::SchoolRule(index)),
        SchoolAction::Block => closed(
            group,
            BlockReason {
                layer: Layer::School,
                category: None,
                service: None,
                source: Source::SchoolRule(index),
            },
        ),
    })
}

fn locked(group: &Group, categories: CategorySet) -> Option<Verdict> {
    let category = categories.intersection(group.locked).first()?;
    Some(Verdict::Block(BlockReason {
        layer: Layer::Locked,
        category: Some(category),
        service: None,
        source: Source::Lists,
    }))
}

fn by_service(policy: &Policy, group: &Group, suffixes: &Suffixes) -> Option<Verdict> {
    let name = policy.services().blocking(suffixes, group)?;
    let service = Some(name.service);
    let reason = BlockReason { layer: Layer::Service, category: None, service, source: Source::ServiceName };
    Some(closed(group, reason))
}

fn by_category(group: &Group, matched: &Matched) -> Option<Verdict> {
    let closing = open_categories(matched).intersection(group.blocked);
    let category = Some(matched.counted.among(closing)?);
    let reason = BlockReason { layer: Layer::Category, category, service: None, source: Source::Lists };
    Some(closed(group, reason))
}

/// Monitor mode counts what it would have blocked.
fn closed(group: &Group, reason: BlockReason) -> Verdict {
    if group.mode == Mode::Monitor { Verdict::Monitor(reason) } else { Verdict::Block(reason) }
}
