//! Where a list's server is: asked of our own resolver, below every policy.
//!
//! A machine that uses itself as its resolver is a client like any other: a list could block the host of
//! another list, or its own. So the program asks its own resolver directly, and the system only where that
//! finds nothing (`/etc/hosts`, a line on which only the provider's resolver works).

use std::fmt::Debug;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;

/// Addresses of one server that are tried.
const ADDRESSES_MAX: usize = 8;

/// Finds addresses. Bounded in time by whoever does it.
pub trait Lookup: Debug + Send + Sync {
    /// The addresses of a host, the best first; none where it cannot be found.
    fn addresses(&self, host: &str) -> Vec<IpAddr>;
}

/// As the HTTP client asks.
#[derive(Debug)]
pub(super) struct BelowPolicy {
    pub lookup: Option<Arc<dyn Lookup>>,
    pub system: DefaultResolver,
}

impl Resolver for BelowPolicy {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let host = uri.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
        let port = uri.port_u16().or(match uri.scheme_str() {
            Some("https") => Some(443),
            Some("http") => Some(80),
            _ => None,
        });
        if let (Err(_), Some(lookup), Some(port)) = (host.parse::<IpAddr>(), &self.lookup, port) {
            let mut found = self.empty();
            // 0.0.0.0 is how a forwarder blocks, not where a server is.
            let usable = lookup.addresses(host).into_iter().filter(|address| !address.is_unspecified());
            usable.take(ADDRESSES_MAX).for_each(|address| found.push(SocketAddr::new(address, port)));
            if !found.is_empty() {
                return Ok(found);
            }
        }
        self.system.resolve(uri, config, timeout)
    }
}
