//! What a signature is made over: RDATA, RRsets and owners in canonical form (RFC 4034 §6, RFC 6840 §5.1).

use std::borrow::Cow;

use crate::dns::name::Name;
use crate::dns::rdata::CLASS_IN;
use crate::dns::rrset::RrSet;
use crate::dns::rrtype::RrType;

/// The RDATA of a set in canonical form and order, none twice.
pub fn rdata(set: &RrSet) -> Vec<Cow<'_, [u8]>> {
    let mut all: Vec<_> = set.rdata.iter().map(|rdata| lower_case(set.rtype, rdata)).collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// Puts the records of a set behind what is signed already: the RRSIG's own RDATA (RFC 4034 §3.1.8.1).
pub fn write_records(
    out: &mut Vec<u8>,
    owner: Name<'_>,
    rtype: RrType,
    original_ttl: u32,
    rdata: &[Cow<'_, [u8]>],
) {
    for rdata in rdata {
        out.extend_from_slice(owner.wire());
        out.extend_from_slice(&rtype.to_be_bytes());
        out.extend_from_slice(&CLASS_IN.to_be_bytes());
        out.extend_from_slice(&original_ttl.to_be_bytes());
        // What came in a message is never longer.
        out.extend_from_slice(&u16::try_from(rdata.len()).unwrap_or(u16::MAX).to_be_bytes());
        out.extend_from_slice(rdata);
    }
}

/// What stands before and at a name that is lower-cased.
enum Part {
    /// So many octets.
    Octets(usize),
    /// A length octet and what it says (RFC 1035 §3.3).
    Text,
    /// A prefix length and the rest of an address (RFC 2874 §3.1.1).
    Address,
    /// A name.
    Name,
}

/// RDATA up to the last name that is lower-cased. The list is RFC 4034's without NSEC, whose next name keeps
/// its letters (RFC 6840 §5.1), and without HINFO, which holds no name; types younger than the list are
/// taken as they are (RFC 3597 §7).
fn parts(rtype: RrType) -> &'static [Part] {
    use Part::{Address, Name, Octets, Text};
    match rtype {
        RrType::NS
        | RrType::MD
        | RrType::MF
        | RrType::CNAME
        | RrType::MB
        | RrType::MG
        | RrType::MR
        | RrType::PTR
        | RrType::NXT
        | RrType::DNAME => &[Name],
        RrType::SOA | RrType::MINFO | RrType::RP => &[Name, Name],
        RrType::MX | RrType::AFSDB | RrType::RT | RrType::KX => &[Octets(2), Name],
        RrType::PX => &[Octets(2), Name, Name],
        RrType::SRV => &[Octets(6), Name],
        RrType::NAPTR => &[Octets(4), Text, Text, Text, Name],
        RrType::SIG | RrType::RRSIG => &[Octets(18), Name],
        RrType::A6 => &[Address, Name],
        _ => &[],
    }
}

/// The RDATA with the names of its type in lower case. What does not have the shape of its type stays as it
/// is from there on: its signature is made over something, and may as well be over this.
fn lower_case(rtype: RrType, rdata: &[u8]) -> Cow<'_, [u8]> {
    let mut out = Cow::Borrowed(rdata);
    let mut at = 0;
    for part in parts(rtype) {
        let octet = rdata.get(at).copied().map(usize::from);
        let end = match (part, octet) {
            (Part::Octets(count), _) => Some(at + count),
            (Part::Text, Some(len)) => Some(at + 1 + len),
            (Part::Address, Some(prefix @ 0..=128)) => Some(at + 1 + (128 - prefix).div_ceil(8)),
            (Part::Name, _) => name_end(rdata, at),
            _ => None,
        };
        let Some(end) = end.filter(|end| *end <= rdata.len()) else { break };
        if matches!(part, Part::Name) && rdata[at..end].iter().any(u8::is_ascii_uppercase) {
            // A length octet is no letter.
            out.to_mut()[at..end].make_ascii_lowercase();
        }
        at = end;
    }
    out
}

/// Where the uncompressed name at `at` ends.
fn name_end(octets: &[u8], mut at: usize) -> Option<usize> {
    loop {
        match usize::from(*octets.get(at)?) {
            0 => return Some(at + 1),
            len @ 1..=63 => at += len + 1,
            _ => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dns::name::OwnedName;
    use proptest::prelude::*;

    #[test]
    fn names_are_lower_case_in_the_types_of_the_list_and_nowhere_else() {
        let kept: &[(RrType, &[u8])] = &[
            (RrType::NSEC, b"\x01A\x00\x00\x01\x40"),
            (RrType::TXT, b"\x01A"),
            (RrType::HINFO, b"\x01A\x01B"),
            (RrType::HTTPS, b"\x00\x01\x01A\x00"),
            (RrType::DS, b"AAAAAA"),
            (RrType::from(65280), b"\x01A\x00"),
        ];
        for (rtype, rdata) in kept {
            assert_eq!(lower_case(*rtype, rdata), *rdata, "{rtype}");
        }
        let changed: &[(RrType, &[u8], &[u8])] = &[
            (RrType::NS, b"\x01A\x01B\x00", b"\x01a\x01b\x00"),
            (RrType::DNAME, b"\x01A\x00", b"\x01a\x00"),
            (RrType::SOA, b"\x01A\x00\x01B\x00AAAA", b"\x01a\x00\x01b\x00AAAA"),
            (RrType::MX, b"AA\x01A\x00", b"AA\x01a\x00"),
            (RrType::SRV, b"AAAAAA\x01A\x00", b"AAAAAA\x01a\x00"),
            (RrType::PX, b"AA\x01A\x00\x01B\x00", b"AA\x01a\x00\x01b\x00"),
            (RrType::NAPTR, b"AAAA\x01S\x01T\x01!\x01A\x00", b"AAAA\x01S\x01T\x01!\x01a\x00"),
            (RrType::RRSIG, b"AAAAAAAAAAAAAAAAAA\x01A\x00AA", b"AAAAAAAAAAAAAAAAAA\x01a\x00AA"),
            (RrType::A6, b"\x70AA\x01A\x00", b"\x70AA\x01a\x00"),
        ];
        for (rtype, rdata, canonical) in changed {
            assert_eq!(lower_case(*rtype, rdata), *canonical, "{rtype}");
        }
    }

    #[test]
    fn records_are_sorted_as_octets_and_none_stands_twice() {
        let owner = OwnedName::parse("a.example").unwrap();
        let rdata: Vec<Box<[u8]>> =
            [&b"\x01B\x00"[..], b"\x01a\x01c\x00", b"\x01b\x00", b"\x80", b"\x01a\x00"].map(Box::from).into();
        let set = RrSet::new(owner, RrType::NS, 60, rdata);
        let sorted: &[&[u8]] = &[b"\x01a\x00", b"\x01a\x01c\x00", b"\x01b\x00", b"\x80"];
        assert_eq!(super::rdata(&set), sorted);
    }

    proptest! {
        #[test]
        fn no_octets_make_it_panic_and_the_length_stays(rtype in 0u16..70, rdata in prop::collection::vec(any::<u8>(), 0..80)) {
            let canonical = lower_case(rtype.into(), &rdata);
            prop_assert!(canonical.eq_ignore_ascii_case(&rdata));
            prop_assert_eq!(&lower_case(rtype.into(), &canonical), &canonical);
        }
    }
}
