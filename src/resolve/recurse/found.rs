//! What the library's recursor found, told apart: it says "nothing there" in four different ways, and
//! "bogus" in two.

use hickory_resolver::net::{DnsError, NetError, NoRecords};
use hickory_resolver::proto::dnssec::{DnssecSummary, Proof as LibraryProof};
use hickory_resolver::proto::op::{Message, ResponseCode};
use hickory_resolver::proto::rr::{Name, RData, Record, RecordType, rdata::SOA};
use hickory_resolver::recursor::RecursorError;

use super::proof;
use crate::dns::reply::Rcode;
use crate::resolve::Proof;
use crate::resolve::reason::{self, Reason};

/// One look-up's outcome.
pub(super) enum Found {
    /// Data, with the aliases that lead to it.
    Answer { answers: Vec<Record>, authorities: Vec<Record>, proof: Proof },
    /// No data at `at`, which differs from what was asked where aliases lead away.
    Nothing { at: Name, rcode: Rcode, authorities: Vec<Record>, proof: Proof },
    /// A verdict on a chain that the library cannot judge as one.
    Elsewhere,
    /// Nothing that can be used, and why.
    Failure(Reason),
}

const BOGUS: Found = Found::Failure(reason::BOGUS);

impl Found {
    /// Reads the library's result of asking for `kind` at `name`.
    pub(super) fn from_library(
        name: &Name,
        kind: RecordType,
        result: Result<Message, RecursorError>,
        validates: bool,
    ) -> Self {
        match result {
            Ok(message) => positive(name, kind, message, validates),
            Err(RecursorError::Negative(authority)) => {
                let rcode = match RecursorError::Negative(authority.clone()).is_nx_domain() {
                    true => Rcode::NxDomain,
                    false => Rcode::NoError,
                };
                let authorities = with_soa(authority.authorities.as_deref(), authority.soa.as_deref());
                nothing(authority.query.name().clone(), rcode, authorities, validates)
            }
            Err(RecursorError::Net(NetError::Dns(error))) => negative(name, kind, error, validates),
            Err(RecursorError::ForwardNS(_)) => Self::Failure(reason::NOWHERE),
            Err(RecursorError::Timeout | RecursorError::Net(NetError::Timeout)) => {
                Self::Failure(reason::TOO_SLOW)
            }
            Err(RecursorError::Io(_) | RecursorError::Net(_)) => Self::Failure(reason::NO_ANSWER),
            Err(
                RecursorError::QueryBudgetExceeded
                | RecursorError::RecursionLimitExceeded { .. }
                | RecursorError::MaxRecordLimitExceeded { .. },
            ) => Self::Failure(reason::TOO_MUCH_WORK),
            Err(_) => Self::Failure(reason::NO_SERVER),
        }
    }
}

fn positive(name: &Name, kind: RecordType, message: Message, validates: bool) -> Found {
    let rcode = message.metadata.response_code;
    if !matches!(rcode, ResponseCode::NoError | ResponseCode::NXDomain) {
        return Found::Failure(reason::NO_ANSWER);
    }
    let Message { mut answers, authorities, .. } = message;
    proof::settle_dnames(&mut answers);
    let mut proof = proof_of(&answers, validates);
    if proof == Proof::Bogus {
        return BOGUS;
    }
    if proof::is_expanded(&answers) && proof::opts_out(name, &authorities) {
        proof = proof.weaker(Proof::Insecure);
    }
    let asked_for = |record: &Record| {
        kind == RecordType::ANY || record.record_type() == kind || record.record_type() == RecordType::RRSIG
    };
    if answers.iter().any(asked_for) {
        return Found::Answer { answers, authorities, proof };
    }
    match end_of(name, &answers) {
        None => return Found::Failure(reason::CIRCLE),
        // A chain whose end is not in the answer, or not there at all: a matter for single links.
        Some(end) if end != *name => return Found::Elsewhere,
        Some(_) => {}
    }
    let rcode = if rcode == ResponseCode::NXDomain { Rcode::NxDomain } else { Rcode::NoError };
    nothing(name.clone(), rcode, authorities, validates)
}

/// Where the chain of aliases from `name` ends; `None` for a circle.
fn end_of(name: &Name, answers: &[Record]) -> Option<Name> {
    let mut at = name.clone();
    for _ in 0..=answers.len() {
        let next = answers.iter().find_map(|record| match &record.data {
            RData::CNAME(target) if record.name == at => Some(target.0.clone()),
            _ => None,
        });
        match next {
            Some(next) => at = next,
            None => return Some(at),
        }
    }
    None
}

fn negative(name: &Name, kind: RecordType, error: DnsError, validates: bool) -> Found {
    match error {
        DnsError::NoRecordsFound(NoRecords { query, soa, response_code, authorities, .. }) => {
            let rcode = match response_code {
                ResponseCode::NXDomain => Rcode::NxDomain,
                ResponseCode::NoError => Rcode::NoError,
                _ => return Found::Failure(reason::NO_ANSWER),
            };
            let authorities = with_soa(authorities.as_deref(), soa.as_deref());
            nothing(query.name().clone(), rcode, authorities, validates)
        }
        DnsError::Nsec { response, proof, .. } => {
            let missing = response.response_code == ResponseCode::NXDomain;
            if let Some(query) = response.queries.first()
                && !(query.name() == name || missing && query.name().zone_of(name))
            {
                return Found::Elsewhere;
            }
            unproven(name, kind, response.into_message(), proof)
        }
        DnsError::DnssecBogus => BOGUS,
        _ => Found::Failure(reason::NO_ANSWER),
    }
}

/// What the library says has no secure proof, because it is insecure, wrong, or more than it knows.
fn unproven(name: &Name, kind: RecordType, message: Message, proof: LibraryProof) -> Found {
    let rcode = match message.metadata.response_code {
        ResponseCode::NXDomain => Rcode::NxDomain,
        _ => Rcode::NoError,
    };
    let Message { mut answers, authorities, .. } = message;
    if answers.is_empty() {
        let proven = rcode == Rcode::NoError && proof::has_none(name, kind, &authorities);
        return match proof {
            LibraryProof::Bogus if !proven => Found::Failure(reason::NO_PROOF),
            _ => nothing(name.clone(), rcode, authorities, true),
        };
    }
    proof::settle_dnames(&mut answers);
    let mut found = proof_of(&answers, true);
    if found == Proof::Bogus {
        return BOGUS;
    }
    if proof == LibraryProof::Bogus {
        match end_of(name, &answers) {
            None => return Found::Failure(reason::CIRCLE),
            // The proof is about the end of a chain, and was held against its start.
            Some(end) if end != *name && kind != RecordType::CNAME => return Found::Elsewhere,
            Some(_) if !proof::is_wildcards(name, &answers, &authorities) => {
                return Found::Failure(reason::NO_PROOF);
            }
            Some(_) => {}
        }
    } else {
        // An answer from a wildcard whose proof is insecure, not wrong.
        found = found.weaker(Proof::Insecure);
    }
    Found::Answer { answers, authorities, proof: found }
}

fn nothing(at: Name, rcode: Rcode, authorities: Vec<Record>, validates: bool) -> Found {
    match proof_of(&authorities, validates) {
        Proof::Bogus => BOGUS,
        Proof::Secure if proof::opts_out(&at, &authorities) => {
            Found::Nothing { at, rcode, authorities, proof: Proof::Insecure }
        }
        proof => Found::Nothing { at, rcode, authorities, proof },
    }
}

/// The authority section of a negative answer, whose SOA the library may have taken out.
fn with_soa(authorities: Option<&[Record]>, soa: Option<&Record<SOA>>) -> Vec<Record> {
    let mut all: Vec<Record> = authorities
        .unwrap_or_default()
        .iter()
        .filter(|record| record.record_type() != RecordType::NS)
        .cloned()
        .collect();
    if let Some(soa) = soa
        && !all.iter().any(|record| record.record_type() == RecordType::SOA)
    {
        all.insert(0, soa.clone().into_record_of_rdata());
    }
    all
}

fn proof_of(records: &[Record], validates: bool) -> Proof {
    if !validates {
        return Proof::Indeterminate;
    }
    match DnssecSummary::from_records(records.iter()) {
        DnssecSummary::Secure => Proof::Secure,
        DnssecSummary::Bogus => Proof::Bogus,
        DnssecSummary::Insecure => Proof::Insecure,
    }
}
