//! What the screen calls tiers, categories and the ids of verdicts.

use crate::i18n::{Lang, Message, msg};
use crate::model::category::Category;
use crate::model::service::ServiceId;
use crate::model::tier::Tier;
use crate::policy::{DEFAULT_GROUP, UNKNOWN_GROUP};

/// A tier by its id; an id that this program does not know stays as it is.
pub fn tier(id: &str, lang: Lang) -> String {
    Tier::from_id(id).map_or(id, |tier| of_tier(tier, lang)).to_owned()
}

/// A tier.
pub fn of_tier(tier: Tier, lang: Lang) -> &'static str {
    match lang {
        Lang::Vi => tier.vi(),
        Lang::En => tier.en(),
    }
}

/// A category by its id; an id that this program does not know stays as it is.
pub fn category(id: &str, lang: Lang) -> String {
    Category::from_id(id).map_or(id, |category| of_category(category, lang)).to_owned()
}

/// A category.
pub fn of_category(category: Category, lang: Lang) -> &'static str {
    match lang {
        Lang::Vi => category.vi(),
        Lang::En => category.en(),
    }
}

/// A service.
pub fn of_service(id: ServiceId, lang: Lang) -> String {
    match (id.service(), lang) {
        (Some(service), Lang::Vi) => service.vi.to_owned(),
        (Some(service), Lang::En) => service.en.to_owned(),
        (None, _) => id.word(),
    }
}

/// A service by its id; an id that this program does not know stays as it is.
pub fn service(id: &str, lang: Lang) -> String {
    ServiceId::from_word(id).map_or_else(|| id.to_owned(), |service| of_service(service, lang))
}

/// A group by its name: those that no config names have words of ours.
pub fn group(name: &str, lang: Lang) -> String {
    let message = match name {
        DEFAULT_GROUP => msg!("group-default"),
        UNKNOWN_GROUP => msg!("group-unknown"),
        name => return name.to_owned(),
    };
    message.text(lang)
}

/// A group's mode by its id.
pub fn mode(id: &str, lang: Lang) -> String {
    let message = match id {
        "filter" => msg!("mode-filter"),
        "allow-only" => msg!("mode-allow-only"),
        "monitor" => msg!("mode-monitor"),
        "open" => msg!("mode-open"),
        other => return other.to_owned(),
    };
    message.text(lang)
}

/// A verdict by its id.
pub fn verdict(id: &str) -> Message {
    match id {
        "block" => msg!("verdict-block"),
        "monitor" => msg!("verdict-monitor"),
        "local" => msg!("verdict-local"),
        "refuse" => msg!("verdict-refuse"),
        "altered" => msg!("verdict-altered"),
        _ => msg!("verdict-allow"),
    }
}

/// Why a verdict is what it is, by the id of the layer or reason.
pub fn because(id: &str, lang: Lang) -> String {
    let message = match id {
        "locked" => msg!("because-locked"),
        "school" => msg!("because-school"),
        "service" => msg!("because-service"),
        "policy_zone" => msg!("because-policy-zone"),
        "category" => msg!("because-category"),
        "allow_only" => msg!("because-allow-only"),
        "hard_protected" => msg!("because-hard-protected"),
        "soft_protected" => msg!("because-soft-protected"),
        "allow_set" => msg!("because-allow-set"),
        "open_group" => msg!("because-open-group"),
        "local" => msg!("because-local"),
        "canary" => msg!("because-canary"),
        "private_address" => msg!("because-private-address"),
        "access" => msg!("because-access"),
        "type" => msg!("because-type"),
        "nothing_forbids" => msg!("because-nothing-forbids"),
        other => return other.to_owned(),
    };
    message.text(lang)
}

/// A rule that is written as `scope name`; a policy zone's, `kind action`, stays as it is.
pub fn rule(rule: &str, lang: Lang) -> String {
    let message = match rule.split_once(' ') {
        Some(("exact", name)) => msg!("rule-exact", name = name),
        Some(("subtree", name)) => msg!("rule-subtree", name = name),
        Some(("children", name)) => msg!("rule-children", name = name),
        _ => return rule.to_owned(),
    };
    message.text(lang)
}
