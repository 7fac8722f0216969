//! What a rule of a policy zone does, read from its records (draft-vixie-dnsop-dns-rpz §3).

use std::collections::BTreeMap;
use std::sync::Arc;

use super::content::Record;
use super::trigger::{Kind, Trigger, without_last};
use crate::dns::name::{NAME_MAX, Name, NameBuf, OwnedName};
use crate::dns::rrtype::RrType;

/// What is done with a question or its answer.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// There is no such name: `CNAME .`
    NxDomain,
    /// There is no data: `CNAME *.`
    NoData,
    /// Answered as the world answers, and no other rule is looked at: `CNAME rpz-passthru.`
    Passthru,
    /// Not answered: `CNAME rpz-drop.`
    Drop,
    /// Answered truncated over UDP, as the world answers over TCP: `CNAME rpz-tcp-only.`
    TcpOnly,
    /// An alias to a name that is then resolved.
    Alias(Target),
    /// Records in place of what the world has.
    Records(Box<[Set]>),
}

/// Where an alias leads.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Target {
    /// To this name.
    Name(OwnedName),
    /// To the asked name put before this one: `CNAME *.garden.example`.
    Below(OwnedName),
}

/// Local records of one type.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Set {
    /// RR type.
    pub rtype: RrType,
    /// Seconds: the smallest of the set.
    pub ttl: u32,
    /// RDATA of each.
    pub rdata: Vec<Arc<[u8]>>,
}

/// An action with the TTL of the record that says it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Rule {
    /// What is done.
    pub action: Action,
    /// Seconds.
    pub ttl: u32,
}

impl Action {
    /// The id, as the status and `lachan check` show it.
    pub fn id(&self) -> &'static str {
        match self {
            Action::NxDomain => "nxdomain",
            Action::NoData => "nodata",
            Action::Passthru => "passthru",
            Action::Drop => "drop",
            Action::TcpOnly => "tcp-only",
            Action::Alias(_) => "cname",
            Action::Records(_) => "local-data",
        }
    }
}

impl Target {
    /// The name that the alias of `name` leads to; `None` where the two together are too long for one.
    pub fn of(&self, name: Name<'_>) -> Option<OwnedName> {
        match self {
            Target::Name(target) => Some(target.clone()),
            Target::Below(garden) => {
                let front = &name.wire()[..name.wire().len() - 1];
                let back = garden.as_name().wire();
                if front.len() + back.len() > NAME_MAX {
                    return None;
                }
                Some(Name::of_lower_case(&[front, back].concat()).to_owned())
            }
        }
    }
}

impl Rule {
    /// The rule that the records at one owner make; `None` where none of them is of use. Of several
    /// aliases the first counts, whatever else stands there.
    pub(super) fn of(owner: Name<'_>, trigger: &Trigger, records: &[Record]) -> Option<Self> {
        if let Some(record) = records.iter().find(|record| record.rtype == RrType::CNAME) {
            let mut target = NameBuf::new();
            target.fill_from_wire(&record.rdata).ok()?;
            return Some(Self { action: alias(owner, trigger, target.name()), ttl: record.ttl });
        }
        let mut sets: BTreeMap<RrType, Set> = BTreeMap::new();
        for record in records.iter().filter(|record| is_data(record.rtype)) {
            let fresh = || Set { rtype: record.rtype, ttl: record.ttl, rdata: Vec::new() };
            let set = sets.entry(record.rtype).or_insert_with(fresh);
            set.ttl = set.ttl.min(record.ttl);
            if !set.rdata.contains(&record.rdata) {
                set.rdata.push(record.rdata.clone());
            }
        }
        let ttl = sets.values().map(|set| set.ttl).min()?;
        Some(Self { action: Action::Records(sets.into_values().collect()), ttl })
    }
}

/// Types that a rule may have as local data: not those that belong to the zone itself or to its signatures.
fn is_data(rtype: RrType) -> bool {
    !matches!(
        rtype,
        RrType::NS
            | RrType::SOA
            | RrType::DNAME
            | RrType::DS
            | RrType::RRSIG
            | RrType::NSEC
            | RrType::DNSKEY
            | RrType::NSEC3
            | RrType::NSEC3PARAM
            | RrType::ZONEMD
    )
}

/// What `CNAME target` means.
fn alias(owner: Name<'_>, trigger: &Trigger, target: Name<'_>) -> Action {
    let special = |name: &[u8]| target.wire() == name;
    if target.is_root() {
        return Action::NxDomain;
    }
    if target.wire().starts_with(b"\x01*") {
        return match target.parent() {
            Some(garden) if !garden.is_root() => Action::Alias(Target::Below(garden.to_owned())),
            _ => Action::NoData,
        };
    }
    if special(b"\x0crpz-passthru\0") || is_itself(owner, trigger, target) {
        return Action::Passthru;
    }
    if special(b"\x08rpz-drop\0") {
        return Action::Drop;
    }
    if special(b"\x0crpz-tcp-only\0") {
        return Action::TcpOnly;
    }
    Action::Alias(Target::Name(target.to_owned()))
}

/// The old way to say PASSTHRU: an alias to what the rule is about, without the label of its kind.
fn is_itself(owner: Name<'_>, trigger: &Trigger, target: Name<'_>) -> bool {
    match trigger.kind() {
        Kind::Qname => owner == target,
        _ => without_last(owner).as_name() == target,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(owner: &str, records: &[(RrType, &str)]) -> Option<Action> {
        let owner = OwnedName::parse(owner).unwrap();
        let trigger = Trigger::read(owner.as_name()).unwrap();
        let records: Vec<Record> = records
            .iter()
            .map(|(rtype, data)| {
                let rdata: Arc<[u8]> = match *rtype {
                    RrType::CNAME => OwnedName::parse(data).unwrap().as_name().wire().into(),
                    _ => data.as_bytes().into(),
                };
                Record { rtype: *rtype, ttl: 60, rdata }
            })
            .collect();
        Rule::of(owner.as_name(), &trigger, &records).map(|rule| rule.action)
    }

    #[test]
    fn the_special_aliases_mean_what_the_draft_says() {
        let to = |owner: &str, target: &str| rule(owner, &[(RrType::CNAME, target)]).unwrap();
        let garden = OwnedName::parse("garden.example").unwrap();
        for (owner, target, action) in [
            ("bad.example", ".", Action::NxDomain),
            ("bad.example", "*.", Action::NoData),
            ("bad.example", "rpz-passthru.", Action::Passthru),
            ("bad.example", "bad.example.", Action::Passthru),
            ("32.1.2.0.192.rpz-ip", "32.1.2.0.192.", Action::Passthru),
            ("bad.example", "rpz-drop.", Action::Drop),
            ("bad.example", "RPZ-TCP-Only.", Action::TcpOnly),
            ("bad.example", "garden.example.", Action::Alias(Target::Name(garden.clone()))),
            ("bad.example", "*.garden.example.", Action::Alias(Target::Below(garden.clone()))),
        ] {
            assert_eq!(to(owner, target), action, "{owner} {target}");
        }
    }

    #[test]
    fn an_alias_wins_over_what_stands_beside_it_and_the_first_over_the_second() {
        let records = [(RrType::TXT, "x"), (RrType::CNAME, "."), (RrType::CNAME, "*.")];
        assert_eq!(rule("bad.example", &records), Some(Action::NxDomain));
    }

    #[test]
    fn records_that_belong_to_the_zone_are_no_rule() {
        assert_eq!(rule("bad.example", &[(RrType::NS, "\0"), (RrType::RRSIG, "x")]), None);
        let Some(Action::Records(sets)) =
            rule("x.example", &[(RrType::A, "abcd"), (RrType::A, "efgh"), (RrType::A, "abcd")])
        else {
            panic!("local data");
        };
        assert_eq!(sets[0].rdata.len(), 2);
    }

    #[test]
    fn a_name_is_put_before_the_garden_unless_the_two_are_too_long() {
        let garden = Target::Below(OwnedName::parse("garden.example").unwrap());
        let name = OwnedName::parse("www.bad.example").unwrap();
        assert_eq!(garden.of(name.as_name()).unwrap().to_string(), "www.bad.example.garden.example");
        let long = OwnedName::parse(&["x".repeat(48).as_str(); 5].join(".")).unwrap();
        assert_eq!(garden.of(long.as_name()), None);
    }
}
