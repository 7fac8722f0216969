//! Rebinding protection: no public name leads into the school's networks.
//!
//! A page of a stranger's may ask for a name of its own that suddenly has the printer's address; the browser
//! takes both for one site. So addresses of the school are taken out of answers that come from outside: from
//! recursion and from the forwarders of the zone `.`. The school's own names never come from there: local data
//! and forwarded zones are left alone by where they come from, and other names may be exempted by the config.
//!
//! As Unbound does it (`private-address`), single records go and the others of their set stay. What is left
//! without an address is "nothing of that type" with a SOA, so that stub resolvers are content with it: after
//! a SERVFAIL they would ask the next server, which may not be so careful. The exception is who asked for
//! signatures and would have got good ones: a set with a record less is bogus to whoever validates it, so that
//! is SERVFAIL, as with Unbound. The reason that goes along is EDE 15, since the operator and not the client
//! wants it so (RFC 8914 §4.16, §4.18).
//!
//! Nor does a public name become an alias of one of the school's: where a CNAME, a DNAME or the target of an
//! HTTPS or SVCB record leads to a name of local data, it is taken out with all that is behind it. It must not
//! reach the client either, since some stub resolvers go on by themselves and would ask us for that name next.
//! Names that exist nowhere (`invalid`, canaries) are no way inside, and stay.
//!
//! A forwarder whose whole set is `0.0.0.0` or `::` has blocked the name: that stays, as the same answer of
//! ours does, and is marked as blocked.

use std::collections::HashSet;
use std::net::IpAddr;
use std::sync::Arc;

use super::alias::{self, Alias};
use super::dns64::prefix::Prefix;
use super::internal_addresses::is_inside;
use super::local::Local;
use super::reason::Reason;
use super::settings::Settings;
use super::{Answer, Ask, wire};
use crate::dns::compose::Composer;
use crate::dns::header::Flags;
use crate::dns::message::{RecordAt, Section, records};
use crate::dns::name::{Name, NameBuf, OwnedName};
use crate::dns::rcode::Rcode;
use crate::dns::rrset::{RrSet, Sections};
use crate::dns::rrtype::RrType;
use crate::dns::security::Security;

/// TTL of "nothing there" where an address was taken out, in seconds: who repairs his zone is seen soon.
const TTL: u32 = 60;
/// Keys of SVCB parameters (RFC 9460 §14.3.2).
const MANDATORY: u16 = 0;
const IPV4_HINT: u16 = 4;
const IPV6_HINT: u16 = 6;

/// Who gave an answer from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AnswerSource {
    /// Name servers met in recursion.
    Recursion,
    /// A forwarder of the zone `.`, which may block names by null addresses.
    Forwarder,
}

/// What keeps answers from leading inside.
pub(super) struct Guard {
    is_on: bool,
    /// These names and those below may lead inside.
    exempt: HashSet<OwnedName>,
    translated: Option<Prefix>,
    /// The names of the school.
    local: Arc<Local>,
}

impl Guard {
    pub(super) fn new(settings: &Settings, local: Arc<Local>) -> Self {
        Self {
            is_on: settings.rebinding,
            exempt: settings.private_names.iter().cloned().collect(),
            translated: settings.dns64,
            local,
        }
    }

    /// Whether one of the aliases may lead inside, because the config says so or protection is off.
    pub(super) fn exempts_any(&self, aliases: &[Alias]) -> bool {
        !self.is_on || aliases.iter().any(|alias| self.exempts(alias.owner.as_name()))
    }

    /// The answer without what leads inside.
    pub(super) fn keep_outside(&self, ask: &Ask, answer: Answer, from: AnswerSource) -> Answer {
        if !self.is_on
            || !matches!(answer.rcode, Rcode::NO_ERROR | Rcode::NX_DOMAIN)
            || !self.leads_inside(ask, &answer.wire)
        {
            return answer;
        }
        let Ok(sections) = Sections::read(&answer.wire) else {
            return wire::failure(ask, Reason::PrivateAddress);
        };
        let answers = self.without_aliases_inside(ask, sections.answer);
        if from == AnswerSource::Forwarder && is_null(ask, &answers) {
            return Answer { ede: answer.ede.or(Some(Reason::UpstreamBlocked)), ..answer };
        }
        if ask.dnssec_ok && answer.security == Security::Secure {
            return Answer { security: Security::Bogus, ..wire::failure(ask, Reason::PrivateAddress) };
        }
        let mut composer = Composer::new(Flags::RESPONSE, ask.name.as_name(), ask.rtype, ask.class);
        let (mut end, mut has_data) = (None, false);
        for set in answers {
            let left = self.without_inside(set.clone());
            // A signature over more than what is left says nothing.
            composer.answer(&left, left.ttl, ask.dnssec_ok && left.rdata == set.rdata);
            has_data |= (left.rtype == ask.rtype || ask.rtype == RrType::ANY) && !left.rdata.is_empty();
            // Where an alias went, or an address: there is nothing there.
            if left.rdata.is_empty() {
                end = Some(set.owner);
            }
        }
        if !has_data {
            let owner = end.unwrap_or_else(|| ask.name.clone());
            composer.authority(&soa(owner), TTL, false);
        }
        Answer {
            wire: composer.finish(),
            rcode: Rcode::NO_ERROR,
            security: Security::Indeterminate,
            ede: Some(Reason::PrivateAddress),
            unfinished: None,
        }
    }

    /// Whether there is anything to take out; most answers end here.
    fn leads_inside(&self, ask: &Ask, message: &[u8]) -> bool {
        let Ok((_, found)) = records(message) else { return false };
        found.iter().any(|record| {
            let rdata = &message[record.rdata_at()..record.end()];
            record.section == Section::Answer
                && match record.rtype {
                    RrType::A | RrType::AAAA => self.is_bad(rdata),
                    RrType::CNAME | RrType::DNAME => self.has_local_target(ask, message, record, 0),
                    // Their names may be compressed by who does not know better; so the place is asked for.
                    RrType::SVCB | RrType::HTTPS => {
                        self.has_bad_hint(message, record) || self.has_local_target(ask, message, record, 2)
                    }
                    _ => false,
                }
                && !self.is_exempt(message, record)
        })
    }

    fn has_local_target(&self, ask: &Ask, message: &[u8], record: &RecordAt, skip: usize) -> bool {
        let mut target = NameBuf::new();
        target.fill_from_message(message, record.rdata_at() + skip).is_ok()
            && self.local.leads_inside(target.name(), ask.rtype)
    }

    /// The sets of an answer section up to where an alias leads to a name of the school: of that alias only an
    /// empty set is left.
    fn without_aliases_inside(&self, ask: &Ask, answer: Vec<RrSet>) -> Vec<RrSet> {
        let leads_inside = |set: &RrSet| {
            let target = set.first_name();
            target.is_some_and(|target| self.local.leads_inside(target.as_name(), ask.rtype))
                && !self.exempts(set.owner.as_name())
        };
        let aliases = alias::chain(&answer, ask.name.as_name(), ask.rtype);
        let is_cut = |alias: &Alias| {
            self.local.leads_inside(alias.target.as_name(), ask.rtype) && !self.exempts(alias.owner.as_name())
        };
        let cut = aliases.iter().position(is_cut).map(|at| aliases[at].owner.clone());
        let kept = aliases.iter().take_while(|alias| !is_cut(alias));
        let kept: Vec<Name<'_>> = kept.map(|alias| alias.owner.as_name()).collect();
        let mut left = Vec::with_capacity(answer.len());
        for set in answer {
            let is_alias = matches!(set.rtype, RrType::CNAME | RrType::DNAME);
            match &cut {
                // On the way to the cut: the aliases before it, with the DNAMEs that made them.
                Some(_) if kept.iter().any(|name| *name == set.owner.as_name()) && !leads_inside(&set) => {
                    left.push(set);
                }
                Some(_)
                    if set.rtype == RrType::DNAME
                        && !leads_inside(&set)
                        && kept.iter().any(|name| name.is_at_or_below(set.owner.as_name())) =>
                {
                    left.push(set);
                }
                Some(_) => {}
                // Who asks for the alias itself.
                None if is_alias && leads_inside(&set) => {
                    left.push(RrSet { rdata: Vec::new(), rrsigs: Vec::new(), ..set });
                }
                None => left.push(set),
            }
        }
        left.extend(cut.map(|owner| RrSet::new(owner, RrType::CNAME, TTL, Vec::new())));
        left
    }

    fn has_bad_hint(&self, message: &[u8], record: &RecordAt) -> bool {
        let mut target = NameBuf::new();
        match target.fill_from_message(message, record.rdata_at() + 2) {
            Ok(at) if at <= record.end() => parameters(&message[at..record.end()])
                .any(|(key, value)| hints(key, value).any(|address| self.is_bad(address))),
            _ => false,
        }
    }

    fn is_exempt(&self, message: &[u8], record: &RecordAt) -> bool {
        let mut owner = NameBuf::new();
        !self.exempt.is_empty()
            && owner.fill_from_message(message, record.owner).is_ok()
            && self.exempts(owner.name())
    }

    fn exempts(&self, name: Name<'_>) -> bool {
        name.ancestors().any(|ancestor| self.exempt.contains(ancestor.wire()))
    }

    /// The set without what leads inside; it may have become empty.
    fn without_inside(&self, mut set: RrSet) -> RrSet {
        if self.exempts(set.owner.as_name()) {
            return set;
        }
        match set.rtype {
            RrType::A | RrType::AAAA => set.rdata.retain(|rdata| !self.is_bad(rdata)),
            RrType::SVCB | RrType::HTTPS => {
                let asked = set.rtype;
                set.rdata =
                    set.rdata.into_iter().filter_map(|rdata| self.without_hints(rdata, asked)).collect();
            }
            _ => {}
        }
        set
    }

    /// The record with the hints that lead outside; `None` where one that must be there has none left
    /// (RFC 9460 §8), or that leads to a name of the school.
    fn without_hints(&self, rdata: Box<[u8]>, asked: RrType) -> Option<Box<[u8]>> {
        let mut target = NameBuf::new();
        let Ok(length) = target.fill_from_wire(rdata.get(2..).unwrap_or_default()) else {
            return Some(rdata);
        };
        if self.local.leads_inside(target.name(), asked) {
            return None;
        }
        let (head, tail) = rdata.split_at(2 + length);
        if !parameters(tail).any(|(key, value)| hints(key, value).any(|address| self.is_bad(address))) {
            return Some(rdata);
        }
        let mandatory: Vec<u16> = parameters(tail)
            .filter(|(key, _)| *key == MANDATORY)
            .flat_map(|(_, value)| value.chunks_exact(2).map(|key| u16::from_be_bytes([key[0], key[1]])))
            .collect();
        let mut left = head.to_vec();
        for (key, value) in parameters(tail) {
            let value = match key {
                IPV4_HINT | IPV6_HINT => {
                    hints(key, value).filter(|address| !self.is_bad(address)).collect::<Vec<_>>().concat()
                }
                _ => value.to_vec(),
            };
            if value.is_empty() && matches!(key, IPV4_HINT | IPV6_HINT) {
                if mandatory.contains(&key) {
                    return None;
                }
                continue;
            }
            left.extend_from_slice(&key.to_be_bytes());
            left.extend_from_slice(&(value.len() as u16).to_be_bytes());
            left.extend_from_slice(&value);
        }
        Some(left.into())
    }

    fn is_bad(&self, rdata: &[u8]) -> bool {
        address(rdata).is_some_and(|address| is_inside(address, self.translated))
    }
}

/// Whether something was taken out of the answer.
pub(super) fn is_rebound(ede: Option<Reason>) -> bool {
    ede == Some(Reason::PrivateAddress)
}

/// Whether the answer's addresses are null addresses and no others.
fn is_null(ask: &Ask, answer: &[RrSet]) -> bool {
    let mut sets = answer.iter().filter(|set| set.rtype == ask.rtype).peekable();
    matches!(ask.rtype, RrType::A | RrType::AAAA)
        && sets.peek().is_some()
        && sets.flat_map(|set| &set.rdata).all(|rdata| rdata.iter().all(|octet| *octet == 0))
}

fn address(rdata: &[u8]) -> Option<IpAddr> {
    let v4 = <[u8; 4]>::try_from(rdata).ok().map(IpAddr::from);
    v4.or_else(|| <[u8; 16]>::try_from(rdata).ok().map(IpAddr::from))
}

/// Keys and values of SVCB parameters, as far as they can be read.
fn parameters(mut octets: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    std::iter::from_fn(move || {
        let (head, rest) = octets.split_at_checked(4)?;
        let length = usize::from(u16::from_be_bytes([head[2], head[3]]));
        let (value, rest) = rest.split_at_checked(length)?;
        octets = rest;
        Some((u16::from_be_bytes([head[0], head[1]]), value))
    })
}

/// The addresses of a parameter that has some.
fn hints(key: u16, value: &[u8]) -> std::slice::ChunksExact<'_, u8> {
    match key {
        IPV4_HINT => value.chunks_exact(4),
        IPV6_HINT => value.chunks_exact(16),
        _ => value[..0].chunks_exact(4),
    }
}

/// A SOA that lets "nothing there" be kept; its server is nobody's.
fn soa(owner: OwnedName) -> RrSet {
    let nobody = OwnedName::parse("nobody.invalid").expect("a name");
    let names = [owner.as_name().wire(), nobody.as_name().wire()].concat();
    let numbers = [1, 3600, 1200, 604_800, TTL].map(u32::to_be_bytes).concat();
    let rdata = vec![[names, numbers].concat().into()];
    RrSet::new(owner, RrType::SOA, TTL, rdata)
}

#[cfg(test)]
mod tests;
