//! The listeners for DNS, over UDP and TCP.
//!
//! Each listener reads a query in place, asks `query` for the answer and sends it from the address
//! that was asked. What cannot be answered at once goes to the slow path and comes back through the
//! same socket.
//!
//! Knows sockets, connections and their limits. Never knows tiers or lists.

pub mod admission;
mod outbox;
pub mod stream;
pub mod udp;
pub mod waiting;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt;
use ipnet::IpNet;

use crate::query::client::Refusal;
use crate::query::counters::Counters;

/// Where and for whom we listen; checked by `config`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Addresses for UDP and TCP.
    pub dns: Vec<SocketAddr>,
    /// Port to take instead where a port below 1024 is not allowed; `None`: that is an error.
    pub unprivileged_port: Option<u16>,
    /// Networks whose clients are answered.
    pub allow: Vec<IpNet>,
    /// What others get.
    pub refusal: Refusal,
    /// Queries a second that a client may ask; 0: as many as it likes.
    pub rate: u32,
    /// Threads that answer over UDP, per address; 0 = one a core.
    pub workers: usize,
    /// Queries that may wait for upstream at a time, all clients together.
    pub in_flight_max: usize,
    /// Queries of one client that may wait at a time. Where they are scarce, it may be fewer.
    pub in_flight_per_client: usize,
    /// How long a TCP connection may be idle (RFC 7766 §6.2.3); a quarter of it when places are scarce.
    pub tcp_idle: Duration,
    /// TCP connections at a time; for the next one the longest idle is closed.
    pub tcp_connections_max: usize,
    /// TCP connections of one client address at a time; the next one is closed at once.
    pub tcp_connections_per_client: usize,
    /// Queries of one TCP connection that may wait for upstream at a time.
    pub tcp_pipeline_max: usize,
    /// What `version.bind` and `version.server` (class CH) are answered with; `None`: REFUSED.
    pub version: Option<String>,
    /// What `hostname.bind` and `id.server` (class CH) are answered with; `None`: REFUSED.
    pub hostname: Option<String>,
}

/// Port for a first try without rights.
pub const UNPRIVILEGED_PORT: u16 = 6353;

impl Default for Settings {
    fn default() -> Self {
        Self {
            dns: vec![
                SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 53),
                SocketAddr::new(IpAddr::V6(Ipv6Addr::UNSPECIFIED), 53),
            ],
            unprivileged_port: Some(UNPRIVILEGED_PORT),
            allow: private_networks(),
            refusal: Refusal::default(),
            rate: 0,
            workers: 0,
            in_flight_max: 4096,
            // A classroom behind one address: 40 machines that switch on with 25 questions each.
            in_flight_per_client: 1024,
            tcp_idle: Duration::from_secs(10),
            tcp_connections_max: 1024,
            tcp_connections_per_client: 64,
            tcp_pipeline_max: 64,
            version: None,
            hostname: None,
        }
    }
}

/// Loopback, private (RFC 1918), shared (RFC 6598), link-local and unique local addresses: where a
/// school's own clients can be.
pub fn private_networks() -> Vec<IpNet> {
    [
        "127.0.0.0/8",
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "100.64.0.0/10",
        "169.254.0.0/16",
        "::1/128",
        "fc00::/7",
        "fe80::/10",
    ]
    .iter()
    .map(|net| net.parse().expect("a literal network"))
    .collect()
}

/// What comes of `work`; where it panics that is counted, and nothing comes of it. Who waits for it must not
/// wait for ever, whatever happens.
async fn or_nothing<T: Default>(work: impl Future<Output = T>, counters: &Counters) -> T {
    AssertUnwindSafe(work).catch_unwind().await.unwrap_or_else(|_| {
        Counters::add(&counters.panics);
        T::default()
    })
}
