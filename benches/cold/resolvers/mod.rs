//! Who is compared: each with an empty cache, the hierarchy's root hints, one thread, and no range that it must not
//! ask. Everything else is as it comes.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::process::program;

mod bind;
mod knot;
mod lachan;
mod powerdns;
mod unbound;

/// Where the one that is measured listens.
pub const ADDRESS: &str = "127.0.0.1:5300";

/// One of them.
pub struct Resolver {
    pub title: &'static str,
    pub program: PathBuf,
    /// What makes it print its version.
    version: &'static str,
    /// Writes the config and gives the command that starts it in the foreground.
    pub start: fn(&Self, &Place) -> io::Result<Command>,
}

/// Where it lives, and where it begins to ask.
pub struct Place<'h> {
    pub folder: PathBuf,
    pub hints: &'h Path,
}

impl<'h> Place<'h> {
    pub fn new(work: &Path, hints: &'h Path) -> Self {
        Self { folder: work.join("resolver"), hints }
    }

    fn write(&self, name: &str, text: &str) -> io::Result<PathBuf> {
        let path = self.folder.join(name);
        fs::write(&path, text)?;
        Ok(path)
    }
}

/// Those that are installed and asked for, in the order of the tables.
pub fn present(only: &[String], lachan: &str) -> Vec<Resolver> {
    let all = [
        (lachan::TITLE, lachan, "--version", lachan::start as fn(&Resolver, &Place) -> _),
        (unbound::TITLE, "unbound", "-V", unbound::start),
        (knot::TITLE, "kresd", "--version", knot::start),
        (powerdns::TITLE, "pdns_recursor", "--version", powerdns::start),
        (bind::TITLE, "named", "-v", bind::start),
    ];
    let wanted = |title: &str| only.is_empty() || only.iter().any(|part| title.to_lowercase().contains(part));
    all.into_iter()
        .filter(|(title, ..)| wanted(title))
        .filter_map(|(title, name, version, start)| {
            let found = if Path::new(name).is_absolute() { Some(name.into()) } else { program(name) };
            if found.is_none() {
                println!("left out: {title}: no program `{name}`");
            }
            Some(Resolver { title, program: found?, version, start })
        })
        .collect()
}

impl Resolver {
    /// The first thing that looks like a version in what the program says of itself.
    pub fn version(&self) -> String {
        let Ok(output) = Command::new(&self.program).arg(self.version).output() else { return String::new() };
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said);
        said.split_whitespace()
            .filter(|word| !word.contains(':') || word.contains('-'))
            .find(|word| word.contains('.') && word.starts_with(|c: char| c.is_ascii_digit()))
            .map(|word| word.split(['-', ':', ',']).next().unwrap_or_default().to_owned())
            .unwrap_or_default()
    }
}
