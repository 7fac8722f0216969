//! `lachan lists catalogue`: the public sources that a school can switch on, with their figures.

use serde_json::{Value, json};

use super::args::ListsCatalogueArgs;
use super::out::{Ended, Failure, print_json};
use super::page::Page;
use super::screen::Screen;
use super::table::Table;

use crate::i18n::{Lang, msg};
use crate::lists::catalogue::{self, CatalogueEntry};
use crate::lists::measured::{self, Measurement};
use crate::model::rule::ListKind;

/// Shows the catalogue.
///
/// # Errors
/// What was said could not be written.
pub fn catalogue(args: &ListsCatalogueArgs, screen: &Screen) -> Result<Ended, Failure> {
    let (entries, measured) = (catalogue::all(), measured::embedded());
    if args.json {
        print_json(&as_json(&entries, &measured))?;
        return Ok(Ended::Done);
    }
    let mut page = Page::new(screen);
    page.table(&table(&entries, &measured, screen));
    page.gap();
    page.say(&msg!("catalogue-measured", date = &measured.date));
    for (corpus, names) in &measured.corpora {
        page.item(&msg!("catalogue-corpus", corpus = corpus, names = *names));
    }
    page.gap();
    page.say(&msg!("catalogue-notes"));
    for entry in &entries {
        let note = match screen.lang {
            Lang::Vi => &entry.notes_vi,
            Lang::En => &entry.notes_en,
        };
        let (id, licence) = (&entry.spec.id, &entry.licence);
        page.item(&match note.is_empty() {
            true => msg!("catalogue-licence", id = id, licence = licence),
            false => msg!("catalogue-note", id = id, licence = licence, note = note),
        });
    }
    page.print()?;
    Ok(Ended::Done)
}

fn table(entries: &[CatalogueEntry], measured: &Measurement, screen: &Screen) -> Table {
    let headings = [
        msg!("lists-list"),
        msg!("catalogue-category"),
        msg!("catalogue-rules"),
        msg!("catalogue-alone"),
        msg!("catalogue-pupils"),
        msg!("catalogue-staff"),
    ];
    let mut table = Table::new(headings.iter().map(|heading| screen.say(heading)));
    for entry in entries {
        let figures = measured.sources.get(&entry.spec.id);
        let number =
            |count: Option<u32>| count.map_or("–".to_owned(), |count| screen.lang.number(count.into()));
        let words = [entry.spec.id.clone(), category(entry).to_owned()];
        let numbers = [
            figures.map(|figures| figures.rules),
            figures.map(|figures| figures.alone),
            figures.map(|figures| figures.pupils),
            figures.map(|figures| figures.staff),
        ];
        table.row(words.into_iter().chain(numbers.map(number)));
    }
    table
}

fn category(entry: &CatalogueEntry) -> &'static str {
    match entry.spec.kind {
        ListKind::Block(category) => category.id(),
        ListKind::Allow | ListKind::Protect(_) => "–",
    }
}

fn as_json(entries: &[CatalogueEntry], measured: &Measurement) -> Value {
    let source = |entry: &CatalogueEntry| {
        let figures = measured.sources.get(&entry.spec.id).map(|figures| {
            json!({
                "rules": figures.rules,
                "alone": figures.alone,
                "pupils": figures.pupils,
                "staff": figures.staff,
            })
        });
        json!({
            "id": entry.spec.id,
            "category": category(entry),
            "licence": entry.licence,
            "vi": entry.vi,
            "en": entry.en,
            "notes_vi": entry.notes_vi,
            "notes_en": entry.notes_en,
            "measured": figures,
        })
    };
    let corpora: Vec<Value> =
        measured.corpora.iter().map(|(name, names)| json!({ "name": name, "names": names })).collect();
    json!({
        "measured": { "date": measured.date, "corpora": corpora },
        "sources": entries.iter().map(source).collect::<Vec<Value>>(),
    })
}
