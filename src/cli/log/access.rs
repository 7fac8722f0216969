//! `lachan log access`: who read rows of single devices, when, and with which filter.

use jiff::tz::TimeZone;
use serde_json::json;

use super::print::{csv, cut_short};
use crate::app::moment;
use crate::cli::args::{Format, LogAccessArgs};
use crate::cli::out::{Ended, Failure, begin_csv, print, print_json_line};
use crate::cli::page::Page;
use crate::cli::place;
use crate::cli::screen::Screen;
use crate::cli::table::Table;
use crate::i18n::msg;
use crate::journal::rows::Access;

/// Prints the record of readings, the newest first.
///
/// # Errors
/// A store that cannot be read.
pub fn run(args: &LogAccessArgs, screen: &Screen) -> Result<Ended, Failure> {
    let settings = place::settings(&args.place, screen)?;
    let Some(reader) = super::open(&settings.journal.folder, screen)? else { return Ok(Ended::Refused) };
    // One more than is shown tells whether there are more.
    let mut readings = reader.accesses(args.limit.saturating_add(1))?;
    let is_cut = readings.len() > args.limit;
    readings.truncate(args.limit);
    let zone = settings.journal.time_zone;
    match args.format {
        Format::Json => readings.iter().try_for_each(|reading| print_json_line(&object(reading, &zone)))?,
        Format::Csv => {
            begin_csv()?;
            let lines = readings.iter().map(|reading| {
                let cells = [
                    at(reading, &zone),
                    reading.who.clone(),
                    reading.filter.clone(),
                    reading.rows.to_string(),
                ];
                cells.map(|cell| csv(&cell)).join(",") + "\n"
            });
            print(&(String::from("time,who,filter,rows\n") + &lines.collect::<String>()))?;
        }
        Format::Table => {
            let headings = [msg!("log-time"), msg!("log-who"), msg!("log-filter"), msg!("log-rows")];
            let mut table = Table::new(headings.map(|heading| screen.say(&heading)));
            for reading in &readings {
                let at = screen.value(moment(reading.at, &zone));
                let seconds = zone.to_datetime(reading.at).second();
                table.row([
                    format!("{at}:{seconds:02}"),
                    reading.who.clone(),
                    reading.filter.clone(),
                    screen.lang.number(reading.rows),
                ]);
            }
            let mut page = Page::new(screen);
            page.table(&table);
            if is_cut {
                page.say(&cut_short(readings.len() as u64, None));
            }
            page.print()?;
        }
    }
    Ok(Ended::Done)
}

fn at(reading: &Access, zone: &TimeZone) -> String {
    zone.to_datetime(reading.at).strftime("%Y-%m-%dT%H:%M:%S").to_string()
}

fn object(reading: &Access, zone: &TimeZone) -> serde_json::Value {
    json!({ "time": at(reading, zone), "who": reading.who, "filter": reading.filter, "rows": reading.rows })
}
