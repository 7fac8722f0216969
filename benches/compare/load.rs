//! A server with the blocked names in force: started, waited for, started once more.

use std::fs;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::SERVER_CORE;
use super::generator;
use super::peers::Peer;
use super::process::{self, Process};
use super::questions::{Blocked, LOADED};

/// How long any of them may take until its list is in force.
const LOAD_MAX: Duration = Duration::from_secs(120);

/// Starts with what an earlier one left on the disk; of a server that is slow at it, one.
const STARTS: usize = 9;
const SLOW: Duration = Duration::from_secs(1);

/// A port of loopback for each server, below those that clients get; the upstream has number 0. The
/// address is the one that the interface has: BIND takes no other.
pub fn address(number: usize) -> SocketAddr {
    (Ipv4Addr::LOCALHOST, 25_300 + number as u16).into()
}

/// Where a server lives, and whom it asks.
pub struct Place {
    pub folder: PathBuf,
    pub address: SocketAddr,
    pub upstream: SocketAddr,
}

impl Place {
    pub fn new(work: &Path, number: usize, upstream: SocketAddr) -> Self {
        Self { folder: work.join(format!("{number}")), address: address(1 + number), upstream }
    }

    /// A file of the server, as its config names it.
    pub fn file(&self, name: &str) -> String {
        self.folder.join(name).display().to_string()
    }

    /// Writes a file of the server.
    pub fn write(&self, name: &str, text: &str) -> io::Result<()> {
        fs::write(self.folder.join(name), text)
    }

    /// Writes a file of one line, or two, a name, line by line.
    pub fn write_names<'n>(
        &self,
        name: &str,
        head: &str,
        names: impl Iterator<Item = &'n str>,
        line: impl Fn(&mut String, &str),
    ) -> io::Result<()> {
        let mut text = head.to_owned();
        names.for_each(|name| line(&mut text, name));
        // Beside, then renamed: who watches the file sees it whole.
        self.write("new", &text)?;
        fs::rename(self.folder.join("new"), self.folder.join(name))
    }
}

/// A server with its list in force.
pub struct Loaded {
    pub peer: &'static Peer,
    pub place: Place,
    pub process: Process,
    /// From the start until the list was in force.
    pub load: Duration,
    /// The same at later starts, with whatever the first one left on the disk; their median.
    pub load_again: Duration,
    /// Octets resident then, and of them what no file backs.
    pub memory: (u64, u64),
}

impl Loaded {
    pub fn start(peer: &'static Peer, place: Place, blocked: &Blocked) -> Result<Self, String> {
        if !peer.is_floor() && process::program(peer.program).is_none() {
            return Err(format!("no program `{}`", peer.program));
        }
        // Somebody else who answers there would be taken for the server.
        UdpSocket::bind(place.address).map_err(|error| format!("{}: {error}", place.address))?;
        fs::create_dir_all(&place.folder).map_err(|error| error.to_string())?;
        (peer.write_list)(&place, &mut blocked.with_mark()).map_err(|error| error.to_string())?;
        let (mut process, load) = until_in_force(peer, &place)?;
        let mut again = Vec::new();
        while again.len() < STARTS && again.last().is_none_or(|took| *took < SLOW) {
            // It has ended, and freed the address, before the next one starts.
            drop(process);
            let (next, took) = until_in_force(peer, &place)?;
            process = next;
            again.push(took);
        }
        again.sort();
        let load_again = again[again.len() / 2];
        let memory = process::memory(process.id());
        Ok(Self { peer, place, process, load, load_again, memory })
    }

    /// Starts it again, after it ended.
    pub fn start_again(&mut self) -> Result<(), String> {
        let command = (self.peer.start)(&self.place).map_err(|error| error.to_string())?;
        let log = self.place.folder.join("out");
        self.process = Process::start(&command, SERVER_CORE, &log).map_err(|error| error.to_string())?;
        Ok(())
    }
}

fn until_in_force(peer: &Peer, place: &Place) -> Result<(Process, Duration), String> {
    let command = (peer.start)(place).map_err(|error| error.to_string())?;
    let log = place.folder.join("out");
    let started = Instant::now();
    let mut process = Process::start(&command, SERVER_CORE, &log).map_err(|error| error.to_string())?;
    let mut tries = 0;
    while !is_in_force(place.address, LOADED, tries, peer.is_floor()) {
        tries += 1;
        if started.elapsed() > LOAD_MAX || !process.is_alive() {
            let said = fs::read_to_string(&log).unwrap_or_default();
            let last: Vec<&str> = said.lines().rev().take(3).collect();
            return Err(format!("its list does not come into force: {}", last.join(" | ")));
        }
    }
    Ok((process, started.elapsed()))
}

/// Whether names below `name` are blocked: answered, and not with the upstream's address. A new name
/// each time, so that no cache answers.
pub fn is_in_force(server: SocketAddr, name: &str, tries: usize, is_floor: bool) -> bool {
    let answer = generator::ask(server, &format!("try{tries}.{name}"));
    answer.is_some_and(|answer| {
        is_floor || matches!(answer[3] & 15, 0 | 3) && !generator::has_upstream_address(&answer)
    })
}
