//! What the resolver does, checked.

use std::hash::{Hash, Hasher};
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;

use super::cache::bounds::TtlBounds;
use super::dns64::prefix::Prefix;
use super::forward::upstream::Upstream;
use super::iterate::minimise::Minimisation;
use super::validate::Sha1Signatures;
use super::{file, local};
use crate::dns::edns::PAYLOAD;
use crate::dns::name::OwnedName;

/// How long a client waits for a new answer where there is a stale one: RFC 8767 §5 recommends 1.8 seconds.
pub const STALE_AFTER: Duration = Duration::from_millis(1800);

/// Where answers come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// From the root down; zones in [`Settings::forwards`] are forwarded all the same.
    #[default]
    Recursive,
    /// From forwarders; one of the zones must be the root.
    Forward,
}

/// A zone and the servers that know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForwardZone {
    /// The root for everything.
    pub zone: OwnedName,
    /// At least one.
    pub servers: Vec<Upstream>,
    /// Whether what they say is validated (RFC 4035). A zone that only the school knows has no place in the
    /// chain of trust.
    pub validates: bool,
}

/// What the resolver does, checked. `Default` is what we ship.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Where answers come from.
    pub mode: Mode,
    /// Forwarded zones; the longest that matches is asked.
    pub forwards: Vec<ForwardZone>,
    /// What each zone gets to see of a name in recursion (RFC 9156).
    pub minimisation: Minimisation,
    /// The payload that name servers may send over UDP, in octets.
    pub edns_size: u16,
    /// Whether the letters of questions in recursion are of mixed case (0x20), against forged answers.
    pub mix_case: bool,
    /// Whether name servers are given cookies (RFC 7873).
    pub cookies: bool,
    /// Whether the root's servers are asked for their own list (RFC 8109); else the hints are all.
    pub primes: bool,
    /// Whether answers are validated (RFC 4035): those of recursion, and of the forwarded zones that say so. A
    /// forwarder's AD is never passed on.
    pub dnssec: bool,
    /// Root servers in master format; `None` for the built-in ones.
    pub root_hints: Option<PathBuf>,
    /// DS and DNSKEY of any names in master format; `None` for the root's, as built in (20326 and 38696).
    pub trust_anchors: Option<PathBuf>,
    /// Names at and below which nothing is validated (RFC 7646), until a second since 1970 if there is one.
    pub negative_anchors: Vec<(OwnedName, Option<u32>)>,
    /// Whether signatures over SHA-1 (algorithms 5 and 7) count.
    pub sha1: Sha1Signatures,
    /// CA certificates in PEM that vouch for DoT and DoH forwarders besides the public ones.
    pub ca_file: Option<PathBuf>,
    /// Networks in which no name server is asked during recursion. The root servers are always asked.
    pub never_ask: Vec<IpNet>,
    /// Addresses to ask from; any, when empty. A family without an address is not asked.
    pub source_addresses: Vec<IpAddr>,
    /// Octets of the answer cache, for whoever builds it.
    pub cache_bytes: u64,
    /// How long answers are kept, for whoever builds the cache.
    pub ttl: TtlBounds,
    /// How long a client waits for a new answer when there is an old one, for whoever answers.
    pub stale_after: Duration,
    /// Whether answers are fetched anew before their time is over, for whoever answers.
    pub prefetches: bool,
    /// Whether answers from outside may not lead into the school's own networks.
    pub rebinding: bool,
    /// Names, each with those below it, that may.
    pub private_names: Vec<OwnedName>,
    /// The prefix of the school's translator, where names without IPv6 addresses are to get some.
    pub dns64: Option<Prefix>,
    /// Names that we answer ourselves.
    pub local: local::Settings,
    /// Time for one question, everything included.
    pub deadline: Duration,
    /// Time for one try of one forwarder, which may have to recurse itself.
    pub forward_try_for: Duration,
    /// Time until a second forwarder is asked as well.
    pub hedge_after: Duration,
    /// Different questions in flight at once; one more gets SERVFAIL.
    pub in_flight: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            mode: Mode::Recursive,
            forwards: Vec::new(),
            minimisation: Minimisation::default(),
            edns_size: PAYLOAD,
            mix_case: false,
            cookies: true,
            primes: true,
            dnssec: true,
            root_hints: None,
            trust_anchors: None,
            negative_anchors: Vec::new(),
            sha1: Sha1Signatures::default(),
            ca_file: None,
            never_ask: recommended_never_ask(),
            source_addresses: Vec::new(),
            cache_bytes: 64 << 20,
            ttl: TtlBounds::default(),
            stale_after: STALE_AFTER,
            prefetches: true,
            rebinding: true,
            private_names: Vec::new(),
            dns64: None,
            local: local::Settings::default(),
            deadline: Duration::from_secs(8),
            forward_try_for: Duration::from_secs(3),
            hedge_after: Duration::from_millis(400),
            in_flight: 4096,
        }
    }
}

impl Settings {
    /// Octets of what recursion remembers of zones and servers besides answers.
    pub(super) fn store_bytes(&self) -> u64 {
        self.cache_bytes / 2
    }

    /// A number for what stands in all files that are named here; another one where they say something
    /// else.
    pub(super) fn mark_of_files(&self) -> u64 {
        let mut mark = std::hash::DefaultHasher::new();
        let zones = self.local.zones.iter().map(|zone| &zone.file);
        let named = [&self.root_hints, &self.trust_anchors, &self.ca_file].into_iter().flatten();
        for path in named.chain(zones) {
            file::read(path).ok().hash(&mut mark);
        }
        mark.finish()
    }
}

/// Networks where no public name server can be: loopback, private, documentation, multicast …
pub fn recommended_never_ask() -> Vec<IpNet> {
    NOWHERE_PUBLIC.iter().map(|net| net.parse().expect("a literal network")).collect()
}

/// Special-purpose addresses that are not globally reachable (IANA's registries, RFC 6890), multicast, and the
/// forms of IPv6 that stand for an IPv4 address.
const NOWHERE_PUBLIC: &[&str] = &[
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/3",
    "::/127",
    "::ffff:0:0/96",
    "64:ff9b::/96",
    "64:ff9b:1::/48",
    "100::/64",
    "2001:db8::/32",
    "2002::/16",
    "3fff::/20",
    "5f00::/16",
    "fc00::/7",
    "fe80::/10",
    "ff00::/8",
];
