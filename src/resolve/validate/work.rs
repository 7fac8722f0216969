//! What the proofs for one client query may cost.
//!
//! A zone can be built so that one answer needs thousands of signature checks (CVE-2023-50387: colliding
//! key tags, many signatures) or of NSEC3 hashes (CVE-2023-50868: long names, many iterations). All
//! sub-fetches of a query share one [`Work`]; what it does not allow is [`Fault::TooMuchWork`].

use std::sync::atomic::{AtomicU32, Ordering};

use super::fault::Fault;

/// Signature checks: a chain of eleven aliases through zones of their own takes about a hundred.
const SIGNATURES_MAX: u32 = 256;
/// Checks that fail: an honest zone has none but in a key rollover or where two key tags are the same.
const FAILURES_MAX: u32 = 16;
/// NSEC3 hashes: twice what a name of 127 labels takes, at most some 10 ms in all.
const HASHES_MAX: u32 = 256;

/// What is left for one client query; may be shared by reference.
#[derive(Debug)]
pub struct Work {
    signatures: AtomicU32,
    failures: AtomicU32,
    hashes: AtomicU32,
}

impl Work {
    /// All that a query is allowed.
    pub fn new() -> Self {
        Self::of(SIGNATURES_MAX, FAILURES_MAX, HASHES_MAX)
    }

    /// So many signature checks, failed ones among them, and NSEC3 hashes.
    pub fn of(signatures: u32, failures: u32, hashes: u32) -> Self {
        Self { signatures: signatures.into(), failures: failures.into(), hashes: hashes.into() }
    }

    /// Asked before each signature check.
    pub(super) fn check_signature(&self) -> Result<(), Fault> {
        take(&self.signatures)
    }

    /// Told after each signature check that failed.
    pub(super) fn signature_failed(&self) -> Result<(), Fault> {
        take(&self.failures)
    }

    /// Asked before each NSEC3 hash.
    pub(super) fn hash_name(&self) -> Result<(), Fault> {
        take(&self.hashes)
    }
}

impl Default for Work {
    fn default() -> Self {
        Self::new()
    }
}

fn take(left: &AtomicU32) -> Result<(), Fault> {
    // Only a count: nothing else is ordered by it.
    left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1))
        .map(|_| ())
        .map_err(|_| Fault::TooMuchWork)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_work_ends_at_its_own_bound() {
        let work = Work::of(2, 1, 0);
        assert_eq!(work.check_signature(), Ok(()));
        assert_eq!(work.check_signature(), Ok(()));
        assert_eq!(work.check_signature(), Err(Fault::TooMuchWork));
        assert_eq!(work.signature_failed(), Ok(()));
        assert_eq!(work.signature_failed(), Err(Fault::TooMuchWork));
        assert_eq!(work.hash_name(), Err(Fault::TooMuchWork));
    }
}
