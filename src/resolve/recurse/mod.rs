//! Recursion: from the root down with the library's `Recursor`, validated by default.
//!
//! The library knows no CD bit, so there are two recursors: one validates, the other does not and is
//! made when the first question with CD comes (or serves all, where validation is off). Both ask
//! through the same [`Provider`], whose tallies the status shows. Their caches are small: they hold
//! delegations and keys; answers are kept by our own cache in front.
//!
//! The library reports a negative answer for the name at the *end* of a chain of CNAMEs and drops the
//! chain, and its validator then checks the proof against the name at the *start* and calls it bogus.
//! Such questions are resolved again link by link, each link with its own proof.

use std::net::IpAddr;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use hickory_resolver::proto::dnssec::TrustAnchors;
use hickory_resolver::proto::op::Query;
use hickory_resolver::proto::rr::{Name, RData, Record, RecordType};
use hickory_resolver::proto::serialize::txt::Parser;
use hickory_resolver::recursor::{DnssecConfig, DnssecPolicy, Recursor, RecursorOptions};

use super::reason::{self, Reason};
use super::upstream::tally::Tallies;
use super::upstream::{Provider, Role};
use super::wire::{self, Parts};
use super::{Answer, Ask, Error, Proof, Settings, UpstreamState, file};
use crate::dns::edns::PAYLOAD;

use crate::dns::reply::Rcode;
use found::Found;

mod found;
mod proof;

/// The built-in root hints.
const ROOT_HINTS: &str = include_str!("root.hints");
/// Zones whose servers are remembered (the library's default of 1,024 is soon full).
const ZONES_MAX: usize = 16_384;
/// Messages in each of the library's caches: delegations, keys, what a chain passes.
const MESSAGES_MAX: u64 = 8_192;
/// NSEC3 iterations above which a proof counts as insecure, and as bogus (RFC 9276 §3.2).
const NSEC3_SOFT: u16 = 50;
const NSEC3_HARD: u16 = 150;
/// Steps down in one look-up, one for each label at which the library probes for a cut: its default of
/// 24 cannot resolve the 34 labels of an IPv6 reverse name. Queries stay bounded by its 200 a question.
const LABELS_DOWN_MAX: u8 = 48;
/// The same with the aliases on the way.
const STEPS_MAX: u8 = 64;
/// Links of a chain that is resolved link by link. Real chains have up to 8 or so.
const CHAIN_MAX: usize = 16;

/// The recursors and what they share.
pub(super) struct Recursive {
    plan: Plan,
    validating: Option<Recursor<Provider>>,
    plain: OnceLock<Recursor<Provider>>,
    tallies: Arc<Tallies>,
}

/// What a recursor is made from.
struct Plan {
    roots: Vec<IpAddr>,
    options: RecursorOptions,
    provider: Provider,
}

impl Plan {
    fn build(&self, policy: DnssecPolicy) -> Result<Recursor<Provider>, Error> {
        Recursor::new(&self.roots, policy, None, self.options.clone(), self.provider.clone())
            .map_err(|error| Error::Library(error.to_string()))
    }
}

impl Recursive {
    pub(super) fn new(settings: &Settings, sources: Arc<[IpAddr]>) -> Result<Self, Error> {
        let tallies = Arc::new(Tallies::new());
        let options = RecursorOptions {
            ns_cache_size: ZONES_MAX,
            response_cache_size: MESSAGES_MAX,
            ns_recursion_limit: LABELS_DOWN_MAX,
            recursion_limit: STEPS_MAX,
            deny_server: settings.never_ask.clone(),
            edns_payload_len: PAYLOAD,
            ..RecursorOptions::default()
        };
        let provider = Provider::new(Role::Authority(tallies.clone()), sources, settings.try_for);
        let plan = Plan { roots: roots(settings.root_hints.as_deref())?, options, provider };
        let validating = match settings.dnssec {
            true => {
                let mut config = DnssecConfig::default();
                config.trust_anchor =
                    settings.trust_anchors.as_deref().map(anchors).transpose()?.map(Arc::new);
                config.nsec3_soft_iteration_limit = Some(NSEC3_SOFT);
                config.nsec3_hard_iteration_limit = Some(NSEC3_HARD);
                Some(plan.build(DnssecPolicy::ValidateWithStaticKey(config))?)
            }
            false => None,
        };
        let this = Self { plan, validating, plain: OnceLock::new(), tallies };
        if this.validating.is_none() {
            this.plain()?;
        }
        Ok(this)
    }

    fn plain(&self) -> Result<&Recursor<Provider>, Error> {
        if let Some(plain) = self.plain.get() {
            return Ok(plain);
        }
        let plain = self.plan.build(DnssecPolicy::ValidationDisabled)?;
        Ok(self.plain.get_or_init(|| plain))
    }

    pub(super) fn upstreams(&self) -> impl Iterator<Item = UpstreamState> + '_ {
        self.tallies.all().map(|(ip, tally)| UpstreamState::of(ip.to_string(), None, &tally))
    }

    /// Resolves `ask`, link by link where the library cannot.
    pub(super) async fn resolve(&self, ask: &Ask) -> Answer {
        let validates = self.validating.is_some() && !ask.checking_disabled;
        let recursor = match (&self.validating, self.plain.get()) {
            (Some(validating), _) if validates => validating,
            (_, Some(plain)) => plain,
            _ => match self.plain() {
                Ok(plain) => plain,
                Err(_) => return wire::failure(ask, reason::NOT_BUILT),
            },
        };
        let walk = Walk { recursor, validates, dnssec_ok: ask.dnssec_ok };
        walk.resolve(ask).await
    }
}

/// One resolution with one of the recursors.
struct Walk<'r> {
    recursor: &'r Recursor<Provider>,
    validates: bool,
    dnssec_ok: bool,
}

impl Walk<'_> {
    async fn resolve(&self, ask: &Ask) -> Answer {
        let mut name = wire::library_name(ask.name.as_name());
        let mut chain: Vec<Record> = Vec::new();
        let mut proof = Proof::Secure;
        for _ in 0..CHAIN_MAX {
            match self.look_up(&name, RecordType::from(ask.rtype)).await {
                Found::Answer { answers, authorities, proof: last } => {
                    chain.extend(answers);
                    return self.finish(ask, Rcode::NoError, chain, authorities, proof.weaker(last));
                }
                Found::Nothing { at, rcode, authorities, proof: last } if settles(&at, rcode, &name) => {
                    return self.finish(ask, rcode, chain, authorities, proof.weaker(last));
                }
                Found::Failure(why) => return wire::failure(ask, why),
                Found::Nothing { .. } | Found::Elsewhere => {
                    let (link, target, last) = match self.link(&name).await {
                        Ok(link) => link,
                        Err(why) => return wire::failure(ask, why),
                    };
                    let looped = target == name
                        || chain
                            .iter()
                            .any(|link| link.record_type() == RecordType::CNAME && link.name == target);
                    chain.extend(link);
                    proof = proof.weaker(last);
                    name = target;
                    if looped {
                        break;
                    }
                }
            }
        }
        wire::failure(ask, reason::CIRCLE)
    }

    /// The alias at `name`: its records, where it leads, and its proof.
    async fn link(&self, name: &Name) -> Result<(Vec<Record>, Name, Proof), Reason> {
        match self.look_up(name, RecordType::CNAME).await {
            Found::Answer { answers, proof, .. } => {
                let target = answers.iter().find_map(|record| match &record.data {
                    RData::CNAME(target) if record.name == *name => Some(target.0.clone()),
                    _ => None,
                });
                target.map(|target| (answers, target, proof)).ok_or(reason::ALIAS_UNPROVEN)
            }
            Found::Failure(why) => Err(why),
            Found::Nothing { .. } | Found::Elsewhere => Err(reason::ALIAS_UNPROVEN),
        }
    }

    async fn look_up(&self, name: &Name, kind: RecordType) -> Found {
        let found =
            self.recursor.resolve(Query::query(name.clone(), kind), Instant::now(), self.dnssec_ok).await;
        Found::from_library(name, kind, found, self.validates)
    }

    fn finish(
        &self,
        ask: &Ask,
        rcode: Rcode,
        answers: Vec<Record>,
        authorities: Vec<Record>,
        proof: Proof,
    ) -> Answer {
        let proof = if self.validates { proof } else { Proof::Indeterminate };
        wire::encode(ask, Parts { rcode, answers, authorities, proof, ede: None })
    }
}

/// Whether "nothing at `at`" answers a question for `name`: it is that name, or nothing at all is there
/// and `name` lies below (RFC 8020), which is what the library says when a part of the path is missing.
fn settles(at: &Name, rcode: Rcode, name: &Name) -> bool {
    at == name || rcode == Rcode::NxDomain && at.zone_of(name)
}

fn roots(hints: Option<&Path>) -> Result<Vec<IpAddr>, Error> {
    let text = match hints {
        None => ROOT_HINTS.to_owned(),
        Some(path) => file::read(path).map_err(|source| Error::Read { path: path.to_owned(), source })?,
    };
    let malformed = |why: String| Error::RootHints { path: hints.map(Path::to_owned), why };
    let (_, sets) =
        Parser::new(text, None, Some(Name::root())).parse().map_err(|error| malformed(error.to_string()))?;
    let found: Vec<IpAddr> = sets
        .values()
        .flat_map(|set| set.records_without_rrsigs())
        .filter_map(|record| record.data.ip_addr())
        .collect();
    if found.is_empty() { Err(malformed("no address of a root server".to_owned())) } else { Ok(found) }
}

fn anchors(path: &Path) -> Result<TrustAnchors, Error> {
    let text = file::read(path).map_err(|source| Error::Read { path: path.to_owned(), source })?;
    let malformed = |why: String| Error::TrustAnchors { path: path.to_owned(), why };
    let anchors: TrustAnchors = text
        .parse()
        .map_err(|error: hickory_resolver::proto::serialize::txt::ParseError| malformed(error.to_string()))?;
    if anchors.is_empty() { Err(malformed("no DNSKEY of the root".to_owned())) } else { Ok(anchors) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_hints_name_thirteen_servers_in_both_families() {
        let roots = roots(None).unwrap();
        assert_eq!(roots.iter().filter(|ip| ip.is_ipv4()).count(), 13);
        assert_eq!(roots.iter().filter(|ip| ip.is_ipv6()).count(), 13);
    }
}
