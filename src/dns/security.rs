//! What DNSSEC says of data (RFC 4033 §5).

/// The outcome of validation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Security {
    /// A chain of signatures leads to a trust anchor.
    Secure,
    /// Proven to be unsigned, or below no trust anchor.
    Insecure,
    /// Validation failed; the response is SERVFAIL and has no data.
    Bogus,
    /// Not validated.
    Indeterminate,
}

impl Security {
    /// The outcome for both together: the weaker one.
    pub fn weaker(self, other: Self) -> Self {
        let rank = |security| match security {
            Self::Bogus => 0,
            Self::Indeterminate => 1,
            Self::Insecure => 2,
            Self::Secure => 3,
        };
        if rank(other) < rank(self) { other } else { self }
    }
}
