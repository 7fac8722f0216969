//! What strangers may send, one module a parser: `check` is handed any octets and holds what must be
//! true of them, `seeds` are octets that get far.
//!
//! Bodies of the fuzz targets; the project's own tests run them over mutated seeds (`tests/fuzzed.rs`).
//! A failed assertion is a bug of the program, not of the octets.

use std::path::{Path, PathBuf};

pub mod authority;
pub mod config;
pub mod control;
pub mod index;
pub mod kept;
pub mod list;
pub mod name;
pub mod policy;
pub mod question;
pub mod upstream;
pub mod zone;

mod again;
mod message;
mod school;

/// One target.
pub struct Target {
    /// Its name, as `cargo fuzz` and the folders know it.
    pub name: &'static str,
    /// Holds what must be true of any octets.
    pub check: fn(&[u8]),
    /// Octets to start from.
    pub seeds: fn() -> Vec<Vec<u8>>,
}

macro_rules! targets {
    ($($name:ident),*) => {
        /// All of them.
        pub const TARGETS: &[Target] =
            &[$(Target { name: stringify!($name), check: $name::check, seeds: $name::seeds },)*];
    };
}

targets!(authority, config, control, index, list, name, policy, question, upstream, zone);

/// The program's own folder, wherever these bodies are compiled.
fn repository() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    if here.ends_with("fuzz") && here.join("fuzz_targets").exists() { here.join("..") } else { here.into() }
}

/// The texts in `seeds/<target>/`.
fn texts(target: &str) -> Vec<Vec<u8>> {
    files(&repository().join("fuzz/seeds").join(target))
}

/// What all files of a folder hold, in the order of their names.
fn files(folder: &Path) -> Vec<Vec<u8>> {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("a readable folder").path()).collect();
    paths.retain(|path| path.is_file());
    paths.sort();
    paths.iter().map(|path| std::fs::read(path).expect("a readable file")).collect()
}
