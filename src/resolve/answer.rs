//! What is asked of the resolver, and what it answers.

use super::alias::Unfinished;
use super::reason::Reason;
use super::{rebind, wire};
use crate::dns::name::OwnedName;
use crate::dns::question::Question;
use crate::dns::rcode::Rcode;
use crate::dns::rdata::CLASS_IN;
use crate::dns::rrtype::RrType;
use crate::dns::security::Security;

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Ask {
    /// Asked name.
    pub name: OwnedName,
    /// Asked type.
    pub rtype: RrType,
    /// Asked class.
    pub class: u16,
    /// DNSSEC OK: the answer has signatures and proofs.
    pub dnssec_ok: bool,
    /// Checking disabled: the client validates, or wants to see what does not validate.
    pub checking_disabled: bool,
}

impl Ask {
    /// A question in class IN without DNSSEC.
    pub fn new(name: OwnedName, rtype: RrType) -> Self {
        Self { name, rtype, class: CLASS_IN, dnssec_ok: false, checking_disabled: false }
    }

    /// What a client's query asks.
    pub fn of(question: &Question<'_>) -> Self {
        Self {
            name: question.name().to_owned(),
            rtype: question.rtype,
            class: question.class,
            dnssec_ok: question.dnssec_ok(),
            checking_disabled: question.checking_disabled(),
        }
    }

    /// The same for another name.
    pub fn at(&self, name: OwnedName) -> Self {
        Self { name, ..self.clone() }
    }

    /// Whether a record of this type may be in the answer: signatures and proofs only for who asks for
    /// them (RFC 4035 §3.2.1).
    pub(super) fn wants(&self, record: RrType) -> bool {
        self.dnssec_ok
            || record == self.rtype
            || !matches!(record, RrType::RRSIG | RrType::NSEC | RrType::NSEC3)
    }
}

/// An answer.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The whole message: one question in lower case, no OPT, no additional records, id 0, TTLs as
    /// received.
    pub wire: Vec<u8>,
    /// Its RCODE.
    pub rcode: Rcode,
    /// What DNSSEC says.
    pub security: Security,
    /// Why, where there is more to say, with an EXTRA-TEXT.
    pub ede: Option<Reason>,
    /// How far resolution came, where there is no answer: the message does not say then.
    pub unfinished: Option<Unfinished>,
}

impl Answer {
    /// What a client is told whose question takes too long.
    pub fn out_of_time(ask: &Ask) -> Self {
        wire::failure(ask, Reason::Deadline)
    }

    /// Whether addresses were taken out of it because they lead into the school's own networks.
    pub fn is_rebound(&self) -> bool {
        rebind::is_rebound(self.ede)
    }
}
