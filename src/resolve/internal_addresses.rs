//! Addresses that no public name may lead to: those of this machine, this link, this school, and ranges that
//! nobody on the internet has.
//!
//! | range | why it is taken out |
//! | --- | --- |
//! | 0/8, 127/8, ::, ::1 | this machine; many systems take 0.0.0.0 for it |
//! | 10/8, 172.16/12, 192.168/16, fc00::/7, fec0::/10 | private networks; fec0::/10 (RFC 3879) is still in some routers |
//! | 169.254/16, fe80::/10 | this link: printers, and the metadata service of clouds |
//! | 100.64/10 | shared addresses (RFC 6598): the provider's modem pages, and overlay networks such as Tailscale |
//! | 192.0.0/24 | protocol assignments (RFC 6890), but for the two anycast addresses .9 and .10 |
//! | 198.18/15, 2001:2::/48 | benchmarks (RFC 2544, RFC 5180): laboratories, and the local side of some VPN clients |
//! | 224/4, ff00::/8 | multicast: the devices of this link |
//! | 240/4 with 255.255.255.255 | reserved, broadcast |
//! | 100::/64, 5f00::/16 | discard-only (RFC 6666); segment identifiers inside one network (RFC 9602) |
//!
//! An IPv4 address counts inside an IPv6 address too: mapped, compatible (RFC 4291 §2.5.5) and translated (RFC
//! 2765), 6to4 (RFC 3056), Teredo's server and client (RFC 4380), ISATAP (RFC 5214), and behind translators (RFC
//! 6052, RFC 8215, the school's own prefix). Examples for documentation lead nowhere and stay.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::dns64::prefix::Prefix;

/// Whether no public name may lead there. `translated` is the school's own prefix for IPv4 addresses.
pub(super) fn is_inside(address: IpAddr, translated: Option<Prefix>) -> bool {
    match address {
        IpAddr::V4(address) => is_inside_v4(address),
        IpAddr::V6(address) => {
            is_inside_v6(address) || embedded(address, translated).into_iter().flatten().any(is_inside_v4)
        }
    }
}

fn is_inside_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, d] = address.octets();
    let is_shared = a == 100 && b & 0xc0 == 64;
    let is_protocol = (a, b, c) == (192, 0, 0) && !matches!(d, 9 | 10);
    let is_benchmark = a == 198 && b & 0xfe == 18;
    let is_multicast_or_reserved = a >= 224;
    a == 0
        || address.is_loopback()
        || address.is_private()
        || address.is_link_local()
        || is_shared
        || is_protocol
        || is_benchmark
        || is_multicast_or_reserved
}

fn is_inside_v6(address: Ipv6Addr) -> bool {
    let segments = address.segments();
    let is_site_local = segments[0] & 0xffc0 == 0xfec0;
    let is_benchmark = segments[..3] == [0x2001, 2, 0];
    let is_discarded = segments[..4] == [0x100, 0, 0, 0];
    address.is_unspecified()
        || address.is_loopback()
        || address.is_unique_local()
        || address.is_unicast_link_local()
        || address.is_multicast()
        || is_site_local
        || is_benchmark
        || is_discarded
        || segments[0] == 0x5f00
}

/// The IPv4 addresses that an IPv6 address may stand for.
fn embedded(address: Ipv6Addr, translated: Option<Prefix>) -> [Option<Ipv4Addr>; 6] {
    let octets = address.octets();
    let segments = address.segments();
    let at = |at: usize| Ipv4Addr::new(octets[at], octets[at + 1], octets[at + 2], octets[at + 3]);
    let last = at(12);
    let is_mapped_or_compatible = segments[..5] == [0; 5] && matches!(segments[5], 0 | 0xffff);
    let is_translated = segments[..6] == [0, 0, 0, 0, 0xffff, 0];
    let is_of_local_translator = segments[..3] == [0x64, 0xff9b, 1];
    let is_isatap = segments[4] & !0x0200 == 0 && segments[5] == 0x5efe;
    let is_teredo = segments[..2] == [0x2001, 0];
    [
        (is_mapped_or_compatible || is_translated || is_of_local_translator || is_isatap).then_some(last),
        (segments[0] == 0x2002).then(|| at(2)),
        is_teredo.then(|| at(4)),
        // The client's address has every bit turned over (RFC 4380 §4).
        is_teredo.then(|| Ipv4Addr::from_bits(!last.to_bits())),
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
            ("100.63.255.255", false),
            ("100.64.0.1", true),
            ("100.127.255.255", true),
            ("100.128.0.0", false),
            ("192.0.0.1", true),
            ("192.0.0.9", false),
            ("192.0.0.170", true),
            ("192.0.1.1", false),
            ("198.17.255.255", false),
            ("198.18.0.1", true),
            ("198.19.255.255", true),
            ("198.20.0.0", false),
            ("223.255.255.255", false),
            ("224.0.0.251", true),
            ("239.255.255.250", true),
            ("240.0.0.1", true),
            ("255.255.255.255", true),
            ("192.0.2.1", false),
            ("203.0.113.1", false),
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
            ("ff02::fb", true),
            ("ff0e::1", true),
            ("2001:2::1", true),
            ("2001:2:1::1", false),
            ("100::1", true),
            ("100:0:0:1::1", false),
            ("5f00::1", true),
            // Teredo: server 10.0.0.1; client 192.168.1.1; neither.
            ("2001:0:a00:1:0:0:39cd:9bfe", true),
            ("2001:0:c633:6401:0:0:3f57:fefe", true),
            ("2001:0:c633:6401:0:0:39cd:9bfd", false),
            ("2001:db8:1:2:0:5efe:a00:1", true),
            ("2001:db8:1:2:200:5efe:c0a8:101", true),
            ("2001:db8:1:2:0:5efe:c633:6401", false),
            ("2001:db8:1:2:100:5efe:a00:1", false),
            ("::ffff:0:a00:1", true),
            ("::ffff:0:c633:6401", false),
            ("2002:6440:1::1", true),
            ("64:ff9b::100.64.0.1", true),
            ("::ffff:198.18.0.1", true),
        ] {
            assert_eq!(is_inside(address.parse().unwrap(), Some(own)), inside, "{address}");
        }
        assert!(!is_inside("2001:db8:64:a00:0:100::".parse().unwrap(), None));
    }
}
