//! Printing: tables that line up under Vietnamese letters, and how a command ended.

use std::fmt::Write as _;
use std::io::{self, Write as _};

use unicode_width::UnicodeWidthStr;

use super::page::Page;
use super::screen::Screen;
use crate::control::Reply;
use crate::model::visible::{visible, visible_json};

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Exit code 0.
    Done,
    /// Refused or not found, and said so: exit code 1.
    Refused,
}

/// What went wrong, for the person at the terminal.
pub type Failure = Box<dyn std::error::Error>;

/// Rows under headings, each column as wide as its widest cell.
#[derive(Debug, Default)]
pub struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with these headings.
    pub fn new(headings: &[&str]) -> Self {
        Self { rows: vec![headings.iter().map(|text| (*text).to_owned()).collect()] }
    }

    /// Adds a row.
    pub fn row(&mut self, cells: Vec<String>) {
        // Here and not when printing, so that the widths are those of what is shown; a cell is one line.
        let shown = |cell: String| visible(&cell).replace(['\n', '\t'], " ");
        self.rows.push(cells.into_iter().map(shown).collect());
    }

    /// The table as text; numbers stand to the right.
    pub fn render(&self) -> String {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let widths: Vec<usize> = (0..columns)
            .map(|column| {
                self.rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.width()).max().unwrap_or(0)
            })
            .collect();
        let mut text = String::new();
        for row in &self.rows {
            let mut line = String::new();
            for (cell, width) in row.iter().zip(&widths) {
                let pad = " ".repeat(width - cell.width());
                let number = cell.starts_with(|c: char| c.is_ascii_digit())
                    && cell.chars().all(|c| c.is_ascii_digit() || ".,%".contains(c));
                let _ = if number { write!(line, "{pad}{cell}  ") } else { write!(line, "{cell}{pad}  ") };
            }
            let _ = writeln!(text, "{}", line.trim_end());
        }
        text
    }
}

/// Prints text, what is hidden in it written out; a reader that went away (`| head`) is no failure.
///
/// # Errors
/// What standard output says otherwise.
pub fn print(text: &str) -> Result<(), Failure> {
    write_out(&visible(text))
}

/// Prints text that is fit to be shown as it is.
///
/// # Errors
/// As [`print()`].
pub fn print_shown(text: &str) -> Result<(), Failure> {
    write_out(text)
}

fn write_out(text: &str) -> Result<(), Failure> {
    match io::stdout().write_all(text.as_bytes()).and_then(|()| io::stdout().flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

/// Prints a value as JSON with a final newline.
///
/// # Errors
/// As [`print()`].
pub fn print_json(value: &impl serde::Serialize) -> Result<(), Failure> {
    write_out(&(visible_json(&serde_json::to_string_pretty(value)?).into_owned() + "\n"))
}

/// Prints a value as JSON on a line of its own.
///
/// # Errors
/// As [`print()`].
pub fn print_json_line(value: &impl serde::Serialize) -> Result<(), Failure> {
    write_out(&(visible_json(&serde_json::to_string(value)?).into_owned() + "\n"))
}

/// Begins a CSV with the mark by which spreadsheets know UTF-8 (RFC 3629 §6); without it they take Vietnamese for
/// another encoding.
///
/// # Errors
/// As [`print()`].
pub fn begin_csv() -> Result<(), Failure> {
    write_out("\u{feff}")
}

/// Tells the person at the terminal, on standard error.
pub fn complain(text: &str) {
    // Nobody is left to be told where standard error is gone.
    let _ = writeln!(io::stderr(), "{}", visible(text));
}

/// Prints what the running server said.
///
/// # Errors
/// As [`print()`].
pub fn tell(reply: Reply, screen: &Screen) -> Result<Ended, Failure> {
    match reply {
        Reply::Done(said) => {
            let mut page = Page::new(screen);
            said.iter().for_each(|message| page.say(message));
            page.print().map(|()| Ended::Done)
        }
        Reply::Facts(facts) => print_json(&facts).map(|()| Ended::Done),
        Reply::Refused(said) => {
            said.iter().for_each(|message| screen.complain(message));
            Ok(Ended::Refused)
        }
    }
}

/// A count as Vietnamese readers write it: 1.234.567.
pub fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push('.');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_grouped_by_three() {
        for (count, text) in [(0, "0"), (999, "999"), (1_234, "1.234"), (1_234_567, "1.234.567")] {
            assert_eq!(grouped(count), text);
        }
    }

    #[test]
    fn a_cell_shows_what_would_be_hidden_and_stays_one_line() {
        let mut table = Table::new(&["nhóm", "số"]);
        table.row(vec!["a\u{202e}b\u{1b}[2J\nc".into(), "1".into()]);
        table.row(vec!["d".into(), "2".into()]);
        let lines: Vec<_> = table.render().lines().map(str::to_owned).collect();
        assert_eq!(lines[1], "a\\u{202e}b\\u{1b}[2J c   1");
        assert_eq!(lines[2].len(), lines[1].len());
    }

    #[test]
    fn columns_line_up_under_vietnamese_letters() {
        let mut table = Table::new(&["cấp học", "số"]);
        table.row(vec!["Tiểu học".into(), "12".into()]);
        table.row(vec!["THCS".into(), "1.234".into()]);
        assert_eq!(table.render(), "cấp học   số\nTiểu học     12\nTHCS      1.234\n");
    }
}
