//! What a name server's message says of what it was asked, and no more than it has a right to say.
//!
//! A server is asked as one of a zone. Records whose owners lie outside that zone are left out, whatever
//! section they stand in (bailiwick). NS sets count in a referral and where just they were asked for, additional
//! addresses only for servers that a referral names; a chain of aliases is followed only as far as it stays in the
//! zone. What is left is one of a few things ([`Response`]), or a reason to ask another server ([`Fault`]).

use std::net::IpAddr;

use crate::dns::header::{Flags, Header};
use crate::dns::message::{MessageError, records};
use crate::dns::name::{Name, NameBuf, OwnedName};
use crate::dns::rcode::Rcode;
use crate::dns::rrset::{RrSet, Sections};
use crate::dns::rrtype::RrType;

/// Name servers of one zone that are looked at. The root has 13, and nobody needs more than that.
pub const SERVERS_MAX: usize = 26;
/// Addresses of one name server that are looked at.
pub const ADDRESSES_MAX: usize = 16;
/// Records of one set that are taken; more are a burden and no answer.
const RECORDS_MAX: usize = 1024;

/// What a message says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// What of the question.
    pub says: ResponseKind,
    /// AA: the server says it of its own zone.
    pub authoritative: bool,
    /// NSEC and NSEC3 sets of the authority section.
    pub proofs: Vec<RrSet>,
    /// The zone's own NS set, where that was asked for and an authoritative message answers.
    pub servers: Option<Referral>,
    /// Further sets of the answer section: where aliases lead within the zone, or, where all types were asked
    /// for, what else the name has.
    pub more: Vec<RrSet>,
}

/// What a message says of the question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ResponseKind {
    /// Here is the data.
    Data(RrSet),
    /// The name is an alias: its CNAME.
    Alias(RrSet),
    /// A DNAME above the name moves it; the name that results would be too long where there is no target.
    Dname(RrSet),
    /// Others know: a zone below.
    Referral(Referral, Option<RrSet>),
    /// The name has no such data; with the SOA of the zone that says so.
    NoData(Option<RrSet>),
    /// No such name.
    NxDomain(Option<RrSet>),
}

/// A zone cut: who serves the zone below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Referral {
    /// The zone.
    pub zone: OwnedName,
    /// Its name servers with the addresses that came with them.
    pub servers: Vec<(OwnedName, Vec<IpAddr>)>,
    /// Seconds.
    pub ttl: u32,
}

/// Why a server's message is of no use; another server may do better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    #[error("not a message: {0}")]
    Garbage(#[from] MessageError),
    /// FORMERR, NOTIMP or BADVERS: to a query that was sound.
    #[error("the server cannot read the question")]
    Unread,
    #[error("SERVFAIL")]
    Failed,
    #[error("REFUSED")]
    Refused,
    #[error("a code that answers nothing")]
    Code(Rcode),
    /// It does not serve the zone that it should.
    #[error("not responsible")]
    Lame,
    /// TC: some of it is missing (RFC 2181 §9). Over UDP it was asked for again over TCP before.
    #[error("truncated")]
    Truncated,
    /// It answers from a cache of its own.
    #[error("a resolver's answer, not an authority's")]
    Recursive,
}

/// The RCODE with the upper bits that an OPT record has.
pub fn rcode(message: &[u8]) -> Rcode {
    let opt_bits = || {
        let (_, found) = records(message).ok()?;
        let opt = found.iter().find(|record| record.rtype == RrType::OPT)?;
        Some((opt.ttl >> 24) as u8)
    };
    match Header::read(message) {
        None => Rcode::SERV_FAIL,
        Some(Header { flags, counts: [.., 0], .. }) => flags.rcode(),
        Some(Header { flags, .. }) => Rcode::of(flags.rcode().header_bits(), opt_bits().unwrap_or(0)),
    }
}

/// Reads the message of a server that was asked, as one of `zone`, for `kind` at `name`.
///
/// # Errors
/// What [`Fault`] says.
pub fn read(zone: Name<'_>, name: Name<'_>, kind: RrType, message: &[u8]) -> Result<Response, Fault> {
    read_from(zone, name, kind, rcode(message), message, Speaker::Authority)
}

/// As [`read`], for a server that may answer from a cache of its own, and whose RCODE is known.
///
/// # Errors
/// What [`Fault`] says.
pub fn read_from_resolver(
    zone: Name<'_>,
    name: Name<'_>,
    kind: RrType,
    rcode: Rcode,
    message: &[u8],
) -> Result<Response, Fault> {
    read_from(zone, name, kind, rcode, message, Speaker::Resolver)
}

/// Who answers.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Speaker {
    /// A server of the zone.
    Authority,
    /// One that asks others.
    Resolver,
}

fn read_from(
    zone: Name<'_>,
    name: Name<'_>,
    kind: RrType,
    rcode: Rcode,
    message: &[u8],
    speaker: Speaker,
) -> Result<Response, Fault> {
    let (is_missing, is_too_long) = match rcode {
        Rcode::NO_ERROR => (false, false),
        Rcode::NX_DOMAIN => (true, false),
        Rcode::YX_DOMAIN => (false, true),
        Rcode::FORM_ERR | Rcode::NOT_IMP | Rcode::BAD_VERS => return Err(Fault::Unread),
        Rcode::SERV_FAIL => return Err(Fault::Failed),
        Rcode::REFUSED => return Err(Fault::Refused),
        other => return Err(Fault::Code(other)),
    };
    let flags = Flags::of(message);
    // What came is a part of the sets at best (RFC 2181 §9), and a part of a signed set does not validate.
    if flags.has(Flags::TC) {
        return Err(Fault::Truncated);
    }
    let authoritative = flags.has(Flags::AA);
    let recursive = speaker == Speaker::Authority && flags.has(Flags::RA) && !authoritative;
    let (_, found) = records(message)?;
    let mut sections = Sections::of(message, &found)?;
    // Looked at before sets are left out: a referral upwards is lame and not an empty answer.
    let refers = sections.authority.iter().any(|set| set.rtype == RrType::NS);
    let ours = |set: &RrSet| set.owner.as_name().is_at_or_below(zone) && set.rdata.len() <= RECORDS_MAX;
    sections.answer.retain(ours);
    sections.authority.retain(ours);
    sections.additional.retain(ours);
    let Sections { answer, authority, additional } = sections;
    let (mut proofs, mut soa, mut ns) = (Vec::new(), None, Vec::new());
    let mut ds = None;
    for set in authority {
        match set.rtype {
            RrType::NSEC | RrType::NSEC3 => proofs.push(set),
            RrType::SOA if name.is_at_or_below(set.owner.as_name()) => soa = soa.or(Some(set)),
            RrType::NS if name.is_at_or_below(set.owner.as_name()) => ns.push(set),
            RrType::DS if name.is_at_or_below(set.owner.as_name()) => ds = ds.or(Some(set)),
            _ => {}
        }
    }
    let response = |says, proofs, servers, more| Ok(Response { says, authoritative, proofs, servers, more });
    let has_dname = answer.iter().any(|set| set.rtype == RrType::DNAME);
    let (chosen, more) = choose(zone, name, kind, answer);
    if let Some(says) = chosen {
        if recursive {
            return Err(Fault::Recursive);
        }
        if is_too_long && !(has_dname && matches!(says, ResponseKind::Alias(_) | ResponseKind::Dname(_))) {
            return Err(Fault::Code(rcode));
        }
        let servers = match &says {
            ResponseKind::Data(set) if set.is(zone, RrType::NS) && authoritative => {
                Some(referral(set, &additional))
            }
            _ => None,
        };
        return response(says, proofs, servers, more);
    }
    if is_too_long {
        return Err(Fault::Code(rcode));
    }
    if is_missing {
        if recursive {
            return Err(Fault::Recursive);
        }
        return response(ResponseKind::NxDomain(soa), proofs, None, more);
    }
    // A cut between the zone and the name. That of a DS question's own name is the parent's to answer for.
    let below = ns
        .iter()
        .filter(|set| set.owner.as_name() != zone && !(kind == RrType::DS && set.owner.as_name() == name))
        .max_by_key(|set| set.owner.as_name().label_count());
    if let Some(set) = below
        && soa.is_none()
    {
        let ds = ds.filter(|ds| ds.owner == set.owner);
        return response(ResponseKind::Referral(referral(set, &additional), ds), proofs, None, more);
    }
    // NS sets without SOA are a referral (RFC 2308 §2.2): upward or sideways ones are lame, with AA too. The zone's
    // own beside AA is NODATA of a server that leaves out the SOA.
    let refers_elsewhere = refers && !ns.iter().any(|set| set.owner.as_name() == zone);
    let is_settled = match speaker {
        Speaker::Authority => soa.is_some() || authoritative && !refers_elsewhere,
        Speaker::Resolver => true,
    };
    if is_settled || kind == RrType::DS && !ns.is_empty() {
        if recursive {
            return Err(Fault::Recursive);
        }
        return response(ResponseKind::NoData(soa), proofs, None, more);
    }
    // Neither data nor a way on: it refers to itself, upward, or to nowhere.
    Err(Fault::Lame)
}

/// What the answer section says of the name, and the rest of it that hangs together with that.
fn choose(
    zone: Name<'_>,
    name: Name<'_>,
    kind: RrType,
    mut answer: Vec<RrSet>,
) -> (Option<ResponseKind>, Vec<RrSet>) {
    if kind == RrType::ANY && answer.iter().any(|set| set.owner.as_name() == name) {
        answer.retain(|set| set.owner.as_name() == name && set.rtype != RrType::RRSIG);
        let first = (!answer.is_empty()).then(|| ResponseKind::Data(answer.remove(0)));
        return (first, answer);
    }
    let data = answer.iter().position(|set| set.is(name, kind));
    if let Some(at) = data {
        let set = answer.swap_remove(at);
        return (Some(ResponseKind::Data(set)), Vec::new());
    }
    if kind != RrType::CNAME
        && let Some(at) = answer.iter().position(|set| set.is(name, RrType::CNAME))
    {
        // A CNAME that was made from a DNAME has no signature; the DNAME says the same and has one.
        if let Some(at) = answer.iter().position(|set| moves(set, zone, name)) {
            let set = answer.swap_remove(at);
            return (Some(ResponseKind::Dname(set)), chain(name, answer));
        }
        let set = answer.swap_remove(at);
        return (Some(ResponseKind::Alias(set)), chain(name, answer));
    }
    if let Some(at) = answer.iter().position(|set| moves(set, zone, name)) {
        let set = answer.swap_remove(at);
        return (Some(ResponseKind::Dname(set)), chain(name, answer));
    }
    (None, Vec::new())
}

/// Whether it is a DNAME above `name`.
fn moves(set: &RrSet, zone: Name<'_>, name: Name<'_>) -> bool {
    let owner = set.owner.as_name();
    set.rtype == RrType::DNAME && owner != name && name.is_at_or_below(owner) && owner.is_at_or_below(zone)
}

/// The sets that may be on the way that aliases lead, at most as many as there are.
fn chain(name: Name<'_>, mut answer: Vec<RrSet>) -> Vec<RrSet> {
    answer.retain(|set| set.owner.as_name() != name && set.rtype != RrType::RRSIG);
    answer
}

/// The servers that an NS set names, with the addresses that the message has for them.
fn referral(ns: &RrSet, additional: &[RrSet]) -> Referral {
    let mut servers: Vec<(OwnedName, Vec<IpAddr>)> = Vec::new();
    for name in ns.names().take(SERVERS_MAX) {
        if servers.iter().any(|(other, _)| *other == name) {
            continue;
        }
        let addresses = additional
            .iter()
            .filter(|set| set.owner == name)
            .flat_map(RrSet::addresses)
            .take(ADDRESSES_MAX)
            .collect();
        servers.push((name, addresses));
    }
    Referral { zone: ns.owner.clone(), servers, ttl: ns.ttl }
}

/// `name` with `target` in the place of `owner` (RFC 6672 §2.2); `None` where that is too long.
pub fn moved(name: Name<'_>, owner: Name<'_>, target: Name<'_>) -> Option<OwnedName> {
    let above = name.wire().len().checked_sub(owner.wire().len())?;
    let wire = [&name.wire()[..above], target.wire()].concat();
    let mut buf = NameBuf::new();
    buf.fill_from_wire(&wire).ok()?;
    Some(buf.name().to_owned())
}
