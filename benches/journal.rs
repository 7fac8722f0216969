//! What counting a blocked attempt costs a worker, and what a second of them costs the store: time, octets
//! written, write calls, octets kept.
//!
//! Floors beside it: one more in a hash map whose key is ready, and one found by the name's octets.
//! The journal's own threads run as in the server, so a number includes meeting the collector.

use std::collections::{HashMap, HashSet};
use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use criterion::measurement::Measurement;
use criterion::{Criterion, criterion_group, criterion_main};
use lachan::dns::name::OwnedName;
use lachan::dns::rrtype::RrType;
use lachan::journal::access::Reader;
use lachan::journal::clock::SystemClock;
use lachan::journal::count::{KINDS_MAX, Tally};
use lachan::journal::rows::{By, Filter};
use lachan::journal::{Journal, Settings};
use lachan::model::category::Category;
use lachan::model::event::{Attempt, Effect};
use lachan::model::roster::{Roster, RosterId};
use lachan::model::tier::Tier;
use lachan::model::verdict::Layer;
use measured::CpuTime;

#[path = "support/measured.rs"]
#[expect(dead_code, reason = "other benchmarks need more of it")]
mod measured;
#[path = "support/real_lists.rs"]
mod real_lists;
#[path = "support/split.rs"]
mod split;

/// Kinds counted between two flushes: below the bound, so that all keep their details.
const FRESH: usize = KINDS_MAX - 100;

fn names(count: usize) -> Vec<OwnedName> {
    (0..count).map(|n| OwnedName::parse(&format!("w{n}.casino-{}.example", n % 977)).unwrap()).collect()
}

/// Devices, so that none is past its own bounds.
fn device(number: usize) -> u16 {
    (number / 64) as u16
}

fn count(tally: &Tally, name: &OwnedName, device: u16) {
    tally.count(&Attempt {
        group: RosterId(0),
        tier: Tier::LowerSecondary,
        client: [10, 0, (device >> 8) as u8, device as u8].into(),
        name: name.as_name(),
        rtype: RrType::A,
        category: Some(Category::Gambling),
        service: None,
        list: Some(RosterId(0)),
        layer: Layer::Category,
        effect: Effect::Blocked,
    });
}

fn journal() -> (tempfile::TempDir, Journal) {
    let folder = tempfile::tempdir().unwrap();
    let (groups, lists) = (Roster::default(), Roster::default());
    groups.id_of("6A");
    lists.id_of("starter-gambling");
    let settings = Settings { folder: folder.path().into(), ..Settings::default() };
    let journal = Journal::open(settings, groups, lists, Arc::new(SystemClock)).unwrap();
    (folder, journal)
}

fn floors(c: &mut Criterion) {
    let names = names(1000);
    let mut ready: HashMap<u64, u64> = (0..1000).map(|key| (key, 0)).collect();
    let mut named: HashMap<Box<[u8]>, u64> =
        names.iter().map(|name| (name.as_name().wire().into(), 0)).collect();
    let mut next = (0..1000usize).cycle();
    c.bench_function("floor: map by number, 1000 keys", |b| {
        b.iter(|| *ready.get_mut(&(next.next().unwrap() as u64)).unwrap() += black_box(1));
    });
    c.bench_function("floor: map by name, 1000 names", |b| {
        b.iter(|| *named.get_mut(names[next.next().unwrap()].as_name().wire()).unwrap() += black_box(1));
    });
}

fn counting(c: &mut Criterion) {
    let (_folder, journal) = journal();
    let tally = journal.tally();
    let few = names(1000);
    let mut next = (0..1000usize).cycle();
    c.bench_function("count: one kind", |b| b.iter(|| count(&tally, black_box(&few[0]), 1)));
    c.bench_function("count: 1000 names", |b| b.iter(|| count(&tally, &few[next.next().unwrap()], 1)));

    let many = names(FRESH);
    let fresh = |full: bool, iterations: u64| {
        let mut took = Duration::ZERO;
        let mut left = iterations as usize;
        while left > 0 {
            journal.flush().unwrap();
            if full {
                many.iter().enumerate().for_each(|(at, name)| count(&tally, name, 2048 + device(at)));
                few.iter().for_each(|name| count(&tally, name, 3));
            }
            let now = left.min(FRESH);
            let start = Instant::now();
            many[..now].iter().enumerate().for_each(|(at, name)| count(&tally, name, 4096 + device(at)));
            took += start.elapsed();
            left -= now;
        }
        took
    };
    let mut group = c.benchmark_group("count");
    group.sample_size(10).measurement_time(Duration::from_secs(3));
    group.bench_function("fresh names", |b| b.iter_custom(|iterations| fresh(false, iterations)));
    group.bench_function("table full", |b| b.iter_custom(|iterations| fresh(true, iterations)));
    group.finish();
}

/// Not a benchmark of criterion's: one story, told in numbers.
fn storing(_: &mut Criterion) {
    let (folder, journal) = journal();
    let tally = journal.tally();
    for (story, names) in [("fresh names", names(FRESH)), ("1000 names", names(1000))] {
        let before = journal.health();
        let mut took = Duration::ZERO;
        let mut kinds = 0;
        for round in 0..8 {
            for turn in 0..FRESH / names.len() {
                let first = round * 2048 + turn * 16;
                names
                    .iter()
                    .enumerate()
                    .for_each(|(at, name)| count(&tally, name, first as u16 + device(at)));
            }
            let start = Instant::now();
            journal.flush().unwrap();
            took += start.elapsed();
            kinds += FRESH / names.len() * names.len();
        }
        let after = journal.health();
        println!(
            "store: {story}: {:.2} µs a kind, {:.1} bytes a row ({} rows, {} kinds counted)",
            took.as_secs_f64() * 1e6 / kinds as f64,
            (after.size as f64 - before.size as f64) / (after.rows - before.rows) as f64,
            after.rows - before.rows,
            kinds
        );
    }
    let rows = journal.health().rows;
    journal.close().unwrap();
    let start = Instant::now();
    let (groups, lists) = (Roster::default(), Roster::default());
    let settings = Settings { folder: folder.path().into(), ..Settings::default() };
    let journal = Journal::open(settings, groups, lists, Arc::new(SystemClock)).unwrap();
    println!("store: opened with {rows} rows in {:?}", start.elapsed());
    drop(journal);
}

/// How long each number of threads counts.
const AT_ONCE: Duration = Duration::from_secs(4);

/// Several workers at full speed while the journal stores: all that was counted must be stored, and what
/// one count costs must not depend on how many others count. Costs are processor time of the thread, so
/// that a busy machine does not show; memory that goes to and fro between cores would.
fn at_once(_: &mut Criterion) {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    for workers in [1, cores, 1, cores] {
        let (_folder, journal) = journal();
        let begun = Instant::now();
        let told: Vec<(u64, f64)> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..workers)
                .map(|worker| {
                    let tally = journal.tally();
                    scope.spawn(move || count_for(&tally, worker as u16, AT_ONCE))
                })
                .collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        let took = begun.elapsed();
        journal.flush().unwrap();
        let counted: u64 = told.iter().map(|(counted, _)| counted).sum();
        assert_eq!(journal.health().stored, counted, "to one");
        println!(
            "at once: {workers} threads: {:.2} M a second in all, all {counted} of them stored; {:.1} ns each",
            counted as f64 / took.as_secs_f64() / 1e6,
            told.iter().map(|(_, cost)| cost).sum::<f64>() / workers as f64,
        );
    }
}

/// Counts as fast as it can. Says how often, and how many nanoseconds of processor time each took.
fn count_for(tally: &Tally, device: u16, time: Duration) -> (u64, f64) {
    let names = names(1000);
    let (begun, cost) = (Instant::now(), CpuTime.start());
    let mut counted = 0u64;
    while begun.elapsed() < time {
        names.iter().for_each(|name| count(tally, name, device));
        counted += names.len() as u64;
    }
    (counted, CpuTime.end(cost).as_nanos() as f64 / counted as f64)
}

/// Names in the story of wear, each new.
const NEW_NAMES: usize = 1_000_000;

/// Names that lists have, in no order; made-up ones where the lists are not here. Those compress worse.
fn different_names() -> Vec<OwnedName> {
    let mut state = 0x9e37_79b9_7f4a_7c15u64;
    let mut random = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let listed: HashSet<String> = real_lists::folder().map_or_else(HashSet::new, |folder| {
        let files = real_lists::files(&folder);
        let names = files.iter().flat_map(|file| {
            let text = real_lists::text(file);
            split::names(&text).map(|(_, name)| name).collect::<Vec<_>>()
        });
        names.take(4 * NEW_NAMES).collect()
    });
    let made_up = std::iter::repeat_with(|| format!("{:x}.example", random()));
    let names = listed.into_iter().chain(made_up);
    names.filter_map(|name| OwnedName::parse(&name).ok()).take(NEW_NAMES).collect()
}

/// What this process has handed to `write(2)` and its like: octets, and calls.
fn written() -> (u64, u64) {
    let text = std::fs::read_to_string("/proc/self/io").unwrap();
    let number = |key: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(key)).unwrap();
        line.trim().parse().unwrap()
    };
    (number("wchar:"), number("syscw:"))
}

/// Processor time of all threads, in microseconds.
fn processor_time() -> f64 {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap().flatten();
    let of_task = |task: std::fs::DirEntry| {
        let text = std::fs::read_to_string(task.path().join("schedstat")).unwrap_or_default();
        text.split(' ').next().and_then(|time| time.parse::<u64>().ok()).unwrap_or(0)
    };
    tasks.map(of_task).sum::<u64>() as f64 / 1e3
}

/// A million different names of 2,000 devices, at 25,000 a second and as fast as it goes; then what reading
/// costs. Not a benchmark of criterion's.
fn wear(_: &mut Criterion) {
    for pace in [25_000, 0] {
        let (folder, journal) = journal();
        let tally = journal.tally();
        let names = different_names();
        let (begun, octets, cost) = (Instant::now(), written(), processor_time());
        for (at, name) in names.iter().enumerate() {
            count(&tally, name, (at.wrapping_mul(2_654_435_761) % 2_000) as u16);
            if pace > 0 && at % 500 == 499 {
                let due = Duration::from_secs_f64((at + 1) as f64 / f64::from(pace));
                std::thread::sleep(due.saturating_sub(begun.elapsed()));
            } else if pace == 0 && at % (FRESH / 2) == 0 {
                journal.flush().unwrap(); // else the table would be full
            }
        }
        journal.flush().unwrap();
        let (health, after, cost) = (journal.health(), written(), processor_time() - cost);
        let per = |number: u64| number as f64 / NEW_NAMES as f64;
        assert_eq!(health.stored, NEW_NAMES as u64);
        println!(
            "wear: {pace} a second: {:.1} octets written and {:.4} calls a row, {:.1} octets kept, {:.2} µs; {} rows",
            per(after.0 - octets.0),
            per(after.1 - octets.1),
            health.size as f64 / health.rows as f64,
            cost / NEW_NAMES as f64,
            health.rows,
        );
        let reader = Reader::open(folder.path()).unwrap();
        let since = jiff::Timestamp::now() - Duration::from_secs(300);
        let filter = Filter { since: Some(since), ..Filter::default() };
        let start = Instant::now();
        for by in [By::Tier, By::Category, By::Group, By::List, By::Effect] {
            black_box(reader.totals(&filter, by).unwrap());
        }
        println!("read: totals of five sorts since five minutes: {:?}", start.elapsed());
        let start = Instant::now();
        black_box(reader.top_names(&filter, 100).unwrap());
        println!("read: the hundred names asked most: {:?}", start.elapsed());
    }
}

criterion_group!(benches, floors, counting, at_once, storing, wear);
criterion_main!(benches);
