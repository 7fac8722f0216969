//! Rules by name: exact and wildcard, found with the suffix hashes that a query has at hand.
//!
//! A zone's wildcards are those of the DNS (RFC 4592), as BIND and Unbound have it: only the deepest name that
//! exists above the asked one may have a rule for what is below it. So `ok.bad.example` in a zone takes
//! itself and all below it out of `*.bad.example`; and a name exists, too, where something below it does.
//! Such names are filed without rules.
//!
//! A place is eight octets: part of the hash, and where the name stands in one block of octets with its
//! two rules before it. A name is compared before it is believed. For a million names this takes some 40 MB;
//! a map of boxed names takes three times as much.

use std::collections::HashSet;
use std::sync::Arc;

use crate::dns::name::{Name, OwnedName};
use crate::dns::suffixes::{HashKey, Suffixes, hash_name};
use crate::rpz::trigger::Reach;

/// Number of a rule in its table.
pub type RuleNo = u32;

/// No rule.
const NONE: RuleNo = RuleNo::MAX;
/// Octets of the two rules before a name.
const HEAD: usize = 8;

/// Names with their rules.
#[derive(Clone, Debug)]
pub struct Names {
    key: HashKey,
    places: Box<[Place]>,
    /// For each name: the rule for itself, the rule for what is below it, its wire form.
    octets: Arc<[u8]>,
    /// The rule of a wildcard at the very top.
    everything: Option<RuleNo>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Place {
    mark: u32,
    /// One more than where the entry stands in `octets`; 0: nobody's place.
    at: u32,
}

/// A rule that was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    /// The rule.
    pub rule: RuleNo,
    /// Labels of the name that the rule stands at.
    pub labels: usize,
    /// Whether the rule is for that name or for what is below.
    pub reach: Reach,
}

impl Names {
    /// Files rules by name. Of two rules for the same the first counts.
    pub fn build(key: HashKey, rules: impl IntoIterator<Item = (OwnedName, Reach, RuleNo)>) -> Self {
        let rules: Vec<_> = rules.into_iter().collect();
        let mut entries: Vec<(Name<'_>, Reach, RuleNo)> =
            rules.iter().map(|(name, reach, rule)| (name.as_name(), *reach, *rule)).collect();
        let mut known: HashSet<Name<'_>> = entries.iter().map(|(name, ..)| *name).collect();
        for (name, ..) in &rules {
            // Where one is known, somebody else sees to all above it.
            let above = name.as_name().ancestors().skip(1).take_while(|name| !name.is_root());
            entries
                .extend(above.take_while(|name| known.insert(*name)).map(|name| (name, Reach::Name, NONE)));
        }
        drop(known);
        entries.sort_by_key(|(name, ..)| *name);
        let mut octets = Vec::new();
        let mut starts = Vec::new();
        let mut everything = None;
        for same in entries.chunk_by(|(a, ..), (b, ..)| a == b) {
            let rule = |wanted| {
                let found = same.iter().find(|(_, reach, _)| *reach == wanted);
                found.map(|(_, _, rule)| *rule)
            };
            let name = same[0].0;
            if name.is_root() {
                everything = rule(Reach::Below);
                continue;
            }
            starts.push(octets.len());
            for reach in [Reach::Name, Reach::Below] {
                octets.extend_from_slice(&rule(reach).unwrap_or(NONE).to_ne_bytes());
            }
            octets.extend_from_slice(name.wire());
        }
        // Five octets a name at least, so numbers of 32 bits reach for a zone of 800 million names.
        assert!(u32::try_from(octets.len()).is_ok(), "a zone's names fit in 4 GiB");
        let mut names = Self { key, places: Box::default(), octets: octets.into(), everything };
        names.file(starts.into_iter());
        names
    }

    /// The same for suffixes hashed with `key`.
    pub fn with_key(&self, key: HashKey) -> Self {
        let mut names = Self { key, places: Box::default(), ..self.clone() };
        let mut starts = Vec::new();
        let mut at = 0;
        while at < self.octets.len() {
            starts.push(at);
            at += HEAD + self.name_at(at).wire().len();
        }
        names.file(starts.into_iter());
        names
    }

    fn file(&mut self, starts: impl ExactSizeIterator<Item = usize>) {
        // At most three places in four are taken.
        let places = (starts.len() * 4 / 3 + 1).next_power_of_two();
        let mut filed = vec![Place::default(); places].into_boxed_slice();
        for start in starts {
            let hash = hash_name(&self.key, self.name_at(start));
            let mut at = hash as usize & (places - 1);
            while filed[at].at != 0 {
                at = (at + 1) & (places - 1);
            }
            filed[at] = Place { mark: (hash >> 32) as u32, at: start as u32 + 1 };
        }
        self.places = filed;
    }

    fn name_at(&self, start: usize) -> Name<'_> {
        let octets = &self.octets[start + HEAD..];
        let mut end = 0;
        while octets[end] != 0 {
            end += usize::from(octets[end]) + 1;
        }
        Name::of_lower_case(&octets[..=end])
    }

    /// The rule for the name with these suffixes: its own, or the wildcard of the deepest name above it that exists. The
    /// suffixes are hashed with this table's key.
    pub fn find(&self, suffixes: &Suffixes) -> Option<Found> {
        if self.octets.is_empty() {
            return self.of_everything(suffixes);
        }
        let whole = suffixes.len().checked_sub(1)?;
        // From the top: most names end where the table knows nothing any more, after a label or two.
        let mut deepest = None;
        for index in 0..=whole {
            let Some(entry) = self.entry(suffixes, index) else { break };
            deepest = Some((index, entry));
        }
        let Some((index, entry)) = deepest else { return self.of_everything(suffixes) };
        let reach = if index == whole { Reach::Name } else { Reach::Below };
        let rule = self.rule(entry, reach);
        (rule != NONE).then_some(Found { rule, labels: index + 1, reach })
    }

    fn of_everything(&self, suffixes: &Suffixes) -> Option<Found> {
        let rule = self.everything.filter(|_| !suffixes.is_empty())?;
        Some(Found { rule, labels: 0, reach: Reach::Below })
    }

    /// Where the entry of suffix `index` stands.
    fn entry(&self, suffixes: &Suffixes, index: usize) -> Option<usize> {
        let hash = suffixes.hashes()[index];
        let last = self.places.len() - 1;
        let mut at = hash as usize & last;
        loop {
            let place = self.places[at];
            if place.at == 0 {
                return None;
            }
            let start = place.at as usize - 1;
            let wire = suffixes.suffix(index).wire();
            // No other name begins with the octets of this one: it ends with the root's zero.
            if place.mark == (hash >> 32) as u32 && self.octets[start + HEAD..].starts_with(wire) {
                return Some(start);
            }
            at = (at + 1) & last;
        }
    }

    fn rule(&self, entry: usize, reach: Reach) -> RuleNo {
        let at = entry + if reach == Reach::Name { 0 } else { HEAD / 2 };
        let octets = self.octets[at..at + HEAD / 2].try_into().expect("four octets");
        RuleNo::from_ne_bytes(octets)
    }

    /// The key that suffixes must be hashed with.
    pub fn key(&self) -> HashKey {
        self.key
    }

    /// Whether no name has a rule.
    pub fn is_empty(&self) -> bool {
        self.octets.is_empty() && self.everything.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const KEY: HashKey = HashKey([5; 16]);

    fn name(text: &str) -> OwnedName {
        OwnedName::parse(text).unwrap()
    }

    fn found(names: &Names, text: &str) -> Option<RuleNo> {
        let name = name(text);
        names.find(&Suffixes::of(&names.key(), name.as_name())).map(|found| found.rule)
    }

    #[test]
    fn the_deepest_name_that_exists_decides() {
        let rules = [
            ("example", Reach::Below, 1),
            ("a.example", Reach::Name, 2),
            ("a.example", Reach::Below, 3),
            ("b.a.example", Reach::Name, 4),
            ("d.e.example", Reach::Name, 5),
        ];
        let names = Names::build(KEY, rules.map(|(text, reach, rule)| (name(text), reach, rule)));
        for names in [&names, &names.with_key(HashKey([9; 16]))] {
            for (text, rule) in [
                ("example", None),
                ("x.example", Some(1)),
                ("a.example", Some(2)),
                ("x.a.example", Some(3)),
                ("b.a.example", Some(4)),
                // `b.a.example` exists, and says nothing of what is below it.
                ("x.b.a.example", None),
                ("x.y.example", Some(1)),
                ("d.e.example", Some(5)),
                // `e.example` exists because of `d.e.example`.
                ("e.example", None),
                ("x.e.example", None),
                ("aexample", None),
                (".", None),
            ] {
                assert_eq!(found(names, text), rule, "{text}");
            }
        }
    }

    #[test]
    fn a_wildcard_at_the_top_is_for_every_name_that_nothing_else_is_for() {
        let names = Names::build(KEY, [(name("."), Reach::Below, 1), (name("a"), Reach::Name, 2)]);
        assert_eq!(
            [found(&names, "a"), found(&names, "b.c"), found(&names, "b.a"), found(&names, ".")],
            [Some(2), Some(1), None, None]
        );
        let alone = Names::build(KEY, [(name("."), Reach::Below, 1)]);
        assert_eq!([found(&alone, "a"), found(&alone, ".")], [Some(1), None]);
    }

    proptest! {
        #[test]
        fn what_is_found_is_what_looking_at_every_rule_finds(
            rules in prop::collection::btree_map(("[ab]{1}(\\.[ab]{1}){0,3}", any::<bool>()), 0u32..99, 0..40),
            asked in "[ab]{1}(\\.[ab]{1}){0,4}",
        ) {
            let reach = |below: bool| if below { Reach::Below } else { Reach::Name };
            let rules: Vec<_> = rules.iter().map(|((text, below), rule)| (name(text), reach(*below), *rule)).collect();
            let asked_name = name(&asked);
            let exists = |name: &Name<'_>| rules.iter().any(|(rule, ..)| rule.as_name().is_at_or_below(*name));
            let deepest = asked_name.as_name().ancestors().find(|name| !name.is_root() && exists(name));
            let naive = deepest.and_then(|deepest| {
                let wanted = if deepest == asked_name.as_name() { Reach::Name } else { Reach::Below };
                let fits = |(rule, reach, _): &&(OwnedName, Reach, u32)| rule.as_name() == deepest && *reach == wanted;
                rules.iter().find(fits).map(|(.., rule)| *rule)
            });
            prop_assert_eq!(found(&Names::build(KEY, rules), &asked), naive);
        }
    }
}
