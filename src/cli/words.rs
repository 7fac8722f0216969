//! What the screen calls tiers, categories and the ids of verdicts.

use crate::control::explanation::{Because, Rule, Says, Verdict};
use crate::i18n::{Lang, Message, msg};
use crate::model::category::Category;
use crate::model::service::ServiceId;
use crate::model::tier::Tier;
use crate::model::verdict::Layer;
use crate::policy::{DEFAULT_GROUP, UNKNOWN_GROUP};
use crate::resolve::cause::Cause;

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

/// A verdict.
pub fn verdict(verdict: Verdict) -> Message {
    match verdict {
        Verdict::Block => msg!("verdict-block"),
        Verdict::Monitor => msg!("verdict-monitor"),
        Verdict::Local => msg!("verdict-local"),
        Verdict::Refuse => msg!("verdict-refuse"),
        Verdict::Altered => msg!("verdict-altered"),
        Verdict::Allow => msg!("verdict-allow"),
    }
}

/// Why a verdict is what it is.
pub fn because(because: Because) -> Message {
    match because {
        Because::Locked => msg!("because-locked"),
        Because::School => msg!("because-school"),
        Because::Service => msg!("because-service"),
        Because::PolicyZone => msg!("because-policy-zone"),
        Because::Category => msg!("because-category"),
        Because::AllowOnly => msg!("because-allow-only"),
        Because::HardProtected => msg!("because-hard-protected"),
        Because::SoftProtected => msg!("because-soft-protected"),
        Because::AllowSet => msg!("because-allow-set"),
        Because::OpenGroup => msg!("because-open-group"),
        Because::Local => msg!("because-local"),
        Because::Canary => msg!("because-canary"),
        Because::PrivateAddress => msg!("because-private-address"),
        Because::Access => msg!("because-access"),
        Because::Type => msg!("because-type"),
        Because::NothingForbids => msg!("because-nothing-forbids"),
    }
}

/// A layer that blocked.
pub fn layer(layer: Layer, lang: Lang) -> String {
    because(layer.into()).text(lang)
}

/// A rule. A policy zone's is told in the words of such zones.
pub fn rule(rule: &Rule, lang: Lang) -> String {
    let message = match rule {
        Rule::Exact(name) => msg!("rule-exact", name = name),
        Rule::Subtree(name) => msg!("rule-subtree", name = name),
        Rule::Children(name) => msg!("rule-children", name = name),
        Rule::Brand(brand, names) => msg!("rule-brand", brand = brand, names = *names),
        Rule::Pattern(pattern) => msg!("rule-pattern", pattern = pattern),
        Rule::Zone(rule) => return rule.clone(),
    };
    message.text(lang)
}

/// What a rule says.
pub fn says(says: &Says, lang: Lang) -> String {
    let message = match says {
        Says::Category(id) => return category(id, lang),
        Says::Exception(id) => msg!("says-exception", category = category(id, lang)),
        Says::Excepted(id) => msg!("says-excepted", category = category(id, lang)),
        Says::Outweighed(id) => msg!("says-outweighed", category = category(id, lang)),
        Says::Service(id) => msg!("says-service", service = service(id, lang)),
        Says::AllowSet(set) => msg!("says-allow-set", set = set),
        Says::HardProtected => msg!("says-hard"),
        Says::SoftProtected => msg!("says-soft"),
    };
    message.text(lang)
}

/// Why questions had no answer.
pub fn cause(cause: Cause) -> Message {
    match cause {
        Cause::Unreachable => msg!("cause-unreachable"),
        Cause::Refused => msg!("cause-refused"),
        Cause::Failing => msg!("cause-failing"),
        Cause::Distrusted => msg!("cause-distrusted"),
        Cause::Nonsense => msg!("cause-nonsense"),
        Cause::SignatureExpired => msg!("cause-signature-expired"),
        Cause::SignatureNotYetValid => msg!("cause-signature-not-yet-valid"),
        Cause::SignaturesMissing => msg!("cause-signatures-missing"),
        Cause::Bogus => msg!("cause-bogus"),
        Cause::Busy => msg!("cause-busy"),
    }
}
