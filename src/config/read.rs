//! From text to spec, past every mistake: note it, leave the entry out, read again.

use std::ops::Range;

use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue, Deserializer};

use super::mistake::{Code, MISTAKES_MAX, Mistake, Notes, said};
use super::nearest::nearest;
use super::source::FileNo;
use super::{say, syntax};

/// Octets of a config file. A large school's has some tens of kilobytes.
pub const FILE_MAX: u64 = 4 << 20;
/// Syntax errors that are told of one file; one slip may cause several.
const SYNTAX_MAX: usize = 10;

/// Reads one file. What is wrong is noted and left out, so the rest can be checked too.
pub fn read<T: DeserializeOwned + Default>(notes: &mut Notes, file: FileNo) -> T {
    let text = notes.sources.text(file).to_owned();
    let (mut root, syntax) = DeTable::parse_recoverable(&text);
    tell_syntax(notes, file, &text, &syntax);
    let mut told_at = Vec::new();
    // Each turn removes at least one entry, so this ends; the bound holds what is told.
    for _ in 0..=MISTAKES_MAX {
        let error = match T::deserialize(Deserializer::from(root.clone())) {
            Ok(spec) => return spec,
            Err(error) => error,
        };
        let span = clip(&text, error.span().unwrap_or(0..0));
        let told = SerdeMessage::of(error.message());
        // An array whose last table was left out stands at the same place as that table.
        if !told_at.contains(&span) {
            told_at.push(span.clone());
            notes.note(mistake(&told, notes, file, span));
        }
        let Some(span) = error.span() else { break };
        match remove(root.get_mut(), &span) {
            Removed::Key { of: Some(of), key } => {
                notes.left_out_of(file.place(clip(&text, of)), told.meant().unwrap_or(&key));
            }
            Removed::Key { of: None, .. } => {}
            Removed::Element { of } => notes.left_out_of_list(file.place(clip(&text, of))),
            Removed::Nothing => break,
        }
    }
    notes.left_out_entry();
    T::default()
}

/// Tells syntax errors, and marks what each tears apart: all until the next table header that is
/// itself in order. In there the same error again is the first one's echo (an array without its `]`
/// swallows tables).
fn tell_syntax(notes: &mut Notes, file: FileNo, text: &str, errors: &[toml::de::Error]) {
    let mut errors: Vec<_> =
        errors.iter().map(|error| (clip(text, error.span().unwrap_or(0..0)), error.message())).collect();
    errors.sort_by_key(|(span, _)| span.start);
    let broken: Vec<usize> = errors.iter().map(|(span, _)| line_of(text, span.start)).collect();
    let mut torn = 0..0;
    let mut said: Vec<&str> = Vec::new();
    let mut told = 0;
    for (span, message) in errors {
        let line = line_of(text, span.start);
        if !torn.contains(&span.start) {
            said.clear();
        }
        let same_line = !said.is_empty() && line_of(text, torn.start) == line;
        let found = syntax::explain(file, text, span.clone(), message);
        if !same_line && (found.is_certain || !said.contains(&message)) && told < SYNTAX_MAX {
            notes.note(found.mistake);
            told += 1;
        }
        torn = start_of_line(text, span.start)..next_header(text, line, &broken);
        notes.torn(file.place(torn.clone()));
        said.push(message);
    }
}

/// Start of the next table header after a line that no error stands in; the end if there is none.
fn next_header(text: &str, line: usize, broken: &[usize]) -> usize {
    let mut start = 0;
    for (number, content) in text.split_inclusive('\n').enumerate() {
        if number > line && content.trim_start().starts_with('[') && !broken.contains(&number) {
            return start;
        }
        start += content.len();
    }
    // One past the end, so that what stands at the very end is in it.
    text.len() + 1
}

fn start_of_line(text: &str, offset: usize) -> usize {
    text[..offset].rfind('\n').map_or(0, |newline| newline + 1)
}

enum Removed {
    /// A key of the table that stands at `of` (none for the root).
    Key {
        of: Option<Range<usize>>,
        key: String,
    },
    /// An element of the array that stands at `of`: a whole table, or one value of a list.
    Element {
        of: Range<usize>,
    },
    Nothing,
}

/// Removes the innermost entry or element whose key or value stands at `span`.
fn remove(table: &mut DeTable<'_>, span: &Range<usize>) -> Removed {
    remove_in(table, None, span)
}

fn remove_in(table: &mut DeTable<'_>, of: Option<Range<usize>>, span: &Range<usize>) -> Removed {
    for (_, value) in table.iter_mut() {
        match remove_below(value, span) {
            Removed::Nothing => {}
            found => return found,
        }
    }
    let found = table.iter().find(|(key, value)| key.span() == *span || value.span() == *span);
    let Some(key) = found.map(|(key, _)| key.get_ref().clone().into_owned()) else {
        return Removed::Nothing;
    };
    table.remove(key.as_str());
    Removed::Key { of, key: key.to_string() }
}

fn remove_below(value: &mut Spanned<DeValue<'_>>, span: &Range<usize>) -> Removed {
    let own = value.span();
    match value.get_mut() {
        DeValue::Table(table) => remove_in(table, Some(own), span),
        DeValue::Array(array) => {
            for element in array.iter_mut() {
                match remove_below(element, span) {
                    Removed::Nothing => {}
                    found => return found,
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
            Removed::Element { of: own }
        }
        _ => Removed::Nothing,
    }
}

/// What serde's message says.
enum SerdeMessage<'m> {
    Unknown { key: &'m str, known: Vec<&'m str> },
    WrongType { found: &'m str, expected: &'m str },
    Else(&'m str),
}

impl<'m> SerdeMessage<'m> {
    /// The key that an unknown one was likely meant to be.
    fn meant(&self) -> Option<&'m str> {
        match self {
            SerdeMessage::Unknown { key, known } => nearest(key, known.iter().copied()),
            _ => None,
        }
    }

    fn of(message: &'m str) -> Self {
        let mut ticked = message.split('`').skip(1).step_by(2);
        if message.starts_with("unknown field `") {
            let key = ticked.next().unwrap_or_default();
            return SerdeMessage::Unknown { key, known: ticked.collect() };
        }
        match message.strip_prefix("invalid type: ").and_then(|rest| rest.rsplit_once(", expected ")) {
            Some((found, expected)) => SerdeMessage::WrongType { found, expected },
            None => SerdeMessage::Else(message),
        }
    }
}

fn mistake(told: &SerdeMessage<'_>, notes: &Notes, file: FileNo, span: Range<usize>) -> Mistake {
    let at = file.place(span);
    let written = notes.sources.excerpt(&at).lines().next().unwrap_or_default().to_owned();
    match told {
        SerdeMessage::Unknown { key, known } => {
            say::unknown_key(at, key, known, nearest(key, known.iter().copied()))
        }
        SerdeMessage::WrongType { found, expected } => say::wrong_type(at, &written, found, expected),
        SerdeMessage::Else(message) => {
            Mistake::new(Code::WrongType, at, written, said!("say-cannot-be-read", why = message.to_string()))
        }
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
