//! Where IPv4 addresses stand in IPv6 addresses (RFC 6052 §2.2).

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use crate::dns::name::{Name, OwnedName};

/// Lengths that a prefix may have.
pub const LENGTHS: [u8; 6] = [32, 40, 48, 56, 64, 96];
/// The octet that stays zero, whatever the length: bits 64 to 71.
const U: usize = 8;
/// Labels of a whole address in `ip6.arpa`.
const NIBBLES: usize = 32;

/// A prefix behind which a translator (NAT64) reaches IPv4.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Prefix {
    octets: [u8; 16],
    /// Octets of the prefix itself.
    length: usize,
}

/// Why a text is no such prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PrefixError {
    #[error("not an IPv6 prefix")]
    Form,
    #[error("the length must be 32, 40, 48, 56, 64 or 96 (RFC 6052 §2.2)")]
    Length,
    #[error("bits behind the length are set")]
    HostBits,
    #[error("bits 64 to 71 must be zero (RFC 6052 §2.2)")]
    U,
}

impl Prefix {
    /// `64:ff9b::/96`, the well-known one (RFC 6052 §2.1).
    pub const WELL_KNOWN: Self =
        Self { octets: [0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], length: 12 };

    /// The IPv6 address that stands for `address`.
    pub fn embed(self, address: Ipv4Addr) -> Ipv6Addr {
        let mut octets = self.octets;
        for (at, octet) in self.places().zip(address.octets()) {
            octets[at] = octet;
        }
        octets.into()
    }

    /// The IPv4 address in `address`; `None` where that is not behind the prefix. What stands after the IPv4
    /// address means nothing (RFC 6052 §2.2).
    pub fn embedded(self, address: Ipv6Addr) -> Option<Ipv4Addr> {
        let octets = address.octets();
        let is_behind = octets[..self.length] == self.octets[..self.length] && octets[U] == 0;
        let mut found = [0; 4];
        for (to, at) in found.iter_mut().zip(self.places()) {
            *to = octets[at];
        }
        is_behind.then_some(found.into())
    }

    /// The name in `ip6.arpa` below which the addresses behind the prefix have theirs.
    pub fn reverse_apex(self) -> OwnedName {
        let nibbles = self.octets[..self.length].iter().rev();
        let labels: String = nibbles.map(|octet| format!("{:x}.{:x}.", octet & 15, octet >> 4)).collect();
        OwnedName::parse(&format!("{labels}ip6.arpa")).expect("labels of one letter are a name")
    }

    /// Where the octets of an IPv4 address stand.
    fn places(self) -> impl Iterator<Item = usize> {
        (self.length..16).filter(|at| *at != U).take(4)
    }
}

/// The address whose name in `ip6.arpa` this is; `None` for one that is not whole.
pub fn address_of(name: Name<'_>) -> Option<Ipv6Addr> {
    let mut octets = [0u8; 16];
    let mut labels = name.labels();
    for at in 0..NIBBLES {
        let [letter] = labels.next()? else { return None };
        let nibble = (*letter as char).to_digit(16)? as u8;
        let octet = &mut octets[15 - at / 2];
        *octet |= if at % 2 == 0 { nibble } else { nibble << 4 };
    }
    let is_end = labels.next() == Some(b"ip6") && labels.next() == Some(b"arpa") && labels.next().is_none();
    is_end.then_some(octets.into())
}

impl FromStr for Prefix {
    type Err = PrefixError;

    fn from_str(text: &str) -> Result<Self, PrefixError> {
        let (address, length) = text.split_once('/').ok_or(PrefixError::Form)?;
        let address: Ipv6Addr = address.parse().map_err(|_| PrefixError::Form)?;
        let length: u8 = length.parse().map_err(|_| PrefixError::Form)?;
        if !LENGTHS.contains(&length) {
            return Err(PrefixError::Length);
        }
        let (octets, length) = (address.octets(), usize::from(length / 8));
        if octets[length..].iter().any(|octet| *octet != 0) {
            return Err(PrefixError::HostBits);
        }
        if octets[U] != 0 {
            return Err(PrefixError::U);
        }
        Ok(Self { octets, length })
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", Ipv6Addr::from(self.octets), self.length * 8)
    }
}

impl fmt::Debug for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Prefix({self})")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_address_stands_where_rfc_6052_puts_it() {
        // The table of §2.4.
        for (prefix, whole) in [
            ("2001:db8::/32", "2001:db8:c000:221::"),
            ("2001:db8:100::/40", "2001:db8:1c0:2:21::"),
            ("2001:db8:122::/48", "2001:db8:122:c000:2:2100::"),
            ("2001:db8:122:300::/56", "2001:db8:122:3c0:0:221::"),
            ("2001:db8:122:344::/64", "2001:db8:122:344:c0:2:2100::"),
            ("2001:db8:122:344::/96", "2001:db8:122:344::192.0.2.33"),
            ("64:ff9b::/96", "64:ff9b::192.0.2.33"),
        ] {
            let read: Prefix = prefix.parse().unwrap();
            assert_eq!(read.embed([192, 0, 2, 33].into()), whole.parse::<Ipv6Addr>().unwrap(), "{prefix}");
            assert_eq!(read.to_string(), prefix);
        }
        assert_eq!("64:ff9b::/96".parse(), Ok(Prefix::WELL_KNOWN));
    }

    #[test]
    fn what_is_no_such_prefix_is_refused_with_its_reason() {
        for (text, why) in [
            ("", PrefixError::Form),
            ("64:ff9b::", PrefixError::Form),
            ("10.0.0.0/32", PrefixError::Form),
            ("64:ff9b::/200", PrefixError::Length),
            ("64:ff9b::/x", PrefixError::Form),
            ("64:ff9b::/95", PrefixError::Length),
            ("64:ff9b::1/96", PrefixError::HostBits),
            ("2001:db8:1:2:300::/96", PrefixError::U),
        ] {
            assert_eq!(text.parse::<Prefix>(), Err(why), "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_embedded_comes_out_again_and_its_name_leads_back(octets: [u8; 16], v4: u32, length in prop::sample::select(&LENGTHS[..])) {
            let length = usize::from(length / 8);
            let mut octets = octets;
            octets[length..].fill(0);
            octets[U] = 0;
            let prefix: Prefix = Prefix { octets, length }.to_string().parse().unwrap();
            let whole = prefix.embed(v4.into());
            prop_assert_eq!(prefix.embedded(whole), Some(v4.into()));
            let labels: String = whole.octets().iter().rev().map(|octet| format!("{:x}.{:x}.", octet & 15, octet >> 4)).collect();
            let name = OwnedName::parse(&format!("{labels}ip6.arpa")).unwrap();
            prop_assert_eq!(address_of(name.as_name()), Some(whole));
            prop_assert!(name.as_name().is_at_or_below(prefix.reverse_apex().as_name()));
        }
    }
}
