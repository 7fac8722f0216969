//! A DNSKEY (RFC 4034 §2): what it says of itself, and whether it made a signature.

use hickory_resolver::proto::dnssec::{Algorithm, PublicKey, PublicKeyBuf};

use super::{Rules, Sha1Signatures};
use crate::dns::name::OwnedName;

/// DNSKEY flags (RFC 4034 §2.1.1, RFC 5011 §7).
const ZONE: u16 = 0x0100;
const REVOKE: u16 = 0x0080;
/// The only protocol that a DNSKEY may be for (RFC 4034 §2.1.2).
const PROTOCOL: u8 = 3;

/// The keys of a zone that may sign its RRsets, proven by its parent or an anchor.
#[derive(Clone, Debug)]
pub struct ZoneKeys {
    /// The zone.
    pub apex: OwnedName,
    /// Seconds for which they are proven.
    pub ttl: u32,
    pub(super) keys: Vec<Key>,
}

/// One key, ready to check with.
#[derive(Clone, Debug)]
pub(super) struct Key {
    pub tag: u16,
    pub algorithm: u8,
    pub is_for_zones: bool,
    public: PublicKeyBuf,
}

impl Key {
    /// Whether this key made `signature` over `message`. Its algorithm must be one of [`checks`].
    pub fn made(&self, message: &[u8], signature: &[u8]) -> bool {
        self.is_for_zones && self.public.verify(message, signature).is_ok()
    }
}

/// A DNSKEY's RDATA, taken apart.
#[derive(Clone, Copy, Debug)]
pub(super) struct Dnskey<'a> {
    pub rdata: &'a [u8],
    pub flags: u16,
    pub algorithm: u8,
    pub tag: u16,
    public: &'a [u8],
}

impl<'a> Dnskey<'a> {
    /// Reads RDATA; `None` for what is too short, for another protocol than DNSSEC, and for a revoked key,
    /// which is good for nothing any more (RFC 5011 §2.1).
    pub fn read(rdata: &'a [u8]) -> Option<Self> {
        let ([flags_high, flags_low, protocol, algorithm], public) = rdata.split_first_chunk()?;
        let flags = u16::from_be_bytes([*flags_high, *flags_low]);
        let good = *protocol == PROTOCOL && flags & REVOKE == 0 && !public.is_empty();
        good.then(|| Self { rdata, flags, algorithm: *algorithm, tag: tag(rdata), public })
    }

    /// Whether RDATA that [`read`](Self::read) refuses is a revoked key.
    pub fn is_revoked(rdata: &[u8]) -> bool {
        rdata.first_chunk().is_some_and(|flags| u16::from_be_bytes(*flags) & REVOKE != 0)
    }

    pub fn is_for_zones(&self) -> bool {
        self.flags & ZONE != 0
    }

    /// Whether a signature by it can be checked: RSA of less than 1,024 bits is refused by the library, as
    /// anybody can make such a signature by now.
    pub fn has_known_size(&self) -> bool {
        !matches!(self.algorithm, 5 | 7 | 8 | 10)
            || modulus(self.public).is_some_and(|modulus| (128..=1024).contains(&modulus.len()))
    }

    pub fn to_key(self) -> Key {
        Key {
            tag: self.tag,
            algorithm: self.algorithm,
            is_for_zones: self.is_for_zones(),
            public: PublicKeyBuf::new(self.public.to_vec(), Algorithm::from_u8(self.algorithm)),
        }
    }
}

/// Whether signatures of that algorithm are checked (RFC 8624 §3.1).
pub(super) fn checks(algorithm: u8, rules: &Rules) -> bool {
    let wanted = match algorithm {
        8 | 10 | 13 | 14 | 15 => true,
        5 | 7 => rules.sha1 == Sha1Signatures::Validated,
        _ => false,
    };
    wanted && Algorithm::from_u8(algorithm).is_supported()
}

/// RFC 4034 appendix B. (Algorithm 1 counts otherwise, and is not checked.)
pub(super) fn tag(rdata: &[u8]) -> u16 {
    let octet = |(at, octet): (usize, &u8)| u32::from(*octet) << (8 * (1 - at % 2));
    let sum = rdata.iter().enumerate().map(octet).fold(0u32, u32::wrapping_add);
    sum.wrapping_add(sum >> 16) as u16
}

/// An RSA key's modulus (RFC 3110 §2).
fn modulus(public: &[u8]) -> Option<&[u8]> {
    match public {
        [0, high, low, rest @ ..] => rest.get(usize::from(u16::from_be_bytes([*high, *low]))..),
        [len, rest @ ..] => rest.get(usize::from(*len)..),
        [] => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_key_that_is_revoked_or_for_something_else_is_none() {
        let read = |flags: u16, protocol| {
            let [high, low] = flags.to_be_bytes();
            Dnskey::read(&[high, low, protocol, 15, 1]).map(|key| key.is_for_zones())
        };
        assert_eq!(read(0x0101, 3), Some(true));
        assert_eq!(read(0x0100, 3), Some(true));
        assert_eq!(read(0x0001, 3), Some(false));
        assert_eq!(read(0x0181, 3), None);
        assert_eq!(read(0x0101, 2), None);
        assert!(Dnskey::read(&[1, 1, 3, 15]).is_none());
    }

    #[test]
    fn sizes_are_known_from_1024_bits_on() {
        let rsa = |exponent: &[u8], octets: usize| {
            let rdata = [&[1, 0, 3, 8][..], exponent, &vec![0xff; octets]].concat();
            Dnskey::read(&rdata).unwrap().has_known_size()
        };
        assert!(!rsa(&[3, 1, 0, 1], 64));
        assert!(!rsa(&[3, 1, 0, 1], 127));
        assert!(rsa(&[3, 1, 0, 1], 128));
        assert!(rsa(&[0, 0, 3, 1, 0, 1], 1024));
        assert!(!rsa(&[0, 0, 3, 1, 0, 1], 1025));
        assert!(!rsa(&[0], 0));
    }

    proptest! {
        #[test]
        fn no_octets_make_a_key_panic(
            algorithm in prop::sample::select(vec![5u8, 7, 8, 10, 13, 14, 15]),
            public in prop::collection::vec(any::<u8>(), 1..300),
            signature in prop::collection::vec(any::<u8>(), 0..300),
        ) {
            let rdata = [&[1, 0, 3, algorithm][..], &public].concat();
            let dnskey = Dnskey::read(&rdata).unwrap();
            dnskey.has_known_size();
            prop_assert!(checks(algorithm, &Rules::default()));
            prop_assert!(!dnskey.to_key().made(b"message", &signature));
        }
    }
}
