//! Who is compared: for each, how its list is written, how it is started, how it takes a new list.

use std::io;
use std::process::Command;

use super::place::Place;

mod bind;
mod dnsdist;
mod dnsmasq;
mod floor;
mod knot;
mod lachan;
mod powerdns;
mod rpz;
mod unbound;

/// All, in the order of the tables.
pub const ALL: [&Peer; 9] = [
    &floor::FLOOR,
    &lachan::LACHAN,
    &unbound::LOCAL_ZONES,
    &unbound::RPZ,
    &dnsdist::DNSDIST,
    &knot::KNOT,
    &powerdns::RECURSOR,
    &bind::BIND,
    &dnsmasq::DNSMASQ,
];

/// Names on their way into a list.
pub type Names<'n> = dyn Iterator<Item = &'n str> + 'n;

/// One of them.
pub struct Peer {
    pub title: &'static str,
    pub program: &'static str,
    /// What makes it print its version.
    pub version: &'static str,
    /// The way it blocks; empty for the floor, which does not.
    pub blocks_by: &'static str,
    /// Answers over TCP in the process that it is, for as long as a connection is used.
    pub keeps_connections: bool,
    pub write_list: for<'n> fn(&Place, &mut Names<'n>) -> io::Result<()>,
    /// Writes the config and gives the command that starts the server in the foreground.
    pub start: fn(&Place) -> io::Result<Command>,
    pub reload: Reload,
}

/// How a new list is taken, and in a word what that is.
#[derive(Clone, Copy)]
pub enum Reload {
    Command(&'static str, fn(&Place) -> Command),
    Signal(&'static str),
    Watches(&'static str),
    Restart(&'static str),
}

impl Peer {
    pub fn is_floor(&self) -> bool {
        self.blocks_by.is_empty()
    }

    /// The first thing that looks like a version in what the program says of itself.
    pub fn version(&self) -> String {
        let Some(program) = super::process::program(self.program) else { return String::new() };
        let Ok(output) = Command::new(program).arg(self.version).output() else { return String::new() };
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said);
        let is_version = |word: &&str| word.contains('.') && word.starts_with(|c: char| c.is_ascii_digit());
        said.split_whitespace()
            // Dates and times of log lines come with colons.
            .filter(|word| !word.contains(':') || word.contains('-'))
            .find(is_version)
            .map(|word| word.split(['-', ':', ',']).next().unwrap_or_default().to_owned())
            .unwrap_or_default()
    }
}

impl Reload {
    pub fn is_watching(self) -> bool {
        matches!(self, Self::Watches(_))
    }

    pub fn how(self) -> &'static str {
        match self {
            Self::Command(how, _) | Self::Signal(how) | Self::Watches(how) | Self::Restart(how) => how,
        }
    }
}

/// A command by its program's name; one that is missing fails when it is run.
fn command(program: &str) -> Command {
    super::process::program(program).map_or_else(|| Command::new(program), Command::new)
}
