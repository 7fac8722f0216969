//! From a client's address to its group: longest prefix, IPv4 and IPv6.
//!
//! Prefixes nest, so the address space is cut once into stretches that belong to one group each; a
//! look-up is then a binary search. An IPv4 address in IPv6 clothing (`::ffff:192.0.2.1`) is IPv4.

use std::net::IpAddr;

use ipnet::IpNet;

use super::{BuildError, GroupSettings};

/// Number of the group of unknown clients in the policy; configured groups follow it.
const UNKNOWN: u16 = 0;

/// The address space, cut by group.
#[derive(Debug, Default)]
pub struct Clients {
    v4: Stretches,
    v6: Stretches,
}

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
        let of = |v4: bool| {
            Stretches::cut(
                prefixes
                    .iter()
                    .filter(|(net, _)| matches!(net, IpNet::V4(_)) == v4)
                    .map(|(net, group)| (number(net.network()), number(net.broadcast()), *group))
                    .collect(),
            )
        };
        Ok(Self { v4: of(true), v6: of(false) })
    }

    /// Number of the client's group.
    pub fn group_of(&self, client: IpAddr) -> usize {
        let client = client.to_canonical();
        let stretches = if client.is_ipv4() { &self.v4 } else { &self.v6 };
        stretches.find(number(client)).into()
    }
}

fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(v4) => v4.to_bits().into(),
        IpAddr::V6(v6) => v6.to_bits(),
    }
}

/// Where each stretch starts, ascending, and whose it is until the next.
#[derive(Debug, Default)]
struct Stretches {
    starts: Vec<u128>,
    groups: Vec<u16>,
}

impl Stretches {
    /// Cuts by prefixes given as (first, last, group). Prefixes nest or are apart, never overlap in part.
    fn cut(mut prefixes: Vec<(u128, u128, u16)>) -> Self {
        // Outer before inner.
        prefixes.sort_by_key(|&(first, last, _)| (first, std::cmp::Reverse(last)));
        let mut stretches = Self::default();
        let mut open: Vec<(u128, u16)> = Vec::new(); // (last, group) of the prefixes around here
        for (first, last, group) in prefixes {
            while let Some(&(end, _)) = open.last().filter(|(end, _)| *end < first) {
                open.pop();
                stretches.resume(end, &open);
            }
            stretches.push(first, group);
            open.push((last, group));
        }
        while let Some((end, _)) = open.pop() {
            stretches.resume(end, &open);
        }
        stretches
    }

    /// After a prefix that ends at `end`, the one around it goes on.
    fn resume(&mut self, end: u128, open: &[(u128, u16)]) {
        if let Some(next) = end.checked_add(1) {
            self.push(next, open.last().map_or(UNKNOWN, |(_, group)| *group));
        }
    }

    fn push(&mut self, start: u128, group: u16) {
        if self.starts.last() == Some(&start) {
            // The stretch before would be empty.
            *self.groups.last_mut().expect("as many groups as starts") = group;
        } else {
            self.starts.push(start);
            self.groups.push(group);
        }
    }

    fn find(&self, address: u128) -> u16 {
        match self.starts.partition_point(|start| *start <= address) {
            0 => UNKNOWN,
            after => self.groups[after - 1],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::tier::Tier;
    use proptest::prelude::*;

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

    proptest! {
        #[test]
        fn cutting_agrees_with_looking_at_every_prefix(
            nets in prop::collection::btree_map((any::<u8>(), 0u8..=8), 1u16..9, 0..12),
            address in any::<u8>(),
        ) {
            // A world of 8-bit addresses, so that prefixes nest often.
            let prefixes: std::collections::BTreeMap<(u128, u8), u16> = nets
                .into_iter()
                .map(|((bits, len), group)| ((u128::from(bits) & (0xff00u128 >> len & 0xff), len), group))
                .collect();
            let stretches = Stretches::cut(
                prefixes.iter().map(|(&(first, len), &group)| (first, first | 0xff >> len, group)).collect(),
            );
            let naive = prefixes
                .iter()
                .filter(|((first, len), _)| (*first..=*first | 0xff >> len).contains(&address.into()))
                .max_by_key(|((_, len), _)| *len)
                .map_or(UNKNOWN, |(_, group)| *group);
            prop_assert_eq!(stretches.find(address.into()), naive);
        }
    }
}
