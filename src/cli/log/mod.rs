//! `lachan log`: who was blocked from what, when, as far as the reader may know.

mod print;
mod when;

use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::args::{Format, LogArgs};
use super::out::{Ended, Failure};
use super::place;
use crate::journal::access::Reader;
use crate::journal::rows::{By, Filter, Names, Order};
use crate::journal::store::Error;
use crate::model::category::Category;
use crate::model::tier::Tier;
use print::Printer;

/// How often `--follow` looks for what is new: as often as the server stores.
const LOOK: Duration = Duration::from_secs(1);

/// Prints the log.
///
/// # Errors
/// A wrong filter, a store that cannot be read.
pub fn run(args: &LogArgs) -> Result<Ended, Failure> {
    let settings = place::settings(&args.place)?;
    let zone = settings.journal.time_zone.clone();
    let filter = filter(args, &zone, Timestamp::now())?;
    let Some(reader) = open(&settings.journal.folder)? else { return Ok(Ended::Refused) };
    let mut printer = Printer::new(args.format, zone);
    if args.totals {
        for by in [By::Tier, By::Category, By::Group, By::List, By::Effect] {
            printer.totals(by, reader.totals(&filter, by)?);
        }
        printer.end_totals()?;
        return Ok(Ended::Done);
    }
    if !args.follow && args.format != Format::Table {
        // An export may be of any size: row by row, never all in memory.
        printer.begin()?;
        let mut failed = None;
        reader.each(&filter, Timestamp::now(), |row| {
            if failed.is_none() {
                failed = printer.row(&row).err();
            }
        })?;
        return failed.map_or(Ok(Ended::Done), Err);
    }
    let mut follow = if args.follow { Some(reader.follow(&filter, Timestamp::now())?) } else { None };
    printer.rows(&reader.rows(&filter, Order::NewestLast, args.limit, Timestamp::now())?)?;
    while let Some(follow) = &mut follow {
        std::thread::sleep(LOOK);
        printer.more(&reader.news(follow)?)?;
    }
    Ok(Ended::Done)
}

fn open(folder: &Path) -> Result<Option<Reader>, Failure> {
    match Reader::open(folder) {
        Ok(reader) => Ok(Some(reader)),
        Err(Error::Absent { .. }) => {
            eprintln!(
                "chưa có nhật ký trong {0}: máy chủ chưa chạy với thư mục trạng thái này / \
                 no journal in {0}: no server has run with this state folder yet",
                folder.display()
            );
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}

fn filter(args: &LogArgs, zone: &TimeZone, now: Timestamp) -> Result<Filter, Failure> {
    let tier =
        args.tier.as_deref().map(|id| Tier::from_id(id).ok_or_else(|| unknown("tier", id, &ids_of_tiers())));
    let category = args
        .category
        .as_deref()
        .map(|id| Category::from_id(id).ok_or_else(|| unknown("category", id, &ids_of_categories())));
    Ok(Filter {
        since: args.since.as_deref().map(|text| when::parse(text, zone, now)).transpose()?,
        until: args.until.as_deref().map(|text| when::parse(text, zone, now)).transpose()?,
        tier: tier.transpose()?,
        group: args.group.clone(),
        category: category.transpose()?,
        name: args.name.as_deref().map(str::parse::<Names>).transpose()?,
        effect: None,
    })
}

fn unknown(what: &str, id: &str, known: &[&str]) -> String {
    format!("không có {what} `{id}` / there is no {what} `{id}`; {}", known.join(", "))
}

fn ids_of_tiers() -> Vec<&'static str> {
    Tier::ALL.iter().map(|tier| tier.id()).collect()
}

fn ids_of_categories() -> Vec<&'static str> {
    Category::ALL.iter().map(|category| category.id()).collect()
}
