//! `lachan lists …`: what is in force, newer texts, a new index, what an index has that another lacks.

use std::io::IsTerminal;
use std::path::Path;

use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::args::{ListsAcceptArgs, ListsCompileArgs, ListsDiffArgs, ListsStatusArgs, ListsUpdateArgs};
use super::out::{Ended, Failure, print_json};
use super::page::Page;
use super::place;
use super::reply::tell;
use super::screen::Screen;
use super::table::Table;
use super::words;
use crate::app::lists as in_force;
use crate::app::lookup::OwnLookup;
use crate::app::moment;
use crate::app::snapshot;
use crate::config::Settings;
use crate::control::{Request, client};
use crate::dns::name::OwnedName;
use crate::filter::Index;
use crate::filter::build::Step as BuildStep;
use crate::filter::diff::{Change, diff as compare};
use crate::i18n::{Message, msg};
use crate::lists::account::{Account, Optioned, Reason};
use crate::lists::brands;
use crate::lists::fetch::Fetcher;
use crate::lists::meta::{Acceptance, Meta, source_of};
use crate::lists::read::{Reading, survey, survey_file};
use crate::lists::spec::{ListSpec, SourceSpec};
use crate::lists::store::Store;
use crate::model::likeness::brand_of;
use crate::model::pattern::pattern_of;
use crate::sys::clock::unix_now;
use crate::sys::limits::keep_files_private;
use crate::sys::whole::open_file;
use crate::update::compile::{Compiled, Source, Step, Text, compile as compile_lists};
use crate::update::refresh::{Means, Refreshed, refresh};

/// Shows each list: what it is, where its copy is from, and what became of every line of it.
///
/// # Errors
/// A config with mistakes, a state folder that cannot be read.
pub fn status(args: &ListsStatusArgs, screen: &Screen) -> Result<Ended, Failure> {
    let settings = place::settings(&args.place, screen)?;
    let store = Store::open(&in_force::store_path(&settings.state))?;
    let protected = in_force::protected();
    let mut rows = Vec::new();
    for source in in_force::sources(&settings, &store) {
        let reading = match &source.text {
            Text::Embedded(text) => survey(text.as_bytes(), &source.spec, protected),
            Text::Fresh(fresh) => fresh.reading.clone(),
            Text::File(path) => survey_file(&open_file(path)?, &source.spec, protected, &settings.state)?,
            // Its text cannot be read: it is among the failures below.
            Text::InForce(..) => continue,
        };
        let meta = store.meta(&source.spec.id).filter(|_| matches!(source.text, Text::File(_)));
        rows.push(Row { reading, source, meta });
    }
    let failures: Vec<_> = settings
        .lists
        .specs
        .iter()
        .filter_map(|spec| {
            let has_copy = rows.iter().any(|row| row.source.spec.id == spec.id);
            let meta = store.meta(&spec.id);
            let failure = meta.and_then(|meta| in_force::failing(&meta, &settings.journal.time_zone));
            (failure.is_some() || !has_copy).then(|| (spec.id.clone(), failure, has_copy))
        })
        .collect();
    if args.json {
        let lists: Vec<Value> = rows.iter().map(as_json).collect();
        let failed: Vec<Value> = failures
            .iter()
            .map(|(id, failure, has_copy)| {
                json!({ "id": id, "in_force": has_copy, "why": failure.as_ref().map(Message::to_string) })
            })
            .collect();
        let brands = learned(&settings).map(|(count, from)| json!({ "count": count, "learned_from": from }));
        print_json(&json!({ "lists": lists, "failures": failed, "brands": brands }))?;
        return Ok(Ended::Done);
    }
    let mut page = Page::new(screen);
    page.table(&accounts(&rows, screen));
    if let Some((count, from)) = learned(&settings) {
        page.gap();
        page.say(&msg!("lists-brands", count = count, from = from.join(", ")));
    }
    for row in &rows {
        remarks(&mut page, row, &settings.journal.time_zone);
        reasons(&mut page, row, args.samples, screen);
        options(&mut page, row);
    }
    for (id, failure, has_copy) in &failures {
        page.gap();
        let stays = in_force::in_use(*has_copy);
        page.say(&match failure {
            Some(why) => msg!("list-not-taken", id = id, why = why.clone(), stays = stays),
            None => msg!("trouble-of", of = id, what = stays),
        });
    }
    page.print()?;
    Ok(Ended::Done)
}

/// How many brands the index in force has, and the lists that taught them; none without an index that can be read.
fn learned(settings: &Settings) -> Option<(u64, Vec<String>)> {
    let index = Index::open(&in_force::index_path(&settings.state)).ok()?;
    let number = index.lists().iter().position(|list| list.id == brands::LIST)?;
    let from = index.lists().iter().map(|list| &list.id).filter(|id| brands::teaches(id));
    Some((index.names_of(u16::try_from(number).ok()?), from.cloned().collect()))
}

/// One of an account's counts.
type Count = fn(&Account) -> u32;

/// What became of every entry of every list. Counts that no list has have no column.
fn accounts(rows: &[Row], screen: &Screen) -> Table {
    let counts: [(Message, Count); 6] = [
        (msg!("lists-entries"), Account::entries),
        (msg!("lists-taken"), |account| account.taken),
        (msg!("lists-exceptions"), |account| account.excepted),
        (msg!("lists-ignored"), Account::ignored_total),
        (msg!("lists-refused"), Account::refused_total),
        (msg!("lists-rewrites"), |account| account.rewrites),
    ];
    let has_some = |count: &Count| rows.iter().any(|row| count(&row.reading.account) > 0);
    let counts: Vec<_> = counts.into_iter().filter(|(_, count)| has_some(count)).collect();
    let headings = [msg!("lists-list"), msg!("lists-format")].into_iter();
    let headings = headings.chain(counts.iter().map(|(heading, _)| heading.clone()));
    let mut table = Table::new(headings.map(|heading| screen.say(&heading)));
    for Row { reading, source, .. } in rows {
        let words = [source.spec.id.clone(), reading.format.id().into()].into_iter();
        let numbers = counts.iter().map(|(_, count)| screen.lang.number(count(&reading.account).into()));
        table.row(words.chain(numbers));
    }
    table
}

/// One list in force.
struct Row {
    reading: Reading,
    source: Source,
    /// What is known of its copy; none for the program's own lists.
    meta: Option<Meta>,
}

/// Where a copy is from, and what a person should know of it.
fn remarks(page: &mut Page<'_>, row: &Row, zone: &TimeZone) {
    let Row { reading, source, meta: Some(meta) } = row else { return };
    page.gap();
    let at = Timestamp::from_second(meta.fetched_at as i64).unwrap_or_default();
    let at = moment(at, zone);
    let (id, version) = (&source.spec.id, &source.version);
    page.say(&msg!("lists-copy-from", id = id, version = version, source = &meta.source, at = at));
    if !meta.is_from(&source.spec) {
        page.item(&msg!("lists-other-source", source = source_of(&source.spec)));
    }
    if reading.wildcards_cover_names {
        page.item(&msg!("lists-wildcards-cover-names"));
    }
    if let Some(warning) = in_force::warning(meta) {
        page.item(&warning);
    }
    if let Some(Acceptance { who, why, at }) = &meta.accepted {
        let at = moment(Timestamp::from_second(*at as i64).unwrap_or_default(), zone);
        page.item(&msg!("lists-accepted", who = who, why = why, at = at));
    }
}

/// The reasons of one list that are worth a look.
fn reasons(page: &mut Page<'_>, row: &Row, samples: bool, screen: &Screen) {
    let account = &row.reading.account;
    let refused: Vec<(Reason, u32)> =
        account.reasons().filter(|(reason, _)| matches!(reason, Reason::Refused(_))).collect();
    if refused.is_empty() {
        return;
    }
    page.gap();
    page.say(&msg!("lists-refused-of", id = &row.source.spec.id));
    for (reason, count) in refused {
        page.item(&msg!("lists-reason", count = count, why = reason.message()));
        for sample in account.samples.iter().filter(|sample| samples && sample.reason == reason) {
            let line = msg!("lists-sample", line = sample.line.to_string(), text = &sample.text);
            page.line(&format!("  {}", screen.say(&line)));
        }
    }
}

/// Options of rules that decided over them.
fn options(page: &mut Page<'_>, row: &Row) {
    let mut options = row.reading.account.options().peekable();
    if options.peek().is_none() {
        return;
    }
    page.gap();
    page.say(&msg!("lists-options-of", id = &row.source.spec.id));
    for (option, Optioned { taken, refused }) in options {
        let option = format!("${}", option.id());
        page.item(&msg!("lists-option", option = option, taken = taken, refused = refused));
    }
}

fn as_json(row: &Row) -> Value {
    let Row { reading, source, meta } = row;
    let account = &reading.account;
    let reasons: serde_json::Map<String, Value> =
        account.reasons().map(|(reason, count)| (reason.id().to_owned(), count.into())).collect();
    let options: serde_json::Map<String, Value> = account
        .options()
        .map(|(option, count)| {
            (option.id().to_owned(), json!({ "taken": count.taken, "refused": count.refused }))
        })
        .collect();
    json!({
        "id": source.spec.id,
        "version": source.version,
        "format": reading.format.id(),
        "why_format": reading.why_format.message().to_string(),
        "wildcards_cover_names": reading.wildcards_cover_names,
        "source": source_of(&source.spec),
        "copy_from": meta.as_ref().map(|meta| &meta.source),
        "is_from_source": meta.as_ref().is_none_or(|meta| meta.is_from(&source.spec)),
        "fetched_at": meta.as_ref().map(|meta| meta.fetched_at),
        "accepted": meta.as_ref().and_then(|meta| meta.accepted.as_ref()),
        "failing_since": meta.as_ref().and_then(|meta| meta.failing_since),
        "warning": meta.as_ref().and_then(|meta| meta.warning.as_ref()).map(|warning| warning.why.to_string()),
        "lines": account.lines,
        "extra": account.extra,
        "entries": account.entries(),
        "taken": account.taken,
        "excepted": account.excepted,
        "ignored": account.ignored_total(),
        "refused": account.refused_total(),
        "rewrites": account.rewrites,
        "reasons": reasons,
        "options": options,
    })
}

/// Fetches the lists now: through the running server if there is one, else into the state folder. A list
/// that was not taken is named, and the exit code is 1.
///
/// # Errors
/// A config with mistakes, a state folder that cannot be written.
pub fn update(args: &ListsUpdateArgs, screen: &Screen) -> Result<Ended, Failure> {
    keep_files_private();
    let settings = place::settings(&args.place, screen)?;
    match client::ask(&place::control_socket(&args.place), &Request::UpdateLists) {
        Ok(reply) => return tell(reply, screen),
        Err(client::AskError::NotRunning { .. }) => {}
        Err(error) => return Err(error.into()),
    }
    std::fs::create_dir_all(&settings.state)?;
    let store = Store::open(&in_force::store_path(&settings.state))?;
    if settings.lists.specs.is_empty() {
        said(&msg!("no-lists-to-fetch"), screen)?;
    }
    let fetched = fetch_each(&settings, &store, |_| true, &mut |line| said(line, screen), screen)?;
    let compiled = compile_at(&settings, &store, &in_force::index_path(&settings.state), screen)?;
    summary(&compiled, screen).print()?;
    Ok(if compiled.unreadable.is_empty() { fetched } else { Ended::Refused })
}

/// Notes that a list's next copy is wanted, by whom and why, and fetches the lists.
///
/// # Errors
/// An id that the config does not have, and what [`update`] says.
pub fn accept(args: &ListsAcceptArgs, screen: &Screen) -> Result<Ended, Failure> {
    keep_files_private();
    let settings = place::settings(&args.place, screen)?;
    let id = &args.id;
    if !settings.lists.specs.iter().any(|spec| spec.id == *id) {
        return Err(msg!("lists-no-such", id = id).into());
    }
    let who = args.who.clone().unwrap_or_else(this_user);
    let acceptance = Acceptance { who, why: args.why.clone(), at: unix_now() };
    Store::open(&in_force::store_path(&settings.state))?.accept(id, &acceptance)?;
    update(&ListsUpdateArgs { place: args.place.clone() }, screen)
}

/// The name of who types: behind `sudo`, the person's own.
fn this_user() -> String {
    let named = ["SUDO_USER", "USER", "LOGNAME"].into_iter().find_map(|name| std::env::var(name).ok());
    named.filter(|name| !name.is_empty()).unwrap_or_else(|| "?".into())
}

/// Fetches those lists of the config that are `wanted`, and tells what came of each: what is in order by
/// `told`, what is not on standard error.
fn fetch_each(
    settings: &Settings,
    store: &Store,
    wanted: impl Fn(&ListSpec) -> bool,
    told: &mut dyn FnMut(&Message) -> Result<(), Failure>,
    screen: &Screen,
) -> Result<Ended, Failure> {
    let protected = in_force::protected();
    let fetcher = Fetcher { settings: &settings.lists.fetch, lookup: OwnLookup::alone(settings) };
    let means = Means { store, protected, fetcher: &fetcher, gate: &settings.lists.gate, now: unix_now() };
    let mut ended = Ended::Done;
    for spec in settings.lists.specs.iter().filter(|spec| wanted(spec)) {
        let bar = bar(&spec.id);
        let outcome = refresh(spec, means, &mut |progress| {
            bar.set_length(progress.total.unwrap_or(0));
            bar.set_position(progress.octets);
        });
        bar.finish_and_clear();
        match outcome {
            Ok(refreshed) => {
                told(&in_force::renewed(&spec.id, &refreshed))?;
                if let Refreshed::New(meta) = &refreshed
                    && let Some(warning) = in_force::warning(meta)
                {
                    screen.complain(&warning);
                }
            }
            Err(error) => {
                ended = Ended::Refused;
                screen.complain(&in_force::not_taken(&spec.id, &error, store));
            }
        }
    }
    Ok(ended)
}

/// Builds an index from the lists in force. A list that was not taken is named, and the exit code is 1.
///
/// # Errors
/// A config with mistakes, a disk that is full.
pub fn compile(args: &ListsCompileArgs, screen: &Screen) -> Result<Ended, Failure> {
    keep_files_private();
    let settings = place::settings(&args.place, screen)?;
    std::fs::create_dir_all(&settings.state)?;
    let store = Store::open(&in_force::store_path(&settings.state))?;
    snapshot::bring_in(&settings, &store);
    // Lists in files of this machine need no download: what they hold now goes through the gate first.
    let is_file = |spec: &ListSpec| matches!(spec.source, SourceSpec::File(_));
    // Standard output is for the summary, which a program may read.
    let fetched = fetch_each(&settings, &store, is_file, &mut |_| Ok(()), screen)?;
    let target = args.output.clone().unwrap_or_else(|| in_force::index_path(&settings.state));
    let compiled = compile_at(&settings, &store, &target, screen)?;
    // Lists that have never been fetched are missing too.
    let is_read = |id: &str| compiled.readings.iter().any(|(read, _)| read == id);
    let ids = settings.lists.specs.iter().map(|spec| spec.id.as_str());
    let missing: Vec<&str> = ids.filter(|id| !is_read(id)).collect();
    if args.json {
        let stats = compiled.index.stats();
        print_json(&json!({
            "index": format!("{:016x}", compiled.index.id()),
            "names": stats.names,
            "classes": stats.classes,
            "lists": stats.lists,
            "octets_hot": stats.bytes_hot,
            "octets_file": stats.bytes_file,
            "took_ms": compiled.summary.took.as_millis() as u64,
            "unreadable": compiled.unreadable.iter().map(|(id, _)| id).collect::<Vec<_>>(),
            "missing": missing,
        }))?;
    } else {
        summary(&compiled, screen).print()?;
    }
    for id in &missing {
        screen.complain(&msg!("lists-not-in-index", id = *id));
    }
    Ok(if missing.is_empty() { fetched } else { Ended::Refused })
}

fn compile_at(
    settings: &Settings,
    store: &Store,
    target: &Path,
    screen: &Screen,
) -> Result<Compiled, Failure> {
    let sources = in_force::sources(settings, store);
    let bar = bar("");
    let compiled = compile_lists(&sources, in_force::protected(), None, target, &mut |step| match step {
        Step::Read { id, number, of } => {
            bar.set_length(of as u64);
            bar.set_position(number as u64);
            bar.set_message(screen.say(&msg!("lists-step-read", id = id)));
        }
        Step::Build(progress) => {
            bar.set_length(progress.of);
            bar.set_position(progress.done);
            bar.set_message(screen.say(&match progress.step {
                BuildStep::Merge => msg!("lists-step-merge"),
                BuildStep::Write => msg!("lists-step-write"),
                BuildStep::Verify => msg!("lists-step-verify"),
            }));
        }
    });
    bar.finish_and_clear();
    Ok(compiled?)
}

fn summary<'s>(compiled: &Compiled, screen: &'s Screen) -> Page<'s> {
    let summary = &compiled.summary;
    let per_name = |octets: u64| screen.lang.decimal(octets as f64 / summary.names.max(1) as f64);
    let mut page = Page::new(screen);
    page.say(&msg!(
        "lists-index",
        names = summary.names,
        lists = summary.lists,
        hot = per_name(summary.bytes_hot),
        all = per_name(summary.bytes_file),
        ms = summary.took.as_millis() as u64,
    ));
    for (id, error) in &compiled.unreadable {
        page.say(&msg!("lists-unreadable", id = id, error = error));
    }
    page
}

/// Prints one sentence.
fn said(message: &Message, screen: &Screen) -> Result<(), Failure> {
    let mut page = Page::new(screen);
    page.say(message);
    page.print()
}

/// A progress bar where a person looks on, else nothing.
fn bar(message: &str) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(0).with_message(message.to_owned());
    bar.set_style(
        ProgressStyle::with_template("{bar:30} {percent:>3}% {msg}").unwrap_or(ProgressStyle::default_bar()),
    );
    bar
}

/// Names shown of each change.
const SAMPLES: usize = 20;

/// Compares two indexes.
///
/// # Errors
/// An index that cannot be opened.
pub fn diff(args: &ListsDiffArgs, screen: &Screen) -> Result<Ended, Failure> {
    let (old, new) = (Index::open(&args.old)?, Index::open(&args.new)?);
    let diff = compare(&old, &new, SAMPLES);
    if args.json {
        let categories: Vec<Value> = diff
            .categories
            .iter()
            .map(|(category, change)| json!({ "category": category.id(), "change": change_json(change) }))
            .collect();
        let lists: Vec<Value> = diff
            .lists
            .iter()
            .map(|list| {
                json!({
                    "list": list.id,
                    "was_version": list.was_version,
                    "is_version": list.is_version,
                    "change": change_json(&list.names),
                })
            })
            .collect();
        print_json(&json!({ "names": change_json(&diff.names), "lists": lists, "categories": categories }))?;
        return Ok(Ended::Done);
    }
    let table = |what: Message| {
        let headings = [what, msg!("diff-was"), msg!("diff-is"), msg!("diff-added"), msg!("diff-removed")];
        Table::new(headings.map(|heading| screen.say(&heading)))
    };
    let mut categories = table(msg!("check-category"));
    for (category, change) in &diff.categories {
        categories.row(change_row(words::of_category(*category, screen.lang).into(), change, screen));
    }
    categories.row(change_row(screen.say(&msg!("status-all")), &diff.names, screen));
    let mut lists = table(msg!("lists-list"));
    for list in diff.lists.iter().filter(|list| list.names.added + list.names.removed > 0) {
        lists.row(change_row(list.id.clone(), &list.names, screen));
    }
    let mut page = Page::new(screen);
    page.table(&categories);
    page.gap();
    page.table(&lists);
    for (sign, names) in [('+', &diff.names.added_samples), ('-', &diff.names.removed_samples)] {
        for name in names {
            page.line(&format!("{sign} {}", entry(name)));
        }
    }
    page.print()?;
    Ok(Ended::Done)
}

/// A name of an index as people know it: a pattern as its list writes it, a brand with any ending.
fn entry(name: &OwnedName) -> String {
    let brand = || Some(format!("{}.*", String::from_utf8_lossy(brand_of(name.as_name())?)));
    pattern_of(name.as_name()).or_else(brand).unwrap_or_else(|| name.to_string())
}

fn change_row(what: String, change: &Change, screen: &Screen) -> Vec<String> {
    let counts = [change.was, change.is, change.added, change.removed];
    std::iter::once(what).chain(counts.map(|count| screen.lang.number(count))).collect()
}

fn change_json(change: &Change) -> Value {
    let names = |names: &[OwnedName]| names.iter().map(entry).collect::<Vec<_>>();
    json!({
        "was": change.was,
        "is": change.is,
        "added": change.added,
        "removed": change.removed,
        "added_samples": names(&change.added_samples),
        "removed_samples": names(&change.removed_samples),
    })
}
