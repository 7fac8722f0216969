//! Names by which devices ask a network whether they may go around its resolver. NXDOMAIN says no.

use crate::dns::name::{Name, OwnedName};

/// Firefox: whether DNS over HTTPS may be switched on by default.
pub const FIREFOX_DOH: &str = "use-application-dns.net";
/// iCloud Private Relay. It must get an answer quickly: a dropped query makes the device wait.
pub const PRIVATE_RELAY: [&str; 3] = ["mask.icloud.com", "mask-h2.icloud.com", "mask-canary.icloud.com"];
/// Chromium: whether pages may be prefetched through Google's proxy. Only an answer without an address says no;
/// `0.0.0.0` is an address to it.
pub const PREFETCH_PROXY: [&str; 2] = ["dns-tunnel-check.googlezip.net", "tls-tunnel-check.googlezip.net"];

/// Whether the name is one of them, or below one.
pub fn covers(name: Name<'_>) -> bool {
    let mut apexes = names().filter_map(|text| OwnedName::parse(text).ok());
    apexes.any(|apex| name.is_at_or_below(apex.as_name()))
}

/// All of them; each stands for the name and what is below.
pub fn names() -> impl Iterator<Item = &'static str> {
    std::iter::once(FIREFOX_DOH).chain(PRIVATE_RELAY).chain(PREFETCH_PROXY)
}
