//! Resolution by our own iteration: from the deepest known zone cut down to the zone that knows.
//!
//! Nothing here touches a socket or a clock: [`Io`] is the network, the clocks and chance, so that
//! scripts, fuzzers and tests can stand in for the world and an hour of it costs a millisecond. Iteration is
//! written as asynchronous functions over that trait instead of a machine of states by hand: the states are
//! the same, the compiler writes them, and the story reads from top to bottom.
//!
//! - `descend` goes down from cut to cut; `minimise` says how much of the name each zone sees;
//! - `ask` asks one zone's servers in the order of `candidates`, whose addresses `addresses` finds; `exchange` asks one
//!   server, `question` and `reply` are what is said;
//! - `single_flight` are what several questions need at once and one asks for;
//! - `chain` follows aliases and puts the answer together;
//! - `timekeeping` is what a wrong wall clock changes;
//! - `store`, `cuts` and `servers` are what is remembered; `budget` bounds what one question costs.
//!
//! Knows names and servers. Never knows who asks.

use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;

use ipnet::IpNet;

use super::cache::TtlBounds;
use super::reason::Reason;
use crate::dns::name::{Name, OwnedName};
use crate::dns::rrtype::RrType;
use crate::dns::servers::NameServers;
use budget::{Job, Path};
use cuts::Cuts;
use io::Io;
use minimise::Minimisation;
use question::CLIENT_COOKIE;
use servers::Servers;
use single_flight::{Flights, flights};
use siphasher::sip::SipHasher13;
use store::Store;
use zone_security::Validator;

mod addresses;
mod aggressive_nsec;
mod ask;
pub mod budget;
mod candidates;
mod chain;
mod cuts;
mod descend;
mod exchange;
pub mod io;
pub mod minimise;
mod prove;
pub mod question;
pub mod reply;
pub mod servers;
mod single_flight;
mod store;
mod timekeeping;
pub mod zone_security;

/// How iteration behaves, checked.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The root's servers.
    pub roots: Vec<(OwnedName, Vec<IpAddr>)>,
    /// Networks in which no server is asked, but for the root's.
    pub never_ask: Vec<IpNet>,
    /// What each zone gets to see of a name.
    pub minimisation: Minimisation,
    /// The payload that we take over UDP, in octets.
    pub edns_size: u16,
    /// Whether letters of a question are of mixed case, to be guessed by who would forge an answer.
    pub mix_case: bool,
    /// Whether servers are given cookies (RFC 7873).
    pub cookies: bool,
    /// Whether the root's servers are asked for their own list (RFC 8109).
    pub primes: bool,
    /// How long what servers say is kept.
    pub ttl: TtlBounds,
    /// Octets for what is remembered.
    pub store_bytes: u64,
    /// Names at and below which nothing is validated while the wall clock cannot be right: those of time
    /// servers.
    pub time_servers: Vec<OwnedName>,
}

/// Finds answers by asking name servers.
pub struct Recursor<O> {
    io: O,
    settings: Settings,
    store: Store,
    cuts: Cuts,
    servers: Servers,
    flights: Flights,
    /// What our cookies are made from.
    secret: (u64, u64),
    /// Where answers are validated.
    validator: Option<Validator>,
}

impl<O: Io> Recursor<O> {
    /// Remembers nothing yet.
    pub fn new(io: O, settings: Settings, validator: Option<Validator>) -> Self {
        Self {
            validator,
            store: Store::new(settings.store_bytes),
            cuts: Cuts::new(settings.roots.clone()),
            servers: Servers::default(),
            flights: flights(),
            secret: (io.chance(), io.chance()),
            io,
            settings,
        }
    }

    /// Every server met, for the status.
    pub fn servers(&self) -> impl Iterator<Item = (IpAddr, std::sync::Arc<servers::Server>)> + '_ {
        self.servers.all()
    }

    /// The servers of the zones at and above `name` that are known, but for those of the root and of
    /// top-level domains.
    pub fn delegation_of(&self, name: Name<'_>) -> Option<NameServers> {
        let now = self.io.now();
        let cuts = name.ancestors().filter(|zone| zone.label_count() > 1);
        let mut found = NameServers::default();
        for cut in cuts.filter_map(|zone| self.cuts.at(zone, now)) {
            for (server, glue) in cut.all_servers() {
                found.names.push(server.clone());
                let known = self.known_addresses(server.as_name());
                found.addresses.extend(if known.is_empty() { glue } else { known });
            }
        }
        (!found.names.is_empty()).then_some(found)
    }

    /// Whether a server may be asked.
    fn may_ask(&self, address: IpAddr) -> bool {
        let is_root = || self.settings.roots.iter().any(|(_, addresses)| addresses.contains(&address));
        !self.settings.never_ask.iter().any(|net| net.contains(&address)) || is_root()
    }

    /// Our cookie for a server: nobody else can guess it, and no other server gets the same (RFC 7873 §4.1).
    fn client_cookie(&self, server: IpAddr) -> [u8; CLIENT_COOKIE] {
        let hasher = SipHasher13::new_with_keys(self.secret.0, self.secret.1);
        match server {
            IpAddr::V4(address) => hasher.hash(&address.octets()),
            IpAddr::V6(address) => hasher.hash(&address.octets()),
        }
        .to_be_bytes()
    }

    /// As [`look`](Self::look), for who is asked on behalf of another question.
    fn look_boxed<'s>(
        &'s self,
        name: Name<'s>,
        kind: RrType,
        job: &'s Job,
        path: &'s Path<'s>,
    ) -> Pin<Box<dyn Future<Output = Result<descend::Lookup, Reason>> + Send + 's>> {
        Box::pin(async move {
            if let Some(kept) = self.known(name, kind) {
                return Ok(descend::Lookup::known(kept));
            }
            let path = path.then(name, kind).ok_or(Reason::NoServerAddress)?;
            self.look(name, kind, job, &path).await
        })
    }
}
