//! Why a name is blocked or allowed, as `lachan check` tells it: verdict, layer, category, list and
//! version, rule, and what each tier gets.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::dns::idna;
use crate::dns::name::Name;
use crate::dns::rdata::type_name;
use crate::dns::reply::Rcode;
use crate::dns::suffixes::Suffixes;
use crate::filter::Index;
use crate::model::rule::{ListKind, Protection};
use crate::model::tier::Tier;
use crate::model::verdict::{AllowReason, Layer, Source, Verdict};
use crate::policy::decide::decide;
use crate::policy::{Group, Policy};
use crate::query::{World, block};
use crate::resolve::Resolver;

/// Everything that is to be said of one name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Explanation {
    /// The name as it is looked up.
    pub name: String,
    /// The name as people read it.
    pub display: String,
    /// The RR type asked.
    pub rtype: String,
    /// Whether the server answers from its own data (local names, special-use names, canaries): no list
    /// is asked then.
    pub local: bool,
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
    /// What a blocked query of the asked type is answered with.
    pub answer: Option<String>,
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

/// What decides: the same things that the server answers with.
#[derive(Clone, Copy)]
pub struct House<'a> {
    pub policy: &'a Policy,
    pub index: &'a Index,
    pub resolver: &'a Resolver,
}

impl<'a> From<&'a World> for House<'a> {
    fn from(world: &'a World) -> Self {
        Self { policy: &world.policy, index: &world.index, resolver: &world.resolver }
    }
}

/// Explains a question of type `rtype` for `name`. `None` where the group does not exist.
pub fn explain(house: House<'_>, name: Name<'_>, rtype: u16, whom: Whom<'_>) -> Option<Explanation> {
    let House { policy, index, resolver } = house;
    let mut suffixes = Suffixes::new();
    suffixes.fill(index.key(), name);
    let local = resolver.is_local(name, rtype);
    let tell = |group: &Group, named: bool| {
        let mut told = Told::of(group, named);
        if local {
            told.because = "local".into();
        } else {
            told.tell(policy, index, &suffixes, group, rtype);
        }
        told
    };
    let asked = match whom {
        Whom::Client(client) => Some(tell(policy.group_of(client), true)),
        Whom::Group(name) => Some(tell(policy.named(name)?, true)),
        Whom::Tier(tier) => Some(tell(policy.of_tier(tier), false)),
        Whom::EveryTier => None,
    };
    let rules = index.explain(&suffixes).into_iter().filter_map(|found| {
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
        rtype: type_name(rtype).into_owned(),
        local,
        asked,
        tiers: Tier::ALL.iter().map(|tier| tell(policy.of_tier(*tier), false)).collect(),
        rules: rules.collect(),
        index: format!("{:016x}", index.id()),
    })
}

impl Told {
    /// What is true of the group whatever is asked; nothing is blocked yet.
    fn of(group: &Group, named: bool) -> Self {
        Self {
            tier: group.tier.id().into(),
            group: named.then(|| group.name.clone()),
            mode: group.mode.id().into(),
            verdict: "allow".into(),
            because: String::new(),
            answer: None,
            category: None,
            list: None,
            version: None,
            rule: None,
            line: None,
            school_rule: None,
            until: None,
        }
    }

    fn tell(&mut self, policy: &Policy, index: &Index, suffixes: &Suffixes, group: &Group, rtype: u16) {
        let matched = index.lookup(suffixes);
        let verdict = decide(policy, group, suffixes, &matched);
        self.because = because(verdict).into();
        let reason = match verdict {
            Verdict::Allow(AllowReason::SchoolRule(number)) => {
                self.cite(policy, number);
                return;
            }
            Verdict::Allow(_) => return,
            Verdict::Block(reason) => {
                self.verdict = "block".into();
                self.answer = Some(answer(group, rtype));
                reason
            }
            Verdict::Monitor(reason) => {
                self.verdict = "monitor".into();
                reason
            }
        };
        if let Source::SchoolRule(number) = reason.source {
            self.cite(policy, number);
        }
        let Some(category) = reason.category else { return };
        self.category = Some(category.id().into());
        if let Some(found) = index.blocking(suffixes, &matched, category).filter(|_| !category.is_secret()) {
            self.list = Some(found.info.id.clone());
            self.version = Some(found.info.version.clone());
            self.rule = Some(format!("{} {}", found.scope.id(), found.name));
            self.line = Some(found.line);
        }
    }

    fn cite(&mut self, policy: &Policy, number: u32) {
        if let Some(rule) = policy.rules().rule(number) {
            self.rule = Some(format!("{} {}", rule.scope.id(), rule.name));
            self.school_rule = Some(format!("{} ({})", rule.reason, rule.by));
        }
    }
}

fn answer(group: &Group, rtype: u16) -> String {
    match block::shape(group.style, rtype) {
        (_, Some(address)) => format!("NOERROR {address}"),
        (Rcode::NoError, None) => "NOERROR, 0 record".into(),
        (Rcode::NxDomain, None) => "NXDOMAIN".into(),
        (_, None) => "REFUSED".into(),
    }
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
