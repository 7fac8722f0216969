//! From a question to its answer: link by link along the aliases, each with its own proof.

use std::sync::Arc;

use super::Recursor;
use super::budget::{Freshness, Job, Path};
use super::descend::{Lookup, Origin};
use super::io::Io;
use super::reply::moved;
use super::store::{Content, Kept, Validation};
use super::timekeeping::UNCHECKED_TTL;
use super::zone_security::{RETRIES, Validator};
use crate::dns::compose::Composer;
use crate::dns::header::Flags;
use crate::dns::name::OwnedName;
use crate::dns::rcode::Rcode;
use crate::dns::rrset::RrSet;
use crate::dns::rrtype::RrType;
use crate::dns::security::Security;
use crate::resolve::alias::{self, Alias, Unfinished};
use crate::resolve::reason::Reason;
use crate::resolve::validate::sentinel;
use crate::resolve::wire::{self, MESSAGE_MAX};
use crate::resolve::{Answer, Ask, Onward};

/// Links of a chain of aliases. Real ones have up to 8 or so.
const LINKS_MAX: usize = 16;

/// An answer that grows link by link.
struct Chain<'a> {
    ask: &'a Ask,
    now: u64,
    links: Vec<Arc<Kept>>,
    /// CNAMEs that were made from a DNAME, by the place of the DNAME in `links`.
    made: Vec<(usize, RrSet)>,
    security: Security,
    /// The longest TTL given out, in seconds.
    ttl_max: u32,
    /// What is said with the answer where its parts have nothing to say.
    note: Option<Reason>,
}

impl<O: Io> Recursor<O> {
    /// Answers a question, following aliases as far as `onward` does.
    pub async fn resolve(&self, ask: &Ask, onward: &Onward<'_>, freshness: Freshness) -> Answer {
        let answer = self.answer(ask, onward, freshness).await;
        let answer = match self.showed_that_the_clock_is_wrong(ask, &answer).await {
            true => self.answer(ask, onward, freshness).await,
            false => answer,
        };
        match &self.validator {
            Some(validator)
                if answer.security == Security::Secure
                    && sentinel::fails(ask.name.as_name(), ask.rtype, &validator.anchors) =>
            {
                Answer { security: Security::Bogus, ..wire::failure(ask, Reason::TrustAnchorSentinel) }
            }
            _ => self.with_word_of_the_clock(ask, answer),
        }
    }

    async fn answer(&self, ask: &Ask, onward: &Onward<'_>, freshness: Freshness) -> Answer {
        match ask.rtype {
            RrType::ANY => self.gather(ask, freshness).await,
            _ => self.follow(ask, onward, freshness).await,
        }
    }

    /// Gathers what one server gives for all types at the question's name (RFC 8482 §4.1 lets it choose), each
    /// set with its own proof. An alias is told, and not followed.
    async fn gather(&self, ask: &Ask, freshness: Freshness) -> Answer {
        let job = self.job(ask, freshness);
        let name = ask.name.as_name();
        let path = Path::of(name, ask.rtype);
        let mut chain = self.chain(ask, &job);
        let lookup = match self.see(&ask.name, ask, &mut Vec::new(), &job, &path).await {
            Ok(lookup) => lookup,
            Err(why) => return wire::failure(ask, why),
        };
        chain.now = self.io.now();
        chain.weaken(lookup.kept.validation());
        match &lookup.kept.content {
            Content::NoData(_) => return chain.finish(Rcode::NO_ERROR, Some(&lookup.kept)),
            Content::NoName(_) => return chain.finish(Rcode::NX_DOMAIN, Some(&lookup.kept)),
            Content::Set(_) => chain.links.push(lookup.kept.clone()),
        }
        let validates = self.validates(ask, &job);
        for kept in lookup.more {
            let Some(set) = kept.set().filter(|set| set.owner == ask.name) else { continue };
            if let Some(validator) = validates {
                let validation = self.prove(validator, &kept, name, set.rtype, &job, &path).await;
                if let Validation::Bogus(why) = validation {
                    return wire::failure(ask, why);
                }
                chain.weaken(validation);
            }
            chain.links.push(kept);
        }
        chain.finish(Rcode::NO_ERROR, None)
    }

    /// What the answer is validated with, if it is.
    fn validates(&self, ask: &Ask, job: &Job) -> Option<&Validator> {
        self.validator.as_ref().filter(|_| !ask.checking_disabled && !job.is_unchecked)
    }

    /// A chain without links.
    fn chain<'a>(&self, ask: &'a Ask, job: &Job) -> Chain<'a> {
        let security = self.validates(ask, job).map_or(Security::Indeterminate, |_| Security::Secure);
        let (ttl_max, note) = match job.is_unchecked {
            true => (UNCHECKED_TTL, Some(Reason::ClockWrongUnchecked)),
            false => (u32::MAX, None),
        };
        let now = self.io.now();
        Chain { ask, now, links: Vec::new(), made: Vec::new(), security, ttl_max, note }
    }

    /// Follows the chain of aliases that begins at the question's name.
    async fn follow(&self, ask: &Ask, onward: &Onward<'_>, freshness: Freshness) -> Answer {
        let job = self.job(ask, freshness);
        let mut chain = self.chain(ask, &job);
        let mut name = ask.name.clone();
        let mut hand: Vec<Arc<Kept>> = Vec::new();
        let mut seen = vec![name.clone()];
        for _ in 0..LINKS_MAX {
            if !chain.links.is_empty() && self.io.is_elsewhere(name.as_name(), ask.rtype) {
                // The alias's target is another's to tell.
                return chain.finish(Rcode::NO_ERROR, None);
            }
            let path = Path::of(name.as_name(), ask.rtype);
            let lookup = match self.see(&name, ask, &mut hand, &job, &path).await {
                Ok(lookup) => lookup,
                Err(why) => return chain.fail(why),
            };
            chain.now = self.io.now();
            let kept = lookup.kept.clone();
            chain.weaken(kept.validation());
            hand.extend(lookup.more);
            let target = match &kept.content {
                Content::NoData(_) => return chain.finish(Rcode::NO_ERROR, Some(&kept)),
                Content::NoName(_) => return chain.finish(Rcode::NX_DOMAIN, Some(&kept)),
                Content::Set(set) if set.is(name.as_name(), ask.rtype) => {
                    chain.links.push(kept.clone());
                    return chain.finish(Rcode::NO_ERROR, None);
                }
                Content::Set(set) if set.rtype == RrType::DNAME => {
                    let Some(target) = set.first_name() else { return chain.fail(Reason::ServersFail) };
                    let target = moved(name.as_name(), set.owner.as_name(), target.as_name());
                    chain.links.push(kept.clone());
                    match target {
                        Some(target) => {
                            let rdata = target.as_name().wire().into();
                            let made = RrSet::new(name.clone(), RrType::CNAME, set.ttl, vec![rdata]);
                            chain.made.push((chain.links.len() - 1, made));
                            target
                        }
                        None => return chain.finish(Rcode::YX_DOMAIN, None),
                    }
                }
                Content::Set(set) => {
                    let Some(target) = set.first_name() else { return chain.fail(Reason::ServersFail) };
                    chain.links.push(kept.clone());
                    target
                }
            };
            // A question for the alias itself is answered by one that was made from a DNAME.
            if ask.rtype == RrType::CNAME {
                return chain.finish(Rcode::NO_ERROR, None);
            }
            if seen.contains(&target) {
                return chain.fail(Reason::AliasLoop);
            }
            if !onward.follows(&chain.aliases()) {
                return chain.stop();
            }
            seen.push(target.clone());
            name = target;
        }
        chain.fail(Reason::AliasLoop)
    }

    /// What is at `name`, with its validation.
    async fn see(
        &self,
        name: &OwnedName,
        ask: &Ask,
        hand: &mut Vec<Arc<Kept>>,
        job: &Job,
        path: &Path<'_>,
    ) -> Result<Lookup, Reason> {
        let kind = ask.rtype;
        let in_hand = |kept: &&Arc<Kept>| {
            kept.set().is_some_and(|set| {
                set.is(name.as_name(), kind)
                    || set.is(name.as_name(), RrType::CNAME)
                    || set.rtype == RrType::DNAME
                        && set.owner != *name
                        && name.as_name().is_at_or_below(set.owner.as_name())
            })
        };
        let validates = self.validates(ask, job);
        let (mut bogus, mut tried) = (Reason::Bogus, Vec::new());
        for _ in 0..=RETRIES {
            let lookup = match hand.iter().find(in_hand) {
                Some(kept) if self.known(name.as_name(), kind).is_none() => Lookup::known(kept.clone()),
                _ => self.look_for_client(name.as_name(), kind, job, path).await?,
            };
            let Some(validator) = validates else { return Ok(lookup) };
            let looked = lookup.kept.proven.get().is_some();
            match self.prove(validator, &lookup.kept, name.as_name(), kind, job, path).await {
                // A forwarder that blocks has no signatures for that.
                Validation::Bogus(why) => bogus = lookup.kept.note.unwrap_or(why),
                Validation::Secure if lookup.kept.set().is_some_and(|set| set.rtype == RrType::DNAME) => {
                    self.store.keep_shared(RrType::DNAME, &lookup.kept);
                    return Ok(lookup);
                }
                _ => return Ok(lookup),
            }
            // Others were asked a moment ago.
            if lookup.origin == Origin::Known && looked {
                break;
            }
            // Another server may have it right.
            if !self.look_elsewhere(&lookup, name.as_name(), kind, job, &mut tried) {
                break;
            }
            hand.clear();
        }
        Err(bogus)
    }
}

impl Chain<'_> {
    /// The aliases so far.
    fn aliases(&self) -> Vec<Alias> {
        let set = |link: &Arc<Kept>| link.set().map(|set| RrSet { ttl: self.left(link), ..set.clone() });
        let sets: Vec<RrSet> = self.links.iter().filter_map(set).collect();
        alias::chain(&sets, self.ask.name.as_name(), self.ask.rtype)
    }

    /// Ends where the next name may not be asked for.
    fn stop(self) -> Answer {
        wire::unfinished(self.ask, Unfinished::Stopped(self.aliases().into()))
    }

    /// Ends where what the last alias leads to cannot be had.
    fn fail(self, why: Reason) -> Answer {
        let aliases = self.aliases();
        let unfinished = (!aliases.is_empty()).then(|| Unfinished::Failed(aliases.into()));
        Answer { unfinished, ..wire::failure(self.ask, why) }
    }

    fn weaken(&mut self, validation: Validation) {
        let security = match validation {
            // What validation said before, by a clock that was wrong, counts for nothing.
            _ if self.ttl_max == UNCHECKED_TTL => Security::Indeterminate,
            Validation::Secure => Security::Secure,
            Validation::Insecure => Security::Insecure,
            Validation::Bogus(_) => Security::Bogus,
            Validation::Unchecked => Security::Indeterminate,
        };
        self.security = self.security.weaker(security);
    }

    /// The TTL of what came of an entry, in seconds.
    fn left(&self, kept: &Kept) -> u32 {
        kept.left(self.now).min(self.ttl_max)
    }

    /// Writes the message: the links, then what says that there is no more.
    fn finish(self, rcode: Rcode, nothing: Option<&Kept>) -> Answer {
        let ask = self.ask;
        let signed = ask.dnssec_ok;
        let flags = Flags::RESPONSE.with_rcode(rcode);
        let mut composer = Composer::new(flags, ask.name.as_name(), ask.rtype, ask.class);
        for (at, link) in self.links.iter().enumerate() {
            let Some(set) = link.set() else { continue };
            let ttl = self.left(link);
            // One DNAME may move several names of the chain, and is one record all the same (RFC 2181 §5).
            let is_repeated = self.links[..at]
                .iter()
                .any(|other| other.set().is_some_and(|other| other.is(set.owner.as_name(), set.rtype)));
            if !is_repeated {
                composer.answer(set, ttl, signed);
            }
            if let Some((_, made)) = self.made.iter().find(|(dname, _)| *dname == at) {
                composer.answer(made, ttl, false);
            }
        }
        if let Some(nothing) = nothing
            && let Content::NoData(Some(soa)) | Content::NoName(Some(soa)) = &nothing.content
        {
            composer.authority(soa, self.left(nothing), signed);
        }
        if signed {
            let proofs = self.links.iter().map(Arc::as_ref).chain(nothing);
            let mut written: Vec<&RrSet> = Vec::new();
            for kept in proofs {
                for proof in &kept.proofs {
                    if !written.iter().any(|other| other.is(proof.owner.as_name(), proof.rtype)) {
                        composer.authority(proof, self.left(kept).min(proof.ttl), true);
                        written.push(proof);
                    }
                }
            }
        }
        if composer.len() > MESSAGE_MAX {
            return wire::failure(ask, Reason::ResponseTooLong);
        }
        let noted =
            self.links.iter().map(Arc::as_ref).chain(nothing).find_map(|kept| kept.note()).or(self.note);
        Answer { wire: composer.finish(), rcode, security: self.security, ede: noted, unfinished: None }
    }
}
