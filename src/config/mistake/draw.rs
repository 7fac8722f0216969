//! Mistakes as people see them, and as programs read them.

use std::fmt;

use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, NamedSource, SourceCode};
use serde_json::json;

use super::{Mistake, Said};
use crate::config::source::{Place, Sources, floor};
use crate::model::visible::{visible, visible_in_place};

/// Columns that reports are wrapped to, where no terminal says otherwise.
const WIDTH: usize = 110;

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
}

impl Report {
    /// All mistakes, in the order of the files.
    pub fn mistakes(&self) -> &[Mistake] {
        &self.mistakes
    }

    /// File, line and column (from 1) of a place.
    pub fn locate(&self, place: &Place) -> (&str, usize, usize) {
        let (line, column) = self.sources.line_column(place);
        (self.sources.name(place.file), line, column)
    }

    /// Drawn for people.
    pub fn render(&self, look: Look) -> String {
        let theme = match look {
            Look::Colours => GraphicalTheme::unicode(),
            Look::Plain => GraphicalTheme::unicode_nocolor(),
        };
        let handler = GraphicalReportHandler::new_themed(theme)
            .with_width(WIDTH)
            .with_context_lines(1)
            .with_links(false);
        let mut out = String::new();
        for mistake in &self.mistakes {
            let shown = Shown::new(mistake, &self.sources);
            if handler.render_report(&mut out, &shown).is_err() {
                // A drawing that fails must not hide the mistake.
                let (file, line, column) = self.locate(&mistake.at);
                out.push_str(&format!("{file}:{line}:{column}: {shown}\n{}\n", mistake.help()));
            }
            out.push('\n');
        }
        out.push_str(&self.summary());
        out.push('\n');
        out
    }

    fn summary(&self) -> String {
        let count = self.mistakes.len();
        let mut text = Said::new(
            format!("{count} lỗi; giải thích từng mã: lachan config explain MÃ"),
            format!(
                "{count} mistake{}; on each code: lachan config explain CODE",
                if count == 1 { "" } else { "s" }
            ),
        )
        .to_string();
        if self.left_out > 0 {
            text.push_str(&format!("; còn nữa, chưa kể hết / {} more not told", self.left_out));
        }
        text
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
        f.write_str(&self.render(Look::Plain))
    }
}

impl std::error::Error for Report {}

/// A mistake as miette draws it.
struct Shown<'r> {
    mistake: &'r Mistake,
    source: NamedSource<String>,
    labels: Vec<LabeledSpan>,
    elsewhere: Vec<String>,
}

impl<'r> Shown<'r> {
    fn new(mistake: &'r Mistake, sources: &Sources) -> Self {
        let text = visible_in_place(sources.text(mistake.at.file)).into_owned();
        let text = text.as_str();
        let found = if mistake.found.is_empty() { None } else { Some(visible(&mistake.found).into_owned()) };
        let mut labels = vec![label(text, &mistake.at, found, true)];
        let mut elsewhere = Vec::new();
        for (place, why) in &mistake.also {
            if place.file == mistake.at.file {
                labels.push(label(text, place, Some(visible(&why.to_string()).into_owned()), false));
            } else {
                let (line, column) = sources.line_column(place);
                elsewhere.push(format!("{}:{line}:{column}: {why}", sources.name(place.file)));
            }
        }
        let source = NamedSource::new(sources.name(mistake.at.file), text.to_owned());
        Self { mistake, source, labels, elsewhere }
    }
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
        write!(f, "error[{}]: {}", self.mistake.code.id(), visible(&self.mistake.what.to_string()))
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
        let mut help = self.mistake.help();
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
