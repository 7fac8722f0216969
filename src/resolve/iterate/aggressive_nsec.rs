//! Answers made of what was proven before (RFC 8198): that nothing is there, and what a wildcard says.

use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, OnceLock};

use super::Recursor;
use super::io::Io;
use super::store::{Content, Kept, Proven, Rank, Validation};
use super::zone_security::{Validator, signer};
use crate::dns::name::{Name, NameBuf, OwnedName};
use crate::dns::rcode::Rcode;
use crate::dns::rrset::RrSet;
use crate::dns::rrtype::RrType;
use crate::resolve::validate::key::ZoneKeys;
use crate::resolve::validate::work::Work;
use crate::resolve::validate::{Denied, denial};
use crate::sys::lock::Guard;

impl<O: Io> Recursor<O> {
    /// Keeps what was proven, for other names that the same proofs deny.
    pub(super) fn remember_spans(
        &self,
        validator: &Validator,
        keys: &ZoneKeys,
        proofs: &[&RrSet],
        soa: &RrSet,
        ttl: u32,
    ) {
        let expires = (self.io.now() as u32).wrapping_add(ttl);
        let soa = Arc::new(soa.clone());
        let mut spans = validator.spans.guard();
        for proof in proofs {
            spans.keep(keys.apex.as_name(), Arc::new((*proof).clone()), soa.clone(), expires);
        }
    }

    /// Keeps a wildcard's set under its own name, with what proves that nothing closer is there.
    pub(super) fn remember_wildcard(
        &self,
        validator: &Validator,
        encloser: Name<'_>,
        proofs: &[&RrSet],
        set: &RrSet,
        kept: &Kept,
        ttl: u32,
    ) {
        let Some(name) = wildcard_of(encloser) else { return };
        let set = RrSet { owner: name.clone(), ..set.clone() };
        validator.has_wildcards.store(true, Relaxed);
        let wildcard = Kept {
            name,
            content: Content::Set(set),
            proofs: proofs.iter().map(|proof| (*proof).clone()).collect(),
            zone: kept.zone.clone(),
            rank: Rank::Authoritative,
            note: None,
            stored: self.io.now(),
            ttl: ttl.min(kept.ttl),
            proven: OnceLock::from(Proven { validation: Validation::Secure, note: None, ttl }),
        };
        self.store.keep(kept.set().map_or(RrType::RESERVED, |set| set.rtype), wildcard);
    }

    /// What is at `name`, or that nothing is, if what was proven before says so.
    pub(super) fn spanned(&self, name: Name<'_>, kind: RrType) -> Option<Kept> {
        let validator = self.validator.as_ref()?;
        let now = self.io.now();
        let from = if kind == RrType::DS { name.parent().unwrap_or(name) } else { name };
        let cut = self.cuts.deepest(from, now);
        // A server that has the zone above as well answers without a referral, and then no cut is known.
        let found = {
            let spans = validator.spans.guard();
            let zones = spans.zones_above(from).take_while(|zone| zone.is_at_or_below(cut.zone.as_name()));
            zones.filter_map(|zone| spans.find(name, kind, zone, now as u32)).next()
        };
        let Some(found) = found else {
            let has_wildcards = validator.has_wildcards.load(Relaxed) && kind != RrType::DS;
            return has_wildcards.then(|| self.expanded(validator, name, kind, cut.zone.as_name())).flatten();
        };
        let soa = Some((*found.soa).clone());
        let content = match found.rcode {
            Rcode::NX_DOMAIN => Content::NoName(soa),
            _ => Content::NoData(soa),
        };
        Some(Kept {
            name: name.to_owned(),
            content,
            proofs: found.proofs.iter().map(|proof| (**proof).clone()).collect(),
            zone: cut.zone.clone(),
            rank: Rank::Authoritative,
            note: None,
            stored: now,
            ttl: found.ttl.min(self.settings.ttl.negative_max),
            proven: OnceLock::from(Proven { validation: Validation::Secure, note: None, ttl: found.ttl }),
        })
    }

    /// What a wildcard says of `name`, where the proof that came with it covers this name too.
    fn expanded(&self, validator: &Validator, name: Name<'_>, kind: RrType, cut: Name<'_>) -> Option<Kept> {
        let now = self.io.now();
        let enclosers = name.ancestors().skip(1).take_while(|above| above.is_at_or_below(cut));
        for encloser in enclosers {
            let Some(wildcard) = wildcard_of(encloser) else { continue };
            let Some(kept) = self.store.find(wildcard.as_name(), kind, now) else { continue };
            let (Some(set), Validation::Secure) = (kept.set(), kept.validation()) else { continue };
            let Some(zone) = signer(set) else { continue };
            let zone = zone.as_name();
            let proofs: Vec<&RrSet> = kept.proofs.iter().collect();
            let work = Work::of_looks(1);
            if denial::no_closer(name, encloser, zone, &proofs, &validator.rules, &work) != Ok(Denied::Secure)
            {
                return None;
            }
            let set = RrSet { owner: name.to_owned(), ..set.clone() };
            return Some(Kept { name: name.to_owned(), content: Content::Set(set), ..(*kept).clone() });
        }
        None
    }
}

/// `*.encloser`.
fn wildcard_of(encloser: Name<'_>) -> Option<OwnedName> {
    let mut buf = NameBuf::new();
    buf.fill_from_wire(&[b"\x01*", encloser.wire()].concat()).ok()?;
    Some(buf.name().to_owned())
}
