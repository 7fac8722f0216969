//! Recursion from an empty cache, Lá Chắn beside other resolvers: how long a name takes that nobody asked for, and
//! what a miss costs. Method, figures and doubts: `benches/README.md`.
//!
//! All of it plays in a network namespace of its own: `tree` draws a hierarchy of zones, `authority` and `serve`
//! are all its servers on one socket, `resolvers` start those compared, `client` asks. Nothing leads outside.

use std::fs;
use std::path::Path;
use std::process::Command;

mod authority;
mod client;
#[path = "../compare/conditions.rs"]
mod conditions;
mod measure;
#[path = "../compare/process.rs"]
#[expect(dead_code, reason = "memory and waiting are the comparison's")]
mod process;
mod report;
mod resolvers;
mod serve;
mod tree;
mod wire;

use measure::{Figures, Part};
use serve::Authority;
use tree::Tree;

/// The core of the resolver that is measured.
const RESOLVER_CORE: usize = 0;
/// The core of the authority and of the client.
const AUTHORITY_CORE: usize = 1;
/// Says that this process is already inside.
const INSIDE: &str = "LACHAN_COLD_INSIDE";
/// From this the hierarchy and all orders are drawn.
const SEED: u64 = 0x1A_C4A4;

/// What may be changed on the command line.
struct Choices {
    rounds: usize,
    parts: Vec<Part>,
    /// Parts of the titles of those compared; empty: all.
    only: Vec<String>,
    /// Names never asked for, of the part that counts processor time.
    misses: usize,
    /// Another `lachan` than the one built with this.
    lachan: String,
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|it| it != "--bench").collect();
    let choices = choices(&arguments).unwrap_or_else(|wrong| {
        eprintln!(
            "{wrong}\n[--rounds N] [--parts together,alone,miss] [--only TITLE,…] [--misses N] [--lachan FILE]"
        );
        std::process::exit(2);
    });
    if std::env::var_os(INSIDE).is_none() {
        std::process::exit(go_inside(&arguments));
    }
    compare(&choices);
}

fn choices(arguments: &[String]) -> Result<Choices, String> {
    let mut choices = Choices {
        rounds: 3,
        parts: Part::ALL.to_vec(),
        only: Vec::new(),
        misses: 200_000,
        lachan: env!("CARGO_BIN_EXE_lachan").to_owned(),
    };
    for pair in arguments.chunks(2) {
        let [option, value] = pair else { return Err(format!("{} wants a value", pair[0])) };
        let number = || value.parse::<usize>().map_err(|_| format!("{option} wants a number, not {value}"));
        match option.as_str() {
            "--rounds" => choices.rounds = number()?.clamp(1, 50),
            "--misses" => choices.misses = number()?.clamp(1_000, 10_000_000),
            "--only" => choices.only = value.split(',').map(str::to_lowercase).collect(),
            "--lachan" => choices.lachan.clone_from(value),
            "--parts" => {
                choices.parts = value
                    .split(',')
                    .map(|word| Part::parse(word).ok_or_else(|| format!("no such part: {word}")))
                    .collect::<Result<_, _>>()?;
            }
            _ => return Err(format!("no such option: {option}")),
        }
    }
    Ok(choices)
}

/// Runs this program again in a network of its own; who is not root becomes it inside. All processes inside end
/// with the first one.
fn go_inside(arguments: &[String]) -> i32 {
    let own = std::env::current_exe().expect("the path of this program");
    let mut command = Command::new(process::program("unshare").expect("unshare, of util-linux"));
    command.args(["--map-root-user", "--net", "--pid", "--fork", "--kill-child", "--mount-proc", "--"]);
    let status = command.arg(own).args(arguments).env(INSIDE, "1").status().expect("unshare runs");
    status.code().unwrap_or(1)
}

/// Loopback with the ranges of all servers: of a range on `lo` every address is local.
fn raise_loopback() {
    let ip = process::program("ip").expect("ip, of iproute2");
    let steps = ["link set lo up", "addr add 10.0.0.1/8 dev lo", "addr add 198.18.0.1/15 dev lo"];
    for step in steps {
        let done = Command::new(&ip).args(step.split(' ')).status();
        assert!(done.is_ok_and(|status| status.success()), "ip {step}");
    }
}

fn compare(choices: &Choices) {
    raise_loopback();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/cold");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("room for the resolvers' files");
    process::pin_self(AUTHORITY_CORE);

    let before = conditions::Conditions::now();
    let tree = Tree::draw(SEED);
    let hints = folder.join("root.hints");
    fs::write(&hints, tree.hints()).expect("room for the hints");
    let authority = Authority::open(tree);
    let there = resolvers::present(&choices.only, &choices.lachan);
    let mut figures: Vec<Figures> = there.iter().map(Figures::of).collect();
    for part in &choices.parts {
        for round in 0..choices.rounds {
            println!("{part:?}: round {} of {}", round + 1, choices.rounds);
            // Each round begins with another one.
            for at in (0..there.len()).map(|n| (n + round) % there.len()) {
                let place = resolvers::Place::new(&folder, &hints);
                match measure::visit(&there[at], &place, &authority, *part, round, choices.misses) {
                    Ok(seen) => figures[at].note(*part, seen),
                    Err(why) => println!("{}: {why}", there[at].title),
                }
            }
        }
    }
    let table = report::table(&before, choices.rounds, choices.misses, &figures);
    println!("\n{table}");
    fs::write(folder.join("table.md"), &table).expect("room for the table");
}
