//! Totals: how many, by what; as tables, CSV or one JSON object.

use std::fmt::Write as _;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::{Map, Value, json};

use super::print::csv;
use super::words;
use crate::cli::args::Format;
use crate::cli::out::{Failure, begin_csv, print, print_json};
use crate::cli::page::Page;
use crate::cli::screen::Screen;
use crate::cli::table::Table;
use crate::cli::words::{group, layer as layer_text, of_category, of_service, of_tier};
use crate::dns::idna::to_display;
use crate::i18n::{Lang, Message, Moment, msg};
use crate::journal::access::Reader;
use crate::journal::rows::{By, Filter, What};
use crate::model::category::Category;
use crate::model::service::ServiceId;

/// Names that are shown.
const NAMES_SHOWN: usize = 20;
/// Lines of a table of groups and categories; the JSON and the CSV have all.
const CROSSED_SHOWN: usize = 60;

/// What is added up, with the key in exports and the heading on the screen.
fn parts() -> [(By, &'static str, Message); 5] {
    [
        (By::Tier, "tier", msg!("log-tier")),
        (By::Category, "category", msg!("log-category")),
        (By::Group, "group", msg!("log-group")),
        (By::List, "list", msg!("lists-list")),
        (By::Effect, "effect", msg!("log-effect")),
    ]
}

/// Prints all totals of what the filter lets through.
pub fn print_all(
    reader: &Reader,
    filter: &Filter,
    zone: &TimeZone,
    format: Format,
    screen: &Screen,
) -> Result<(), Failure> {
    let lang = screen.lang;
    let mut sheet = Sheet { object: Map::new(), csv: String::new(), tables: Page::new(screen), screen };
    let mut attempts = 0;
    for (by, key, heading) in parts() {
        let lines = reader.totals(filter, by)?.into_iter().map(|total| {
            let (id, shown) = what(&total.what, lang);
            (vec![id], vec![shown], total.count)
        });
        attempts = sheet.part(key, heading, lines.collect());
    }
    let days = reader.days(filter, zone)?.into_iter();
    let days = days.map(|day| (vec![day.day.to_string()], vec![lang.date(of_day(day.day))], day.count));
    sheet.part("day", msg!("log-day"), days.collect());
    let crossed = reader.groups_by_category(filter)?.into_iter().map(|cell| {
        let (category, shown) = class(cell.category, cell.service, lang);
        let name = cell.group.unwrap_or_else(|| "–".into());
        (vec![name.clone(), category], vec![group(&name, lang), shown], cell.count)
    });
    sheet.cross("group_category", msg!("log-group"), crossed.collect());
    let names = reader.top_names(filter, NAMES_SHOWN)?.into_iter().map(|name| {
        let (category, shown) = class(name.category, name.service, lang);
        let text = name.name.to_string();
        (vec![text.clone(), category], vec![to_display(&text), shown], name.count)
    });
    sheet.cross("name", msg!("log-top-names"), names.collect());
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
        Format::Table => {
            let mut page = Page::new(screen);
            page.say(&msg!("log-attempts", count = attempts));
            page.say(&msg!("log-visits", count = visits));
            page.append(sheet.tables);
            page.print()
        }
    }
}

/// A day as it is printed; the time of day is not.
fn of_day(day: Date) -> Moment {
    Moment { year: day.year(), month: day.month(), day: day.day(), ..Moment::default() }
}

/// A line: ids for exports, words for people, how many.
type Line = (Vec<String>, Vec<String>, u64);

struct Sheet<'s> {
    object: Map<String, Value>,
    csv: String,
    tables: Page<'s>,
    screen: &'s Screen,
}

impl Sheet<'_> {
    /// Adds a part with one column, and gives back the sum.
    fn part(&mut self, key: &str, heading: Message, lines: Vec<Line>) -> u64 {
        let counts = lines.iter().map(|(ids, _, count)| (ids[0].clone(), Value::from(*count)));
        self.object.insert(format!("by_{key}"), Value::Object(counts.collect()));
        for (ids, _, count) in &lines {
            let _ = writeln!(self.csv, "{key},{},,{count}", csv(&ids[0]));
        }
        let sum = lines.iter().map(|(_, _, count)| count).sum();
        self.draw(vec![heading], lines);
        sum
    }

    /// Adds a part with two columns, the second a category.
    fn cross(&mut self, key: &str, heading: Message, lines: Vec<Line>) {
        let field = key.split('_').next().unwrap_or(key);
        let objects = lines
            .iter()
            .map(|(ids, _, count)| json!({ field: ids[0], "category": ids[1], "attempts": count }));
        self.object.insert(format!("by_{key}"), Value::Array(objects.collect()));
        for (ids, _, count) in &lines {
            let _ = writeln!(self.csv, "{key},{},{},{count}", csv(&ids[0]), csv(&ids[1]));
        }
        self.draw(vec![heading, msg!("log-category")], lines);
    }

    fn draw(&mut self, mut headings: Vec<Message>, lines: Vec<Line>) {
        headings.push(msg!("status-queries"));
        let mut table = Table::new(headings.iter().map(|heading| self.screen.say(heading)));
        let count = lines.len();
        for (_, mut words, count) in lines.into_iter().take(CROSSED_SHOWN) {
            words.push(self.screen.lang.number(count));
            table.row(words);
        }
        self.tables.gap();
        self.tables.table(&table);
        if count > CROSSED_SHOWN {
            self.tables.say(&super::print::cut_short(CROSSED_SHOWN as u64, Some(count as u64)));
        }
    }
}

fn class(category: Option<Category>, service: Option<ServiceId>, lang: Lang) -> (String, String) {
    match (category, service) {
        (Some(category), _) => (category.id().into(), of_category(category, lang).into()),
        (None, Some(service)) => (service.word(), of_service(service, lang)),
        (None, None) => ("none".into(), msg!("log-no-category").text(lang)),
    }
}

fn what(what: &What, lang: Lang) -> (String, String) {
    let same = |text: &str| (text.to_owned(), text.to_owned());
    match what {
        What::Tier(tier) => (tier.id().into(), of_tier(*tier, lang).into()),
        What::Category(category) => class(*category, None, lang),
        What::Service(service) => class(None, Some(*service), lang),
        What::Group(Some(name)) => (name.clone(), group(name, lang)),
        What::List(Some(name)) => same(name),
        What::Group(None) | What::List(None) => ("none".into(), "–".into()),
        What::Layer(layer) => (layer.id().into(), layer_text(*layer, lang)),
        What::Effect(effect) => (effect.id().into(), words::of_effect(*effect).text(lang)),
        What::Hour(at) => same(&at.to_string()),
    }
}
