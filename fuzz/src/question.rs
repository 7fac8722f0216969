//! A client's packet, answered as a worker answers it: refusals, our own names, blocks, the cache.
//!
//! Every packet gets the answer that the RFCs ask for or none; every answer has the client's id and
//! question, fits the way that it takes, and can be read. It is the same whether or not the packet was
//! answered before.

use std::cell::RefCell;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use lachan::dns::edns::{IdleTime, OPTION_KEEPALIVE, options};
use lachan::dns::name::{HEADER, OwnedName};
use lachan::dns::question::{Question, Refused};
use lachan::dns::rcode::Rcode;
use lachan::dns::rrtype::RrType;
use lachan::dns::security::Security;
use lachan::journal::clock::SystemClock;
use lachan::journal::count::Tally;
use lachan::journal::{self, Journal};
use lachan::model::roster::Roster;
use lachan::query::client::{Client, Transport};
use lachan::query::pending::Shed;
use lachan::query::{Moment, Outcome, Responder, WorkerState};
use lachan::resolve::cache::Stamp;
use lachan::resolve::{Answer, Ask};
use tempfile::TempDir;

use super::again::Pair;
use super::message::{query, read_answer};
use super::school;

/// How long a connection may be idle.
const IDLE: Duration = Duration::from_secs(10);
/// A name that is kept in the cache, with more addresses than fit into 512 octets.
const KEPT: &str = "kept.example";
/// A name of the starter lists.
const BLOCKED: &str = "11bet.com";

/// The packet, from a client of each group and from a stranger, over UDP and TCP.
pub fn check(packet: &[u8]) {
    let responder = responder();
    let moment = responder.moment();
    let mut worker = WorkerState::new(tally(), responder.counters().shared.clone());
    let mut out = Vec::new();
    for last in 1..=4 {
        for transport in [Transport::Udp, Transport::Stream] {
            let is_known = last < 4;
            let client = if is_known { [127, 0, 0, last] } else { [192, 0, 2, 1] };
            let client = Client::new(SocketAddr::from((Ipv4Addr::from(client), 53)), transport);
            let client = match transport {
                Transport::Udp => client,
                Transport::Stream => client.with_idle_time(IdleTime::of(IDLE)),
            };
            match (&client.parse(packet), answer(responder, &moment, &mut worker, packet, client, &mut out)) {
                (Err(Refused::Silent), Outcome::Silent) => {}
                (Err(refused), Outcome::Ready) => hold_refusal(*refused, packet, client, is_known, &out),
                (Ok(question), Outcome::Ready) => hold_answer(question, transport, &out),
                (Ok(question), Outcome::Pending(pending)) => {
                    assert!(question.recursion_desired());
                    responder.turn_away(&pending, Shed::Scarce, &mut out);
                    hold_answer(question, transport, &out);
                }
                _ => panic!("silence, or an answer to what should have none"),
            }
        }
    }
    both_ways(packet);
}

fn both_ways(packet: &[u8]) {
    thread_local! {
        static PAIR: RefCell<Pair> = RefCell::new(Pair::new(responder(), &tally()));
    }
    PAIR.with_borrow_mut(|pair| pair.hold(packet, 90));
}

fn answer(
    responder: &Responder,
    moment: &Moment,
    worker: &mut WorkerState,
    packet: &[u8],
    client: Client,
    out: &mut Vec<u8>,
) -> Outcome {
    out.clear();
    responder.answer(moment, worker, packet, client, out)
}

/// A refusal has the question and an OPT record where those can be read, else it is a header. Strangers
/// are told nothing but REFUSED.
fn hold_refusal(refused: Refused, packet: &[u8], client: Client, is_known: bool, out: &[u8]) {
    let rcode = match refused {
        Refused::Silent => panic!("an answer to what must have none"),
        _ if !is_known => Rcode::REFUSED,
        Refused::FormErr => Rcode::FORM_ERR,
        Refused::NotImp => Rcode::NOT_IMP,
        Refused::BadVers => Rcode::BAD_VERS,
        Refused::Refused => Rcode::REFUSED,
    };
    assert_eq!((&out[..2], out[2] & 0xf8), (&packet[..2], 0x80 | packet[2] & 0x78));
    assert_eq!(out[3] & 0x0f, rcode.header_bits());
    match client.read(packet) {
        Ok(question) => hold_answer(&question, Transport::Udp, out),
        Err(_) => assert_eq!((out.len(), &out[4..]), (HEADER, &[0; 8][..])),
    }
}

fn hold_answer(question: &Question<'_>, transport: Transport, out: &[u8]) {
    let limit = match transport {
        Transport::Udp => question.udp_limit(),
        Transport::Stream => usize::from(u16::MAX),
    };
    assert!(out.len() <= limit, "{} octets of {limit}", out.len());
    assert_eq!(out[2] & 0x01, question.packet[2] & 0x01, "RD comes back as it was");
    let found = read_answer(out, &question.packet[..question.end]);
    let opts = found.iter().filter(|record| record.rtype == RrType::OPT).count();
    assert_eq!(opts, usize::from(question.edns.is_some()), "OPT answers OPT");
    let opt = found.iter().find(|record| record.rtype == RrType::OPT);
    let rdata = opt.map_or(&[][..], |opt| &out[opt.rdata_at()..opt.end()]);
    let told = options(rdata).flatten().find(|(code, _)| *code == OPTION_KEEPALIVE);
    let idle_time = question.idle_time.map(|time| time.units().to_be_bytes());
    assert_eq!(told.map(|(_, data)| data), idle_time.as_ref().map(|units| &units[..]), "the idle time");
    let truncated = out[2] & 0x02 != 0;
    assert!(!truncated || found.len() == opts && transport == Transport::Udp);
}

fn responder() -> &'static Responder {
    static RESPONDER: OnceLock<Responder> = OnceLock::new();
    RESPONDER.get_or_init(|| {
        let responder = school::responder(1 << 20);
        let ask = Ask::new(OwnedName::parse(KEPT).expect("a name"), RrType::A);
        let mut wire = query(ask.name.as_name().wire(), RrType::A, None);
        wire[7] = 100;
        for last in 0..100 {
            wire.extend_from_slice(b"\xc0\x0c\x00\x01\x00\x01\x00\x01\x00\x00\x00\x04\xc6\x33\x64");
            wire.push(last);
        }
        let kept =
            Answer { wire, rcode: Rcode::NO_ERROR, security: Security::Secure, ede: None, unfinished: None };
        let stamp = Stamp { generation: responder.world().generation(), ..Stamp::default() };
        responder.cache().insert(&ask, &kept, stamp, responder.moment().now);
        responder
    })
}

/// Where blocked attempts are counted; nobody reads them. A thread's own, so that the folder goes with it.
pub fn tally() -> Arc<Tally> {
    thread_local! {
        static JOURNAL: (Arc<Tally>, Journal, TempDir) = {
            let folder = tempfile::tempdir().expect("a folder of our own");
            let settings =
                journal::Settings { folder: folder.path().to_owned(), ..journal::Settings::default() };
            let (groups, lists) = (Roster::default(), Roster::default());
            let journal = Journal::open(settings, groups, lists, Arc::new(SystemClock)).expect("a journal");
            (journal.tally(), journal, folder)
        };
    }
    JOURNAL.with(|(tally, ..)| tally.clone())
}

/// What real clients send.
fn stubs() -> Vec<Vec<u8>> {
    let lines = include_str!("../seeds/stubs.tsv").lines().filter(|line| !line.starts_with('#'));
    let octets = |hex: &str| {
        let digits = |at| u8::from_str_radix(hex.get(at..at + 2)?, 16).ok();
        (0..hex.len()).step_by(2).map(digits).collect::<Option<Vec<u8>>>().expect("hexadecimal digits")
    };
    lines.map(|line| octets(line.split_once('\t').expect("who, and a datagram").1)).collect()
}

/// Queries of real clients, names of every fate, with and without EDNS, and queries that get their own refusals.
pub fn seeds() -> Vec<Vec<u8>> {
    let names = [
        b"\x03www\x07Example\x00".as_slice(),
        b"\x04Kept\x07example\x00",
        b"\x01x\x06google\x03com\x00",
        b"\x09localhost\x00",
        b"\x07version\x04bind\x00",
        b"\x00",
    ];
    let blocked = OwnedName::parse(BLOCKED).expect("a name");
    let names: Vec<&[u8]> = names.into_iter().chain([blocked.as_name().wire()]).collect();
    let mut seeds = stubs();
    for (name, opt) in names.iter().flat_map(|name| [(name, None), (name, Some((512, true)))]) {
        for kind in [RrType::A, RrType::ANY, RrType::HTTPS] {
            seeds.push(query(name, kind, opt));
        }
    }
    let mut with = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut packet = query(names[0], RrType::A, Some((1232, false)));
        change(&mut packet);
        seeds.push(packet);
    };
    with(&|packet| packet[2] |= 0x28); // an UPDATE
    with(&|packet| packet[2] |= 0x80); // an answer
    with(&|packet| packet[2] &= !0x01); // no recursion
    with(&|packet| packet[28] = 3); // class CH
    with(&|packet| packet[26] = 252); // AXFR
    with(&|packet| packet[35] = 1); // EDNS version 1
    with(&|packet| packet.truncate(30));
    // Structured errors are wanted; the idle time is; one is said, which is not the client's to say.
    for option in [&[0, 15, 0, 0][..], &[0, 11, 0, 0], &[0, 11, 0, 2, 0, 100]] {
        with(&|packet| {
            let end = packet.len();
            packet[end - 1] = option.len() as u8;
            packet.extend_from_slice(option);
        });
    }
    seeds
}
