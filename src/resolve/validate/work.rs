//! What the proofs for one client query may cost.
//!
//! A zone can be built so that one answer needs thousands of signature checks (CVE-2023-50387: colliding
//! key tags, many signatures) or of NSEC3 hashes (CVE-2023-50868: long names, many iterations). All
//! sub-fetches of a query share one [`Work`]; what it does not allow is [`Fault::TooMuchWork`].

use std::sync::atomic::{AtomicU32, Ordering};

use super::fault::Fault;

/// Signature checks: a chain of eleven aliases through zones of their own takes about a hundred.
const SIGNATURES_MAX: u32 = 256;
/// What these may cost, in blocks of SHA-1: some 40 ms in all, more than 256 checks of the usual algorithms
/// take, and 33 of the dearest.
const SIGNATURE_BLOCKS_MAX: u32 = 200_000;
/// Checks that fail: an honest zone has none but in a key rollover or where two key tags are the same.
const FAILURES_MAX: u32 = 16;
/// NSEC3 hashes: twice what a name of 127 labels takes.
const HASHES_MAX: u32 = 256;
/// Blocks of SHA-1 that those hashes take: some 2.5 ms in all. A reverse name of IPv6 (34 labels) in a zone
/// with 150 iterations takes 5,300.
const BLOCKS_MAX: u32 = 12_000;
/// NSEC3 hashes of one look at proofs that are kept; names so deep that they need more are asked upstream.
const LOOK_HASHES_MAX: u32 = 40;
/// Blocks of SHA-1 that these take: others who look for a proof may wait meanwhile.
const LOOK_BLOCKS_MAX: u32 = 1_500;
/// Blocks after which others have their turn: half a millisecond, four of the usual signatures.
const REST_AFTER: u32 = 2_000;

/// ECDSA on P-384 with SHA-384 (RFC 6605).
const ECDSA_P384: u8 = 14;

/// What is left for one client query; may be shared by reference.
#[derive(Debug)]
pub struct Work {
    signatures: AtomicU32,
    failures: AtomicU32,
    hashes: AtomicU32,
    signature_blocks: AtomicU32,
    hash_blocks: AtomicU32,
    /// What was done since others had their turn, in blocks of SHA-1.
    at_a_stretch: AtomicU32,
}

impl Work {
    /// All that a query is allowed.
    pub fn new() -> Self {
        Self::of(SIGNATURES_MAX, FAILURES_MAX, HASHES_MAX)
    }

    /// So many signature checks, failed ones among them, and NSEC3 hashes.
    pub fn of(signatures: u32, failures: u32, hashes: u32) -> Self {
        Self {
            signatures: signatures.into(),
            failures: failures.into(),
            hashes: hashes.into(),
            signature_blocks: SIGNATURE_BLOCKS_MAX.into(),
            hash_blocks: BLOCKS_MAX.into(),
            at_a_stretch: 0.into(),
        }
    }

    /// What so many looks at proofs that are kept may cost: no signature check, and few hashes.
    pub fn of_looks(looks: u32) -> Self {
        Self::of_hashes(looks * LOOK_HASHES_MAX, looks * LOOK_BLOCKS_MAX)
    }

    /// No signature check, and so many NSEC3 hashes of so many blocks of SHA-1 in all.
    fn of_hashes(hashes: u32, blocks: u32) -> Self {
        Self { hash_blocks: blocks.into(), ..Self::of(0, 0, hashes) }
    }

    /// Whether so much was done at a stretch that others should have their turn; whoever is told so gives
    /// it to them.
    pub fn is_due_for_rest(&self) -> bool {
        let is_due = self.at_a_stretch.load(Ordering::Relaxed) >= REST_AFTER;
        if is_due {
            self.at_a_stretch.store(0, Ordering::Relaxed);
        }
        is_due
    }

    /// Asked before each check of a signature of that algorithm.
    pub(super) fn check_signature(&self, algorithm: u8) -> Result<(), Fault> {
        let blocks = signature_in_blocks(algorithm);
        self.at_a_stretch.fetch_add(blocks, Ordering::Relaxed);
        take(&self.signatures, 1)?;
        take(&self.signature_blocks, blocks)
    }

    /// ZoneResponse after each signature check that failed.
    pub(super) fn signature_failed(&self) -> Result<(), Fault> {
        take(&self.failures, 1)
    }

    /// Asked before each NSEC3 hash, of so many blocks of SHA-1.
    pub(super) fn hash_name(&self, blocks: u32) -> Result<(), Fault> {
        self.at_a_stretch.fetch_add(blocks, Ordering::Relaxed);
        take(&self.hashes, 1)?;
        take(&self.hash_blocks, blocks)
    }
}

impl Default for Work {
    fn default() -> Self {
        Self::new()
    }
}

/// What a check costs, in blocks of SHA-1 (0.2 µs). The library has P-384 in portable code only.
fn signature_in_blocks(algorithm: u8) -> u32 {
    match algorithm {
        ECDSA_P384 => 6_000,
        _ => 500,
    }
}

fn take(left: &AtomicU32, much: u32) -> Result<(), Fault> {
    // Only a count: nothing else is ordered by it.
    left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(much))
        .map(|_| ())
        .map_err(|_| Fault::TooMuchWork)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_work_ends_at_its_own_bound() {
        let work = Work::of(2, 1, 0);
        assert_eq!(work.check_signature(13), Ok(()));
        assert_eq!(work.check_signature(13), Ok(()));
        assert_eq!(work.check_signature(13), Err(Fault::TooMuchWork));
        let dear = Work::new();
        assert_eq!((0..).take_while(|_| dear.check_signature(ECDSA_P384).is_ok()).count(), 33);
        assert_eq!(work.signature_failed(), Ok(()));
        assert_eq!(work.signature_failed(), Err(Fault::TooMuchWork));
        assert_eq!(work.hash_name(1), Err(Fault::TooMuchWork));
        let few_blocks = Work::of_hashes(10, 151);
        assert_eq!(few_blocks.hash_name(151), Ok(()));
        assert_eq!(few_blocks.hash_name(1), Err(Fault::TooMuchWork));
        assert_eq!(few_blocks.check_signature(13), Err(Fault::TooMuchWork));
    }

    #[test]
    fn others_have_their_turn_after_some_work_and_again_after_as_much() {
        let work = Work::new();
        for _ in 0..2 {
            assert!(!work.is_due_for_rest());
            (0..3).for_each(|_| work.check_signature(13).unwrap());
            assert!(!work.is_due_for_rest());
            work.hash_name(500).unwrap();
            assert!(work.is_due_for_rest());
        }
    }
}
