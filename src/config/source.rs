//! The files that settings are read from, and places in them.

use std::ops::Range;

use toml::Spanned;

/// Number of a file among the [`Sources`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FileNo(u16);

/// A place in one of the files: a range of octets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Which file.
    pub file: FileNo,
    /// Octets from its start.
    pub span: Range<usize>,
}

/// All files read so far, with their text.
#[derive(Clone, Debug, Default)]
pub struct Sources(Vec<Source>);

#[derive(Clone, Debug)]
struct Source {
    name: String,
    text: String,
}

impl Sources {
    /// Takes a file in.
    pub fn add(&mut self, name: &str, text: &str) -> FileNo {
        self.0.push(Source { name: name.to_owned(), text: text.to_owned() });
        FileNo(u16::try_from(self.0.len() - 1).expect("a config has a handful of files"))
    }

    /// The file's name, as it was given.
    pub fn name(&self, file: FileNo) -> &str {
        &self.0[usize::from(file.0)].name
    }

    /// The file's text.
    pub fn text(&self, file: FileNo) -> &str {
        &self.0[usize::from(file.0)].text
    }

    /// What stands at a place; empty where the place lies outside the text.
    pub fn excerpt(&self, place: &Place) -> &str {
        self.text(place.file).get(place.span.clone()).unwrap_or_default()
    }

    /// Line and column of the place's start, both from 1; the column counts characters.
    pub fn line_column(&self, place: &Place) -> (usize, usize) {
        let text = self.text(place.file);
        let start = floor(text, place.span.start);
        let before = &text[..start];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
    }
}

impl FileNo {
    /// The place of a spanned value in this file.
    pub fn at<T>(self, value: &Spanned<T>) -> Place {
        self.place(value.span())
    }

    /// A place in this file.
    pub fn place(self, span: Range<usize>) -> Place {
        Place { file: self, span }
    }
}

/// The nearest start of a character at or before `offset`.
pub(super) fn floor(text: &str, offset: usize) -> usize {
    (0..=offset.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}
