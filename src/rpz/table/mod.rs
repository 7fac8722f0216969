//! One zone's rules, ready to be looked up: names by suffix hash, addresses by longest prefix.
//!
//! Built from a zone's records off the way of queries, immutable, shared by all workers. Most rules of a
//! zone do the same, and share one number.

pub mod names;

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use ipnet::IpNet;

use super::action::Rule;
use super::content::{Content, Record, Soa};
use super::trigger::{Kind, Reach, Trigger};
use crate::dns::name::{Name, OwnedName};
use crate::dns::suffixes::{HashKey, Suffixes};
use crate::model::prefixes::Prefixes;
use names::{Found, Names, RuleNo};

/// What the prefix length of an IPv4 address counts more, to be compared with IPv6 (draft §5.6).
const V4_IN_V6: u8 = 96;

/// One zone's rules.
#[derive(Clone, Debug)]
pub struct Table {
    qnames: Names,
    ns_names: Names,
    rest: Arc<Rest>,
}

/// What does not depend on the key by which suffixes are hashed.
#[derive(Debug)]
struct Rest {
    rules: Vec<Rule>,
    clients: Prefixes<Range>,
    ips: Prefixes<Range>,
    ns_ips: Prefixes<Range>,
    counts: Counts,
    soa: Option<Record>,
}

/// A rule for a range of addresses.
#[derive(Clone, Copy, Debug)]
struct Range {
    rule: RuleNo,
    length: u8,
}

/// How many triggers of each kind there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    by_kind: [u32; Kind::ALL.len()],
    /// Owners that are no trigger, or whose records say nothing that can be done.
    pub unusable: u32,
}

impl Counts {
    /// Triggers of that kind.
    pub fn of(&self, kind: Kind) -> u32 {
        self.by_kind[kind as usize]
    }

    /// All triggers.
    pub fn rules(&self) -> u32 {
        self.by_kind.iter().sum()
    }
}

impl Table {
    /// Builds the table of a zone, for suffixes hashed with `key`.
    pub fn build(content: &Content, key: HashKey) -> Self {
        let mut numbers: HashMap<Rule, RuleNo> = HashMap::new();
        let mut rules = Vec::new();
        let mut number = |rule: Rule| {
            *numbers.entry(rule).or_insert_with_key(|rule| {
                rules.push(rule.clone());
                rules.len() as RuleNo - 1
            })
        };
        let mut counts = Counts::default();
        let mut names: [Vec<(OwnedName, Reach, RuleNo)>; 2] = Default::default();
        let mut ranges: [Vec<(IpNet, Range)>; 3] = Default::default();
        for (owner, records) in content.owners() {
            // SOA and NS of the zone itself.
            if owner.is_root() {
                continue;
            }
            let Ok(trigger) = Trigger::read(owner) else {
                counts.unusable += 1;
                continue;
            };
            let Some(rule) = Rule::of(owner, &trigger, records).map(&mut number) else {
                counts.unusable += 1;
                continue;
            };
            counts.by_kind[trigger.kind() as usize] += 1;
            match trigger {
                Trigger::Name { kind, name, reach } => {
                    names[usize::from(kind == Kind::NsDname)].push((name, reach, rule));
                }
                Trigger::Addresses { kind, net } => {
                    let which = match kind {
                        Kind::ClientIp => 0,
                        Kind::NsIp => 2,
                        Kind::Ip | Kind::Qname | Kind::NsDname => 1,
                    };
                    let v4 = matches!(net, IpNet::V4(_));
                    let length = net.prefix_len() + if v4 { V4_IN_V6 } else { 0 };
                    ranges[which].push((net, Range { rule, length }));
                }
            }
        }
        let [qnames, ns_names] = names.map(|names| Names::build(key, names));
        let [clients, ips, ns_ips] = ranges.map(Prefixes::build);
        let soa = content.soa_record().cloned();
        Self { qnames, ns_names, rest: Arc::new(Rest { rules, clients, ips, ns_ips, counts, soa }) }
    }

    /// The same for suffixes hashed with `key`.
    pub fn with_key(&self, key: HashKey) -> Self {
        if self.key() == key {
            return self.clone();
        }
        let names = |names: &Names| names.with_key(key);
        Self { qnames: names(&self.qnames), ns_names: names(&self.ns_names), rest: self.rest.clone() }
    }

    /// The key that suffixes must be hashed with.
    pub fn key(&self) -> HashKey {
        self.qnames.key()
    }

    /// A rule by its number.
    pub fn rule(&self, number: RuleNo) -> &Rule {
        &self.rest.rules[number as usize]
    }

    /// The rule for this client.
    pub fn of_client(&self, client: IpAddr) -> Option<RuleNo> {
        self.rest.clients.find(client).map(|range| range.rule)
    }

    /// The rule for the name with these suffixes.
    pub fn of_qname(&self, suffixes: &Suffixes) -> Option<Found> {
        self.qnames.find(suffixes)
    }

    /// The rule for an answer with these addresses.
    pub fn of_addresses(&self, addresses: &[IpAddr]) -> Option<RuleNo> {
        longest(&self.rest.ips, addresses)
    }

    /// The rule for an answer that came by name servers of these names: an exact one before wildcards, a
    /// deeper wildcard before others, and among equals the first name in canonical order (draft §5.5).
    pub fn of_ns_names(&self, names: &[OwnedName]) -> Option<RuleNo> {
        if self.ns_names.is_empty() {
            return None;
        }
        let found = names.iter().filter_map(|name| {
            let found = self.ns_names.find(&Suffixes::of(&self.key(), name.as_name()))?;
            Some((found.reach == Reach::Name, found.labels, name, found.rule))
        });
        let best = found.max_by(|(a_exact, a_labels, a, _), (b_exact, b_labels, b, _)| {
            let canonical = || canonical_cmp(b.as_name(), a.as_name());
            a_exact.cmp(b_exact).then(a_labels.cmp(b_labels)).then_with(canonical)
        });
        best.map(|(.., rule)| rule)
    }

    /// The rule for an answer that came by name servers with these addresses.
    pub fn of_ns_addresses(&self, addresses: &[IpAddr]) -> Option<RuleNo> {
        longest(&self.rest.ns_ips, addresses)
    }

    /// How many triggers there are.
    pub fn counts(&self) -> &Counts {
        &self.rest.counts
    }

    /// The zone's SOA.
    pub fn soa_record(&self) -> Option<&Record> {
        self.rest.soa.as_ref()
    }

    /// The numbers in it.
    pub fn soa(&self) -> Option<Soa> {
        Soa::read(&self.rest.soa.as_ref()?.rdata)
    }
}

/// The rule with the longest prefix, and among equals the one of the smallest address (draft §5.6, §5.7).
fn longest(prefixes: &Prefixes<Range>, addresses: &[IpAddr]) -> Option<RuleNo> {
    if prefixes.is_empty() {
        return None;
    }
    let in_v6 = |address: &IpAddr| match address {
        IpAddr::V4(v4) => v4.to_ipv6_mapped(),
        IpAddr::V6(v6) => *v6,
    };
    let found = addresses.iter().filter_map(|address| Some((prefixes.find(*address)?, in_v6(address))));
    let best = found.min_by_key(|(range, address)| (std::cmp::Reverse(range.length), *address));
    best.map(|(range, _)| range.rule)
}

/// Canonical order of names (RFC 4034 §6.1): label by label from the right.
fn canonical_cmp(a: Name<'_>, b: Name<'_>) -> std::cmp::Ordering {
    let labels = |name: Name<'_>| name.labels().map(<[u8]>::to_vec).collect::<Vec<_>>();
    labels(a).iter().rev().cmp(labels(b).iter().rev())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rpz::action::Action;
    use crate::rpz::text::read;

    fn table(text: &str) -> Table {
        let apex = OwnedName::parse("rpz.test").unwrap();
        Table::build(&read(text.as_bytes(), apex.as_name()).0, HashKey([1; 16]))
    }

    fn addresses(texts: &[&str]) -> Vec<IpAddr> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    #[test]
    fn the_longest_prefix_wins_over_all_addresses_of_an_answer_and_then_the_smallest_address() {
        let table = table(
            "24.0.2.0.192.rpz-ip CNAME .\n32.1.2.0.192.rpz-ip CNAME *.\n\
             32.9.2.0.192.rpz-ip CNAME rpz-drop.\n48.zz.db8.2001.rpz-ip CNAME rpz-passthru.\n",
        );
        for (answer, action) in [
            (&["192.0.2.200"][..], Some(Action::NxDomain)),
            (&["192.0.2.200", "192.0.2.9"], Some(Action::Drop)),
            (&["192.0.2.9", "192.0.2.1"], Some(Action::NoData)),
            (&["2001:db8::1"], Some(Action::Passthru)),
            // 24 of IPv4 are 120.
            (&["2001:db8::1", "192.0.2.200"], Some(Action::NxDomain)),
            (&["198.51.100.1"], None),
            (&[], None),
        ] {
            let found = table.of_addresses(&addresses(answer));
            assert_eq!(found.map(|rule| table.rule(rule).action.clone()), action, "{answer:?}");
        }
    }

    #[test]
    fn among_name_servers_the_exact_name_wins_and_then_the_first_in_canonical_order() {
        let table = table(
            "ns1.bad.example.rpz-nsdname CNAME .\nns2.bad.example.rpz-nsdname CNAME *.\n\
             *.bad.example.rpz-nsdname CNAME rpz-drop.\n8.0.0.0.10.rpz-nsip CNAME rpz-passthru.\n",
        );
        let names = |texts: &[&str]| texts.iter().map(|t| OwnedName::parse(t).unwrap()).collect::<Vec<_>>();
        for (servers, action) in [
            (&["ns2.bad.example", "ns1.bad.example"][..], Some(Action::NxDomain)),
            (&["a.bad.example", "ns2.bad.example"], Some(Action::NoData)),
            (&["a.bad.example", "ns.good.example"], Some(Action::Drop)),
            (&["bad.example"], None),
        ] {
            let found = table.of_ns_names(&names(servers));
            assert_eq!(found.map(|rule| table.rule(rule).action.clone()), action, "{servers:?}");
        }
        assert!(table.of_ns_addresses(&addresses(&["10.1.1.1"])).is_some());
        assert!(table.of_ns_addresses(&addresses(&["11.1.1.1"])).is_none());
    }

    #[test]
    fn triggers_are_counted_by_kind_and_what_says_nothing_is_told() {
        let table = table(
            "@ SOA a b 4 1 1 1 1\n@ NS ns\na.example CNAME .\n*.a.example CNAME .\nb.example NS x.\n\
             32.1.2.0.192.rpz-client-ip CNAME .\n",
        );
        let counts = table.counts();
        assert_eq!((counts.of(Kind::Qname), counts.of(Kind::ClientIp)), (2, 1));
        assert_eq!((counts.rules(), counts.unusable), (3, 1));
        assert_eq!(table.soa().unwrap().serial, 4);
        assert_eq!(table.rest.rules.len(), 1, "rules that do the same share a number");
    }
}
