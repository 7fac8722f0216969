//! Lá Chắn beside other resolvers: the same names blocked, the same upstream, the same questions, all
//! alive at once and visited in turn. Method, figures and doubts: `benches/README.md`.
//!
//! Everything stays on loopback. Servers share the first core, whatever asks them has the second.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

mod conditions;
mod echo;
mod generator;
mod load;
mod measure;
mod peers;
mod place;
mod plot;
mod process;
mod questions;
#[path = "../support/real_lists.rs"]
mod real_lists;
mod report;
#[path = "../support/split.rs"]
mod split;
mod streams;
mod upstream;

use load::Loaded;
use measure::Figures;
use place::Place;
use questions::{Blocked, Kind, Questions};

/// The core of the server that is measured.
const SERVER_CORE: usize = 0;
/// The core of the generator and of the upstream.
const GENERATOR_CORE: usize = 1;

/// What may be changed on the command line.
struct Choices {
    /// Names blocked; `None`: all that the real lists have.
    names: Option<usize>,
    rounds: usize,
    /// Of one visit with one kind of questions.
    visit: Duration,
    /// Parts of the titles of those compared; empty: all.
    only: Vec<String>,
    parts: Parts,
}

/// What is measured; all of it, unless some is chosen.
struct Parts {
    kinds: Vec<Kind>,
    /// The time of answers at a fixed rate.
    times: bool,
    reload: bool,
}

impl Parts {
    const TIMES: &str = "times";
    const RELOAD: &str = "reload";

    fn all() -> Self {
        Self { kinds: Kind::ALL.to_vec(), times: true, reload: true }
    }

    fn parse(words: &str) -> Result<Self, String> {
        let mut parts = Self { kinds: Vec::new(), times: false, reload: false };
        for word in words.split(',') {
            match (word, Kind::ALL.into_iter().find(|kind| kind.word() == word)) {
                (_, Some(kind)) => parts.kinds.push(kind),
                (Self::TIMES, _) => parts.times = true,
                (Self::RELOAD, _) => parts.reload = true,
                _ => return Err(format!("no such part: {word}")),
            }
        }
        Ok(parts)
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|it| it != "--bench").collect();
    if let [word, address] = &arguments[..]
        && word == "echo"
    {
        echo::serve(address.parse().expect("an address and a port"));
    }
    match choices(&arguments) {
        Ok(choices) => compare(&choices),
        Err(wrong) => {
            let kinds = Kind::ALL.map(Kind::word).join(",");
            eprintln!(
                "{wrong}\n[--names N|all] [--rounds N] [--seconds N] [--only TITLE,…] [--parts {kinds},{},{}]",
                Parts::TIMES,
                Parts::RELOAD,
            );
            std::process::exit(2);
        }
    }
}

fn choices(arguments: &[String]) -> Result<Choices, String> {
    let mut choices = Choices {
        names: Some(1_000_000),
        rounds: 5,
        visit: Duration::from_secs(1),
        only: Vec::new(),
        parts: Parts::all(),
    };
    for pair in arguments.chunks(2) {
        let [option, value] = pair else { return Err(format!("{} wants a value", pair[0])) };
        let number = || value.parse::<usize>().map_err(|_| format!("{option} wants a number, not {value}"));
        match option.as_str() {
            "--names" if value == "all" => choices.names = None,
            "--names" => choices.names = Some(number()?.clamp(1_000, 20_000_000)),
            "--rounds" => choices.rounds = number()?.clamp(1, 50),
            "--seconds" => choices.visit = Duration::from_secs(number()?.clamp(1, 30) as u64),
            "--only" => choices.only = value.split(',').map(str::to_lowercase).collect(),
            "--parts" => choices.parts = Parts::parse(value)?,
            _ => return Err(format!("no such option: {option}")),
        }
    }
    Ok(choices)
}

fn compare(choices: &Choices) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/compare");
    let work = folder.join("work");
    let _ = fs::remove_dir_all(&work);
    fs::create_dir_all(&work).expect("room for the servers' files");
    process::pin_self(GENERATOR_CORE);

    let before = conditions::Conditions::now();
    let blocked = Blocked::gather(choices.names);
    println!("{} names blocked, {} of them made up", blocked.names.len(), blocked.made_up);
    let upstream = upstream::start(&work);
    let mut questions = Questions::of(&blocked);
    let mut loaded = load_all(choices, &work, upstream.address, &blocked);

    let mut figures: Vec<Figures> = loaded.iter().map(Figures::of).collect();
    for round in 1..=choices.rounds {
        println!("round {round} of {}", choices.rounds);
        for (server, figures) in loaded.iter_mut().zip(&mut figures) {
            measure::visit(server, &mut questions, choices, figures);
        }
    }
    if choices.parts.reload {
        for (server, figures) in loaded.iter_mut().zip(&mut figures) {
            figures.reload = measure::reload(server, &questions, &blocked);
        }
    }

    let table = report::table(&before, choices, &blocked, &figures);
    println!("\n{table}");
    fs::write(folder.join("table.md"), &table).expect("room for the table");
    for (name, picture) in plot::all(&figures) {
        fs::write(folder.join(name), picture).expect("room for a picture");
    }
    drop(loaded);
    let _ = fs::remove_dir_all(&work);
    println!("written: {}", PathBuf::from("target/compare").display());
}

/// Starts everyone, one after the other, each with the whole core to itself.
fn load_all(
    choices: &Choices,
    work: &Path,
    upstream: std::net::SocketAddr,
    blocked: &Blocked,
) -> Vec<Loaded> {
    let mut loaded = Vec::new();
    for (at, peer) in peers::ALL.iter().enumerate() {
        let title = peer.title.to_lowercase();
        let wanted = choices.only.is_empty() || choices.only.iter().any(|part| title.contains(part));
        if !wanted && !peer.is_floor() {
            continue;
        }
        match Loaded::start(peer, Place::new(work, at, upstream), blocked) {
            Ok(server) => {
                println!("{}: in force after {:.1} s", peer.title, server.load.as_secs_f64());
                loaded.push(server);
            }
            Err(why) => println!("left out: {}: {why}", peer.title),
        }
    }
    loaded
}
