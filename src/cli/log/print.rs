//! Rows and totals as a table, CSV, or JSON (an object a line for rows, one object for totals).

use std::fmt::Write as _;

use jiff::tz::TimeZone;
use serde_json::{Map, Value, json};

use crate::cli::args::Format;
use crate::cli::out::{Failure, Table, grouped, print, print_json};
use crate::dns::idna::to_display;
use crate::dns::rdata::type_name;
use crate::journal::rows::{By, NameShown, Row, Total, What};

const CSV_HEADINGS: &str = "time,group,tier,device,name,type,category,list,layer,effect,count\n";
const HEADINGS: [&str; 9] = [
    "thời gian / time",
    "nhóm / group",
    "cấp học / tier",
    "thiết bị / device",
    "tên miền / name",
    "kiểu / type",
    "loại / category",
    "danh sách / list",
    "lượt / count",
];

/// Prints in one format.
pub struct Printer {
    format: Format,
    zone: TimeZone,
    totals: Map<String, Value>,
    totals_csv: String,
    totals_table: String,
}

impl Printer {
    /// A printer of times in `zone`.
    pub fn new(format: Format, zone: TimeZone) -> Self {
        Self { format, zone, totals: Map::new(), totals_csv: String::new(), totals_table: String::new() }
    }

    /// What stands before the rows.
    pub fn begin(&self) -> Result<(), Failure> {
        if self.format == Format::Csv { print(CSV_HEADINGS) } else { Ok(()) }
    }

    /// All rows at once.
    pub fn rows(&self, rows: &[Row]) -> Result<(), Failure> {
        if self.format == Format::Table {
            return self.table(rows, &HEADINGS);
        }
        self.begin()?;
        rows.iter().try_for_each(|row| self.row(row))
    }

    /// Rows that came later.
    pub fn more(&self, rows: &[Row]) -> Result<(), Failure> {
        match (self.format, rows) {
            (_, []) => Ok(()),
            (Format::Table, rows) => self.table(rows, &[]),
            _ => rows.iter().try_for_each(|row| self.row(row)),
        }
    }

    /// One row of an export.
    pub fn row(&self, row: &Row) -> Result<(), Failure> {
        let cells = self.cells(row);
        if self.format == Format::Csv {
            let line: Vec<String> = cells.iter().map(|cell| csv(cell)).collect();
            return print(&format!("{}\n", line.join(",")));
        }
        let keys = CSV_HEADINGS.trim_end().split(',');
        let mut object: Map<String, Value> = keys
            .zip(&cells)
            .map(|(key, cell)| (key.to_owned(), if cell.is_empty() { Value::Null } else { json!(cell) }))
            .collect();
        object.insert("count".into(), row.count.into());
        print(&format!("{}\n", Value::from(object)))
    }

    fn table(&self, rows: &[Row], headings: &[&str]) -> Result<(), Failure> {
        let mut table = Table::new(headings);
        for row in rows {
            let tier = row.kind.tier.vi().to_owned();
            let category = row
                .kind
                .category
                .map_or_else(|| row.kind.layer.id().into(), |category| category.vi().to_owned());
            let name = match &row.name {
                NameShown::Name(name) => to_display(&name.to_string()),
                NameShown::Secret => "(không hiện / not shown)".into(),
                NameShown::NotKept => "(quá nhiều / too many)".into(),
            };
            table.row(vec![
                self.zone.to_datetime(row.at).strftime("%d/%m/%Y %H:%M").to_string(),
                row.kind.group.clone().unwrap_or_default(),
                tier,
                row.device.map(|device| device.to_string()).unwrap_or_default(),
                name,
                type_name(row.rtype).into_owned(),
                category,
                row.kind.list.clone().unwrap_or_default(),
                grouped(row.count),
            ]);
        }
        let text = table.render();
        // Without headings the first line is empty.
        print(if headings.is_empty() { text.trim_start_matches('\n') } else { &text })
    }

    fn cells(&self, row: &Row) -> [String; 11] {
        let name = match &row.name {
            NameShown::Name(name) => name.to_string(),
            NameShown::Secret | NameShown::NotKept => String::new(),
        };
        [
            self.zone.to_datetime(row.at).strftime("%Y-%m-%dT%H:%M").to_string(),
            row.kind.group.clone().unwrap_or_default(),
            row.kind.tier.id().into(),
            row.device.map(|device| device.to_string()).unwrap_or_default(),
            name,
            type_name(row.rtype).into_owned(),
            row.kind.category.map(|category| category.id().to_owned()).unwrap_or_default(),
            row.kind.list.clone().unwrap_or_default(),
            row.kind.layer.id().into(),
            row.kind.effect.id().into(),
            row.count.to_string(),
        ]
    }

    /// Adds totals of one kind.
    pub fn totals(&mut self, by: By, totals: Vec<Total>) {
        let (key, heading) = match by {
            By::Tier => ("by_tier", "cấp học / tier"),
            By::Group => ("by_group", "nhóm / group"),
            By::Category => ("by_category", "loại / category"),
            By::List => ("by_list", "danh sách / list"),
            By::Layer => ("by_layer", "tầng / layer"),
            By::Effect => ("by_effect", "kết quả / effect"),
            By::Hour => ("by_hour", "giờ / hour"),
        };
        let mut table = Table::new(&[heading, "số lượt / attempts"]);
        let mut object = Map::new();
        let mut sum = 0;
        for total in totals {
            let (id, shown) = self.what(&total.what);
            sum += total.count;
            let _ =
                writeln!(self.totals_csv, "{},{},{}", key.trim_start_matches("by_"), csv(&id), total.count);
            object.insert(id, total.count.into());
            table.row(vec![shown, grouped(total.count)]);
        }
        self.totals.insert(key.into(), object.into());
        self.totals.insert("attempts".into(), sum.into());
        let _ = writeln!(self.totals_table, "{}", table.render());
    }

    /// Prints the totals.
    pub fn end_totals(&self) -> Result<(), Failure> {
        match self.format {
            Format::Json => print_json(&self.totals),
            Format::Csv => print(&format!("by,what,attempts\n{}", self.totals_csv)),
            Format::Table => print(&self.totals_table),
        }
    }

    fn what(&self, what: &What) -> (String, String) {
        let same = |text: &str| (text.to_owned(), text.to_owned());
        match what {
            What::Tier(tier) => (tier.id().into(), format!("{} / {}", tier.vi(), tier.en())),
            What::Category(Some(category)) => {
                (category.id().into(), format!("{} / {}", category.vi(), category.en()))
            }
            What::Category(None) => ("none".into(), "quy định của trường / the school's own rules".into()),
            What::Group(Some(name)) | What::List(Some(name)) => same(name),
            What::Group(None) | What::List(None) => ("none".into(), "–".into()),
            What::Layer(layer) => same(layer.id()),
            What::Effect(effect) => same(effect.id()),
            What::Hour(at) => same(&self.zone.to_datetime(*at).strftime("%Y-%m-%dT%H:00").to_string()),
        }
    }
}

/// A CSV field (RFC 4180); a leading `=`, `+`, `-` or `@` is made harmless for spreadsheets.
fn csv(field: &str) -> String {
    let harmless =
        if field.starts_with(['=', '+', '-', '@']) { format!("'{field}") } else { field.to_owned() };
    if harmless.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", harmless.replace('"', "\"\""))
    } else {
        harmless
    }
}
