//! Printing for people and for programs, and how a command ended.

use std::io::{self, Write};

use super::page::Page;
use super::screen::Screen;
use crate::control::{Reloaded, Reply, Updated};
use crate::i18n::{Message, msg};
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

/// Prints what the running server said.
///
/// # Errors
/// As [`print()`].
pub fn tell(reply: Reply, screen: &Screen) -> Result<Ended, Failure> {
    match reply {
        // A list that was not taken is no reason to undo the rest, and none to call it well.
        Reply::Reloaded(done) => {
            let is_complete = done.not_taken.is_empty();
            say_all(&reloaded(done), is_complete, screen)
        }
        Reply::Updated(Updated { lists, .. }) if lists.is_empty() => {
            say_all(&[msg!("no-lists-to-fetch")], true, screen)
        }
        Reply::Updated(Updated { lists, is_complete }) => say_all(&lists, is_complete, screen),
        Reply::Refused(said) => say_all(&said, false, screen),
        Reply::Status(status) => print_json(&status).map(|()| Ended::Done),
        Reply::Explanation(explanation) => print_json(&explanation).map(|()| Ended::Done),
    }
}

/// Prints sentences, on standard error where something was not done.
fn say_all(said: &[Message], is_complete: bool, screen: &Screen) -> Result<Ended, Failure> {
    if !is_complete {
        said.iter().for_each(|message| screen.complain(message));
        return Ok(Ended::Refused);
    }
    let mut page = Page::new(screen);
    said.iter().for_each(|message| page.say(message));
    page.print().map(|()| Ended::Done)
}

fn reloaded(done: Reloaded) -> Vec<Message> {
    let index = if done.new_index { msg!("index-new") } else { msg!("index-same") };
    let mut said = vec![msg!("reloaded", index = index, names = done.names)];
    if !done.at_restart.is_empty() {
        said.push(msg!("at-restart", settings = done.at_restart.join(", ")));
    }
    said.extend(done.not_taken.into_iter().chain(done.warnings));
    said
}
