//! `lachan lists brands`: the labels of bookmakers that lists taught, what they were learned from, and which names the
//! journal has because of them.

use std::collections::HashSet;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::args::ListsBrandsArgs;
use super::log::when;
use super::out::{Ended, Failure, print_json};
use super::page::Page;
use super::place;
use super::screen::Screen;
use super::table::Table;
use crate::app::lists as in_force;
use crate::config::Settings;
use crate::dns::name::{Name, OwnedName};
use crate::dns::suffixes::Suffixes;
use crate::dns::written;
use crate::filter::Index;
use crate::i18n::{msg, slip};
use crate::journal::access::Reader;
use crate::journal::rows::{Filter, NameTotal};
use crate::lists::brands::Brand;
use crate::lists::store::Store;
use crate::model::category::Category;
use crate::model::likeness::{brand_of, find_brand};
use crate::update::compile::brands_of;

/// Names of the journal that are looked at, the most asked first.
const CAUGHT_MAX: usize = 100_000;

/// Shows all brands, the evidence of one, or the names that were caught.
///
/// # Errors
/// A config with mistakes, no index, no journal, a name that is none.
pub fn run(args: &ListsBrandsArgs, screen: &Screen) -> Result<Ended, Failure> {
    let settings = place::settings(&args.place, screen)?;
    let path = in_force::index_path(&settings.state);
    place::may_read(&path)?;
    if args.caught {
        return caught(args, &settings, &Index::open(&path)?, screen);
    }
    let store = Store::at(&in_force::store_path(&settings.state));
    let sources = in_force::sources(&settings, &store);
    let brands = brands_of(&sources, in_force::protected(), &settings.state);
    match &args.name {
        None => all(args, &brands, screen),
        Some(written) => one(args, written, &brands, screen),
    }
}

fn label(brand: &Brand) -> String {
    String::from_utf8_lossy(&brand.label).into_owned()
}

fn all(args: &ListsBrandsArgs, brands: &[Brand], screen: &Screen) -> Result<Ended, Failure> {
    if args.json {
        let brands: Vec<Value> = brands.iter().map(as_json).collect();
        print_json(&json!({ "brands": brands }))?;
        return Ok(Ended::Done);
    }
    let headings = [msg!("brands-brand"), msg!("brands-names"), msg!("brands-example")];
    let mut table = Table::new(headings.map(|heading| screen.say(&heading)));
    for brand in brands {
        let example = brand.names.first().map(ToString::to_string).unwrap_or_default();
        table.row([label(brand), screen.lang.number(brand.names.len() as u64), example]);
    }
    let mut page = Page::new(screen);
    page.table(&table);
    page.gap();
    page.say(&msg!("brands-count", count = brands.len()));
    page.print()?;
    Ok(Ended::Done)
}

fn as_json(brand: &Brand) -> Value {
    let names: Vec<String> = brand.names.iter().map(ToString::to_string).collect();
    json!({ "brand": label(brand), "names": names })
}

/// The evidence of one brand: that which is written, or that in a name.
fn one(args: &ListsBrandsArgs, text: &str, brands: &[Brand], screen: &Screen) -> Result<Ended, Failure> {
    let Some(brand) = meant(text, brands)? else {
        screen.complain(&msg!("brands-none", name = text));
        return Ok(Ended::Refused);
    };
    if args.json {
        print_json(&as_json(brand))?;
        return Ok(Ended::Done);
    }
    let mut page = Page::new(screen);
    page.say(&msg!("brands-evidence", brand = label(brand), count = brand.names.len()));
    brand.names.iter().for_each(|name| page.line(&format!("  {name}")));
    page.print()?;
    Ok(Ended::Done)
}

fn meant<'b>(text: &str, brands: &'b [Brand]) -> Result<Option<&'b Brand>, Failure> {
    let of = |label: &[u8]| brands.iter().find(|brand| *brand.label == *label);
    let lower = text.to_lowercase();
    if let Some(found) = of(lower.as_bytes()) {
        return Ok(Some(found));
    }
    let name = written::name(&lower).map_err(|wrong| {
        let why = slip::told(wrong.slip);
        msg!("not-a-name", written = text, why = why)
    })?;
    let labels: HashSet<&[u8]> = brands.iter().map(|brand| &*brand.label).collect();
    let mut look = |asked: Name<'_>| brand_of(asked).is_some_and(|label| labels.contains(label));
    let found = find_brand(name.as_name(), &mut look);
    Ok(found.and_then(|found| of(brand_of(found.as_name())?)))
}

/// Names of the journal that were blocked or counted because of a brand alone: for a person to judge, and for the
/// Department to take into its lists.
fn caught(
    args: &ListsBrandsArgs,
    settings: &Settings,
    index: &Index,
    screen: &Screen,
) -> Result<Ended, Failure> {
    let folder = &settings.journal.folder;
    place::may_read(&folder.join("journal.sqlite"))?;
    let reader = Reader::open(folder)?;
    let zone = &settings.journal.time_zone;
    let since = args.since.as_deref().map(|text| when::parse(text, zone, Timestamp::now())).transpose()?;
    let filter = Filter { since, category: Some(Category::Gambling), ..Filter::default() };
    let mut found: Vec<(OwnedName, String, u64)> = Vec::new();
    for NameTotal { name, count, .. } in reader.top_names(&filter, CAUGHT_MAX)? {
        let listed = index.lookup(&Suffixes::of(index.key(), name.as_name())).categories;
        if listed.contains(Category::Gambling) {
            continue;
        }
        let Some(brand) = index.brand_in(name.as_name()) else { continue };
        let brand = brand_of(brand.as_name()).unwrap_or_default();
        let brand = String::from_utf8_lossy(brand).into_owned();
        found.push((name, brand, count));
    }
    if args.json {
        let names: Vec<Value> = found
            .iter()
            .map(|(name, brand, attempts)| {
                json!({ "name": name.to_string(), "brand": brand, "attempts": attempts })
            })
            .collect();
        print_json(&json!({ "caught": names }))?;
        return Ok(Ended::Done);
    }
    let headings = [msg!("brands-name"), msg!("brands-brand"), msg!("brands-attempts")];
    let mut table = Table::new(headings.map(|heading| screen.say(&heading)));
    for (name, brand, attempts) in &found {
        table.row([name.to_string(), brand.clone(), screen.lang.number(*attempts)]);
    }
    let mut page = Page::new(screen);
    if !found.is_empty() {
        page.table(&table);
        page.gap();
    }
    page.say(&msg!("brands-caught", count = found.len()));
    page.print()?;
    Ok(Ended::Done)
}
