//! Where a command prints: the language, the columns, and whether there are colours.

use std::env;
use std::io::{IsTerminal, Write};

use super::wrap::wrap;
use crate::i18n::{Arg, Lang, Message};
use crate::model::visible::visible;

/// Columns that are used at the most, and where no terminal says how many it has.
pub const COLUMNS: usize = 80;
/// Columns before the second line of a sentence that does not fit into one.
pub const INDENT: usize = 2;
/// Columns that are counted on.
const COLUMNS_MIN: usize = 40;

/// The screen of a command.
#[derive(Clone, Copy, Debug)]
pub struct Screen {
    /// Language of all that is printed.
    pub lang: Lang,
    /// Columns of a line.
    pub columns: usize,
    /// Whether words may be coloured.
    pub colours: bool,
}

/// What a colour stands for; the word that it is given says the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paint {
    /// A heading.
    Heading,
    /// All is well.
    Good,
    /// Somebody should have a look.
    Bad,
}

impl Screen {
    /// Standard output, in that language.
    pub fn standard(lang: Lang) -> Self {
        let is_terminal = std::io::stdout().is_terminal();
        let typed = env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
        let of_terminal = || terminal_size::terminal_size().map(|(columns, _)| usize::from(columns.0));
        let columns = typed.or_else(|| of_terminal().filter(|_| is_terminal)).unwrap_or(COLUMNS);
        Self { lang, columns: columns.clamp(COLUMNS_MIN, COLUMNS), colours: is_terminal && !is_plain() }
    }

    /// The sentence of a message.
    pub fn say(&self, message: &Message) -> String {
        message.text(self.lang)
    }

    /// A value as it stands in a sentence.
    pub fn value(&self, value: impl Into<Arg>) -> String {
        value.into().text(self.lang)
    }

    /// Tells the person at the terminal, on standard error.
    pub fn complain(&self, message: &Message) {
        for line in wrap(&visible(&self.say(message)), self.columns, INDENT) {
            // Nobody is left to be told where standard error is gone.
            let _ = writeln!(std::io::stderr(), "{line}");
        }
    }

    /// The text, coloured where colours are wanted.
    pub fn paint(&self, paint: Paint, text: &str) -> String {
        let code = match paint {
            Paint::Heading => "1",
            Paint::Good => "32",
            Paint::Bad => "1;31",
        };
        if self.colours && !text.is_empty() {
            format!("\u{1b}[{code}m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    }
}

/// Whether the person wants no colours (no-color.org).
pub fn is_plain() -> bool {
    env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
}

#[cfg(test)]
impl Screen {
    /// The screens that every command is tried on.
    pub fn all() -> impl Iterator<Item = Self> {
        let widths = |lang| [COLUMNS, 60].map(|columns| Self { lang, columns, colours: false });
        Lang::ALL.into_iter().flat_map(widths)
    }
}

/// Asserts that no line is wider than the screen and that one language stands on it.
#[cfg(test)]
pub fn assert_reads_well(screen: &Screen, text: &str) {
    use unicode_width::UnicodeWidthStr;

    for line in text.lines() {
        assert!(line.width() <= screen.columns, "{} columns: {line}\n\n{text}", line.width());
        assert!(!line.contains(" / "), "two languages: {line}\n\n{text}");
        assert_eq!(line, line.trim_end(), "spaces at the end");
    }
    // Words that every print-out in the other language has some of.
    let foreign: &[&str] = match screen.lang {
        // None that a section of a config or an option is called.
        Lang::Vi => &["the", "is", "are", "and", "for", "names", "queries"],
        Lang::En => &["không", "của", "là", "và", "câu", "danh", "cấp", "nhóm", "quy", "bản", "tên"],
    };
    for word in text.split(|c: char| !c.is_alphabetic()) {
        assert!(!foreign.contains(&word), "`{word}` in {:?}:\n\n{text}", screen.lang);
    }
}
