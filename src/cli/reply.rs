//! What the running server replied, for the person who typed the command.

use super::out::{Ended, Failure, print_json};
use super::page::Page;
use super::screen::Screen;
use crate::control::{Reloaded, Reply, Updated};
use crate::i18n::{Message, msg};

/// Prints what the running server said.
///
/// # Errors
/// What standard output says.
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
