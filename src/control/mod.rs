//! What may be asked of a running server: requests, answers, one trait, and the socket between them.
//!
//! One JSON object a line each way over a Unix socket that only the server's own user (and root) may
//! open. `lachan status`, `reload`, `check` and `lists update` speak through it.
//!
//! What comes back are facts and ids; sentences are written by who reads them. A trouble or a note crosses as a
//! [`Message`], whose language is not chosen yet.
//!
//! Does not know how the server does what is asked.
// Inside: `status` and `explanation` are the facts, `socket` listens, `client` asks.

pub mod client;
pub mod explanation;
pub mod socket;
pub mod status;

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::i18n::Message;
use explanation::Explanation;
use status::Status;

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
    /// How the server is.
    Status(Box<Status>),
    /// What a name gets, and why.
    Explanation(Box<Explanation>),
    /// What a reload did.
    Reloaded(Reloaded),
    /// What came of fetching the lists.
    Updated(Updated),
    /// Not done; everything stays as it was. The messages say why.
    Refused(Vec<Message>),
}

/// What a reload did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reloaded {
    /// Whether a new index was built.
    pub new_index: bool,
    /// Names in the index.
    pub names: u64,
    /// Settings that changed and wait for a restart.
    pub at_restart: Vec<String>,
    /// Lists in files that were not taken, each with why.
    pub not_taken: Vec<Message>,
    /// Lists in files that were taken and that somebody should have a look at.
    pub warnings: Vec<Message>,
}

/// What came of fetching every list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Updated {
    /// What came of each list, and what else is to be said; empty where there are no lists to fetch.
    pub lists: Vec<Message>,
    /// Whether all that is written in the config was taken.
    pub is_complete: bool,
}

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asker {
    /// Who connected to the socket: a user of this machine, by id.
    LocalUser(u32),
}

/// Whoever does what is asked: the running program.
pub trait Control: Send + Sync + 'static {
    /// Does it. May block; it is called off the way of queries.
    fn ask(&self, asker: Asker, request: Request) -> Reply;
}

/// Octets of one request or answer.
pub const LINE_MAX: u64 = 4 << 20;
