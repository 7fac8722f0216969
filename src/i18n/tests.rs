//! Every id stands in both languages with the same variables, is used, and is used with these.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use fluent_bundle::FluentResource;

use super::texts::FILES;
use super::{Both, Lang, Message, Moment, msg};

type Ids = BTreeMap<String, BTreeSet<String>>;

/// Ids that are made from a table's own: the command line's names, reasons of lines and of failed
/// resolution. Its test compares them.
const OF_TABLES: &[&str] = &["ede-", "help-", "line-"];

/// The messages of a file, each with its variables. Fluent's own reader says what is no Fluent; a message begins at
/// the start of a line.
fn ids(topic: &str, text: &str, found: &mut Ids) {
    if let Err((_, errors)) = FluentResource::try_new(text.to_owned()) {
        panic!("{topic}: {errors:?}");
    }
    let mut current = None;
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        if line.starts_with(|c: char| c.is_ascii_lowercase())
            && let Some((id, _)) = line.split_once(" =")
        {
            assert!(found.insert(id.into(), BTreeSet::new()).is_none(), "{topic}: `{id}` twice");
            current = Some(id.to_owned());
        }
        let Some(variables) = current.as_ref().and_then(|id| found.get_mut(id)) else { continue };
        variables.extend(line.split('$').skip(1).map(word));
    }
}

/// The ids that begin so, for the test of a table that makes them.
pub fn ids_with(prefix: &str) -> BTreeSet<String> {
    assert!(OF_TABLES.contains(&prefix));
    of(Lang::Vi).into_keys().filter(|id| id.starts_with(prefix)).collect()
}

fn word(text: &str) -> String {
    text.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_' || *c == '-').collect()
}

fn of(lang: Lang) -> Ids {
    let mut found = Ids::new();
    for (topic, vi, en) in FILES {
        ids(topic, if lang == Lang::Vi { vi } else { en }, &mut found);
    }
    found
}

/// Every `msg!` in our source, with its arguments.
fn used(folder: &Path, found: &mut Vec<(String, BTreeSet<String>, String)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            used(&path, found);
        } else if path.extension().is_some_and(|ext| ext == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            let code: Vec<&str> = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
            let code = code.join("\n");
            // The config's `said!` takes the same.
            let begins = [concat!("msg", "!("), concat!("said", "!(")];
            let calls = begins.iter().flat_map(|begin| code.match_indices(begin));
            for call in calls.map(|(at, begin)| &code[at + begin.len()..]) {
                let Some(rest) = call.trim_start().strip_prefix('"') else { continue };
                let id = rest.split('"').next().unwrap().to_owned();
                found.push((id, arguments(call), path.display().to_string()));
            }
        }
    }
}

/// Names before `=` at the outermost level of a macro's arguments.
fn arguments(call: &str) -> BTreeSet<String> {
    let (mut depth, mut quoted, mut before) = (0, false, ' ');
    let (mut names, mut part) = (BTreeSet::new(), String::new());
    for c in call.chars() {
        match c {
            '"' if before != '\\' => quoted = !quoted,
            _ if quoted => {}
            '(' | '[' | '{' => depth += 1,
            ')' if depth == 0 => break,
            ')' | ']' | '}' => depth -= 1,
            ',' if depth == 0 => part.clear(),
            '=' if depth == 0 && !part.trim().is_empty() && word(part.trim()) == part.trim() => {
                names.insert(part.trim().to_owned());
            }
            c if depth == 0 => part.push(c),
            _ => {}
        }
        before = c;
    }
    names
}

#[test]
fn every_id_stands_in_both_languages_with_the_same_variables() {
    let (vi, en) = (of(Lang::Vi), of(Lang::En));
    assert!(vi.len() > 10);
    for id in vi.keys().chain(en.keys()) {
        assert_eq!(vi.get(id), en.get(id), "`{id}`: variables in Vietnamese, in English");
    }
}

#[test]
fn every_id_in_the_code_has_a_text_with_its_arguments_and_none_is_unused() {
    let texts = of(Lang::Vi);
    let mut found = Vec::new();
    used(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
    let is_of_table = |id: &str| OF_TABLES.iter().any(|prefix| id.starts_with(prefix));
    let mut unused: BTreeSet<&String> = texts.keys().filter(|id| !is_of_table(id)).collect();
    for (id, arguments, path) in found.iter().filter(|(_, _, path)| !path.ends_with("i18n/tests.rs")) {
        let variables = texts.get(id).unwrap_or_else(|| panic!("{path}: there is no text `{id}`"));
        assert_eq!(arguments, variables, "{path}: arguments and variables of `{id}`");
        unused.remove(id);
    }
    assert!(unused.is_empty(), "nobody uses {unused:?}");
}

#[test]
fn an_id_without_a_text_is_told_with_its_arguments() {
    let message = msg!("there-is-none", names = 1234_u64, place = "here");
    assert_eq!(message.text(Lang::Vi), "there-is-none (names: 1.234, place: here)");
    assert_eq!(Message::new("there-is-none").to_string(), "there-is-none");
}

#[test]
fn arguments_stand_in_the_sentence_as_the_language_writes_them() {
    let minutes = |count: u64| msg!("minutes", minutes = count);
    assert_eq!(minutes(1234).text(Lang::Vi), "1.234 phút");
    assert_eq!(minutes(1234).text(Lang::En), "1,234 min");
    let at = Moment { year: 2026, month: 11, day: 23, hour: 7, minute: 5 };
    let both = Both { vi: "hỏng".into(), en: "broken".into() };
    let outer = msg!("since", at = at, what = msg!("since", at = at, what = both));
    let text = "23/11/2026 07:05: 23/11/2026 07:05: hỏng";
    assert_eq!(outer.text(Lang::Vi), text);
    let read: Message = serde_json::from_str(&serde_json::to_string(&outer).unwrap()).unwrap();
    assert_eq!(read.text(Lang::Vi), text);
}
