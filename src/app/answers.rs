//! Doing what the control socket asks.

use std::sync::Arc;

use tokio::runtime::Handle;

use super::explain::Checker;
use super::{App, Tell, keeper, list_updates, offline, reload, status};
use crate::control::{Control, Reply, Request};
use crate::i18n::{Message, msg};

/// The running program, as askers see it.
pub struct Answers(pub Arc<App>);

impl Control for Answers {
    fn ask(&self, request: Request) -> Reply {
        let app = &self.0;
        match request {
            Request::Status => facts(&status::of(app)),
            Request::Reload => match reload::reload(app) {
                // A list that was not taken is no reason to undo the rest, and none to call it well.
                Ok(done) if done.not_taken.is_empty() => Reply::Done(sentences(done)),
                Ok(done) => Reply::Refused(sentences(done)),
                Err(error) => Reply::Refused(vec![error.tell(), msg!("nothing-changed")]),
            },
            Request::UpdateLists => {
                let mut updated = list_updates::update_all(app);
                if updated.lines.is_empty() {
                    updated.lines.push(msg!("no-lists-to-fetch"));
                }
                if updated.is_short { Reply::Refused(updated.lines) } else { Reply::Done(updated.lines) }
            }
            Request::Check(check) => {
                // It is called where it may block, on a thread that knows the runtime.
                let runtime = Handle::try_current().ok().filter(|_| check.resolve);
                match offline::explain_check(&Checker { responder: &app.responder, runtime }, &check) {
                    Ok(explanation) => facts(&explanation),
                    Err(why) => Reply::Refused(vec![why]),
                }
            }
        }
    }
}

fn facts(value: &impl serde::Serialize) -> Reply {
    let failed = |error: serde_json::Error| Reply::Refused(vec![msg!("not-told", error = error.to_string())]);
    serde_json::to_value(value).map_or_else(failed, Reply::Facts)
}

fn sentences(done: keeper::Reloaded) -> Vec<Message> {
    let index = if done.new_index { msg!("index-new") } else { msg!("index-same") };
    let mut said = vec![msg!("reloaded", index = index, names = done.names)];
    if !done.at_restart.is_empty() {
        said.push(msg!("at-restart", settings = done.at_restart.join(", ")));
    }
    said.extend(done.not_taken.into_iter().chain(done.warnings));
    said
}
