//! What the filter index costs: a lookup, a build, its size. Method and figures: `benches/README.md`.
//!
//! `cargo bench --bench filter` runs everything. A build is measured in a process of its own, so that
//! its peak memory is its own too.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use criterion::Criterion;
use criterion::measurement::Measurement;
use lachan::dns::name::OwnedName;
use lachan::dns::suffixes::Suffixes;
use lachan::filter::Index;
use lachan::filter::build::{BuildLimits, Builder};
use lachan::model::category::Category;
use lachan::model::rule::{ListInfo, ListKind, Rule, RuleAction, Scope};

#[path = "support/measured.rs"]
mod measured;
#[path = "support/names.rs"]
mod names;
#[path = "support/real_lists.rs"]
mod real_lists;
#[path = "support/split.rs"]
mod split;

use measured::{CpuTime, peak_memory, sampled};
use names::Asked;

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
    let mut criterion = sampled();
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
            origin: lachan::model::rule::Origin::Local,
            id: file.display().to_string(),
            version: "snapshot".into(),
            kind: ListKind::Block(category),
        };
        let list = builder.add_list(info).expect("few lists");
        let text = real_lists::text(file);
        for round in 0..rounds {
            let rules: Vec<Rule> = split::names(&text)
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

fn lookups(criterion: &mut Criterion<CpuTime>, size: &str, index: &Index) {
    let budget = if index.stats().names > 5_000_000 { (450, 600) } else { (350, 500) };
    let Asked { hits, below, misses, deep } = Asked::of(index);
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
