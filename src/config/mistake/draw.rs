//! Mistakes as people see them, and as programs read them.

use std::fmt;

use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, NamedSource, SourceCode};
use serde_json::json;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::{Code, Mistake};
use crate::config::source::{Place, Sources, floor};
use crate::i18n::{Lang, msg};
use crate::model::visible::{visible, visible_in_place};

/// Columns of a report that nobody says the columns of.
const COLUMNS: usize = 80;
/// Columns that a drawing takes beside the name of a file, in the line that has it.
const BESIDE_NAME: usize = 28;

/// How a report is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// For a terminal: with colours.
    Colours,
    /// For a file, a pipe, a mail: the same without colours.
    Plain,
}

/// Mistakes with the files that they are in; never empty.
#[derive(Clone, Debug)]
pub struct Report {
    pub(super) sources: Sources,
    pub(super) mistakes: Vec<Mistake>,
    pub(super) left_out: usize,
    /// Whether the config itself could not be read, so that nothing is known of what it says.
    pub(super) is_unread: bool,
}

/// What is wrong as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// The config itself cannot be read.
    Unread,
    /// This user may not read files that it names; nothing else is wrong.
    NoRight,
    /// It has mistakes.
    Mistakes,
}

impl Report {
    /// All mistakes, in the order of the files.
    pub fn mistakes(&self) -> &[Mistake] {
        &self.mistakes
    }

    /// The same, of a config that could not be read.
    pub(in crate::config) fn unread(self) -> Self {
        Self { is_unread: true, ..self }
    }

    /// What is wrong as a whole.
    pub fn wrong(&self) -> Wrong {
        match self.mistakes.iter().all(|mistake| mistake.code == Code::NoRight) {
            _ if self.is_unread => Wrong::Unread,
            true => Wrong::NoRight,
            false => Wrong::Mistakes,
        }
    }

    /// File, line and column (from 1) of a place.
    pub fn locate(&self, place: &Place) -> (&str, usize, usize) {
        let (line, column) = self.sources.line_column(place);
        (self.sources.name(place.file), line, column)
    }

    /// Drawn for people, in one language and no wider than `columns`: what is longer in the config is cut.
    pub fn render(&self, look: Look, lang: Lang, columns: usize) -> String {
        let theme = match look {
            Look::Colours => GraphicalTheme::unicode(),
            Look::Plain => GraphicalTheme::unicode_nocolor(),
        };
        let handler = GraphicalReportHandler::new_themed(theme)
            .with_width(columns)
            .with_context_lines(1)
            .with_links(false);
        let mut out = String::new();
        for mistake in &self.mistakes {
            let shown = Shown::new(mistake, &self.sources, lang, columns);
            if handler.render_report(&mut out, &shown).is_err() {
                // A drawing that fails must not hide the mistake.
                let (file, line, column) = self.locate(&mistake.at);
                out.push_str(&format!("{file}:{line}:{column}: {shown}\n{}\n", mistake.help(lang)));
            }
            out.push('\n');
        }
        out.push_str(&self.summary(lang));
        out.push('\n');
        out.lines().map(|line| cut(line, columns) + "\n").collect()
    }

    fn summary(&self, lang: Lang) -> String {
        let count = self.mistakes.len();
        let message = match self.left_out {
            0 => msg!("mistakes", count = count),
            more => msg!("mistakes-and-more", count = count, more = more),
        };
        message.text(lang)
    }

    /// For programs: an object with `mistakes` and `left_out`.
    pub fn json(&self) -> serde_json::Value {
        let place = |place: &Place| {
            let (file, line, column) = self.locate(place);
            json!({ "file": file, "line": line, "column": column, "start": place.span.start, "end": place.span.end })
        };
        let mistakes: Vec<_> = self
            .mistakes
            .iter()
            .map(|mistake| {
                json!({
                    "code": mistake.code.id(),
                    "at": place(&mistake.at),
                    "vi": mistake.what.vi,
                    "en": mistake.what.en,
                    "found": mistake.found,
                    "allowed": mistake.allowed,
                    "suggestion": mistake.suggestion,
                    "fix_vi": mistake.fix.as_ref().map(|fix| &fix.vi),
                    "fix_en": mistake.fix.as_ref().map(|fix| &fix.en),
                    "also": mistake.also.iter().map(|(at, why)| json!({ "at": place(at), "vi": why.vi, "en": why.en })).collect::<Vec<_>>(),
                })
            })
            .collect();
        json!({ "mistakes": mistakes, "left_out": self.left_out })
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(Look::Plain, Lang::En, COLUMNS))
    }
}

impl std::error::Error for Report {}

/// A mistake as miette draws it.
struct Shown<'r> {
    mistake: &'r Mistake,
    lang: Lang,
    source: NamedSource<String>,
    labels: Vec<LabeledSpan>,
    elsewhere: Vec<String>,
}

impl<'r> Shown<'r> {
    fn new(mistake: &'r Mistake, sources: &Sources, lang: Lang, columns: usize) -> Self {
        let text = visible_in_place(sources.text(mistake.at.file)).into_owned();
        let text = text.as_str();
        let found = if mistake.found.is_empty() { None } else { Some(visible(&mistake.found).into_owned()) };
        let mut labels = vec![label(text, &mistake.at, found, true)];
        let mut elsewhere = Vec::new();
        for (place, why) in &mistake.also {
            if place.file == mistake.at.file {
                labels.push(label(text, place, Some(visible(why.text(lang)).into_owned()), false));
            } else {
                let (line, column) = sources.line_column(place);
                elsewhere.push(format!("{}:{line}:{column}: {}", sources.name(place.file), why.text(lang)));
            }
        }
        let name = tail(sources.name(mistake.at.file), columns.saturating_sub(BESIDE_NAME));
        let source = NamedSource::new(name, text.to_owned());
        Self { mistake, lang, source, labels, elsewhere }
    }
}

/// The end of a name that is longer than so many columns.
fn tail(name: &str, columns: usize) -> String {
    if name.width() <= columns {
        return name.to_owned();
    }
    let start = name.char_indices().map(|(at, _)| at).find(|at| name[*at..].width() < columns);
    format!("…{}", &name[start.unwrap_or(name.len())..])
}

/// A line of at most so many columns, where sequences that colour take none.
fn cut(line: &str, columns: usize) -> String {
    let mut out = String::with_capacity(line.len());
    let (mut taken, mut is_colour) = (0, false);
    let width: usize = plain(line).width();
    let room = if width > columns { columns.saturating_sub(1) } else { columns };
    let mut is_cut = false;
    for character in line.chars() {
        is_colour |= character == '\u{1b}';
        if is_colour {
            out.push(character);
            is_colour = character != 'm';
            continue;
        }
        taken += character.width().unwrap_or(0);
        if taken <= room {
            out.push(character);
        } else if !is_cut {
            out.push('…');
            is_cut = true;
        }
    }
    out
}

/// A line without the sequences that colour it.
fn plain(line: &str) -> String {
    let mut is_colour = false;
    line.chars()
        .filter(|character| {
            let was_colour = is_colour || *character == '\u{1b}';
            is_colour = was_colour && *character != 'm';
            !was_colour
        })
        .collect()
}

/// A label on one line of the text: what spans lines is pointed at by its first.
fn label(text: &str, place: &Place, says: Option<String>, primary: bool) -> LabeledSpan {
    let start = floor(text, place.span.start);
    let end = floor(text, place.span.end).max(start);
    let line_end = text[start..end].find('\n').map_or(end, |newline| start + newline);
    let span = (start, line_end - start);
    if primary {
        LabeledSpan::new_primary_with_span(says, span)
    } else {
        LabeledSpan::new_with_span(says, span)
    }
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error[{}]: {}", self.mistake.code.id(), visible(self.mistake.what.text(self.lang)))
    }
}

impl fmt::Debug for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Shown<'_> {}

impl Diagnostic for Shown<'_> {
    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        let mut help = self.mistake.help(self.lang);
        for line in &self.elsewhere {
            help.push_str(if help.is_empty() { "" } else { "\n" });
            help.push_str(line);
        }
        let help = visible(&help).into_owned();
        (!help.is_empty()).then(|| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(&self.source)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(self.labels.iter().cloned()))
    }
}
