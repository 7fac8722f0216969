//! Rows as a table, CSV, or JSON (an object a line).

use jiff::tz::TimeZone;
use serde_json::{Map, Value, json};

use super::words::{effect_words, layer_words};
use crate::cli::args::Format;
use crate::cli::out::{Failure, Table, begin_csv, grouped, print, print_json_line};
use crate::dns::idna::to_display;
use crate::dns::rdata::type_name;
use crate::journal::rows::{NameShown, Row};
use crate::model::event::Effect;

const CSV_HEADINGS: &str = "time,group,tier,device,name,type,category,list,layer,effect,count\n";
const HEADINGS: [&str; 10] = [
    "thời gian / time",
    "kết quả / effect",
    "nhóm / group",
    "cấp học / tier",
    "thiết bị / device",
    "tên miền / name",
    "kiểu / type",
    "nhóm nội dung / category",
    "danh sách / list",
    "câu hỏi / queries",
];

/// Prints in one format.
pub struct Printer {
    format: Format,
    zone: TimeZone,
}

impl Printer {
    /// A printer of times in `zone`.
    pub fn new(format: Format, zone: TimeZone) -> Self {
        Self { format, zone }
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

    /// Says that a table does not have all rows.
    pub fn cut_short(&self, shown: u64, all: u64) -> Result<(), Failure> {
        print(&cut_short(shown, Some(all)))
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

    fn table(&self, rows: &[Row], headings: &[&str]) -> Result<(), Failure> {
        let mut table = Table::new(headings);
        for row in rows {
            let category = match row.kind.category {
                Some(category) => category.vi(),
                None => layer_words(row.kind.layer).0,
            };
            let name = match &row.name {
                NameShown::Name(name) => to_display(&name.to_string()),
                NameShown::Secret => "(không hiện / not shown)".into(),
                NameShown::NotKept => "(quá nhiều / too many)".into(),
            };
            // What was only counted must not look as if it had been blocked.
            let mark = if row.kind.effect == Effect::Monitored { "* " } else { "" };
            table.row(vec![
                self.zone.to_datetime(row.at).strftime("%d/%m/%Y %H:%M").to_string(),
                format!("{mark}{}", effect_words(row.kind.effect).0),
                row.kind.group.clone().unwrap_or_default(),
                row.kind.tier.vi().to_owned(),
                row.device.map(|device| device.to_string()).unwrap_or_default(),
                name,
                type_name(row.rtype).into_owned(),
                category.to_owned(),
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
}

/// The line below a table that does not have all there is; `all` where it is known how many there are.
pub fn cut_short(shown: u64, all: Option<u64>) -> String {
    let shown = grouped(shown);
    match all.map(grouped) {
        Some(all) => format!(
            "hiện {shown} trong {all} dòng; thêm --limit, hoặc --format csv để lấy hết / \
             {shown} of {all} rows; use --limit, or --format csv for all\n"
        ),
        None => format!(
            "chỉ hiện {shown} dòng mới nhất; thêm --limit / only the newest {shown} rows; use --limit\n"
        ),
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
        assert!(cut_short(1000, Some(1_234_567)).starts_with("hiện 1.000 trong 1.234.567 dòng"));
    }
}
