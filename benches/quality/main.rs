//! What the lists catch and what they hit by mistake: shares of name files that are blocked, by tier and category,
//! for sets of lists; what each list alone adds and costs. Method and figures: `benches/README.md`.
//!
//! ```text
//! cargo bench --bench quality -- [--lists SET]… [--bad NAME=FILE]… [--good NAME=FILE]… [--each] [--forward FOLDER]… [--hits NAME]
//! cargo bench --bench quality -- --measured blocklists/measured.toml
//! ```
//!
//! A set is `starter`, `recommended`, `catalogue`, or ids of catalogue sources with commas between them; the starter
//! lists are in each. Without name files those that come with it are taken, and those beside the checkout. `--measured`
//! writes the figures of each source of the catalogue that `lachan lists catalogue` shows.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

mod filter;
mod forward;
mod measured;
mod names;
#[path = "../../tests/support/packed.rs"]
mod packed;
mod sets;

use filter::{Filter, TIERS};
use lachan::dns::name::OwnedName;
use names::{Kind, NameFile};
use sets::ListSet;

/// What is asked for.
#[derive(Default)]
struct Arguments {
    sets: Vec<String>,
    files: Vec<(Kind, String, PathBuf)>,
    each: bool,
    forward: Vec<PathBuf>,
    hits: Option<String>,
    measured: Option<PathBuf>,
}

fn main() {
    let arguments = arguments();
    if let Some(file) = &arguments.measured {
        return write_measured(file);
    }
    let files = match arguments.files.is_empty() {
        true => names::at_hand(),
        false => arguments.files.iter().map(|(kind, name, path)| NameFile::read(*kind, name, path)).collect(),
    };
    let mut wrong: Vec<String> = Vec::new();
    let words = match arguments.sets.is_empty() {
        true => vec!["starter".to_owned(), "recommended".into(), "catalogue".into()],
        false => arguments.sets.clone(),
    };
    for word in &words {
        let set = ListSet::named(word);
        let filter = Filter::of(&set.sources);
        println!("\n## {word}: {} lists, {} names", set.sources.len(), filter.names());
        if !set.absent.is_empty() {
            println!("left out, their texts are not here: {}", set.absent.join(", "));
        }
        for kind in [Kind::Bad, Kind::Good] {
            table(&filter, kind, &files);
        }
        wrong.extend(blocked_of_ours(&filter, &files).map(|name| format!("{name} ({word})")));
        if let Some(name) = &arguments.hits {
            hits(&filter, &files, name);
        }
        if arguments.each {
            each(&set, &files);
        }
    }
    let folders = match arguments.forward.is_empty() && arguments.files.is_empty() {
        true => forward::at_hand(),
        false => arguments.forward,
    };
    folders.iter().for_each(|folder| forward::run(folder));
    if !wrong.is_empty() {
        eprintln!("names that we ship as good are blocked: {}", wrong.join(", "));
        std::process::exit(1);
    }
}

/// Names that we ship as good and that a tier is blocked: there may be none, whatever lists are on.
fn blocked_of_ours<'f>(filter: &'f Filter, files: &'f [NameFile]) -> impl Iterator<Item = &'f OwnedName> {
    let ours = files.iter().filter(|file| file.kind == Kind::Good && names::is_ours(&file.name));
    let is_blocked = |name: &&OwnedName| filter.blocked_as(name).iter().any(Option::is_some);
    ours.flat_map(|file| &file.names).filter(is_blocked)
}

/// Measures each source of the catalogue, and writes it down.
fn write_measured(file: &Path) {
    let (set, files) = (ListSet::named("catalogue"), names::good_at_hand());
    let figures = measured::measure(&set, &files);
    let today = jiff::Zoned::now().date().to_string();
    let text = measured::printed(&today, &set, &files, &figures);
    std::fs::write(file, text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
}

fn arguments() -> Arguments {
    let mut all = Arguments::default();
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let mut value = || words.next().unwrap_or_else(|| panic!("{word} needs a value"));
        match word.as_str() {
            "--lists" => all.sets.push(value()),
            "--bad" => all.files.push(named_file(Kind::Bad, &value())),
            "--good" => all.files.push(named_file(Kind::Good, &value())),
            "--each" => all.each = true,
            "--forward" => all.forward.push(value().into()),
            "--hits" => all.hits = Some(value()),
            "--measured" => all.measured = Some(value().into()),
            // Cargo says that this is a benchmark.
            "--bench" => {}
            other => panic!("unknown: {other}"),
        }
    }
    all
}

fn named_file(kind: Kind, value: &str) -> (Kind, String, PathBuf) {
    let (name, path) = value.split_once('=').unwrap_or_else(|| panic!("{value}: NAME=FILE"));
    (kind, name.into(), path.into())
}

/// Shares of each file that are blocked, by tier, and which categories the attempts of lower secondary count as.
fn table(filter: &Filter, kind: Kind, files: &[NameFile]) {
    println!(
        "\n| {} | names | {} | counted as (THCS) |",
        kind.word(),
        TIERS.map(|(word, _)| word).join(" | ")
    );
    println!("| --- | --: |{} --- |", " --: |".repeat(TIERS.len()));
    for file in files.iter().filter(|file| file.kind == kind) {
        let mut blocked = [0u32; TIERS.len()];
        let mut counted: BTreeMap<&str, u32> = BTreeMap::new();
        for name in &file.names {
            for (at, category) in filter.blocked_as(name).into_iter().enumerate() {
                blocked[at] += u32::from(category.is_some());
                if let Some(category) = category.filter(|_| TIERS[at].0 == "THCS") {
                    *counted.entry(category).or_default() += 1;
                }
            }
        }
        let of = file.names.len().max(1) as f64;
        let shares = blocked.map(|blocked| match kind {
            Kind::Bad => format!("{:.1} %", f64::from(blocked) * 100.0 / of),
            Kind::Good => blocked.to_string(),
        });
        let mut counted: Vec<_> = counted.into_iter().collect();
        counted.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        let counted: Vec<_> = counted.iter().take(4).map(|(id, count)| format!("{id} {count}")).collect();
        println!(
            "| {} | {} | {} | {} |",
            file.name,
            file.names.len(),
            shares.join(" | "),
            counted.join(", ")
        );
    }
}

/// Which names of a file are blocked for staff or THCS, and by what.
fn hits(filter: &Filter, files: &[NameFile], wanted: &str) {
    for file in files.iter().filter(|file| file.name == wanted) {
        for name in &file.names {
            let by = filter.blocked_as(name);
            if by.iter().any(Option::is_some) {
                let tiers: Vec<_> = TIERS
                    .iter()
                    .zip(by)
                    .filter_map(|((word, _), by)| Some(format!("{word}={}", by?)))
                    .collect();
                println!("{name} {} {}", tiers.join(" "), filter.lists_of(name).join(" "));
            }
        }
    }
}

/// What each list of a set adds to the rest, and what it costs: names that are blocked for THCS with it and not
/// without.
fn each(set: &ListSet, files: &[NameFile]) {
    println!(
        "\n| list | names | bad names that only it has | good names that only it blocks (THCS / staff) |"
    );
    println!("| --- | --: | --: | --: |");
    let whole = Filter::of(&set.sources);
    for (at, source) in set.sources.iter().enumerate() {
        let mut rest = set.sources.clone();
        rest.remove(at);
        let rest = Filter::of(&rest);
        let (mut bad, mut good, mut staff) = (0, 0, 0);
        for file in files {
            for name in &file.names {
                let (with, without) = (whole.blocked_as(name), rest.blocked_as(name));
                let [.., pupils_with, _, staff_with] = with;
                let [.., pupils_without, _, staff_without] = without;
                let adds = u32::from(pupils_with.is_some() && pupils_without.is_none());
                match file.kind {
                    Kind::Bad => bad += adds,
                    Kind::Good => {
                        good += adds;
                        staff += u32::from(staff_with.is_some() && staff_without.is_none());
                    }
                }
            }
        }
        println!("| {} | {} | {bad} | {good} / {staff} |", source.spec.id, whole.names_of(at));
    }
}
