//! The reading side: rows, totals, what is new; and who read what.
//!
//! A [`Reader`] has a connection of its own and works while the server writes. Rows of single devices
//! are personal data of children (Decree 356/2025/NĐ-CP), so each reading of them is first written
//! down in the table `access`; a reading that cannot be written down does not happen. Totals name no
//! device and are not written down. Names of secret categories were never stored.
//!
//! Never knows how a row is printed, or whether somebody may read it.

use std::path::Path;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::rows::{
    Access, By, DayTotal, Filter, GroupCategory, HourRow, MonthRow, NameTotal, Order, Row, Total, What,
};
use super::store::Error;
use super::store::follow::Follow;
use super::store::read::Reading;
use crate::sys::user;

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

    /// How many rows there are. Names no device, so it is not written down.
    ///
    /// # Errors
    /// SQLite's.
    pub fn row_count(&self, filter: &Filter) -> Result<u64, Error> {
        self.reading.row_count(filter)
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

    /// Totals of each group in each category, the largest first. Exact as [`Self::totals`].
    ///
    /// # Errors
    /// SQLite's.
    pub fn groups_by_category(&self, filter: &Filter) -> Result<Vec<GroupCategory>, Error> {
        self.reading.groups_by_category(filter)
    }

    /// Totals by the days of `zone`, the oldest first. Exact as [`Self::totals`]; an hour counts on
    /// the day on which it begins.
    ///
    /// # Errors
    /// SQLite's.
    pub fn days(&self, filter: &Filter, zone: &TimeZone) -> Result<Vec<DayTotal>, Error> {
        let mut days: Vec<DayTotal> = Vec::new();
        for total in self.reading.totals(filter, By::Hour)? {
            let What::Hour(at) = total.what else { continue };
            let day = zone.to_datetime(at).date();
            match days.last_mut() {
                Some(last) if last.day == day => last.count += total.count,
                _ => days.push(DayTotal { day, count: total.count }),
            }
        }
        Ok(days)
    }

    /// Attempts as a person would count them: the same name asked by the same device in the same
    /// minute is one, whatever the types and repetitions. Only of the minutes that are kept; where no
    /// device or name was kept, all of a minute is one.
    ///
    /// # Errors
    /// SQLite's.
    pub fn visits(&self, filter: &Filter) -> Result<u64, Error> {
        self.reading.visits(filter)
    }

    /// The names of all groups that have rows, sorted.
    ///
    /// # Errors
    /// SQLite's.
    pub fn groups(&self) -> Result<Vec<String>, Error> {
        self.reading.groups()
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

    /// When an earlier store was last lost or damaged: what happened before may be missing.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn lost(&self) -> Result<Option<Timestamp>, Error> {
        self.reading.lost()
    }

    /// Who read what, newest first, at most `limit`.
    ///
    /// # Errors
    /// SQLite's.
    pub fn accesses(&self, limit: usize) -> Result<Vec<Access>, Error> {
        self.reading.accesses(limit)
    }
}

/// Who runs this program: `uid 1000 (lan) pid 4711`, by the system's word. Who became root is told as well.
fn this_process() -> String {
    let sudo = std::env::var("SUDO_UID").ok().and_then(|user| user.parse().ok());
    let who = Who { user: user::real_user(), login: user::login_user(), sudo };
    format!("{} pid {}", who.told(user::name), std::process::id())
}

/// What is known of the user.
struct Who {
    user: u32,
    /// Who logged in, by the kernel.
    login: Option<u32>,
    /// Who called `sudo`, by the environment: anybody may set that, so it says nothing of who is not root.
    sudo: Option<u32>,
}

impl Who {
    fn told(&self, name: impl Fn(u32) -> Option<String>) -> String {
        let named = |user: u32| format!("uid {user} ({})", name(user).unwrap_or_default());
        let mut told = named(self.user);
        if let Some(login) = self.login.filter(|login| *login != self.user) {
            told += &format!(", login {}", named(login));
        }
        let sudo = self.sudo.filter(|sudo| self.user == 0 && *sudo != 0 && Some(*sudo) != self.login);
        if let Some(sudo) = sudo {
            told += &format!(", SUDO_UID {}", named(sudo));
        }
        told
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_reads_is_told_by_the_system_and_what_the_environment_says_only_beside_it() {
        let name = |user: u32| match user {
            0 => Some("root".to_owned()),
            1000 => Some("lan".to_owned()),
            _ => None,
        };
        for (user, login, sudo, told) in [
            (1000, None, None, "uid 1000 (lan)"),
            (1000, Some(1000), Some(0), "uid 1000 (lan)"),
            (1001, None, Some(1000), "uid 1001 ()"),
            (0, None, None, "uid 0 (root)"),
            (0, Some(1000), Some(1000), "uid 0 (root), login uid 1000 (lan)"),
            (0, None, Some(1000), "uid 0 (root), SUDO_UID uid 1000 (lan)"),
            (0, Some(1001), Some(1000), "uid 0 (root), login uid 1001 (), SUDO_UID uid 1000 (lan)"),
        ] {
            assert_eq!(Who { user, login, sudo }.told(name), told);
        }
    }
}
