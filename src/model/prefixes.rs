//! What is said of address ranges, found by the longest prefix: groups of clients, addresses of a policy
//! zone.
//!
//! Prefixes nest, so the address space is cut once into stretches of which one thing is said each; a
//! look-up is then a binary search. An IPv4 address in IPv6 clothing (`::ffff:192.0.2.1`) is IPv4.

use std::net::IpAddr;

use ipnet::IpNet;

/// The address space, cut by what is said of it.
#[derive(Clone, Debug)]
pub struct Prefixes<T> {
    /// Starts of `v4` as they are compared for each query.
    v4_starts: Vec<u32>,
    v4: Stretches<T>,
    v6: Stretches<T>,
}

impl<T: Copy> Prefixes<T> {
    /// Cuts the address space. Of two things said of the same prefix the last counts.
    pub fn build(prefixes: impl IntoIterator<Item = (IpNet, T)>) -> Self {
        let (mut v4, mut v6) = (Vec::new(), Vec::new());
        for (net, value) in prefixes {
            let family = if matches!(net, IpNet::V4(_)) { &mut v4 } else { &mut v6 };
            family.push((number(net.network()), number(net.broadcast()), value));
        }
        let v4 = Stretches::cut(v4);
        // What begins behind the last address says nothing of any.
        let v4_starts = v4.starts.iter().map_while(|start| u32::try_from(*start).ok()).collect();
        Self { v4_starts, v4, v6: Stretches::cut(v6) }
    }

    /// What is said of the longest prefix that holds the address.
    pub fn find(&self, address: IpAddr) -> Option<T> {
        match address.to_canonical() {
            IpAddr::V4(address) => {
                let after = self.v4_starts.partition_point(|start| *start <= address.to_bits());
                self.v4.before(after)
            }
            IpAddr::V6(address) => {
                let after = self.v6.starts.partition_point(|start| *start <= address.to_bits());
                self.v6.before(after)
            }
        }
    }

    /// Whether nothing is said of any address.
    pub fn is_empty(&self) -> bool {
        self.v4.starts.is_empty() && self.v6.starts.is_empty()
    }
}

impl<T> Default for Prefixes<T> {
    fn default() -> Self {
        Self { v4_starts: Vec::new(), v4: Stretches::default(), v6: Stretches::default() }
    }
}

fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(v4) => v4.to_bits().into(),
        IpAddr::V6(v6) => v6.to_bits(),
    }
}

/// Where each stretch starts, ascending, and what is said of it until the next.
#[derive(Clone, Debug)]
struct Stretches<T> {
    starts: Vec<u128>,
    values: Vec<Option<T>>,
}

impl<T> Default for Stretches<T> {
    fn default() -> Self {
        Self { starts: Vec::new(), values: Vec::new() }
    }
}

impl<T: Copy> Stretches<T> {
    /// Cuts by prefixes given as (first, last, value). Prefixes nest or are apart, never overlap in part.
    fn cut(mut prefixes: Vec<(u128, u128, T)>) -> Self {
        // Outer before inner.
        prefixes.sort_by_key(|&(first, last, _)| (first, std::cmp::Reverse(last)));
        let mut stretches = Self::default();
        let mut open: Vec<(u128, T)> = Vec::new(); // (last, value) of the prefixes around here
        for (first, last, value) in prefixes {
            while let Some(&(end, _)) = open.last().filter(|(end, _)| *end < first) {
                open.pop();
                stretches.resume(end, &open);
            }
            stretches.push(first, Some(value));
            open.push((last, value));
        }
        while let Some((end, _)) = open.pop() {
            stretches.resume(end, &open);
        }
        stretches
    }

    /// After a prefix that ends at `end`, the one around it goes on.
    fn resume(&mut self, end: u128, open: &[(u128, T)]) {
        if let Some(next) = end.checked_add(1) {
            self.push(next, open.last().map(|(_, value)| *value));
        }
    }

    fn push(&mut self, start: u128, value: Option<T>) {
        if self.starts.last() == Some(&start) {
            // The stretch before would be empty.
            *self.values.last_mut().expect("as many values as starts") = value;
        } else {
            self.starts.push(start);
            self.values.push(value);
        }
    }

    /// What is said in the last of the first `count` stretches.
    fn before(&self, count: usize) -> Option<T> {
        *self.values.get(count.checked_sub(1)?)?
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn cutting_agrees_with_looking_at_every_prefix(
            nets in prop::collection::btree_map((any::<u8>(), 0u8..=8), 1u16..9, 0..12),
            address in any::<u8>(),
        ) {
            // A world of 8-bit addresses, so that prefixes nest often.
            let prefixes: std::collections::BTreeMap<(u128, u8), u16> = nets
                .into_iter()
                .map(|((bits, len), value)| ((u128::from(bits) & (0xff00u128 >> len & 0xff), len), value))
                .collect();
            let stretches = Stretches::cut(
                prefixes.iter().map(|(&(first, len), &value)| (first, first | 0xff >> len, value)).collect(),
            );
            let naive = prefixes
                .iter()
                .filter(|((first, len), _)| (*first..=*first | 0xff >> len).contains(&address.into()))
                .max_by_key(|((_, len), _)| *len)
                .map(|(_, value)| *value);
            let after = stretches.starts.partition_point(|start| *start <= address.into());
            prop_assert_eq!(stretches.before(after), naive);
        }
    }

    #[test]
    fn the_ends_of_both_families_are_found() {
        let nets = ["0.0.0.0/0", "255.255.255.255/32", "10.0.0.0/8", "ff00::/8", "::1/128"];
        let prefixes =
            Prefixes::build(nets.iter().zip(0u16..).map(|(net, number)| (net.parse().unwrap(), number)));
        for (address, number) in [
            ("0.0.0.0", Some(0)),
            ("255.255.255.254", Some(0)),
            ("255.255.255.255", Some(1)),
            ("10.255.255.255", Some(2)),
            ("::ffff:10.0.0.1", Some(2)),
            ("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", Some(3)),
            ("::1", Some(4)),
            ("::2", None),
        ] {
            assert_eq!(prefixes.find(address.parse().unwrap()), number, "{address}");
        }
        assert_eq!(Prefixes::<u16>::default().find("10.0.0.1".parse().unwrap()), None);
    }
}
