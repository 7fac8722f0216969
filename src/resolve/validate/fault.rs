//! Why data is bogus, or only insecure where its zone is signed: each with its Extended DNS Error.

use crate::resolve::reason::Reason;

/// Why there is no proof: the data is bogus. In the order in which they tell something: of several
/// signatures that fail for different reasons, the greatest is the answer's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// No signature of the zone, by an algorithm that it should be signed with.
    RrsigsMissing,
    /// No NSEC or NSEC3 records that prove what is not there.
    NsecMissing,
    /// No DNSKEY that the DS, the anchor or the signature speaks of.
    DnskeyMissing,
    /// There is such a DNSKEY, but it is not for zones (RFC 4034 §2.1.1).
    NoZoneKeyBit,
    /// A signature of the zone that is wrong.
    BadSignature,
    /// A signature that ends before it begins.
    SignatureExpiredBeforeValid,
    /// A signature from the future.
    SignatureNotYetValid,
    /// A signature that was good once.
    SignatureExpired,
    /// Given up: see [`Work`](super::work::Work).
    TooMuchWork,
}

impl Fault {
    /// What the client is told.
    pub fn reason(self) -> Reason {
        match self {
            Self::RrsigsMissing => Reason::RrsigsMissing,
            Self::NsecMissing => Reason::NsecMissing,
            Self::DnskeyMissing => Reason::DnskeyMissing,
            Self::NoZoneKeyBit => Reason::NoZoneKeyBit,
            Self::BadSignature => Reason::Bogus,
            Self::SignatureExpiredBeforeValid => Reason::SignatureExpiredBeforeValid,
            Self::SignatureNotYetValid => Reason::SignatureNotYetValid,
            Self::SignatureExpired => Reason::SignatureExpired,
            Self::TooMuchWork => Reason::TooMuchValidation,
        }
    }
}

/// Why a signed zone is insecure all the same (RFC 4035 §5.2, RFC 6840 §5.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unsupported {
    /// All its keys are of algorithms or sizes that we do not check.
    Algorithm,
    /// All its DS are of digests that we do not compute.
    Digest,
}

impl Unsupported {
    /// What the client may be told beside the answer.
    pub fn reason(self) -> Reason {
        match self {
            Self::Algorithm => Reason::UnsupportedAlgorithm,
            Self::Digest => Reason::UnsupportedDigest,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dns::ede::EdeCode;

    #[test]
    fn each_fault_has_the_code_that_rfc_8914_gives_it() {
        for (fault, code) in [
            (Fault::BadSignature, EdeCode::DnssecBogus),
            (Fault::SignatureExpired, EdeCode::SignatureExpired),
            (Fault::SignatureNotYetValid, EdeCode::SignatureNotYetValid),
            (Fault::DnskeyMissing, EdeCode::DnskeyMissing),
            (Fault::RrsigsMissing, EdeCode::RrsigsMissing),
            (Fault::NoZoneKeyBit, EdeCode::NoZoneKeyBitSet),
            (Fault::NsecMissing, EdeCode::NsecMissing),
            (Fault::SignatureExpiredBeforeValid, EdeCode::SignatureExpiredBeforeValid),
            (Fault::TooMuchWork, EdeCode::DnssecBogus),
        ] {
            assert_eq!(fault.reason().ede(), code, "{fault:?}");
        }
        assert_eq!(Unsupported::Algorithm.reason().ede(), EdeCode::UnsupportedDnskeyAlgorithm);
        assert_eq!(Unsupported::Digest.reason().ede(), EdeCode::UnsupportedDsDigest);
    }
}
