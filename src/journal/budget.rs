//! How many different names of one device are kept in a minute, so that one client cannot fill the store.
//!
//! A device that asks for more different blocked names than a person can has its further names counted
//! under their registrable domain (`r4711.casino.example` under `casino.example`), and, when it asks for
//! too many of those as well, without a name under their category. Counts stay exact. Where no device is
//! kept, and where there are more devices than can be told apart, a group has one larger budget.
//!
//! Depends on kinds. Does not know the store.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};

use siphasher::sip::SipHasher13;

use super::kinds::{Key, Who};
use crate::dns::name::Name;
use crate::dns::public_suffix::registrable;
use crate::model::roster::RosterId;

/// Rows (names, each with its type) of a device in a minute. A page with many blocked parts asks for up to
/// sixty names in three types; several such pages a minute fit.
pub(super) const DEVICE_ROWS: u16 = 512;
/// Registrable domains of a device in a minute, once its names are used up.
pub(super) const DEVICE_DOMAINS: u16 = 128;
/// Rows of a group whose devices are not kept: thirty-two devices at their bound.
pub(super) const GROUP_ROWS: u16 = 32 * DEVICE_ROWS;
/// Registrable domains of such a group.
pub(super) const GROUP_DOMAINS: u16 = 32 * DEVICE_DOMAINS;
/// Devices with a budget of their own in a minute: 2 MiB. Those beyond share their group's.
const OWNERS_MAX: usize = 1 << 15;
/// Rows that are remembered as paid for in a minute: 4 MiB. Beyond that a name that is asked for again is
/// paid for again.
const PAID_MAX: usize = 1 << 18;

/// How much of an attempt's name is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kept<'a> {
    Name,
    /// The wire form of its registrable domain.
    Domain(&'a [u8]),
    Nothing,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Owner {
    Device(Who),
    Group(Option<RosterId>),
}

#[derive(Clone, Copy, Debug, Default)]
struct Spent {
    rows: u16,
    domains: u16,
}

/// Hands a hash through as it is: the keys are hashes.
#[derive(Clone, Copy, Debug, Default)]
struct AsItIs(u64);

impl Hasher for AsItIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, _: &[u8]) {
        unreachable!("only u64 are hashed");
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

/// The budgets of the minute that runs.
pub(super) struct Budget {
    minute: u32,
    hash_key: [u8; 16],
    paid: HashSet<u64, BuildHasherDefault<AsItIs>>,
    spent: HashMap<Owner, Spent>,
}

impl Budget {
    pub fn new(hash_key: [u8; 16]) -> Self {
        Self { minute: 0, hash_key, paid: HashSet::default(), spent: HashMap::new() }
    }

    /// Decides how much of `name` is kept. `key` has the device as the store keeps it.
    pub fn spend<'a>(&mut self, key: &Key, name: &'a [u8]) -> Kept<'a> {
        if name.is_empty() {
            return Kept::Name;
        }
        if self.minute != key.minute {
            self.minute = key.minute;
            self.paid.clear();
            self.spent.clear();
        }
        let owner = self.owner(key);
        let (rows, domains) = match owner {
            Owner::Device(_) => (DEVICE_ROWS, DEVICE_DOMAINS),
            Owner::Group(_) => (GROUP_ROWS, GROUP_DOMAINS),
        };
        let row = self.hash(key, name);
        if self.paid.contains(&row) {
            return Kept::Name;
        }
        let spent = self.spent.entry(owner).or_default();
        if spent.rows < rows {
            spent.rows += 1;
            self.pay(row);
            return Kept::Name;
        }
        let Some(domain) = Name::from_wire(name).ok().and_then(registrable) else { return Kept::Nothing };
        let domain = domain.wire();
        let row = self.hash(&Key { rtype: 0, ..*key }, domain);
        if self.paid.contains(&row) {
            return Kept::Domain(domain);
        }
        let spent = self.spent.entry(owner).or_default();
        if spent.domains < domains {
            spent.domains += 1;
            self.pay(row);
            return Kept::Domain(domain);
        }
        Kept::Nothing
    }

    fn owner(&self, key: &Key) -> Owner {
        let device = Owner::Device(key.who);
        let full = self.spent.len() >= OWNERS_MAX && !self.spent.contains_key(&device);
        if key.who == Who::NOBODY || full { Owner::Group(key.kind.group) } else { device }
    }

    fn pay(&mut self, row: u64) {
        if self.paid.len() < PAID_MAX {
            self.paid.insert(row);
        }
    }

    fn hash(&self, key: &Key, name: &[u8]) -> u64 {
        let mut hasher = SipHasher13::new_with_key(&self.hash_key);
        hasher.write(&key.octets());
        hasher.write(name);
        hasher.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dns::name::OwnedName;
    use crate::journal::kinds::Kind;
    use crate::model::event::Effect;
    use crate::model::tier::Tier;
    use crate::model::verdict::Layer;

    fn key(minute: u32, who: Who) -> Key {
        let kind = Kind {
            group: Some(RosterId(1)),
            tier: Tier::Primary,
            category: None,
            service: None,
            list: None,
            layer: Layer::School,
            effect: Effect::Blocked,
        };
        Key { minute, kind, who, rtype: 1 }
    }

    fn wire(name: &str) -> Vec<u8> {
        OwnedName::parse(name).unwrap().as_name().wire().to_vec()
    }

    #[test]
    fn a_device_past_its_budget_keeps_domains_then_nothing_and_others_keep_all() {
        let mut budget = Budget::new([7; 16]);
        let (flood, pupil) = (key(60, Who::new(&[1; 8])), key(60, Who::new(&[2; 8])));
        for number in 0..DEVICE_ROWS {
            assert_eq!(budget.spend(&flood, &wire(&format!("r{number}.casino.example"))), Kept::Name);
        }
        let casino = wire("casino.example");
        assert_eq!(budget.spend(&flood, &wire("one.more.casino.example")), Kept::Domain(&casino));
        assert_eq!(budget.spend(&flood, &wire("r0.casino.example")), Kept::Name, "it is paid for");
        assert_eq!(budget.spend(&pupil, &wire("r0.casino.example")), Kept::Name);
        for number in 1..DEVICE_DOMAINS {
            let name = wire(&format!("www.d{number}.example"));
            assert!(matches!(budget.spend(&flood, &name), Kept::Domain(_)), "{number}");
        }
        assert_eq!(budget.spend(&flood, &wire("www.other.example")), Kept::Nothing);
        assert_eq!(budget.spend(&flood, &wire("again.casino.example")), Kept::Domain(&casino));
        assert_eq!(budget.spend(&key(61, Who::new(&[1; 8])), &wire("www.other.example")), Kept::Name);
    }

    #[test]
    fn devices_that_are_not_kept_or_too_many_share_the_budget_of_their_group() {
        let mut budget = Budget::new([7; 16]);
        for number in 0..GROUP_ROWS {
            assert_eq!(
                budget.spend(&key(60, Who::NOBODY), &wire(&format!("r{number}.a.example"))),
                Kept::Name
            );
        }
        assert!(matches!(budget.spend(&key(60, Who::NOBODY), &wire("x.a.example")), Kept::Domain(_)));
        for device in 0..OWNERS_MAX as u64 {
            budget.spend(&key(60, Who::new(&device.to_be_bytes())), &wire("a.example"));
        }
        let one_more = key(60, Who::new(&[9; 8]));
        assert!(matches!(budget.spend(&one_more, &wire("y.a.example")), Kept::Domain(_)));
    }
}
