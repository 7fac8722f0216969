//! Instructions that a query costs in user mode, by callgrind: the same number on every machine. Fails
//! where a kind of query costs more than was written down here, so that nobody makes it dearer unseen.
//! Method and figures: `benches/README.md`.

use std::hint::black_box;
use std::net::{Ipv4Addr, SocketAddr};
use std::process::{Command, ExitCode};
use std::sync::Arc;

use lachan::dns::name::OwnedName;
use lachan::dns::rcode::Rcode;
use lachan::dns::rrtype::RrType;
use lachan::dns::security::Security;
use lachan::dns::suffixes::Suffixes;
use lachan::journal::clock::SystemClock;
use lachan::journal::{self, Journal};
use lachan::model::roster::Roster;
use lachan::model::verdict::Verdict;
use lachan::policy::decide::decide;
use lachan::query::client::{Client, Transport};
use lachan::query::{Moment, Outcome, Responder, WorkerState};
use lachan::resolve::cache::Stamp;
use lachan::resolve::{Answer, Ask};

#[path = "../fuzz/src/message.rs"]
#[expect(dead_code, reason = "it reads answers too")]
mod message;
#[path = "../fuzz/src/school.rs"]
mod school;

use message::query;

/// Different names of a kind.
const NAMES: usize = 1_000;
/// How often each is asked, where the packet cache knows it.
const ROUNDS: usize = 20;
/// Runs, of which the cheapest counts: each has an index with a key of its own, and so more or fewer names share a place
/// of the packet cache. That makes a run up to a seventh dearer, and says nothing of the code.
const RUNS: usize = 9;
/// How much dearer than written down a query may become, in percent.
const SLACK: u64 = 5;

/// A kind of query: what it is called, what it cost when that was last written down, its budget.
struct Kind {
    name: &'static str,
    is_blocked: bool,
    /// Each name is asked once only, so that the packet cache does not help.
    is_new: bool,
    written: u64,
    budget: u64,
}

const KINDS: [Kind; 4] = [
    Kind { name: "blocked", is_blocked: true, is_new: false, written: 975, budget: 2_500 },
    Kind { name: "cached", is_blocked: false, is_new: false, written: 645, budget: 2_800 },
    Kind { name: "blocked-first", is_blocked: true, is_new: true, written: 4_285, budget: 2_500 },
    Kind { name: "cached-first", is_blocked: false, is_new: true, written: 3_060, budget: 2_800 },
];

impl Kind {
    fn rounds(&self) -> usize {
        if self.is_new { 1 } else { ROUNDS }
    }
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, word, kind] = &arguments[..]
        && word == "answer"
    {
        answer_all(KINDS.iter().find(|it| it.name == kind).expect("a kind of query"));
        return ExitCode::SUCCESS;
    }
    let mut dearer = false;
    for kind in &KINDS {
        let mut costs = [(); RUNS].map(|()| instructions(kind.name).div_ceil((NAMES * kind.rounds()) as u64));
        costs.sort_unstable();
        let cost = costs[0];
        println!(
            "{}: {cost} instructions a query (written down {}, budget {})",
            kind.name, kind.written, kind.budget
        );
        if cost * 100 > kind.written * (100 + SLACK) {
            println!("{}: that is more than {SLACK} % dearer than before", kind.name);
            dearer = true;
        }
    }
    if dearer { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// All instructions of [`measured`], counted in a process of its own.
fn instructions(kind: &str) -> u64 {
    let this = std::env::current_exe().expect("this program");
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null", "--toggle-collect=*measured*"])
        .arg(this)
        .args(["answer", kind])
        .output()
        .expect("valgrind, of the Debian package of that name");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let collected = said.lines().find_map(|line| line.split_once("Collected : ")).expect("callgrind's sum");
    collected.1.trim().parse().expect("a number")
}

/// Answers queries of a kind, with everything switched on that a school has.
fn answer_all(kind: &Kind) {
    let responder = school::responder(64 << 20);
    let folder = tempfile::tempdir().expect("a folder of our own");
    let settings = journal::Settings { folder: folder.path().to_owned(), ..journal::Settings::default() };
    let journal = Journal::open(settings, Roster::default(), Roster::default(), Arc::new(SystemClock));
    let journal = journal.expect("a journal");
    let names = if kind.is_blocked { blocked() } else { cached(&responder) };
    let packets: Vec<_> =
        names.iter().map(|name| query(name.as_name().wire(), RrType::A, Some((1232, false)))).collect();
    let moment = responder.moment();
    let new_worker = || WorkerState::new(journal.tally(), responder.counters().for_worker()).with_packets();
    let mut worker = new_worker();
    let mut out = Vec::with_capacity(4096);
    // Everything has been touched before it is measured, and the packet cache has seen each name twice.
    for _ in 0..3 {
        asked(&responder, &moment, &mut worker, &packets, &mut out);
    }
    if kind.is_new {
        worker = new_worker();
    }
    measured(&responder, &moment, &mut worker, &packets, kind.rounds(), &mut out);
}

/// Names that the starter lists block for a primary school: always the same, whatever the index's key.
fn blocked() -> Vec<OwnedName> {
    let index = school::index();
    let mut names: Vec<String> = index.names().map(|entry| format!("www.{}", entry.name)).collect();
    names.sort();
    let names = names.iter().filter_map(|name| OwnedName::parse(name).ok());
    names.filter(is_blocked).step_by(2).take(NAMES).collect()
}

fn is_blocked(name: &OwnedName) -> bool {
    let world = school::shared_responder().world();
    let suffixes = Suffixes::of(world.index.key(), name.as_name());
    let group = world.policy.group_of(client().ip());
    matches!(decide(&world.policy, group, &suffixes, &world.index.lookup(&suffixes)), Verdict::Block(_))
}

/// Names that the cache holds an answer for, of one address each.
fn cached(responder: &Responder) -> Vec<OwnedName> {
    let moment = responder.moment();
    let names = (0..NAMES).map(|n| OwnedName::parse(&format!("www.site{n}.top{}", n % 100)).expect("a name"));
    names
        .inspect(|name| {
            let ask = Ask::new(name.clone(), RrType::A);
            let mut wire = query(name.as_name().wire(), RrType::A, None);
            wire[7] = 1;
            wire.extend_from_slice(b"\xc0\x0c\0\x01\0\x01\0\x01\0\0\0\x04\xc6\x33\x64\x01");
            let answer = Answer {
                wire,
                rcode: Rcode::NO_ERROR,
                security: Security::Insecure,
                ede: None,
                unfinished: None,
            };
            let stamp = Stamp { generation: moment.world.generation(), ..Stamp::default() };
            responder.cache().insert(&ask, &answer, stamp, moment.now);
        })
        .collect()
}

fn client() -> SocketAddr {
    (Ipv4Addr::LOCALHOST, 5353).into()
}

#[inline(never)]
fn measured(
    responder: &Responder,
    moment: &Moment,
    worker: &mut WorkerState,
    packets: &[Vec<u8>],
    rounds: usize,
    out: &mut Vec<u8>,
) {
    for _ in 0..rounds {
        asked(responder, moment, worker, packets, out);
    }
}

fn asked(
    responder: &Responder,
    moment: &Moment,
    worker: &mut WorkerState,
    packets: &[Vec<u8>],
    out: &mut Vec<u8>,
) {
    let client = Client::new(client(), Transport::Udp);
    for packet in packets {
        let outcome = responder.answer(moment, worker, black_box(packet), client, out);
        assert!(matches!(outcome, Outcome::Ready), "an answer at once");
        black_box(&out);
    }
}
