//! `lachan log`: who was blocked from what, when, as far as the reader may know.

mod access;
mod print;
mod totals;
pub(super) mod when;
mod words;

use std::path::Path;
use std::str::FromStr;
use std::time::Duration;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::args::{Format, LogArgs, LogCommand};
use super::out::{Ended, Failure};
use super::place;
use super::screen::Screen;
use crate::app::moment;
use crate::config::Settings;
use crate::dns::written;
use crate::i18n::{Message, msg, slip};
use crate::journal::access::Reader;
use crate::journal::rows::{By, Filter, Names, Order, What};
use crate::journal::store::Error;
use crate::policy::UNKNOWN_GROUP;
use print::Printer;
use words::Class;

/// How often `--follow` looks for what is new: as often as the server stores.
const LOOK: Duration = Duration::from_secs(1);

/// Prints the log, its totals, or who read it.
///
/// # Errors
/// A wrong filter, a store that cannot be read.
pub fn run(args: &LogArgs, screen: &Screen) -> Result<Ended, Failure> {
    if let Some(LogCommand::Access(args)) = &args.command {
        return access::run(args, screen);
    }
    let settings = place::settings(&args.place, screen)?;
    let zone = settings.journal.time_zone.clone();
    let Some(reader) = open(&settings.journal.folder, screen)? else { return Ok(Ended::Refused) };
    let filter = filter(args, &settings, &reader, Timestamp::now())?;
    if let Some(at) = reader.lost()?.filter(|at| filter.since.is_none_or(|since| since < *at)) {
        screen.complain(&msg!("log-lost", at = moment(at, &zone)));
    }
    let asked = filter;
    let filter = until_now(&asked, &reader, Timestamp::now(), &zone, screen)?;
    if args.totals {
        totals::print_all(&reader, &filter, &zone, args.format, screen)?;
        return Ok(Ended::Done);
    }
    let printer = Printer::new(args.format, zone, *screen);
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
    let mut follow = if args.follow { Some(reader.follow(&asked, Timestamp::now())?) } else { None };
    let rows = reader.rows(&filter, Order::NewestLast, args.limit, Timestamp::now())?;
    printer.rows(&rows)?;
    if rows.len() >= args.limit && args.format == Format::Table {
        let all = reader.row_count(&filter)?;
        if all > rows.len() as u64 {
            printer.cut_short(rows.len() as u64, all)?;
        }
    }
    while let Some(follow) = &mut follow {
        std::thread::sleep(LOOK);
        printer.more(&reader.news(follow)?)?;
    }
    Ok(Ended::Done)
}

/// How far ahead of now a time is not wrong yet: the minute that runs, and a clock that is set by a little.
const AHEAD: SignedDuration = SignedDuration::from_mins(2);

/// The same filter without what is dated after now, unless that was asked for: a clock that was wrong has filed it,
/// and it belongs into no day. How much that is, is told.
fn until_now(
    filter: &Filter,
    reader: &Reader,
    now: Timestamp,
    zone: &TimeZone,
    screen: &Screen,
) -> Result<Filter, Failure> {
    let end = now.saturating_add(AHEAD)?;
    if filter.until.is_some() || filter.since.is_some_and(|since| since >= end) {
        return Ok(filter.clone());
    }
    let ahead = reader.totals(&Filter { since: Some(end), ..filter.clone() }, By::Hour)?;
    let count: u64 = ahead.iter().map(|total| total.count).sum();
    let first = ahead.iter().find_map(|total| match total.what {
        What::Hour(at) => Some(at),
        _ => None,
    });
    let Some(first) = first else { return Ok(filter.clone()) };
    screen.complain(&msg!(
        "log-from-the-future",
        attempts = count,
        at = moment(first, zone),
        since = first.max(end).to_string()
    ));
    Ok(Filter { until: Some(end), ..filter.clone() })
}

fn open(folder: &Path, screen: &Screen) -> Result<Option<Reader>, Failure> {
    place::may_read(&folder.join("journal.sqlite"))?;
    match Reader::open(folder) {
        Ok(reader) => Ok(Some(reader)),
        Err(Error::Absent { .. }) => {
            screen.complain(&msg!("log-no-journal", folder = folder));
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}

/// The filter that was typed, with the words of the screen or the ids.
fn filter(args: &LogArgs, settings: &Settings, reader: &Reader, now: Timestamp) -> Result<Filter, Failure> {
    let zone = &settings.journal.time_zone;
    let (mut category, mut service, mut layer) = (None, None, None);
    match args.category.as_deref().map(words::class).transpose()? {
        Some(Class::Category(one)) => category = Some(one),
        Some(Class::Service(one)) => service = Some(one),
        Some(Class::Layer(one)) => layer = Some(one),
        None => {}
    }
    let group = match &args.group {
        Some(written) => Some(words::group(written, &groups(settings, reader)?)?),
        None => None,
    };
    Ok(Filter {
        since: args.since.as_deref().map(|text| when::parse(text, zone, now)).transpose()?,
        until: args.until.as_deref().map(|text| when::parse(text, zone, now)).transpose()?,
        tier: args.tier.as_deref().map(words::tier).transpose()?,
        group,
        category,
        service,
        layer,
        name: args.name.as_deref().map(names).transpose()?,
        effect: args.effect.as_deref().map(words::effect).transpose()?,
    })
}

/// Groups of the config, and those that the journal still has.
fn groups(settings: &Settings, reader: &Reader) -> Result<Vec<String>, Failure> {
    let mut groups = reader.groups()?;
    groups.extend(settings.policy.groups.iter().map(|group| group.name.clone()));
    groups.push(UNKNOWN_GROUP.to_owned());
    groups.sort_unstable();
    groups.dedup();
    Ok(groups)
}

/// `x`, or `*.x` for x and all below; the address of a page means the name in it.
fn names(text: &str) -> Result<Names, Message> {
    let (below, is_pattern) = text.strip_prefix("*.").map_or((text, false), |below| (below, true));
    if is_pattern && below.is_empty() {
        let none =
            |error: <Names as FromStr>::Err| msg!("not-a-name", written = text, why = error.to_string());
        return text.parse().map_err(none);
    }
    let name = written::name(below).or_else(|wrong| {
        let meant = wrong.meant.as_deref().and_then(|meant| written::name(meant).ok());
        meant.ok_or_else(|| msg!("not-a-name", written = text, why = slip::told(wrong.slip)))
    })?;
    Ok(if is_pattern { Names::AtOrBelow(name) } else { Names::Exactly(name) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_people_write_them() {
        for (text, read) in [
            ("X.Example", "x.example"),
            ("*.x.example", "*.x.example"),
            ("tiếngviệt.example", "xn--tingvit-5t4cyc.example"),
            ("https://x.example/abc", "x.example"),
            ("*.", "*.."),
        ] {
            assert_eq!(names(text).unwrap().to_string(), read, "{text}");
        }
        for text in ["", "192.0.2.1", "a b", "a..b"] {
            assert!(names(text).is_err(), "{text}");
        }
    }
}
