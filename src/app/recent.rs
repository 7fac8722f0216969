//! What `lachan status` tells of the last minutes and of the clock, and what is worth a look there.

use serde::{Deserialize, Serialize};

use super::answering::{self, Fault};
use super::{App, timekeeper};
use crate::config::Settings;
use crate::lists::starter;
use crate::query::outcomes::Recent;
use crate::resolve::cause::Cause;
use crate::sys::clock::unix_now;

/// Refused queries of the school's own networks that are worth a word.
const REFUSED_MANY: u64 = 20;
/// Answers with addresses taken out that are worth a word.
const REBOUND_MANY: u64 = 5;
/// Queries of clients of no group that are worth a word.
const UNKNOWN_MANY: u64 = 20;
/// Domains with one address for all of them that are no chance.
const ONE_ADDRESS_MANY: u64 = 20;

/// The answers of the last minutes, by what became of them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RecentStatus {
    /// Seconds that are told of.
    pub span_s: u64,
    pub queries: u64,
    /// Answers of the cache, those among them that are failures left out.
    pub cached: u64,
    pub blocked: u64,
    pub local: u64,
    /// Answers that were fetched, "no such name" included.
    pub fetched: u64,
    /// Answers with addresses taken out that lead into the school's networks.
    pub rebound: u64,
    /// Old answers, because no new one could be had.
    pub stale: u64,
    pub refused_clients: u64,
    pub limited: u64,
    pub shed: u64,
    /// Failures given again from the cache.
    pub failed_again: u64,
    /// Questions without an answer, by cause.
    pub failed: Vec<FailedStatus>,
    /// Domains (registrable names) that were asked for outside, and those of them that mostly failed.
    pub domains: u64,
    pub domains_failed: u64,
}

/// Questions that failed for one cause.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FailedStatus {
    /// Stable id.
    pub cause: String,
    /// The same in words.
    pub what: String,
    pub count: u64,
}

/// The wall clock.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ClockStatus {
    /// What it shows, in the school's time zone.
    pub shows: String,
    /// Whether it can be right.
    pub plausible: bool,
    /// Times that it was set since the start.
    pub jumps: u64,
}

impl RecentStatus {
    /// The last minutes in numbers.
    pub fn of(recent: &Recent) -> Self {
        let counts = &recent.counts;
        let failed = recent.failed.iter();
        Self {
            span_s: recent.span.as_secs(),
            queries: counts.queries,
            cached: counts.cached.saturating_sub(counts.failed_again),
            blocked: counts.blocked,
            local: counts.local,
            fetched: recent.answered,
            rebound: recent.rebound,
            stale: recent.stale,
            refused_clients: counts.refused,
            limited: counts.limited,
            shed: counts.shed,
            failed_again: counts.failed_again,
            failed: failed
                .map(|(cause, count)| FailedStatus {
                    cause: cause.id().into(),
                    what: words(*cause).into(),
                    count: *count,
                })
                .collect(),
            domains: recent.domains,
            domains_failed: recent.domains_failed,
        }
    }
}

impl ClockStatus {
    /// The clock now.
    pub fn of(app: &App) -> Self {
        let now = unix_now();
        Self {
            shows: timekeeper::date(now, &app.settings().journal.time_zone),
            plausible: app.timekeeper.watch().is_plausible(now),
            jumps: app.timekeeper.jumps(),
        }
    }
}

/// A cause in few words.
fn words(cause: Cause) -> &'static str {
    match cause {
        Cause::Unreachable => "không tới được máy chủ / no server reachable",
        Cause::Refused => "máy chủ từ chối / servers refuse",
        Cause::Failing => "máy chủ báo lỗi / servers report errors",
        Cause::Distrusted => "chứng chỉ sai / bad certificate",
        Cause::Nonsense => "câu trả lời không dùng được / unusable answers",
        Cause::SignatureExpired => "chữ ký hết hạn / signatures expired",
        Cause::SignatureNotYetValid => "chữ ký chưa có hiệu lực / signatures not valid yet",
        Cause::SignaturesMissing => "thiếu chữ ký / signatures missing",
        Cause::Bogus => "sai DNSSEC / bogus",
        Cause::Busy => "quá tải / overload",
    }
}

/// What is worth a person's look: troubles, which make the exit code 1, and notes, which do not.
#[derive(Debug, Default)]
pub struct Found {
    pub troubles: Vec<String>,
    pub notes: Vec<String>,
}

impl Found {
    fn trouble(&mut self, (vi, en): (impl AsRef<str>, impl AsRef<str>)) {
        self.troubles.push(format!("{} / {}", vi.as_ref(), en.as_ref()));
    }

    fn note(&mut self, (vi, en): (impl AsRef<str>, impl AsRef<str>)) {
        self.notes.push(format!("{} / {}", vi.as_ref(), en.as_ref()));
    }
}

/// Looks at the clock, the forwarders and the last minutes. Asks outside where that is not known; called off
/// the way of queries.
pub fn look(app: &App, recent: &Recent, settings: &Settings) -> Found {
    let mut found = Found::default();
    let now = unix_now();
    if let Some(told) = timekeeper::told(app, app.timekeeper.watch().judge(now), now) {
        found.trouble(told);
    }
    let lacks_signatures = recent.failed.iter().any(|(cause, _)| *cause == Cause::SignaturesMissing);
    let asked = tokio::runtime::Handle::try_current().map(|runtime| {
        runtime.block_on(async {
            (answering::unsigned(app, lacks_signatures).await, answering::fault(app).await)
        })
    });
    let (unsigned, fault) = asked.unwrap_or_default();
    for name in &unsigned {
        found.trouble(answering::no_signatures(name));
    }
    // What was said of the clock or of a forwarder is not said twice.
    if let Some(fault) = fault.filter(|fault| !is_explained(*fault, &found, &unsigned)) {
        found.trouble((fault.vi(), fault.en()));
    }
    look_at_clients(recent, settings, &mut found);
    look_at_answers(recent, &mut found);
    if settings.lists.starter && settings.lists.specs.is_empty() {
        found.note((
            format!("chỉ có danh sách có sẵn ({}); thêm danh sách bằng [[list]]", starter::VERSION),
            format!("only the starter lists ({}) filter; add lists with [[list]]", starter::VERSION),
        ));
    }
    found
}

fn is_explained(fault: Fault, found: &Found, unsigned: &[String]) -> bool {
    match fault {
        Fault::Failing(Cause::SignaturesMissing) => !unsigned.is_empty(),
        Fault::Failing(Cause::SignatureExpired | Cause::SignatureNotYetValid) => {
            found.troubles.len() > unsigned.len()
        }
        _ => false,
    }
}

fn look_at_clients(recent: &Recent, settings: &Settings, found: &mut Found) {
    let counts = &recent.counts;
    if counts.refused_inside >= REFUSED_MANY {
        let inside = counts.refused_inside;
        let told = (
            format!("{inside} câu hỏi từ mạng nội bộ bị từ chối; thêm mạng đó vào [access] allow"),
            format!("{inside} queries from private networks were refused; add the network to [access] allow"),
        );
        match counts.refused * 10 >= counts.queries * 9 {
            true => found.trouble(told),
            false => found.note(told),
        }
    }
    if counts.unknown_clients >= UNKNOWN_MANY && !settings.policy.groups.is_empty() {
        let unknown = counts.unknown_clients;
        found.note((
            format!("{unknown} câu hỏi từ máy không thuộc nhóm nào, lọc theo cấp chặt nhất; thêm mạng vào [[group]]"),
            format!(
                "{unknown} queries of clients of no group were filtered by the strictest tier; add the network to \
                 a [[group]]"
            ),
        ));
    }
}

fn look_at_answers(recent: &Recent, found: &mut Found) {
    if recent.rebound >= REBOUND_MANY {
        let rebound = recent.rebound;
        let told = (
            format!(
                "{rebound} câu trả lời bị gỡ địa chỉ nội bộ; nếu là tên của trường, ghi vào [resolve] private_names \
                 hoặc chuyển tiếp vùng của chúng"
            ),
            format!(
                "addresses inside were taken out of {rebound} answers; if the names are the school's own, write \
                 them into [resolve] private_names, or forward their zone"
            ),
        );
        match recent.rebound > recent.answered {
            true => found.trouble(told),
            false => found.note(told),
        }
    }
    if recent.domains_with_address >= ONE_ADDRESS_MANY && recent.one_address_for_all {
        let domains = recent.domains_with_address;
        found.note((
            format!(
                "{domains} tên miền đều có cùng một địa chỉ; đường truyền có đang đòi đăng nhập hoặc hết hạn không?"
            ),
            format!(
                "{domains} domains all have one and the same address; does the line ask for a login, or is it \
                 unpaid?"
            ),
        ));
    }
    if recent.counts.shed > 0 {
        let shed = recent.counts.shed;
        found.note((
            format!("{shed} câu hỏi vừa bị bỏ vì quá tải; tìm máy hỏi quá nhiều, hoặc tăng [listen] in_flight"),
            format!(
                "{shed} queries were turned away for want of places; look for a machine that asks too much, or \
                 raise [listen] in_flight"
            ),
        ));
    }
}
