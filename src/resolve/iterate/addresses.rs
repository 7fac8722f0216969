//! Addresses of name servers: by a question of their own, from the zone above, or as glue that was met before.
//!
//! An address counts only where somebody was asked for it, or in a referral that names the server (RFC 2181
//! §5.4.1). What stands in the additional section of any other message is never looked at.

use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;

use super::Recursor;
use super::ask::ZONE_TIME_MAX;
use super::budget::{Job, Path};
use super::io::Io;
use super::reply::{Response, ResponseKind, moved};
use super::store::{Content, Validation};
use crate::dns::name::{Name, OwnedName};
use crate::dns::rrset::RrSet;
use crate::dns::rrtype::RrType;

/// Aliases of a name server's name that are followed. None is allowed (RFC 2181 §10.3), some exist.
const ALIASES_MAX: usize = 4;
/// Zones on the way down from the zone above a server's own to the delegation: one, or two where a cut between
/// was not known.
const ZONES_ABOVE_MAX: usize = 3;

/// A future that another of its own kind waits for.
type Boxed<'f, T> = Pin<Box<dyn Future<Output = T> + Send + 'f>>;

impl<O: Io> Recursor<O> {
    /// Addresses of a name server that a question for them brought.
    pub(super) fn known_addresses(&self, server: Name<'_>) -> Vec<IpAddr> {
        let now = self.io.now();
        let kinds = [RrType::A, RrType::AAAA];
        let sets = kinds.iter().filter_map(|kind| self.store.find(server, *kind, now));
        let sets = sets.filter(|kept| !matches!(kept.validation(), Validation::Bogus(_)));
        sets.filter_map(|kept| Some(kept.set()?.addresses().collect::<Vec<_>>())).flatten().collect()
    }

    /// Addresses of a name server in the delegation of the zone that it lies in.
    pub(super) fn glue_met(&self, server: Name<'_>) -> Vec<IpAddr> {
        let now = self.io.now();
        let glue = |zone| {
            let cut = self.cuts.at(zone, now)?;
            let glue = cut.glue_of(server);
            (!glue.is_empty()).then(|| glue.to_vec())
        };
        server.ancestors().find_map(glue).unwrap_or_default()
    }

    /// Looks up a name server's addresses by resolving its name: IPv4 first, IPv6 where there is none.
    pub(super) async fn look_up_server(&self, server: Name<'_>, job: &Job, path: &Path<'_>) -> Vec<IpAddr> {
        for kind in [RrType::A, RrType::AAAA] {
            let Some(path) = path.then(server, kind) else { continue };
            if !job.spend_lookup() {
                break;
            }
            let found = self.addresses_of(server.to_owned(), kind, job, &path).await;
            if found.iter().any(|address| self.may_ask(*address)) {
                return found;
            }
        }
        Vec::new()
    }

    /// Asks the zone above a name server's own for its addresses: the delegation's glue was left out, is of a
    /// family that we do not have, or has changed.
    pub(super) async fn look_up_above(&self, server: Name<'_>, job: &Job, path: &Path<'_>) -> Vec<IpAddr> {
        for kind in [RrType::A, RrType::AAAA] {
            let Some(path) = path.then_above(server, kind) else { continue };
            if !job.spend_lookup() {
                break;
            }
            let found = self.addresses_above(server, kind, job, &path).await;
            if found.iter().any(|address| self.may_ask(*address)) {
                return found;
            }
        }
        Vec::new()
    }

    /// The addresses at `name`, aliases followed.
    fn addresses_of<'s>(
        &'s self,
        name: OwnedName,
        kind: RrType,
        job: &'s Job,
        path: &'s Path<'s>,
    ) -> Boxed<'s, Vec<IpAddr>> {
        Box::pin(async move {
            let mut name = name;
            for _ in 0..=ALIASES_MAX {
                let Ok(lookup) = self.look(name.as_name(), kind, job, path).await else { break };
                let Content::Set(set) = &lookup.kept.content else { break };
                if set.rtype == kind {
                    return set.addresses().collect();
                }
                match target(name.as_name(), set) {
                    Some(target) => name = target,
                    None => break,
                }
            }
            Vec::new()
        })
    }

    /// What the servers above the zone of `server` say when they are asked for its address: an answer, or a
    /// referral with glue.
    fn addresses_above<'s>(
        &'s self,
        server: Name<'s>,
        kind: RrType,
        job: &'s Job,
        path: &'s Path<'s>,
    ) -> Boxed<'s, Vec<IpAddr>> {
        Box::pin(async move {
            let own = self.cuts.deepest(server, self.io.now());
            let Some(above) = own.zone.as_name().parent() else { return Vec::new() };
            let mut cut = self.cuts.deepest(above, self.io.now());
            for _ in 0..ZONES_ABOVE_MAX {
                let Ok(told) = self.ask_zone(&cut, server, kind, ZONE_TIME_MAX, job, path).await else {
                    break;
                };
                let Response { says, more, .. } = told.response;
                match says {
                    ResponseKind::Data(set) => return set.addresses().collect(),
                    ResponseKind::Alias(set) | ResponseKind::Dname(set) => {
                        return self.end_of_aliases(server, set, &more, kind, job, path).await;
                    }
                    ResponseKind::Referral(referral, _) => {
                        let is_own =
                            referral.zone.as_name().label_count() >= own.zone.as_name().label_count();
                        cut = self.cuts.learn(referral, self.io.now());
                        let glue = cut.glue_of(server);
                        if is_own || !glue.is_empty() {
                            return glue.to_vec();
                        }
                    }
                    ResponseKind::NoData(_) | ResponseKind::NxDomain(_) => break,
                }
            }
            Vec::new()
        })
    }

    /// The addresses to which the alias `set` of `name` leads: those that came with it, else by a question.
    async fn end_of_aliases(
        &self,
        name: Name<'_>,
        set: RrSet,
        more: &[RrSet],
        kind: RrType,
        job: &Job,
        path: &Path<'_>,
    ) -> Vec<IpAddr> {
        let Some(mut name) = target(name, &set) else { return Vec::new() };
        for _ in 0..ALIASES_MAX {
            if let Some(set) = more.iter().find(|set| set.is(name.as_name(), kind)) {
                return set.addresses().collect();
            }
            match more.iter().find(|set| set.is(name.as_name(), RrType::CNAME)).and_then(RrSet::first_name) {
                Some(target) => name = target,
                None => break,
            }
        }
        self.addresses_of(name, kind, job, path).await
    }
}

/// Where a CNAME or DNAME leads from `name`.
fn target(name: Name<'_>, set: &RrSet) -> Option<OwnedName> {
    let target = set.first_name()?;
    match set.rtype {
        RrType::CNAME => Some(target),
        RrType::DNAME => moved(name, set.owner.as_name(), target.as_name()),
        _ => None,
    }
}
