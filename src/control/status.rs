//! How the running server is: facts and numbers, as `lachan status` and a console show them.

use serde::{Deserialize, Serialize};

use crate::i18n::{Message, Moment};
use crate::resolve::cause::Cause;

/// Everything that a person with a question wants first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Status {
    pub version: String,
    pub school: String,
    pub started: String,
    pub uptime_s: u64,
    /// What keeps it from being well; empty means well.
    pub troubles: Vec<Message>,
    /// What a person should know, although nothing has failed.
    #[serde(default)]
    pub notes: Vec<Message>,
    #[serde(default)]
    pub clock: ClockStatus,
    /// Answers of the last minutes.
    #[serde(default)]
    pub recent: RecentStatus,
    pub queries: u64,
    pub blocked: u64,
    pub cached: u64,
    pub fetched: u64,
    pub refused_clients: u64,
    pub malformed: u64,
    pub shed: u64,
    /// Those of them whose client had more than its share waiting.
    pub shed_over_share: u64,
    /// Queries of clients that ask too fast.
    pub limited: u64,
    pub local: u64,
    /// Answers that led into the school's own networks, and do not any more.
    pub rebound: u64,
    /// Answers with IPv6 addresses made by DNS64.
    pub synthesised: u64,
    pub panics: u64,
    pub tcp_connections: usize,
    pub index: IndexStatus,
    pub cache: CacheStatus,
    pub journal: JournalStatus,
    pub lists: Vec<ListStatus>,
    #[serde(default)]
    pub zones: Vec<ZoneStatus>,
    pub groups: Vec<GroupStatus>,
    /// Where it listens, and where it should.
    #[serde(default)]
    pub listeners: Vec<ListenerStatus>,
    pub upstreams: Vec<UpstreamStatus>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct IndexStatus {
    pub id: String,
    pub names: u64,
    pub lists: usize,
    pub octets: u64,
    pub octets_hot: u64,
    /// Seconds since it was built; none if the file is gone.
    pub age_s: Option<u64>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CacheStatus {
    pub answers: usize,
    pub octets: u64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct JournalStatus {
    pub stored: u64,
    pub waiting: u64,
    pub folded: u64,
    pub failures: u64,
    pub rows: u64,
    pub octets: u64,
    pub last_stored: Option<String>,
    pub oldest: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ListStatus {
    pub id: String,
    pub version: String,
    pub names: u64,
}

/// One response policy zone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ZoneStatus {
    pub zone: String,
    pub serial: Option<u32>,
    pub rules: u32,
    /// Owners and lines that bring no rule.
    pub unusable: u32,
    /// How often a rule of it decided.
    pub hits: u64,
    /// How the version in force came.
    pub came_by: CameBy,
    /// Seconds since a primary last had nothing newer, or the file was read; none: never.
    pub refreshed_s: Option<u64>,
    /// Tries that failed since.
    pub failures: u32,
    /// Whether its rules are in force.
    pub in_force: bool,
    /// Whether no primary was seen for longer than the zone allows; its rules stay in force.
    pub expired: bool,
}

/// How a policy zone's version came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CameBy {
    /// From the last run.
    Kept,
    File,
    Axfr,
    Ixfr,
}

impl CameBy {
    /// The word, as JSON and the log have it.
    pub fn id(self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::File => "file",
            Self::Axfr => "axfr",
            Self::Ixfr => "ixfr",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GroupStatus {
    pub name: String,
    pub tier: String,
    pub mode: String,
}

/// One address of `[listen] dns`, over one transport.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ListenerStatus {
    /// The address, as the config has it.
    pub address: String,
    /// `udp` or `tcp`.
    pub transport: String,
    /// Whether it is served as configured.
    pub bound: bool,
    /// Where it is served: the address itself, or what could be had in its place.
    pub at: Vec<String>,
    /// Why it is not served as configured.
    pub error: Option<Message>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UpstreamStatus {
    pub server: String,
    pub zone: Option<String>,
    pub queries: u64,
    pub failures: u64,
    pub failing: u32,
    pub rtt_ms: Option<f64>,
}

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
    pub cause: Cause,
    pub count: u64,
}

/// The wall clock.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ClockStatus {
    /// What it shows, in the school's time zone.
    pub shows: Moment,
    /// Whether it can be right.
    pub plausible: bool,
    /// Times that it was set since the start.
    pub jumps: u64,
}
