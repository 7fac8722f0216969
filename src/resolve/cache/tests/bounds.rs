//! Bounded, whatever comes: octets by the cache's own account and by the system's, and what a flood of
//! names that nobody asks for twice may take from those that everybody asks for.

use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;

/// Numbers without a pattern, the same ones each time.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 33
    }

    /// A rank below `count`, as often as Zipf has it: the second half as often as the first, and so on.
    fn zipf(&mut self, count: usize) -> usize {
        let share = self.next() as f64 / (1u64 << 31) as f64;
        (((count as f64 + 1.0).powf(share)) as usize - 1).min(count - 1)
    }
}

/// Asks for a name, fetches it where it is not kept, and says whether it was.
fn asks(cache: &Cache, name: &str, now: u64) -> bool {
    let ask = ask(name, RrType::A);
    let packet = query(&ask, 7, None);
    let found = cache.find(&Question::parse(&packet).unwrap(), now).is_some();
    if !found {
        cache.insert(&ask, &answer(&ask, Rcode::NO_ERROR, &[address(300)], &[]), Stamp::default(), now);
    }
    found
}

/// A cache with room for so many entries as `asks` makes them.
fn cache_for(entries: usize) -> Cache {
    let one = cache();
    asks(&one, "hot-1234.example", NOW);
    Cache::new(entries as u64 * one.octets(), TtlBounds::default())
}

/// Names that everybody asks for, the first ones most often.
const HOT: usize = 1000;
/// Queries for them. With a stranger to each, twenty strangers to a hot name come by.
const QUERIES: usize = 20 * HOT;

/// Share of the queries for hot names that the cache answers, while after each so many strangers pass
/// through, names that are asked for once.
fn hot_share(cache: &Cache, strangers: usize, now: u64) -> f64 {
    let mut random = Random(7);
    let (mut found, mut stranger) = (0, 0);
    for _ in 0..QUERIES {
        found += usize::from(asks(cache, &format!("hot-{:04}.example", random.zipf(HOT)), now));
        for _ in 0..strangers {
            stranger += 1;
            asks(cache, &format!("s{stranger}.random.example"), now);
        }
    }
    found as f64 / QUERIES as f64
}

#[test]
fn names_that_are_asked_once_do_not_push_out_those_that_everybody_asks_for() {
    for room in [HOT / 2, HOT, 2 * HOT] {
        let alone = cache_for(room);
        hot_share(&alone, 0, NOW);
        let alone = hot_share(&alone, 0, NOW);
        for strangers in [1, 20] {
            let cache = cache_for(room);
            hot_share(&cache, 0, NOW);
            let among = hot_share(&cache, strangers, NOW);
            assert!(among >= 0.9 * alone, "room for {room}, {strangers}: {among} of {alone}");
        }
    }
}

#[test]
fn what_expired_makes_room_for_what_lives() {
    for room in [HOT / 2, HOT, 2 * HOT] {
        let shares = [false, true].map(|is_full| {
            let cache = cache_for(room);
            // Names that everybody asked for, and nobody does any more.
            for n in (0..room).cycle().take(if is_full { 4 * room } else { 0 }) {
                asks(&cache, &format!("old-{n:04}.example"), NOW);
            }
            let later = NOW + 1000;
            hot_share(&cache, 0, later);
            hot_share(&cache, 0, later)
        });
        assert!(shares[1] >= 0.95 * shares[0], "room for {room}: {} beside {}", shares[1], shares[0]);
    }
}

#[test]
fn the_octets_are_never_above_the_bound_while_many_insert() {
    const BOUND: u64 = 256 << 10;
    let cache = Cache::new(BOUND, TtlBounds::default());
    let running = AtomicUsize::new(4);
    std::thread::scope(|scope| {
        for thread in 0..running.load(Ordering::Relaxed) {
            let (cache, running) = (&cache, &running);
            scope.spawn(move || {
                let mut random = Random(thread as u64);
                for n in 0..5000 {
                    // Some anew, some in the place of another's, shorter and longer ones.
                    let ask = ask(&format!("h{}.example", random.next() % 4000), RrType::A);
                    let records = vec![address(60); (random.next() % 70) as usize];
                    cache.insert(&ask, &answer(&ask, Rcode::NO_ERROR, &records, &[]), Stamp::default(), NOW);
                    if n % 10 == 0 {
                        cache.forget(&ask);
                    }
                }
                running.fetch_sub(1, Ordering::Relaxed);
            });
        }
        while running.load(Ordering::Relaxed) > 0 {
            let octets = cache.octets();
            assert!(octets <= BOUND, "{octets}");
        }
    });
    assert!(cache.octets() > BOUND / 2, "{}", cache.octets());
}

#[test]
fn an_answer_larger_than_the_cache_is_handed_out_and_pushes_nobody_out() {
    let cache = Cache::new(32 << 10, TtlBounds::default());
    assert!(!asks(&cache, "small.example", NOW));
    let large = ask("large.example", RrType::A);
    let mut given = answer(&large, Rcode::NO_ERROR, &vec![address(60); 4000], &[]);
    given.wire[6..8].copy_from_slice(&4000u16.to_be_bytes());
    let hit = cache.insert(&large, &given, Stamp::default(), NOW);
    assert_eq!(hit.message(&large), given.wire);
    let packet = query(&large, 7, None);
    assert!(cache.find(&Question::parse(&packet).unwrap(), NOW).is_none());
    assert!(asks(&cache, "small.example", NOW));
}

/// Memory of this process that no file backs.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).unwrap();
    line.split_whitespace().next().unwrap().parse::<u64>().unwrap() * 1024
}

/// Set for a process that fills one cache, and says with what.
const FILL_WITH: &str = "LACHAN_TEST_FILL_WITH";

/// Fills a cache several times over and compares what it says with what the process has.
fn fill(kind: &str) {
    const BOUND: u64 = 16 << 20;
    let before = resident();
    let cache = Cache::new(BOUND, TtlBounds::default());
    let mut random = Random(3);
    for n in 0..100_000u64 {
        let ask = ask(&format!("w{}.host-{n}.example", n % 977), RrType::A);
        let records = match kind {
            "short answers" => 1,
            "long answers" => 70,
            _ => 1 + random.next() as usize % 70,
        };
        let given = match kind {
            "names that do not exist" => answer(&ask, Rcode::NX_DOMAIN, &[], &[soa(300, 300)]),
            _ => answer(&ask, Rcode::NO_ERROR, &vec![address(300); records], &[]),
        };
        cache.insert(&ask, &given, Stamp::default(), NOW);
    }
    let used = resident() - before;
    let (octets, entries) = (cache.octets(), cache.len() as u64);
    println!("{kind}: {entries} entries, {octets} octets by account, {used} resident");
    assert!(octets > BOUND * 9 / 10, "{kind}: it is full");
    assert!(used < BOUND * 13 / 10, "{kind}: {used} octets resident of {BOUND}");
    assert!(used > BOUND * 7 / 10, "{kind}: {used} octets resident of {BOUND}, others could be kept");
}

#[test]
fn the_memory_is_what_the_account_says() {
    if let Ok(kind) = std::env::var(FILL_WITH) {
        return fill(&kind);
    }
    // In a process of its own, where no other test takes or gives back memory.
    for kind in ["short answers", "long answers", "answers of all lengths", "names that do not exist"] {
        let output = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "--nocapture"])
            .arg(concat!(module_path!(), "::the_memory_is_what_the_account_says").split_once("::").unwrap().1)
            .env(FILL_WITH, kind)
            .output()
            .unwrap();
        let told = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && told.contains(kind), "{told}");
        println!("{told}");
    }
}
