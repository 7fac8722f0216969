//! DNS64 (RFC 6147): IPv6 addresses made for names that have IPv4 addresses only, so that a network without
//! IPv4 reaches them through a translator.
//!
//! A question for AAAA is asked as it is; where nothing of use comes, the A records are asked for, and each
//! becomes an AAAA record behind the prefix. The names stay what they are, aliases and all, so who looks at
//! where an answer leads sees the same as without this. What is made here is no longer what was signed: no
//! signature goes along, and AD is never set. Who asks for signatures and checks them itself (DO and CD) gets
//! the truth instead (RFC 6147 §5.5).
//!
//! Knows answers. Never asks anybody; the [`Resolver`](super::Resolver) does.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::{Answer, Ask};
use crate::dns::compose::Composer;
use crate::dns::header::Flags;
use crate::dns::rcode::Rcode;
use crate::dns::rrset::{RrSet, Sections};
use crate::dns::rrtype::RrType;
use crate::dns::security::Security;
use prefix::Prefix;

pub mod prefix;

/// TTL of what is made where the negative answer brought no SOA, at the most, in seconds (RFC 6147 §5.1.7).
const TTL_WITHOUT_SOA: u32 = 600;

/// What an answer to a question for AAAA is to us.
enum Found {
    /// An answer that goes out as it is.
    Good,
    /// One with addresses that mean nothing to an IPv6 network besides others.
    Mixed(Sections),
    /// Nothing of use; the TTL of its SOA.
    Nothing(Option<u32>),
}

/// Makes AAAA records.
#[derive(Clone, Copy)]
pub(super) struct Dns64(pub Prefix);

impl Dns64 {
    /// The question for IPv4 addresses that takes the place of `ask`; `None` where `answer` will do.
    pub(super) fn instead(self, ask: &Ask, answer: &Answer) -> Option<Ask> {
        let may_be_made = ask.rtype == RrType::AAAA && !(ask.dnssec_ok && ask.checking_disabled);
        let v4 = || Ask { rtype: RrType::A, ..ask.clone() };
        match answer.rcode {
            Rcode::NO_ERROR if may_be_made => matches!(look(answer), Found::Nothing(_)).then(v4),
            // A server that fails at AAAA may still have A (RFC 6147 §5.1.2); what is forged stays a failure.
            Rcode::SERV_FAIL if may_be_made => (answer.security != Security::Bogus).then(v4),
            _ => None,
        }
    }

    /// `answer` without IPv4 addresses in IPv6 clothing, where there are others (RFC 6147 §5.1.4).
    pub(super) fn without_mapped(self, ask: &Ask, answer: Answer) -> Answer {
        if ask.rtype != RrType::AAAA || answer.rcode != Rcode::NO_ERROR {
            return answer;
        }
        let Found::Mixed(sections) = look(&answer) else { return answer };
        let mut composer = Composer::new(Flags::RESPONSE, ask.name.as_name(), ask.rtype, ask.class);
        for mut set in sections.answer {
            let before = set.rdata.len();
            set.rdata.retain(|rdata| !is_mapped(rdata));
            composer.answer(&set, set.ttl, ask.dnssec_ok && set.rdata.len() == before);
        }
        Answer { wire: composer.finish(), security: Security::Indeterminate, ..answer }
    }

    /// The answer to `ask` made of that to the question for IPv4 addresses; that to the question itself where
    /// nothing can be made.
    pub(super) fn make(self, ask: &Ask, own: Answer, v4: &Answer) -> Answer {
        let Found::Nothing(soa) = look(&own) else { return own };
        let Ok(sections) = Sections::read(&v4.wire) else { return own };
        let bound = soa.unwrap_or(TTL_WITHOUT_SOA);
        let mut composer = Composer::new(Flags::RESPONSE, ask.name.as_name(), ask.rtype, ask.class);
        let mut has_data = false;
        for set in sections.answer {
            if set.rtype != RrType::A {
                composer.answer(&set, set.ttl, ask.dnssec_ok);
                continue;
            }
            let made = RrSet::new(set.owner, RrType::AAAA, set.ttl.min(bound), self.addresses(&set.rdata));
            has_data |= !made.rdata.is_empty();
            composer.answer(&made, made.ttl, false);
        }
        if v4.rcode != Rcode::NO_ERROR || !has_data {
            return own;
        }
        Answer {
            wire: composer.finish(),
            rcode: Rcode::NO_ERROR,
            security: Security::Indeterminate,
            ede: v4.ede,
            unfinished: None,
        }
    }

    /// Whether the answer has an address that was made here.
    pub(super) fn has_made(self, answer: &Answer) -> bool {
        let Ok(sections) = Sections::read(&answer.wire) else { return false };
        let mut made =
            sections.answer.iter().filter(|set| set.rtype == RrType::AAAA).flat_map(|set| &set.rdata);
        made.any(|rdata| {
            <[u8; 16]>::try_from(&rdata[..]).is_ok_and(|octets| self.0.embedded(octets.into()).is_some())
        })
    }

    fn addresses(self, v4: &[Box<[u8]>]) -> Vec<Box<[u8]>> {
        let addresses =
            v4.iter().filter_map(|rdata| <[u8; 4]>::try_from(&rdata[..]).ok().map(Ipv4Addr::from));
        let reached = addresses.filter(|address| self.reaches(*address));
        reached.map(|address| Box::from(self.0.embed(address).octets())).collect()
    }

    /// Whether the translator may reach the address. Behind the well-known prefix stand addresses that are
    /// everybody's only (RFC 6052 §3.1); a prefix of the school's own may also lead to its servers.
    fn reaches(self, address: Ipv4Addr) -> bool {
        let [a, b, c, _] = address.octets();
        let is_nowhere = a == 0 || address.is_loopback() || address.is_link_local() || a >= 224;
        let is_somebodys = address.is_private()
            || a == 100 && b & 0xc0 == 64
            || address.is_documentation()
            || (a, b, c) == (192, 0, 0)
            || a == 198 && b & 0xfe == 18;
        !(is_nowhere || is_somebodys && self.0 == Prefix::WELL_KNOWN)
    }
}

fn look(answer: &Answer) -> Found {
    if answer.rcode != Rcode::NO_ERROR {
        return Found::Nothing(None);
    }
    let Ok(sections) = Sections::read(&answer.wire) else { return Found::Good };
    let found = || sections.answer.iter().filter(|set| set.rtype == RrType::AAAA).flat_map(|set| &set.rdata);
    let soa = || sections.authority.iter().find(|set| set.rtype == RrType::SOA).map(|set| set.ttl);
    match (found().any(|rdata| !is_mapped(rdata)), found().any(|rdata| is_mapped(rdata))) {
        (true, false) => Found::Good,
        (true, true) => Found::Mixed(sections),
        (false, _) => Found::Nothing(soa()),
    }
}

/// Whether the address is of `::ffff:0:0/96`, which no IPv6 network carries (RFC 6147 §5.1.4).
fn is_mapped(rdata: &[u8]) -> bool {
    <[u8; 16]>::try_from(rdata).is_ok_and(|octets| Ipv6Addr::from(octets).to_ipv4_mapped().is_some())
}

#[cfg(test)]
mod tests;
