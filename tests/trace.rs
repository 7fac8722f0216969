//! The 300,000 queries of the synthetic trace through the running server: every answer as the oracle
//! says, and the log holds exactly what was blocked; the same with `kill -9` in the middle.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream, UdpSocket};
use std::path::Path;
use std::time::{Duration, Instant};

use lachan::config::{Context, defaults};
use lachan::dns::name::OwnedName;
use lachan::dns::rrtype::RrType;
use lachan::lists::protected::Protected;
use lachan::lists::spec::ListSpec;
use lachan::lists::starter;
use lachan::model::tier::Tier;
use lachan::policy::TierSettings;
use lachan::resolve::Resolver;
use lachan::resolve::settings::Settings as ResolveSettings;
use socket2::{Domain, Socket, Type};

use crate::oracle::Oracle;
use crate::support::authority::{ADDRESS, Authority};
use crate::support::client::{Answer, Stream, query};
use crate::support::server::School;
use crate::support::{shared, unpack};

/// Lists of several formats, sizes and categories: (file of the shared data, category).
const LISTS: &[(&str, &str)] = &[
    ("hostsVN/option__hosts-VN.zst", "ads"),
    ("hostsVN/extensions__gambling__filter-VN.txt.zst", "gambling"),
    ("hostsVN/option__dnsmasq-hostsVN.conf.zst", "ads"),
    ("sinfonietta/pornography-hosts.zst", "adult"),
    ("ut1/games.domains.zst", "games"),
    ("jarelllama/lists__adblock__scams.txt.zst", "phishing"),
    ("mullvad/doh_gambling.zone.zst", "gambling"),
    ("shadowwhisperer/Tunnels.zst", "bypass"),
];

const TIERS: [Tier; 5] =
    [Tier::Preschool, Tier::Primary, Tier::LowerSecondary, Tier::UpperSecondary, Tier::Staff];

/// Queries on the way at a time, a thread.
const WINDOW: usize = 32;
const THREADS: usize = 4;

struct Query {
    client: u32,
    name: String,
    rtype: u16,
}

impl Query {
    fn tier(&self) -> Tier {
        TIERS[self.client as usize % TIERS.len()]
    }

    fn address(&self) -> Ipv4Addr {
        let tier = (self.client as usize % TIERS.len()) as u8;
        Ipv4Addr::new(127, 10 + tier, (self.client / 200) as u8, (self.client % 200 + 1) as u8)
    }

    /// Every twentieth client asks over TCP.
    fn over_tcp(&self) -> bool {
        self.client.is_multiple_of(20)
    }
}

fn trace(file: &Path) -> Vec<Query> {
    let text = String::from_utf8(unpack(file)).unwrap();
    let queries: Vec<Query> = text
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| {
            let fields: Vec<&str> = line.split('\t').collect();
            Query {
                client: fields[1].parse().unwrap(),
                name: fields[2].into(),
                rtype: fields[3].parse::<RrType>().unwrap().number(),
            }
        })
        .collect();
    assert_eq!(queries.len(), 300_000);
    queries
}

struct Setup {
    school: School,
    authority: Authority,
    oracle: Oracle,
    tiers: Vec<TierSettings>,
    queries: Vec<Query>,
}

impl Setup {
    fn new() -> Option<Self> {
        let lists = shared("lists")?;
        let queries = trace(&shared("queries/trace-synthetic-300k.tsv.zst")?);
        let authority = Authority::start("")?;
        let school = School::new();
        let mut config = String::from("[lists]\nrecommended = false\n");
        // What looks like a bookmaker is judged elsewhere (`app::tests::likeness`).
        for tier in Tier::ALL {
            config += &format!("[policy.tier.{}]\nclones = \"off\"\n", tier.id());
        }
        for (index, tier) in TIERS.iter().enumerate() {
            config += &format!(
                "[[group]]\nname = \"{0}\"\ntier = \"{0}\"\nfrom = [\"127.{1}.0.0/16\"]\n",
                tier.id(),
                10 + index
            );
        }
        for (index, (file, category)) in LISTS.iter().enumerate() {
            let path = school.write(&format!("list{index}"), unpack(&lists.join(file)));
            config += &format!(
                "[[list]]\nid = \"real-{index}\"\nfile = \"{}\"\ncategory = \"{category}\"\n",
                path.display()
            );
        }
        let config = school.config(Some(authority.address), &config);
        school.run_ok(&["lists", "compile"]);

        let settings = lachan::config::read_file(&config).unwrap();
        let protected = Protected::embedded();
        let mut oracle = Oracle::default();
        for (info, rules) in protected.lists("") {
            oracle.add(&info.id, info.kind, info.origin, &rules);
        }
        for list in starter::all() {
            oracle.add_text(list.text.as_bytes(), &list.spec, &protected);
        }
        for (index, spec) in settings.lists.specs.iter().enumerate() {
            let spec: &ListSpec = spec;
            oracle.add_text(&fs::read(school.path(&format!("list{index}"))).unwrap(), spec, &protected);
        }
        let tiers =
            defaults(&Context { folder: ".".into(), state: ".".into(), stand_ins: Default::default() })
                .policy
                .tiers
                .to_vec();
        Some(Self { school, authority, oracle, tiers, queries })
    }

    /// What the oracle expects of each query: `None` for names that never leave the school's network.
    fn expected(&self) -> Vec<Option<bool>> {
        let local = Resolver::new(ResolveSettings::default()).unwrap();
        let mut known: HashMap<(&str, Tier), Option<bool>> = HashMap::new();
        self.queries
            .iter()
            .map(|query| {
                *known.entry((&query.name, query.tier())).or_insert_with(|| {
                    let name = OwnedName::parse(&query.name).unwrap();
                    if local.is_local(name.as_name(), RrType::A) {
                        return None;
                    }
                    Some(self.oracle.is_blocked(&self.tiers[query.tier().index()], name.as_name()))
                })
            })
            .collect()
    }
}

/// A client's way of asking, kept for all its queries.
struct Client {
    socket: UdpSocket,
    early: HashMap<u16, Answer>,
}

impl Client {
    fn new(query: &Query, server: SocketAddr) -> Self {
        let socket = UdpSocket::bind((query.address(), 0)).unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        socket.connect(server).unwrap();
        Self { socket, early: HashMap::new() }
    }

    fn receive(&mut self, id: u16) -> Option<Answer> {
        if let Some(answer) = self.early.remove(&id) {
            return Some(answer);
        }
        let mut buf = [0; 1500];
        loop {
            let len = self.socket.recv(&mut buf).ok()?;
            let got = u16::from_be_bytes([buf[0], buf[1]]);
            let answer = Answer::read(&buf[..len]);
            if got == id {
                return Some(answer);
            }
            self.early.insert(got, answer);
        }
    }
}

fn ask_over_tcp(query_: &Query, server: SocketAddr, id: u16) -> Option<Answer> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.set_reuse_address(true).unwrap();
    socket.bind(&SocketAddr::new(IpAddr::V4(query_.address()), 0).into()).unwrap();
    socket.connect(&server.into()).ok()?;
    let stream: TcpStream = socket.into();
    stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    let mut stream = Stream(stream);
    stream.send(&query(&query_.name, query_.rtype, id));
    stream.receive().map(|octets| Answer::read(&octets))
}

/// One answer that came, with when.
struct Came {
    query: usize,
    at: Instant,
    answer: Answer,
}

/// Asks all queries of `mine` in order, a window at a time; stops at the first answer that does not
/// come, which happens only when the server is gone.
fn ask_all(queries: &[Query], mine: &[usize], server: SocketAddr) -> Vec<Came> {
    let mut clients: HashMap<u32, Client> = HashMap::new();
    let mut came = Vec::with_capacity(mine.len());
    for window in mine.chunks(WINDOW) {
        for &number in window.iter().filter(|number| !queries[**number].over_tcp()) {
            let query_ = &queries[number];
            let client = clients.entry(query_.client).or_insert_with(|| Client::new(query_, server));
            let _ = client.socket.send(&query(&query_.name, query_.rtype, number as u16));
        }
        for &number in window {
            let query_ = &queries[number];
            let answer = if query_.over_tcp() {
                ask_over_tcp(query_, server, number as u16)
            } else {
                clients.get_mut(&query_.client).unwrap().receive(number as u16)
            };
            let Some(answer) = answer else { return came };
            came.push(Came { query: number, at: Instant::now(), answer });
        }
    }
    came
}

/// Asks everything from several threads; a client's queries stay in one thread, in order.
fn ask_from_everywhere(queries: &[Query], range: std::ops::Range<usize>, server: SocketAddr) -> Vec<Came> {
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS)
            .map(|thread| {
                let mine: Vec<usize> = range
                    .clone()
                    .filter(|number| queries[*number].client as usize % THREADS == thread)
                    .collect();
                scope.spawn(move || ask_all(queries, &mine, server))
            })
            .collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    })
}

#[test]
fn every_answer_of_the_trace_is_as_the_oracle_says_and_the_log_holds_exactly_what_was_blocked() {
    let Some(setup) = Setup::new() else { return };
    let expected = setup.expected();
    let server = setup.school.serve();
    let came = ask_from_everywhere(&setup.queries, 0..setup.queries.len(), server.address);
    assert_eq!(came.len(), setup.queries.len(), "every query has an answer");

    let (mut blocked, mut wrong) = (0u64, Vec::new());
    let mut by_tier: HashMap<&str, u64> = HashMap::new();
    for Came { query, answer, .. } in &came {
        let asked = &setup.queries[*query];
        let fine = match expected[*query] {
            None => !answer.is_blocked(),
            Some(true) => {
                answer.is_blocked() && answer.addresses().iter().all(|ip| ["0.0.0.0", "::"].contains(ip))
            }
            Some(false) => {
                let address = asked.rtype != 1 || answer.addresses() == [ADDRESS];
                !answer.is_blocked() && answer.rcode == 0 && address
            }
        };
        if answer.is_blocked() {
            blocked += 1;
            *by_tier.entry(asked.tier().id()).or_default() += 1;
        }
        if !fine {
            wrong.push(format!(
                "{} {} {}: expected {:?}, {answer:?}",
                asked.tier().id(),
                asked.name,
                asked.rtype,
                expected[*query]
            ));
        }
    }
    assert!(wrong.is_empty(), "{} wrong answers:\n{}", wrong.len(), wrong[..wrong.len().min(10)].join("\n"));
    assert!(blocked > 10_000, "{blocked}");

    assert!(server.stop().success());
    assert_eq!(setup.school.attempts(), blocked, "the log holds what was blocked, exactly");
    let totals: serde_json::Value =
        serde_json::from_str(&setup.school.run_ok(&["log", "--totals", "--format", "json"])).unwrap();
    for (tier, count) in by_tier {
        assert_eq!(totals["by_tier"][tier].as_u64(), Some(count), "{tier}");
    }
    drop(setup.authority);
}

/// What was blocked longer ago than this before the kill must be in the store: the second that the
/// journal may lose, and one for a busy machine to write the one before.
const MAY_BE_LOST: Duration = Duration::from_secs(2);

#[test]
fn kill_in_the_middle_loses_the_last_second_at_most_and_the_store_stays_sound() {
    let Some(setup) = Setup::new() else { return };
    let server = setup.school.serve();
    let address = server.address;
    let (queries, half) = (&setup.queries, 120_000);
    let (came, killed) = std::thread::scope(|scope| {
        let asking = scope.spawn(move || ask_from_everywhere(queries, 0..half, address));
        // The middle: when the log has its first thousands.
        let enough =
            crate::support::server::wait_for(|| (setup.school.attempts_or_none()? > 3_000).then_some(()));
        assert!(enough.is_some());
        let killed = Instant::now();
        server.kill();
        (asking.join().unwrap(), killed)
    });
    let seen: Vec<&Came> = came.iter().filter(|came| came.answer.is_blocked()).collect();
    let old = seen.iter().filter(|came| came.at + MAY_BE_LOST < killed).count() as u64;
    let asked: HashSet<usize> = came.iter().map(|came| came.query).collect();
    assert!(asked.len() < half, "the kill came in the middle");

    let restart = Instant::now();
    let server = setup.school.serve();
    println!("answering again {:?} after the restart began", restart.elapsed());
    assert!(server.stop().success());
    let stored = setup.school.attempts();
    assert!(stored >= old, "{stored} stored of {old} that were blocked before the last seconds");
    // Answers that were sent but not read any more are the only ones that can be stored unseen.
    let unseen = (THREADS * WINDOW) as u64;
    assert!(stored <= seen.len() as u64 + unseen, "{stored} stored, {} seen", seen.len());
}
