//! A table from a kind of attempt to how many there were: bounded, exact in its sum, coarser when full.
//!
//! Both a worker's open second and what waits for the disk are such a table. When a new kind no longer
//! fits, the attempt still counts under a coarser key: first without name, device and type, then by
//! the hour, at last without group, list and service. There are so few keys of the last sort (some 2,000 an
//! hour) that they always fit.
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
use crate::model::service::ServiceId;
use crate::model::tier::Tier;
use crate::model::verdict::Layer;

/// The part of a kind that has few values; also the key of hours and months.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Kind {
    /// None only in the coarsest keys.
    pub group: Option<RosterId>,
    pub tier: Tier,
    pub category: Option<Category>,
    pub service: Option<ServiceId>,
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
const KEY_OCTETS: usize = 38;

impl Key {
    fn without_details(self) -> Self {
        Self { who: Who::NOBODY, rtype: 0, ..self }
    }

    fn by_the_hour(self) -> Self {
        Self { minute: self.minute - self.minute % 60, ..self }
    }

    fn bare(self) -> Self {
        Self { kind: Kind { group: None, list: None, service: None, ..self.kind }, ..self }
    }

    /// The key as octets, for a hash.
    pub fn octets(&self) -> [u8; KEY_OCTETS] {
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
        let service = self.kind.service.map_or(0, ServiceId::number);
        out[20..22].copy_from_slice(&service.to_le_bytes());
        out[22..38].copy_from_slice(&self.who.octets);
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
    /// Kinds with all their details that one client may have; those beyond lose their name, so that one
    /// client does not fill the table for all.
    pub of_one: u16,
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

/// What became of a kind that was to be added.
enum Added {
    At(Place),
    TooManyOfOne,
    Full,
}

impl Added {
    fn is_added(&self) -> bool {
        matches!(self, Self::At(_))
    }
}

/// A number for a client that cannot be guessed without the table's key.
fn client_number(who: &Who, key: &[u8; 16]) -> usize {
    let half = |octets: &[u8]| u64::from_le_bytes(octets.try_into().expect("eight of sixteen octets"));
    let (low, high) = (half(&who.octets[..8]) ^ half(&key[..8]), half(&who.octets[8..]) ^ half(&key[8..]));
    // Folded multiplication: each bit of either half moves the middle bits of the product.
    let product = u128::from(low ^ 0x9e37_79b9_7f4a_7c15) * u128::from(high ^ 0xd6e8_feb8_6659_fd93);
    ((product ^ (product >> 64)) as u64 >> 20) as usize % CLIENTS
}

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
    /// Kinds of the clients that share a number of this length; by luck two do, and then share a bound.
    of_one: Vec<u16>,
}

/// Clients told apart, roughly, when kinds are counted by client.
const CLIENTS: usize = 4096;
/// Slots of an empty table.
const SLOTS_MIN: usize = 256;
/// Entries that a table may keep room for, however few it last held.
const ROOM_KEPT: usize = 4096;

impl Kinds {
    pub fn new(limits: Limits, hash_key: [u8; 16]) -> Self {
        assert!(limits.names < u32::MAX as usize, "an offset into the names is a u32");
        let of_one = if limits.of_one < u16::MAX { vec![0; CLIENTS] } else { Vec::new() };
        let (slots, entries) = (vec![0; SLOTS_MIN], Vec::new());
        Self { limits, hash_key, slots, entries, names: Vec::new(), total: 0, of_one }
    }

    /// Adds `count` attempts of that kind; always counts them, coarser when they no longer fit.
    pub fn add(&mut self, key: Key, name: &[u8], count: u64) -> Fit {
        self.total += count;
        match self.add_within(key, name, count, self.limits.kinds) {
            Added::At(place) => return Fit::Whole(place),
            Added::TooManyOfOne => {
                // Who it was stays; so does the category.
                if self.add_within(Key { rtype: 0, ..key }, &[], count, self.limits.kinds).is_added() {
                    return Fit::Folded;
                }
            }
            Added::Full => {}
        }
        let coarse = key.without_details();
        let most = |times| self.limits.kinds + times * self.limits.coarse;
        let (by_minute, by_hour) = (most(1), most(2));
        let _ = self.add_within(coarse, &[], count, by_minute).is_added()
            || self.add_within(coarse.by_the_hour(), &[], count, by_hour).is_added()
            || self.add_within(coarse.by_the_hour().bare(), &[], count, usize::MAX).is_added();
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
        self.of_one.fill(0);
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
    fn add_within(&mut self, key: Key, name: &[u8], count: u64, most: usize) -> Added {
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
                return Added::At(Place(place));
            }
            slot = (slot + 1) & mask;
        }
        if self.entries.len() >= most || self.names.len() + name.len() > self.limits.names {
            return Added::Full;
        }
        if !name.is_empty() && !self.of_one.is_empty() && key.who != Who::NOBODY {
            let of_one = &mut self.of_one[client_number(&key.who, &self.hash_key)];
            if *of_one >= self.limits.of_one {
                return Added::TooManyOfOne;
            }
            *of_one += 1;
        }
        let name_at = self.names.len() as u32;
        self.names.extend_from_slice(name);
        self.entries.push(Entry { hash, count, key, name_at, name_len: name.len() as u8 });
        self.slots[slot] = self.entries.len() as u32;
        if self.entries.len() * 2 > self.slots.len() {
            self.widen();
        }
        Added::At(Place(self.entries.len() as u32 - 1))
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

    const LIMITS: Limits = Limits { kinds: 100, names: 400, coarse: 3, of_one: u16::MAX };

    fn key(minute: u32, group: u16, device: u8) -> Key {
        let kind = Kind {
            group: Some(RosterId(group)),
            tier: Tier::Primary,
            category: Some(Category::Adult),
            service: None,
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
    fn one_client_past_its_bound_loses_names_and_no_other_does() {
        let mut kinds = Kinds::new(Limits { kinds: 1000, names: 10_000, coarse: 10, of_one: 50 }, [7; 16]);
        for number in 0..=255u8 {
            let fit = kinds.add(key(60, 1, 1), &[1, number, 0], 1);
            assert_eq!(fit == Fit::Folded, number >= 50, "{number}");
        }
        assert!(matches!(kinds.add(key(60, 1, 2), b"\x01a\x00", 1), Fit::Whole(_)));
        assert!(
            matches!(kinds.add(key(60, 1, 1), &[1, 7, 0], 1), Fit::Whole(_)),
            "what is there still counts"
        );
        let (folded, _, count) = kinds.iter().find(|(_, name, _)| name.is_empty()).unwrap();
        assert_eq!((folded.who, count), (Who::new(&[1; 8]), 206));
        assert_eq!(kinds.total(), 258);
        kinds.clear();
        assert!(matches!(kinds.add(key(60, 1, 1), &[1, 200, 0], 1), Fit::Whole(_)));
    }

    #[test]
    fn a_cleared_table_is_as_new() {
        let mut kinds =
            Kinds::new(Limits { kinds: 1 << 16, names: 1 << 21, coarse: 10, of_one: u16::MAX }, [7; 16]);
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
            let mut kinds = Kinds::new(Limits { kinds: 1000, names: 10_000, coarse: 0, of_one: u16::MAX }, [7; 16]);
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
