//! Recursion as the rest of the program sees it: [iteration](super::iterate) over this machine's sockets, from the settings.

use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use tracing::warn;

use hickory_resolver::proto::rr::{self, RData};
use hickory_resolver::proto::serialize::txt::Parser;

use super::forward::Forwarder;
use super::iterate::budget::Freshness;
use super::iterate::zone_security::Validator;
use super::iterate::{self, Recursor};
use super::local::Local;
use super::settings::Settings;
use super::timekeeping::Timekeeping;
use super::upstream::system_io::SystemIo;
use super::validate::Rules;
use super::validate::anchors::Anchors;
use super::{Answer, Ask, Error, Onward, UpstreamState, file, wire};
use crate::dns::name::{Name, OwnedName};
use crate::dns::servers::NameServers;

/// The built-in root hints.
const ROOT_HINTS: &str = include_str!("root.hints");

/// Iteration with what it needs.
pub(super) struct Recursive {
    recursor: Recursor<SystemIo>,
}

impl Recursive {
    pub(super) fn new(
        settings: &Settings,
        sources: Arc<[IpAddr]>,
        forwarder: Arc<Forwarder>,
        local: Arc<Local>,
        timekeeping: &Timekeeping,
    ) -> Result<Self, Error> {
        let dnssec = settings.dnssec;
        let rules = Rules { sha1: settings.sha1, ..Rules::default() };
        let mut anchors = match settings.trust_anchors.as_deref() {
            None => Anchors::built_in(),
            Some(path) => anchors(path)?,
        };
        if settings.dnssec && anchors.is_empty() {
            warn!("the trust anchors name no key: nothing is validated");
        }
        for (name, until) in &settings.negative_anchors {
            anchors.distrust(name.clone(), *until);
        }
        let settings = iterate::Settings {
            roots: roots(settings.root_hints.as_deref())?,
            never_ask: settings.never_ask.clone(),
            minimisation: settings.minimisation,
            edns_size: settings.edns_size,
            mix_case: settings.mix_case,
            cookies: settings.cookies,
            primes: settings.primes,
            ttl: settings.ttl,
            store_bytes: settings.store_bytes(),
            time_servers: timekeeping.servers.clone(),
        };
        let validator = match dnssec {
            true => Some(Validator::new(anchors, rules)),
            false => None,
        };
        Ok(Self {
            recursor: Recursor::new(
                SystemIo {
                    sources,
                    started: Instant::now(),
                    forwarder,
                    local,
                    watch: timekeeping.watch.clone(),
                },
                settings,
                validator,
            ),
        })
    }

    pub(super) fn upstreams(&self) -> impl Iterator<Item = UpstreamState> + '_ {
        self.recursor.servers().map(|(address, server)| UpstreamState {
            server: address.to_string(),
            zone: None,
            queries: server.queries(),
            failures: server.failures(),
            failing: server.silences(),
            rtt: server.rtt(),
        })
    }

    pub(super) fn delegation_of(&self, name: Name<'_>) -> Option<NameServers> {
        self.recursor.delegation_of(name)
    }

    pub(super) async fn resolve(&self, ask: &Ask, onward: &Onward<'_>, freshness: Freshness) -> Answer {
        self.recursor.resolve(ask, onward, freshness).await
    }
}

/// The root's servers by name, with their addresses.
fn roots(hints: Option<&Path>) -> Result<Vec<(OwnedName, Vec<IpAddr>)>, Error> {
    let text = match hints {
        None => ROOT_HINTS.to_owned(),
        Some(path) => file::read(path).map_err(|source| Error::Read { path: path.to_owned(), source })?,
    };
    let malformed = |why: String| Error::RootHints { path: hints.map(Path::to_owned), why };
    let (_, sets) = Parser::new(text, None, Some(rr::Name::root()))
        .parse()
        .map_err(|error| malformed(error.to_string()))?;
    let mut servers: Vec<(OwnedName, Vec<IpAddr>)> = Vec::new();
    let mut add = |name: &rr::Name, address: Option<IpAddr>| {
        let Some(name) = wire::our_name(name) else { return };
        match servers.iter_mut().find(|(other, _)| *other == name) {
            Some((_, addresses)) => addresses.extend(address),
            None => servers.push((name, address.into_iter().collect())),
        }
    };
    for record in sets.values().flat_map(|set| set.records_without_rrsigs()) {
        match &record.data {
            RData::NS(server) if record.name.is_root() => add(&server.0, None),
            data => {
                if let Some(address) = data.ip_addr() {
                    add(&record.name, Some(address));
                }
            }
        }
    }
    servers.retain(|(_, addresses)| !addresses.is_empty());
    if servers.is_empty() { Err(malformed("no address of a root server".to_owned())) } else { Ok(servers) }
}

fn anchors(path: &Path) -> Result<Anchors, Error> {
    let text = file::read(path).map_err(|source| Error::Read { path: path.to_owned(), source })?;
    Anchors::parse(&text).map_err(|mistakes| {
        let lines = mistakes.iter().map(|mistake| format!("line {}: {}", mistake.line, mistake.why));
        Error::TrustAnchors { path: path.to_owned(), why: lines.collect::<Vec<_>>().join("; ") }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_hints_name_thirteen_servers_in_both_families() {
        let roots = roots(None).unwrap();
        assert_eq!(roots.len(), 13);
        assert!(roots.iter().all(|(_, addresses)| addresses.len() == 2), "{roots:?}");
    }
}
