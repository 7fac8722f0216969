//! A school as small as can be: one name is blocked, `localhost` is local, all others are asked of an
//! upstream that answers when the test says so.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::net::UdpSocket;
use tokio::task::JoinHandle;

use crate::dns::edns::options;
use crate::dns::message::records;
use crate::dns::name::OwnedName;
use crate::dns::rrtype::RrType;
use crate::filter::Index;
use crate::filter::build::{BuildLimits, Builder};
use crate::i18n::Lang;
use crate::journal::clock::SystemClock;
use crate::journal::count::Tally;
use crate::journal::{self, Journal};
use crate::model::category::CategorySet;
use crate::model::roster::Roster;
use crate::model::rule::Scope;
use crate::model::tier::Tier;
use crate::policy::school::SchoolAction;
use crate::policy::{self, AnswerStyle, GroupSettings, Mode, Policy, SchoolRule, TierSettings};
use crate::query::client::Access;
use crate::query::server_identity::Identity;
use crate::query::texts::ErrorTexts;
use crate::query::{Limits, Responder, World};
use crate::resolve::cache::{Cache, TtlBounds};
use crate::resolve::settings::ForwardZone;
use crate::resolve::{self, Resolver};
use crate::serve::Settings;
use crate::serve::admission::Admission;
use crate::serve::stream::Streams;
use crate::serve::waiting::Waiting;

/// The name that is blocked.
pub const BLOCKED: &str = "blocked.example";
/// Where the client is.
pub const CLIENT: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 5353);

/// The streams of a school whose upstream is at `upstream`, with a responder and limit of their own.
pub fn streams(settings: &Settings, upstream: SocketAddr, in_flight: usize) -> Arc<Streams> {
    let responder = Responder::new(world(upstream), Cache::new(1 << 20, TtlBounds::default()));
    let admission = Arc::new(Admission::new(in_flight, in_flight));
    let waiting = Waiting::new(Arc::new(responder), tally(), admission);
    Arc::new(Streams::new(settings, Arc::new(waiting)))
}

/// The same where nothing is to be asked upstream.
pub fn streams_alone(settings: &Settings) -> Arc<Streams> {
    streams(settings, (Ipv4Addr::LOCALHOST, 9).into(), 9)
}

fn tally() -> Arc<Tally> {
    static JOURNAL: OnceLock<(TempDir, Journal)> = OnceLock::new();
    let open = || {
        let folder = tempfile::tempdir().unwrap();
        let settings = journal::Settings { folder: folder.path().to_owned(), ..journal::Settings::default() };
        let journal = Journal::open(settings, Roster::default(), Roster::default(), Arc::new(SystemClock));
        (folder, journal.unwrap())
    };
    JOURNAL.get_or_init(open).1.tally()
}

fn world(upstream: SocketAddr) -> World {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("index");
    Builder::new(folder.path(), BuildLimits::default()).unwrap().finish(&path, &mut |_| ()).unwrap();
    let index = Arc::new(Index::open(&path).unwrap());
    let root = ForwardZone {
        zone: OwnedName::parse(".").unwrap(),
        servers: vec![upstream.to_string().parse().unwrap()],
        validates: false,
    };
    let resolver = Resolver::new(resolve::settings::Settings {
        mode: resolve::settings::Mode::Forward,
        forwards: vec![root],
        ..resolve::settings::Settings::default()
    });
    World {
        policy: Arc::new(Policy::build(&policy(), *index.key(), |_| None, &Roster::default()).unwrap()),
        index,
        lists: [].into(),
        school_list: Roster::default().id_of("school"),
        local: Arc::default(),
        resolver: Arc::new(resolver.unwrap()),
        zones: Arc::default(),
        announced: [].into(),
        limits: Arc::new(Limits {
            access: Access::new(vec!["127.0.0.0/8".parse().unwrap()]),
            rates: None,
            texts: ErrorTexts::new("THCS A", Lang::Vi),
            identity: Identity { version: Some("lachan".into()), hostname: None },
        }),
    }
}

fn policy() -> policy::Settings {
    let tier = TierSettings {
        mode: Mode::Filter,
        blocked: CategorySet::EMPTY,
        locked: CategorySet::EMPTY,
        allow_sets: vec![],
        style: AnswerStyle::Null,
        ttl: 30,
        clones: policy::Clones::default(),
        laxer_than_older: CategorySet::EMPTY,
        services: vec![],
        laxer_services: vec![],
    };
    policy::Settings {
        tiers: [(); Tier::ALL.len()].map(|()| tier.clone()),
        groups: vec![GroupSettings {
            name: "x".into(),
            tier: Tier::Staff,
            from: vec!["127.0.0.0/8".parse().unwrap()],
            mode: None,
            allow_sets: vec![],
        }],
        unknown: None,
        school_rules: vec![SchoolRule {
            name: OwnedName::parse(BLOCKED).unwrap(),
            scope: Scope::Subtree,
            action: SchoolAction::Block,
            tiers: vec![],
            groups: vec![],
            reason: "thi".into(),
            by: "IT".into(),
        }],
        service_names: vec![],
    }
}

/// A server that answers when the test says so.
pub struct Upstream(UdpSocket);

impl Upstream {
    pub async fn start() -> Self {
        Self(UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap())
    }

    pub fn address(&self) -> SocketAddr {
        self.0.local_addr().unwrap()
    }

    /// Waits until it is asked for a name with this first label, and gives what answers it.
    pub async fn asked_for(&self, label: &str) -> (Vec<u8>, SocketAddr) {
        let mut buffer = [0; 1024];
        loop {
            let (len, from) = self.0.recv_from(&mut buffer).await.unwrap();
            if buffer[13..].starts_with(label.as_bytes()) {
                let question = 12 + buffer[12..len].iter().position(|octet| *octet == 0).unwrap() + 5;
                let mut answer = buffer[..question].to_vec();
                answer[2..12].copy_from_slice(&[0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0]);
                answer.extend_from_slice(&[0xc0, 12, 0, 1, 0, 1, 0, 0, 1, 44, 0, 4, 198, 51, 100, 7]);
                return (answer, from);
            }
        }
    }

    pub async fn answer(&self, (answer, to): (Vec<u8>, SocketAddr)) {
        self.0.send_to(&answer, to).await.unwrap();
    }
}

/// A client, and the connection's task at the other end.
pub struct Client {
    pub stream: DuplexStream,
    pub connection: JoinHandle<std::io::Result<()>>,
}

impl Client {
    /// Connects by a pipe that holds so many octets each way.
    pub fn connect(streams: &Arc<Streams>, pipe: usize) -> Self {
        Self::try_connect(streams, pipe).expect("admitted")
    }

    pub fn try_connect(streams: &Arc<Streams>, pipe: usize) -> Option<Self> {
        let slot = streams.admit(CLIENT)?;
        let (stream, theirs) = duplex(pipe);
        Some(Self { stream, connection: tokio::spawn(streams.clone().serve(theirs, CLIENT, slot)) })
    }

    pub async fn send(&mut self, packet: &[u8]) {
        self.stream.write_all(&framed(packet)).await.unwrap();
    }

    /// The next answer; `None` when the server has closed.
    pub async fn receive(&mut self) -> Option<Vec<u8>> {
        let len = self.stream.read_u16().await.ok()?;
        let mut answer = vec![0; len.into()];
        self.stream.read_exact(&mut answer).await.ok()?;
        Some(answer)
    }

    pub async fn ask(&mut self, packet: &[u8]) -> Vec<u8> {
        self.send(packet).await;
        self.receive().await.expect("an answer")
    }
}

pub fn framed(packet: &[u8]) -> Vec<u8> {
    [&(packet.len() as u16).to_be_bytes(), packet].concat()
}

/// A query for the address of `name`, with EDNS and these options.
pub fn query(name: &str, id: u16, options: &[u8]) -> Vec<u8> {
    let mut packet = id.to_be_bytes().to_vec();
    packet.extend_from_slice(&[1, 0, 0, 1, 0, 0, 0, 0, 0, 1]);
    packet.extend_from_slice(OwnedName::parse(name).unwrap().as_name().wire());
    packet.extend_from_slice(&[0, 1, 0, 1, 0, 0, 41, 4, 0xd0, 0, 0, 0, 0]);
    packet.extend_from_slice(&(options.len() as u16).to_be_bytes());
    packet.extend_from_slice(options);
    packet
}

/// edns-tcp-keepalive as a client sends it.
pub const KEEPALIVE: &[u8] = &[0, 11, 0, 0];

/// How long the answer says that the connection may be idle.
pub fn told(answer: &[u8]) -> Option<Duration> {
    let (_, records) = records(answer).unwrap();
    let opt = records.iter().find(|record| record.rtype == RrType::OPT).expect("an OPT record");
    let options = options(&answer[opt.rdata_at()..opt.end()]).map(|option| option.unwrap());
    let found: Vec<_> = options.filter(|(code, _)| *code == 11).map(|(_, data)| data).collect();
    assert!(found.len() <= 1, "one at the most");
    let units = found.first().map(|data| u16::from_be_bytes([data[0], data[1]]));
    units.map(|units| Duration::from_millis(100) * units.into())
}
