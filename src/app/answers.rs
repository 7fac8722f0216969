//! Doing what the control socket asks.

use std::sync::Arc;

use tokio::runtime::Handle;
use tracing::info;

use super::explain::Checker;
use super::{App, Tell, list_updates, offline, reload, status};
use crate::control::{Asker, Control, Reply, Request, Updated};
use crate::i18n::msg;

/// The running program, as askers see it.
pub struct Answers(pub Arc<App>);

impl Control for Answers {
    fn ask(&self, asker: Asker, request: Request) -> Reply {
        let app = &self.0;
        match request {
            Request::Status => Reply::Status(Box::new(status::of(app))),
            Request::Reload => {
                note(asker, "a reload");
                reload::reload(app).map_or_else(
                    |error| Reply::Refused(vec![error.tell(), msg!("nothing-changed")]),
                    Reply::Reloaded,
                )
            }
            Request::UpdateLists => {
                note(asker, "new lists");
                let updated = list_updates::update_all(app);
                Reply::Updated(Updated { lists: updated.lines, is_complete: !updated.is_short })
            }
            Request::Check(check) => {
                // It is called where it may block, on a thread that knows the runtime.
                let runtime = Handle::try_current().ok().filter(|_| check.resolve);
                match offline::explain_check(&Checker { responder: &app.responder, runtime }, &check) {
                    Ok(explanation) => Reply::Explanation(Box::new(explanation)),
                    Err(why) => Reply::Refused(vec![why]),
                }
            }
        }
    }
}

/// Notes in the log who asks for a change.
fn note(asker: Asker, what: &str) {
    let Asker::LocalUser(user) = asker;
    info!(user, "user {user} asks for {what}");
}
