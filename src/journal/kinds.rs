//! A table from a kind of attempt to how many there were: bounded, exact in its sum, coarser when full.
//!
//! Both a worker's open second and what waits for the disk are such a table. When a new kind no longer
//! fits, the attempt still counts under a coarser key: first without name, device and type, then by
//! the hour, at last without group and list. There are so few keys of the last sort (1,584 an hour)
//! that they always fit.
//!
//! Knows numbers and octets. Never knows time zones, files or SQL.
// An open-addressed index over a vector, with the names in one arena: no allocation for each kind, and
// the writer hands the same memory back each second. `HashMap` with an owned key allocates a name for
// every look-up or needs `raw_entry`, which std does not have.

use std::hash::Hasher;

use siphasher::sip::SipHasher13;

use crate::model::category::Category;
use crate::model::event::Effect;
use crate::model::roster::RosterId;
use crate::model::tier::Tier;
use crate::model::verdict::Layer;

/// The part of a kind that has few values; also the key of hours and months.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Kind {
    /// None only in the coarsest keys.
    pub group: Option<RosterId>,
    pub tier: Tier,
    pub category: Option<Category>,
    pub list: Option<RosterId>,
    pub layer: Layer,
    pub effect: Effect,
}

/// Who asked, in up to 16 octets: in a worker's table the address (IPv4 mapped), in the writer's a
/// pseudonym of 8 or an address of 4 or 16; nobody when empty.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Who {
    len: u8,
    octets: [u8; 16],
}

impl Who {
    /// Nobody: not kept.
    pub const NOBODY: Self = Self { len: 0, octets: [0; 16] };

    /// The first 16 of `octets`.
    pub fn new(octets: &[u8]) -> Self {
        let len = octets.len().min(16);
        let mut who = Self { len: len as u8, ..Self::NOBODY };
        who.octets[..len].copy_from_slice(&octets[..len]);
        who
    }

    pub fn octets(&self) -> &[u8] {
        &self.octets[..usize::from(self.len)]
    }
}

/// A whole key, but for the name, which stands beside it in wire form (empty: not kept).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Key {
    /// Minutes since 1970.
    pub minute: u32,
    pub kind: Kind,
    pub who: Who,
    pub rtype: u16,
}

/// Octets of a key as it is hashed.
const KEY_OCTETS: usize = 36;

impl Key {
    fn without_details(self) -> Self {
        Self { who: Who::NOBODY, rtype: 0, ..self }
    }

    fn by_the_hour(self) -> Self {
        Self { minute: self.minute - self.minute % 60, ..self }
    }

    fn bare(self) -> Self {
        Self { kind: Kind { group: None, list: None, ..self.kind }, ..self }
    }

    fn octets(&self) -> [u8; KEY_OCTETS] {
        let roster = |id: Option<RosterId>| id.map_or(u32::MAX, |id| u32::from(id.0)).to_le_bytes();
        let mut out = [0; KEY_OCTETS];
        out[0..4].copy_from_slice(&self.minute.to_le_bytes());
        out[4..8].copy_from_slice(&roster(self.kind.group));
        out[8..12].copy_from_slice(&roster(self.kind.list));
        out[12] = self.kind.tier as u8;
        out[13] = self.kind.category.map_or(u8::MAX, Category::bit);
        out[14] = self.kind.layer as u8;
        out[15] = self.kind.effect as u8;
        out[16..18].copy_from_slice(&self.rtype.to_le_bytes());
        out[18] = self.who.len;
        out[20..36].copy_from_slice(&self.who.octets);
        out
    }
}

/// How much a table may hold.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// Kinds with all their details.
    pub kinds: usize,
    /// Octets of names.
    pub names: usize,
    /// Kinds more of each coarser sort, once those are full.
    pub coarse: usize,
}

/// Whether all that was known was kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fit {
    Whole(Place),
    Folded,
}

/// Where a kind stands in its table, until that is cleared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Place(u32);

#[derive(Clone, Debug)]
struct Entry {
    hash: u64,
    count: u64,
    key: Key,
    name_at: u32,
    name_len: u8,
}

/// The table.
#[derive(Clone, Debug)]
pub(super) struct Kinds {
    limits: Limits,
    /// Keyed afresh for each table: pupils choose the names.
    hash_key: [u8; 16],
    /// Index of an entry plus one, 0 for none. A power of two, at most half full.
    slots: Vec<u32>,
    entries: Vec<Entry>,
    names: Vec<u8>,
    total: u64,
}

/// Slots of an empty table.
const SLOTS_MIN: usize = 256;
/// Entries that a table may keep room for, however few it last held.
const ROOM_KEPT: usize = 4096;

impl Kinds {
    pub fn new(limits: Limits, hash_key: [u8; 16]) -> Self {
        assert!(limits.names < u32::MAX as usize, "an offset into the names is a u32");
        Self { limits, hash_key, slots: vec![0; SLOTS_MIN], entries: Vec::new(), names: Vec::new(), total: 0 }
    }

    /// Adds `count` attempts of that kind; always counts them, coarser when they no longer fit.
    pub fn add(&mut self, key: Key, name: &[u8], count: u64) -> Fit {
        self.total += count;
        if let Some(place) = self.add_within(key, name, count, self.limits.kinds) {
            return Fit::Whole(place);
        }
        let coarse = key.without_details();
        let most = |times| self.limits.kinds + times * self.limits.coarse;
        let (by_minute, by_hour) = (most(1), most(2));
        self.add_within(coarse, &[], count, by_minute)
            .or_else(|| self.add_within(coarse.by_the_hour(), &[], count, by_hour))
            .or_else(|| self.add_within(coarse.by_the_hour().bare(), &[], count, usize::MAX));
        Fit::Folded
    }

    /// Adds one attempt of that kind if it stands at `place`, as it did in this table or another.
    pub fn add_at(&mut self, place: Place, key: &Key, name: &[u8]) -> bool {
        let Some(entry) = self.entries.get(place.0 as usize) else { return false };
        if entry.key != *key || self.name(entry) != name {
            return false;
        }
        self.entries[place.0 as usize].count += 1;
        self.total += 1;
        true
    }

    /// Empties it and keeps its memory, unless that is much more than it needed.
    pub fn clear(&mut self) {
        let used = self.entries.len();
        self.entries.clear();
        self.names.clear();
        self.total = 0;
        if self.entries.capacity() > ROOM_KEPT && used < self.entries.capacity() / 4 {
            self.entries.shrink_to(ROOM_KEPT);
            self.names.shrink_to(ROOM_KEPT * 32);
            self.slots = vec![0; SLOTS_MIN];
        } else {
            self.slots.fill(0);
        }
    }

    /// Each kind with its name (empty: not kept) and count.
    pub fn iter(&self) -> impl Iterator<Item = (&Key, &[u8], u64)> {
        self.entries.iter().map(|entry| (&entry.key, self.name(entry), entry.count))
    }

    /// Attempts in it.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// Kinds in it.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    fn name(&self, entry: &Entry) -> &[u8] {
        &self.names[entry.name_at as usize..][..usize::from(entry.name_len)]
    }

    /// Where it found its place: counted before, or room for a new one.
    fn add_within(&mut self, key: Key, name: &[u8], count: u64, most: usize) -> Option<Place> {
        let mut hasher = SipHasher13::new_with_key(&self.hash_key);
        hasher.write(&key.octets());
        hasher.write(name);
        let hash = hasher.finish();
        let mask = self.slots.len() - 1;
        let mut slot = hash as usize & mask;
        while self.slots[slot] != 0 {
            let entry = &self.entries[self.slots[slot] as usize - 1];
            if entry.hash == hash && entry.key == key && self.name(entry) == name {
                let place = self.slots[slot] - 1;
                self.entries[place as usize].count += count;
                return Some(Place(place));
            }
            slot = (slot + 1) & mask;
        }
        if self.entries.len() >= most || self.names.len() + name.len() > self.limits.names {
            return None;
        }
        let name_at = self.names.len() as u32;
        self.names.extend_from_slice(name);
        self.entries.push(Entry { hash, count, key, name_at, name_len: name.len() as u8 });
        self.slots[slot] = self.entries.len() as u32;
        if self.entries.len() * 2 > self.slots.len() {
            self.widen();
        }
        Some(Place(self.entries.len() as u32 - 1))
    }

    fn widen(&mut self) {
        let mask = self.slots.len() * 2 - 1;
        self.slots.clear();
        self.slots.resize(mask + 1, 0);
        for (index, entry) in self.entries.iter().enumerate() {
            let mut slot = entry.hash as usize & mask;
            while self.slots[slot] != 0 {
                slot = (slot + 1) & mask;
            }
            self.slots[slot] = index as u32 + 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    const LIMITS: Limits = Limits { kinds: 100, names: 400, coarse: 3 };

    fn key(minute: u32, group: u16, device: u8) -> Key {
        let kind = Kind {
            group: Some(RosterId(group)),
            tier: Tier::Primary,
            category: Some(Category::Adult),
            list: Some(RosterId(0)),
            layer: Layer::Category,
            effect: Effect::Blocked,
        };
        Key { minute, kind, who: Who::new(&[device; 8]), rtype: 1 }
    }

    #[test]
    fn at_the_bound_all_is_kept_and_one_past_it_the_details_go() {
        let mut kinds = Kinds::new(LIMITS, [7; 16]);
        for device in 0..100 {
            assert!(matches!(kinds.add(key(60, 1, device), b"\x01a\x00", 1), Fit::Whole(_)));
        }
        assert_eq!(kinds.add(key(60, 1, 100), b"\x01a\x00", 1), Fit::Folded);
        assert_eq!(kinds.add(key(60, 1, 101), b"\x01b\x00", 2), Fit::Folded);
        assert!(
            matches!(kinds.add(key(60, 1, 99), b"\x01a\x00", 1), Fit::Whole(_)),
            "what is there still counts"
        );
        assert_eq!((kinds.len(), kinds.total()), (101, 104));
        let (folded, name, count) = kinds.iter().last().unwrap();
        assert_eq!((folded.who, name, count), (Who::NOBODY, &b""[..], 3));
        assert_eq!(folded.kind, key(60, 1, 0).kind);
    }

    #[test]
    fn names_have_a_bound_of_their_own() {
        let mut kinds = Kinds::new(LIMITS, [7; 16]);
        for octet in 0..5 {
            kinds.add(key(60, 1, 1), &[octet; 100], 1);
        }
        assert_eq!((kinds.len(), kinds.total()), (5, 5));
        assert_eq!(kinds.iter().filter(|(_, name, _)| name.is_empty()).count(), 1);
    }

    #[test]
    fn coarser_kinds_are_bounded_too() {
        let mut kinds = Kinds::new(LIMITS, [7; 16]);
        for group in 0..60_000 {
            kinds.add(key(60 + u32::from(group) % 60, group, 1), b"", 1);
        }
        assert_eq!((kinds.len(), kinds.total()), (107, 60_000));
    }

    #[test]
    fn a_cleared_table_is_as_new() {
        let mut kinds = Kinds::new(Limits { kinds: 1 << 16, names: 1 << 21, coarse: 10 }, [7; 16]);
        for minute in 0..50_000 {
            kinds.add(key(minute, 1, 1), b"\x01a\x00", 1);
        }
        kinds.clear();
        kinds.clear();
        assert!(kinds.entries.capacity() <= 2 * ROOM_KEPT, "the second, empty use gave the room back");
        assert_eq!((kinds.len(), kinds.total(), kinds.iter().count()), (0, 0, 0));
        assert!(matches!(kinds.add(key(0, 1, 1), b"\x01a\x00", 1), Fit::Whole(_)));
        assert_eq!(kinds.len(), 1);
    }

    proptest! {
        #[test]
        fn it_counts_as_a_map_counts(adds in prop::collection::vec((0u32..4, 0u16..4, 0u8..4, 0usize..4, 1u64..9), 0..300)) {
            let names: [&[u8]; 4] = [b"", b"\x00", b"\x01a\x00", b"\x01b\x00"];
            let mut kinds = Kinds::new(Limits { kinds: 1000, names: 10_000, coarse: 0 }, [7; 16]);
            let mut oracle = BTreeMap::new();
            for (minute, group, device, name, count) in adds {
                let key = key(minute, group, device);
                prop_assert!(matches!(kinds.add(key, names[name], count), Fit::Whole(_)));
                *oracle.entry((key, names[name].to_vec())).or_insert(0) += count;
            }
            let held: BTreeMap<_, _> = kinds.iter().map(|(key, name, count)| ((*key, name.to_vec()), count)).collect();
            prop_assert_eq!(held, oracle);
        }
    }
}
