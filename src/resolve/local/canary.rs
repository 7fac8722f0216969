//! Names by which devices ask a network whether they may go around its resolver. NXDOMAIN says no.

/// Firefox: whether DNS over HTTPS may be switched on by default.
pub const FIREFOX_DOH: &str = "use-application-dns.net";
/// iCloud Private Relay. It must get an answer quickly: a dropped query makes the device wait.
pub const PRIVATE_RELAY: [&str; 3] = ["mask.icloud.com", "mask-h2.icloud.com", "mask-canary.icloud.com"];

/// All of them; each stands for the name and what is below.
pub fn names() -> impl Iterator<Item = &'static str> {
    std::iter::once(FIREFOX_DOH).chain(PRIVATE_RELAY)
}
