//! Rows for people, as CSV, or JSON (an object a line).

use jiff::tz::TimeZone;
use serde_json::{Map, Value, json};

use super::words;
use crate::app::moment;
use crate::cli::args::Format;
use crate::cli::out::{Failure, begin_csv, print, print_json_line};
use crate::cli::page::Page;
use crate::cli::screen::Screen;
use crate::cli::words::{group, layer as layer_text, of_category, of_service, of_tier};
use crate::dns::idna::to_display;
use crate::dns::rrtype::RrType;
use crate::i18n::{Message, msg};
use crate::journal::rows::{NameShown, Row};
use crate::model::event::Effect;

const CSV_HEADINGS: &str = "time,group,tier,device,name,type,category,list,layer,effect,count\n";
/// Prints in one format.
pub struct Printer {
    format: Format,
    zone: TimeZone,
    screen: Screen,
}

impl Printer {
    /// A printer of times in `zone`.
    pub fn new(format: Format, zone: TimeZone, screen: Screen) -> Self {
        Self { format, zone, screen }
    }

    /// What stands before the rows.
    pub fn begin(&self) -> Result<(), Failure> {
        if self.format != Format::Csv {
            return Ok(());
        }
        begin_csv()?;
        print(CSV_HEADINGS)
    }

    /// All rows at once.
    pub fn rows(&self, rows: &[Row]) -> Result<(), Failure> {
        if self.format == Format::Table {
            return self.page(rows).print();
        }
        self.begin()?;
        rows.iter().try_for_each(|row| self.row(row))
    }

    /// Rows that came later.
    pub fn more(&self, rows: &[Row]) -> Result<(), Failure> {
        match (self.format, rows) {
            (_, []) => Ok(()),
            (Format::Table, rows) => self.page(rows).print(),
            _ => rows.iter().try_for_each(|row| self.row(row)),
        }
    }

    /// Says that a table does not have all rows.
    pub fn cut_short(&self, shown: u64, all: u64) -> Result<(), Failure> {
        let mut page = Page::new(&self.screen);
        page.say(&cut_short(shown, Some(all)));
        page.print()
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
        print_json_line(&object)
    }

    /// Two lines a row: what happened, then to whom and why.
    fn page(&self, rows: &[Row]) -> Page<'_> {
        let (screen, lang) = (&self.screen, self.screen.lang);
        let mut page = Page::new(screen);
        if rows.is_empty() {
            page.say(&msg!("log-no-rows"));
        }
        for row in rows {
            let name = match &row.name {
                NameShown::Name(name) => to_display(&name.to_string()),
                NameShown::Secret => screen.say(&msg!("log-name-secret")),
                NameShown::NotKept => screen.say(&msg!("log-name-not-kept")),
            };
            // What was only counted must not look as if it had been blocked.
            let mark = if row.kind.effect == Effect::Monitored { "* " } else { "" };
            page.line(&format!(
                "{}  {mark}{}  {name} ({})",
                screen.value(moment(row.at, &self.zone)),
                screen.say(&words::of_effect(row.kind.effect)),
                RrType::from(row.rtype)
            ));
            let tier = of_tier(row.kind.tier, lang).to_owned();
            let category = match (row.kind.category, row.kind.service) {
                (Some(category), _) => of_category(category, lang).to_owned(),
                (None, Some(service)) => of_service(service, lang),
                (None, None) => layer_text(row.kind.layer, lang),
            };
            let parts = [
                row.kind.group.as_deref().map(|name| group(name, lang)),
                Some(tier),
                row.device.map(|device| device.to_string()),
                Some(category),
                row.kind.list.clone(),
                Some(screen.say(&msg!("log-queries-of", count = row.count))),
            ];
            page.line(&format!("  {}", parts.into_iter().flatten().collect::<Vec<_>>().join("; ")));
        }
        page
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
            RrType::from(row.rtype).to_string(),
            words::class_id(row.kind.category, row.kind.service).unwrap_or_default(),
            row.kind.list.clone().unwrap_or_default(),
            row.kind.layer.id().into(),
            row.kind.effect.id().into(),
            row.count.to_string(),
        ]
    }
}

/// The line below a table that does not have all there is; `all` where it is known how many there are.
pub fn cut_short(shown: u64, all: Option<u64>) -> Message {
    match all {
        Some(all) => msg!("log-cut-short", shown = shown, all = all),
        None => msg!("log-newest-only", shown = shown),
    }
}

/// A CSV field (RFC 4180); a beginning that a spreadsheet takes for a formula is made harmless.
pub fn csv(field: &str) -> String {
    let is_formula = field.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let harmless = if is_formula { format!("'{field}") } else { field.to_owned() };
    if harmless.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", harmless.replace('"', "\"\""))
    } else {
        harmless
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::i18n::Lang;

    #[test]
    fn no_field_is_a_formula_and_commas_are_quoted() {
        for (field, written) in [
            ("x.example", "x.example"),
            ("=1+1", "'=1+1"),
            ("+x", "'+x"),
            ("-x.example", "'-x.example"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1", "'\t=1"),
            ("Giáo viên, cán bộ", "\"Giáo viên, cán bộ\""),
            ("a \"b\"", "\"a \"\"b\"\"\""),
            ("=a,b", "\"'=a,b\""),
        ] {
            assert_eq!(csv(field), written);
        }
    }

    #[test]
    fn a_cut_table_says_how_much_there_is() {
        let told = cut_short(1000, Some(1_234_567)).text(Lang::Vi);
        assert!(told.starts_with("hiện 1.000 trong 1.234.567 dòng"), "{told}");
    }
}
