//! What is known of a kept list: where its text is from, what it was read as, and what became of the last attempt to
//! renew it. It stands beside the text, as JSON.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};

use super::arriving::{Arriving, checksum};
use super::fetch::{self, Validators};
use super::gate::{Passed, RefusedSize};
use super::read::Reading;
use super::spec::{ListSpec, SourceSpec};
use crate::i18n::Message;

/// What is known of a kept list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Meta {
    /// The list's id.
    pub id: String,
    /// Where its text came from, without user, password and query.
    pub source: String,
    /// A checksum of the whole source: what it may not show, it can be told by.
    #[serde(default)]
    pub source_mark: String,
    /// For asking whether there is a newer one.
    pub etag: Option<String>,
    /// The same, for servers without `ETag`.
    pub last_modified: Option<String>,
    /// When the text was fetched, Unix seconds.
    pub fetched_at: u64,
    /// When it was last known to be the newest, Unix seconds.
    pub checked_at: u64,
    /// What a person can look up: the header's version or date, else the checksum's beginning.
    pub version: String,
    /// Octets of the text.
    pub length: u64,
    /// SipHash-1-3-128 of the text, against damage on disk (not against forgery), in hexadecimal.
    pub checksum: String,
    /// What it was read as.
    pub format: String,
    /// Lines of the text.
    pub lines: u32,
    /// Rules in force.
    pub taken: u32,
    /// Exceptions.
    pub excepted: u32,
    /// Ids of reasons with their counts, and `rewrite`.
    pub reasons: BTreeMap<String, u32>,
    /// Changes of size in earlier updates.
    pub changes: Vec<u32>,
    /// Sizes that were refused since this copy was taken.
    #[serde(default)]
    pub refused: Vec<RefusedSize>,
    /// Since when every attempt failed, Unix seconds.
    #[serde(default)]
    pub failing_since: Option<u64>,
    /// Who took the copy although the gate had refused it, and why.
    #[serde(default)]
    pub accepted: Option<Acceptance>,
    /// What the counts depend on besides the text: category and profile.
    pub read_as: String,
    /// The last attempt that failed, until one succeeds.
    #[serde(default, deserialize_with = "known_failure")]
    pub failure: Option<Failure>,
    /// What the gate would have refused, had the list not been changed by hand.
    #[serde(default, deserialize_with = "known_failure")]
    pub warning: Option<Failure>,
}

/// An attempt that did not bring a new text into force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// When, Unix seconds.
    pub at: u64,
    /// What happened.
    pub why: Message,
}

/// A person wants a list's next text, whatever its size.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acceptance {
    /// Who.
    pub who: String,
    /// Why.
    pub why: String,
    /// When, Unix seconds.
    pub at: u64,
}

/// A failure that was noted by an older version, as a sentence, is not told any more: the next attempt tells anew.
fn known_failure<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Failure>, D::Error> {
    Ok(Option::<serde_json::Value>::deserialize(from)?.and_then(|value| serde_json::from_value(value).ok()))
}

impl Meta {
    /// Whether the text came from where the list comes from now.
    pub fn is_from(&self, spec: &ListSpec) -> bool {
        self.source_mark == source_mark(spec)
    }

    /// A mark that another text, or the same text read otherwise, does not have: the index is built anew
    /// when it changes.
    pub fn mark(&self, spec: &ListSpec) -> String {
        checksum(format!("{} {}", self.checksum, read_as(spec)).as_bytes())[..8].to_owned()
    }

    /// Whether `text` is, octet by octet, the one that is kept.
    pub fn is_of(&self, text: &Arriving) -> bool {
        text.is(self.length, &self.checksum)
    }

    /// Whether a text is kept, and not only a failure noted.
    pub fn has_text(&self) -> bool {
        self.fetched_at > 0
    }

    pub(super) fn without_text(spec: &ListSpec) -> Self {
        Self {
            id: spec.id.clone(),
            source: source_of(spec),
            source_mark: source_mark(spec),
            etag: None,
            last_modified: None,
            fetched_at: 0,
            checked_at: 0,
            version: String::new(),
            length: 0,
            checksum: checksum(b""),
            format: String::new(),
            lines: 0,
            taken: 0,
            excepted: 0,
            reasons: BTreeMap::new(),
            changes: Vec::new(),
            refused: Vec::new(),
            failing_since: None,
            accepted: None,
            read_as: read_as(spec),
            failure: None,
            warning: None,
        }
    }
}

/// A list's source as it may be shown.
pub fn source_of(spec: &ListSpec) -> String {
    match &spec.source {
        SourceSpec::Url(url) => fetch::shown(url),
        SourceSpec::File(path) => path.display().to_string(),
        SourceSpec::Starter => "starter".into(),
    }
}

/// A checksum of the source, with what must not be shown of it.
pub fn source_mark(spec: &ListSpec) -> String {
    checksum(format!("{:?}", spec.source).as_bytes())
}

pub(super) fn read_as(spec: &ListSpec) -> String {
    format!("{:?} {:?} {:?}", spec.kind, spec.format, spec.profile)
}

/// What is known of a text that passed the gate.
pub(super) fn meta_of(
    spec: &ListSpec,
    text: &Arriving,
    validators: Validators,
    reading: &Reading,
    passed: &Passed,
    now: u64,
) -> Meta {
    let account = &reading.account;
    let sum = text.checksum();
    Meta {
        id: spec.id.clone(),
        source: source_of(spec),
        source_mark: source_mark(spec),
        etag: validators.etag,
        last_modified: validators.last_modified,
        fetched_at: now,
        checked_at: now,
        version: reading.header.version.clone().unwrap_or_else(|| sum[..12].to_owned()),
        length: text.length(),
        checksum: sum,
        format: reading.format.id().to_owned(),
        lines: account.lines,
        taken: account.taken,
        excepted: account.excepted,
        reasons: account.reasons().map(|(reason, count)| (reason.id().to_owned(), count)).collect(),
        changes: passed.past.changes.clone(),
        refused: Vec::new(),
        failing_since: None,
        accepted: None,
        read_as: read_as(spec),
        failure: None,
        warning: passed.warning.map(|why| Failure { at: now, why: why.message() }),
    }
}
