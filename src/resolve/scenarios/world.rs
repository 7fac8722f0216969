//! A small internet on loopback: name servers with manners, each on an address of its own, port 53.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hickory_resolver::proto::dnssec::rdata::DNSSECRData;
use hickory_resolver::proto::op::{Message, OpCode, Query, ResponseCode};
use hickory_resolver::proto::rr::rdata::opt::EdnsCode;
use hickory_resolver::proto::rr::{Name, RData, Record, RecordType};
use hickory_resolver::proto::serialize::txt::Parser;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, UdpSocket};
use tokio::task::JoinSet;

use crate::dns::name::OwnedName;
use crate::dns::rrtype::RrType;
use crate::resolve::Ask;
use crate::resolve::settings::{Mode, Settings};

/// How a server behaves.
#[derive(Clone)]
pub enum Manner {
    /// As it should.
    Serves(Zone),
    /// Takes queries and says nothing.
    Silent,
    /// Always this code.
    Reply(ResponseCode),
    /// Refers everybody to this zone.
    RefersTo(&'static str),
    /// NOERROR with nothing in it.
    LameEmpty,
    /// This code to EDNS, a good answer without.
    NoEdns(ResponseCode, Zone),
    /// Nothing fits over UDP.
    Truncates(Zone),
    /// The right id and question, then these octets, with one answer promised.
    Garbage(&'static [u8]),
    /// Exactly what the function makes of the query.
    Makes(fn(&Message) -> Message),
}

/// Records of one zone.
#[derive(Clone)]
pub struct Zone {
    apex: Name,
    records: Vec<Record>,
}

/// A zone from lines of master format; SOA and the origin are added.
pub fn zone(apex: &str, lines: &str) -> Zone {
    let text = format!("$TTL 60\n@ SOA ns.invalid. host.invalid. 1 60 60 60 30\n{lines}\n");
    let apex = Name::from_ascii(apex).unwrap();
    let (_, sets) = Parser::new(text, None, Some(apex.clone()))
        .parse()
        .unwrap_or_else(|error| panic!("{lines}: {error}"));
    let records = sets.values().flat_map(|set| set.records_without_rrsigs().cloned()).collect();
    Zone { apex, records }
}

impl Zone {
    /// A zone of these records.
    pub fn of(apex: Name, records: Vec<Record>) -> Self {
        Self { apex, records }
    }

    /// Its records.
    pub fn records(&self) -> impl Iterator<Item = Record> + use<> {
        self.records.clone().into_iter()
    }

    /// What an authority says (RFC 1034 §4.3.2, RFC 4035 §3.1), without wildcards.
    fn answer(&self, query: &Query, reply: &mut Message) {
        let (name, kind) = (query.name(), query.query_type());
        if !self.apex.zone_of(name) {
            reply.metadata.response_code = ResponseCode::Refused;
            return;
        }
        let cut = self.records.iter().find(|record| {
            record.record_type() == RecordType::NS && record.name != self.apex && record.name.zone_of(name)
        });
        if let Some(cut) = cut.filter(|cut| !(kind == RecordType::DS && cut.name == *name)) {
            reply.add_authorities(self.set(&cut.name, RecordType::NS, false));
            let address = |record: &&Record| record.data.ip_addr().is_some();
            reply.add_additionals(self.records.iter().filter(address).cloned());
            return;
        }
        reply.metadata.authoritative = true;
        let signed = self.records.iter().any(|record| record.record_type() == RecordType::NSEC);
        let mut at = name.clone();
        for _ in 0..8 {
            let data = self.set(&at, kind, signed);
            if !data.is_empty() {
                reply.add_answers(data);
                return;
            }
            let alias = self.set(&at, RecordType::CNAME, signed);
            let Some(RData::CNAME(target)) = alias.first().map(|record| record.data.clone()) else { break };
            reply.add_answers(alias);
            if !self.apex.zone_of(&target.0) {
                return;
            }
            at = target.0;
        }
        if !self.records.iter().any(|record| at.zone_of(&record.name)) {
            reply.metadata.response_code = ResponseCode::NXDomain;
        }
        reply.add_authorities(self.set(&self.apex, RecordType::SOA, signed));
        let wildcard = Name::from_ascii("*").unwrap().append_domain(&self.apex).unwrap();
        let proofs = self.records.iter().filter(|record| {
            let RData::DNSSEC(DNSSECRData::NSEC(nsec)) = &record.data else { return false };
            let (owner, next) = (&record.name, nsec.next_domain_name());
            let covers = |name: &Name| owner < name && (name < next || *next == self.apex);
            *owner == at || covers(&at) || covers(&wildcard)
        });
        let proofs: Vec<Record> =
            proofs.flat_map(|nsec| self.set(&nsec.name, RecordType::NSEC, true)).collect();
        reply.add_authorities(proofs);
    }

    fn set(&self, name: &Name, kind: RecordType, signed: bool) -> Vec<Record> {
        let fits = |record: &&Record| {
            record.name == *name
                && match &record.data {
                    RData::DNSSEC(DNSSECRData::RRSIG(sig)) => signed && sig.input().type_covered == kind,
                    _ => record.record_type() == kind,
                }
        };
        let (signatures, data): (Vec<_>, Vec<_>) = self
            .records
            .iter()
            .filter(fits)
            .cloned()
            .partition(|record| record.record_type() == RecordType::RRSIG);
        if data.is_empty() { data } else { [data, signatures].concat() }
    }
}

impl Manner {
    fn reply(&self, octets: &[u8], tcp: bool) -> Option<Vec<u8>> {
        let query = Message::from_vec(octets).ok()?;
        let asked = query.queries.first()?.clone();
        let mut reply = Message::response(query.metadata.id, OpCode::Query);
        reply.add_query(asked.clone());
        match self {
            Self::Silent => return None,
            Self::Serves(zone) => zone.answer(&asked, &mut reply),
            Self::Reply(code) => reply.metadata.response_code = *code,
            Self::RefersTo(apex) => {
                let ns = zone(apex, "@ NS ns.invalid.");
                reply.add_authorities(
                    ns.records.into_iter().filter(|record| record.record_type() == RecordType::NS),
                );
            }
            Self::LameEmpty => {}
            Self::NoEdns(code, _) if query.edns.is_some() => reply.metadata.response_code = *code,
            Self::NoEdns(_, zone) => zone.answer(&asked, &mut reply),
            Self::Truncates(_) if !tcp => reply.metadata.truncation = true,
            Self::Truncates(zone) => zone.answer(&asked, &mut reply),
            Self::Garbage(tail) => {
                let mut octets = reply.to_vec().ok()?;
                octets[7] = 1;
                octets.extend_from_slice(tail);
                return Some(octets);
            }
            Self::Makes(make) => reply = make(&query),
        }
        reply.to_vec().ok()
    }
}

/// A running server.
#[derive(Clone)]
pub struct Server {
    pub address: SocketAddr,
    log: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// What it was asked, as `udp A www.example.`
    pub fn asked(&self) -> Vec<String> {
        self.log.lock().unwrap().clone()
    }

    pub fn ip(&self) -> IpAddr {
        self.address.ip()
    }
}

/// All servers of one test; they end with it.
pub struct World {
    block: [u8; 3],
    next: u8,
    tasks: JoinSet<()>,
    files: tempfile::TempDir,
}

static BLOCKS: AtomicU8 = AtomicU8::new(1);

impl World {
    /// A world with addresses that no other test of this machine uses; `None`, with a line that says
    /// so, where port 53 may not be bound.
    pub async fn new() -> Option<Self> {
        let second = 53 + (std::process::id() % 190) as u8;
        let block = [127, second, BLOCKS.fetch_add(1, Ordering::Relaxed)];
        let files = tempfile::tempdir().unwrap();
        let probe = Ipv4Addr::new(127, second, block[2], 254);
        if let Err(error) = UdpSocket::bind((probe, 53)).await {
            assert!(std::env::var("CI").is_err(), "port 53 of {probe}: {error}");
            println!(
                "left out: port 53 of {probe} cannot be bound ({error}); run as root or with CAP_NET_BIND_SERVICE"
            );
            return None;
        }
        Some(Self { block, next: 0, tasks: JoinSet::new(), files })
    }

    /// The address that the next server gets.
    pub fn next_ip(&self) -> IpAddr {
        self.ip(self.next + 1)
    }

    /// The address of server number `number`, counted from 1.
    pub fn ip(&self, number: u8) -> IpAddr {
        IpAddr::from([self.block[0], self.block[1], self.block[2], number])
    }

    /// Starts a server on the next address.
    pub async fn server(&mut self, manner: Manner) -> Server {
        let address = SocketAddr::new(self.next_ip(), 53);
        self.next += 1;
        let server = Server { address, log: Arc::default() };
        let udp = UdpSocket::bind(address).await.unwrap();
        let tcp = TcpListener::bind(address).await.unwrap();
        let note = |log: &Mutex<Vec<String>>, transport: &str, octets: &[u8]| {
            if let Ok(message) = Message::from_vec(octets)
                && let Some(query) = message.queries.first()
            {
                let mut line = transport.to_owned();
                for (marks, mark) in [
                    (message.edns.as_ref().is_some_and(|edns| edns.flags().dnssec_ok), " +do"),
                    (message.metadata.checking_disabled, " +cd"),
                    (
                        message.edns.as_ref().is_some_and(|edns| {
                            // Our own cookie is between us and the server.
                            edns.options().as_ref().iter().any(|(code, _)| *code != EdnsCode::Cookie)
                        }),
                        " +options",
                    ),
                ] {
                    line += if marks { mark } else { "" };
                }
                log.lock().unwrap().push(format!("{line} {} {}", query.query_type(), query.name()));
            }
        };
        let (log, manners) = (server.log.clone(), manner.clone());
        self.tasks.spawn(async move {
            let mut buffer = [0; 4096];
            while let Ok((len, from)) = udp.recv_from(&mut buffer).await {
                note(&log, "udp", &buffer[..len]);
                if let Some(reply) = manners.reply(&buffer[..len], false) {
                    let _ = udp.send_to(&reply, from).await;
                }
            }
        });
        let log = server.log.clone();
        self.tasks.spawn(async move {
            while let Ok((mut stream, _)) = tcp.accept().await {
                let exchange = async {
                    loop {
                        let len = usize::from(stream.read_u16().await?);
                        let mut octets = vec![0; len];
                        stream.read_exact(&mut octets).await?;
                        note(&log, "tcp", &octets);
                        if let Some(reply) = manner.reply(&octets, true) {
                            stream.write_u16(reply.len() as u16).await?;
                            stream.write_all(&reply).await?;
                        }
                    }
                };
                let _: io::Result<()> = exchange.await;
            }
        });
        server
    }

    /// A file of this world.
    pub fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.files.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    /// Settings to recurse from `root`, without validation, with a short time limit.
    pub fn recursive(&self, root: IpAddr) -> Settings {
        let hints = format!(". 60 NS a.root.invalid.\na.root.invalid. 60 A {root}\n");
        Settings { dnssec: false, root_hints: Some(self.file("root.hints", &hints)), ..hasty() }
    }

    /// Settings to forward everything to `servers`.
    pub fn forward(&self, servers: &[SocketAddr]) -> Settings {
        let servers = servers.iter().map(|address| address.to_string().parse().unwrap()).collect();
        let zone = OwnedName::parse(".").unwrap();
        let forwards = vec![crate::resolve::settings::ForwardZone { zone, servers, validates: false }];
        Settings { mode: Mode::Forward, forwards, ..hasty() }
    }
}

fn hasty() -> Settings {
    Settings {
        never_ask: Vec::new(),
        primes: false,
        forward_try_for: Duration::from_millis(700),
        hedge_after: Duration::from_millis(100),
        deadline: Duration::from_secs(4),
        ..Settings::default()
    }
}

/// A question for addresses.
pub fn a(name: &str) -> Ask {
    Ask::new(OwnedName::parse(name).unwrap(), RrType::A)
}

/// A question of any type.
pub fn ask(name: &str, rtype: RrType) -> Ask {
    Ask::new(OwnedName::parse(name).unwrap(), rtype)
}
