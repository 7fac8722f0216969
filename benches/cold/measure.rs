//! One visit: a resolver is started with nothing in its cache, asked, and ended.

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use super::client::{Answers, ask};
use super::process::{Process, Used};
use super::resolvers::{ADDRESS, Place, Resolver};
use super::serve::Authority;
use super::tree::{Draw, Tree};
use super::{RESOLVER_CORE, SEED};

/// How long one may take until it listens.
const START_MAX: Duration = Duration::from_secs(20);
/// How long it may go on working before it is asked, and how little work is none.
const REST_MAX: Duration = Duration::from_secs(5);
const REST: Duration = Duration::from_millis(200);
const IDLE: Duration = Duration::from_millis(1);
/// Names asked for in the parts that count time, and how many of them one after the other.
const ALONE: usize = 100;
/// In flight.
const TOGETHER: usize = 20;
const MISSES: usize = 50;
/// Names that lead a resolver to all zones before its processor time counts.
const WARM: usize = 5_000;

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// All names, twenty in flight.
    Together,
    /// Some, one after the other.
    Alone,
    /// Processor time of names that nobody asked for, in zones that are known.
    Miss,
}

impl Part {
    pub const ALL: [Self; 3] = [Self::Together, Self::Alone, Self::Miss];

    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|part| format!("{part:?}").eq_ignore_ascii_case(word))
    }
}

/// What one visit gave. Times in ms.
#[derive(Clone, Copy)]
pub struct Seen {
    pub median_ms: f64,
    pub p95_ms: f64,
    pub max_ms: f64,
    pub took_ms: f64,
    pub failed: f64,
    /// Queries to servers of the hierarchy, by names.
    pub queries: f64,
    /// Processor time by names, and of it the part in user mode.
    pub cpu_us: f64,
    pub user_us: f64,
}

/// All visits of a resolver.
pub struct Figures {
    pub title: String,
    seen: Vec<(Part, Seen)>,
}

impl Figures {
    pub fn of(resolver: &Resolver) -> Self {
        Self { title: format!("{} {}", resolver.title, resolver.version()), seen: Vec::new() }
    }

    pub fn note(&mut self, part: Part, seen: Seen) {
        println!(
            "  {}: median {:.0} ms, p95 {:.0}, max {:.0}, all {:.1} s, {} failed, {:.2} queries a name, {:.1} µs",
            self.title,
            seen.median_ms,
            seen.p95_ms,
            seen.max_ms,
            seen.took_ms / 1e3,
            seen.failed,
            seen.queries,
            seen.cpu_us,
        );
        self.seen.push((part, seen));
    }

    /// The median of a figure over all visits, the lowest and the highest.
    pub fn median(&self, part: Part, figure: impl Fn(&Seen) -> f64) -> Option<[f64; 3]> {
        let mut all: Vec<f64> =
            self.seen.iter().filter(|seen| seen.0 == part).map(|seen| figure(&seen.1)).collect();
        all.sort_by(f64::total_cmp);
        Some([*all.get(all.len() / 2)?, *all.first()?, *all.last()?])
    }
}

/// Starts the resolver, asks, ends it.
pub fn visit(
    resolver: &Resolver,
    place: &Place,
    authority: &Authority,
    part: Part,
    round: usize,
    misses: usize,
) -> Result<Seen, String> {
    authority.delay(part != Part::Miss);
    let mut process = start(resolver, place)?;
    // The same order for everyone in this round.
    let mut draw = Draw(SEED ^ (round as u64 + 1));
    let address = ADDRESS.parse().expect("an address and a port");
    let (warm, in_flight) = match part {
        Part::Together => (0, TOGETHER),
        Part::Alone => (0, 1),
        Part::Miss => (WARM, MISSES),
    };
    ask(address, (0..warm).map(|number| Tree::fresh(number, &mut draw)), in_flight);
    come_to_rest(&process);
    let (used, asked) = (Used::by(process.id()), authority.asked());
    let (count, answers) = if part == Part::Miss {
        (misses, ask(address, (0..misses).map(|number| Tree::fresh(WARM + number, &mut draw)), in_flight))
    } else {
        let mut names = authority.tree.names.clone();
        draw.shuffle(&mut names);
        names.truncate(if part == Part::Alone { ALONE } else { names.len() });
        (names.len(), ask(address, names.into_iter(), in_flight))
    };
    come_to_rest(&process);
    if !process.is_alive() {
        return Err("it ended while it was asked".to_owned());
    }
    let (total, user) = Used::by(process.id()).since(used);
    Ok(Seen::of(answers, count, authority.asked() - asked, total, user))
}

impl Seen {
    fn of(mut answers: Answers, count: usize, asked: u64, total: Duration, user: Duration) -> Self {
        answers.times.sort();
        let ms = |time: Duration| time.as_secs_f64() * 1e3;
        let at = |share: f64| {
            let place = (answers.times.len() as f64 * share) as usize;
            answers.times.get(place.min(answers.times.len().saturating_sub(1))).copied().map_or(0.0, ms)
        };
        Self {
            median_ms: at(0.5),
            p95_ms: at(0.95),
            max_ms: at(1.0),
            took_ms: ms(answers.took),
            failed: answers.failed as f64,
            queries: asked as f64 / count as f64,
            cpu_us: total.as_secs_f64() * 1e6 / count as f64,
            user_us: user.as_secs_f64() * 1e6 / count as f64,
        }
    }
}

fn start(resolver: &Resolver, place: &Place) -> Result<Process, String> {
    let _ = fs::remove_dir_all(&place.folder);
    fs::create_dir_all(&place.folder).map_err(|error| error.to_string())?;
    let command = (resolver.start)(resolver, place).map_err(|error| error.to_string())?;
    let log = place.folder.join("out");
    let mut process = Process::start(&command, RESOLVER_CORE, &log).map_err(|error| error.to_string())?;
    let started = Instant::now();
    // Over TCP, so that no question warms the cache.
    while std::net::TcpStream::connect(ADDRESS).is_err() {
        if started.elapsed() > START_MAX || !process.is_alive() {
            let said = fs::read_to_string(&log).unwrap_or_default();
            let last: Vec<&str> = said.lines().rev().take(3).collect();
            return Err(format!("it does not listen: {}", last.join(" | ")));
        }
        thread::sleep(Duration::from_millis(10));
    }
    come_to_rest(&process);
    Ok(process)
}

/// Waits until it has nothing to do.
fn come_to_rest(process: &Process) {
    let started = Instant::now();
    let mut before = Used::by(process.id());
    while started.elapsed() < REST_MAX {
        thread::sleep(REST);
        let now = Used::by(process.id());
        if now.since(before).0 < IDLE {
            return;
        }
        before = now;
    }
}
