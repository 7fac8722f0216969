//! What may be asked of a journal, and what comes back.
//!
//! Knows filters and rows. Never knows how a row is stored or printed.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use jiff::Timestamp;
use jiff::civil::Date;

use crate::dns::name::{NameError, OwnedName};
use crate::model::category::Category;
use crate::model::event::Effect;
use crate::model::service::ServiceId;
use crate::model::tier::Tier;
use crate::model::verdict::Layer;

/// Which attempts. The default is all of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// From this minute on.
    pub since: Option<Timestamp>,
    /// Before this time.
    pub until: Option<Timestamp>,
    /// Of this tier.
    pub tier: Option<Tier>,
    /// Of the group with this name.
    pub group: Option<String>,
    /// Of this category.
    pub category: Option<Category>,
    /// Of this service.
    pub service: Option<ServiceId>,
    /// Of this name or names. Attempts whose name was not kept do not match.
    pub name: Option<Names>,
    /// Blocked by this layer.
    pub layer: Option<Layer>,
    /// Blocked or monitored.
    pub effect: Option<Effect>,
}

/// A name, or a name and all below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Names {
    /// `x`
    Exactly(OwnedName),
    /// `*.x`: at or below `x`.
    AtOrBelow(OwnedName),
}

impl std::str::FromStr for Names {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        match text.strip_prefix("*.") {
            Some("") => Ok(Self::AtOrBelow(OwnedName::parse(".")?)),
            Some(rest) => OwnedName::parse(rest).map(Self::AtOrBelow),
            None => OwnedName::parse(text).map(Self::Exactly),
        }
    }
}

impl fmt::Display for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exactly(name) => name.fmt(f),
            Self::AtOrBelow(name) => write!(f, "*.{name}"),
        }
    }
}

impl fmt::Display for Filter {
    /// As it is written down in `access`: `since=… tier=…`, or `all`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts: [(&str, Option<String>); 9] = [
            ("since", self.since.map(|at| at.to_string())),
            ("until", self.until.map(|at| at.to_string())),
            ("tier", self.tier.map(|tier| tier.id().into())),
            ("group", self.group.as_ref().map(|group| format!("{group:?}"))),
            ("category", self.category.map(|category| category.id().into())),
            ("service", self.service.map(ServiceId::word)),
            ("name", self.name.as_ref().map(Names::to_string)),
            ("layer", self.layer.map(|layer| layer.id().into())),
            ("effect", self.effect.map(|effect| effect.id().into())),
        ];
        let mut between = "";
        for (part, value) in parts {
            if let Some(value) = value {
                write!(f, "{between}{part}={value}")?;
                between = " ";
            }
        }
        if between.is_empty() { f.write_str("all") } else { Ok(()) }
    }
}

/// How rows are sorted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// As a log reads. With a limit these are still the newest rows.
    NewestLast,
    /// As a console shows.
    NewestFirst,
}

/// One kind of attempt in one minute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The minute's start.
    pub at: Timestamp,
    /// What happened, but for the details below.
    pub kind: KindRow,
    /// Who, if that is kept.
    pub device: Option<Device>,
    /// What was asked.
    pub name: NameShown,
    /// Type asked; 0 if not kept.
    pub rtype: u16,
    /// How many.
    pub count: u64,
}

/// What rows, hours and months have in common.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KindRow {
    /// None if it was not kept.
    pub group: Option<String>,
    /// Tier of the group.
    pub tier: Tier,
    /// The one that it counts under, if one.
    pub category: Option<Category>,
    /// The service that it counts under, if one.
    pub service: Option<ServiceId>,
    /// Whose rule it was, if a list's.
    pub list: Option<String>,
    /// Which layer blocked.
    pub layer: Layer,
    /// Blocked or monitored.
    pub effect: Effect,
}

/// A name as a reader may see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NameShown {
    /// The name.
    Name(OwnedName),
    /// Of a secret category: never stored.
    Secret,
    /// Not kept, because there were too many kinds in that second.
    NotKept,
}

/// A device as it was kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Device {
    /// Good for one day.
    Pseudonym(u64),
    /// Where the school keeps addresses.
    Address(IpAddr),
}

impl Device {
    /// Reads what the store holds; none for nothing, or for what no version wrote.
    pub(super) fn from_octets(octets: &[u8]) -> Option<Self> {
        match octets.len() {
            8 => octets.try_into().ok().map(|octets| Self::Pseudonym(u64::from_be_bytes(octets))),
            4 => <[u8; 4]>::try_from(octets).ok().map(|octets| Self::Address(Ipv4Addr::from(octets).into())),
            16 => {
                <[u8; 16]>::try_from(octets).ok().map(|octets| Self::Address(Ipv6Addr::from(octets).into()))
            }
            _ => None,
        }
    }
}

impl fmt::Display for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pseudonym(number) => write!(f, "{number:016x}"),
            Self::Address(address) => address.fmt(f),
        }
    }
}

/// What totals are added up by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    Tier,
    Group,
    Category,
    List,
    Layer,
    Effect,
    Hour,
}

/// A line of totals: how many of what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Total {
    /// Of what.
    pub what: What,
    /// How many.
    pub count: u64,
}

/// What a line of totals is about.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum What {
    Tier(Tier),
    /// None: not kept.
    Group(Option<String>),
    /// None: a school's own rule, or an allow-only group.
    Category(Option<Category>),
    /// What stands among the categories: an attempt has one of both at most.
    Service(ServiceId),
    /// None: no list's rule.
    List(Option<String>),
    Layer(Layer),
    Effect(Effect),
    /// The hour's start.
    Hour(Timestamp),
}

/// One kind of attempt in one hour.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HourRow {
    /// The hour's start.
    pub at: Timestamp,
    pub kind: KindRow,
    pub count: u64,
    /// Distinct devices; 0 where none are kept. Devices of different kinds may be the same.
    pub devices: u64,
}

/// One kind of attempt in one month.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MonthRow {
    pub year: i16,
    pub month: i8,
    pub kind: KindRow,
    pub count: u64,
}

/// How often a name was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameTotal {
    pub name: OwnedName,
    pub category: Option<Category>,
    pub service: Option<ServiceId>,
    pub count: u64,
}

/// Attempts of one group in one category.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupCategory {
    /// None if it was not kept.
    pub group: Option<String>,
    /// None: a service, a school's own rule, or an allow-only group.
    pub category: Option<Category>,
    pub service: Option<ServiceId>,
    pub count: u64,
}

/// Attempts of one day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DayTotal {
    pub day: Date,
    pub count: u64,
}

/// One reading that was written down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Access {
    pub at: Timestamp,
    pub who: String,
    pub filter: String,
    pub rows: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_is_written_down_as_it_was_asked() {
        assert_eq!(Filter::default().to_string(), "all");
        let filter = Filter {
            since: "2026-11-23T00:00:00Z".parse().ok(),
            tier: Some(Tier::Primary),
            group: Some("Phòng máy 1".into()),
            name: "*.Example.ORG".parse().ok(),
            ..Filter::default()
        };
        let text = r#"since=2026-11-23T00:00:00Z tier=primary group="Phòng máy 1" name=*.example.org"#;
        assert_eq!(filter.to_string(), text);
    }

    #[test]
    fn names_are_one_or_a_subtree() {
        let name = |text| OwnedName::parse(text).unwrap();
        assert_eq!("a.b".parse(), Ok(Names::Exactly(name("a.b"))));
        assert_eq!("*.b".parse(), Ok(Names::AtOrBelow(name("b"))));
        assert_eq!("*.".parse(), Ok(Names::AtOrBelow(name("."))));
        assert!("a..b".parse::<Names>().is_err());
    }
}
