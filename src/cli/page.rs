//! What a command prints, line by line, none wider than the screen.

use super::out::{Failure, print_shown};
use super::screen::{INDENT, Paint, Screen};
use super::table::{Table, pairs};
use super::wrap::wrap;
use crate::i18n::Message;
use crate::model::visible::visible;

/// A print-out that is being made. What comes from outside is made fit to be shown as it is added.
pub struct Page<'s> {
    screen: &'s Screen,
    text: String,
}

impl<'s> Page<'s> {
    /// An empty one.
    pub fn new(screen: &'s Screen) -> Self {
        Self { screen, text: String::new() }
    }

    /// A sentence.
    pub fn say(&mut self, message: &Message) {
        self.line(&self.screen.say(message));
    }

    /// A line, broken where it does not fit.
    pub fn line(&mut self, text: &str) {
        self.lines(wrap(&visible(text), self.screen.columns, INDENT));
    }

    /// A text of several sentences, whose lines all begin at the left.
    pub fn paragraph(&mut self, text: &str) {
        self.lines(wrap(&visible(text), self.screen.columns, 0));
    }

    /// A sentence that a colour belongs to.
    pub fn painted(&mut self, paint: Paint, message: &Message) {
        let lines = wrap(&visible(&self.screen.say(message)), self.screen.columns, INDENT);
        self.lines(lines.iter().map(|line| self.screen.paint(paint, line)).collect());
    }

    /// One of several sentences, with a mark before it.
    pub fn item(&mut self, message: &Message) {
        self.line(&format!("- {}", self.screen.say(message)));
    }

    /// An empty line between two parts.
    pub fn gap(&mut self) {
        self.text.push('\n');
    }

    /// A table.
    pub fn table(&mut self, table: &Table) {
        self.lines(table.lines(self.screen));
    }

    /// Words with their values.
    pub fn pairs(&mut self, rows: &[(String, String)]) {
        self.pairs_at(rows, 0);
    }

    /// The same below a line that they belong to.
    pub fn indented_pairs(&mut self, rows: &[(String, String)]) {
        self.pairs_at(rows, INDENT);
    }

    fn pairs_at(&mut self, rows: &[(String, String)], indent: usize) {
        let rows: Vec<(String, String)> = rows
            .iter()
            .map(|(what, value)| (visible(what).into_owned(), visible(value).into_owned()))
            .collect();
        let rows: Vec<(&str, &str)> =
            rows.iter().map(|(what, value)| (what.as_str(), value.as_str())).collect();
        self.lines(pairs(&rows, indent, self.screen.columns));
    }

    /// All of another print-out.
    pub fn append(&mut self, other: Self) {
        self.text += &other.text;
    }

    fn lines(&mut self, lines: Vec<String>) {
        for line in lines {
            self.text.push_str(&line);
            self.text.push('\n');
        }
    }

    /// All of it.
    #[cfg(test)]
    pub fn text(self) -> String {
        self.text
    }

    /// Prints it.
    ///
    /// # Errors
    /// What standard output says.
    pub fn print(self) -> Result<(), Failure> {
        print_shown(&self.text)
    }
}
