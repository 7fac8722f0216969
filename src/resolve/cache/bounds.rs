//! Within which bounds answers are kept.

/// How long answers are kept, in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TtlBounds {
    /// TTLs below this are raised to it (0: none is).
    pub min: u32,
    /// TTLs above this are cut to it.
    pub max: u32,
    /// The same for negative answers (RFC 2308 §5 suggests one to three hours).
    pub negative_max: u32,
    /// SERVFAIL (RFC 9520: 1 to 30 s).
    pub failure: u32,
    /// For so long after its time an answer is still given where no new one can be had (RFC 8767); 0: never.
    pub stale: u32,
}

impl Default for TtlBounds {
    fn default() -> Self {
        Self { min: 0, max: 86_400, negative_max: 3600, failure: 5, stale: 86_400 }
    }
}
