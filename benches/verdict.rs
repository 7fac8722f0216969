//! What a verdict costs (who asks, the lists, the decision), and what it costs to get there: all real
//! lists from their native formats to one index. Method and figures: `benches/README.md`.

use std::collections::BTreeMap;
use std::fs;
use std::hint::black_box;
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use criterion::Criterion;
use criterion::measurement::Measurement;
use lachan::config::{self, Context};
use lachan::dns::suffixes::Suffixes;
use lachan::filter::Index;
use lachan::lists::protected::Protected;
use lachan::lists::spec::{FormatChoice, ListSpec, Profile, SourceSpec};
use lachan::lists::starter;
use lachan::model::category::Category;
use lachan::model::roster::Roster;
use lachan::model::rule::ListKind;
use lachan::model::verdict::Verdict;
use lachan::policy::Policy;
use lachan::policy::decide::decide;
use lachan::update::compile::{Source, Step, Text, compile};

#[path = "support/measured.rs"]
mod measured;
#[path = "support/names.rs"]
mod names;
#[path = "support/real_lists.rs"]
mod real_lists;

use measured::{CpuTime, peak_memory, sampled};
use names::Asked;

/// A school of forty rooms: clients are found among as many ranges.
const ROOMS: u8 = 40;

fn main() {
    let Some(lists) = real_lists::folder() else {
        println!("left out: the real lists are not here");
        return;
    };
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, word, folder] = &arguments[..]
        && word == "compile"
    {
        compile_all(Path::new(folder));
        return;
    }
    let folder = tempfile::tempdir().expect("a folder of our own");
    for (at, file) in real_lists::files(&lists).iter().enumerate() {
        fs::write(folder.path().join(format!("{at:03}.txt")), real_lists::text(file))
            .expect("room on the disk");
    }
    let program = std::env::current_exe().expect("this program");
    let done = Command::new(program).arg("compile").arg(folder.path()).status();
    assert!(done.is_ok_and(|status| status.success()), "the compilation failed");

    let index = Index::open(&folder.path().join("index")).expect("a whole index");
    let mut criterion = sampled();
    verdicts(&mut criterion, &index);
    criterion.final_summary();
}

/// From native formats to the index, in a process of its own for the sake of its peak memory.
fn compile_all(folder: &Path) {
    let mut files: Vec<_> = fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "txt"))
        .collect();
    files.sort();
    let real = files.iter().enumerate().map(|(at, path)| Source {
        spec: ListSpec {
            id: format!("list-{at}"),
            source: SourceSpec::File(path.clone()),
            kind: ListKind::Block(Category::ALL[at % Category::ALL.len()]),
            format: FormatChoice::Auto,
            profile: Profile::default(),
            every: Duration::from_secs(86400),
        },
        version: "snapshot".into(),
        text: Text::File(path.clone()),
    });
    let starters = starter::all().into_iter().map(|list| Source {
        spec: list.spec,
        version: "embedded".into(),
        text: Text::Embedded(list.text),
    });
    let sources: Vec<Source> = real.chain(starters).collect();
    let protected = Protected::embedded();
    let (cpu, wall) = (CpuTime.start(), Instant::now());
    let mut reading = None;
    let compiled = compile(&sources, &protected, None, &folder.join("index"), &mut |step| {
        if let Step::Build(_) = step
            && reading.is_none()
        {
            reading = Some((CpuTime.end(cpu), peak_memory()));
        }
    })
    .expect("an index");
    let (cpu, wall) = (CpuTime.end(cpu), wall.elapsed());
    let (read, peak_read) = reading.expect("a build tells how far it is");
    let (names, stats) = (compiled.summary.names as f64, compiled.index.stats());
    println!("{} rules, {stats:?}", compiled.summary.rules);
    println!(
        "native lists to index: {cpu:.2?} CPU, {wall:.2?} wall (budget 5 s); of it reading and adding {read:.2?}"
    );
    println!(
        "peak memory: {peak_read} reading, {} in all, the mapped new file included (budget 200 MB)",
        peak_memory()
    );
    println!(
        "octets a name: {:.2} hot, {:.2} in all (budget 12, 40)",
        stats.bytes_hot as f64 / names,
        stats.bytes_file as f64 / names
    );
    let mut reasons: BTreeMap<&str, u64> = BTreeMap::new();
    for (reason, count) in compiled.readings.iter().flat_map(|(_, reading)| reading.account.reasons()) {
        *reasons.entry(reason.id()).or_default() += u64::from(count);
    }
    println!("entries that are no rules of their own: {reasons:?}");
}

fn verdicts(criterion: &mut Criterion<CpuTime>, index: &Index) {
    let policy = school(index);
    let Asked { hits, below, misses, deep } = Asked::of(index);
    let mut group = criterion.benchmark_group("verdict, all real lists");
    for (what, names) in [
        ("hit (budget 500 ns)", &hits),
        ("hit from below (budget 500 ns)", &below),
        ("miss, 3 labels (budget 350 ns)", &misses),
        ("miss, 34 labels", &deep),
    ] {
        let mut suffixes = Suffixes::new();
        let (mut at, mut blocked, mut asked) = (0, 0u64, 0u64);
        group.bench_function(what, |bencher| {
            bencher.iter(|| {
                at = (at + 1) % names.len();
                let client = Ipv4Addr::new(10, 20, (at % usize::from(ROOMS)) as u8, (at % 251) as u8);
                let group = policy.group_of(IpAddr::V4(client));
                suffixes.fill(index.key(), names[at].as_name());
                let matched = index.lookup(&suffixes);
                let verdict = decide(&policy, group, &suffixes, &matched);
                asked += 1;
                blocked += u64::from(matches!(verdict, Verdict::Block(_)));
                black_box(verdict);
            });
        });
        println!("{what}: {:.1} % blocked", blocked as f64 * 100.0 / asked as f64);
    }
    group.finish();
}

/// The shipped policy, and rooms of all tiers in turn.
fn school(index: &Index) -> Policy {
    let tiers = ["preschool", "primary", "lower_secondary", "upper_secondary", "staff"];
    let rooms = (0..ROOMS).map(|room| {
        let tier = tiers[usize::from(room) % tiers.len()];
        format!("[[group]]\nname = \"Phòng {room}\"\ntier = \"{tier}\"\nfrom = [\"10.20.{room}.0/24\"]\n")
    });
    let text = format!("version = 1\n{}", rooms.collect::<String>());
    let context = Context { folder: ".".into(), state: ".".into(), stand_ins: Default::default() };
    let settings = config::read_text("school.toml", &text, &context).expect("a config without mistakes");
    Policy::build(&settings.policy, *index.key(), |set| index.allow_set(set), &Roster::default())
        .expect("a policy without contradictions")
}
