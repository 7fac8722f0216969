//! Why questions end without an answer, in the kinds that a person can do something about.

use serde::{Deserialize, Serialize};

use super::reason::Reason;
use crate::dns::ede::EdeCode;

/// Why there was no answer. Its words in JSON are stable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// No server could be reached, or none answered in time.
    Unreachable,
    /// The servers refuse.
    Refused,
    /// The servers report an error of their own.
    #[serde(rename = "server_failing")]
    Failing,
    /// A forwarder's certificate is not to be trusted.
    #[serde(rename = "certificate")]
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
            Reason::ForwardersRefuse => Self::Refused,
            Reason::ForwardersFail => Self::Failing,
            Reason::ForwarderCertificate => Self::Distrusted,
            Reason::TooManyInFlight => Self::Busy,
            other => Self::of_code(other.ede()),
        }
    }

    fn of_code(code: EdeCode) -> Self {
        match code {
            EdeCode::SignatureExpired => Self::SignatureExpired,
            EdeCode::SignatureNotYetValid => Self::SignatureNotYetValid,
            EdeCode::DnskeyMissing | EdeCode::RrsigsMissing | EdeCode::NsecMissing => Self::SignaturesMissing,
            EdeCode::DnssecBogus
            | EdeCode::DnssecIndeterminate
            | EdeCode::NoZoneKeyBitSet
            | EdeCode::SignatureExpiredBeforeValid => Self::Bogus,
            EdeCode::NoReachableAuthority | EdeCode::NetworkError => Self::Unreachable,
            EdeCode::InvalidData => Self::Nonsense,
            _ => Self::Failing,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reason_has_the_cause_that_a_person_can_do_something_about() {
        for (reason, cause) in [
            (Reason::ServersTimedOut, Cause::Unreachable),
            (Reason::ServersFail, Cause::Unreachable),
            (Reason::Deadline, Cause::Unreachable),
            (Reason::ForwardersTimedOut, Cause::Unreachable),
            (Reason::ForwardersRefuse, Cause::Refused),
            (Reason::ForwardersFail, Cause::Failing),
            (Reason::ForwarderCertificate, Cause::Distrusted),
            (Reason::ForwarderMalformed, Cause::Nonsense),
            (Reason::AliasLoop, Cause::Nonsense),
            (Reason::TooManyInFlight, Cause::Busy),
            (Reason::SignatureExpired, Cause::SignatureExpired),
            (Reason::SignatureNotYetValid, Cause::SignatureNotYetValid),
            (Reason::ClockWrong(EdeCode::SignatureNotYetValid), Cause::SignatureNotYetValid),
            (Reason::DnskeyMissing, Cause::SignaturesMissing),
            (Reason::RrsigsMissing, Cause::SignaturesMissing),
            (Reason::NsecMissing, Cause::SignaturesMissing),
            (Reason::Bogus, Cause::Bogus),
            (Reason::TooMuchValidation, Cause::Bogus),
            (Reason::SignatureExpiredBeforeValid, Cause::Bogus),
            (Reason::ForwarderBogus(EdeCode::SignatureExpired), Cause::SignatureExpired),
        ] {
            assert_eq!(Cause::of(Some(reason)), cause, "{reason:?}");
        }
        assert_eq!(Cause::of(None), Cause::Failing);
    }

    #[test]
    fn ids_differ() {
        let mut ids: Vec<String> =
            Cause::ALL.map(|cause| serde_json::to_string(&cause).expect("a word")).to_vec();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), Cause::ALL.len());
    }
}
