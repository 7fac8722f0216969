//! Which rule of which zone decides (draft-vixie-dnsop-dns-rpz §5), before there is an answer and with one.
//!
//! The order: the earlier link of an alias chain, the earlier zone, the stronger kind of trigger, the more
//! specific trigger. Links are judged one after the other by whoever knows what else decides at each. PASSTHRU is a decision like any other, and ends the search. A zone that is disabled
//! matches nothing; that it would have is told beside.
//!
//! [`early`] knows the question only. It decides where nothing that an answer brings could come before;
//! so a blocked name is not asked for outside. [`judge`] knows all that an answer brings.

use std::net::IpAddr;

use super::action::{Action, Target};
use super::table::names::RuleNo;
use super::trigger::Kind;
use super::zones::{GroupZones, Policy, Zone, Zones};
use crate::dns::name::{Name, OwnedName};
use crate::dns::servers::NameServers;
use crate::dns::suffixes::Suffixes;

/// A rule that decides.
#[derive(Clone, Copy, Debug)]
pub struct Ruling<'z> {
    /// Its zone.
    pub zone: &'z Zone,
    /// What is done, the zone's override applied.
    pub action: &'z Action,
    /// TTL of what the rule says, in seconds.
    pub ttl: u32,
    /// What it matched by.
    pub kind: Kind,
    /// At which link of the chain of aliases; 0 is the asked name.
    pub link: usize,
}

/// What the question alone decides.
#[derive(Debug)]
pub struct Early<'z> {
    /// The rule, if one matches.
    pub ruling: Option<Ruling<'z>>,
    /// Whether the answer could bring a rule that comes before this one.
    pub waits: bool,
    /// Disabled zones that match (a set).
    pub disabled: u64,
}

/// What all together decides.
#[derive(Debug)]
pub struct Judged<'z> {
    /// The rule, if one matches.
    pub ruling: Option<Ruling<'z>>,
    /// Disabled zones that match (a set).
    pub disabled: u64,
}

/// An answer as rules see it.
pub struct Seen<'a> {
    /// The asked name and where its aliases lead, one after the other.
    pub links: &'a [OwnedName],
    /// Addresses at the last link.
    pub addresses: &'a [IpAddr],
    /// The name servers of the zones at and above a name, where they are known.
    pub servers: &'a dyn Fn(Name<'_>) -> Option<NameServers>,
}

const PASSTHRU: Action = Action::Passthru;

/// Looks at who asks, where that is known, and at the asked name, whose suffixes these are. `signed_wanted`: the client asks for
/// signatures, so that zones which leave signed answers alone cannot decide without one.
pub fn early<'z>(
    zones: &'z Zones,
    group: &GroupZones,
    client: Option<IpAddr>,
    asked: &Suffixes,
    signed_wanted: bool,
) -> Early<'z> {
    let mut early = Early { ruling: None, waits: false, disabled: 0 };
    let mut before = 0;
    for &number in &group.order {
        let zone = &zones.zones[usize::from(number)];
        let by_client = || zone.table.of_client(client?).map(|rule| (Kind::ClientIp, rule));
        let by_name = || zone.table.of_qname(asked).map(|found| (Kind::Qname, found.rule));
        if let Some((kind, rule)) = by_client().or_else(by_name) {
            if zone.settings.policy == Policy::Disabled {
                early.disabled |= 1 << number;
            } else {
                early.ruling = Some(ruling(zone, rule, kind, 0, asked.name()));
                early.waits = before & group.answers != 0 || (signed_wanted && !zone.settings.break_dnssec);
                return early;
            }
        }
        before |= 1 << number;
    }
    early
}

/// Looks at everything that is known of one link of the chain; `client` counts at the asked name only.
/// `is_signed`: zones that leave signed answers alone have nothing to say.
pub fn judge<'z>(
    zones: &'z Zones,
    group: &GroupZones,
    client: Option<IpAddr>,
    seen: &Seen<'_>,
    link: usize,
    is_signed: bool,
) -> Judged<'z> {
    let mut judged = Judged { ruling: None, disabled: 0 };
    let name = seen.links[link].as_name();
    let looked = Link::of(zones, seen, link);
    for &number in &group.order {
        let zone = &zones.zones[usize::from(number)];
        if is_signed && !zone.settings.break_dnssec {
            continue;
        }
        let by_client = || zone.table.of_client(client?).map(|rule| (Kind::ClientIp, rule));
        let found = if link == 0 { by_client() } else { None }.or_else(|| looked.matched(zone));
        let Some((kind, rule)) = found else { continue };
        if zone.settings.policy == Policy::Disabled {
            judged.disabled |= 1 << number;
            continue;
        }
        judged.ruling = Some(ruling(zone, rule, kind, link, name));
        break;
    }
    judged
}

/// The zones (a set) with a rule that the answer matches by more than the asked name: an answer that is
/// kept need not be looked at again for groups that have none of them.
pub fn marks(zones: &Zones, seen: &Seen<'_>) -> u64 {
    let mut marks = 0;
    for link in 0..seen.links.len() {
        let looked = Link::of(zones, seen, link);
        for (number, zone) in zones.zones.iter().enumerate() {
            let matches = if link == 0 { looked.matched_by_answer(zone) } else { looked.matched(zone) };
            marks |= u64::from(matches.is_some()) << number;
        }
    }
    marks
}

/// One link of a chain of aliases, with all that is known of it.
struct Link<'a> {
    suffixes: Suffixes,
    addresses: &'a [IpAddr],
    servers: Option<NameServers>,
}

impl<'a> Link<'a> {
    fn of(zones: &Zones, seen: &Seen<'a>, link: usize) -> Self {
        let name = seen.links[link].as_name();
        let has = |kinds: [Kind; 2]| {
            zones.zones.iter().any(|zone| kinds.iter().any(|kind| zone.table.counts().of(*kind) > 0))
        };
        let wanted = has([Kind::NsDname, Kind::NsIp]);
        let suffixes = match zones.zones.first() {
            Some(zone) => Suffixes::of(&zone.table.key(), name),
            None => Suffixes::new(),
        };
        Self {
            suffixes,
            addresses: if link + 1 == seen.links.len() { seen.addresses } else { &[] },
            servers: if wanted { (seen.servers)(name) } else { None },
        }
    }

    /// The strongest rule for it, but for who asks.
    fn matched(&self, zone: &Zone) -> Option<(Kind, RuleNo)> {
        let by_name = zone.table.of_qname(&self.suffixes).map(|found| (Kind::Qname, found.rule));
        by_name.or_else(|| self.matched_by_answer(zone))
    }

    fn matched_by_answer(&self, zone: &Zone) -> Option<(Kind, RuleNo)> {
        let table = &zone.table;
        let by_address = table.of_addresses(self.addresses).map(|rule| (Kind::Ip, rule));
        by_address.or_else(|| {
            let servers = self.servers.as_ref()?;
            let by_name = table.of_ns_names(&servers.names).map(|rule| (Kind::NsDname, rule));
            by_name.or_else(|| table.of_ns_addresses(&servers.addresses).map(|rule| (Kind::NsIp, rule)))
        })
    }
}

/// The rule with the zone's override. An alias to the very name that it is for is the old PASSTHRU, also
/// where a wildcard says it: the garden itself stays open.
fn ruling<'z>(zone: &'z Zone, rule: RuleNo, kind: Kind, link: usize, name: Name<'_>) -> Ruling<'z> {
    let rule = zone.table.rule(rule);
    let action = match &zone.settings.policy {
        Policy::Always(action) => action,
        Policy::Given | Policy::Disabled => &rule.action,
    };
    let action = match action {
        Action::Alias(Target::Name(target)) if target.as_name() == name => &PASSTHRU,
        action => action,
    };
    Ruling { zone, action, ttl: rule.ttl, kind, link }
}

#[cfg(test)]
mod tests;
