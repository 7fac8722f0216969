//! Names that no public server may ever be asked for: special-use names, and reverse zones of addresses
//! that mean something only where they are used.

use super::canary;
use crate::dns::name::{Name, OwnedName};
use crate::dns::rrtype::RrType;
use crate::resolve::dns64::prefix::Prefix;

/// What an apex says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Special {
    /// Loopback addresses, at the name and below (RFC 6761 §6.3).
    Localhost,
    /// An empty zone: NODATA at the name, NXDOMAIN below (RFC 6303 §3).
    Empty,
    /// NXDOMAIN at the name and below.
    Missing,
    /// NODATA at the name and below (RFC 9462 §6.4: no resolver but this one is to be discovered).
    Silent,
    /// The addresses by which clients find out about translators (RFC 7050 §8.2, RFC 8880 §7).
    Ipv4Only(Option<Prefix>),
    /// The name of one of these addresses.
    Ipv4OnlyAddress,
    /// The reverse zone of the addresses behind a prefix: each leads to the IPv4 address's name (RFC 6147
    /// §5.3.1).
    Translated(Prefix),
}

impl Special {
    /// Whether the question is one for the zone above, which says that there are no signatures here: that is
    /// what a validating client needs to believe what we make up (RFC 4035 §3.1.4.1, RFC 8375 §4).
    pub(super) fn leaves_to_parent(self, name: Name<'_>, apex: Name<'_>, asked: RrType) -> bool {
        let is_delegated = matches!(self, Self::Empty | Self::Ipv4Only(_));
        is_delegated && asked == RrType::DS && name == apex
    }
}

/// NXDOMAIN: RFC 6761 §6.2, 6.4 and RFC 6762 App. G, RFC 7686, RFC 9476; `internal` is ICANN's for private use.
const MISSING: &[&str] = &["invalid", "test", "local", "onion", "alt", "internal"];
/// Those of them that mean something nowhere: no config lets them out.
const NEVER_PUBLIC: &[&str] = &["localhost", "invalid", "onion", "alt"];
/// NODATA: discovery of designated resolvers (RFC 9462), and of services where no zone says otherwise.
const SILENT: &[&str] = &["resolver.arpa"];
/// The name by which translators are found (RFC 7050), and the names of its addresses.
const IPV4_ONLY: &str = "ipv4only.arpa";
const IPV4_ONLY_ADDRESSES: &[&str] = &["170.0.0.192.in-addr.arpa", "171.0.0.192.in-addr.arpa"];
/// Zones that are served locally: reverse zones of RFC 6303 §4 and of the registries that follow it, and the
/// networks at home (RFC 8375 §4) and of services (RFC 9665 §10).
const EMPTY: &[&str] = &[
    "home.arpa",
    "service.arpa",
    "10.in-addr.arpa",
    "168.192.in-addr.arpa",
    "0.in-addr.arpa",
    "127.in-addr.arpa",
    "254.169.in-addr.arpa",
    "2.0.192.in-addr.arpa",
    "100.51.198.in-addr.arpa",
    "113.0.203.in-addr.arpa",
    "255.255.255.255.in-addr.arpa",
    // ::, ::1, fd00::/8, fe80::/10, 2001:db8::/32
    "0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.ip6.arpa",
    "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.ip6.arpa",
    "d.f.ip6.arpa",
    "c.f.ip6.arpa",
    "8.e.f.ip6.arpa",
    "9.e.f.ip6.arpa",
    "a.e.f.ip6.arpa",
    "b.e.f.ip6.arpa",
    "8.b.d.0.1.0.0.2.ip6.arpa",
];

/// Names whose PTR is `localhost`.
pub(super) const LOOPBACK: [&str; 2] =
    ["1.0.0.127.in-addr.arpa", "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.ip6.arpa"];

/// Every apex with what it says; `translated` is the prefix of DNS64.
pub(super) fn apexes(
    canaries: bool,
    translated: Option<Prefix>,
) -> impl Iterator<Item = (OwnedName, Special)> {
    // 172.16.0.0/12 and 100.64.0.0/10 (RFC 7793) do not end at an octet.
    let ranges = (16..=31)
        .map(|octet| format!("{octet}.172.in-addr.arpa"))
        .chain((64..=127).map(|octet| format!("{octet}.100.in-addr.arpa")));
    let of =
        |names: &'static [&'static str], special| names.iter().map(move |name| ((*name).to_owned(), special));
    let prefix = translated.map(|prefix| (prefix.reverse_apex(), Special::Translated(prefix)));
    std::iter::once(("localhost".to_owned(), Special::Localhost))
        .chain(std::iter::once((IPV4_ONLY.to_owned(), Special::Ipv4Only(translated))))
        .chain(of(IPV4_ONLY_ADDRESSES, Special::Ipv4OnlyAddress))
        .chain(of(MISSING, Special::Missing))
        .chain(of(SILENT, Special::Silent))
        .chain(of(EMPTY, Special::Empty))
        .chain(ranges.map(|name| (name, Special::Empty)))
        .chain(canary::names().filter(move |_| canaries).map(|name| (name.to_owned(), Special::Missing)))
        .map(|(name, special)| (OwnedName::parse(&name).expect("a name of the tables above"), special))
        .chain(prefix)
}

/// Whether a config may have what is below the apex asked outside.
pub(super) fn may_be_public(apex: Name<'_>) -> bool {
    let text = apex.to_string();
    !NEVER_PUBLIC.contains(&text.as_str())
}

/// Whether there is anything at, above or below the name that is served here and may be left to others.
pub(super) fn can_be_left(name: Name<'_>) -> bool {
    apexes(false, None).any(|(apex, _)| {
        let apex = apex.as_name();
        may_be_public(apex) && (apex.is_at_or_below(name) || name.is_at_or_below(apex))
    })
}
