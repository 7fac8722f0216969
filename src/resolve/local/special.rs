//! Names that no public server may ever be asked for: special-use names, and reverse zones of addresses
//! that mean something only where they are used.

use super::canary;
use crate::dns::name::OwnedName;

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
}

/// NXDOMAIN: RFC 6761 §6.2, 6.4 and RFC 6762 App. G, RFC 7686, RFC 8375 §4, RFC 9476; `internal` is
/// ICANN's for private use.
const MISSING: &[&str] = &["invalid", "test", "local", "onion", "home.arpa", "alt", "internal"];
/// NODATA: discovery of designated resolvers (RFC 9462), and of services where no zone says otherwise.
const SILENT: &[&str] = &["resolver.arpa"];
/// Reverse zones of RFC 6303 §4 and of the registries that follow it.
const EMPTY: &[&str] = &[
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

/// Every apex with what it says.
pub(super) fn apexes(canaries: bool) -> impl Iterator<Item = (OwnedName, Special)> {
    // 172.16.0.0/12 and 100.64.0.0/10 (RFC 7793) do not end at an octet.
    let ranges = (16..=31)
        .map(|octet| format!("{octet}.172.in-addr.arpa"))
        .chain((64..=127).map(|octet| format!("{octet}.100.in-addr.arpa")));
    let of =
        |names: &'static [&'static str], special| names.iter().map(move |name| ((*name).to_owned(), special));
    std::iter::once(("localhost".to_owned(), Special::Localhost))
        .chain(of(MISSING, Special::Missing))
        .chain(of(SILENT, Special::Silent))
        .chain(of(EMPTY, Special::Empty))
        .chain(ranges.map(|name| (name, Special::Empty)))
        .chain(canary::names().filter(move |_| canaries).map(|name| (name.to_owned(), Special::Missing)))
        .map(|(name, special)| (OwnedName::parse(&name).expect("a name of the tables above"), special))
}
