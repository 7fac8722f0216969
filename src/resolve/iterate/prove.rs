//! What validation says of one thing that was found (RFC 4035 §5.3 to §5.5).

use super::Recursor;
use super::budget::{Job, Path};
use super::io::Io;
use super::store::{Content, Kept, Proven, Validation};
use super::zone_security::{Validator, ZoneSecurity, signer};
use crate::dns::name::Name;
use crate::dns::rrset::RrSet;
use crate::dns::rrtype::RrType;
use crate::resolve::reason::Reason;
use crate::resolve::validate::fault::Fault;
use crate::resolve::validate::key::ZoneKeys;
use crate::resolve::validate::signature::verify;
use crate::resolve::validate::{Denied, denial};

/// How long something bogus is remembered, in seconds (RFC 9520 allows up to five minutes).
const BOGUS_FOR: u32 = 30;

impl<O: Io> Recursor<O> {
    /// Finds out how far `kept`, which was asked for as `kind` at `name`, can be trusted.
    pub(super) async fn prove(
        &self,
        validator: &Validator,
        kept: &Kept,
        name: Name<'_>,
        kind: RrType,
        job: &Job,
        path: &Path<'_>,
    ) -> Validation {
        if let Some(proven) = kept.proven.get() {
            return proven.validation;
        }
        let proven = match self.weigh(validator, kept, name, kind, job, path).await {
            Ok(proven) => proven,
            Err(why) => Proven { validation: Validation::Bogus(why), note: None, ttl: BOGUS_FOR },
        };
        kept.proven.get_or_init(|| proven).validation
    }

    async fn weigh(
        &self,
        validator: &Validator,
        kept: &Kept,
        name: Name<'_>,
        kind: RrType,
        job: &Job,
        path: &Path<'_>,
    ) -> Result<Proven, Reason> {
        if kind == RrType::RRSIG && kept.set().is_some() {
            // Signatures are not signed (RFC 4035 §2.2): who asks for them has to check what they cover.
            return Ok(Proven { validation: Validation::Insecure, note: None, ttl: kept.ttl });
        }
        let signed_by = match &kept.content {
            Content::Set(set) => signer(set),
            Content::NoData(soa) | Content::NoName(soa) => soa.iter().chain(&kept.proofs).find_map(signer),
        };
        // A DS, and that there is none, is the zone above's to say.
        let owner = match &kept.content {
            Content::Set(set) => set.owner.as_name(),
            _ => name,
        };
        let within = match (kind, owner.parent()) {
            (RrType::DS, Some(parent)) => parent,
            _ => owner,
        };
        let signer = signed_by.as_ref().map(|signer| signer.as_name());
        let keys = match self.zone_of(validator, within, signer, job, path).await {
            ZoneSecurity::Secure(keys) => keys,
            ZoneSecurity::Insecure(note) => {
                return Ok(Proven { validation: Validation::Insecure, note, ttl: kept.ttl });
            }
            ZoneSecurity::Bogus(why) => {
                self.note_unproven_periods(why, name, kept);
                return Err(why);
            }
        };
        let found = match &kept.content {
            Content::Set(set) => self.set_proof(validator, &keys, set, kept, job).await,
            Content::NoData(soa) | Content::NoName(soa) => {
                let is_name_missing = matches!(kept.content, Content::NoName(_));
                self.absence(validator, &keys, kept, soa.as_ref(), job, |proofs| {
                    let apex = keys.apex.as_name();
                    if is_name_missing {
                        denial::no_name(name, apex, proofs, &validator.rules, &job.work)
                    } else {
                        denial::no_data(name, kind, apex, proofs, &validator.rules, &job.work)
                    }
                })
                .await
            }
        };
        self.rest(job).await;
        found.map_err(Fault::reason)
    }

    async fn set_proof(
        &self,
        validator: &Validator,
        keys: &ZoneKeys,
        set: &RrSet,
        kept: &Kept,
        job: &Job,
    ) -> Result<Proven, Fault> {
        let now = self.io.now() as u32;
        let verified = verify(set, keys, now, &validator.rules, &job.work)?;
        let Some(encloser) = &verified.expanded_from else {
            return Ok(Proven { validation: Validation::Secure, note: None, ttl: verified.ttl });
        };
        // A wildcard's data: nothing closer may exist.
        let (proofs, ttl) = self.checked_proofs(validator, keys, &kept.proofs, job).await?;
        let (owner, apex) = (set.owner.as_name(), keys.apex.as_name());
        let denied =
            denial::no_closer(owner, encloser.as_name(), apex, &proofs, &validator.rules, &job.work)?;
        let ttl = verified.ttl.min(ttl);
        if denied == Denied::Secure {
            self.remember_wildcard(validator, encloser.as_name(), &proofs, set, kept, ttl);
        }
        Ok(Proven { validation: standing_of(denied), note: denied.reason(), ttl })
    }

    async fn absence(
        &self,
        validator: &Validator,
        keys: &ZoneKeys,
        kept: &Kept,
        soa: Option<&RrSet>,
        job: &Job,
        denied: impl Fn(&[&RrSet]) -> Result<Denied, Fault>,
    ) -> Result<Proven, Fault> {
        let (proofs, mut ttl) = self.checked_proofs(validator, keys, &kept.proofs, job).await?;
        if let Some(soa) = soa {
            let now = self.io.now() as u32;
            ttl = ttl.min(verify(soa, keys, now, &validator.rules, &job.work)?.ttl);
        }
        let denied = denied(&proofs)?;
        if let (Denied::Secure, Some(soa)) = (denied, soa) {
            self.remember_spans(validator, keys, &proofs, soa, ttl.min(kept.ttl));
        }
        Ok(Proven { validation: standing_of(denied), note: denied.reason(), ttl })
    }
}

fn standing_of(denied: Denied) -> Validation {
    match denied {
        Denied::Secure => Validation::Secure,
        Denied::OptOut | Denied::Insecure => Validation::Insecure,
    }
}
