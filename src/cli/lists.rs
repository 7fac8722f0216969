//! `lachan lists …`: what is in force, newer texts, a new index, what an index has that another lacks.

use std::io::IsTerminal;

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};

use super::args::{ListsCompileArgs, ListsDiffArgs, ListsStatusArgs, ListsUpdateArgs};
use super::out::{Ended, Failure, Table, grouped, print, print_json, tell};
use super::place;
use crate::app::lists as in_force;
use crate::config::Settings;
use crate::control::{Request, client};
use crate::dns::name::OwnedName;
use crate::filter::Index;
use crate::filter::build::Step as BuildStep;
use crate::filter::diff::{Change, diff as compare};
use crate::lists::account::{Account, Reason};
use crate::lists::read::{Reading, survey};
use crate::lists::spec::SourceSpec;
use crate::lists::store::Store;
use crate::sys::limits::keep_files_private;
use crate::update::compile::{Compiled, Source, Step, Text, compile as compile_lists};
use crate::update::refresh::{Refreshed, refresh};

/// Shows each list: what it is, and what became of every line of it.
///
/// # Errors
/// A config with mistakes, a state folder that cannot be read.
pub fn status(args: &ListsStatusArgs) -> Result<Ended, Failure> {
    let settings = place::settings(&args.place)?;
    let store = Store::open(&in_force::store_path(&settings.state))?;
    let protected = in_force::protected();
    let mut rows = Vec::new();
    for source in in_force::sources(&settings, &store) {
        let octets = match &source.text {
            Text::Embedded(text) => text.as_bytes().to_vec(),
            Text::File(path) => std::fs::read(path)?,
            // Its text cannot be read: it is among the failures below.
            Text::InForce(..) => continue,
        };
        rows.push((survey(&octets, &source.spec, &protected), source));
    }
    let failures: Vec<_> = settings
        .lists
        .specs
        .iter()
        .filter_map(|spec| {
            let meta = store.meta(&spec.id);
            let failure = meta.as_ref().and_then(|meta| meta.failure.clone());
            let has_copy = meta.is_some_and(|meta| meta.has_text());
            (failure.is_some() || !has_copy).then(|| (spec.id.clone(), failure, has_copy))
        })
        .collect();
    if args.json {
        let lists: Vec<Value> = rows.iter().map(|(reading, source)| as_json(reading, source)).collect();
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
        "dòng / lines",
        "dùng / taken",
        "bỏ qua / ignored",
        "từ chối / refused",
        "chuyển hướng / rewrites",
    ]);
    for (reading, source) in &rows {
        let account = &reading.account;
        table.row(vec![
            source.spec.id.clone(),
            source.version.clone(),
            reading.format.id().into(),
            grouped(account.lines.into()),
            grouped(account.taken.into()),
            grouped(account.ignored_total().into()),
            grouped(account.refused_total().into()),
            grouped(account.rewrites.into()),
        ]);
    }
    let mut text = table.render();
    for (reading, source) in &rows {
        text += &reasons(&source.spec.id, &reading.account, args.samples);
    }
    for (id, failure, has_copy) in &failures {
        let stays = if *has_copy {
            "bản cũ vẫn dùng / the last good copy stays"
        } else {
            "chưa có bản nào để dùng / nothing in force"
        };
        let why =
            failure.as_ref().map(|failure| format!("{} / {}", failure.vi, failure.en)).unwrap_or_default();
        text += &format!("\n{id}: {why}; {stays}\n");
    }
    print(&text)?;
    Ok(Ended::Done)
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

fn as_json(reading: &Reading, source: &Source) -> Value {
    let account = &reading.account;
    let reasons: serde_json::Map<String, Value> =
        account.reasons().map(|(reason, count)| (reason.id().to_owned(), count.into())).collect();
    json!({
        "id": source.spec.id,
        "version": source.version,
        "format": reading.format.id(),
        "why_format": reading.why_format.en(),
        "lines": account.lines,
        "taken": account.taken,
        "ignored": account.ignored_total(),
        "refused": account.refused_total(),
        "rewrites": account.rewrites,
        "reasons": reasons,
    })
}

/// Fetches the lists now: through the running server if there is one, else into the state folder.
///
/// # Errors
/// A config with mistakes, a state folder that cannot be written.
pub fn update(args: &ListsUpdateArgs) -> Result<Ended, Failure> {
    keep_files_private();
    let settings = place::settings(&args.place)?;
    match client::ask(&place::control_socket(&args.place), &Request::UpdateLists) {
        Ok(reply) => return tell(reply),
        Err(client::AskError::NotRunning { .. }) => {}
        Err(error) => return Err(error.into()),
    }
    let store = Store::open(&in_force::store_path(&settings.state))?;
    let protected = in_force::protected();
    let bounds = (&settings.lists.fetch, &settings.lists.gate);
    let mut ended = Ended::Done;
    for spec in &settings.lists.specs {
        let bar = bar(&spec.id);
        let outcome = refresh(spec, &store, &protected, bounds, &mut |progress| {
            bar.set_length(progress.total.unwrap_or(0));
            bar.set_position(progress.octets);
        });
        bar.finish_and_clear();
        match outcome {
            Ok(Refreshed::New(meta)) => print(&format!(
                "{}: bản mới / new version {}, {} tên / names\n",
                spec.id,
                meta.version,
                grouped(meta.taken.into())
            ))?,
            Ok(Refreshed::Unchanged) => print(&format!("{}: không đổi / unchanged\n", spec.id))?,
            Err(error) => {
                ended = Ended::Refused;
                eprintln!(
                    "{}: {} / {error}; bản cũ vẫn dùng / the last good copy stays",
                    spec.id,
                    error.vi()
                );
            }
        }
    }
    let compiled = compile_at(&settings, &store, &in_force::index_path(&settings.state))?;
    print(&summary(&compiled))?;
    Ok(ended)
}

/// Builds an index from the lists in force.
///
/// # Errors
/// A config with mistakes, a disk that is full.
pub fn compile(args: &ListsCompileArgs) -> Result<Ended, Failure> {
    keep_files_private();
    let settings = place::settings(&args.place)?;
    std::fs::create_dir_all(&settings.state)?;
    let store = Store::open(&in_force::store_path(&settings.state))?;
    // Lists in files of this machine need no download: what they hold now goes through the gate first.
    let bounds = (&settings.lists.fetch, &settings.lists.gate);
    let protected = in_force::protected();
    for spec in settings.lists.specs.iter().filter(|spec| matches!(spec.source, SourceSpec::File(_))) {
        if let Err(error) = refresh(spec, &store, &protected, bounds, &mut |_| {}) {
            eprintln!("{}: {} / {error}; bản cũ vẫn dùng / the last good copy stays", spec.id, error.vi());
        }
    }
    let target = args.output.clone().unwrap_or_else(|| in_force::index_path(&settings.state));
    let compiled = compile_at(&settings, &store, &target)?;
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
        }))?;
    } else {
        print(&summary(&compiled))?;
    }
    Ok(Ended::Done)
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
