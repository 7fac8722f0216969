//! What the filter index costs: a lookup, a build, its size. Method and figures: `benches/README.md`.
//!
//! `cargo bench --bench filter` runs everything. A build is measured in a process of its own, so that
//! its peak memory is its own too.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use criterion::Criterion;
use criterion::measurement::{Measurement, ValueFormatter, WallTime};
use lachan::dns::name::{NAME_MAX, NameBuf, OwnedName};
use lachan::dns::suffixes::Suffixes;
use lachan::filter::Index;
use lachan::filter::build::{BuildLimits, Builder};
use lachan::model::category::Category;
use lachan::model::rule::{ListInfo, ListKind, Rule, RuleAction, Scope};

#[path = "support/real_lists.rs"]
mod real_lists;

/// Names looked up in turn; with what they touch they are far larger than any cache.
const ASKED: usize = 1 << 20;
/// Times that the lists are taken, each time with another label in front, for the large index.
const ROUNDS_LARGE: u32 = 5;

fn main() {
    let Some(lists) = real_lists::folder() else {
        println!("left out: the real lists are not here");
        return;
    };
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, word, path, rounds] = &arguments[..]
        && word == "build"
    {
        build(&lists, Path::new(path), rounds.parse().expect("a number"));
        return;
    }
    let folder = tempfile::tempdir().expect("a folder of our own");
    let mut criterion = Criterion::default()
        .with_measurement(CpuTime)
        .sample_size(30)
        .warm_up_time(Duration::from_secs(2))
        .measurement_time(Duration::from_secs(4))
        .configure_from_args();
    for (size, rounds) in [("2.1M", 1), ("10M", ROUNDS_LARGE)] {
        let path = folder.path().join(size);
        let program = std::env::current_exe().expect("this program");
        let built = Command::new(program).arg("build").arg(&path).arg(rounds.to_string()).status();
        assert!(built.is_ok_and(|status| status.success()), "the build failed");
        let started = CpuTime.start();
        let index = Index::open(&path).expect("a whole index");
        println!("{size}: open (page cache warm) {:?}", CpuTime.end(started));
        lookups(&mut criterion, size, &index);
    }
    criterion.final_summary();
}

/// Builds an index of all lists and says what it took.
fn build(lists: &Path, path: &Path, rounds: u32) {
    let folder = path.parent().expect("a folder");
    let mut builder = Builder::new(folder, BuildLimits::default()).expect("a builder");
    let (mut adding, started) = (Duration::ZERO, CpuTime.start());
    for (number, file) in real_lists::files(lists).iter().enumerate() {
        let category = Category::ALL[number % Category::ALL.len()];
        let info = ListInfo {
            id: file.display().to_string(),
            version: "snapshot".into(),
            kind: ListKind::Block(category),
        };
        let list = builder.add_list(info).expect("few lists");
        let text = real_lists::text(file);
        for round in 0..rounds {
            let rules: Vec<Rule> = real_lists::names(&text)
                .filter_map(|(line, name)| {
                    let name = if round == 0 { name } else { format!("s{round}.{name}") };
                    let name = OwnedName::parse(&name).ok()?;
                    Some(Rule { name, scope: Scope::Subtree, action: RuleAction::Block, line })
                })
                .collect();
            let started = CpuTime.start();
            rules.iter().for_each(|rule| builder.add(list, rule).expect("room for rules"));
            adding += CpuTime.end(started);
        }
    }
    let reading = CpuTime.end(started) - adding;
    let finishing = CpuTime.start();
    let before = peak_memory();
    let summary = builder.finish(path, &mut |_| ()).expect("an index");
    let finishing = CpuTime.end(finishing);
    let names = summary.names as f64;
    println!("{summary:?}");
    println!(
        "build: rules added in {adding:.2?}, finished in {finishing:.2?} (reading the lists, not counted: {reading:.2?})"
    );
    println!("peak memory: {before} before finish, {} in all", peak_memory());
    println!(
        "octets a name: {:.2} hot, {:.2} in all (budget 12, 40)",
        summary.bytes_hot as f64 / names,
        summary.bytes_file as f64 / names
    );
}

fn peak_memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.map_or_else(|| "unknown".into(), |line| line.trim().to_owned())
}

fn lookups(criterion: &mut Criterion<CpuTime>, size: &str, index: &Index) {
    let budget = if index.stats().names > 5_000_000 { (450, 600) } else { (350, 500) };
    let listed = shuffled(index);
    let hits = asked(&listed, |name| Some(name.to_owned()));
    let below = asked(&listed, |name| Some(format!("www.{name}")));
    let misses = asked(&listed, |name| {
        let (top, own) = (name.rsplit('.').next()?, name.rsplit('.').nth(1)?);
        Some(format!("www.{own}zqx.{top}"))
    });
    let deep = asked(&listed, |name| {
        let (top, own) = (name.rsplit('.').next()?, name.rsplit('.').nth(1)?);
        Some(format!("{}{own}zqx.{top}", "a1.b2.".repeat(16)))
    });
    let mut group = criterion.benchmark_group(format!("lookup, {size} names"));
    let (miss, hit) = budget;
    for (what, names) in [
        (format!("hit (budget {hit} ns)"), &hits),
        (format!("hit from below (budget {hit} ns)"), &below),
        (format!("miss, 3 labels (budget {miss} ns)"), &misses),
        ("miss, 34 labels".to_owned(), &deep),
    ] {
        let mut suffixes = Suffixes::new();
        let mut at = 0;
        group.bench_function(what, |bencher| {
            bencher.iter(|| {
                at = (at + 1) % names.len();
                suffixes.fill(index.key(), names[at].as_name());
                index.lookup(&suffixes).categories
            });
        });
    }
    group.finish();
    let found = |names: &[OwnedName]| {
        let is_hit = |name: &&OwnedName| {
            !index.lookup(&Suffixes::of(index.key(), name.as_name())).categories.is_empty()
        };
        names.iter().filter(is_hit).count() as f64 / names.len() as f64
    };
    println!(
        "{size}: share found: hit {}, below {}, miss {}, deep {}",
        found(&hits),
        found(&below),
        found(&misses),
        found(&deep)
    );
}

/// Time that this thread was on a processor. On a machine that does other things too, wall time says
/// how many they are.
struct CpuTime;

impl Measurement for CpuTime {
    type Intermediate = u64;
    type Value = Duration;

    fn start(&self) -> u64 {
        // Giving way brings the kernel's account up to date, which otherwise lags by a tick.
        std::thread::yield_now();
        let account = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
        account.split(' ').next().and_then(|nanos| nanos.parse().ok()).expect("the kernel keeps account")
    }

    fn end(&self, started: u64) -> Duration {
        Duration::from_nanos(self.start() - started)
    }

    fn add(&self, one: &Duration, other: &Duration) -> Duration {
        *one + *other
    }

    fn zero(&self) -> Duration {
        Duration::ZERO
    }

    fn to_f64(&self, value: &Duration) -> f64 {
        value.as_nanos() as f64
    }

    fn formatter(&self) -> &dyn ValueFormatter {
        WallTime.formatter()
    }
}

/// Some listed names in random order.
fn shuffled(index: &Index) -> Vec<NameBuf> {
    let every = (index.stats().names as usize).div_ceil(ASKED);
    let mut names: Vec<NameBuf> = Vec::new();
    for entry in index.names().step_by(every) {
        let mut name = NameBuf::new();
        name.fill_from_wire(entry.name.wire()).expect("a name");
        names.push(name);
    }
    // Records stand in the order of their hashes, which is the order of the buckets: shuffle.
    let mut state = 0x9e37_79b9_7f4a_7c15u64;
    for at in (1..names.len()).rev() {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        names.swap(at, (state % (at as u64 + 1)) as usize);
    }
    names
}

/// Names to ask for, in memory one after the other, so that reading them costs little.
fn asked(listed: &[NameBuf], make: impl Fn(&str) -> Option<String>) -> Vec<OwnedName> {
    let made = listed.iter().filter_map(|name| make(&name.name().to_string()));
    made.filter(|name| name.len() < NAME_MAX - 2).filter_map(|name| OwnedName::parse(&name).ok()).collect()
}
