//! Writing what a rule of a policy zone says.

use crate::dns::ede::EdeCode;
use crate::dns::message::Section;
use crate::dns::name::OwnedName;
use crate::dns::rcode::Rcode;
use crate::dns::reply::Reply;
use crate::dns::rrset::RrSet;
use crate::dns::rrtype::RrType;
use crate::query::block;
use crate::query::request::Request;
use crate::resolve::alias::Alias;
use crate::rpz::action::Action;
use crate::rpz::zones::Zone;

/// What a rule says at a name.
pub(super) struct Said<'s> {
    pub rcode: Rcode,
    pub sets: &'s [RrSet],
    /// Seconds that its absence may be kept.
    pub ttl: u32,
}

/// The records of a rule that answer a question of type `asked`.
pub(super) fn sets_of(action: &Action, asked: RrType, owner: &OwnedName, ttl: u32) -> Vec<RrSet> {
    match action {
        Action::Records(sets) => sets
            .iter()
            .filter(|set| set.rtype == asked || asked == RrType::ANY)
            .map(|set| {
                let rdata = set.rdata.iter().map(|rdata| rdata[..].into()).collect();
                RrSet::new(owner.clone(), set.rtype, set.ttl, rdata)
            })
            .collect(),
        // The alias itself was asked for.
        Action::Alias(target) => {
            let target = target.of(owner.as_name());
            let rdata = target.map(|target| target.as_name().wire().into());
            vec![RrSet::new(owner.clone(), RrType::CNAME, ttl, rdata.into_iter().collect())]
        }
        _ => Vec::new(),
    }
}

/// Writes what a rule says at `owner`, to which the aliases `before` lead.
pub(super) fn write(
    request: Request<'_>,
    zone: &Zone,
    before: &[Alias],
    owner: &OwnedName,
    said: &Said<'_>,
    out: &mut Vec<u8>,
) {
    let mut reply = Reply::to(request.question, said.rcode, out);
    for Alias { owner, ttl, target, .. } in before {
        reply.answer_at(owner.as_name(), RrType::CNAME, *ttl, target.as_name().wire());
    }
    let is_empty = said.sets.iter().all(|set| set.rdata.is_empty());
    for set in said.sets {
        for rdata in &set.rdata {
            match owner.as_name() == request.question.name() {
                true => reply.answer(set.rtype, set.ttl, rdata),
                false => reply.answer_at(owner.as_name(), set.rtype, set.ttl, rdata),
            }
        }
    }
    if is_empty {
        reply.negative_soa(said.ttl);
    }
    finish(request, zone, reply, !is_empty);
}

/// Ends an answer of a zone: its SOA, as BIND adds it, so that a person sees whose rule it was; and why.
pub(in crate::query) fn finish(request: Request<'_>, zone: &Zone, mut reply: Reply<'_>, is_forged: bool) {
    if let Some(soa) = zone.table.soa_record() {
        reply.additional_at(zone.settings.name.as_name(), RrType::SOA, soa.ttl, &soa.rdata);
    }
    let text = request.world().limits.texts.of_zone();
    let (errors, count) = block::errors(request.question, EdeCode::Blocked, text, is_forged);
    reply.finish(request.limit(), &errors[..count]);
}

/// Adds a set to a section, with its signatures for who wants them.
pub(in crate::query) fn put(reply: &mut Reply<'_>, section: Section, set: &RrSet, signed: bool) {
    let signatures = set.rrsigs.iter().filter(|_| signed).map(|rdata| (RrType::RRSIG, rdata));
    for (rtype, rdata) in set.rdata.iter().map(|rdata| (set.rtype, rdata)).chain(signatures) {
        match section {
            Section::Answer => reply.answer_at(set.owner.as_name(), rtype, set.ttl, rdata),
            _ => reply.authority_at(set.owner.as_name(), rtype, set.ttl, rdata),
        }
    }
}
