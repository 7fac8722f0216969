//! Buckets: from a hash to the record of a name, one cache line a probe.
//!
//! The high half of a hash says the home bucket, the low half is the fingerprint. A bucket that has
//! more than eight at home keeps those with the smallest fingerprints and hands the others on to the
//! next, for which the same holds. So a probe goes on only if its fingerprint is at least the largest
//! of a full bucket: at eight tenths full some 4 % of probes, instead of the third whose bucket is
//! full. (Probing until a bucket with room, as hash tables do, lost for that reason.)
//!
//! Fingerprints lie sorted, so the largest is the last. A free place has the largest fingerprint and
//! the offset 0, where no record is.

use super::layout::{BUCKET_OCTETS, u32_at};

/// Places in a bucket.
pub(super) const PLACES: usize = 8;
/// Names a home bucket on average, in tenths: 6.4 of 8 is 10 octets a name.
const LOAD_TENTHS: u64 = 64;
const FREE: (u32, u32) = (u32::MAX, 0);

const _: () = assert!(PLACES * 8 == BUCKET_OCTETS);

/// A bucket where it lies in the file.
pub(super) type BucketAt<'i> = &'i [u8; BUCKET_OCTETS];

/// Home buckets for so many names.
pub(super) fn homes_for(names: u64) -> Option<u32> {
    u32::try_from((names * 10).div_ceil(LOAD_TENTHS).max(1)).ok()
}

#[inline]
pub(super) fn home_of(hash: u64, homes: u32) -> usize {
    (((hash >> 32) * u64::from(homes)) >> 32) as usize
}

#[inline]
pub(super) fn fingerprint_of(hash: u64) -> u32 {
    hash as u32
}

/// Whether the bucket may lead to the name: it has the fingerprint, or the search goes on. No
/// branches, so that the probes of all suffixes are under way at once.
#[inline]
pub(super) fn may_lead(bucket: BucketAt<'_>, fingerprint: u32) -> bool {
    let (places, _) = bucket.as_chunks::<4>();
    let mut equal = false;
    for place in &places[..PLACES] {
        equal |= u32::from_le_bytes(*place) == fingerprint;
    }
    equal | goes_on(bucket, fingerprint)
}

/// Whether a name with that fingerprint may lie in the next bucket.
#[inline]
pub(super) fn goes_on(bucket: BucketAt<'_>, fingerprint: u32) -> bool {
    fingerprint >= u32_at(bucket, 4 * (PLACES - 1)) && u32_at(bucket, BUCKET_OCTETS - 4) != FREE.1
}

/// Offsets of the records with that fingerprint. All places are compared before the first is followed:
/// one branch that guesses wrong, not eight.
#[inline]
pub(super) fn offsets(bucket: BucketAt<'_>, fingerprint: u32) -> impl Iterator<Item = u32> {
    let (places, _) = bucket.as_chunks::<4>();
    let (fingerprints, offsets) = places.split_at(PLACES);
    let mut equal = 0u32;
    for (place, here) in fingerprints.iter().enumerate() {
        equal |= u32::from(u32::from_le_bytes(*here) == fingerprint) << place;
    }
    std::iter::from_fn(move || {
        let place = equal.trailing_zeros() as usize;
        equal &= equal.checked_sub(1)?;
        Some(u32::from_le_bytes(offsets[place]))
    })
    .filter(|&offset| offset != FREE.1)
}

/// Makes the buckets, one after the other, from records in the order of their hashes.
pub(super) struct Filler {
    homes: u32,
    /// The bucket that is being filled.
    at: usize,
    /// Who is at home there or was handed on: fingerprint, offset, home.
    waiting: Vec<(u32, u32, usize)>,
    /// How far from home anyone ended.
    pub reach: u32,
}

impl Filler {
    pub fn new(homes: u32) -> Self {
        Self { homes, at: 0, waiting: Vec::new(), reach: 0 }
    }

    /// Adds a record; appends to `out` all buckets that are now complete.
    pub fn add(&mut self, hash: u64, offset: u32, out: &mut Vec<u8>) {
        let home = home_of(hash, self.homes);
        debug_assert!(home >= self.at, "records come in the order of their hashes");
        while self.at < home {
            self.close(out);
        }
        self.waiting.push((fingerprint_of(hash), offset, home));
    }

    /// Appends what is left: the last homes, and as many more as hold those who were handed on.
    pub fn finish(&mut self, out: &mut Vec<u8>) {
        while self.at < self.homes as usize || !self.waiting.is_empty() {
            self.close(out);
        }
    }

    fn close(&mut self, out: &mut Vec<u8>) {
        self.waiting.sort_unstable();
        let stay = self.waiting.len().min(PLACES);
        let places: [(u32, u32); PLACES] = std::array::from_fn(|place| {
            self.waiting.get(place).map_or(FREE, |&(fingerprint, offset, _)| (fingerprint, offset))
        });
        places.iter().for_each(|(fingerprint, _)| out.extend_from_slice(&fingerprint.to_le_bytes()));
        places.iter().for_each(|(_, offset)| out.extend_from_slice(&offset.to_le_bytes()));
        for (_, _, home) in self.waiting.drain(..stay) {
            self.reach = self.reach.max((self.at - home) as u32);
        }
        self.at += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn find(buckets: &[u8], homes: u32, reach: u32, hash: u64) -> Vec<u32> {
        let (buckets, _) = buckets.as_chunks::<BUCKET_OCTETS>();
        let fingerprint = fingerprint_of(hash);
        let home = home_of(hash, homes);
        let mut found = Vec::new();
        for bucket in buckets[home..].iter().take(reach as usize + 1) {
            assert!(may_lead(bucket, fingerprint) || offsets(bucket, fingerprint).next().is_none());
            found.extend(offsets(bucket, fingerprint));
            if !goes_on(bucket, fingerprint) {
                break;
            }
        }
        found
    }

    proptest! {
        // Few homes and few fingerprints, so that buckets overflow and fingerprints meet.
        #[test]
        fn every_record_is_found_however_crowded(
            mut hashes in proptest::collection::vec((0u64..6, prop_oneof![0u64..4, Just(u64::from(u32::MAX))]), 0..120),
            homes in 1u32..8,
        ) {
            hashes.sort_unstable();
            let hashes: Vec<u64> = hashes.iter().map(|(high, low)| high << 61 | low).collect();
            let (mut filler, mut out) = (Filler::new(homes), Vec::new());
            for (offset, &hash) in (1..).zip(&hashes) {
                filler.add(hash, offset, &mut out);
            }
            filler.finish(&mut out);
            for (offset, &hash) in (1..).zip(&hashes) {
                prop_assert!(find(&out, homes, filler.reach, hash).contains(&offset));
            }
        }
    }

    #[test]
    fn a_free_place_is_no_record() {
        let (mut filler, mut out) = (Filler::new(1), Vec::new());
        filler.finish(&mut out);
        assert_eq!(find(&out, 1, 0, u64::from(u32::MAX)), [] as [u32; 0]);
    }
}
