//! The answer to a blocked query: style, SOA and TTL for caches, and the error that says why.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::texts::{BlockText, ErrorTexts};
use crate::dns::ede::EdeCode;
use crate::dns::name::OwnedName;
use crate::dns::question::Question;
use crate::dns::rcode::Rcode;
use crate::dns::reply::{Error, Reply};
use crate::dns::rrtype::RrType;
use crate::model::verdict::BlockReason;
use crate::policy::{AnswerStyle, Group};
use crate::resolve::alias::Alias;

/// What a blocked question of type `rtype` is answered with: the code, and the address that stands in
/// the answer.
pub fn shape(style: AnswerStyle, rtype: RrType) -> (Rcode, Option<IpAddr>) {
    let (rcode, v4, v6) = match style {
        AnswerStyle::Null => (Rcode::NO_ERROR, Some(Ipv4Addr::UNSPECIFIED), Some(Ipv6Addr::UNSPECIFIED)),
        AnswerStyle::Page { v4, v6 } => (Rcode::NO_ERROR, v4, v6),
        AnswerStyle::NoData => (Rcode::NO_ERROR, None, None),
        AnswerStyle::NxDomain => (Rcode::NX_DOMAIN, None, None),
        AnswerStyle::Refused => (Rcode::REFUSED, None, None),
    };
    let address = match rtype {
        RrType::A => v4.map(IpAddr::V4),
        RrType::AAAA => v6.map(IpAddr::V6),
        _ => None,
    };
    (rcode, address)
}

/// Where the blocked name stands, if it is not the asked one.
#[derive(Clone, Copy)]
pub(super) struct Place<'p> {
    /// The aliases that lead to it.
    pub before: &'p [Alias],
    /// The name.
    pub owner: &'p OwnedName,
}

/// Writes the block answer to a query. Behind aliases it is said of the blocked name, so that whoever looks
/// sees what was blocked.
pub(super) fn write(
    question: &Question<'_>,
    group: &Group,
    reason: &BlockReason,
    place: Option<Place<'_>>,
    texts: &ErrorTexts,
    limit: usize,
    out: &mut Vec<u8>,
) {
    let ttl = group.ttl;
    let (rcode, address) = shape(group.style, question.rtype);
    let mut reply = Reply::to(question, rcode, out);
    let behind = place.filter(|_| rcode != Rcode::REFUSED);
    for alias in behind.iter().flat_map(|place| place.before) {
        let target = alias.target.as_name().wire();
        reply.answer_at(alias.owner.as_name(), RrType::CNAME, alias.ttl.min(ttl), target);
    }
    match (address, behind) {
        (Some(IpAddr::V4(address)), None) => reply.answer_a(ttl, address),
        (Some(IpAddr::V6(address)), None) => reply.answer_aaaa(ttl, address),
        (Some(IpAddr::V4(address)), Some(place)) => {
            reply.answer_at(place.owner.as_name(), RrType::A, ttl, &address.octets());
        }
        (Some(IpAddr::V6(address)), Some(place)) => {
            reply.answer_at(place.owner.as_name(), RrType::AAAA, ttl, &address.octets());
        }
        (None, _) if rcode != Rcode::REFUSED => reply.negative_soa(ttl),
        (None, _) => {}
    }
    let code = match reason.category {
        Some(category) if category.is_secret() => EdeCode::Censored,
        _ => EdeCode::Blocked,
    };
    let forged = address.is_some() && matches!(group.style, AnswerStyle::Page { .. });
    let (errors, count) = errors(question, code, texts.of(reason, group), forged);
    reply.finish(limit, &errors[..count]);
}

/// Why an answer is as it is, for who asked `question`: the reason, and that its data was made here if so.
/// How many of the two are to be told.
pub(super) fn errors<'t>(
    question: &Question<'_>,
    code: EdeCode,
    text: &'t BlockText,
    is_forged: bool,
) -> ([Error<'t>; 2], usize) {
    let structured = question.edns.is_some_and(|edns| edns.wants_structured_error);
    let why = if structured {
        Error { code, text: &text.structured, short: &text.structured_short }
    } else {
        Error::new(code, &text.plain)
    };
    // A client that reads structured errors must not be told of forgery (draft, §5).
    let told = if is_forged && !structured { 2 } else { 1 };
    ([why, Error::new(EdeCode::ForgedAnswer, "")], told)
}
