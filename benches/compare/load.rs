//! A server with the blocked names in force: started, waited for, started once more.

use std::fs;
use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use super::SERVER_CORE;
use super::generator;
use super::peers::Peer;
use super::place::Place;
use super::process::{self, Process};
use super::questions::{Blocked, LOADED};

/// How long any of them may take until its list is in force.
const LOAD_MAX: Duration = Duration::from_secs(120);

/// Starts with what an earlier one left on the disk; of a server that is slow at it, one.
const STARTS: usize = 9;
const SLOW: Duration = Duration::from_secs(1);

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
