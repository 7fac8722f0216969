//! `lachan lists …`: what is in force, newer texts, a new index, what an index has that another lacks.

use std::io::IsTerminal;

use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::args::{ListsCompileArgs, ListsDiffArgs, ListsStatusArgs, ListsUpdateArgs};
use super::out::{Ended, Failure, Table, complain, grouped, print, print_json, tell};
use super::place;
use super::screen::Screen;
use crate::app::lists as in_force;
use crate::app::lookup::OwnLookup;
use crate::config::Settings;
use crate::control::{Request, client};
use crate::dns::name::OwnedName;
use crate::filter::Index;
use crate::filter::build::Step as BuildStep;
use crate::filter::diff::{Change, diff as compare};
use crate::lists::account::{Account, Reason};
use crate::lists::fetch::Fetcher;
use crate::lists::read::{Reading, survey, survey_file};
use crate::lists::spec::{ListSpec, SourceSpec};
use crate::lists::store::{Meta, Store, source_of};
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
            Text::Embedded(text) => survey(text.as_bytes(), &source.spec, &protected),
            Text::Fresh(fresh) => fresh.reading.clone(),
            Text::File(path) => survey_file(&open_file(path)?, &source.spec, &protected, &settings.state)?,
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
            let failure = store.meta(&spec.id).and_then(|meta| meta.failure);
            (failure.is_some() || !has_copy).then(|| (spec.id.clone(), failure, has_copy))
        })
        .collect();
    if args.json {
        let lists: Vec<Value> = rows.iter().map(as_json).collect();
        let failed: Vec<Value> = failures
            .iter()
            .map(|(id, failure, has_copy)| {
                json!({ "id": id, "in_force": has_copy, "why": failure.as_ref().map(|failure| &failure.en) })
            })
            .collect();
        print_json(&json!({ "lists": lists, "failures": failed }))?;
        return Ok(Ended::Done);
    }
    let mut table = Table::new(&[
        "danh sách / list",
        "bản / version",
        "dạng / format",
        "mục / entries",
        "dùng / taken",
        "ngoại lệ / exceptions",
        "bỏ qua / ignored",
        "từ chối / refused",
        "chuyển hướng / rewrites",
    ]);
    for Row { reading, source, .. } in &rows {
        let account = &reading.account;
        table.row(vec![
            source.spec.id.clone(),
            source.version.clone(),
            reading.format.id().into(),
            grouped(account.entries().into()),
            grouped(account.taken.into()),
            grouped(account.excepted.into()),
            grouped(account.ignored_total().into()),
            grouped(account.refused_total().into()),
            grouped(account.rewrites.into()),
        ]);
    }
    let mut text = table.render();
    for row in &rows {
        text += &remarks(row);
        text += &reasons(&row.source.spec.id, &row.reading.account, args.samples);
    }
    for (id, failure, has_copy) in &failures {
        let stays = if *has_copy {
            "bản cũ vẫn dùng / the last good copy stays"
        } else {
            "chưa có bản nào để dùng / nothing in force"
        };
        let why =
            failure.as_ref().map(|failure| format!("{} / {}; ", failure.vi, failure.en)).unwrap_or_default();
        text += &format!("\n{id}: {why}{stays}\n");
    }
    print(&text)?;
    Ok(Ended::Done)
}

/// One list in force.
struct Row {
    reading: Reading,
    source: Source,
    /// What is known of its copy; none for the program's own lists.
    meta: Option<Meta>,
}

/// Where a copy is from, and what a person should know of it.
fn remarks(row: &Row) -> String {
    let Row { reading, source, meta: Some(meta) } = row else { return String::new() };
    let id = &source.spec.id;
    let at = Timestamp::from_second(meta.fetched_at as i64).map(|at| at.to_string()).unwrap_or_default();
    let mut text = format!("\n{id}: bản lấy từ / copy from {}, {at}\n", meta.source);
    if !meta.is_from(&source.spec) {
        text += &format!(
            "  cấu hình nay ghi nguồn khác, sẽ tải / the config names another source now, to be fetched: {}\n",
            source_of(&source.spec)
        );
    }
    if reading.wildcards_cover_names {
        text += "  chỉ có dòng *.x: gồm cả x / nothing but *.x lines: x itself is covered too\n";
    }
    if let Some(warning) = in_force::warning(meta) {
        text += &format!("  {warning}\n");
    }
    text
}

/// The reasons of one list that are worth a look.
fn reasons(id: &str, account: &Account, samples: bool) -> String {
    let mut text = String::new();
    for (reason, count) in account.reasons() {
        if !matches!(reason, Reason::Refused(_)) {
            continue;
        }
        if text.is_empty() {
            text = format!("\n{id}\n");
        }
        text += &format!("  {}  {} / {}\n", grouped(count.into()), reason.vi(), reason.en());
        if samples {
            for sample in account.samples.iter().filter(|sample| sample.reason == reason) {
                text += &format!("      dòng / line {}: {}\n", sample.line, sample.text);
            }
        }
    }
    text
}

fn as_json(row: &Row) -> Value {
    let Row { reading, source, meta } = row;
    let account = &reading.account;
    let reasons: serde_json::Map<String, Value> =
        account.reasons().map(|(reason, count)| (reason.id().to_owned(), count.into())).collect();
    json!({
        "id": source.spec.id,
        "version": source.version,
        "format": reading.format.id(),
        "why_format": reading.why_format.en(),
        "wildcards_cover_names": reading.wildcards_cover_names,
        "source": source_of(&source.spec),
        "copy_from": meta.as_ref().map(|meta| &meta.source),
        "is_from_source": meta.as_ref().is_none_or(|meta| meta.is_from(&source.spec)),
        "fetched_at": meta.as_ref().map(|meta| meta.fetched_at),
        "warning": meta.as_ref().and_then(|meta| meta.warning.as_ref()).map(|warning| &warning.en),
        "lines": account.lines,
        "extra": account.extra,
        "entries": account.entries(),
        "taken": account.taken,
        "excepted": account.excepted,
        "ignored": account.ignored_total(),
        "refused": account.refused_total(),
        "rewrites": account.rewrites,
        "reasons": reasons,
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
    if let Some(id) = args.accept.iter().find(|id| !settings.lists.specs.iter().any(|spec| spec.id == **id)) {
        return Err(
            format!("không có danh sách `{id}` trong cấu hình / the config has no list `{id}`").into()
        );
    }
    if !args.accept.is_empty() {
        let store = Store::open(&in_force::store_path(&settings.state))?;
        args.accept.iter().try_for_each(|id| store.accept(id))?;
    }
    match client::ask(&place::control_socket(&args.place), &Request::UpdateLists) {
        Ok(reply) => return tell(reply),
        Err(client::AskError::NotRunning { .. }) => {}
        Err(error) => return Err(error.into()),
    }
    std::fs::create_dir_all(&settings.state)?;
    let store = Store::open(&in_force::store_path(&settings.state))?;
    if settings.lists.specs.is_empty() {
        print("cấu hình không có danh sách nào để tải / the config names no lists to download\n")?;
    }
    let fetched = fetch_each(&settings, &store, |_| true, &mut |line| print(&format!("{line}\n")))?;
    let compiled = compile_at(&settings, &store, &in_force::index_path(&settings.state))?;
    print(&summary(&compiled))?;
    Ok(if compiled.unreadable.is_empty() { fetched } else { Ended::Refused })
}

/// Fetches those lists of the config that are `wanted`, and tells what came of each: what is in order by
/// `told`, what is not on standard error.
fn fetch_each(
    settings: &Settings,
    store: &Store,
    wanted: impl Fn(&ListSpec) -> bool,
    told: &mut dyn FnMut(&str) -> Result<(), Failure>,
) -> Result<Ended, Failure> {
    let protected = in_force::protected();
    let fetcher = Fetcher { settings: &settings.lists.fetch, lookup: OwnLookup::alone(settings) };
    let means = Means { store, protected: &protected, fetcher: &fetcher, gate: &settings.lists.gate };
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
                    complain(&warning);
                }
            }
            Err(error) => {
                ended = Ended::Refused;
                complain(&in_force::not_taken(&spec.id, &error, store));
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
    // Lists in files of this machine need no download: what they hold now goes through the gate first.
    let is_file = |spec: &ListSpec| matches!(spec.source, SourceSpec::File(_));
    // Standard output is for the summary, which a program may read.
    let fetched = fetch_each(&settings, &store, is_file, &mut |_| Ok(()))?;
    let target = args.output.clone().unwrap_or_else(|| in_force::index_path(&settings.state));
    let compiled = compile_at(&settings, &store, &target)?;
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
        print(&summary(&compiled))?;
    }
    for id in &missing {
        complain(&format!("{id}: không có trong chỉ mục / not in the index"));
    }
    Ok(if missing.is_empty() { fetched } else { Ended::Refused })
}

fn compile_at(settings: &Settings, store: &Store, target: &std::path::Path) -> Result<Compiled, Failure> {
    let sources = in_force::sources(settings, store);
    let bar = bar("");
    let compiled = compile_lists(&sources, &in_force::protected(), target, &mut |step| match step {
        Step::Read { id, number, of } => {
            bar.set_length(of as u64);
            bar.set_position(number as u64);
            bar.set_message(format!("đọc / read {id}"));
        }
        Step::Build(progress) => {
            bar.set_length(progress.of);
            bar.set_position(progress.done);
            bar.set_message(match progress.step {
                BuildStep::Merge => "gộp / merge",
                BuildStep::Write => "ghi / write",
                BuildStep::Verify => "kiểm tra / verify",
            });
        }
    });
    bar.finish_and_clear();
    Ok(compiled?)
}

fn summary(compiled: &Compiled) -> String {
    let summary = &compiled.summary;
    let mut text = format!(
        "chỉ mục / index: {} tên / names, {} danh sách / lists, {} byte/tên nóng / hot, {} byte/tên tất cả / in all, {} ms\n",
        grouped(summary.names),
        summary.lists,
        per_name(summary.bytes_hot, summary.names),
        per_name(summary.bytes_file, summary.names),
        summary.took.as_millis()
    );
    for (id, error) in &compiled.unreadable {
        text += &format!("{id}: không đọc được / could not be read: {error}\n");
    }
    text
}

fn per_name(octets: u64, names: u64) -> String {
    format!("{:.1}", octets as f64 / names.max(1) as f64)
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
pub fn diff(args: &ListsDiffArgs) -> Result<Ended, Failure> {
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
    let headings = ["cũ / was", "mới / is", "thêm / added", "bớt / removed"];
    let mut categories = Table::new(&[&["nhóm nội dung / category"][..], &headings].concat());
    for (category, change) in &diff.categories {
        categories.row(change_row(category.vi().into(), change));
    }
    categories.row(change_row("tất cả / all".into(), &diff.names));
    let mut lists = Table::new(&[&["danh sách / list"][..], &headings].concat());
    for list in diff.lists.iter().filter(|list| list.names.added + list.names.removed > 0) {
        lists.row(change_row(list.id.clone(), &list.names));
    }
    let mut text = format!("{}\n{}", categories.render(), lists.render());
    for (sign, names) in [('+', &diff.names.added_samples), ('-', &diff.names.removed_samples)] {
        for name in names {
            text += &format!("{sign} {name}\n");
        }
    }
    print(&text)?;
    Ok(Ended::Done)
}

fn change_row(what: String, change: &Change) -> Vec<String> {
    let counts = [change.was, change.is, change.added, change.removed];
    std::iter::once(what).chain(counts.map(grouped)).collect()
}

fn change_json(change: &Change) -> Value {
    let names = |names: &[OwnedName]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
    json!({
        "was": change.was,
        "is": change.is,
        "added": change.added,
        "removed": change.removed,
        "added_samples": names(&change.added_samples),
        "removed_samples": names(&change.removed_samples),
    })
}
