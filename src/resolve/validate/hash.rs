//! Hashed owner names (RFC 5155 §5) and the letters in which they are written (§3.3).

use hickory_resolver::proto::dnssec::DigestType;
use hickory_resolver::proto::dnssec::crypto::Digest;

use super::fault::Fault;
use super::work::Work;
use crate::dns::name::{Name, NameBuf, OwnedName};

/// SHA-1 of a name, the only hash that there is (IANA, DNSSEC NSEC3 Hash Algorithms).
pub type Hash = [u8; 20];

/// How a zone's names are hashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parameters<'a> {
    pub salt: &'a [u8],
    pub iterations: u16,
}

impl Parameters<'_> {
    /// Hashes a name. What it costs is counted before.
    pub fn hash(self, name: Name<'_>, work: &Work) -> Result<Hash, Fault> {
        work.hash_name(self.blocks(name))?;
        let digest = Digest::iterated(self.salt, name.wire(), DigestType::SHA1, self.iterations);
        let digest = digest.expect("SHA-1 is compiled in");
        Ok(digest.as_ref().try_into().expect("SHA-1 has 20 octets"))
    }

    /// Blocks of SHA-1 that a name's hash takes (FIPS 180-4 §5.1.1: nine octets at least are padding).
    fn blocks(self, name: Name<'_>) -> u32 {
        let of = |octets: usize| ((octets + self.salt.len() + 9).div_ceil(64)) as u32;
        of(name.wire().len()) + u32::from(self.iterations) * of(size_of::<Hash>())
    }
}

/// The owner of a hash's NSEC3 record in the zone `apex`; `None` where that is longer than a name can be.
pub fn owner_of(hash: &Hash, apex: Name<'_>) -> Option<OwnedName> {
    let mut buf = NameBuf::new();
    buf.fill_from_wire(&[b"\x20", &base32hex(hash)[..], apex.wire()].concat()).ok()?;
    Some(buf.name().to_owned())
}

fn base32hex(hash: &Hash) -> Vec<u8> {
    const DIGITS: &[u8; 32] = b"0123456789abcdefghijklmnopqrstuv";
    let digits = |octets: &[u8]| {
        let value = octets.iter().fold(0u64, |value, octet| value << 8 | u64::from(*octet));
        (0..8).rev().map(move |digit| DIGITS[(value >> (5 * digit)) as usize & 31])
    };
    hash.chunks_exact(5).flat_map(digits).collect()
}

/// Reads 32 digits of base 32 with extended hex alphabet (RFC 4648 §7), lower-case as all names here.
pub fn from_base32hex(label: &[u8]) -> Option<Hash> {
    let digits: &[u8; 32] = label.try_into().ok()?;
    let mut hash = Hash::default();
    for (octets, digits) in hash.chunks_exact_mut(5).zip(digits.chunks_exact(8)) {
        let mut value = 0u64;
        for digit in digits {
            let digit = match digit {
                b'0'..=b'9' => digit - b'0',
                b'a'..=b'v' => digit - b'a' + 10,
                _ => return None,
            };
            value = value << 5 | u64::from(digit);
        }
        octets.copy_from_slice(&value.to_be_bytes()[3..]);
    }
    Some(hash)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn hashes_are_those_of_rfc_5155_appendix_a() {
        let work = Work::new();
        let parameters = Parameters { salt: &[0xaa, 0xbb, 0xcc, 0xdd], iterations: 12 };
        for (text, hash) in [
            ("example", "0p9mhaveqvm6t7vbl5lop2u3t2rp3tom"),
            ("a.example", "35mthgpgcu1qg68fab165klnsnk3dpvl"),
            ("ai.example", "gjeqe526plbf1g8mklp59enfd789njgi"),
            ("ns1.example", "2t7b4g4vsa5smi47k61mv5bv1a22bojr"),
            ("ns2.example", "q04jkcevqvmu85r014c7dkba38o0ji5r"),
            ("w.example", "k8udemvp1j2f7eg6jebps17vp3n8i58h"),
            ("*.w.example", "r53bq7cc2uvmubfu5ocmm6pers9tk9en"),
            ("x.w.example", "b4um86eghhds6nea196smvmlo4ors995"),
            ("y.w.example", "ji6neoaepv8b5o6k4ev33abha8ht9fgc"),
            ("x.y.w.example", "2vptu5timamqttgl4luu9kg21e0aor3s"),
            ("xx.example", "t644ebqk9bibcna874givr6joj62mlhv"),
        ] {
            let name = OwnedName::parse(text).unwrap();
            assert_eq!(
                parameters.hash(name.as_name(), &work).ok(),
                from_base32hex(hash.as_bytes()),
                "{text}"
            );
        }
    }

    #[test]
    fn the_cost_of_a_hash_is_that_of_its_blocks() {
        let name = OwnedName::parse("example").unwrap();
        for (salt, iterations, blocks) in
            [(0, 0, 1), (0, 150, 151), (35, 10, 11), (36, 10, 1 + 20), (255, 2, 15)]
        {
            let salt = vec![7; salt];
            let parameters = Parameters { salt: &salt, iterations };
            assert_eq!(parameters.blocks(name.as_name()), blocks, "{} octets of salt", salt.len());
        }
    }

    #[test]
    fn what_is_not_32_digits_is_no_hash() {
        for text in ["", "0p9m", "0p9mhaveqvm6t7vbl5lop2u3t2rp3tow", "0p9mhaveqvm6t7vbl5lop2u3t2rp3tom0"] {
            assert_eq!(from_base32hex(text.as_bytes()), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(hash: [u8; 20]) {
            prop_assert_eq!(from_base32hex(&base32hex(&hash)), Some(hash));
            let owner = owner_of(&hash, Name::ROOT).unwrap();
            prop_assert_eq!(owner.as_name().labels().next().and_then(from_base32hex), Some(hash));
        }
    }
}
