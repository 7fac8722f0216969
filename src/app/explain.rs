//! Finds out why a name is blocked or allowed, for [`Explanation`]: verdict, layer, category, list and version, rule,
//! the name of an alias chain that decided, and what each tier gets.
//!
//! A check is a query: it goes through the same functions as the query of a client and is told what they
//! decided and wrote. With a running server aliases are followed as for a client; without one, only what the
//! question itself decides can be told.

use std::net::{IpAddr, SocketAddr};

use tokio::runtime::Handle;

use crate::control::explanation::{
    Answer, Because, CoveringRule, Explanation, ExtendedError, GroupVerdict, Rule, Says, SchoolRule, Verdict,
};
use crate::dns::edns::{OPTION_EDE, PAYLOAD, options};
use crate::dns::header::{Flags, Header};
use crate::dns::idna;
use crate::dns::message::records;
use crate::dns::name::{HEADER, Name, OwnedName};
use crate::dns::query::{Opt, Query};
use crate::dns::question::Question;
use crate::dns::rcode::Rcode;
use crate::dns::rrset::{RrSet, Sections};
use crate::dns::rrtype::RrType;
use crate::dns::suffixes::Suffixes;
use crate::model::event::Effect;
use crate::model::likeness::{brand_of, carried};
use crate::model::pattern::pattern_of;
use crate::model::rule::{ListKind, Protection, Scope};
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
    pub fn explain(&self, name: Name<'_>, rtype: RrType, whom: Whom<'_>) -> Option<Explanation> {
        let moment = self.responder.moment();
        let world = &moment.world;
        // With EDNS, so that errors come with the answer.
        let opt = Some(Opt { payload: PAYLOAD, dnssec_ok: false, options: &[] });
        let packet = Query { opt, ..Query::new(name, rtype) }.to_packet();
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
            rtype: rtype.to_string(),
            local: tiers.iter().all(|told| told.verdict == Verdict::Local),
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
        let of = |name: &OwnedName| index.explain(&Suffixes::of(index.key(), name.as_name()));
        // What the name stands for, too.
        let likeness = [index.brand_in(name), carried(name)].into_iter().flatten();
        let patterns = index.by_patterns(name).into_iter().map(|(pattern, _)| pattern);
        let likeness = likeness.chain(patterns);
        let found = index.explain(&suffixes).into_iter().chain(likeness.flat_map(|name| of(&name)));
        let told = found.filter_map(|found| {
            let says = match found.info.kind {
                ListKind::Block(category) if category.is_secret() => return None,
                ListKind::Block(category) if !found.action.blocks() => {
                    Says::Exception(category.id().to_owned())
                }
                ListKind::Block(category) if found.excepted => Says::Excepted(category.id().to_owned()),
                ListKind::Block(category) if found.outweighed => Says::Outweighed(category.id().to_owned()),
                ListKind::Block(category) => Says::Category(category.id().to_owned()),
                ListKind::Allow => Says::AllowSet(found.info.id.clone()),
                ListKind::Protect(Protection::Hard) => Says::HardProtected,
                ListKind::Protect(_) => Says::SoftProtected,
            };
            Some(CoveringRule {
                list: found.info.id.clone(),
                version: found.info.version.clone(),
                says,
                rule: rule(found.scope, &found.name, found.line),
                line: found.line,
            })
        });
        let services = moment.world.policy.services();
        let of_services = services.names_of(&suffixes).map(|name| CoveringRule {
            list: format!("services/{}", name.service.word()),
            version: env!("CARGO_PKG_VERSION").into(),
            says: Says::Service(name.service.word()),
            rule: rule(name.scope, &name.name, name.line),
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
                (told.verdict, told.because) = (Verdict::Refuse, Because::Type);
                told.answer = Some(Answer::Response(refused.to_string()));
                return told;
            }
        };
        if !client.is_check() && !moment.world.limits.access.allows(client.address) {
            (told.verdict, told.because) = (Verdict::Refuse, Because::Access);
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
            Given::Answer => Some(Answer::Response(shown(&out))),
            Given::Nothing => Some(Answer::Nothing),
            Given::Unknown => None,
        };
        fill(&mut told, &trace, &moment.world.policy, question.name());
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

/// Takes what decided.
fn fill(told: &mut GroupVerdict, trace: &Trace, policy: &Policy, asked: Name<'_>) {
    told.aliases = trace.links.iter().skip(1).map(ToString::to_string).collect();
    let blocked = trace.decided.iter().find(|decided| decided.effect == Effect::Blocked);
    if let Some(decided) = blocked.or(trace.decided.first()) {
        let is_blocked = decided.effect == Effect::Blocked;
        told.verdict = if is_blocked { Verdict::Block } else { Verdict::Monitor };
        return cite(told, decided, policy, asked);
    }
    (told.verdict, told.because) = match trace.allowed {
        _ if trace.is_local && canary::covers(asked) => (Verdict::Local, Because::Canary),
        _ if trace.is_local => (Verdict::Local, Because::Local),
        _ if trace.is_rebound => (Verdict::Altered, Because::PrivateAddress),
        _ if trace.left_out => (Verdict::Altered, Because::AllowOnly),
        Some(allowed) => (Verdict::Allow, because(allowed)),
        // A rule of a policy zone that is not counted: truncated, to be asked over TCP.
        None => (Verdict::Allow, Because::PolicyZone),
    };
    match trace.allowed.filter(|_| told.verdict == Verdict::Allow) {
        Some(AllowReason::SchoolRule(number)) => cite_school(told, policy, number),
        Some(AllowReason::PolicyZone) => {
            if let Some(zone) = &trace.passed {
                cite_zone(told, zone);
            }
        }
        _ => {}
    }
}

fn cite(told: &mut GroupVerdict, decided: &Decided, policy: &Policy, asked: Name<'_>) {
    let reason = decided.reason;
    told.because = reason.layer.into();
    told.category = reason.category.map(|category| category.id().into());
    told.service = reason.service.map(ServiceId::word);
    let is_secret = reason.category.is_some_and(|category| category.is_secret());
    // Behind a policy zone's rule the name looked up may be another one.
    let is_elsewhere = decided.name.as_name() != asked && reason.layer != Layer::PolicyZone;
    told.link = (is_elsewhere && !is_secret).then(|| decided.name.to_string());
    if is_secret {
        told.aliases.clear();
    }
    if let Source::SchoolRule(number) = reason.source {
        cite_school(told, policy, number);
    }
    if let Some(zone) = &decided.zone {
        cite_zone(told, zone);
        told.link = zone.link.as_ref().filter(|link| link.as_name() != asked).map(ToString::to_string);
    }
    if let Some(found) = &decided.rule {
        told.list = Some(found.list.clone());
        told.version = Some(found.version.clone());
        let cited = rule(found.scope, &found.name, found.line);
        // A brand is no name, and its list no file.
        (told.line, told.link) = match &cited {
            Rule::Brand(..) => (None, None),
            Rule::Pattern(_) => (Some(found.line), None),
            _ => (Some(found.line), told.link.take()),
        };
        told.rule = Some(cited);
    }
}

fn cite_school(told: &mut GroupVerdict, policy: &Policy, number: u32) {
    if let Some(made) = policy.rules().rule(number) {
        told.rule = Some(rule(made.scope, &made.name, 0));
        told.school_rule = Some(SchoolRule { reason: made.reason.clone(), by: made.by.clone() });
    }
}

fn cite_zone(told: &mut GroupVerdict, zone: &ZoneRule) {
    told.list = Some(zone.zone.to_string());
    told.version = Some(zone.serial.map_or("–".into(), |serial| serial.to_string()));
    told.rule = Some(Rule::Zone(format!("{} {}", zone.kind, zone.action)));
}

fn rule(scope: Scope, name: &OwnedName, line: u32) -> Rule {
    if let Some(brand) = brand_of(name.as_name()) {
        return Rule::Brand(String::from_utf8_lossy(brand).into_owned(), line);
    }
    if let Some(pattern) = pattern_of(name.as_name()) {
        return Rule::Pattern(pattern);
    }
    let name = name.to_string();
    match scope {
        Scope::Exact => Rule::Exact(name),
        Scope::Subtree => Rule::Subtree(name),
        Scope::Children => Rule::Children(name),
    }
}

fn because(allowed: AllowReason) -> Because {
    match allowed {
        AllowReason::HardProtected => Because::HardProtected,
        AllowReason::SchoolRule(_) => Because::School,
        AllowReason::PolicyZone => Because::PolicyZone,
        AllowReason::SoftProtected => Because::SoftProtected,
        AllowReason::AllowSet => Because::AllowSet,
        AllowReason::NothingForbids => Because::NothingForbids,
        AllowReason::OpenGroup => Because::OpenGroup,
    }
}

/// An answer in a line: `NOERROR 198.51.100.7, 198.51.100.8`, `NOERROR, 2 record`, `NXDOMAIN`.
fn shown(message: &[u8]) -> String {
    let flags =
        Header::read(message).map_or(Flags::default().with_rcode(Rcode::SERV_FAIL), |header| header.flags);
    let rcode = flags.rcode();
    if rcode != Rcode::NO_ERROR {
        return rcode.to_string();
    }
    if flags.has(Flags::TC) {
        return format!("{rcode}, TC");
    }
    let sets = Sections::read(message).map(|sections| sections.answer).unwrap_or_default();
    let addresses: Vec<String> =
        sets.iter().flat_map(RrSet::addresses).map(|address| address.to_string()).collect();
    if addresses.is_empty() {
        let data = sets.iter().filter(|set| set.rtype != RrType::CNAME && set.rtype != RrType::DNAME);
        return format!("{rcode}, {} record", data.map(|set| set.rdata.len()).sum::<usize>());
    }
    let more = if addresses.len() > ADDRESSES_TOLD { ", …" } else { "" };
    format!("{rcode} {}{more}", addresses[..addresses.len().min(ADDRESSES_TOLD)].join(", "))
}

/// Extended DNS Errors of an answer.
fn errors(message: &[u8]) -> Vec<ExtendedError> {
    if message.len() < HEADER {
        return Vec::new();
    }
    let Ok((_, found)) = records(message) else { return Vec::new() };
    let opt = found.iter().find(|record| record.rtype == RrType::OPT);
    let rdata = opt.map_or(&[][..], |opt| &message[opt.rdata_at()..opt.end()]);
    let told = options(rdata).flatten().filter(|(code, data)| *code == OPTION_EDE && data.len() >= 2);
    told.map(|(_, data)| ExtendedError {
        code: u16::from_be_bytes([data[0], data[1]]),
        text: String::from_utf8_lossy(&data[2..]).trim_end().to_owned(),
    })
    .collect()
}
