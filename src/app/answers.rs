//! Doing what the control socket asks.

use std::sync::Arc;

use tokio::runtime::Handle;

use super::explain::Checker;
use super::{App, offline, reload, status};
use crate::control::{Control, Reply, Request};

/// The running program, as askers see it.
pub struct Answers(pub Arc<App>);

impl Control for Answers {
    fn ask(&self, request: Request) -> Reply {
        let app = &self.0;
        match request {
            Request::Status => facts(&status::of(app)),
            Request::Reload => match reload::reload(app) {
                // A list that was not taken is no reason to undo the rest, and none to call it well.
                Ok(done) if done.not_taken.is_empty() => Reply::Done(sentence(&done)),
                Ok(done) => Reply::Refused(sentence(&done)),
                Err(error) => Reply::Refused(format!(
                    "{error}\nkhông có gì thay đổi, máy chủ chạy như cũ / nothing changed, the server goes on as before"
                )),
            },
            Request::UpdateLists => {
                let updated = reload::update_all(app);
                let text = match updated.lines.is_empty() {
                    true => "cấu hình không có danh sách nào để tải / the config names no lists to download"
                        .into(),
                    false => updated.lines.join("\n"),
                };
                if updated.is_short { Reply::Refused(text) } else { Reply::Done(text) }
            }
            Request::Check(check) => {
                // It is called where it may block, on a thread that knows the runtime.
                let runtime = Handle::try_current().ok().filter(|_| check.resolve);
                match offline::explain_check(&Checker { responder: &app.responder, runtime }, &check) {
                    Ok(explanation) => facts(&explanation),
                    Err(why) => Reply::Refused(why),
                }
            }
        }
    }
}

fn facts(value: &impl serde::Serialize) -> Reply {
    serde_json::to_value(value).map_or_else(|error| Reply::Refused(error.to_string()), Reply::Facts)
}

fn sentence(done: &reload::Reloaded) -> String {
    let index = if done.new_index {
        "chỉ mục mới / new index"
    } else {
        "chỉ mục không đổi / same index"
    };
    let mut text = format!("đã đọc lại / reloaded: {index}, {} tên / names", done.names);
    if !done.at_restart.is_empty() {
        text += &format!(
            "\nchỉ đổi khi khởi động lại / changes only at a restart: {}",
            done.at_restart.join(", ")
        );
    }
    for line in done.not_taken.iter().chain(&done.warnings) {
        text += &format!("\n{line}");
    }
    text
}
