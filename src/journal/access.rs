//! The reading side: rows, totals, what is new; and who read what.
//!
//! A [`Reader`] has a connection of its own and works while the server writes. Rows of single devices
//! are personal data of children (Decree 356/2025/NĐ-CP), so each reading of them is first written
//! down in the table `access`; a reading that cannot be written down does not happen. Totals name no
//! device and are not written down. Names of secret categories were never stored.
//!
//! Knows filters and rows. Never knows how a row is printed, or whether somebody may read it.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use jiff::Timestamp;

use super::store::Error;
use super::store::read::Reading;
use crate::dns::name::{NameError, OwnedName};
use crate::model::category::Category;
use crate::model::event::Effect;
use crate::model::tier::Tier;
use crate::model::verdict::Layer;

pub use super::store::follow::Follow;

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
    /// Of this name or names. Attempts whose name was not kept do not match.
    pub name: Option<Names>,
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
        let parts: [(&str, Option<String>); 7] = [
            ("since", self.since.map(|at| at.to_string())),
            ("until", self.until.map(|at| at.to_string())),
            ("tier", self.tier.map(|tier| tier.id().into())),
            ("group", self.group.as_ref().map(|group| format!("{group:?}"))),
            ("category", self.category.map(|category| category.id().into())),
            ("name", self.name.as_ref().map(Names::to_string)),
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

/// The reading side of a journal. Several may read while the server writes.
pub struct Reader {
    reading: Reading,
    who: String,
}

impl Reader {
    /// Opens the journal in `folder` for the user who runs this program.
    ///
    /// # Errors
    /// [`Error::Absent`] before the first server has run; a store of another version.
    pub fn open(folder: &Path) -> Result<Self, Error> {
        Self::open_as(folder, this_process())
    }

    /// The same for somebody that a console knows by name.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_as(folder: &Path, who: String) -> Result<Self, Error> {
        Ok(Self { reading: Reading::open(folder)?, who })
    }

    /// The newest rows, at most `limit`. Written down in `access`, as read `now`.
    ///
    /// # Errors
    /// SQLite's; nothing is read if it cannot be written down.
    pub fn rows(
        &self,
        filter: &Filter,
        order: Order,
        limit: usize,
        now: Timestamp,
    ) -> Result<Vec<Row>, Error> {
        let access = self.reading.write_down(&self.who, &filter.to_string(), now)?;
        let mut rows = self.reading.newest(filter, limit)?;
        if order == Order::NewestLast {
            rows.reverse();
        }
        self.reading.count_rows(access, rows.len())?;
        Ok(rows)
    }

    /// All rows, newest last, one by one: for an export of any size. Written down in `access`. While
    /// it runs, the store's log grows: do not stop in the middle.
    ///
    /// # Errors
    /// As [`Self::rows`].
    pub fn each(&self, filter: &Filter, now: Timestamp, row: impl FnMut(Row)) -> Result<u64, Error> {
        let access = self.reading.write_down(&self.who, &filter.to_string(), now)?;
        let rows = self.reading.each(filter, row)?;
        self.reading.count_rows(access, rows)?;
        Ok(rows as u64)
    }

    /// Begins to follow what is stored from now on. Written down in `access`.
    ///
    /// # Errors
    /// As [`Self::rows`].
    pub fn follow(&self, filter: &Filter, now: Timestamp) -> Result<Follow, Error> {
        let access = self.reading.write_down(&self.who, &format!("follow {filter}"), now)?;
        self.reading.follow(filter.clone(), access)
    }

    /// What was stored since the last call, newest last, with the counts that were added since.
    ///
    /// # Errors
    /// As [`Self::rows`].
    pub fn news(&self, follow: &mut Follow) -> Result<Vec<Row>, Error> {
        self.reading.news(follow)
    }

    /// Totals, the largest first (hours: by time). Exact to the minute as long as minutes are kept,
    /// to the hour beyond.
    ///
    /// # Errors
    /// SQLite's.
    pub fn totals(&self, filter: &Filter, by: By) -> Result<Vec<Total>, Error> {
        self.reading.totals(filter, by)
    }

    /// Hours that the filter touches, each kind by itself.
    ///
    /// # Errors
    /// SQLite's.
    pub fn hours(&self, filter: &Filter) -> Result<Vec<HourRow>, Error> {
        self.reading.hours(filter)
    }

    /// All months kept, each kind by itself.
    ///
    /// # Errors
    /// SQLite's.
    pub fn months(&self) -> Result<Vec<MonthRow>, Error> {
        self.reading.months()
    }

    /// The names asked most, at most `limit`. Beyond the days whose minutes are kept it knows the
    /// hundred names that each group asked most a day, and goes by whole days.
    ///
    /// # Errors
    /// SQLite's.
    pub fn top_names(&self, filter: &Filter, limit: usize) -> Result<Vec<NameTotal>, Error> {
        self.reading.top_names(filter, limit)
    }

    /// Who read what, newest first, at most `limit`.
    ///
    /// # Errors
    /// SQLite's.
    pub fn accesses(&self, limit: usize) -> Result<Vec<Access>, Error> {
        self.reading.accesses(limit)
    }
}

/// `uid 1000 (lan) pid 4711`. The number is the system's word, the name only the environment's.
fn this_process() -> String {
    let uid = std::fs::metadata("/proc/self").map_or_else(|_| "?".into(), |self_| self_.uid().to_string());
    let name = ["SUDO_USER", "USER"].iter().find_map(|var| std::env::var(var).ok()).unwrap_or_default();
    format!("uid {uid} ({name}) pid {}", std::process::id())
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
