//! Values that are written as text: durations, sizes, ranges, addresses.
//!
//! Pure: text in, value or `None` out; who asked says the sentence.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use ipnet::IpNet;

/// `30s`, `45m`, `24h`, `30d`, `2w`, `500ms`; a space before the unit is allowed.
pub fn duration(text: &str) -> Option<Duration> {
    let (number, unit) = number_and_unit(text)?;
    let seconds = match unit {
        "ms" => return Some(Duration::from_millis(number)),
        "s" => 1,
        "m" | "min" => 60,
        "h" => 3600,
        "d" => 86_400,
        "w" => 604_800,
        _ => return None,
    };
    number.checked_mul(seconds).map(Duration::from_secs)
}

/// The shortest text that [`duration`] reads back.
pub fn print_duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    if duration.subsec_millis() > 0 {
        return format!("{}ms", duration.as_millis());
    }
    let (count, unit) = [(86_400, "d"), (3600, "h"), (60, "m")]
        .into_iter()
        .find(|(unit, _)| seconds > 0 && seconds.is_multiple_of(*unit))
        .map_or((seconds, "s"), |(unit, name)| (seconds / unit, name));
    format!("{count}{unit}")
}

/// `64 MiB`, `2 GiB`, `500 MB`, `4096 B`.
pub fn size(text: &str) -> Option<u64> {
    let (number, unit) = number_and_unit(text)?;
    let octets: u64 = match unit.to_ascii_lowercase().as_str() {
        "b" => 1,
        "kb" => 1000,
        "mb" => 1_000_000,
        "gb" => 1_000_000_000,
        "kib" => 1 << 10,
        "mib" => 1 << 20,
        "gib" => 1 << 30,
        _ => return None,
    };
    number.checked_mul(octets)
}

/// `30%`, `150 %`: 0.3, 1.5. At most 1000 %.
pub fn percent(text: &str) -> Option<f64> {
    let (number, unit) = number_and_unit(text)?;
    (unit == "%" && (1..=1000).contains(&number)).then(|| number as f64 / 100.0)
}

fn number_and_unit(text: &str) -> Option<(u64, &str)> {
    let text = text.trim();
    let end = text.find(|c: char| !c.is_ascii_digit())?;
    let number = text[..end].parse().ok()?;
    Some((number, text[end..].trim_start()))
}

/// What a text says of a range of addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Range {
    /// A network, or one address.
    Net(IpNet),
    /// A host with a prefix length; the network that holds it.
    HostBits(IpNet),
}

/// `10.1.0.0/16`, `10.1.2.3`, `fd00:1::/64`.
///
/// An IPv4 range in IPv6 clothing (`::ffff:10.0.0.0/104`) is the IPv4 range, as its clients will be.
pub fn range(text: &str) -> Option<Range> {
    if let Ok(address) = text.parse::<IpAddr>() {
        return Some(Range::Net(IpNet::from(address.to_canonical())));
    }
    let mut net: IpNet = text.parse().ok()?;
    if let (IpAddr::V4(v4), 96..) = (net.addr().to_canonical(), net.prefix_len())
        && net.addr().is_ipv6()
    {
        net = IpNet::new(IpAddr::V4(v4), net.prefix_len() - 96).ok()?;
    }
    let network = net.trunc();
    Some(if network == net { Range::Net(net) } else { Range::HostBits(network) })
}

/// A secret in base64 (RFC 4648 §4), alone or as the `secret "…"` of a key file as `tsig-keygen` writes it.
pub fn secret(text: &str) -> Option<Vec<u8>> {
    let text = match text.split_once("secret") {
        Some((_, behind)) => behind.split('"').nth(1)?,
        None => text.trim(),
    };
    let digits = text.trim_end_matches('=');
    if digits.is_empty() || !text.len().is_multiple_of(4) || text.len() - digits.len() > 2 {
        return None;
    }
    let value = |octet: u8| match octet {
        b'A'..=b'Z' => Some(octet - b'A'),
        b'a'..=b'z' => Some(octet - b'a' + 26),
        b'0'..=b'9' => Some(octet - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    };
    let mut octets = Vec::new();
    let (mut bits, mut count) = (0u32, 0);
    for octet in digits.bytes() {
        bits = bits << 6 | u32::from(value(octet)?);
        count += 6;
        if count >= 8 {
            count -= 8;
            octets.push((bits >> count) as u8);
        }
    }
    Some(octets)
}

/// Ports that somebody means who writes one behind an IPv6 address without brackets.
const PORTS_MEANT: &[&str] = &["53", "443", "853", "1053", "5300", "5335", "5353", "6353", "8053", "8853"];

/// `[::1]:53` for `::1:53`, which is an address by itself but hardly meant as one.
pub fn port_run_together(text: &str) -> Option<String> {
    let (address, port) = text.rsplit_once(':')?;
    let is_both = text.parse::<Ipv6Addr>().is_ok() && address.parse::<Ipv6Addr>().is_ok();
    (is_both && PORTS_MEANT.contains(&port)).then(|| format!("[{address}]:{port}"))
}

/// `0.0.0.0:53`, `[::]:53`, or an address alone, which means `port`.
pub fn socket_address(text: &str, port: u16) -> Option<SocketAddr> {
    if let Ok(address) = text.parse::<IpAddr>() {
        return Some(SocketAddr::new(address, port));
    }
    if let Some(address) = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return address.parse().ok().map(|address| SocketAddr::new(IpAddr::V6(address), port));
    }
    text.parse().ok()
}

/// The reverse zone of a range that ends at an octet (IPv4) or a nibble (IPv6), as far as its length goes.
pub fn reverse_zone(text: &str) -> Option<String> {
    let (Range::Net(net) | Range::HostBits(net)) = range(text)?;
    let labels = match net {
        IpNet::V4(net) => {
            let octets = net.network().octets();
            let octets = octets.iter().take(usize::from(net.prefix_len() / 8));
            octets.rev().map(|octet| format!("{octet}.")).collect::<String>() + "in-addr.arpa"
        }
        IpNet::V6(net) => {
            let octets = net.network().octets();
            let nibbles = octets.iter().flat_map(|octet| [octet >> 4, octet & 0xf]);
            let nibbles: Vec<u8> = nibbles.take(usize::from(net.prefix_len() / 4)).collect();
            nibbles.iter().rev().map(|nibble| format!("{nibble:x}.")).collect::<String>() + "ip6.arpa"
        }
    };
    (net.prefix_len() >= 8).then_some(labels)
}

/// Forms in which an upstream server is written (`resolve::forward::upstream` reads them).
pub const SERVER_FORMS: &[&str] = &[
    "192.0.2.53",
    "192.0.2.53:5353",
    "tcp://192.0.2.53",
    "tls://192.0.2.53#dns.example",
    "https://192.0.2.53/dns-query#dns.example",
];

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn durations_are_read() {
        for (text, seconds) in [
            ("30s", Some(30)),
            ("45 m", Some(2700)),
            ("24h", Some(86_400)),
            ("30d", Some(2_592_000)),
            ("2w", Some(1_209_600)),
            ("30", None),
            ("", None),
            ("h", None),
            ("-1h", None),
            ("1.5h", None),
            ("99999999999999999999s", None),
            ("9999999999999999999d", None),
        ] {
            assert_eq!(duration(text).map(|duration| duration.as_secs()), seconds, "{text}");
        }
    }

    #[test]
    fn sizes_are_read() {
        for (text, octets) in [
            ("64 MiB", Some(64 << 20)),
            ("64MiB", Some(64 << 20)),
            ("500 MB", Some(500_000_000)),
            ("2 gib", Some(2 << 30)),
            ("64", None),
            ("64 M", None),
            ("99999999999999999 GiB", None),
        ] {
            assert_eq!(size(text), octets, "{text}");
        }
    }

    #[test]
    fn a_range_has_its_reverse_zone() {
        for (text, zone) in [
            ("10.0.0.0/8", Some("10.in-addr.arpa")),
            ("192.168.1.0/24", Some("1.168.192.in-addr.arpa")),
            ("172.16.0.0/12", Some("172.in-addr.arpa")),
            ("192.0.2.7", Some("7.2.0.192.in-addr.arpa")),
            ("fd00:20::/32", Some("0.2.0.0.0.0.d.f.ip6.arpa")),
            ("0.0.0.0/0", None),
            ("x", None),
        ] {
            assert_eq!(reverse_zone(text).as_deref(), zone, "{text}");
        }
    }

    #[test]
    fn a_port_that_runs_into_its_address_is_noticed() {
        for (text, meant) in [
            ("::1:53", Some("[::1]:53")),
            ("fd00:20::2:853", Some("[fd00:20::2]:853")),
            ("[::1]:53", None),
            ("::1", None),
            ("::53", None),
            ("2001:db8::53", None),
            ("2001:db8::1:2", None),
            ("192.0.2.1:53", None),
        ] {
            assert_eq!(port_run_together(text).as_deref(), meant, "{text}");
        }
    }

    #[test]
    fn secrets_are_read_alone_and_out_of_a_key_file() {
        let key_file = "key \"k\" {\n\talgorithm hmac-sha256;\n\tsecret \"Zm9v\";\n};\n";
        for (text, octets) in [
            ("Zg==", Some(&b"f"[..])),
            ("Zm8=\n", Some(b"fo")),
            ("Zm9vYmE+/w==", Some(b"fooba\x3e\xff")),
            (key_file, Some(b"foo")),
            ("Zm9", None),
            ("Zm9v!A==", None),
            ("====", None),
            ("", None),
            ("secret", None),
        ] {
            assert_eq!(secret(text).as_deref(), octets, "{text}");
        }
    }

    #[test]
    fn a_host_with_a_length_is_told_from_a_network() {
        let net = |text: &str| text.parse::<IpNet>().unwrap();
        assert_eq!(range("10.1.0.0/16"), Some(Range::Net(net("10.1.0.0/16"))));
        assert_eq!(range("10.1.2.3"), Some(Range::Net(net("10.1.2.3/32"))));
        assert_eq!(range("10.1.2.3/16"), Some(Range::HostBits(net("10.1.0.0/16"))));
        assert_eq!(range("fd00::1/64"), Some(Range::HostBits(net("fd00::/64"))));
        assert_eq!(range("::ffff:10.0.0.0/104"), Some(Range::Net(net("10.0.0.0/8"))));
        assert_eq!(range("10.1.0.0/33"), None);
        assert_eq!(range("10.1.0"), None);
    }

    proptest! {
        #[test]
        fn no_text_makes_them_panic(text in "\\PC{0,40}") {
            let _ = (duration(&text), size(&text), range(&text), socket_address(&text, 53), secret(&text));
        }

        #[test]
        fn a_printed_duration_reads_back(ms in 0u64..10_000_000_000) {
            let written = Duration::from_millis(ms);
            prop_assert_eq!(duration(&print_duration(written)), Some(written));
        }
    }
}
