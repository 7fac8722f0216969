//! One address that is wanted: bound, tried again, and what is said of it.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Instant;

use tracing::{info, warn};

use super::{LOOK_UP, Listening, Opened, Sockets};
use crate::i18n::cause::cause;
use crate::i18n::{Message, msg};
use crate::serve::udp;
use crate::sys::ports::{self, Holder, Transport};
use crate::sys::tcp::{self, is_family_missing};
use crate::sys::udp::Udp;

/// One address that is wanted, over one transport.
#[derive(Clone, Debug)]
pub struct Listener {
    /// The address, as the config has it.
    pub wanted: SocketAddr,
    /// Over what.
    pub transport: Transport,
    /// Where it is bound: the wanted address, or what could be had in its place.
    pub bound: Vec<SocketAddr>,
    /// Why it is not bound as it is wanted.
    pub lack: Option<Lack>,
    /// Bound to an address that this machine no longer has.
    pub is_gone: bool,
}

/// Why an address is not bound.
#[derive(Clone, Debug)]
pub struct Lack {
    /// The reason.
    pub cause: Cause,
    /// Who holds the port, where that is the reason and could be found out.
    pub holder: Option<Holder>,
    looked_up: Instant,
}

/// The reason why an address is not bound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    /// Ports below 1024 are not allowed.
    Forbidden,
    /// Another program has it.
    InUse,
    /// This machine does not have the address.
    NotHere,
    /// This machine does not have the address family, and the address is a wildcard: nothing is missing.
    NoFamily,
    /// Why the system refused.
    Other(Message),
}

impl Listener {
    /// Whether it is served as it is wanted.
    pub fn is_bound(&self) -> bool {
        self.lack.is_none() && !self.bound.is_empty() && !self.is_gone
    }

    /// Whether trying again may change anything.
    pub(super) fn is_open(&self) -> bool {
        let settled =
            matches!(&self.lack, Some(lack) if lack.cause == Cause::Forbidden) && !self.bound.is_empty();
        !self.is_bound() && !settled && !self.is_gone
    }

    pub(super) fn open(&mut self, all: &Listening, opened: &mut Vec<Opened>) {
        let error = match self.bind(self.wanted, all.workers) {
            Ok(sockets) => {
                if self.lack.take().is_some_and(|lack| lack.cause != Cause::NoFamily) {
                    info!("listening on {} ({}) now", self.wanted, self.transport.name());
                }
                self.bound.push(self.wanted);
                opened.push(sockets);
                return;
            }
            Err(error) => error,
        };
        let cause = Cause::of(&error, self.wanted);
        let instead: Vec<SocketAddr> = match (&cause, all.unprivileged_port) {
            (Cause::Forbidden, Some(port)) => vec![SocketAddr::new(self.wanted.ip(), port)],
            (Cause::InUse, _) if self.wanted.ip().is_unspecified() => {
                let own = ports::own_addresses().into_iter();
                let own = own.filter(|ip| ip.is_ipv4() == self.wanted.is_ipv4());
                own.map(|ip| SocketAddr::new(ip, self.wanted.port())).collect()
            }
            _ => vec![],
        };
        for address in instead {
            if !self.bound.contains(&address)
                && let Ok(sockets) = self.bind(address, all.workers)
            {
                self.bound.push(address);
                opened.push(sockets);
            }
        }
        self.note(cause);
    }

    /// Binds an address that no other program has.
    pub(super) fn bind(&self, address: SocketAddr, workers: usize) -> io::Result<Opened> {
        // Sockets of ours on single addresses are in the way of this look, and are no obstacle.
        let beside_own = address.ip().is_unspecified() && !self.bound.is_empty();
        let sockets = match self.transport {
            Transport::Udp => {
                if !beside_own {
                    Udp::check_free(address)?;
                }
                Sockets::Udp(udp::bind(address, workers)?)
            }
            Transport::Tcp => {
                if !beside_own {
                    tcp::check_free(address)?;
                }
                let listener = tcp::listen(address)?;
                listener.set_nonblocking(true)?;
                Sockets::Tcp(listener)
            }
        };
        // The kernel lets programs of one user share a port, if both ask for that: each would lose what the
        // other gets.
        if beside_own && ports::holder(address, self.transport).is_some() {
            return Err(io::ErrorKind::AddrInUse.into());
        }
        Ok(Opened { address, sockets })
    }

    pub(super) fn note(&mut self, cause: Cause) {
        let is_new = self.lack.as_ref().is_none_or(|lack| lack.cause != cause);
        let is_old = self.lack.as_ref().is_some_and(|lack| lack.looked_up.elapsed() > LOOK_UP);
        if !is_new && !is_old {
            return;
        }
        let holder = match cause {
            Cause::InUse => ports::holder(self.wanted, self.transport),
            _ => None,
        };
        self.lack = Some(Lack { cause, holder, looked_up: Instant::now() });
        if let Some(told) = self.told().filter(|_| is_new) {
            warn!("{} ({}) is not served as configured: {told}", self.wanted, self.transport.name());
        }
    }

    /// What is wrong, for people; nothing where all is as it is wanted.
    pub fn told(&self) -> Option<Message> {
        self.told_with(|what| msg!("tried-again", what = what))
    }

    /// The same; `and_then` adds what follows where another try may help.
    pub(super) fn told_with(&self, and_then: fn(Message) -> Message) -> Option<Message> {
        if self.is_gone {
            return Some(msg!("address-gone"));
        }
        let lack = self.lack.as_ref()?;
        let at: Vec<String> = self.bound.iter().map(ToString::to_string).collect();
        let at = at.join(", ");
        let what = match &lack.cause {
            Cause::NoFamily => return None,
            Cause::Forbidden => msg!("port-forbidden"),
            Cause::InUse => and_then(in_use(lack.holder.as_ref())),
            Cause::NotHere => and_then(msg!("address-not-here")),
            Cause::Other(cause) => msg!("not-opened", error = cause.clone()),
        };
        Some(if at.is_empty() { what } else { msg!("listens-instead", what = what, at = at) })
    }
}

/// Who is in the way, and the remedy.
fn in_use(holder: Option<&Holder>) -> Message {
    /// Where systemd-resolved listens.
    const STUBS: [[u8; 4]; 2] = [[127, 0, 0, 53], [127, 0, 0, 54]];
    let Some(holder) = holder else { return msg!("port-in-use") };
    let program = match &holder.program {
        Some((process, name)) => {
            let name: String = name.chars().filter(|c| !c.is_control()).collect();
            msg!("program", name = name, process = process.to_string())
        }
        None => msg!("another-program"),
    };
    let is_resolved = STUBS.iter().any(|stub| holder.address.ip() == IpAddr::from(*stub))
        || holder.program.as_ref().is_some_and(|(_, name)| name.starts_with("systemd-resolve"));
    match is_resolved {
        true => msg!("port-held-by-resolved", program = program, address = holder.address),
        false => msg!("port-held", program = program, address = holder.address),
    }
}

impl Cause {
    pub(super) fn of(error: &io::Error, address: SocketAddr) -> Self {
        match error.kind() {
            _ if is_family_missing(error) && address.ip().is_unspecified() => Self::NoFamily,
            io::ErrorKind::PermissionDenied if address.port() < 1024 => Self::Forbidden,
            io::ErrorKind::AddrInUse => Self::InUse,
            io::ErrorKind::AddrNotAvailable => Self::NotHere,
            _ => Self::Other(cause(error)),
        }
    }
}
