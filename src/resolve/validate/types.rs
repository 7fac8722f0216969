//! The type bitmap of an NSEC or NSEC3 (RFC 4034 §4.1.2), and what it denies.

use super::NoDs;
use crate::dns::rdata::rtype;

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
    pub fn has(self, rtype: u16) -> bool {
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
        self.has(rtype::NS) && !self.has(rtype::SOA)
    }

    /// Whether nothing below the name is for this record to deny: what is there, is beyond a zone cut or a
    /// DNAME (RFC 6840 §4.1, RFC 5155 §8.3).
    pub fn end_the_zone(self) -> bool {
        self.are_a_cuts() || self.has(rtype::DNAME)
    }

    /// Whether the name has no records of the type asked for, and no alias instead. `at_root`: the one name
    /// whose DS is asked for in its own zone.
    pub fn deny(self, asked: u16, at_root: bool) -> bool {
        let right_side = match asked {
            rtype::DS => at_root || !self.has(rtype::SOA),
            _ => !self.are_a_cuts(),
        };
        let absent = match asked {
            rtype::ANY => self.are_none(),
            _ => !self.has(asked) && !self.has(rtype::CNAME),
        };
        right_side && absent
    }

    /// What is at a name with these types, if no DS is. The child's side of a cut says nothing of its DS.
    pub fn no_ds(self) -> Option<NoDs> {
        match (self.has(rtype::DS) || self.has(rtype::SOA), self.has(rtype::NS)) {
            (true, _) => None,
            (false, true) => Some(NoDs::Delegation),
            (false, false) => Some(NoDs::NotACut),
        }
    }

    /// Whether there is nothing but what every signed name has, or the mark of RFC 9824 for one that does
    /// not exist.
    fn are_none(self) -> bool {
        const NXNAME: u16 = 128;
        let own = [rtype::RRSIG, rtype::NSEC, NXNAME];
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

    #[test]
    fn a_cut_denies_its_ds_only_and_an_apex_everything_else() {
        use rtype::{A, ANY, CNAME, DS, MX, NS, NSEC, RRSIG, SOA, TXT};
        let denies = |types: &[u16], asked| Types::read(&bitmap(types)).unwrap().deny(asked, false);
        for (types, asked, denied) in [
            (&[A, RRSIG, NSEC][..], MX, true),
            (&[A, RRSIG, NSEC], A, false),
            (&[CNAME, RRSIG, NSEC], MX, false),
            (&[NS, RRSIG, NSEC], DS, true),
            (&[NS, RRSIG, NSEC], A, false),
            (&[NS, DS, RRSIG, NSEC], DS, false),
            (&[NS, SOA, RRSIG, NSEC], DS, false),
            (&[NS, SOA, RRSIG, NSEC], A, true),
            (&[RRSIG, NSEC, 128], ANY, true),
            (&[RRSIG, NSEC, TXT], ANY, false),
            (&[], ANY, true),
        ] {
            assert_eq!(denies(types, asked), denied, "{types:?} {asked}");
        }
        let root = bitmap(&[NS, SOA, RRSIG, NSEC]);
        assert!(Types::read(&root).unwrap().deny(DS, true));
    }

    #[test]
    fn a_bitmap_out_of_shape_is_none() {
        for octets in [&[0][..], &[0, 0], &[0, 33], &[0, 2, 1], &[1, 1, 1, 0, 1, 1], &[0, 1, 1, 0, 1, 1]] {
            assert!(Types::read(octets).is_none(), "{octets:?}");
        }
        assert!(Types::read(&[]).is_some());
        assert!(Types::read(&[0, 1, 1, 255, 1, 1]).unwrap().has(0xff07));
    }

    proptest! {
        #[test]
        fn what_was_put_in_is_there_and_nothing_else(types in prop::collection::btree_set(any::<u16>(), 0..20), other: u16) {
            let octets = bitmap(&types.iter().copied().collect::<Vec<_>>());
            let read = Types::read(&octets).unwrap();
            prop_assert!(types.iter().all(|rtype| read.has(*rtype)));
            prop_assert_eq!(read.has(other), types.contains(&other));
        }

        #[test]
        fn no_octets_make_it_panic(octets in prop::collection::vec(any::<u8>(), 0..80), asked: u16) {
            if let Some(types) = Types::read(&octets) {
                types.deny(asked, false);
                types.deny(255, true);
            }
        }
    }
}
