//! Configs as schools write them, and what is said of their mistakes.
//!
//! `defaults` the shipped files are what they claim; `mistakes` each is told, in its place; `drawn`
//! what people see; `syntax` TOML errors; `never` rules that no query meets; `words` every key misspelt; `hostile` octets that are no config; `init` a first
//! config from a person's answers.

mod defaults;
mod drawn;
mod hostile;
mod init;
mod mistakes;
mod never;
mod syntax;
mod words;

use std::path::PathBuf;

use super::mistake::Report;
use super::{Context, Settings, read_text};

/// A machine with fixed folders.
fn machine() -> Context {
    Context { folder: examples(), state: PathBuf::from("/state"), stand_ins: Default::default() }
}

fn examples() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("config/examples")
}

fn read(text: &str) -> Result<Settings, Report> {
    read_text("lachan.toml", text, &machine())
}

/// The settings of a config that must pass.
fn settings(text: &str) -> Settings {
    read(text).unwrap_or_else(|report| panic!("{text}\n{report}"))
}

/// Mistakes of a config as `line:column code found`.
fn told(text: &str) -> Vec<String> {
    let Err(report) = read(text) else { return vec![] };
    report
        .mistakes()
        .iter()
        .map(|mistake| {
            let (_, line, column) = report.locate(&mistake.at);
            format!("{line}:{column} {} {}", mistake.code.id(), mistake.found)
        })
        .collect()
}
