//! Why a name is blocked or allowed, as `lachan check` tells it: verdict, layer, category, list and
//! version, rule, the name of an alias chain that decided, and what each tier gets.
//!
//! A check is a query: it goes through the same functions as the query of a client and is told what they
//! decided and wrote. With a running server aliases are followed as for a client; without one, only what the
//! question itself decides can be told.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use serde::{Deserialize, Serialize};
use tokio::runtime::Handle;

use crate::dns::edns::{OPTION_EDE, options};
use crate::dns::idna;
use crate::dns::message::records;
use crate::dns::name::{HEADER, Name};
use crate::dns::question::Question;
use crate::dns::rdata::{rtype, type_name};
use crate::dns::rrset::Sections;
use crate::dns::suffixes::Suffixes;
use crate::model::event::Effect;
use crate::model::rule::{ListKind, Protection, RuleAction};
use crate::model::service::ServiceId;
use crate::model::tier::Tier;
use crate::model::verdict::{AllowReason, Layer, Source};
use crate::policy::{Group, Policy};
use crate::query::client::{Client, Transport};
use crate::query::trace::{Decided, Trace, ZoneRule};
use crate::query::{Moment, Outcome, Responder, WorkerState};
use crate::resolve::local::canary;

/// Addresses that are told of one answer.
const ADDRESSES_TOLD: usize = 4;

/// What stands in place of an answer where the server sends none.
pub const NO_ANSWER: &str = "không trả lời / no answer";

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
    /// Whether aliases were followed.
    #[serde(default)]
    pub resolved: bool,
    /// What was asked for: a client, a group or a tier; none means every tier.
    pub asked: Option<GroupVerdict>,
    /// What each tier gets.
    pub tiers: Vec<GroupVerdict>,
    /// Every rule that covers the name, in every list.
    pub rules: Vec<CoveringRule>,
    /// The index that this was looked up in.
    pub index: String,
}

/// What a group or tier gets, and why.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct GroupVerdict {
    pub tier: String,
    /// Name of the group, where one was asked for.
    pub group: Option<String>,
    pub mode: String,
    /// `block`, `allow`, `monitor`, `local` (the server's own data), `refuse` (the client may not ask), or
    /// `altered` (records were taken out of the answer).
    pub verdict: String,
    /// Layer of the decision order that decided, or the reason to allow.
    pub because: String,
    /// What the query is answered with; none where that is not known without asking.
    pub answer: Option<String>,
    /// Extended DNS Errors that come with it, as `15 text`.
    #[serde(default)]
    pub errors: Vec<String>,
    /// The names to which aliases lead, one after the other, as far as they were followed.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// The name that decided, where it is not the asked one.
    #[serde(default)]
    pub link: Option<String>,
    pub category: Option<String>,
    #[serde(default)]
    pub service: Option<String>,
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
pub struct CoveringRule {
    pub list: String,
    pub version: String,
    /// Category, `service`, `exception`, `allow set` or `protected`.
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

/// Who answers, and whether what they do not know at once is asked for.
pub struct Checker<'a> {
    pub responder: &'a Responder,
    /// Where to wait for what has to be asked for; `None`: nothing is.
    pub runtime: Option<Handle>,
}

impl Checker<'_> {
    /// Explains a question of type `rtype` for `name`. `None` where the group does not exist.
    pub fn explain(&self, name: Name<'_>, rtype: u16, whom: Whom<'_>) -> Option<Explanation> {
        let moment = self.responder.moment();
        let world = &moment.world;
        let packet = packet_of(name, rtype);
        let tell =
            |client: Client, group: &Group, named: bool| self.tell(&moment, &packet, client, group, named);
        let of_number =
            |number: usize, named: bool| tell(Client::of_group(number), world.policy.numbered(number), named);
        let asked = match whom {
            Whom::Client(address) => {
                let client = Client::new(SocketAddr::new(address, 0), Transport::Udp);
                Some(tell(client, world.policy.group_of(address), true))
            }
            Whom::Group(name) => Some(of_number(world.policy.number_named(name)?, true)),
            Whom::Tier(tier) => Some(of_number(world.policy.number_of_tier(tier), false)),
            Whom::EveryTier => None,
        };
        let tiers: Vec<GroupVerdict> =
            Tier::ALL.iter().map(|tier| of_number(world.policy.number_of_tier(*tier), false)).collect();
        Some(Explanation {
            name: name.to_string(),
            display: idna::to_display(&name.to_string()),
            rtype: type_name(rtype).into_owned(),
            local: tiers.iter().all(|told| told.verdict == "local"),
            resolved: self.runtime.is_some(),
            asked,
            tiers,
            rules: self.rules(&moment, name),
            index: format!("{:016x}", world.index.id()),
        })
    }

    /// Every rule of a list that covers the name; those of secret lists are not told.
    fn rules(&self, moment: &Moment, name: Name<'_>) -> Vec<CoveringRule> {
        let index = &moment.world.index;
        let suffixes = Suffixes::of(index.key(), name);
        let told = index.explain(&suffixes).into_iter().filter_map(|found| {
            let says = match found.info.kind {
                ListKind::Block(category) if category.is_secret() => return None,
                ListKind::Block(category) if found.action == RuleAction::Except => {
                    format!("exception from {}", category.id())
                }
                ListKind::Block(category) if found.excepted => format!("{}, excepted", category.id()),
                ListKind::Block(category) if found.outweighed => format!("{}, outweighed", category.id()),
                ListKind::Block(category) => category.id().to_owned(),
                ListKind::Allow => format!("allow set {}", found.info.id),
                ListKind::Protect(Protection::Hard) => "protected, hard".to_owned(),
                ListKind::Protect(_) => "protected, soft".to_owned(),
            };
            Some(CoveringRule {
                list: found.info.id.clone(),
                version: found.info.version.clone(),
                says,
                rule: format!("{} {}", found.scope.id(), found.name),
                line: found.line,
            })
        });
        let services = moment.world.policy.services();
        let of_services = services.names_of(&suffixes).map(|name| CoveringRule {
            list: format!("services/{}", name.service.word()),
            version: env!("CARGO_PKG_VERSION").into(),
            says: format!("service {}", name.service.word()),
            rule: format!("{} {}", name.scope.id(), name.name),
            line: name.line,
        });
        told.chain(of_services).collect()
    }

    /// Asks as `client`, and tells what came of it.
    fn tell(
        &self,
        moment: &Moment,
        packet: &[u8],
        client: Client,
        group: &Group,
        named: bool,
    ) -> GroupVerdict {
        let mut told = GroupVerdict {
            tier: group.tier.id().into(),
            group: named.then(|| group.name.clone()),
            mode: group.mode.id().into(),
            ..GroupVerdict::default()
        };
        let question = match Question::parse(packet) {
            Ok(question) => question,
            // A type that is no question to a resolver, such as AXFR.
            Err(refused) => {
                (told.verdict, told.because) = ("refuse".into(), "type".into());
                told.answer = Some(refused.to_string());
                return told;
            }
        };
        if !client.is_check() && !moment.world.limits.access.allows(client.address) {
            (told.verdict, told.because) = ("refuse".into(), "access".into());
            return told;
        }
        let (mut worker, mut out) = (WorkerState::for_check(), Vec::new());
        let given = match self.responder.answer_question(moment, &mut worker, &question, client, &mut out) {
            Outcome::Ready => Given::Answer,
            Outcome::Silent => Given::Nothing,
            Outcome::Pending(pending) => match &self.runtime {
                Some(runtime) => {
                    let finished = runtime.block_on(self.responder.finish(&pending, &mut worker, &mut out));
                    if finished.is_answered { Given::Answer } else { Given::Nothing }
                }
                None => Given::Unknown,
            },
        };
        let trace = worker.take_trace();
        told.errors = if given == Given::Answer { errors(&out) } else { Vec::new() };
        told.answer = match given {
            Given::Answer => Some(shown(&out)),
            Given::Nothing => Some(NO_ANSWER.into()),
            Given::Unknown => None,
        };
        told.fill(&trace, &moment.world.policy, question.name());
        told
    }
}

/// What the one who asks gets.
#[derive(PartialEq)]
enum Given {
    Answer,
    Nothing,
    /// It would have to be asked for.
    Unknown,
}

impl GroupVerdict {
    /// Takes what decided.
    fn fill(&mut self, trace: &Trace, policy: &Policy, asked: Name<'_>) {
        self.aliases = trace.links.iter().skip(1).map(ToString::to_string).collect();
        let blocked = trace.decided.iter().find(|decided| decided.effect == Effect::Blocked);
        if let Some(decided) = blocked.or(trace.decided.first()) {
            let is_blocked = decided.effect == Effect::Blocked;
            self.verdict = if is_blocked { "block" } else { "monitor" }.into();
            return self.cite(decided, policy, asked);
        }
        self.verdict = "allow".into();
        if trace.is_local {
            self.verdict = "local".into();
            self.because = if canary::covers(asked) { "canary" } else { "local" }.into();
            return;
        }
        if trace.is_rebound || trace.left_out {
            self.verdict = "altered".into();
            self.because = if trace.is_rebound { "private_address" } else { "allow_only" }.into();
            return;
        }
        let Some(allowed) = trace.allowed else {
            // A rule of a policy zone that is not counted: truncated, to be asked over TCP.
            self.because = Layer::PolicyZone.id().into();
            return;
        };
        self.because = because(allowed).into();
        match allowed {
            AllowReason::SchoolRule(number) => self.cite_school(policy, number),
            AllowReason::PolicyZone => {
                if let Some(zone) = &trace.passed {
                    self.cite_zone(zone);
                }
            }
            _ => {}
        }
    }

    fn cite(&mut self, decided: &Decided, policy: &Policy, asked: Name<'_>) {
        let reason = decided.reason;
        self.because = reason.layer.id().into();
        self.category = reason.category.map(|category| category.id().into());
        self.service = reason.service.map(ServiceId::word);
        let is_secret = reason.category.is_some_and(|category| category.is_secret());
        // Behind a policy zone's rule the walk may be another name's.
        let is_elsewhere = decided.name.as_name() != asked && reason.layer != Layer::PolicyZone;
        self.link = (is_elsewhere && !is_secret).then(|| decided.name.to_string());
        if is_secret {
            self.aliases.clear();
        }
        if let Source::SchoolRule(number) = reason.source {
            self.cite_school(policy, number);
        }
        if let Some(zone) = &decided.zone {
            self.cite_zone(zone);
            self.link = zone.link.as_ref().filter(|link| link.as_name() != asked).map(ToString::to_string);
        }
        if let Some(rule) = &decided.rule {
            self.list = Some(rule.list.clone());
            self.version = Some(rule.version.clone());
            self.rule = Some(format!("{} {}", rule.scope.id(), rule.name));
            self.line = Some(rule.line);
        }
    }

    fn cite_school(&mut self, policy: &Policy, number: u32) {
        if let Some(rule) = policy.rules().rule(number) {
            self.rule = Some(format!("{} {}", rule.scope.id(), rule.name));
            self.school_rule = Some(format!("{} ({})", rule.reason, rule.by));
        }
    }

    fn cite_zone(&mut self, zone: &ZoneRule) {
        self.list = Some(zone.zone.to_string());
        self.version = Some(zone.serial.map_or("–".into(), |serial| serial.to_string()));
        self.rule = Some(format!("{} {}", zone.kind, zone.action));
    }
}

fn because(allowed: AllowReason) -> &'static str {
    match allowed {
        AllowReason::HardProtected => "hard_protected",
        AllowReason::SchoolRule(_) => Layer::School.id(),
        AllowReason::PolicyZone => Layer::PolicyZone.id(),
        AllowReason::SoftProtected => "soft_protected",
        AllowReason::AllowSet => "allow_set",
        AllowReason::NothingForbids => "nothing_forbids",
        AllowReason::OpenGroup => "open_group",
    }
}

/// A client's packet that asks this, with EDNS, so that errors come with the answer.
fn packet_of(name: Name<'_>, rtype: u16) -> Vec<u8> {
    let mut packet = vec![0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 1];
    packet.extend_from_slice(name.wire());
    packet.extend_from_slice(&rtype.to_be_bytes());
    packet.extend_from_slice(&[0, 1, 0, 0, 41, 0x10, 0, 0, 0, 0, 0, 0, 0]);
    packet
}

/// An answer in a line: `NOERROR 198.51.100.7, 198.51.100.8`, `NOERROR, 2 record`, `NXDOMAIN`.
fn shown(message: &[u8]) -> String {
    let code = match message.get(3).map_or(2, |octet| octet & 15) {
        0 => "NOERROR",
        2 => return "SERVFAIL".into(),
        3 => return "NXDOMAIN".into(),
        5 => return "REFUSED".into(),
        other => return format!("RCODE {other}"),
    };
    if message[2] & 0x02 != 0 {
        return format!("{code}, TC");
    }
    let sets = Sections::read(message).map(|sections| sections.answer).unwrap_or_default();
    let addresses: Vec<String> = sets
        .iter()
        .filter(|set| matches!(set.rtype, rtype::A | rtype::AAAA))
        .flat_map(|set| &set.rdata)
        .filter_map(|rdata| address(rdata))
        .map(|address| address.to_string())
        .collect();
    if addresses.is_empty() {
        let data = sets.iter().filter(|set| set.rtype != rtype::CNAME && set.rtype != rtype::DNAME);
        return format!("{code}, {} record", data.map(|set| set.rdata.len()).sum::<usize>());
    }
    let more = if addresses.len() > ADDRESSES_TOLD { ", …" } else { "" };
    format!("{code} {}{more}", addresses[..addresses.len().min(ADDRESSES_TOLD)].join(", "))
}

fn address(rdata: &[u8]) -> Option<IpAddr> {
    let v4 = <[u8; 4]>::try_from(rdata).ok().map(|octets| IpAddr::from(Ipv4Addr::from(octets)));
    v4.or_else(|| <[u8; 16]>::try_from(rdata).ok().map(IpAddr::from))
}

/// Extended DNS Errors of an answer, as `15 text`.
fn errors(message: &[u8]) -> Vec<String> {
    if message.len() < HEADER {
        return Vec::new();
    }
    let Ok((_, found)) = records(message) else { return Vec::new() };
    let opt = found.iter().find(|record| record.rtype == rtype::OPT);
    let rdata = opt.map_or(&[][..], |opt| &message[opt.rdata_at()..opt.end()]);
    let told = options(rdata).flatten().filter(|(code, data)| *code == OPTION_EDE && data.len() >= 2);
    told.map(|(_, data)| {
        let code = u16::from_be_bytes([data[0], data[1]]);
        format!("{code} {}", String::from_utf8_lossy(&data[2..])).trim_end().to_owned()
    })
    .collect()
}
