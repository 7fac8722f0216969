//! What may be asked of a running server: requests, answers, one trait, and the socket between them.
//!
//! One JSON object a line each way over a Unix socket that only the server's own user (and root) may
//! open. `lachan status`, `reload`, `check` and `lists update` speak through it.
//!
//! Knows the words. Never knows how the server does what is asked.

pub mod client;
pub mod socket;

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::i18n::Message;

/// What may be asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Request {
    /// Health, versions, counts.
    Status,
    /// Read config and lists again.
    Reload,
    /// Fetch the lists now, whatever the timetable says.
    UpdateLists,
    /// What the server would do with a name, and why.
    Check(Check),
}

/// Whose answer a check wants to know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// Name in presentation form.
    pub name: String,
    /// RR type that is asked, as people write it; none means A.
    #[serde(default)]
    pub rtype: Option<String>,
    /// For the group of this client.
    pub client: Option<IpAddr>,
    /// For this group.
    pub group: Option<String>,
    /// For this tier, by id.
    pub tier: Option<String>,
    /// Whether what has to be asked for is asked for, as for a client, so that aliases are followed.
    #[serde(default)]
    pub resolve: bool,
}

/// What comes back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reply {
    /// Done, with sentences that say what.
    Done(Vec<Message>),
    /// Not done, or not all of it; what was not done stays as it was. The sentences say why.
    Refused(Vec<Message>),
    /// Facts, in the shape that the asked thing has.
    Facts(serde_json::Value),
}

/// Whoever does what is asked: the running program.
pub trait Control: Send + Sync + 'static {
    /// Does it. May block; it is called off the way of queries.
    fn ask(&self, request: Request) -> Reply;
}

/// Octets of one request or answer.
pub const LINE_MAX: u64 = 4 << 20;
