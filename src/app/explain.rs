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
use crate::policy::decide::{comes_before_zones, decide};
use crate::policy::{Group, Mode, Policy};
use crate::query::{World, block};
use crate::resolve::Resolver;
use crate::rpz::action::{Action, Target};
use crate::rpz::decide::{Early, early};
use crate::rpz::zones::Zones;

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
    pub zones: &'a Zones,
}

impl<'a> From<&'a World> for House<'a> {
    fn from(world: &'a World) -> Self {
        Self { policy: &world.policy, index: &world.index, resolver: &world.resolver, zones: &world.zones }
    }
}

/// Explains a question of type `rtype` for `name`. `None` where the group does not exist.
pub fn explain(house: House<'_>, name: Name<'_>, rtype: u16, whom: Whom<'_>) -> Option<Explanation> {
    let House { policy, index, resolver, zones } = house;
    let mut suffixes = Suffixes::new();
    suffixes.fill(index.key(), name);
    let local = resolver.is_local(name, rtype);
    let tell = |group: &Group, named: bool| {
        let mut told = Told::of(group, named);
        let client = match whom {
            Whom::Client(client) => Some(client),
            _ => None,
        };
        let of_zones = zones.for_group(&group.name, group.tier);
        if local {
            told.because = "local".into();
        } else {
            let verdict = told.tell(policy, index, &suffixes, group, rtype);
            if let Some(of_zones) = of_zones.filter(|_| !comes_before_zones(&verdict)) {
                told.tell_zones(&early(zones, &of_zones, client, &suffixes, false), rtype);
            }
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

    /// What school and lists say.
    fn tell(
        &mut self,
        policy: &Policy,
        index: &Index,
        suffixes: &Suffixes,
        group: &Group,
        rtype: u16,
    ) -> Verdict {
        let matched = index.lookup(suffixes);
        let verdict = decide(policy, group, suffixes, &matched);
        self.because = because(verdict).into();
        let reason = match verdict {
            Verdict::Allow(AllowReason::SchoolRule(number)) => {
                self.cite(policy, number);
                return verdict;
            }
            Verdict::Allow(_) => return verdict,
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
        let Some(category) = reason.category else { return verdict };
        self.category = Some(category.id().into());
        if let Some(found) = index.blocking(suffixes, &matched, category).filter(|_| !category.is_secret()) {
            self.list = Some(found.info.id.clone());
            self.version = Some(found.info.version.clone());
            self.rule = Some(format!("{} {}", found.scope.id(), found.name));
            self.line = Some(found.line);
        }
        verdict
    }

    /// What a policy zone says of the name, in place of what lists say. What it says of addresses and name
    /// servers only an answer tells.
    fn tell_zones(&mut self, early: &Early<'_>, rtype: u16) {
        let Some(ruling) = &early.ruling else { return };
        let opens = ruling.zone.settings.passthru_opens;
        if *ruling.action == Action::Passthru && !opens {
            return;
        }
        let monitors = self.mode == Mode::Monitor.id();
        let passes = *ruling.action == Action::Passthru;
        *self = Self {
            verdict: if passes {
                "allow"
            } else if monitors {
                "monitor"
            } else {
                "block"
            }
            .into(),
            because: Layer::PolicyZone.id().into(),
            answer: (!passes && !monitors).then(|| zone_answer(ruling.action, rtype)),
            category: None,
            list: Some(ruling.zone.settings.name.to_string()),
            version: Some(ruling.zone.table.soa().map_or("–".into(), |soa| soa.serial.to_string())),
            rule: Some(format!("{} {}", ruling.kind.id(), ruling.action.id())),
            line: None,
            school_rule: None,
            ..self.clone()
        };
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

/// What a rule of a policy zone answers with.
fn zone_answer(action: &Action, asked: u16) -> String {
    match action {
        Action::NxDomain => "NXDOMAIN".into(),
        Action::Drop => "không trả lời / no answer".into(),
        Action::TcpOnly => "NOERROR, TC".into(),
        Action::Alias(Target::Name(name)) => format!("NOERROR, CNAME {name}"),
        Action::Alias(Target::Below(name)) => format!("NOERROR, CNAME *.{name}"),
        Action::Records(sets) => {
            let records: usize =
                sets.iter().filter(|set| set.rtype == asked).map(|set| set.rdata.len()).sum();
            format!("NOERROR, {records} record")
        }
        Action::NoData | Action::Passthru => "NOERROR, 0 record".into(),
    }
}

fn because(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Block(reason) | Verdict::Monitor(reason) => reason.layer.id(),
        Verdict::Allow(AllowReason::HardProtected) => "hard_protected",
        Verdict::Allow(AllowReason::SchoolRule(_)) => Layer::School.id(),
        Verdict::Allow(AllowReason::PolicyZone) => Layer::PolicyZone.id(),
        Verdict::Allow(AllowReason::SoftProtected) => "soft_protected",
        Verdict::Allow(AllowReason::AllowSet) => "allow_set",
        Verdict::Allow(AllowReason::NothingForbids) => "nothing_forbids",
        Verdict::Allow(AllowReason::OpenGroup) => "open_group",
    }
}
