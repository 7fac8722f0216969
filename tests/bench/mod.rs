//! The bench for recursion: scripted authorities, honest and hostile, and the same story told to Lá Chắn and,
//! where asked, to Unbound, Knot Resolver and BIND.
//!
//! Each scenario is a file under `scenarios/`; each is played in a network namespace of its own, where port 53
//! of every address is free and nothing leads outside. `tests/README.md` tells the language, how to run one
//! scenario or all resolvers, and what came out.

mod authority;
mod client;
mod expect;
mod play;
pub mod resolvers;
mod run;
mod script;
mod sign;
mod table;
mod wire;
mod world;

use std::collections::BTreeMap;

use self::play::Outcome;
use self::resolvers::Resolver;
use self::run::{Cell, Wanted};

/// Scenarios that Lá Chắn does not pass yet, each with the reason.
const NOT_YET: &str = include_str!("not_yet.txt");

#[test]
fn lachan_passes_every_scenario_that_it_is_known_to_pass() {
    let not_yet: BTreeMap<&str, &str> = NOT_YET
        .lines()
        .filter(|line| !line.starts_with('#') && !line.trim().is_empty())
        .map(|line| line.split_once(' ').expect("a name and a reason"))
        .collect();
    let Some(played) = run::play_all(&Wanted { resolvers: vec![Resolver::Lachan], only: None }) else {
        return;
    };
    let mut wrong = Vec::new();
    for Cell { scenario, outcome, .. } in &played {
        match (outcome, not_yet.get(scenario.as_str())) {
            (Outcome::Failed(why), None) if was_only_late(why) && passes_alone(scenario) => {}
            (Outcome::Failed(why), None) => wrong.push(format!("{scenario}: {why}")),
            (Outcome::Passed, Some(_)) => println!("{scenario} passes now: take it out of not_yet.txt"),
            _ => {}
        }
    }
    for name in not_yet.keys().filter(|name| !played.iter().any(|cell| cell.scenario == **name)) {
        wrong.push(format!("not_yet.txt names `{name}`, and there is no such scenario"));
    }
    assert!(wrong.is_empty(), "{} scenarios fail:\n{}", wrong.len(), wrong.join("\n"));
}

/// Whether the answer was right and came late, which may be this machine's fault: it has other work.
fn was_only_late(why: &str) -> bool {
    why.contains(": within=")
}

fn passes_alone(scenario: &str) -> bool {
    let wanted = Wanted { resolvers: vec![Resolver::Lachan], only: Some(scenario.to_owned()) };
    let played = run::play_all(&wanted).unwrap_or_default();
    played.iter().all(|cell| cell.scenario != scenario || cell.outcome == Outcome::Passed)
}

#[test]
fn every_scenario_says_what_must_hold_and_can_be_read() {
    for (name, file) in run::scenarios() {
        let text = std::fs::read_to_string(file).unwrap();
        assert!(text.starts_with("; "), "{name} does not say what must hold");
        let script = script::Script::parse(&text);
        assert!(!script.steps.is_empty(), "{name} has no steps");
    }
}

/// Plays what the environment asks for and prints a line each; `tests/bench/compare` calls it.
#[test]
fn what_is_asked_for_is_played_and_printed() {
    let Some(wanted) = Wanted::from_environment() else { return };
    let Some(played) = run::play_all(&wanted) else { return };
    for cell in &played {
        println!("{cell}");
    }
    if let Some(file) = std::env::var_os("BENCH_TABLE") {
        table::update(std::path::Path::new(&file), &played);
    }
}

/// Not a test by itself: the other side of `run`, which starts this very program in a new network namespace.
#[test]
fn inside_a_network_of_its_own() {
    run::play_inside();
}
