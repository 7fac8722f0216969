//! What a config file may say, word for word: one struct a table, nothing checked beyond TOML types.
//!
//! Every value keeps its place (`Spanned`), so that whoever checks it can point at it. No `flatten`,
//! no `untagged`: they lose the line. A key exists here only when the program uses it. Keys that must
//! be there are optional here too: serde stops at the first that is missing, and all are to be told.
// Inside: `table` refuses what is not a table; `group`, `list`, `policy`, `resolve`, `rpz`, `service` hold the tables.

pub mod group;
pub mod list;
pub mod policy;
pub mod resolve;
pub mod rpz;
pub mod service;
pub mod table;

use serde::Deserialize;
use toml::Spanned;

use group::{GroupSpec, SchoolRulesSpec};
use list::{ListSpec, ListsSpec};
use policy::PolicySpec;
use resolve::{LocalSpec, ResolveSpec};
use rpz::RpzSpec;
use service::{AccessSpec, JournalSpec, ListenSpec, SchoolSpec, StateSpec};
use table::{Table, Tables};

/// A text with its place.
pub type Text = Spanned<String>;
/// An integer with its place; the range is checked later, so that the message can say it.
pub type Number = Spanned<i64>;

/// The whole config file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FileSpec {
    pub version: Option<Number>,
    pub school: Table<SchoolSpec>,
    pub listen: Table<ListenSpec>,
    pub access: Table<AccessSpec>,
    pub resolve: Table<ResolveSpec>,
    pub local: Tables<LocalSpec>,
    pub group: Tables<GroupSpec>,
    pub list: Tables<ListSpec>,
    pub rpz: Tables<RpzSpec>,
    pub lists: Table<ListsSpec>,
    pub journal: Table<JournalSpec>,
    pub policy: Table<PolicySpec>,
    pub school_rules: Table<SchoolRulesSpec>,
    pub state: Table<StateSpec>,
}
