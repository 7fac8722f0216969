//! From a client's address to its group: longest prefix, IPv4 and IPv6.

use std::net::IpAddr;

use ipnet::IpNet;

use super::{BuildError, GroupSettings};
use crate::model::prefixes::Prefixes;

/// Number of the group of unknown clients in the policy; configured groups follow it.
const UNKNOWN: u16 = 0;

/// The address space, cut by group.
#[derive(Debug, Default)]
pub struct Clients(Prefixes<u16>);

impl Clients {
    /// Cuts the address space; group `i` of the slice gets number `i + 1`.
    ///
    /// # Errors
    /// [`BuildError::SameRange`] where two groups claim the same prefix.
    pub fn build(groups: &[GroupSettings]) -> Result<Self, BuildError> {
        let mut prefixes: Vec<(IpNet, u16)> = Vec::new();
        for (index, group) in groups.iter().enumerate() {
            for range in &group.from {
                let range = range.trunc();
                if let Some((_, other)) = prefixes.iter().find(|(seen, _)| *seen == range) {
                    let first = &groups[*other as usize - 1];
                    if first.name == group.name {
                        continue;
                    }
                    return Err(BuildError::SameRange {
                        range,
                        first: first.name.clone(),
                        second: group.name.clone(),
                    });
                }
                prefixes.push((range, index as u16 + 1));
            }
        }
        Ok(Self(Prefixes::build(prefixes)))
    }

    /// Number of the client's group.
    pub fn group_of(&self, client: IpAddr) -> usize {
        self.0.find(client).unwrap_or(UNKNOWN).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::tier::Tier;

    fn group(name: &str, from: &[&str]) -> GroupSettings {
        GroupSettings {
            name: name.into(),
            tier: Tier::Primary,
            from: from.iter().map(|net| net.parse().unwrap()).collect(),
            mode: None,
            allow_sets: vec![],
        }
    }

    #[test]
    fn the_longest_prefix_wins_in_both_families() {
        let groups = [
            group("school", &["10.0.0.0/8", "fd00::/8"]),
            group("room", &["10.10.1.0/24", "fd00:0:0:1::/64"]),
            group("teacher", &["10.10.1.7/32"]),
        ];
        let clients = Clients::build(&groups).unwrap();
        for (address, number) in [
            ("10.0.0.1", 1),
            ("10.10.1.6", 2),
            ("10.10.1.7", 3),
            ("10.10.1.8", 2),
            ("10.10.2.0", 1),
            ("11.0.0.0", 0),
            ("9.255.255.255", 0),
            ("::ffff:10.10.1.7", 3),
            ("fd00::1", 1),
            ("fd00:0:0:1::1", 2),
            ("fe80::1", 0),
        ] {
            assert_eq!(clients.group_of(address.parse().unwrap()), number, "{address}");
        }
    }

    #[test]
    fn the_same_range_in_two_groups_is_refused_even_when_written_differently() {
        let groups = [group("a", &["10.1.0.0/16"]), group("b", &["10.1.2.3/16"])];
        let Err(BuildError::SameRange { range, .. }) = Clients::build(&groups) else { panic!() };
        assert_eq!(range.to_string(), "10.1.0.0/16");
    }
}
