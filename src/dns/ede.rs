//! Extended DNS Errors (RFC 8914): the codes that we send, each with its use here.

/// INFO-CODE of an Extended DNS Error (RFC 8914 §4 and the IANA registry).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u16)]
pub enum EdeCode {
    /// Anything without a code of its own.
    Other = 0,
    /// The validator does not know the DNSKEY algorithm.
    UnsupportedDnskeyAlgorithm = 1,
    /// The validator does not know the DS digest type.
    UnsupportedDsDigest = 2,
    /// The answer has expired, and upstream could not be asked (RFC 8767).
    StaleAnswer = 3,
    /// The answer was made here: a rewrite, or the block page's address.
    ForgedAnswer = 4,
    /// DNSSEC: neither secure nor proven insecure.
    DnssecIndeterminate = 5,
    /// DNSSEC: validation failed.
    DnssecBogus = 6,
    /// DNSSEC: a signature has expired.
    SignatureExpired = 7,
    /// DNSSEC: a signature is not valid yet.
    SignatureNotYetValid = 8,
    /// DNSSEC: no DNSKEY matches the DS.
    DnskeyMissing = 9,
    /// DNSSEC: signatures are missing.
    RrsigsMissing = 10,
    /// DNSSEC: no zone key bit set.
    NoZoneKeyBitSet = 11,
    /// DNSSEC: a denial of existence lacks its proof.
    NsecMissing = 12,
    /// SERVFAIL from the failure cache (RFC 9520).
    CachedError = 13,
    /// Not ready to answer.
    NotReady = 14,
    /// Blocked by the Department's or the school's policy.
    Blocked = 15,
    /// Blocked by order of an outside authority.
    Censored = 16,
    /// Blocked because the client asked for it.
    Filtered = 17,
    /// The client may not ask here.
    Prohibited = 18,
    /// NXDOMAIN that has expired (RFC 8767).
    StaleNxdomain = 19,
    /// Recursion was not desired, and this server has no zones of its own to answer from (RFC 8914 §4.21).
    NotAuthoritative = 20,
    /// This server does not answer that kind of question.
    NotSupported = 21,
    /// No authority could be reached.
    NoReachableAuthority = 22,
    /// Something between us and the authority failed.
    NetworkError = 23,
    /// The authority's data makes no sense.
    InvalidData = 24,
    /// DNSSEC: a signature ends before it begins.
    SignatureExpiredBeforeValid = 25,
    /// DNSSEC: more NSEC3 iterations than are looked at (RFC 9276 §3.2).
    UnsupportedNsec3Iterations = 27,
}

impl EdeCode {
    /// The number on the wire.
    pub fn code(self) -> u16 {
        self as u16
    }

    /// Whether it says that validation failed: the data is bogus (RFC 4035 §4.3), and neither an expired answer nor
    /// a policy zone's stands in its place.
    pub fn is_bogus(self) -> bool {
        Self::BOGUS.contains(&self)
    }

    /// The code of a DNSSEC failure that another resolver gives as its reason; `None` for other numbers.
    pub fn of_dnssec_failure(code: u16) -> Option<Self> {
        let all = Self::BOGUS.into_iter().chain([Self::DnssecIndeterminate]);
        all.into_iter().find(|known| known.code() == code)
    }

    /// The only list of the codes that mean bogus.
    const BOGUS: [Self; 8] = [
        Self::DnssecBogus,
        Self::SignatureExpired,
        Self::SignatureNotYetValid,
        Self::DnskeyMissing,
        Self::RrsigsMissing,
        Self::NoZoneKeyBitSet,
        Self::NsecMissing,
        Self::SignatureExpiredBeforeValid,
    ];
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_dnssec_failure_is_bogus_and_nothing_else_is() {
        for code in [6, 7, 8, 9, 10, 11, 12, 25] {
            let ede = EdeCode::of_dnssec_failure(code).unwrap();
            assert_eq!((ede.code(), ede.is_bogus()), (code, true));
        }
        assert_eq!(EdeCode::of_dnssec_failure(5), Some(EdeCode::DnssecIndeterminate));
        assert!(!EdeCode::DnssecIndeterminate.is_bogus(), "it may be the network");
        // Said beside answers that are insecure, or of failures that are none of DNSSEC.
        for ede in
            [EdeCode::UnsupportedDnskeyAlgorithm, EdeCode::UnsupportedNsec3Iterations, EdeCode::InvalidData]
        {
            assert!(!ede.is_bogus() && EdeCode::of_dnssec_failure(ede.code()).is_none(), "{ede:?}");
        }
    }
}
