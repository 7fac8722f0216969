//! Why a name is blocked or allowed, as `lachan check` tells it: verdict, layer, category, list and
//! version, rule, and what each tier gets.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::dns::idna;
use crate::dns::name::Name;
use crate::dns::suffixes::Suffixes;
use crate::filter::Index;
use crate::model::rule::{ListKind, Protection};
use crate::model::tier::Tier;
use crate::model::verdict::{AllowReason, BlockReason, Layer, Source, Verdict};
use crate::policy::decide::decide;
use crate::policy::{Group, Policy};

/// Everything that is to be said of one name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Explanation {
    /// The name as it is looked up.
    pub name: String,
    /// The name as people read it.
    pub display: String,
    /// What was asked for: a client, a group or a tier; none means every tier.
    pub asked: Option<Told>,
    /// What each tier gets.
    pub tiers: Vec<Told>,
    /// Every rule that covers the name, in every list.
    pub rules: Vec<RuleTold>,
    /// The index that this was looked up in.
    pub index: String,
}

/// What a group or tier gets, and why.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Told {
    pub tier: String,
    /// Name of the group, where one was asked for.
    pub group: Option<String>,
    pub mode: String,
    /// `block`, `allow` or `monitor`.
    pub verdict: String,
    /// Layer of the decision order that decided, or the reason to allow.
    pub because: String,
    pub category: Option<String>,
    pub list: Option<String>,
    pub version: Option<String>,
    /// The rule as `scope name`.
    pub rule: Option<String>,
    pub line: Option<u32>,
    /// Who made the school rule, and why.
    pub school_rule: Option<String>,
    /// When the verdict changes by itself; without a timetable or an expiry it does not.
    pub until: Option<String>,
}

/// One rule that covers the name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RuleTold {
    pub list: String,
    pub version: String,
    /// Category, `allow set` or `protected`.
    pub says: String,
    pub rule: String,
    pub line: u32,
}

/// For whom an explanation is wanted.
#[derive(Clone, Copy, Debug)]
pub enum Whom<'a> {
    Client(IpAddr),
    Group(&'a str),
    Tier(Tier),
    EveryTier,
}

/// Explains `name`. `None` where the group does not exist.
pub fn explain(policy: &Policy, index: &Index, name: Name<'_>, whom: Whom<'_>) -> Option<Explanation> {
    let mut suffixes = Suffixes::new();
    suffixes.fill(index.key(), name);
    let tell = |group: &Group, named: bool| tell(policy, index, &suffixes, group, named);
    let asked = match whom {
        Whom::Client(client) => Some(tell(policy.group_of(client), true)),
        Whom::Group(name) => Some(tell(policy.named(name)?, true)),
        Whom::Tier(tier) => Some(tell(policy.of_tier(tier), false)),
        Whom::EveryTier => None,
    };
    let matched = index.lookup(&suffixes);
    let rules = index.explain(&suffixes, &matched).into_iter().filter_map(|found| {
        let says = match found.info.kind {
            ListKind::Block(category) if category.is_secret() => return None,
            ListKind::Block(category) => category.id().to_owned(),
            ListKind::Allow => format!("allow set {}", found.info.id),
            ListKind::Protect(Protection::Hard) => "protected, hard".to_owned(),
            ListKind::Protect(_) => "protected, soft".to_owned(),
        };
        Some(RuleTold {
            list: found.info.id.clone(),
            version: found.info.version.clone(),
            says,
            rule: format!("{} {}", found.scope.id(), found.name),
            line: found.line,
        })
    });
    Some(Explanation {
        name: name.to_string(),
        display: idna::to_display(&name.to_string()),
        asked,
        tiers: Tier::ALL.iter().map(|tier| tell(policy.of_tier(*tier), false)).collect(),
        rules: rules.collect(),
        index: format!("{:016x}", index.id()),
    })
}

fn tell(policy: &Policy, index: &Index, suffixes: &Suffixes, group: &Group, named: bool) -> Told {
    let matched = index.lookup(suffixes);
    let verdict = decide(policy, group, suffixes, &matched);
    let mut told = Told {
        tier: group.tier.id().into(),
        group: named.then(|| group.name.clone()),
        mode: group.mode.id().into(),
        verdict: match verdict {
            Verdict::Allow(_) => "allow",
            Verdict::Block(_) => "block",
            Verdict::Monitor(_) => "monitor",
        }
        .into(),
        because: because(verdict).into(),
        category: None,
        list: None,
        version: None,
        rule: None,
        line: None,
        school_rule: None,
        until: None,
    };
    let rule_number = match verdict {
        Verdict::Allow(AllowReason::SchoolRule(number)) => Some(number),
        Verdict::Block(BlockReason { source: Source::SchoolRule(number), .. })
        | Verdict::Monitor(BlockReason { source: Source::SchoolRule(number), .. }) => Some(number),
        _ => None,
    };
    if let Some(rule) = rule_number.and_then(|number| policy.rules().rule(number)) {
        told.rule = Some(format!("{} {}", rule.scope.id(), rule.name));
        told.school_rule = Some(format!("{} ({})", rule.reason, rule.by));
    }
    let category = match verdict {
        Verdict::Block(reason) | Verdict::Monitor(reason) => reason.category,
        Verdict::Allow(_) => None,
    };
    if let Some(category) = category {
        told.category = Some(category.id().into());
        if let Some(found) = index.blocking(suffixes, &matched, category).filter(|_| !category.is_secret()) {
            told.list = Some(found.info.id.clone());
            told.version = Some(found.info.version.clone());
            told.rule = Some(format!("{} {}", found.scope.id(), found.name));
            told.line = Some(found.line);
        }
    }
    told
}

fn because(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Block(reason) | Verdict::Monitor(reason) => reason.layer.id(),
        Verdict::Allow(AllowReason::HardProtected) => "hard_protected",
        Verdict::Allow(AllowReason::SchoolRule(_)) => Layer::School.id(),
        Verdict::Allow(AllowReason::SoftProtected) => "soft_protected",
        Verdict::Allow(AllowReason::AllowSet) => "allow_set",
        Verdict::Allow(AllowReason::NothingForbids) => "nothing_forbids",
        Verdict::Allow(AllowReason::OpenGroup) => "open_group",
    }
}
