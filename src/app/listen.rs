//! Opening the ports: what can be had is served, what cannot is told and tried again.
//!
//! An address that another program holds, or that this machine does not have yet, keeps no other from being
//! served. Where a wildcard is held on one address only (systemd-resolved on 127.0.0.53), the machine's other
//! addresses are bound one by one. The unprivileged port is for machines where ports below 1024 are not
//! allowed, and for nothing else.

mod listener;

use std::net::{IpAddr, SocketAddr, TcpListener as StdTcpListener};
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use tracing::warn;

use crate::i18n::{Both, Lang, Message, msg};
use crate::serve::{self};
use crate::sys::limits;
use crate::sys::lock::Guard;
use crate::sys::ports::{self, Transport};
use crate::sys::udp::Udp;

pub use listener::{Cause, Lack, Listener};

/// How often what is missing is tried again: two system calls an address.
pub const RETRY: Duration = Duration::from_secs(1);
/// How often it is looked up again who holds a port: that reads the open files of every process.
const LOOK_UP: Duration = Duration::from_secs(30);

/// Sockets that were opened.
pub struct Opened {
    /// Where they are bound.
    pub address: SocketAddr,
    /// The sockets.
    pub sockets: Sockets,
}

/// Sockets of one address.
pub enum Sockets {
    /// One a worker.
    Udp(Vec<Udp>),
    /// The listener.
    Tcp(StdTcpListener),
}

/// All addresses that the config wants, and what became of each.
#[derive(Debug)]
pub struct Listening {
    workers: usize,
    unprivileged_port: Option<u16>,
    listeners: Mutex<Vec<Listener>>,
}

/// Why nobody can ask us.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct ListenError(pub Message);

impl Listening {
    /// All addresses of the settings, none of them bound yet.
    pub fn new(settings: &serve::Settings) -> Self {
        let workers = match settings.workers {
            0 => std::thread::available_parallelism().map_or(1, usize::from),
            workers => workers,
        };
        // Wildcards first: they cover single addresses of the same port.
        let mut wanted = settings.dns.clone();
        wanted.sort_by_key(|address| !address.ip().is_unspecified());
        let listener = |wanted: SocketAddr| {
            [Transport::Udp, Transport::Tcp].map(|transport| Listener {
                wanted,
                transport,
                bound: Vec::new(),
                lack: None,
                is_gone: false,
            })
        };
        let listeners = wanted.into_iter().flat_map(listener).collect();
        Self { workers, unprivileged_port: settings.unprivileged_port, listeners: Mutex::new(listeners) }
    }

    /// Opens everything at the start.
    ///
    /// # Errors
    /// Nothing at all could be bound.
    pub fn open(&self) -> Result<Vec<Opened>, ListenError> {
        let opened = self.open_missing();
        if opened.is_empty() {
            // The program ends here: nothing is tried again.
            return Err(ListenError(self.nowhere()));
        }
        Ok(opened)
    }

    /// Whether something is still missing that may yet be had.
    pub fn is_missing(&self) -> bool {
        self.all().iter().any(Listener::is_open)
    }

    /// Looks whether the machine still has the addresses that are bound. A socket stays bound to one that is gone, and
    /// works again when it is back.
    pub fn look_at_addresses(&self) {
        let own = ports::own_addresses();
        for listener in self.all().iter_mut() {
            let is_specific = |bound: &SocketAddr| !bound.ip().is_unspecified() && !bound.ip().is_loopback();
            let is_link_local = |ip: IpAddr| matches!(ip, IpAddr::V6(v6) if v6.is_unicast_link_local());
            let is_gone = |bound: &SocketAddr| {
                is_specific(bound) && !is_link_local(bound.ip()) && !own.contains(&bound.ip().to_canonical())
            };
            // Of a wildcard the addresses that are there are served.
            let is_single = !listener.wanted.ip().is_unspecified();
            let gone = is_single && !own.is_empty() && listener.bound.iter().any(is_gone);
            if gone && !listener.is_gone {
                warn!(
                    "this machine no longer has the address of {} ({})",
                    listener.wanted,
                    listener.transport.name()
                );
            }
            listener.is_gone = gone;
        }
    }

    /// Tries what is missing.
    pub fn open_missing(&self) -> Vec<Opened> {
        let mut listeners = self.all();
        let mut opened = Vec::new();
        for at in 0..listeners.len() {
            if !listeners[at].is_open() {
                continue;
            }
            match covering(&listeners, at) {
                Some(wildcard) => {
                    listeners[at].bound = vec![wildcard];
                    listeners[at].lack = None;
                }
                None => listeners[at].open(self, &mut opened),
            }
        }
        opened
    }

    /// Each address, and how it stands.
    pub fn listeners(&self) -> Vec<Listener> {
        self.all().clone()
    }

    /// Addresses that are not served as they are wanted, a sentence each.
    pub fn troubles(&self) -> Vec<Message> {
        self.troubles_of(Listener::told)
    }

    fn troubles_of(&self, told_of: fn(&Listener) -> Option<Message>) -> Vec<Message> {
        let mut told: Vec<(SocketAddr, Message, Vec<&str>)> = Vec::new();
        for listener in self.all().iter() {
            let Some(what) = told_of(listener) else { continue };
            let name = listener.transport.name();
            match told.iter_mut().find(|(wanted, same, _)| *wanted == listener.wanted && *same == what) {
                Some((.., transports)) => transports.push(name),
                None => told.push((listener.wanted, what, vec![name])),
            }
        }
        told.into_iter()
            .map(|(wanted, what, transports)| {
                msg!("listener-trouble", address = wanted, transports = transports.join(", "), what = what)
            })
            .collect()
    }

    /// That nothing could be bound, and of each address why.
    fn nowhere(&self) -> Message {
        let troubles =
            self.troubles_of(|listener| listener.told_with(|what| msg!("start-again", what = what)));
        let lines = |lang| troubles.iter().map(|trouble| format!("\n{}", trouble.text(lang))).collect();
        msg!("listens-nowhere", troubles = Both { vi: lines(Lang::Vi), en: lines(Lang::En) })
    }

    fn all(&self) -> MutexGuard<'_, Vec<Listener>> {
        self.listeners.guard()
    }
}

/// The wildcard of ours that takes what comes to that address.
fn covering(listeners: &[Listener], at: usize) -> Option<SocketAddr> {
    let wanted = listeners[at].wanted;
    if wanted.ip().is_unspecified() {
        return None;
    }
    let wildcards = listeners
        .iter()
        .filter(|listener| listener.transport == listeners[at].transport)
        .flat_map(|listener| &listener.bound);
    wildcards.copied().find(|bound| {
        bound.ip().is_unspecified() && bound.port() == wanted.port() && bound.is_ipv4() == wanted.is_ipv4()
    })
}

/// Queries that come at once when a school's lesson begins, after nobody asked for a while.
pub const BURST: usize = 400;

/// How many queries may wait for certain, where that is fewer than a [`BURST`].
pub fn small_room(opened: &[Opened]) -> Option<usize> {
    let sockets = opened.iter().filter_map(|opened| match &opened.sockets {
        Sockets::Udp(sockets) => Some(sockets),
        Sockets::Tcp(_) => None,
    });
    let rooms = sockets.flatten().filter_map(|udp| udp.room().ok());
    rooms.min().filter(|room| *room < BURST)
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

#[cfg(test)]
mod tests {
    use std::io;
    use std::net::UdpSocket;

    use super::*;

    fn listening(dns: &[SocketAddr]) -> Listening {
        Listening::new(&serve::Settings { dns: dns.to_vec(), workers: 1, ..serve::Settings::default() })
    }

    fn free_port() -> u16 {
        UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
    }

    #[test]
    fn an_address_that_is_not_here_keeps_no_other_from_being_served() {
        let port = free_port();
        let here = SocketAddr::new([127, 0, 0, 1].into(), port);
        let all = listening(&[SocketAddr::new([192, 0, 2, 5].into(), port), here]);
        let opened = all.open().unwrap();
        assert_eq!(opened.len(), 2, "UDP and TCP");
        assert!(all.is_missing() && all.open_missing().is_empty());
        let told = all.troubles();
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(
            told[0].to_string().starts_with("192.0.2.5:") && told[0].to_string().contains("(UDP, TCP)"),
            "{told:?}"
        );
    }

    #[test]
    fn an_address_that_the_machine_loses_is_told_of_until_it_is_back() {
        let port = free_port();
        let (away, here) =
            (SocketAddr::new([192, 0, 2, 5].into(), port), SocketAddr::from(([127, 0, 0, 1], port)));
        let all = listening(&[away, here]);
        let _opened = all.open().unwrap();
        // As if it had been there at the start.
        for listener in all.all().iter_mut().filter(|listener| listener.wanted == away) {
            (listener.bound, listener.lack) = (vec![away], None);
        }
        assert_eq!(all.troubles(), Vec::<Message>::new());
        all.look_at_addresses();
        let told = all.troubles();
        assert!(told.len() == 1 && told[0].to_string().contains("no longer has the address"), "{told:?}");
        assert!(all.listeners().iter().all(|listener| listener.is_bound() == (listener.wanted == here)));
        assert!(!all.is_missing(), "its sockets are there");
        all.all().iter_mut().for_each(|listener| listener.bound = vec![here]);
        all.look_at_addresses();
        assert_eq!(all.troubles(), Vec::<Message>::new());
    }

    #[test]
    fn a_wildcard_that_somebody_holds_in_part_is_served_on_the_other_addresses_and_then_whole() {
        let stranger = UdpSocket::bind("127.0.0.53:0").unwrap();
        let port = stranger.local_addr().unwrap().port();
        let all = listening(&[SocketAddr::new([0, 0, 0, 0].into(), port)]);
        let first = all.open().unwrap();
        let loopback = SocketAddr::new([127, 0, 0, 1].into(), port);
        assert!(first.iter().any(|opened| opened.address == loopback));
        let told = all.troubles();
        // Who it is cannot be told here: this very program.
        assert!(told[0].to_string().contains("another program holds the port"), "{told:?}");
        drop(stranger);
        let second = all.open_missing();
        assert!(second.iter().any(|opened| opened.address.ip().is_unspecified()), "beside those of before");
        assert!(!all.is_missing());
        assert_eq!(all.troubles(), Vec::<Message>::new());
        drop(first);
    }

    #[test]
    fn where_nothing_can_be_bound_it_is_said_of_each_address_why() {
        let all = listening(&["192.0.2.5:53".parse().unwrap()]);
        let told = all.open().err().unwrap().to_string();
        assert!(told.contains("192.0.2.5:53 (UDP, TCP): this machine does not have the address"), "{told}");
    }

    #[test]
    fn a_wildcard_covers_the_single_addresses_beside_it() {
        let port = free_port();
        let all = listening(&[
            SocketAddr::new([127, 0, 0, 1].into(), port),
            SocketAddr::new([0, 0, 0, 0].into(), port),
        ]);
        assert_eq!(all.open().unwrap().len(), 2);
        assert!(!all.is_missing());
    }

    #[test]
    fn only_a_missing_right_leads_to_the_other_port() {
        let on = |text: &str| text.parse().unwrap();
        let cause = |kind: io::ErrorKind, address| Cause::of(&kind.into(), on(address));
        assert_eq!(cause(io::ErrorKind::PermissionDenied, "0.0.0.0:53"), Cause::Forbidden);
        assert_eq!(cause(io::ErrorKind::AddrInUse, "0.0.0.0:53"), Cause::InUse);
        assert_eq!(cause(io::ErrorKind::AddrNotAvailable, "[::]:53"), Cause::NoFamily);
        assert_eq!(cause(io::ErrorKind::AddrNotAvailable, "10.8.0.5:53"), Cause::NotHere);
        assert!(matches!(cause(io::ErrorKind::PermissionDenied, "0.0.0.0:5353"), Cause::Other(_)));
    }
}
