//! `lachan log access`: who read rows of single devices, when, and with which filter.

use jiff::tz::TimeZone;
use serde_json::json;

use super::print::{csv, cut_short};
use crate::cli::args::{Format, LogAccessArgs};
use crate::cli::out::{Ended, Failure, Table, begin_csv, grouped, print, print_json_line};
use crate::cli::place;
use crate::cli::screen::Screen;
use crate::journal::rows::Access;

/// Prints the record of readings, the newest first.
///
/// # Errors
/// A store that cannot be read.
pub fn run(args: &LogAccessArgs, screen: &Screen) -> Result<Ended, Failure> {
    let settings = place::settings(&args.place, screen)?;
    let Some(reader) = super::open(&settings.journal.folder)? else { return Ok(Ended::Refused) };
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
            let mut table =
                Table::new(&["thời gian / time", "ai xem / who", "bộ lọc / filter", "số dòng / rows"]);
            for reading in &readings {
                let shown = zone.to_datetime(reading.at).strftime("%d/%m/%Y %H:%M:%S").to_string();
                table.row(vec![shown, reading.who.clone(), reading.filter.clone(), grouped(reading.rows)]);
            }
            print(&table.render())?;
            if is_cut {
                print(&cut_short(readings.len() as u64, None))?;
            }
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
