//! A school in one process: config, lists and policy zones as text, and a forwarder that says what is written.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use tokio::net::UdpSocket;

use crate::app::explain::Checker;
use crate::app::offline::explain_check;
use crate::app::world::Basis;
use crate::config::{self, Context};
use crate::control::Check;
use crate::control::explanation::Explanation;
use crate::dns::compose::Composer;
use crate::dns::edns::{OPTION_EDE, options};
use crate::dns::header::Flags;
use crate::dns::message::records;
use crate::dns::name::{NameBuf, OwnedName};
use crate::dns::rcode::Rcode;
use crate::dns::rrset::{RrSet, Sections};
use crate::dns::rrtype::RrType;
use crate::filter::Index;
use crate::filter::build::{BuildLimits, Builder};
use crate::journal::count::Tally;
use crate::model::category::Category;
use crate::model::likeness::brand_name;
use crate::model::pattern::Pattern;
use crate::model::roster::Roster;
use crate::model::rule::{ListInfo, ListKind, Origin, Rule, RuleAction, Scope};
use crate::query::client::{Client, Transport};
use crate::query::{Outcome, Responder, WorkerState};
use crate::resolve::cache::{Cache, TtlBounds};
use crate::rpz::table::Table;
use crate::rpz::text::read;
use crate::rpz::zones::{Policy, Settings, Source, Zone};

/// A group in each mode, and teachers, each in a range of its own; something locked, opened and banned.
pub const FIVE_GROUPS: &str = r#"
[[group]]
name = "học sinh"
tier = "primary"
from = ["127.0.1.0/24"]
[[group]]
name = "theo dõi"
tier = "primary"
mode = "monitor"
from = ["127.0.2.0/24"]
[[group]]
name = "mở"
tier = "primary"
mode = "open"
from = ["127.0.3.0/24"]
[[group]]
name = "tập"
tier = "primary"
mode = "allow-only"
allow_sets = ["learning"]
from = ["127.0.4.0/24"]
[[group]]
name = "giáo viên"
tier = "staff"
from = ["127.0.5.0/24"]
[policy.tier.primary]
locked = ["malware"]
[policy.tier.staff]
blocked = []
locked = []
[school_rules]
allow = [{ name = "opened.example", reason = "a", by = "b" }, { name = "asked.example", reason = "a", by = "b" }]
block = [{ name = "banned.example", reason = "a", by = "b" }]
"#;

pub const A: RrType = RrType::A;
pub const CNAME: RrType = RrType::CNAME;
pub const HTTPS: RrType = RrType::HTTPS;

pub fn name(text: &str) -> OwnedName {
    OwnedName::parse(text).unwrap()
}

/// What the forwarder says: `owner TYPE data` a line. `owner FAILS` is SERVFAIL. An alias is told alone.
#[derive(Clone)]
pub struct Upstream {
    pub address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
    fails: Arc<AtomicBool>,
}

impl Upstream {
    async fn start(text: &'static str) -> Self {
        let mut sets: HashMap<String, Vec<RrSet>> = HashMap::new();
        let mut failing: Vec<String> = Vec::new();
        for line in text.lines().filter(|line| !line.trim().is_empty()) {
            let mut words = line.split_whitespace();
            let (owner, kind) = (words.next().unwrap(), words.next().unwrap());
            let data: Vec<&str> = words.collect();
            let (kind, rdata): (RrType, Vec<u8>) = match kind {
                "FAILS" => {
                    failing.push(owner.to_owned());
                    continue;
                }
                "A" => (A, data[0].parse::<std::net::Ipv4Addr>().unwrap().octets().to_vec()),
                "AAAA" => (RrType::AAAA, data[0].parse::<std::net::Ipv6Addr>().unwrap().octets().to_vec()),
                "CNAME" => (CNAME, name(data[0]).as_name().wire().to_vec()),
                "HTTPS" => (HTTPS, [&[0, 1], name(data[0]).as_name().wire()].concat()),
                other => panic!("{other}"),
            };
            sets.entry(owner.to_owned()).or_default().push(RrSet::new(
                name(owner),
                kind,
                300,
                vec![rdata.into()],
            ));
        }
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let upstream =
            Self { address: socket.local_addr().unwrap(), asked: Arc::default(), fails: Arc::default() };
        let (asked, fails) = (upstream.asked.clone(), upstream.fails.clone());
        tokio::spawn(async move {
            let mut buffer = [0; 2048];
            while let Ok((len, from)) = socket.recv_from(&mut buffer).await {
                let mut owner = NameBuf::new();
                let end = owner.fill_from_wire(&buffer[12..len]).unwrap() + 12;
                let kind = RrType::from_be_bytes([buffer[end], buffer[end + 1]]);
                let text = owner.name().to_string();
                asked.lock().unwrap().push(text.clone());
                let fail = fails.load(Ordering::Relaxed) || failing.contains(&text);
                let rcode = if fail { Rcode::SERV_FAIL } else { Rcode::NO_ERROR };
                let mut composer = Composer::new(Flags::RESPONSE.with_rcode(rcode), owner.name(), kind, 1);
                let found = sets.get(&text).filter(|_| !fail).into_iter().flatten();
                let found: Vec<&RrSet> =
                    found.filter(|set| set.rtype == kind || set.rtype == CNAME).collect();
                found.iter().for_each(|set| composer.answer(set, 300, false));
                if found.is_empty() && !fail {
                    let soa = [b"\0\0".as_slice(), &[0, 0, 0, 9].repeat(5)[..]].concat();
                    composer.authority(&RrSet::new(name("."), RrType::SOA, 9, vec![soa.into()]), 9, false);
                }
                let mut message = composer.finish();
                message[..2].copy_from_slice(&buffer[..2]);
                let _ = socket.send_to(&message, from).await;
            }
        });
        upstream
    }

    /// The names that it was asked for, each once.
    pub fn asked(&self) -> Vec<String> {
        let mut asked = self.asked.lock().unwrap().clone();
        asked.sort();
        asked.dedup();
        asked
    }

    /// How often it was asked.
    pub fn count(&self) -> usize {
        self.asked.lock().unwrap().len()
    }

    pub fn forget(&self) {
        self.asked.lock().unwrap().clear();
    }

    /// From now on everything fails.
    pub fn fail(&self) {
        self.fails.store(true, Ordering::Relaxed);
    }
}

/// What a client hears.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reply {
    pub rcode: u8,
    /// The answer section: `owner TYPE data`, one after the other.
    pub said: String,
    pub codes: Vec<u16>,
    /// Whether it was counted as blocked.
    pub is_counted: bool,
    pub is_silent: bool,
    pub is_truncated: bool,
}

pub struct School {
    pub responder: Arc<Responder>,
    pub upstream: Upstream,
}

/// Lists by category, with one rule a line: `x` and all below, `=x` alone, `@x` an exception. The list `allow`
/// is the allow set `learning`, `protect` are hard-protected names, `brands` brands of bookmakers.
pub type Lists = &'static [(&'static str, &'static str)];

impl School {
    /// A school with this config, these lists and zones, and a world that is as `world` says.
    pub async fn open(config: &str, lists: Lists, zones: &[(&str, &str)], world: &'static str) -> Self {
        let upstream = Upstream::start(world).await;
        let text = format!(
            "version = 1\n[access]\nallow = [\"127.0.0.0/8\"]\n[resolve]\nmode = \"forward\"\n\
             [[resolve.forward]]\nzone = \".\"\ndnssec = false\nservers = [\"{}\"]\n{config}",
            upstream.address
        );
        let context = Context {
            folder: PathBuf::from("."),
            state: PathBuf::from("/nowhere"),
            stand_ins: Default::default(),
        };
        let settings =
            config::read_text("lachan.toml", &text, &context).unwrap_or_else(|report| panic!("{report}"));
        let index = Arc::new(index(lists));
        let zones = zones.iter().map(|(apex, text)| zone(apex, text, &index)).collect();
        let (groups, lists, watch) = (Roster::default(), Roster::default(), Arc::default());
        let basis = Basis { settings: &settings, groups: &groups, lists: &lists, watch: &watch };
        let world = basis.build(index, (zones, Vec::new())).expect("a world");
        let responder = Responder::new(world, Cache::new(1 << 20, TtlBounds::default()));
        Self { responder: Arc::new(responder), upstream }
    }

    /// Asks as the client at `from`, and looks whether it was counted as blocked.
    pub async fn ask(&self, from: &str, asked: &str, kind: RrType) -> Reply {
        let blocked = || self.responder.counts().blocked;
        let before = blocked();
        let heard = self.exchange(from, asked, kind).await;
        assert!(blocked() <= before + 1, "counted once");
        Reply { is_counted: blocked() > before, ..heard }
    }

    async fn exchange(&self, from: &str, asked: &str, kind: RrType) -> Reply {
        let mut packet = vec![0, 7, 1, 0, 0, 1, 0, 0, 0, 0, 0, 1];
        packet.extend_from_slice(name(asked).as_name().wire());
        packet.extend_from_slice(&kind.to_be_bytes());
        packet.extend_from_slice(&[0, 1, 0, 0, 41, 0x10, 0, 0, 0, 0, 0, 0, 0]);
        let client = Client::new(SocketAddr::new(from.parse::<IpAddr>().unwrap(), 5353), Transport::Udp);
        let counters = self.responder.counters().shared.clone();
        let mut worker = WorkerState::new(Arc::new(Tally::unread()), counters);
        let mut octets = Vec::new();
        let moment = self.responder.moment();
        let is_answered = match self.responder.answer(&moment, &mut worker, &packet, client, &mut octets) {
            Outcome::Ready => true,
            Outcome::Silent => false,
            Outcome::Pending(pending) => {
                self.responder.finish(&pending, &mut worker, &mut octets).await.is_answered
            }
        };
        if !is_answered {
            return Reply { is_silent: true, ..Reply::default() };
        }
        let (_, found) = records(&octets).unwrap();
        let opt = found.iter().find(|record| record.rtype == RrType::OPT).expect("EDNS comes back");
        let errors = options(&octets[opt.rdata_at()..opt.end()]).map(Option::unwrap);
        let codes = errors
            .filter(|(code, _)| *code == OPTION_EDE)
            .map(|(_, data)| u16::from_be_bytes([data[0], data[1]]));
        let sets = Sections::read(&octets).unwrap().answer;
        let said: Vec<String> =
            sets.iter().flat_map(|set| set.rdata.iter().map(|rdata| shown(set, rdata))).collect();
        Reply {
            rcode: octets[3] & 15,
            said: said.join(" "),
            codes: codes.collect(),
            is_truncated: octets[2] & 2 != 0,
            ..Reply::default()
        }
    }

    /// The same where others ask at the same time, so that nobody's count is his own.
    pub async fn ask_uncounted(&self, from: &str, asked: &str, kind: RrType) -> String {
        self.exchange(from, asked, kind).await.said
    }

    /// What `lachan check` says, for a client.
    pub async fn check(&self, from: &str, asked: &str, kind: RrType, resolve: bool) -> Explanation {
        let check = Check {
            name: asked.to_owned(),
            rtype: Some(kind.to_string()),
            client: Some(from.parse().unwrap()),
            group: None,
            tier: None,
            resolve,
        };
        let responder = self.responder.clone();
        let runtime = resolve.then(tokio::runtime::Handle::current);
        let asking = tokio::task::spawn_blocking(move || {
            explain_check(&Checker { responder: &responder, runtime }, &check)
        });
        asking.await.unwrap().expect("a name and a client")
    }
}

fn shown(set: &RrSet, rdata: &[u8]) -> String {
    let data = match set.rtype {
        A => std::net::Ipv4Addr::from(<[u8; 4]>::try_from(rdata).unwrap()).to_string(),
        RrType::AAAA => std::net::Ipv6Addr::from(<[u8; 16]>::try_from(rdata).unwrap()).to_string(),
        HTTPS => set_name(&rdata[2..]),
        _ => set_name(rdata),
    };
    format!("{} {} {data}", set.owner, set.rtype)
}

fn set_name(wire: &[u8]) -> String {
    let mut name = NameBuf::new();
    name.fill_from_wire(wire).unwrap();
    name.name().to_string()
}

fn index(lists: Lists) -> Index {
    let folder = tempfile::tempdir().unwrap();
    let mut builder = Builder::new(folder.path(), BuildLimits::default()).unwrap();
    for (id, text) in lists {
        let (id, kind) = match *id {
            "allow" => ("learning", ListKind::Allow),
            "brands" => ("brands", ListKind::Block(Category::Gambling)),
            "protect" => ("protect", ListKind::Protect(crate::model::rule::Protection::Hard)),
            id => (id, ListKind::Block(Category::from_id(id).expect("a category"))),
        };
        let info = ListInfo { id: id.to_owned(), version: "v1".to_owned(), kind, origin: Origin::Local };
        let number = builder.add_list(info).unwrap();
        for (line, text) in text.split_whitespace().enumerate() {
            let (action, text) = match text.strip_prefix('@') {
                Some(text) => (RuleAction::Except, text),
                None => (RuleAction::Block, text),
            };
            let (scope, text) = match text.strip_prefix('=') {
                Some(text) => (Scope::Exact, text),
                None => (Scope::Subtree, text),
            };
            let (name, scope) = match id {
                "brands" => (brand_name(text.as_bytes()).unwrap(), scope),
                _ if text.starts_with(['|', '/']) => (Pattern::read(text).unwrap().name(), Scope::Exact),
                _ => (name(text), scope),
            };
            let rule = Rule { name, scope, action, line: line as u32 + 1 };
            builder.add(number, &rule).unwrap();
        }
    }
    let path = folder.path().join("index");
    builder.finish(&path, &mut |_| ()).unwrap();
    Index::open(&path).unwrap()
}

fn zone(apex: &str, text: &str, index: &Index) -> Zone {
    let opens = apex.starts_with("opens");
    Zone {
        settings: Settings {
            name: name(apex),
            source: Source::File("x".into()),
            policy: Policy::Given,
            tiers: vec![],
            groups: vec![],
            break_dnssec: true,
            passthru_opens: opens,
        },
        list: Roster::default().id_of(apex),
        table: Table::build(&read(text.as_bytes(), name(apex).as_name()).0, *index.key()),
        hits: Arc::default(),
    }
}
