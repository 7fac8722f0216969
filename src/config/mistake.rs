//! A mistake in a config file: where, what was found, what is allowed, what to do; and how all of
//! them are shown, to people and to programs.

use std::fmt;

use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, NamedSource, SourceCode};
use serde_json::json;

use super::source::{Place, Sources, floor};

/// Mistakes that are told; a file with more is not a config with slips but something else.
pub const MISTAKES_MAX: usize = 100;
/// Columns that reports are wrapped to, where no terminal says otherwise.
const WIDTH: usize = 110;
/// Allowed words that a report lists; the JSON has them all.
const ALLOWED_SHOWN: usize = 40;

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $id:literal;)*) => {
        /// What kind of mistake: the word in `error[…]`, explained in `config/MISTAKES.md`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Code { $($(#[$doc])* $variant,)* }

        impl Code {
            /// All codes.
            pub const ALL: &[Code] = &[$(Code::$variant,)*];

            /// The word to look up.
            pub fn id(self) -> &'static str {
                match self { $(Code::$variant => $id,)* }
            }
        }
    };
}

codes! {
    /// The file cannot be read at all.
    Unreadable = "unreadable";
    /// Not TOML.
    Syntax = "syntax";
    /// A key that does not exist.
    UnknownKey = "unknown-key";
    /// A key that must be there.
    MissingKey = "missing-key";
    /// A number where a text is wanted, and the like.
    WrongType = "wrong-type";
    /// A word that is none of those allowed.
    UnknownValue = "unknown-value";
    /// A number outside its range, a list that is empty or too long.
    OutOfRange = "out-of-range";
    BadDuration = "bad-duration";
    BadSize = "bad-size";
    BadAddress = "bad-address";
    BadRange = "bad-range";
    /// A prefix with bits set beyond its length.
    HostBits = "host-bits";
    BadName = "bad-name";
    BadUrl = "bad-url";
    BadRecord = "bad-record";
    /// The same range of clients in two groups.
    Overlap = "overlap";
    /// The same thing twice.
    Duplicate = "duplicate";
    /// None, or more than one, of what must be there once.
    EitherOr = "either-or";
    /// Two settings that cannot both be meant.
    Contradiction = "contradiction";
    UnknownSource = "unknown-source";
    UnknownAllowSet = "unknown-allow-set";
    UnknownGroup = "unknown-group";
    /// An allow-only tier or group that may reach nothing.
    NoAllowSet = "no-allow-set";
    /// A younger tier that may see what an older one may not.
    LaxerThanOlder = "laxer-than-older";
    /// A range that lets the whole Internet ask.
    OpenResolver = "open-resolver";
    /// A level of the school that no group has.
    TierWithoutGroup = "tier-without-group";
    /// What the part of the program that it is for refuses.
    Unusable = "unusable";
    /// A category that only signed bundles fill.
    SealedCategory = "sealed-category";
}

/// A sentence in both languages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// Vietnamese.
    pub vi: String,
    /// English.
    pub en: String,
}

impl Said {
    /// Both languages of one sentence.
    pub fn new(vi: impl Into<String>, en: impl Into<String>) -> Self {
        Self { vi: vi.into(), en: en.into() }
    }
}

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} / {}", self.vi, self.en)
    }
}

/// One mistake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// Its kind.
    pub code: Code,
    /// Where.
    pub at: Place,
    /// What is wrong.
    pub what: Said,
    /// What was found, as it was written.
    pub found: String,
    /// Words or forms that are allowed there.
    pub allowed: Vec<String>,
    /// The word that was likely meant.
    pub suggestion: Option<String>,
    /// What to do.
    pub fix: Option<Said>,
    /// Other places that have to do with it.
    pub also: Vec<(Place, Said)>,
}

impl Mistake {
    /// A mistake at a place.
    pub fn new(code: Code, at: Place, found: impl Into<String>, what: Said) -> Self {
        let found = found.into();
        Self { code, at, what, found, allowed: vec![], suggestion: None, fix: None, also: vec![] }
    }

    /// What would be allowed.
    pub fn allowed<S: Into<String>>(mut self, allowed: impl IntoIterator<Item = S>) -> Self {
        self.allowed = allowed.into_iter().map(Into::into).collect();
        self
    }

    /// The word that was likely meant.
    pub fn meant<S: Into<String>>(mut self, suggestion: Option<S>) -> Self {
        self.suggestion = suggestion.map(Into::into);
        self
    }

    /// What to do.
    pub fn fix(mut self, fix: Said) -> Self {
        self.fix = Some(fix);
        self
    }

    /// Another place that has to do with it.
    pub fn also(mut self, place: Place, why: Said) -> Self {
        self.also.push((place, why));
        self
    }

    fn help(&self) -> String {
        let mut lines = Vec::new();
        if let Some(word) = &self.suggestion {
            lines.push(format!("có phải ý bạn là `{word}`? / did you mean `{word}`?"));
        }
        if let Some(fix) = &self.fix {
            lines.push(fix.to_string());
        }
        if !self.allowed.is_empty() {
            let mut words = self.allowed.iter().take(ALLOWED_SHOWN).cloned().collect::<Vec<_>>().join(", ");
            if self.allowed.len() > ALLOWED_SHOWN {
                words.push_str(&format!(", … ({})", self.allowed.len()));
            }
            lines.push(format!("cho phép / allowed: {words}"));
        }
        lines.join("\n")
    }
}

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
    sources: Sources,
    mistakes: Vec<Mistake>,
    left_out: usize,
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
            format!("{count} lỗi; giải thích từng mã trong config/MISTAKES.md"),
            format!("{count} mistake{}; each code is explained there", if count == 1 { "" } else { "s" }),
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

/// Mistakes as they are found, with the files read so far.
#[derive(Debug, Default)]
pub struct Notes {
    /// The files.
    pub sources: Sources,
    mistakes: Vec<Mistake>,
    left_out: usize,
    /// What syntax errors tore apart.
    torn: Vec<Place>,
    /// Tables that lost a key.
    holes: Vec<Place>,
    /// Whether whole entries are lost, so that what seems to be absent may not be.
    incomplete: bool,
}

impl Notes {
    /// Remembers a mistake; beyond [`MISTAKES_MAX`] they are only counted. What only follows from
    /// another mistake is dropped.
    pub fn note(&mut self, mistake: Mistake) {
        if self.is_echo(&mistake) {
            return;
        }
        if self.mistakes.len() < MISTAKES_MAX {
            self.mistakes.push(mistake);
        } else {
            self.left_out += 1;
        }
    }

    /// A syntax error was told; what stands at `place` is torn apart by it.
    pub fn torn(&mut self, place: Place) {
        self.torn.push(place);
        self.incomplete = true;
    }

    /// A key was told and left out of the table at `place`.
    pub fn left_out_of(&mut self, place: Option<Place>) {
        self.holes.extend(place);
    }

    /// A whole entry (a group, a list) was told and left out.
    pub fn left_out_entry(&mut self) {
        self.incomplete = true;
    }

    fn is_echo(&self, mistake: &Mistake) -> bool {
        if mistake.code == Code::Syntax {
            return false;
        }
        let within =
            |torn: &Place| torn.file == mistake.at.file && torn.span.contains(&mistake.at.span.start);
        let echo = match mistake.code {
            Code::MissingKey | Code::EitherOr => self.holes.contains(&mistake.at) || !self.torn.is_empty(),
            Code::NoAllowSet | Code::TierWithoutGroup | Code::UnknownAllowSet | Code::UnknownGroup => {
                self.incomplete
            }
            Code::Contradiction | Code::LaxerThanOlder => !self.torn.is_empty(),
            _ => false,
        };
        // Never drop the only one.
        (echo || self.torn.iter().any(within)) && !self.is_empty()
    }

    /// Mistakes so far.
    pub fn len(&self) -> usize {
        self.mistakes.len() + self.left_out
    }

    /// Whether there is none so far.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All mistakes, where nothing was made of the files.
    pub fn refuse(self) -> Report {
        Report { sources: self.sources, mistakes: self.mistakes, left_out: self.left_out }
    }

    /// What was made of the files, if nothing is wrong with them.
    ///
    /// # Errors
    /// All mistakes, in the order of the files.
    pub fn finish<T>(mut self, made: T) -> Result<T, Report> {
        if self.is_empty() {
            return Ok(made);
        }
        self.mistakes.sort_by_key(|mistake| (mistake.at.file, mistake.at.span.start));
        Err(self.refuse())
    }
}

/// A mistake as miette draws it.
struct Shown<'r> {
    mistake: &'r Mistake,
    source: NamedSource<String>,
    labels: Vec<LabeledSpan>,
    elsewhere: Vec<String>,
}

impl<'r> Shown<'r> {
    fn new(mistake: &'r Mistake, sources: &Sources) -> Self {
        let text = sources.text(mistake.at.file);
        let found = if mistake.found.is_empty() { None } else { Some(mistake.found.clone()) };
        let mut labels = vec![label(text, &mistake.at, found, true)];
        let mut elsewhere = Vec::new();
        for (place, why) in &mistake.also {
            if place.file == mistake.at.file {
                labels.push(label(text, place, Some(why.to_string()), false));
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
        write!(f, "error[{}]: {}", self.mistake.code.id(), self.mistake.what)
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
        (!help.is_empty()).then(|| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(&self.source)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(self.labels.iter().cloned()))
    }
}
