//! The suffixes of a name with a keyed hash of each, computed once a query.
//!
//! SipHash-1-3 chained label by label from the top, so that `example`, `a.example` and `b.a.example`
//! cost one short hash each, and every table of names (the index, school rules, allow sets,
//! protected names) is looked up with the same hashes. The key is drawn once for an installation and
//! handed on from index to index: who does not know it cannot make names collide.

use super::name::{LABELS_MAX, Name, NameBuf};

/// Key of the suffix hash. One for an installation: the index on its disk has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HashKey(pub [u8; 16]);

/// The hashes of all suffixes of one name, shortest suffix (the top-level domain) first. A worker
/// keeps one and fills it for each query; it is 1.2 KiB, so it is passed by reference.
pub struct Suffixes {
    name: NameBuf,
    count: usize,
    offsets: [u8; LABELS_MAX],
    hashes: [u64; LABELS_MAX],
}

impl Suffixes {
    /// Those of the root.
    pub fn new() -> Self {
        Self { name: NameBuf::new(), count: 0, offsets: [0; LABELS_MAX], hashes: [0; LABELS_MAX] }
    }

    /// Those of `name`; for callers without a worker's buffer.
    pub fn of(key: &HashKey, name: Name<'_>) -> Self {
        let mut suffixes = Self::new();
        suffixes.fill(key, name);
        suffixes
    }

    /// Takes those of `name`.
    pub fn fill(&mut self, key: &HashKey, name: Name<'_>) {
        self.name.copy(name);
        let wire = name.wire();
        let mut offset = 0;
        let mut count = 0;
        while wire[offset] != 0 {
            self.offsets[count] = offset as u8;
            offset += wire[offset] as usize + 1;
            count += 1;
        }
        self.count = count;
        self.offsets[..count].reverse();
        let mut above = 0;
        for index in 0..count {
            let start = self.offsets[index] as usize;
            above = chain(key, above, &wire[start..=start + wire[start] as usize]);
            self.hashes[index] = above;
        }
    }

    /// The name.
    pub fn name(&self) -> Name<'_> {
        self.name.name()
    }

    /// Number of suffixes (labels of the name; the root is not one).
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether the name is the root.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Hashes, shortest suffix first; index `len() - 1` is the name itself.
    pub fn hashes(&self) -> &[u64] {
        &self.hashes[..self.count]
    }

    /// The suffix with index `index` (0 = top-level domain).
    pub fn suffix(&self, index: usize) -> Name<'_> {
        self.name.name().suffix_at(self.offsets[..self.count][index] as usize)
    }

    /// Where suffix `index` starts in the name's wire form.
    pub fn offset(&self, index: usize) -> usize {
        self.offsets[..self.count][index] as usize
    }
}

impl Default for Suffixes {
    fn default() -> Self {
        Self::new()
    }
}

/// Hash of one whole name, as the last of its suffixes has it (0 for the root).
pub fn hash_name(key: &HashKey, name: Name<'_>) -> u64 {
    let mut starts = [0u8; LABELS_MAX];
    let wire = name.wire();
    let (mut offset, mut count) = (0, 0);
    while wire[offset] != 0 {
        starts[count] = offset as u8;
        offset += wire[offset] as usize + 1;
        count += 1;
    }
    starts[..count].iter().rev().fold(0, |above, &start| {
        let start = start as usize;
        chain(key, above, &wire[start..=start + wire[start] as usize])
    })
}

/// SipHash-1-3 of the hash above and the label, its length octet in front. The library's hasher takes
/// octets as they come and keeps what is left of a word; here all are at hand.
fn chain(key: &HashKey, above: u64, label: &[u8]) -> u64 {
    let (low, high) = (word(&key.0[..8]), word(&key.0[8..]));
    let mut state = [
        low ^ 0x736f_6d65_7073_6575,
        high ^ 0x646f_7261_6e64_6f6d,
        low ^ 0x6c79_6765_6e65_7261,
        high ^ 0x7465_6462_7974_6573,
    ];
    compress(&mut state, above);
    let (words, rest) = label.as_chunks::<8>();
    for octets in words {
        compress(&mut state, u64::from_le_bytes(*octets));
    }
    compress(&mut state, word(rest) | (8 + label.len() as u64) << 56);
    state[2] ^= 0xff;
    for _ in 0..3 {
        round(&mut state);
    }
    state[0] ^ state[1] ^ state[2] ^ state[3]
}

#[inline]
fn compress(state: &mut [u64; 4], word: u64) {
    state[3] ^= word;
    round(state);
    state[0] ^= word;
}

#[inline]
fn round([a, b, c, d]: &mut [u64; 4]) {
    *a = a.wrapping_add(*b);
    *b = b.rotate_left(13) ^ *a;
    *a = a.rotate_left(32);
    *c = c.wrapping_add(*d);
    *d = d.rotate_left(16) ^ *c;
    *a = a.wrapping_add(*d);
    *d = d.rotate_left(21) ^ *a;
    *c = c.wrapping_add(*b);
    *b = b.rotate_left(17) ^ *c;
    *c = c.rotate_left(32);
}

/// Up to eight octets as a little-endian number. Pieces that overlap say the same where they do.
#[inline]
fn word(octets: &[u8]) -> u64 {
    if let Ok(whole) = octets.try_into() {
        return u64::from_le_bytes(whole);
    }
    let len = octets.len();
    if let (Some(first), Some(last)) = (octets.first_chunk::<4>(), octets.last_chunk::<4>()) {
        let (first, last) = (u32::from_le_bytes(*first), u32::from_le_bytes(*last));
        return u64::from(first) | u64::from(last) << (8 * (len - 4));
    }
    let at = |at: usize| octets.get(at).map_or(0, |octet| u64::from(*octet) << (8 * at));
    at(0) | at(1) | at(2)
}

#[cfg(test)]
mod tests {
    use std::hash::Hasher;

    use proptest::prelude::*;
    use siphasher::sip::SipHasher13;

    use super::*;
    use crate::dns::name::OwnedName;

    const KEY: HashKey = HashKey([7; 16]);

    #[test]
    fn suffixes_come_from_the_top_down() {
        let name = OwnedName::parse("www.a.example").unwrap();
        let suffixes = Suffixes::of(&KEY, name.as_name());
        let seen: Vec<String> = (0..suffixes.len()).map(|i| suffixes.suffix(i).to_string()).collect();
        assert_eq!(seen, ["example", "a.example", "www.a.example"]);
    }

    #[test]
    fn a_suffix_hashes_the_same_alone_and_in_a_longer_name() {
        let long = OwnedName::parse("www.a.example").unwrap();
        let suffixes = Suffixes::of(&KEY, long.as_name());
        for index in 0..suffixes.len() {
            assert_eq!(suffixes.hashes()[index], hash_name(&KEY, suffixes.suffix(index)));
        }
        let dotted = OwnedName::parse(r"www\.a.example").unwrap();
        assert_ne!(hash_name(&KEY, dotted.as_name()), suffixes.hashes()[2]);
    }

    #[test]
    fn the_deepest_name_fits() {
        let name = OwnedName::parse(&["a"; 127].join(".")).unwrap();
        let suffixes = Suffixes::of(&KEY, name.as_name());
        assert_eq!(suffixes.len(), 127);
        assert_eq!(suffixes.suffix(126), name.as_name());
    }

    proptest! {
        #[test]
        fn the_hash_is_siphash_1_3(key: [u8; 16], above: u64, label in prop::collection::vec(any::<u8>(), 0..64)) {
            let mut hasher = SipHasher13::new_with_key(&key);
            hasher.write(&above.to_le_bytes());
            hasher.write(&label);
            prop_assert_eq!(chain(&HashKey(key), above, &label), hasher.finish());
        }
    }
}
