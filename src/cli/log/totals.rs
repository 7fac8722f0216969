//! Totals: how many, by what; as tables, CSV or one JSON object.

use std::fmt::Write as _;

use jiff::tz::TimeZone;
use serde_json::{Map, Value, json};

use super::print::csv;
use super::words::{effect_words, layer_words};
use crate::cli::args::Format;
use crate::cli::out::{Failure, Table, begin_csv, grouped, print, print_json};
use crate::dns::idna::to_display;
use crate::journal::access::Reader;
use crate::journal::rows::{By, Filter, What};
use crate::model::category::Category;

/// Names that are shown.
const NAMES_SHOWN: usize = 20;
/// Lines of a table of groups and categories; the JSON and the CSV have all.
const CROSSED_SHOWN: usize = 60;

/// What is added up, with the key in exports and the heading on the screen.
const PARTS: [(By, &str, &str); 5] = [
    (By::Tier, "tier", "cấp học / tier"),
    (By::Category, "category", "nhóm nội dung / category"),
    (By::Group, "group", "nhóm / group"),
    (By::List, "list", "danh sách / list"),
    (By::Effect, "effect", "kết quả / effect"),
];

/// Heading of the column of counts.
const COUNTED: &str = "câu hỏi / queries";

/// Prints all totals of what the filter lets through.
pub fn print_all(reader: &Reader, filter: &Filter, zone: &TimeZone, format: Format) -> Result<(), Failure> {
    let mut sheet = Sheet::default();
    let mut attempts = 0;
    for (by, key, heading) in PARTS {
        let lines = reader.totals(filter, by)?.into_iter().map(|total| {
            let (id, shown) = what(&total.what);
            (vec![id], vec![shown], total.count)
        });
        attempts = sheet.part(key, &[heading], lines.collect());
    }
    let days = reader.days(filter, zone)?.into_iter();
    let days = days
        .map(|day| (vec![day.day.to_string()], vec![day.day.strftime("%d/%m/%Y").to_string()], day.count));
    sheet.part("day", &["ngày / day"], days.collect());
    let crossed = reader.groups_by_category(filter)?.into_iter().map(|cell| {
        let (category, shown) = of_category(cell.category);
        let group = cell.group.unwrap_or_else(|| "–".into());
        (vec![group.clone(), category], vec![group, shown], cell.count)
    });
    sheet.cross("group_category", &["nhóm / group", "nhóm nội dung / category"], crossed.collect());
    let names = reader.top_names(filter, NAMES_SHOWN)?.into_iter().map(|name| {
        let (category, shown) = of_category(name.category);
        let text = name.name.to_string();
        (vec![text.clone(), category], vec![to_display(&text), shown], name.count)
    });
    sheet.cross("name", &["tên bị chặn nhiều nhất / top names", "nhóm nội dung / category"], names.collect());
    let visits = reader.visits(filter)?;
    match format {
        Format::Json => {
            sheet.object.insert("attempts".into(), attempts.into());
            sheet.object.insert("visits".into(), visits.into());
            print_json(&sheet.object)
        }
        Format::Csv => {
            begin_csv()?;
            let sums = format!("all,queries,,{attempts}\nall,visits,,{visits}\n");
            print(&format!("by,what,category,attempts\n{sums}{}", sheet.csv))
        }
        Format::Table => print(&format!(
            "câu hỏi bị chặn hoặc chỉ đếm / queries blocked or monitored: {}\n\
             lượt truy cập / visits (cùng tên, cùng máy, cùng phút / same name, device, minute): {}\n\n{}",
            grouped(attempts),
            grouped(visits),
            sheet.table
        )),
    }
}

/// A line: ids for exports, words for people, how many.
type Line = (Vec<String>, Vec<String>, u64);

#[derive(Default)]
struct Sheet {
    object: Map<String, Value>,
    csv: String,
    table: String,
}

impl Sheet {
    /// Adds a part with one column, and gives back the sum.
    fn part(&mut self, key: &str, headings: &[&str], lines: Vec<Line>) -> u64 {
        let counts = lines.iter().map(|(ids, _, count)| (ids[0].clone(), Value::from(*count)));
        self.object.insert(format!("by_{key}"), Value::Object(counts.collect()));
        for (ids, _, count) in &lines {
            let _ = writeln!(self.csv, "{key},{},,{count}", csv(&ids[0]));
        }
        let sum = lines.iter().map(|(_, _, count)| count).sum();
        self.draw(headings, lines);
        sum
    }

    /// Adds a part with two columns, the second a category.
    fn cross(&mut self, key: &str, headings: &[&str], lines: Vec<Line>) {
        let field = key.split('_').next().unwrap_or(key);
        let objects = lines
            .iter()
            .map(|(ids, _, count)| json!({ field: ids[0], "category": ids[1], "attempts": count }));
        self.object.insert(format!("by_{key}"), Value::Array(objects.collect()));
        for (ids, _, count) in &lines {
            let _ = writeln!(self.csv, "{key},{},{},{count}", csv(&ids[0]), csv(&ids[1]));
        }
        self.draw(headings, lines);
    }

    fn draw(&mut self, headings: &[&str], lines: Vec<Line>) {
        let mut table = Table::new(&[headings, &[COUNTED]].concat());
        let count = lines.len();
        for (_, mut words, count) in lines.into_iter().take(CROSSED_SHOWN) {
            words.push(grouped(count));
            table.row(words);
        }
        let _ = writeln!(self.table, "{}", table.render());
        if count > CROSSED_SHOWN {
            let _ =
                writeln!(self.table, "{}", super::print::cut_short(CROSSED_SHOWN as u64, Some(count as u64)));
        }
    }
}

fn of_category(category: Option<Category>) -> (String, String) {
    match category {
        Some(category) => (category.id().into(), category.vi().into()),
        None => ("none".into(), "không theo nhóm nội dung / no category".into()),
    }
}

fn what(what: &What) -> (String, String) {
    let same = |text: &str| (text.to_owned(), text.to_owned());
    match what {
        What::Tier(tier) => (tier.id().into(), format!("{} / {}", tier.vi(), tier.en())),
        What::Category(Some(category)) => {
            (category.id().into(), format!("{} / {}", category.vi(), category.en()))
        }
        What::Category(None) => of_category(None),
        What::Group(Some(name)) | What::List(Some(name)) => same(name),
        What::Group(None) | What::List(None) => ("none".into(), "–".into()),
        What::Layer(layer) => {
            let (vi, en) = layer_words(*layer);
            (layer.id().into(), format!("{vi} / {en}"))
        }
        What::Effect(effect) => {
            let (vi, en) = effect_words(*effect);
            (effect.id().into(), format!("{vi} / {en}"))
        }
        What::Hour(at) => same(&at.to_string()),
    }
}
