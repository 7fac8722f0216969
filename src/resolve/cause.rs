//! Why questions end without an answer, in the kinds that a person can do something about.

use super::reason::{self, Reason};
use crate::dns::ede::EdeCode;

/// Why there was no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Cause {
    /// No server could be reached, or none answered in time.
    Unreachable,
    /// The servers refuse.
    Refused,
    /// The servers report an error of their own.
    Failing,
    /// A forwarder's certificate is not to be trusted.
    Distrusted,
    /// What the servers say makes no sense, or takes too much work.
    Nonsense,
    /// DNSSEC signatures have expired.
    SignatureExpired,
    /// DNSSEC signatures are not valid yet.
    SignatureNotYetValid,
    /// DNSSEC signatures, keys or proofs are missing.
    SignaturesMissing,
    /// DNSSEC data that does not validate for another reason.
    Bogus,
    /// Too many questions were waiting.
    Busy,
}

impl Cause {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Unreachable,
        Self::Refused,
        Self::Failing,
        Self::Distrusted,
        Self::Nonsense,
        Self::SignatureExpired,
        Self::SignatureNotYetValid,
        Self::SignaturesMissing,
        Self::Bogus,
        Self::Busy,
    ];

    /// What the Extended DNS Error of a SERVFAIL says.
    pub fn of(ede: Option<Reason>) -> Self {
        let Some(reason) = ede else { return Self::Failing };
        match reason {
            reason::FORWARDERS_REFUSE => Self::Refused,
            reason::FORWARDERS_FAIL => Self::Failing,
            reason::FORWARDER_DISTRUSTED => Self::Distrusted,
            reason::TOO_BUSY => Self::Busy,
            (EdeCode::SignatureExpired, _) => Self::SignatureExpired,
            (EdeCode::SignatureNotYetValid, _) => Self::SignatureNotYetValid,
            (EdeCode::DnskeyMissing | EdeCode::RrsigsMissing | EdeCode::NsecMissing, _) => {
                Self::SignaturesMissing
            }
            (
                EdeCode::DnssecBogus
                | EdeCode::DnssecIndeterminate
                | EdeCode::NoZoneKeyBitSet
                | EdeCode::SignatureExpiredBeforeValid,
                _,
            ) => Self::Bogus,
            (EdeCode::NoReachableAuthority | EdeCode::NetworkError, _) => Self::Unreachable,
            (EdeCode::InvalidData, _) => Self::Nonsense,
            _ => Self::Failing,
        }
    }

    /// Stable id, for JSON.
    pub fn id(self) -> &'static str {
        match self {
            Self::Unreachable => "unreachable",
            Self::Refused => "refused",
            Self::Failing => "server_failing",
            Self::Distrusted => "certificate",
            Self::Nonsense => "nonsense",
            Self::SignatureExpired => "signature_expired",
            Self::SignatureNotYetValid => "signature_not_yet_valid",
            Self::SignaturesMissing => "signatures_missing",
            Self::Bogus => "bogus",
            Self::Busy => "busy",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reason_has_the_cause_that_a_person_can_do_something_about() {
        for (reason, cause) in [
            (reason::TOO_SLOW, Cause::Unreachable),
            (reason::NO_ANSWER, Cause::Unreachable),
            (reason::OUT_OF_TIME, Cause::Unreachable),
            (reason::FORWARDERS_SILENT, Cause::Unreachable),
            (reason::FORWARDERS_REFUSE, Cause::Refused),
            (reason::FORWARDERS_FAIL, Cause::Failing),
            (reason::FORWARDER_DISTRUSTED, Cause::Distrusted),
            (reason::FORWARDER_GARBAGE, Cause::Nonsense),
            (reason::CIRCLE, Cause::Nonsense),
            (reason::TOO_BUSY, Cause::Busy),
            (reason::SIGNATURE_EXPIRED, Cause::SignatureExpired),
            (reason::SIGNATURE_NOT_YET_VALID, Cause::SignatureNotYetValid),
            ((EdeCode::SignatureNotYetValid, reason::CLOCK_WRONG), Cause::SignatureNotYetValid),
            (reason::DNSKEY_MISSING, Cause::SignaturesMissing),
            (reason::RRSIGS_MISSING, Cause::SignaturesMissing),
            (reason::NSEC_MISSING, Cause::SignaturesMissing),
            (reason::BOGUS, Cause::Bogus),
            (reason::TOO_MUCH_VALIDATION, Cause::Bogus),
            (reason::SIGNATURE_EXPIRED_BEFORE_VALID, Cause::Bogus),
            (reason::dnssec_failure(EdeCode::SignatureExpired), Cause::SignatureExpired),
        ] {
            assert_eq!(Cause::of(Some(reason)), cause, "{reason:?}");
        }
        assert_eq!(Cause::of(None), Cause::Failing);
    }

    #[test]
    fn ids_differ() {
        let mut ids: Vec<&str> = Cause::ALL.map(Cause::id).to_vec();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), Cause::ALL.len());
    }
}
