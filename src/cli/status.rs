//! `lachan status`: how the running server is.

use super::args::StatusArgs;
use super::out::{Ended, Failure, Table, grouped, print, print_json};
use super::place;
use crate::app::recent::RecentStatus;
use crate::app::status::{ListenerStatus, Status};
use crate::control::{Reply, Request, client};

/// Prints the status; exit code 1 where something is wrong.
///
/// # Errors
/// No server to ask.
pub fn run(args: &StatusArgs) -> Result<Ended, Failure> {
    let socket = place::control_socket(&args.place);
    let facts = match client::ask(&socket, &Request::Status)? {
        Reply::Facts(facts) => facts,
        other => return super::out::tell(other),
    };
    let status: Status = serde_json::from_value(facts)?;
    if args.json {
        print_json(&status)?
    } else {
        print(&text(&status))?
    }
    Ok(if status.troubles.is_empty() { Ended::Done } else { Ended::Refused })
}

fn text(status: &Status) -> String {
    let mut table = Table::new(&["Lá Chắn", &status.version]);
    let mut row = |what: &str, value: String| table.row(vec![what.into(), value]);
    if !status.school.is_empty() {
        row("trường / school", status.school.clone());
    }
    for listener in &status.listeners {
        row(&format!("nghe / listens ({})", listener.transport), place(listener));
    }
    let is_right = if status.clock.plausible { "" } else { " – SAI / WRONG" };
    row("đồng hồ / clock", format!("{}{is_right}", status.clock.shows));
    row("chạy từ / up since", format!("{} ({})", status.started, duration(status.uptime_s)));
    row("truy vấn / queries", grouped(status.queries));
    row("bị chặn / blocked", grouped(status.blocked));
    row("từ bộ nhớ đệm / from the cache", grouped(status.cached));
    row("hỏi bên ngoài / fetched", grouped(status.fetched));
    row("máy lạ bị từ chối / refused clients", grouped(status.refused_clients));
    row("gói hỏng / malformed", grouped(status.malformed));
    row(
        "bị bỏ vì quá tải / shed",
        format!(
            "{}, do một máy hỏi quá nhiều / of clients above their share: {}",
            grouped(status.shed),
            grouped(status.shed_over_share)
        ),
    );
    row("hỏi quá nhanh / over the rate", grouped(status.limited));
    row("tên nội bộ / local names", grouped(status.local));
    row("gỡ địa chỉ nội bộ / rebinding stopped", grouped(status.rebound));
    if status.synthesised > 0 {
        row("địa chỉ DNS64 / made by DNS64", grouped(status.synthesised));
    }
    row("kết nối TCP / TCP connections", status.tcp_connections.to_string());
    row(
        "chỉ mục / index",
        format!(
            "{} tên / names, {} danh sách / lists, {}{}",
            grouped(status.index.names),
            status.index.lists,
            size(status.index.octets),
            status
                .index
                .age_s
                .map(|age| format!(", dựng {} trước / built {0} ago", duration(age)))
                .unwrap_or_default()
        ),
    );
    row(
        "bộ nhớ đệm / cache",
        format!(
            "{} câu trả lời / answers, {}",
            grouped(status.cache.answers as u64),
            size(status.cache.octets)
        ),
    );
    row(
        "nhật ký / journal",
        format!(
            "{} đã lưu / stored, {} chờ / waiting, {}",
            grouped(status.journal.stored),
            status.journal.waiting,
            size(status.journal.octets)
        ),
    );
    let mut text = table.render();
    text += &format!("\n{}", recent(&status.recent));
    if !status.zones.is_empty() {
        let mut zones = Table::new(&[
            "vùng chính sách / policy zone",
            "serial",
            "quy tắc / rules",
            "dòng không dùng được / unusable",
            "lượt dùng / hits",
            "nhận bằng / came by",
            "cập nhật lúc / refreshed",
            "lỗi / failures",
        ]);
        for zone in &status.zones {
            zones.row(vec![
                zone.zone.clone(),
                zone.serial.map(|serial| serial.to_string()).unwrap_or_default(),
                grouped(zone.rules.into()),
                grouped(zone.unusable.into()),
                grouped(zone.hits),
                zone.came_by.clone(),
                zone.refreshed_s.map(|ago| format!("{} trước / ago", duration(ago))).unwrap_or_default(),
                grouped(zone.failures.into()),
            ]);
        }
        text += &format!("\n{}", zones.render());
    }
    if !status.upstreams.is_empty() {
        let mut servers = Table::new(&["máy chủ hỏi / upstream", "câu hỏi", "lỗi / failures", "RTT ms"]);
        for server in &status.upstreams {
            servers.row(vec![
                server.server.clone(),
                grouped(server.queries),
                grouped(server.failures),
                server.rtt_ms.map(|rtt| format!("{rtt:.1}")).unwrap_or_default(),
            ]);
        }
        text += &format!("\n{}", servers.render());
    }
    if !status.notes.is_empty() {
        text += "\nnên biết / worth knowing:\n";
        for note in &status.notes {
            text += &format!("  - {note}\n");
        }
    }
    if status.troubles.is_empty() {
        text += "\nmọi thứ bình thường / all is well\n";
    } else {
        text += "\ncần xem lại / needs a look:\n";
        for trouble in &status.troubles {
            text += &format!("  - {trouble}\n");
        }
    }
    text
}

/// Where a wanted address is served: itself, what could be had in its place, or nowhere.
fn place(listener: &ListenerStatus) -> String {
    let at = listener.at.join(", ");
    match (listener.bound, at.is_empty()) {
        (true, _) if listener.at.len() == 1 && at == listener.address => at,
        (_, false) => format!("{at} (cấu hình / config: {})", listener.address),
        (_, true) => format!("– (cấu hình / config: {})", listener.address),
    }
}

/// The answers of the last minutes, one line a kind that there was.
fn recent(recent: &RecentStatus) -> String {
    let title = format!("{} qua / the last {}", duration(recent.span_s), duration(recent.span_s));
    let mut table = Table::new(&[&title, "câu hỏi / queries"]);
    let kinds = [
        ("tất cả / all", recent.queries),
        ("từ bộ nhớ đệm / from the cache", recent.cached),
        ("hỏi bên ngoài / fetched", recent.fetched),
        ("bị chặn / blocked", recent.blocked),
        ("tên nội bộ / local names", recent.local),
        ("gỡ địa chỉ nội bộ / rebinding stopped", recent.rebound),
        ("câu trả lời cũ / stale", recent.stale),
        ("hỏng, nhắc lại / failed, given again", recent.failed_again),
        ("máy lạ bị từ chối / refused clients", recent.refused_clients),
        ("hỏi quá nhanh / over the rate", recent.limited),
        ("bị bỏ vì quá tải / shed", recent.shed),
    ];
    for (what, count) in kinds.into_iter().take(1).chain(kinds.into_iter().skip(1).filter(|kind| kind.1 > 0))
    {
        table.row(vec![what.into(), grouped(count)]);
    }
    for failed in &recent.failed {
        table.row(vec![format!("hỏng / failed: {}", failed.what), grouped(failed.count)]);
    }
    table.render()
}

fn duration(seconds: u64) -> String {
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{} min", seconds / 60),
        3600..86_400 => format!("{} h {} min", seconds / 3600, seconds / 60 % 60),
        _ => format!("{} d {} h", seconds / 86_400, seconds / 3600 % 24),
    }
}

fn size(octets: u64) -> String {
    match octets {
        0..1024 => format!("{octets} B"),
        1024..1_048_576 => format!("{:.1} KiB", octets as f64 / 1024.0),
        _ => format!("{:.1} MiB", octets as f64 / 1_048_576.0),
    }
}
