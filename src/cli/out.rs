//! Printing for people and for programs, and how a command ended.

use std::io::{self, Write};

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
