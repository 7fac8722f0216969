//! `lachan status`: how the running server is.

use serde_json::Value;

use super::args::StatusArgs;
use super::out::{Ended, Failure, print_json};
use super::page::Page;
use super::place;
use super::screen::{Paint, Screen};
use super::table::Table;
use super::words;
use crate::control::status::{CameBy, ListenerStatus, RecentStatus, Status, UpstreamStatus, ZoneStatus};
use crate::control::{Reply, Request, client};
use crate::i18n::{Lang, Message, msg};

/// Prints the status; exit code 1 where something is wrong.
///
/// # Errors
/// No server to ask.
pub fn run(args: &StatusArgs, screen: &Screen) -> Result<Ended, Failure> {
    let socket = place::control_socket(&args.place);
    let status = match client::ask(&socket, &Request::Status)? {
        Reply::Status(status) => status,
        other => return super::reply::tell(other, screen),
    };
    if args.json {
        print_json(&as_json(&status)?)?
    } else {
        page(&status, screen).print()?
    }
    Ok(if status.troubles.is_empty() { Ended::Done } else { Ended::Refused })
}

/// The facts for programs, with sentences in both languages.
fn as_json(status: &Status) -> Result<Value, Failure> {
    let both = |messages: &[Message]| messages.iter().map(Message::both).collect::<Value>();
    let mut json = serde_json::to_value(status)?;
    json["troubles"] = both(&status.troubles);
    json["notes"] = both(&status.notes);
    json["clock"]["shows"] = Lang::Vi.moment(status.clock.shows).into();
    for (at, failed) in status.recent.failed.iter().enumerate() {
        json["recent"]["failed"][at]["what"] = words::cause(failed.cause).both().into();
    }
    for (at, listener) in status.listeners.iter().enumerate() {
        json["listeners"][at]["error"] = listener.error.as_ref().map(Message::both).into();
    }
    Ok(json)
}

fn page<'s>(status: &Status, screen: &'s Screen) -> Page<'s> {
    let mut page = Page::new(screen);
    page.painted(Paint::Heading, &msg!("status-program", version = &status.version));
    page.pairs(&rows(status, screen));
    page.gap();
    page.table(&recent(&status.recent, screen));
    if !status.zones.is_empty() {
        page.gap();
        page.table(&zones(&status.zones, screen));
    }
    if !status.upstreams.is_empty() {
        page.gap();
        page.table(&upstreams(&status.upstreams, screen));
    }
    if !status.notes.is_empty() {
        page.gap();
        page.say(&msg!("status-notes"));
        status.notes.iter().for_each(|note| page.item(note));
    }
    page.gap();
    if status.troubles.is_empty() {
        page.painted(Paint::Good, &msg!("status-well"));
    } else {
        page.painted(Paint::Bad, &msg!("status-troubles"));
        status.troubles.iter().for_each(|trouble| page.item(trouble));
    }
    page
}

/// Words with their values: what it is, where it listens, what it has counted, what it holds.
fn rows(status: &Status, screen: &Screen) -> Vec<(String, String)> {
    let mut rows: Vec<(String, String)> = Vec::new();
    let mut row = |what: Message, value: String| rows.push((screen.say(&what), value));
    let number = |count: u64| screen.lang.number(count);
    if !status.school.is_empty() {
        row(msg!("status-school"), status.school.clone());
    }
    for listener in &status.listeners {
        row(
            msg!("status-listens", transport = listener.transport.to_uppercase()),
            place_of(listener, screen),
        );
    }
    row(
        msg!("status-clock"),
        match status.clock.plausible {
            true => screen.value(status.clock.shows),
            false => screen.say(&msg!("status-clock-wrong", shows = status.clock.shows)),
        },
    );
    row(msg!("status-uptime"), screen.lang.duration(status.uptime_s));
    row(msg!("status-queries"), number(status.queries));
    row(msg!("status-blocked"), number(status.blocked));
    row(msg!("status-cached"), number(status.cached));
    row(msg!("status-fetched"), number(status.fetched));
    row(msg!("status-refused"), number(status.refused_clients));
    row(msg!("status-malformed"), number(status.malformed));
    row(
        msg!("status-shed"),
        match status.shed {
            0 => number(0),
            shed => screen.say(&msg!("status-shed-of", shed = shed, over = status.shed_over_share)),
        },
    );
    row(msg!("status-limited"), number(status.limited));
    row(msg!("status-local"), number(status.local));
    row(msg!("status-rebound"), number(status.rebound));
    if status.synthesised > 0 {
        row(msg!("status-synthesised"), number(status.synthesised));
    }
    row(msg!("status-tcp"), number(status.tcp_connections as u64));
    row(msg!("status-index"), index(status, screen));
    let cache = &status.cache;
    row(
        msg!("status-cache"),
        screen.say(&msg!("status-cache-of", answers = cache.answers, size = screen.lang.size(cache.octets))),
    );
    let journal = &status.journal;
    row(
        msg!("status-journal"),
        screen.say(&msg!(
            "status-journal-of",
            stored = journal.stored,
            waiting = journal.waiting,
            size = screen.lang.size(journal.octets)
        )),
    );
    rows
}

fn index(status: &Status, screen: &Screen) -> String {
    let index = &status.index;
    let size = screen.lang.size(index.octets);
    let told = msg!("status-index-of", names = index.names, lists = index.lists, size = size);
    screen.say(&match index.age_s {
        Some(age) => msg!("status-index-built", index = told, age = screen.lang.duration(age)),
        None => told,
    })
}

/// Where a wanted address is served: itself, what could be had in its place, or nowhere.
fn place_of(listener: &ListenerStatus, screen: &Screen) -> String {
    let at = listener.at.join(", ");
    match listener.bound && listener.at.len() == 1 && at == listener.address {
        true => at,
        false => {
            let at = if at.is_empty() { "–" } else { &at };
            screen.say(&msg!("status-listens-configured", at = at, address = &listener.address))
        }
    }
}

/// The answers of the last minutes, one line a kind that there was.
fn recent(recent: &RecentStatus, screen: &Screen) -> Table {
    let title = msg!("status-recent", span = screen.lang.duration(recent.span_s));
    let mut table = Table::new([title, msg!("status-queries")].map(|heading| screen.say(&heading)));
    let mut row = |what: Message, count: u64| table.row([screen.say(&what), screen.lang.number(count)]);
    row(msg!("status-all"), recent.queries);
    let kinds = [
        (msg!("status-cached"), recent.cached),
        (msg!("status-fetched"), recent.fetched),
        (msg!("status-blocked"), recent.blocked),
        (msg!("status-local"), recent.local),
        (msg!("status-rebound"), recent.rebound),
        (msg!("status-stale"), recent.stale),
        (msg!("status-failed-again"), recent.failed_again),
        (msg!("status-refused"), recent.refused_clients),
        (msg!("status-limited"), recent.limited),
        (msg!("status-shed"), recent.shed),
    ];
    for (what, count) in kinds.into_iter().filter(|(_, count)| *count > 0) {
        row(what, count);
    }
    for failed in &recent.failed {
        row(msg!("status-failed", what = words::cause(failed.cause)), failed.count);
    }
    table
}

fn zones(zones: &[ZoneStatus], screen: &Screen) -> Table {
    let headings = [
        msg!("status-zone"),
        msg!("status-serial"),
        msg!("status-rules"),
        msg!("status-unusable"),
        msg!("status-hits"),
        msg!("status-came-by"),
        msg!("status-refreshed"),
        msg!("status-failures"),
    ];
    let mut table = Table::new(headings.map(|heading| screen.say(&heading)));
    let number = |count: u64| screen.lang.number(count);
    let ago = |seconds: u64| screen.say(&msg!("ago", duration = screen.lang.duration(seconds)));
    for zone in zones {
        let came_by = match zone.came_by {
            CameBy::Kept => screen.say(&msg!("status-came-kept")),
            CameBy::File => screen.say(&msg!("status-came-file")),
            CameBy::Axfr => "AXFR".to_owned(),
            CameBy::Ixfr => "IXFR".to_owned(),
        };
        table.row([
            zone.zone.clone(),
            zone.serial.map(|serial| serial.to_string()).unwrap_or_default(),
            number(zone.rules.into()),
            number(zone.unusable.into()),
            number(zone.hits),
            came_by,
            zone.refreshed_s.map(ago).unwrap_or_default(),
            number(zone.failures.into()),
        ]);
    }
    table
}

fn upstreams(servers: &[UpstreamStatus], screen: &Screen) -> Table {
    let headings = [msg!("status-upstream"), msg!("status-queries"), msg!("status-failures")];
    let mut table =
        Table::new(headings.map(|heading| screen.say(&heading)).into_iter().chain(["RTT ms".into()]));
    for server in servers {
        table.row([
            server.server.clone(),
            screen.lang.number(server.queries),
            screen.lang.number(server.failures),
            server.rtt_ms.map(|rtt| screen.lang.decimal(rtt)).unwrap_or_default(),
        ]);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::screen::assert_reads_well;
    use crate::control::status::{CacheStatus, ClockStatus, FailedStatus, IndexStatus, JournalStatus};
    use crate::i18n::{Both, Moment};
    use crate::resolve::cause::Cause;

    fn status() -> Status {
        let shows = Moment { year: 2026, month: 11, day: 23, hour: 7, minute: 5 };
        let failed = FailedStatus { cause: Cause::Refused, count: 1234 };
        let recent = RecentStatus {
            span_s: 300,
            queries: 12_345,
            cached: 9000,
            failed: vec![failed],
            ..Default::default()
        };
        let listener = |address: &str, transport: &str, at: &[&str]| ListenerStatus {
            address: address.into(),
            transport: transport.into(),
            bound: at == [address],
            at: at.iter().map(|at| at.to_string()).collect(),
            error: None,
        };
        let zone = |zone: &str, came_by: CameBy| ZoneStatus {
            zone: zone.into(),
            serial: Some(2_026_112_301),
            rules: 123_456,
            unusable: 12,
            hits: 3456,
            came_by,
            refreshed_s: Some(3700),
            failures: 2,
            in_force: true,
            expired: false,
        };
        let upstream = |server: &str| UpstreamStatus {
            server: server.into(),
            zone: None,
            queries: 1_234_567,
            failures: 12,
            failing: 0,
            rtt_ms: Some(12.3),
        };
        let failure =
            Both { vi: "không tải được danh sách".into(), en: "could not fetch the list".into() };
        Status {
            version: "0.1.0".into(),
            school: "Trường THCS, THPT Nguyễn Bỉnh Khiêm, thành phố Hồ Chí Minh, cơ sở 2".into(),
            started: "2026-11-22T00:00:00Z".into(),
            uptime_s: 100_000,
            troubles: vec![
                msg!("clock-wrong", shows = shows, why = msg!("clock-behind")),
                msg!(
                    "trouble-of",
                    of = "own",
                    what = msg!("state-and-failure", state = msg!("no-copy-yet"), failure = failure)
                ),
                msg!("answers-fail", why = msg!("remedy-unreachable")),
            ],
            notes: vec![msg!("only-starter-lists", version = "2026.11")],
            clock: ClockStatus { shows, plausible: false, jumps: 0 },
            recent,
            queries: 12_345_678,
            blocked: 345_678,
            cached: 9_876_543,
            fetched: 123,
            refused_clients: 0,
            malformed: 1,
            shed: 1234,
            shed_over_share: 1200,
            limited: 0,
            local: 5,
            rebound: 6,
            synthesised: 7,
            panics: 0,
            tcp_connections: 12,
            index: IndexStatus {
                id: "0".into(),
                names: 1_234_567,
                lists: 12,
                octets: 23 << 20,
                octets_hot: 0,
                age_s: Some(90_000),
            },
            cache: CacheStatus { answers: 65_432, octets: 3 << 20 },
            journal: JournalStatus {
                stored: 123_456,
                waiting: 12,
                folded: 0,
                failures: 0,
                rows: 0,
                octets: 1 << 20,
                last_stored: None,
                oldest: None,
            },
            lists: vec![],
            zones: vec![
                zone("rpz.truong.example", CameBy::Kept),
                zone("chan-lua-dao.bo-giao-duc.example", CameBy::Ixfr),
            ],
            groups: vec![],
            listeners: vec![
                listener("0.0.0.0:53", "udp", &["192.0.2.1:53", "192.0.2.2:53"]),
                listener("[2001:db8:1234:5678:9abc:def0:1234:5678]:53", "tcp", &[]),
            ],
            upstreams: vec![upstream("tls://[2001:db8:1234:5678:9abc:def0:1234:5678]:853#dns.example")],
        }
    }

    #[test]
    fn every_line_fits_and_is_in_one_language() {
        for screen in Screen::all() {
            assert_reads_well(&screen, &page(&status(), &screen).text());
        }
    }

    #[test]
    fn what_is_wrong_comes_last_in_the_language_that_was_chosen() {
        let screen = |lang| Screen { lang, columns: 80, colours: false };
        let (vi, en) = (screen(Lang::Vi), screen(Lang::En));
        let mut status = status();
        assert!(
            page(&status, &vi)
                .text()
                .contains("\nCần xem lại:\n- đồng hồ máy này sai: đang chỉ 23/11/2026 07:05,")
        );
        assert!(
            page(&status, &en)
                .text()
                .contains("\nNeeds a look:\n- the system clock is wrong: it shows 23 Nov")
        );
        status.troubles.clear();
        assert!(page(&status, &vi).text().ends_with("\nMọi thứ bình thường.\n"));
    }

    #[test]
    fn programs_get_sentences_in_both_languages() {
        let json = as_json(&status()).unwrap();
        assert_eq!(json["clock"]["shows"], "23/11/2026 07:05");
        assert_eq!(json["recent"]["failed"][0]["what"], "máy chủ từ chối / servers refuse");
        assert_eq!(
            json["troubles"][1],
            "own: chưa có bản nào; không tải được danh sách / own: no copy yet; could not fetch the list"
        );
    }
}
