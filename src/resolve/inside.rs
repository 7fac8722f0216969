//! Addresses that mean something only where they are used: this machine, this link, this school.
//!
//! An IPv4 address is looked for in IPv6 clothing too: mapped and compatible (RFC 4291 §2.5.5), 6to4 (RFC
//! 3056), and behind translators (RFC 6052, RFC 8215). Shared addresses (RFC 6598) are the provider's, not the
//! school's, and are not among them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::dns64::prefix::Prefix;

/// Whether the address leads into the house. `translated` is the school's own prefix for IPv4 addresses.
pub(super) fn is_inside(address: IpAddr, translated: Option<Prefix>) -> bool {
    match address {
        IpAddr::V4(address) => is_inside_v4(address),
        IpAddr::V6(address) => {
            is_inside_v6(address) || clothed(address, translated).into_iter().flatten().any(is_inside_v4)
        }
    }
}

fn is_inside_v4(address: Ipv4Addr) -> bool {
    address.octets()[0] == 0 || address.is_loopback() || address.is_private() || address.is_link_local()
}

fn is_inside_v6(address: Ipv6Addr) -> bool {
    // fec0::/10 was the site's (RFC 3879): some routers still know it.
    let is_site_local = address.segments()[0] & 0xffc0 == 0xfec0;
    address.is_unspecified()
        || address.is_loopback()
        || address.is_unique_local()
        || address.is_unicast_link_local()
        || is_site_local
}

/// The IPv4 addresses that an IPv6 address may stand for.
fn clothed(address: Ipv6Addr, translated: Option<Prefix>) -> [Option<Ipv4Addr>; 4] {
    let octets = address.octets();
    let segments = address.segments();
    let last = Ipv4Addr::new(octets[12], octets[13], octets[14], octets[15]);
    let is_mapped_or_compatible = segments[..5] == [0; 5] && matches!(segments[5], 0 | 0xffff);
    let is_of_local_translator = segments[..3] == [0x64, 0xff9b, 1];
    [
        (is_mapped_or_compatible || is_of_local_translator).then_some(last),
        (segments[0] == 0x2002).then(|| Ipv4Addr::new(octets[2], octets[3], octets[4], octets[5])),
        Prefix::WELL_KNOWN.embedded(address),
        translated.and_then(|prefix| prefix.embedded(address)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_the_house_are_known_in_any_clothing() {
        let own: Prefix = "2001:db8:64::/48".parse().unwrap();
        for (address, inside) in [
            ("10.0.0.1", true),
            ("172.16.0.1", true),
            ("172.31.255.255", true),
            ("172.32.0.0", false),
            ("192.168.1.1", true),
            ("192.169.1.1", false),
            ("127.8.8.8", true),
            ("169.254.1.1", true),
            ("0.0.0.0", true),
            ("0.1.2.3", true),
            ("100.64.0.1", false),
            ("198.51.100.1", false),
            ("::", true),
            ("::1", true),
            ("fe80::1", true),
            ("febf::1", true),
            ("fc00::1", true),
            ("fd12:3456::1", true),
            ("fec0::1", true),
            ("fe00::1", false),
            ("::ffff:192.168.1.1", true),
            ("::ffff:198.51.100.1", false),
            ("::10.0.0.1", true),
            ("64:ff9b::10.0.0.1", true),
            ("64:ff9b::127.0.0.1", true),
            ("64:ff9b::198.51.100.1", false),
            ("64:ff9b:1::192.168.1.1", true),
            ("64:ff9b:1::198.51.100.1", false),
            ("2002:a00:1::1", true),
            ("2002:c633:6401::1", false),
            ("2001:db8:64:a00:0:100::", true),
            ("2001:db8:64:c633:64:100::", false),
            ("2001:db8::1", false),
        ] {
            assert_eq!(is_inside(address.parse().unwrap(), Some(own)), inside, "{address}");
        }
        assert!(!is_inside("2001:db8:64:a00:0:100::".parse().unwrap(), None));
    }
}
