//! The type bitmap of an NSEC or NSEC3 (RFC 4034 §4.1.2), and what it denies.

use super::NoDs;
use crate::dns::rrtype::RrType;

/// Types that are at a name.
#[derive(Clone, Copy, Debug)]
pub struct Types<'a>(&'a [u8]);

impl<'a> Types<'a> {
    /// Reads a whole bitmap; `None` where its windows are cut short, empty, too long or out of order.
    pub fn read(octets: &'a [u8]) -> Option<Self> {
        let mut left = octets;
        let mut lowest = 0;
        while let [window, len @ 1..=32, rest @ ..] = left {
            if u16::from(*window) < lowest {
                return None;
            }
            lowest = u16::from(*window) + 1;
            left = rest.get(usize::from(*len)..)?;
        }
        left.is_empty().then_some(Self(octets))
    }

    /// Whether there are records of that type.
    pub fn has(self, rtype: RrType) -> bool {
        let [window, low] = rtype.to_be_bytes();
        let (octet, bit) = (usize::from(low / 8), 0x80 >> (low % 8));
        self.windows()
            .find(|(number, _)| *number == window)
            .and_then(|(_, bits)| bits.get(octet))
            .is_some_and(|octet| octet & bit != 0)
    }

    /// Whether this is the parent's side of a zone cut, so that all but the DS is somebody else's (RFC 6840
    /// §4.1).
    pub fn are_a_cuts(self) -> bool {
        self.has(RrType::NS) && !self.has(RrType::SOA)
    }

    /// Whether nothing below the name is for this record to deny: what is there, is beyond a zone cut or a
    /// DNAME (RFC 6840 §4.1, RFC 5155 §8.3).
    pub fn end_the_zone(self) -> bool {
        self.are_a_cuts() || self.has(RrType::DNAME)
    }

    /// Whether the name has no records of the type asked for, and no alias instead. `at_root`: the one name
    /// whose DS is asked for in its own zone.
    pub fn deny(self, asked: RrType, at_root: bool) -> bool {
        let right_side = match asked {
            RrType::DS => at_root || !self.has(RrType::SOA),
            _ => !self.are_a_cuts(),
        };
        let absent = match asked {
            RrType::ANY => self.are_none(),
            _ => !self.has(asked) && !self.has(RrType::CNAME),
        };
        right_side && absent
    }

    /// What is at a name with these types, if no DS is. The child's side of a cut says nothing of its DS.
    pub fn no_ds(self) -> Option<NoDs> {
        match (self.has(RrType::DS) || self.has(RrType::SOA), self.has(RrType::NS)) {
            (true, _) => None,
            (false, true) => Some(NoDs::Delegation),
            (false, false) => Some(NoDs::NotACut),
        }
    }

    /// Whether there is nothing but what every signed name has, or the mark of RFC 9824 for one that does
    /// not exist.
    fn are_none(self) -> bool {
        let own = [RrType::RRSIG, RrType::NSEC, RrType::NXNAME];
        let ones: u32 = self.windows().flat_map(|(_, bits)| bits).map(|octet| octet.count_ones()).sum();
        own.into_iter().filter(|rtype| self.has(*rtype)).count() as u32 == ones
    }

    fn windows(self) -> impl Iterator<Item = (u8, &'a [u8])> {
        let mut left = self.0;
        std::iter::from_fn(move || {
            let (head, rest) = left.split_first_chunk::<2>()?;
            let (bits, rest) = rest.split_at_checked(usize::from(head[1]))?;
            left = rest;
            Some((head[0], bits))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resolve::validate::tests::zone::bitmap;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    #[test]
    fn a_cut_denies_its_ds_only_and_an_apex_everything_else() {
        let denies = |types: &[RrType], asked| Types::read(&bitmap(types)).unwrap().deny(asked, false);
        for (types, asked, denied) in [
            (&[RrType::A, RrType::RRSIG, RrType::NSEC][..], RrType::MX, true),
            (&[RrType::A, RrType::RRSIG, RrType::NSEC], RrType::A, false),
            (&[RrType::CNAME, RrType::RRSIG, RrType::NSEC], RrType::MX, false),
            (&[RrType::NS, RrType::RRSIG, RrType::NSEC], RrType::DS, true),
            (&[RrType::NS, RrType::RRSIG, RrType::NSEC], RrType::A, false),
            (&[RrType::NS, RrType::DS, RrType::RRSIG, RrType::NSEC], RrType::DS, false),
            (&[RrType::NS, RrType::SOA, RrType::RRSIG, RrType::NSEC], RrType::DS, false),
            (&[RrType::NS, RrType::SOA, RrType::RRSIG, RrType::NSEC], RrType::A, true),
            (&[RrType::RRSIG, RrType::NSEC, RrType::NXNAME], RrType::ANY, true),
            (&[RrType::RRSIG, RrType::NSEC, RrType::TXT], RrType::ANY, false),
            (&[], RrType::ANY, true),
        ] {
            assert_eq!(denies(types, asked), denied, "{types:?} {asked}");
        }
        let root = bitmap(&[RrType::NS, RrType::SOA, RrType::RRSIG, RrType::NSEC]);
        assert!(Types::read(&root).unwrap().deny(RrType::DS, true));
    }

    #[test]
    fn a_bitmap_out_of_shape_is_none() {
        for octets in [&[0][..], &[0, 0], &[0, 33], &[0, 2, 1], &[1, 1, 1, 0, 1, 1], &[0, 1, 1, 0, 1, 1]] {
            assert!(Types::read(octets).is_none(), "{octets:?}");
        }
        assert!(Types::read(&[]).is_some());
        assert!(Types::read(&[0, 1, 1, 255, 1, 1]).unwrap().has(0xff07.into()));
    }

    proptest! {
        #[test]
        fn what_was_put_in_is_there_and_nothing_else(types in prop::collection::btree_set(any::<u16>(), 0..20), other: u16) {
            let types: BTreeSet<RrType> = types.into_iter().map(RrType::from).collect();
            let octets = bitmap(&types.iter().copied().collect::<Vec<_>>());
            let read = Types::read(&octets).unwrap();
            prop_assert!(types.iter().all(|rtype| read.has(*rtype)));
            prop_assert_eq!(read.has(other.into()), types.contains(&other.into()));
        }

        #[test]
        fn no_octets_make_it_panic(octets in prop::collection::vec(any::<u8>(), 0..80), asked: u16) {
            if let Some(types) = Types::read(&octets) {
                types.deny(asked.into(), false);
                types.deny(RrType::ANY, true);
            }
        }
    }
}
