//! Opening the ports, and what to do where a port below 1024 is not allowed.

use std::io;
use std::net::{IpAddr, SocketAddr, TcpListener as StdTcpListener};

use tracing::warn;

use crate::serve::{self, udp};
use crate::sys::limits;
use crate::sys::tcp::{self, is_family_missing};
use crate::sys::udp::Udp;

/// One address with its sockets.
pub struct Listener {
    /// Where it listens, the port as it came out.
    pub address: SocketAddr,
    /// One UDP socket a worker.
    pub udp: Vec<Udp>,
    /// The TCP listener.
    pub tcp: StdTcpListener,
}

/// Queries that come at once when a school's lesson begins, after nobody asked for a while.
pub const BURST: usize = 400;

/// How many queries may wait for certain, where that is fewer than a [`BURST`].
pub fn small_room(listeners: &[Listener]) -> Option<usize> {
    let rooms = listeners.iter().flat_map(|listener| &listener.udp).filter_map(|udp| udp.room().ok());
    rooms.min().filter(|room| *room < BURST)
}

/// Why nobody can ask us.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    #[error("không nghe được / could not listen on {address}: {source}")]
    Address { address: SocketAddr, source: io::Error },
    #[error("không có địa chỉ nào để nghe / there is no address to listen on")]
    Nothing,
}

/// Opens all addresses. A wildcard of a family that this machine lacks is left out; where a low port is
/// not allowed, the unprivileged one is taken if the settings have one.
pub fn open(settings: &serve::Settings) -> Result<Vec<Listener>, ListenError> {
    let workers = match settings.workers {
        0 => std::thread::available_parallelism().map_or(1, usize::from),
        workers => workers,
    };
    let mut listeners = Vec::new();
    for &address in &settings.dns {
        let opened = match (open_one(address, workers), settings.unprivileged_port) {
            (Err(error), Some(port)) if is_forbidden(&error, address) => {
                open_one(SocketAddr::new(address.ip(), port), workers)
            }
            (opened, _) => opened,
        };
        match opened {
            Ok(listener) => listeners.push(listener),
            Err(error) if is_family_missing(&error) && address.ip().is_unspecified() => {}
            Err(source) => return Err(ListenError::Address { address, source }),
        }
    }
    if listeners.is_empty() { Err(ListenError::Nothing) } else { Ok(listeners) }
}

/// Tries of finding a port that is free for both UDP and TCP, where any will do.
const ANY_PORT_TRIES: usize = 16;

fn open_one(address: SocketAddr, workers: usize) -> io::Result<Listener> {
    // TCP first: unlike our UDP sockets it refuses a port that another program (or we) already has.
    let mut tries = if address.port() == 0 { ANY_PORT_TRIES } else { 1 };
    loop {
        let tcp = tcp_listener(address)?;
        let bound = tcp.local_addr()?;
        tries -= 1;
        match udp::bind(bound, workers) {
            Ok(udp) => return Ok(Listener { address: bound, udp, tcp }),
            Err(error) if error.kind() == io::ErrorKind::AddrInUse && tries > 0 => {}
            Err(error) => return Err(error),
        }
    }
}

fn tcp_listener(address: SocketAddr) -> io::Result<StdTcpListener> {
    let listener = tcp::listen(address)?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

fn is_forbidden(error: &io::Error, address: SocketAddr) -> bool {
    let taken_by_stub = error.kind() == io::ErrorKind::AddrInUse && address.ip().is_unspecified();
    address.port() < 1024 && (error.kind() == io::ErrorKind::PermissionDenied || taken_by_stub)
}

/// As many TCP connections as were meant, or as the system has room for: half of the files that may be open
/// are kept for what is asked upstream, the store and the lists. What goes over that is warned of.
pub fn room_for(connections: usize) -> usize {
    let files = match limits::raise_open_files() {
        Ok(files) => usize::try_from(files).unwrap_or(usize::MAX),
        Err(error) => {
            warn!(%error, "could not raise the number of open files: {error}");
            return connections;
        }
    };
    let room = files / 2;
    if connections > room {
        warn!(
            files.most = files,
            "only {files} files may be open: TCP connections are held to {room} of {connections}; raise LimitNOFILE"
        );
    }
    connections.min(room)
}

/// The address that a person on this machine would ask: loopback for a wildcard.
pub fn to_try(address: SocketAddr) -> SocketAddr {
    match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => ([127, 0, 0, 1], address.port()).into(),
        IpAddr::V6(ip) if ip.is_unspecified() => ([0, 0, 0, 0, 0, 0, 0, 1], address.port()).into(),
        _ => address,
    }
}
