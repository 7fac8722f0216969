//! From text to spec, past every mistake: note it, leave the entry out, read again.

use std::ops::Range;

use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue, Deserializer};

use super::mistake::{Code, MISTAKES_MAX, Mistake, Notes};
use super::nearest::nearest;
use super::say;
use super::source::FileNo;

/// Octets of a config file. A large school's has some tens of kilobytes.
pub const FILE_MAX: u64 = 4 << 20;
/// Syntax errors that are told of one file; one slip may cause several.
const SYNTAX_MAX: usize = 10;

/// Reads one file. What is wrong is noted and left out, so the rest can be checked too.
pub fn read<T: DeserializeOwned + Default>(notes: &mut Notes, file: FileNo) -> T {
    let text = notes.sources.text(file).to_owned();
    let (mut root, syntax) = DeTable::parse_recoverable(&text);
    let mut broken_lines = Vec::new();
    for error in syntax.iter() {
        let span = clip(&text, error.span().unwrap_or(0..0));
        let line = line_of(&text, span.start);
        if broken_lines.len() < SYNTAX_MAX && broken_lines.last() != Some(&line) {
            notes.note(say::syntax(file.place(span), error.message()));
        }
        broken_lines.push(line);
    }
    let mut holes = Vec::new();
    // Each turn removes at least one entry, so this ends; the bound holds what is told.
    for _ in 0..=MISTAKES_MAX {
        let error = match T::deserialize(Deserializer::from(root.clone())) {
            Ok(spec) => return spec,
            Err(error) => error,
        };
        let span = clip(&text, error.span().unwrap_or(0..0));
        let told = Told::of(error.message());
        // What a syntax error tore apart is told of already, and so is what was left out here.
        let known = broken_lines.contains(&line_of(&text, span.start))
            || matches!(told, Told::Missing(key) if !syntax.is_empty()
                || holes.iter().any(|hole: &Hole| hole.of == error.span() && hole.key == key));
        if !known {
            notes.note(mistake(&told, notes, file, span));
        }
        let Some(span) = error.span() else { break };
        match remove(root.get_mut(), &span) {
            Removed::Entry(hole) => holes.push(Hole { of: hole.of, key: hole.key }),
            Removed::Nothing => break,
        }
    }
    T::default()
}

/// An entry that was left out of a table.
struct Hole {
    of: Option<Range<usize>>,
    key: String,
}

enum Removed {
    Entry(Hole),
    Nothing,
}

/// Removes the innermost entry or element whose key or value stands at `span`.
fn remove(table: &mut DeTable<'_>, span: &Range<usize>) -> Removed {
    remove_in(table, None, span)
}

fn remove_in(table: &mut DeTable<'_>, of: Option<Range<usize>>, span: &Range<usize>) -> Removed {
    for (_, value) in table.iter_mut() {
        if let found @ Removed::Entry(_) = remove_below(value, span) {
            return found;
        }
    }
    let found = table.iter().find(|(key, value)| key.span() == *span || value.span() == *span);
    let Some(key) = found.map(|(key, _)| key.get_ref().clone().into_owned()) else {
        return Removed::Nothing;
    };
    table.remove(key.as_str());
    Removed::Entry(Hole { of, key })
}

fn remove_below(value: &mut Spanned<DeValue<'_>>, span: &Range<usize>) -> Removed {
    let own = value.span();
    match value.get_mut() {
        DeValue::Table(table) => remove_in(table, Some(own), span),
        DeValue::Array(array) => {
            for element in array.iter_mut() {
                if let found @ Removed::Entry(_) = remove_below(element, span) {
                    return found;
                }
            }
            let before = array.len();
            *array = std::mem::replace(array, DeArray::new())
                .into_iter()
                .filter(|element| element.span() != *span)
                .collect();
            if array.len() == before {
                return Removed::Nothing;
            }
            Removed::Entry(Hole { of: None, key: String::new() })
        }
        _ => Removed::Nothing,
    }
}

/// What serde's message says.
enum Told<'m> {
    Unknown { key: &'m str, known: Vec<&'m str> },
    Missing(&'m str),
    WrongType { found: &'m str, expected: &'m str },
    Else(&'m str),
}

impl<'m> Told<'m> {
    fn of(message: &'m str) -> Self {
        let mut ticked = message.split('`').skip(1).step_by(2);
        if message.starts_with("unknown field `") {
            let key = ticked.next().unwrap_or_default();
            return Told::Unknown { key, known: ticked.collect() };
        }
        if message.starts_with("missing field `") {
            return Told::Missing(ticked.next().unwrap_or_default());
        }
        match message.strip_prefix("invalid type: ").and_then(|rest| rest.rsplit_once(", expected ")) {
            Some((found, expected)) => Told::WrongType { found, expected },
            None => Told::Else(message),
        }
    }
}

fn mistake(told: &Told<'_>, notes: &Notes, file: FileNo, span: Range<usize>) -> Mistake {
    let at = file.place(span);
    let written = notes.sources.excerpt(&at).lines().next().unwrap_or_default().to_owned();
    match told {
        Told::Unknown { key, known } => say::unknown_key(at, key, known, nearest(key, known.iter().copied())),
        Told::Missing(key) => say::missing_key(at, key),
        Told::WrongType { found, expected } => say::wrong_type(at, &written, found, expected),
        Told::Else(message) => Mistake::new(
            Code::WrongType,
            at,
            written,
            super::mistake::Said::new("giá trị không đọc được", *message),
        ),
    }
}

/// The span, within the text and on the starts of characters.
fn clip(text: &str, span: Range<usize>) -> Range<usize> {
    let start = super::source::floor(text, span.start);
    start..super::source::floor(text, span.end).max(start)
}

fn line_of(text: &str, offset: usize) -> usize {
    text.as_bytes()[..offset].iter().filter(|octet| **octet == b'\n').count()
}
