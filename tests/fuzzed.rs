//! The bodies of the fuzz targets on seeds and on seeds changed a little: what the fuzzers hold for hours
//! is held here for seconds, on stable Rust. The changes are drawn from a fixed number, so that a run
//! can be had again.

#[path = "../fuzz/src/lib.rs"]
mod targets;

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::time::{Duration, Instant};

use targets::{TARGETS, Target, kept};

/// Changed copies of each seed.
const CHANGED: u64 = 2000;
/// Time for one target; a slow machine sees fewer changed copies.
const TIME: Duration = Duration::from_secs(4);

/// xorshift64*: enough to choose places by.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// A number below `end`, or 0.
    fn below(&mut self, end: usize) -> usize {
        (self.roll() >> 16) as usize % end.max(1)
    }

    /// Part of the octets, of at most 32.
    fn piece<'o>(&mut self, octets: &'o [u8]) -> &'o [u8] {
        let from = self.below(octets.len());
        let len = 1 + self.below(32);
        &octets[from..octets.len().min(from + len)]
    }

    /// Changes the octets in one of the ways in which fuzzers do; `other` lends a piece.
    fn change(&mut self, octets: &mut Vec<u8>, other: &[u8]) {
        let at = self.below(octets.len());
        match self.below(7) {
            0 => octets.insert(at, self.roll() as u8),
            1 => octets.truncate(at),
            2 => {
                let piece = self.piece(other).to_vec();
                octets.splice(at..at, piece);
            }
            3 => {
                let end = octets.len().min(at + 1 + self.below(8));
                octets.drain(at..end);
            }
            _ if octets.is_empty() => {}
            4 => octets[at] ^= 1 << self.below(8),
            5 => octets[at] = [0, 1, 0x3f, 0x7f, 0x80, 0xc0, 0xff, b'\n'][self.below(8)],
            _ => {
                let piece = self.piece(octets).to_vec();
                octets.splice(at..at, piece);
            }
        }
    }
}

/// Runs a target over its seeds and their changed copies; a panic is shown with the octets behind it.
fn run(name: &str) {
    let target = TARGETS.iter().find(|target| target.name == name).expect("a target");
    let seeds = (target.seeds)();
    seeds.iter().for_each(|seed| hold(target, seed));
    kept::inputs(name).iter().for_each(|input| hold(target, input));
    let mut dice = Dice(0x6c61_6368_616e);
    let start = Instant::now();
    for _ in 0..CHANGED {
        for seed in &seeds {
            if start.elapsed() > TIME {
                return;
            }
            let mut octets = seed.clone();
            for _ in 0..=dice.below(4) {
                let other = &seeds[dice.below(seeds.len())];
                dice.change(&mut octets, other);
            }
            hold(target, &octets);
        }
    }
}

fn hold(target: &Target, octets: &[u8]) {
    if let Err(panic) = catch_unwind(AssertUnwindSafe(|| (target.check)(octets))) {
        eprintln!("target `{}`, octets b\"{}\"", target.name, octets.escape_ascii());
        resume_unwind(panic);
    }
}

macro_rules! held {
    ($($test:ident: $target:ident;)*) => {
        $(#[test] fn $test() { run(stringify!($target)); })*

        #[test]
        fn every_target_is_run_here_and_can_be_run_by_the_fuzzer() {
            assert_eq!([$(stringify!($target)),*], *TARGETS.iter().map(|target| target.name).collect::<Vec<_>>());
            let manifest = include_str!("../fuzz/Cargo.toml");
            for target in TARGETS {
                assert!(manifest.contains(&format!("path = \"fuzz_targets/{}.rs\"", target.name)));
            }
        }
    };
}

held! {
    whatever_name_servers_say_the_answer_is_a_message_and_the_questions_are_bounded: authority;
    any_config_becomes_settings_or_located_mistakes: config;
    any_request_on_the_control_socket_gets_one_reply: control;
    any_index_file_is_refused_or_harmless: index;
    every_line_of_any_list_is_accounted_for: list;
    any_name_prints_as_what_reads_back_the_same: name;
    any_policy_zone_is_kept_as_it_came_and_any_announcement_is_nobody_elses: policy;
    any_packet_gets_the_answer_that_is_due: question;
    any_answer_from_upstream_is_kept_and_written_as_what_it_is: upstream;
    any_zone_is_refused_or_answers: zone;
}
