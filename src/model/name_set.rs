//! Small sets of names with rules attached: school rules, local zones, service names.
//!
//! Looked up with the same suffix hashes as the index, so a name is hashed once a query. Exact: a
//! hash leads to candidates, the name decides.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use super::rule::Scope;
use crate::dns::name::{Name, OwnedName};
use crate::dns::suffixes::{HashKey, Suffixes, hash_name};

/// Rules by name; `T` is what a rule says.
#[derive(Clone, Debug)]
pub struct NameSet<T> {
    key: HashKey,
    by_hash: HashMap<u64, Vec<Entry<T>>, BuildHasherDefault<AlreadyHashed>>,
    len: usize,
    /// A bit for each hash that is there: most look-ups meet none, and end here.
    bits: [u64; BITS / 64],
}

/// Bits, of which a hash has one: of 40 names' a hundredth is set.
const BITS: usize = 4096;

fn bit_of(hash: u64) -> (usize, u64) {
    (hash as usize / 64 % (BITS / 64), 1 << (hash % 64))
}

#[derive(Clone, Debug)]
struct Entry<T> {
    name: OwnedName,
    scope: Scope,
    value: T,
}

impl<T> NameSet<T> {
    /// An empty set for suffixes hashed with `key`.
    pub fn new(key: HashKey) -> Self {
        Self { key, by_hash: HashMap::default(), len: 0, bits: [0; BITS / 64] }
    }

    /// Adds a rule.
    pub fn insert(&mut self, name: Name<'_>, scope: Scope, value: T) {
        let entry = Entry { name: name.to_owned(), scope, value };
        let hash = hash_name(&self.key, name);
        let (word, bit) = bit_of(hash);
        self.bits[word] |= bit;
        self.by_hash.entry(hash).or_default().push(entry);
        self.len += 1;
    }

    /// Number of rules.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is no rule.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Whether a rule covers the name with these suffixes.
    pub fn covers(&self, suffixes: &Suffixes) -> bool {
        self.may_cover(suffixes) && self.matching(suffixes).next().is_some()
    }

    /// `false`: no rule is about any of the suffixes.
    #[inline]
    pub fn may_cover(&self, suffixes: &Suffixes) -> bool {
        let hits = suffixes.hashes().iter().fold(0, |hits, hash| {
            let (word, bit) = bit_of(*hash);
            hits | self.bits[word] & bit
        });
        hits != 0
    }

    /// Rules that cover the name, the most specific name first; with each, how many labels its
    /// name has. `suffixes` must be made with this set's key.
    pub fn matching<'s>(&'s self, suffixes: &'s Suffixes) -> impl Iterator<Item = (usize, &'s T)> {
        let count = if self.may_cover(suffixes) { suffixes.len() } else { 0 };
        (0..count).rev().flat_map(move |index| {
            let whole = index + 1 == suffixes.len();
            self.by_hash
                .get(&suffixes.hashes()[index])
                .into_iter()
                .flatten()
                .filter(move |entry| {
                    let covers = if whole { entry.scope.covers_self() } else { entry.scope.covers_below() };
                    covers && entry.name.as_name() == suffixes.suffix(index)
                })
                .map(move |entry| (index + 1, &entry.value))
        })
    }
}

/// The suffix hashes are SipHash already; hashing them again would only cost time.
#[derive(Clone, Copy, Default)]
struct AlreadyHashed(u64);

impl Hasher for AlreadyHashed {
    fn write(&mut self, _: &[u8]) {
        unreachable!("keys are u64");
    }

    fn write_u64(&mut self, value: u64) {
        self.0 = value;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: HashKey = HashKey([3; 16]);

    fn found(set: &NameSet<u8>, name: &str) -> Vec<u8> {
        let name = OwnedName::parse(name).unwrap();
        set.matching(&Suffixes::of(&KEY, name.as_name())).map(|(_, value)| *value).collect()
    }

    #[test]
    fn the_most_specific_rule_comes_first_and_scopes_hold() {
        let mut set = NameSet::new(KEY);
        for (name, scope, value) in [
            ("example", Scope::Subtree, 1),
            ("a.example", Scope::Exact, 2),
            ("a.example", Scope::Children, 3),
        ] {
            set.insert(OwnedName::parse(name).unwrap().as_name(), scope, value);
        }
        assert_eq!(found(&set, "a.example"), [2, 1]);
        assert_eq!(found(&set, "b.a.example"), [3, 1]);
        assert_eq!(found(&set, "example"), [1]);
        assert_eq!(found(&set, "ba.example"), [1]);
        assert_eq!(found(&set, "example.org"), [] as [u8; 0]);
        assert_eq!(found(&set, "."), [] as [u8; 0]);
    }
}
