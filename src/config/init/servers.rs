//! The questions about who is asked: other servers, and the school's own domain where they are its own.

use ipnet::IpNet;

use super::{Error, Interview};
use crate::config::mistake::said;
use crate::config::nearest::folded;
use crate::config::value;
use crate::dns::public_suffix::is_public_suffix;
use crate::dns::written;
use crate::i18n::slip;
use crate::resolve::forward::upstream::Upstream;

/// Servers of one zone, as `[[resolve.forward]]` takes them.
const SERVERS_MAX: usize = 16;

impl Interview<'_> {
    pub(super) fn servers(&mut self) -> Result<Vec<String>, Error> {
        let question = said!("init-servers");
        self.ask(&question, "", |answer| {
            let mut servers: Vec<(Upstream, String)> = Vec::new();
            for written in answer.split([',', ';']).map(str::trim).filter(|word| !word.is_empty()) {
                if let Some(meant) = value::port_run_together(written) {
                    return Err(said!("init-servers-write-meant", meant = meant.to_string()));
                }
                let server = written.parse::<Upstream>().ok().filter(|server| {
                    let ip = server.address.ip();
                    !ip.is_loopback() && !ip.is_unspecified() && server.address.port() != 0
                });
                let Some(server) = server else {
                    return Err(said!("init-servers-written-is-not", written = written.to_string()));
                };
                if !servers.iter().any(|(other, _)| *other == server) {
                    servers.push((server, written.to_owned()));
                }
            }
            if servers.len() > SERVERS_MAX {
                let most = SERVERS_MAX;
                return Err(said!("init-servers-at-most-most", most = most.to_string()));
            }
            Ok(servers.into_iter().map(|(_, written)| written).collect())
        })
    }

    /// The school's own domain, where the servers are its own: a domain controller answers for it with private
    /// addresses, which are taken out of answers to names that are not known to be the school's.
    pub(super) fn domain(&mut self, servers: &[String]) -> Result<Option<String>, Error> {
        let is_own = |server: &String| {
            let address = server.parse::<Upstream>().map(|server| IpNet::from(server.address.ip()));
            address.is_ok_and(|address| {
                crate::serve::private_networks().iter().any(|own| own.contains(&address))
            })
        };
        if !servers.iter().any(is_own) {
            return Ok(None);
        }
        let question = said!("init-domain");
        self.ask(&question, "", |answer| {
            if answer.is_empty() || matches!(folded(answer).as_str(), "khong" | "no" | "_") {
                return Ok(None);
            }
            match written::name(answer) {
                Ok(name) if !name.as_name().is_root() && !is_public_suffix(name.as_name()) => {
                    Ok(Some(name.to_string()))
                }
                Ok(_) => Err(said!("init-domain-write-the-school")),
                Err(wrong) => {
                    let meant = wrong.meant.map(|meant| format!(": {meant}?")).unwrap_or_default();
                    let why = slip::told(wrong.slip);
                    Err(said!("init-domain-why-meant", why = why.clone(), meant = meant.to_string()))
                }
            }
        })
    }
}
