//! Ranges of addresses as people write them: a network, a netmask, from–to, `192.168.1.x`.

use std::net::{IpAddr, Ipv4Addr};

use ipnet::{IpNet, Ipv4Net, Ipv4Subnets};

use crate::config::value::{self, Range};

/// Networks that one from–to may become; more is no range of a school.
const PIECES_MAX: usize = 32;

/// What a text says of a range.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Meant {
    /// These networks.
    Exactly(Vec<IpNet>),
    /// Likely the whole of this network; exactly these where that is denied (none: ask again).
    Perhaps { net: IpNet, exactly: Vec<IpNet> },
}

/// Reads one range; `None` for what is none.
pub(super) fn read(text: &str) -> Option<Meant> {
    let text = text.trim();
    match value::range(text) {
        Some(Range::Net(net)) if net.prefix_len() > 0 => return Some(Meant::Exactly(vec![net])),
        Some(Range::HostBits(net)) if net.prefix_len() > 0 => {
            return Some(Meant::Perhaps { net, exactly: vec![] });
        }
        Some(_) => return None,
        None => {}
    }
    with_mask(text).or_else(|| from_to(text)).or_else(|| with_letters(text))
}

/// `192.168.1.0/255.255.255.0`, `192.168.1.0 255.255.255.0`.
fn with_mask(text: &str) -> Option<Meant> {
    let (address, mask) = text.split_once('/').or_else(|| text.split_once(char::is_whitespace))?;
    let address: Ipv4Addr = address.trim().parse().ok()?;
    let net = Ipv4Net::with_netmask(address, mask.trim().parse().ok()?).ok()?;
    if net.prefix_len() == 0 {
        return None;
    }
    let whole = IpNet::V4(net.trunc());
    Some(match net.trunc() == net {
        true => Meant::Exactly(vec![whole]),
        false => Meant::Perhaps { net: whole, exactly: vec![] },
    })
}

/// `192.168.1.10-192.168.1.50`, `192.168.1.10-50`, `192.168.1.1 – 192.168.1.254`.
fn from_to(text: &str) -> Option<Meant> {
    let (from, to) = text
        .split_once(['-', '–', '—'])
        .or_else(|| text.split_once(" đến "))
        .or_else(|| text.split_once(" to "))?;
    let from: Ipv4Addr = from.trim().parse().ok()?;
    let to = match to.trim().parse::<u8>() {
        Ok(last) => {
            let [a, b, c, _] = from.octets();
            Ipv4Addr::new(a, b, c, last)
        }
        Err(_) => to.trim().parse().ok()?,
    };
    if to < from {
        return None;
    }
    let exactly: Vec<IpNet> = Ipv4Subnets::new(from, to, 0).map(IpNet::V4).take(PIECES_MAX + 1).collect();
    if exactly.len() > PIECES_MAX || exactly.iter().any(|net| net.prefix_len() == 0) {
        return None;
    }
    // All hosts of a network, without the addresses that no host has: the network is meant.
    let net = smallest_around(from, to);
    let is_whole =
        from.to_bits() - net.network().to_bits() <= 1 && net.broadcast().to_bits() - to.to_bits() <= 1;
    Some(match is_whole && exactly.len() > 1 && net.prefix_len() > 0 {
        true => Meant::Perhaps { net: IpNet::V4(net), exactly },
        false => Meant::Exactly(exactly),
    })
}

fn smallest_around(from: Ipv4Addr, to: Ipv4Addr) -> Ipv4Net {
    let same = (from.to_bits() ^ to.to_bits()).leading_zeros().min(32) as u8;
    Ipv4Net::new(from, same).expect("at most 32 bits").trunc()
}

/// `192.168.1.x`, `192.168.x.x`, `192.168.1.*`, `192.168.1.`.
fn with_letters(text: &str) -> Option<Meant> {
    let mut octets = [0; 4];
    let mut known = 0;
    let parts: Vec<&str> = text.trim_end_matches('.').split('.').collect();
    if parts.len() > 4 || (parts.len() < 4 && !text.ends_with('.')) {
        return None;
    }
    let mut is_open = false;
    for part in parts {
        match part {
            "x" | "X" | "*" | "xx" | "xxx" => is_open = true,
            number if !is_open => {
                octets[known] = number.parse().ok()?;
                known += 1;
            }
            _ => return None,
        }
    }
    if !(1..=3).contains(&known) {
        return None;
    }
    let net = IpNet::new(IpAddr::from(octets), 8 * known as u8).ok()?;
    Some(Meant::Exactly(vec![net]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn nets(texts: &[&str]) -> Vec<IpNet> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    #[test]
    fn networks_are_read_as_people_write_them() {
        for (text, expected) in [
            ("192.168.1.0/24", &["192.168.1.0/24"][..]),
            ("192.168.1.7", &["192.168.1.7/32"]),
            ("fd00:1::/64", &["fd00:1::/64"]),
            ("192.168.1.0/255.255.255.0", &["192.168.1.0/24"]),
            ("192.168.1.0 255.255.255.0", &["192.168.1.0/24"]),
            ("10.0.0.0/255.0.0.0", &["10.0.0.0/8"]),
            ("192.168.1.x", &["192.168.1.0/24"]),
            ("192.168.1.*", &["192.168.1.0/24"]),
            ("192.168.x.x", &["192.168.0.0/16"]),
            ("192.168.1.", &["192.168.1.0/24"]),
            ("192.168.1.0-192.168.1.255", &["192.168.1.0/24"]),
            ("192.168.1.64-127", &["192.168.1.64/26"]),
            ("192.168.1.10 - 192.168.1.11", &["192.168.1.10/31"]),
            ("192.168.1.10-12", &["192.168.1.10/31", "192.168.1.12/32"]),
        ] {
            assert_eq!(read(text), Some(Meant::Exactly(nets(expected))), "{text}");
        }
        for (text, net) in [
            ("192.168.1.7/24", "192.168.1.0/24"),
            ("192.168.1.1/255.255.255.0", "192.168.1.0/24"),
            ("192.168.1.1-192.168.1.254", "192.168.1.0/24"),
            ("192.168.1.1–254", "192.168.1.0/24"),
        ] {
            let Some(Meant::Perhaps { net: found, .. }) = read(text) else {
                panic!("{text}: {:?}", read(text))
            };
            assert_eq!(found, net.parse::<IpNet>().unwrap(), "{text}");
        }
        for text in [
            "",
            "x",
            "192.168.1",
            "192.168.1.300",
            "192.168.1.x.x.x",
            "0.0.0.0/0",
            "1.x.2.3",
            "192.168.1.9-1",
            "vidu",
            "0.0.0.0-255.255.255.255",
            "192.168.1.0/255.0.255.0",
            "x.x.x.x",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_range_from_to_has_these_addresses_and_no_others(from in 0u32..1 << 20, length in 0u32..600, at in 0u32..1 << 20) {
            let base = u32::from(Ipv4Addr::new(10, 0, 0, 0));
            let (from, to, at) = (base + from, base + from + length, Ipv4Addr::from(base + at));
            let text = format!("{}-{}", Ipv4Addr::from(from), Ipv4Addr::from(to));
            let Some(Meant::Exactly(nets) | Meant::Perhaps { exactly: nets, .. }) = read(&text) else { panic!("{text}") };
            let inside = nets.iter().any(|net| net.contains(&IpAddr::V4(at)));
            prop_assert_eq!(inside, (from..=to).contains(&at.to_bits()), "{} {}", text, at);
        }

        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,40}|[0-9./x -]{0,24}") {
            let _ = read(&text);
        }
    }
}
