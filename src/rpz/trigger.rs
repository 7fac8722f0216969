//! What a rule of a policy zone is about, read from its owner name (draft-vixie-dnsop-dns-rpz §4).
//!
//! Owners come relative to the zone's apex. The last label tells the kind; addresses stand reversed with
//! their prefix length in front, IPv6 in words with `zz` for `::`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use crate::dns::name::{Name, OwnedName};

/// The kinds of triggers, in the order in which one beats another within a zone (draft §5.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// Who asks: `rpz-client-ip`.
    ClientIp,
    /// The asked name, or a name that the answer's aliases lead to.
    Qname,
    /// An address in the answer: `rpz-ip`.
    Ip,
    /// The name of a name server that was asked for the answer: `rpz-nsdname`.
    NsDname,
    /// The address of one: `rpz-nsip`.
    NsIp,
}

impl Kind {
    /// All kinds, the strongest first.
    pub const ALL: [Kind; 5] = [Kind::ClientIp, Kind::Qname, Kind::Ip, Kind::NsDname, Kind::NsIp];

    /// The id, as `lachan check` and the status show it.
    pub fn id(self) -> &'static str {
        match self {
            Kind::ClientIp => "rpz-client-ip",
            Kind::Qname => "qname",
            Kind::Ip => "rpz-ip",
            Kind::NsDname => "rpz-nsdname",
            Kind::NsIp => "rpz-nsip",
        }
    }

    /// The kind whose owners end with that label.
    fn of_label(label: &[u8]) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| *kind != Kind::Qname && kind.id().as_bytes() == label)
    }
}

/// Which names a name trigger is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reach {
    /// The name itself.
    Name,
    /// All names below it, not the name itself: `*.` in front.
    Below,
}

/// What a rule is about.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Trigger {
    /// Names; kind is [`Kind::Qname`] or [`Kind::NsDname`].
    Name { kind: Kind, name: OwnedName, reach: Reach },
    /// Addresses; kind is one of the other three.
    Addresses { kind: Kind, net: IpNet },
}

/// Why an owner name is no trigger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum NoTrigger {
    /// The apex itself: SOA and NS stand there.
    #[error("the apex of the zone")]
    Apex,
    /// An address or prefix that is not in the form that the draft asks for.
    #[error("not an address with its prefix length")]
    Address,
    /// A prefix with bits set beyond its length. BIND leaves it out, too.
    #[error("bits set beyond the prefix length")]
    HostBits,
}

impl Trigger {
    /// Reads an owner, relative to the zone's apex.
    ///
    /// # Errors
    /// What [`NoTrigger`] says.
    pub fn read(owner: Name<'_>) -> Result<Self, NoTrigger> {
        let last = owner.labels().last().ok_or(NoTrigger::Apex)?;
        let kind = Kind::of_label(last);
        match kind {
            None => Ok(Self::name(Kind::Qname, owner.to_owned())),
            Some(kind) => {
                let front = without_last(owner);
                if front.as_name().is_root() {
                    return Err(NoTrigger::Address);
                }
                match kind {
                    Kind::NsDname => Ok(Self::name(kind, front)),
                    _ => Ok(Self::Addresses { kind, net: prefix(front.as_name())? }),
                }
            }
        }
    }

    fn name(kind: Kind, name: OwnedName) -> Self {
        match name.as_name().parent() {
            Some(parent) if name.as_name().wire().starts_with(b"\x01*") => {
                Self::Name { kind, name: parent.to_owned(), reach: Reach::Below }
            }
            _ => Self::Name { kind, name, reach: Reach::Name },
        }
    }

    /// Its kind.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Name { kind, .. } | Self::Addresses { kind, .. } => *kind,
        }
    }
}

/// The name without its rightmost label. Not for the root.
pub(super) fn without_last(name: Name<'_>) -> OwnedName {
    let last = name.labels().last().map_or(0, |label| label.len() + 1);
    let wire = name.wire();
    let mut front = wire[..wire.len() - 1 - last].to_vec();
    front.push(0);
    Name::of_lower_case(&front).to_owned()
}

/// Reads `24.0.2.0.192` or `48.zz.db8.2001`.
fn prefix(name: Name<'_>) -> Result<IpNet, NoTrigger> {
    let labels: Option<Vec<&str>> = name.labels().map(|label| str::from_utf8(label).ok()).collect();
    let labels = labels.ok_or(NoTrigger::Address)?;
    let (length, reversed) = labels.split_first().ok_or(NoTrigger::Address)?;
    let length = decimal(length).ok_or(NoTrigger::Address)?;
    let net = match ipv4(reversed) {
        Some(address) => Ipv4Net::new(address, length).map(IpNet::V4),
        None => Ipv6Net::new(ipv6(reversed).ok_or(NoTrigger::Address)?, length).map(IpNet::V6),
    };
    let net = net.map_err(|_| NoTrigger::Address)?;
    match net {
        // Every client or every address: what no zone means (BIND takes lengths from 1).
        net if net.prefix_len() == 0 => Err(NoTrigger::Address),
        net if net.trunc() != net => Err(NoTrigger::HostBits),
        net => Ok(net),
    }
}

fn decimal(text: &str) -> Option<u8> {
    let digits = text.bytes().all(|octet| octet.is_ascii_digit());
    if digits { text.parse().ok() } else { None }
}

fn ipv4(reversed: &[&str]) -> Option<Ipv4Addr> {
    let [d, c, b, a] = reversed else { return None };
    let octets = [decimal(a)?, decimal(b)?, decimal(c)?, decimal(d)?];
    // Four words may be an IPv6 address as well, but then one of them is `zz`, which is no number.
    Some(octets.into())
}

fn ipv6(reversed: &[&str]) -> Option<Ipv6Addr> {
    let word = |text: &str| {
        let hex = (1..=4).contains(&text.len()) && text.bytes().all(|octet| octet.is_ascii_hexdigit());
        if hex { u16::from_str_radix(text, 16).ok() } else { None }
    };
    let mut words = [0u16; 8];
    let gap = reversed.iter().position(|text| *text == "zz");
    let (low, high) = match gap {
        Some(gap) => (&reversed[..gap], &reversed[gap + 1..]),
        None => (reversed, &[][..]),
    };
    let said = low.len() + high.len();
    if if gap.is_some() { said >= words.len() } else { said != words.len() } {
        return None;
    }
    for (place, text) in words.iter_mut().rev().zip(low) {
        *place = word(text)?;
    }
    for (place, text) in words.iter_mut().zip(high.iter().rev()) {
        *place = word(text)?;
    }
    Some(words.into())
}

/// The address in the form that owners have, for whoever writes one: `32.1.2.0.192`.
pub fn print_prefix(net: IpNet) -> String {
    match net.network() {
        IpAddr::V4(v4) => {
            let [a, b, c, d] = v4.octets();
            format!("{}.{d}.{c}.{b}.{a}", net.prefix_len())
        }
        IpAddr::V6(v6) => {
            // Rust writes the longest run of zeros as `::`, as the draft wants it for `zz`.
            let text = v6.to_string();
            let mut labels: Vec<&str> = Vec::new();
            match text.split_once("::") {
                Some((high, low)) => {
                    labels.extend(low.rsplit(':').filter(|word| !word.is_empty()));
                    labels.push("zz");
                    labels.extend(high.rsplit(':').filter(|word| !word.is_empty()));
                }
                None => labels.extend(text.rsplit(':')),
            }
            format!("{}.{}", net.prefix_len(), labels.join("."))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(owner: &str) -> Result<Trigger, NoTrigger> {
        Trigger::read(OwnedName::parse(owner).unwrap().as_name())
    }

    fn said(owner: &str) -> String {
        match read(owner) {
            Ok(Trigger::Name { kind, name, reach }) => format!("{} {name} {reach:?}", kind.id()),
            Ok(Trigger::Addresses { kind, net }) => format!("{} {net}", kind.id()),
            Err(error) => format!("{error:?}"),
        }
    }

    #[test]
    fn owners_are_read_as_the_draft_writes_them() {
        for (owner, meant) in [
            (".", "Apex"),
            ("bad.example", "qname bad.example Name"),
            ("*.bad.example", "qname bad.example Below"),
            ("*", "qname . Below"),
            ("rpz-ip.example", "qname rpz-ip.example Name"),
            ("ns.bad.example.rpz-nsdname", "rpz-nsdname ns.bad.example Name"),
            ("*.bad.example.rpz-nsdname", "rpz-nsdname bad.example Below"),
            ("32.1.2.0.192.rpz-client-ip", "rpz-client-ip 192.0.2.1/32"),
            ("24.0.2.0.192.RPZ-IP", "rpz-ip 192.0.2.0/24"),
            ("8.0.0.0.10.rpz-nsip", "rpz-nsip 10.0.0.0/8"),
            ("128.1.zz.db8.2001.rpz-ip", "rpz-ip 2001:db8::1/128"),
            ("48.zz.1.db8.2001.rpz-ip", "rpz-ip 2001:db8:1::/48"),
            ("128.8.7.6.5.4.3.2.1.rpz-ip", "rpz-ip 1:2:3:4:5:6:7:8/128"),
            ("128.1.zz.rpz-ip", "rpz-ip ::1/128"),
            ("32.zz.db8.2001.rpz-ip", "rpz-ip 2001:db8::/32"),
        ] {
            assert_eq!(said(owner), meant, "{owner}");
        }
    }

    #[test]
    fn what_is_no_address_is_no_trigger() {
        for (owner, why) in [
            ("rpz-ip", NoTrigger::Address),
            ("rpz-nsdname", NoTrigger::Address),
            ("32.rpz-ip", NoTrigger::Address),
            ("33.1.2.0.192.rpz-ip", NoTrigger::Address),
            ("0.0.0.0.0.rpz-ip", NoTrigger::Address),
            ("32.256.2.0.192.rpz-ip", NoTrigger::Address),
            ("+32.1.2.0.192.rpz-ip", NoTrigger::Address),
            ("24.1.2.0.192.rpz-ip", NoTrigger::HostBits),
            ("129.1.zz.db8.2001.rpz-ip", NoTrigger::Address),
            ("128.1.zz.zz.2001.rpz-ip", NoTrigger::Address),
            ("128.1.2.3.4.5.6.7.rpz-ip", NoTrigger::Address),
            ("128.1.zz.2.3.4.5.6.7.8.rpz-ip", NoTrigger::Address),
            ("128.12345.zz.2001.rpz-ip", NoTrigger::Address),
            ("32.1.zz.db8.2001.rpz-ip", NoTrigger::HostBits),
        ] {
            assert_eq!(read(owner), Err(why), "{owner}");
        }
    }

    proptest! {
        #[test]
        fn a_printed_prefix_reads_back(bits in any::<u128>(), zeros in any::<u128>(), length in 1u8..=128, v4 in any::<bool>()) {
            let net = if v4 {
                IpNet::new(Ipv4Addr::from_bits(bits as u32).into(), length.min(32)).unwrap().trunc()
            } else {
                IpNet::new(Ipv6Addr::from_bits(bits & zeros).into(), length).unwrap().trunc()
            };
            let owner = format!("{}.rpz-ip", print_prefix(net));
            // `::ffff:a.b.c.d` is printed with dots by the library: no owner is written so.
            prop_assume!(v4 || !net.network().to_string().contains('.'));
            prop_assert_eq!(read(&owner), Ok(Trigger::Addresses { kind: Kind::Ip, net }));
        }

        #[test]
        fn no_owner_makes_it_panic(text in "[a-z0-9*.]{0,30}", label in prop::sample::select(vec!["", ".rpz-ip", ".rpz-nsip", ".rpz-client-ip", ".rpz-nsdname"])) {
            if let Ok(owner) = OwnedName::parse(&(text + label)) {
                let _ = Trigger::read(owner.as_name());
            }
        }
    }
}
