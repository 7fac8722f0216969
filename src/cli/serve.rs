//! `lachan serve`: runs the resolver, and says plainly where it listens and how to try it.

use std::path::Path;

use super::args::ServeArgs;
use super::out::{Ended, Failure, grouped, print};
use super::place;
use crate::app::listen::{BURST, to_try};
use crate::app::{self, Greeting};
use crate::lists::starter::TEST_NAME;
use crate::sys::udp::RECEIVE_BUFFER;

/// Runs until told to stop.
///
/// A config with mistakes does not keep it from starting; that is said.
///
/// # Errors
/// No address can be bound.
pub fn run(args: &ServeArgs) -> Result<Ended, Failure> {
    let place = place::place(&args.place);
    let config = place.config.clone();
    let chosen = app::last_good::choose(&place);
    app::init_log(args.log_json, chosen.settings.journal.time_zone.clone());
    app::serve(place, chosen, |greeting| {
        // A terminal that went away is no reason to stop serving.
        let _ = print(&text(greeting, config.as_deref()));
    })?;
    Ok(Ended::Done)
}

fn text(greeting: &Greeting, config: Option<&Path>) -> String {
    let mut text = format!(
        "Lá Chắn {} đang phục vụ / is serving, {} tên trong chỉ mục / names in the index\n",
        env!("CARGO_PKG_VERSION"),
        grouped(greeting.names)
    );
    for missing in &greeting.missing {
        text += &format!("  thiếu / missing  {}\n", missing.both());
    }
    for address in &greeting.addresses {
        text += &format!("  DNS     {address} (UDP, TCP)\n");
    }
    if let Some(room) = greeting.small_room {
        text += &format!(
            "  bộ đệm nhận của hệ điều hành chỉ chắc chứa được {room} câu hỏi, một đợt có thể tới {BURST}; quản trị viên gõ \
             lệnh sau rồi khởi động lại / the system's receive buffer is sure to hold {room} queries only, a burst \
             may have {BURST}; as root, then start again:\n  sysctl -w net.core.rmem_max={RECEIVE_BUFFER}\n"
        );
    }
    if greeting.has_mistakes {
        text += "  tệp cấu hình có lỗi, xem ở trên / the config has mistakes, see above\n";
    }
    text += &match config {
        Some(file) => format!("  cấu hình / config      {}\n", file.display()),
        None => "  cấu hình / config      không có, dùng mặc định / none, defaults\n".to_owned(),
    };
    text += &format!("  trạng thái / state     {}\n", greeting.state.display());
    if let Some(address) = greeting.addresses.first() {
        let address = to_try(*address);
        text += &format!("  thử / try     dig @{} -p {} {TEST_NAME}\n", address.ip(), address.port());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_receive_buffer_is_told_with_the_remedy() {
        let greeting = |small_room| Greeting {
            addresses: vec!["0.0.0.0:53".parse().unwrap()],
            missing: vec![],
            has_mistakes: false,
            small_room,
            state: "/var/lib/lachan".into(),
            names: 1_000_000,
        };
        assert!(!text(&greeting(None), None).contains("sysctl"));
        let told = text(&greeting(Some(184)), None);
        for part in ["184 câu hỏi", "184 queries", "\n  sysctl -w net.core.rmem_max=4194304\n"] {
            assert!(told.contains(part), "{told}");
        }
    }
}
