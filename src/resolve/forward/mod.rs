//! Forwarding: questions for a zone go to the servers named for it, and their octets come back.
//!
//! Servers of a zone are asked in the order of their smoothed round trip, those that failed lately
//! last. One that is slow gets company: after `hedge_after` the next is asked as well, and the first
//! useful answer counts, so a dead server costs that long once and not a timeout. A plain server is asked over
//! UDP; what does not fit there, and the others, go over `connections`. Where
//! nobody is there at all, as while a forwarder restarts, the servers are asked again a little later.
//!
//! What a forwarder says about DNSSEC (AD) is not believed: its answers are
//! [`Indeterminate`](Security::Indeterminate). Its block signals come through: an Extended DNS Error of 15,
//! 16 or 17, and the NXDOMAIN without RA of response policy zones.
//!
//! Nothing about the client goes out: the query is made anew, with EDNS of our own.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::{FuturesUnordered, StreamExt};
use hickory_resolver::proto::op::{DnsRequest, DnsRequestOptions};
use tokio::time::{Instant, sleep, timeout_at};

use super::iterate::io::Forwarded;
use super::reason::Reason;
use super::settings::Settings;
use super::taken::{self, Taken};
use super::upstream::connections::driver::Driver;
use super::upstream::connections::opener::Opener;
use super::upstream::connections::{Connections, Refusal};
use super::upstream::datagram::{Datagrams, Found};
use super::upstream::source_for;
use super::upstream::tally::Tally;
use super::wire;
use super::{Answer, Ask, Error, UpstreamState};
use crate::clock::Watch;
use crate::dns::ede::EdeCode;
use crate::dns::edns::PAYLOAD;
use crate::dns::header::Flags;
use crate::dns::name::{Name, OwnedName};
use crate::dns::rcode::Rcode;
use crate::dns::rrtype::RrType;
use crate::dns::security::Security;
use signs::Signs;
use trust::Trusted;
use upstream::{Transport, Upstream};

mod signs;
mod trust;
pub mod upstream;
mod verifier;

/// How often all servers of a zone are asked where nobody is there, with pauses between that begin with
/// [`PAUSE`] and double: 1.55 s in all, the time in which a forwarder restarts.
const ROUNDS_MAX: u32 = 6;
/// The first of these pauses.
const PAUSE: Duration = Duration::from_millis(50);

/// How long to wait for a forwarder.
#[derive(Clone, Copy)]
pub(super) struct Timing {
    /// One try.
    pub time_limit: Duration,
    /// Until the next server is asked as well.
    pub hedge: Duration,
}

/// Forwarded zones and their servers.
pub(super) struct Forwarder {
    /// The deepest first.
    zones: Vec<Zone>,
    timing: Timing,
}

struct Zone {
    name: OwnedName,
    validates: bool,
    servers: Vec<Server>,
}

struct Server {
    label: String,
    /// For a plain server: the first to be tried.
    udp: Option<Datagrams>,
    /// Its connections; `None` where we have no address of its family to ask from.
    connections: Option<Connections>,
    tally: Arc<Tally>,
    /// Whether its answers have signatures, as far as it was asked.
    signs: Signs,
}

impl Forwarder {
    pub(super) fn new(
        settings: &Settings,
        sources: Arc<[IpAddr]>,
        timing: Timing,
        watch: &Arc<Watch>,
    ) -> Result<Self, Error> {
        let zones = &settings.forwards;
        let trusted = Trusted::new(settings.ca_file.as_deref(), watch)?;
        let driver = Arc::new(Driver::default());
        let mut built = Vec::with_capacity(zones.len());
        for (index, zone) in zones.iter().enumerate() {
            if zone.servers.is_empty() {
                return Err(Error::NoServers { zone: zone.zone.to_string() });
            }
            if zones[..index].iter().any(|other| other.zone == zone.zone) {
                return Err(Error::ZoneTwice { zone: zone.zone.to_string() });
            }
            let servers =
                zone.servers.iter().map(|server| Server::new(server, &trusted, &sources, timing, &driver));
            let validates = zone.validates && settings.dnssec;
            built.push(Zone { name: zone.zone.clone(), validates, servers: servers.collect() });
        }
        built.sort_by_key(|zone| std::cmp::Reverse(zone.name.as_name().label_count()));
        Ok(Self { zones: built, timing })
    }

    /// The answer of the servers for `ask`, as it is, and the zone whose they are; `None` where the name is in
    /// no forwarded zone, or in one whose answers are validated.
    pub(super) async fn resolve(&self, ask: &Ask) -> Option<(Name<'_>, Answer)> {
        let zone = self.zone_of(ask.name.as_name(), ask.rtype).filter(|zone| !zone.validates)?;
        let answer = match zone.ask(ask, self.timing).await {
            Ok(taken) => accept(ask, taken),
            Err(fault) => wire::failure(ask, given_up(fault)),
        };
        Some((zone.name.as_name(), answer))
    }

    /// The zone of `name`, where what its servers say is to be validated.
    pub(super) fn validated(&self, name: Name<'_>, kind: RrType) -> Option<OwnedName> {
        Some(self.zone_of(name, kind).filter(|zone| zone.validates)?.name.clone())
    }

    /// Whether the name is in a zone whose servers are believed as they are.
    pub(super) fn is_believed(&self, name: Name<'_>, kind: RrType) -> bool {
        self.zone_of(name, kind).is_some_and(|zone| !zone.validates)
    }

    /// What the servers of that zone say, for who validates.
    pub(super) async fn fetch(&self, name: Name<'_>, kind: RrType) -> Result<Forwarded, Reason> {
        let zone = self.zone_of(name, kind).ok_or(Reason::NoUpstream)?;
        let mut ask = Ask::new(name.to_owned(), kind);
        (ask.dnssec_ok, ask.checking_disabled) = (true, true);
        let taken = zone.ask(&ask, self.timing).await.map_err(given_up)?;
        let note = block_note(&taken);
        Ok(Forwarded { octets: taken.wire, rcode: taken.rcode, note })
    }

    /// Asks each forwarder of a validated `.` for the root's keys, which are signed whatever else is: a
    /// forwarder that has no signatures there drops them everywhere. One that gives no answer stays as it was
    /// known.
    pub(super) async fn look_for_signatures(&self) {
        let mut ask = Ask::new(Name::ROOT.to_owned(), RrType::DNSKEY);
        (ask.dnssec_ok, ask.checking_disabled) = (true, true);
        let servers = self.validated_root().flat_map(|zone| &zone.servers);
        let looks: FuturesUnordered<_> = servers
            .map(|server| {
                let ask = &ask;
                async move {
                    if let Ok(taken) = server.ask(ask).await.and_then(judge) {
                        server.signs.note(wire::has_signature(&taken.wire));
                    }
                }
            })
            .collect();
        looks.for_each(|()| std::future::ready(())).await;
    }

    /// Forwarders of a validated `.` that are known to drop signatures, as the config writes them.
    pub(super) fn without_signatures(&self) -> impl Iterator<Item = &str> {
        let servers = self.validated_root().flat_map(|zone| &zone.servers);
        servers.filter(|server| server.signs.is_none()).map(|server| server.label.as_str())
    }

    /// Whether it is known of each forwarder of a validated `.` if it sends signatures.
    pub(super) fn signatures_are_known(&self) -> bool {
        self.validated_root().flat_map(|zone| &zone.servers).all(|server| server.signs.is_known())
    }

    fn validated_root(&self) -> impl Iterator<Item = &Zone> {
        self.zones.iter().filter(|zone| zone.validates && zone.name.as_name().is_root())
    }

    pub(super) fn upstreams(&self) -> impl Iterator<Item = UpstreamState> + '_ {
        self.zones.iter().flat_map(|zone| {
            zone.servers
                .iter()
                .map(|server| UpstreamState::of(server.label.clone(), Some(zone.name.clone()), &server.tally))
        })
    }

    fn zone_of(&self, name: Name<'_>, asked: RrType) -> Option<&Zone> {
        self.zones.iter().find(|zone| {
            let apex = zone.name.as_name();
            name.is_at_or_below(apex) && !(asked == RrType::DS && name == apex && !apex.is_root())
        })
    }
}

impl Server {
    fn new(
        upstream: &Upstream,
        trusted: &Trusted,
        sources: &[IpAddr],
        timing: Timing,
        driver: &Arc<Driver>,
    ) -> Self {
        let tally = Arc::new(Tally::new());
        let server = upstream.address;
        let source = source_for(sources, server.ip());
        let udp = source.filter(|_| upstream.transport == Transport::Plain);
        let udp = udp.map(|source| Datagrams::new(server, source, timing.time_limit));
        let connections = source.map(|source| {
            let protocol = trusted.protocol(&upstream.transport);
            let opener = Opener { server, source, protocol, time_limit: timing.time_limit };
            Connections::new(opener, driver.clone(), tally.clone())
        });
        Self { label: upstream.to_string(), udp, connections, tally, signs: Signs::default() }
    }

    async fn ask(&self, ask: &Ask) -> Result<Taken, Fault> {
        if let Some(udp) = &self.udp {
            match udp.ask(ask, &self.tally).await {
                Found::Answer(octets) => return self.take(ask, octets),
                Found::Silent => return Err(Fault::Silent),
                Found::OverTcp => {}
            }
        }
        let connections = self.connections.as_ref().ok_or(Fault::Silent)?;
        match connections.ask(request(ask)).await {
            Ok(octets) => self.take(ask, octets),
            Err(Refusal::Distrusted) => Err(Fault::Distrusted),
            Err(Refusal::Ended | Refusal::NoConnection | Refusal::NoMessage | Refusal::Silent) => {
                Err(Fault::Silent)
            }
        }
    }

    fn take(&self, ask: &Ask, octets: Vec<u8>) -> Result<Taken, Fault> {
        taken::take(ask, octets).map_err(|_| {
            self.tally.failed();
            Fault::Garbage
        })
    }
}

/// Why a server's answer does not count; the later ones tell more.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fault {
    /// No answer, or no connection.
    Silent,
    /// A certificate of another name, or of nobody whom we trust.
    Distrusted,
    /// An answer that cannot be read.
    Garbage,
    /// An error code.
    Refused,
    /// SERVFAIL, with the reason that the server gave.
    Failed(Option<u16>),
}

/// The query as the library's transports take it.
fn request(ask: &Ask) -> DnsRequest {
    let mut options = DnsRequestOptions::default();
    options.use_edns = true;
    options.edns_payload_len = PAYLOAD;
    options.edns_set_dnssec_ok = ask.dnssec_ok;
    options.recursion_desired = true;
    let mut request = DnsRequest::from_query(wire::query(ask), options);
    request.metadata.checking_disabled = ask.checking_disabled;
    request
}

impl Zone {
    /// Asks the servers, and again where none was there.
    async fn ask(&self, ask: &Ask, timing: Timing) -> Result<Taken, Fault> {
        let end = Instant::now() + timing.time_limit;
        let mut pause = PAUSE;
        let mut found = self.ask_all(ask, timing.hedge).await;
        for _ in 1..ROUNDS_MAX {
            if !matches!(found, Err(Fault::Silent)) || Instant::now() + pause >= end {
                break;
            }
            sleep(pause).await;
            pause *= 2;
            found = timeout_at(end, self.ask_all(ask, timing.hedge)).await.unwrap_or(Err(Fault::Silent));
        }
        found
    }

    async fn ask_all(&self, ask: &Ask, hedge: Duration) -> Result<Taken, Fault> {
        if let [server] = &self.servers[..] {
            return server.ask(ask).await.and_then(judge);
        }
        let mut order: Vec<&Server> = self.servers.iter().collect();
        // Nothing that comes without signatures validates: others first.
        order.sort_by_cached_key(|server| (self.validates && server.signs.is_none(), server.tally.rank()));
        let mut order = order.into_iter();
        let mut trying = FuturesUnordered::new();
        let mut running: Vec<&Server> = Vec::new();
        let mut worst = Fault::Silent;
        loop {
            // Whoever is next comes in: at the start, after a fault, and when the others are slow.
            if let Some(server) = order.next() {
                running.push(server);
                trying.push(async move { (server, server.ask(ask).await) });
            }
            loop {
                let slow = async {
                    match order.len() {
                        0 => std::future::pending().await,
                        _ => sleep(hedge).await,
                    }
                };
                tokio::select! {
                    biased;
                    found = trying.next() => {
                        let Some((server, found)) = found else { return Err(worst) };
                        running.retain(|other| !std::ptr::eq(*other, server));
                        match found.and_then(judge) {
                            Ok(taken) => {
                                running.iter().for_each(|server| server.tally.overtaken());
                                return Ok(taken);
                            }
                            Err(fault) => worst = worst.max(fault),
                        }
                        if order.len() > 0 {
                            break;
                        }
                    }
                    () = slow => break,
                }
            }
        }
    }
}

fn judge(taken: Taken) -> Result<Taken, Fault> {
    match taken.rcode {
        Rcode::NO_ERROR | Rcode::NX_DOMAIN if Flags::of(&taken.wire).has(Flags::TC) => Err(Fault::Garbage),
        Rcode::NO_ERROR | Rcode::NX_DOMAIN => Ok(taken),
        Rcode::SERV_FAIL => Err(Fault::Failed(taken.ede)),
        _ => Err(Fault::Refused),
    }
}

fn accept(ask: &Ask, taken: Taken) -> Answer {
    let (rcode, ede) = (taken.rcode, block_note(&taken));
    match taken::only_asked(ask, taken.wire) {
        Ok(wire) => Answer { wire, rcode, security: Security::Indeterminate, ede, unfinished: None },
        Err(_) => wire::failure(ask, Reason::ForwarderMalformed),
    }
}

/// What a forwarder says of why it blocks, if it does.
fn block_note(taken: &Taken) -> Option<Reason> {
    let policy_zone = taken.rcode == Rcode::NX_DOMAIN && !taken.recursion_available && !taken.authoritative;
    match taken.ede {
        Some(15) => Some(Reason::UpstreamBlocked),
        Some(16) => Some(Reason::UpstreamCensored),
        Some(17) => Some(Reason::UpstreamFiltered),
        _ if policy_zone => Some(Reason::UpstreamBlocked),
        _ => None,
    }
}

fn given_up(worst: Fault) -> Reason {
    match worst {
        Fault::Silent => Reason::ForwardersTimedOut,
        Fault::Distrusted => Reason::ForwarderCertificate,
        Fault::Garbage => Reason::ForwarderMalformed,
        Fault::Refused => Reason::ForwardersRefuse,
        Fault::Failed(code) => {
            code.and_then(EdeCode::of_dnssec_failure).map_or(Reason::ForwardersFail, Reason::ForwarderBogus)
        }
    }
}
