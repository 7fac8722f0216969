//! A list's text from where it is published, or the statement that it has not changed.
//!
//! Blocking, for a thread of its own. The text is handed on piece by piece and never held whole; bounded in
//! octets and in time; encrypted, unless the list's own URL is `http://` (which the config takes only with
//! `insecure = true`, or from this very machine). Gzip is unpacked, whether it is how the server packs an
//! answer or how the list is published (`.gz`), and counted unpacked.
// Inside: `server` asks over HTTP, `lookup` finds the server's address below the policy, `trust` says whose
// certificates count, `file` reads lists of this machine, `pieces` unpacks and bounds.

mod file;
mod lookup;
mod pieces;
mod server;
mod trust;

use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

pub use lookup::Lookup;

use super::spec::SourceSpec;
use crate::i18n::{Message, msg};

/// Octets of a list's text. The largest public one (UT1 adult) has 90 million.
pub const OCTETS_MAX: u64 = 256 << 20;

/// How lists are fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Through what.
    pub proxy: Proxy,
    /// Files with CA certificates that count besides the system's and the public ones.
    pub ca_files: Vec<PathBuf>,
    /// Octets of a text.
    pub octets_max: u64,
    /// Time until a server must have taken the connection.
    pub connect: Duration,
    /// Time in which it must say or send something.
    pub silence: Duration,
    /// Time for all of it.
    pub whole: Duration,
}

/// Through what lists are fetched.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Proxy {
    /// What `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY` say.
    #[default]
    Environment,
    /// Directly.
    None,
    /// `http://user:password@host:port`.
    Url(String),
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            proxy: Proxy::Environment,
            ca_files: Vec::new(),
            octets_max: OCTETS_MAX,
            connect: Duration::from_secs(10),
            silence: Duration::from_secs(30),
            whole: Duration::from_secs(600),
        }
    }
}

/// What a server said of a text, to be told to it next time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Validators {
    /// `ETag`.
    pub etag: Option<String>,
    /// `Last-Modified`; of a file, its time and size.
    pub last_modified: Option<String>,
}

/// What came of asking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fetched {
    /// The text known already is the newest.
    Unchanged,
    /// A text was written, whole.
    Text { validators: Validators },
}

/// How far a fetch has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Octets that are here, unpacked.
    pub octets: u64,
    /// Octets in all, where the server says so and does not pack.
    pub total: Option<u64>,
}

/// Why a text could not be fetched.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("understand the address {0:?}: it is neither https:// nor file://")]
    Address(String),
    // Without its text: it may hold a password.
    #[error("use the proxy of the config")]
    Proxy,
    #[error("follow the server to an http:// address (anybody on the way could change the list)")]
    NotEncrypted,
    #[error("get the list: the server answers {0}")]
    Status(u16),
    #[error("get the list: it is packed as {0:?}, and only gzip is read")]
    Packing(String),
    #[error("get the list within the time limit")]
    Slow,
    #[error("take a text of more than {0} octets ([lists] max_size)")]
    TooLarge(u64),
    #[error("get the whole list: {0}")]
    Broken(io::Error),
    #[error("find the address of the server {0}")]
    NoAddress(String),
    #[error(
        "trust the server: its certificate is of no CA that this machine, the program or [lists] ca_file names, \
         or not for this name ({why}{})", complaint.as_ref().map_or(String::new(), |text| format!("; {text}"))
    )]
    Certificate { why: String, complaint: Option<String> },
    #[error("reach the server: {0}")]
    Network(Box<ureq::Error>),
    #[error("read {}: {source}", path.display())]
    File { path: PathBuf, source: io::Error },
    #[error("write the list to the disk: {0}")]
    Disk(io::Error),
}

impl Error {
    /// As people are told.
    pub fn message(&self) -> Message {
        match self {
            Self::Address(url) => msg!("fetch-address", url = url),
            Self::Proxy => msg!("fetch-proxy"),
            Self::NotEncrypted => msg!("fetch-not-encrypted"),
            Self::Status(code) => msg!("fetch-status", code = code.to_string()),
            Self::Packing(how) => msg!("fetch-packing", how = how),
            Self::Slow => msg!("fetch-slow"),
            Self::TooLarge(most) => msg!("fetch-too-large", most = *most),
            Self::Broken(error) => msg!("fetch-broken", error = error),
            Self::NoAddress(host) => msg!("fetch-no-address", host = host),
            Self::Certificate { .. } => msg!("fetch-certificate"),
            Self::Network(error) => match &**error {
                ureq::Error::Io(error) => msg!("fetch-network-why", error = error),
                _ => msg!("fetch-network"),
            },
            Self::File { path, source } if source.kind() == io::ErrorKind::NotFound => {
                msg!("fetch-no-file", path = path.as_path())
            }
            Self::File { path, source } => msg!("fetch-file", path = path.as_path(), error = source),
            Self::Disk(error) => msg!("fetch-disk", error = error),
        }
    }
}

/// Fetches lists.
#[derive(Clone, Debug)]
pub struct Fetcher<'f> {
    /// How.
    pub settings: &'f Settings,
    /// Who finds the addresses of servers; without one, or where it finds none, the system does.
    pub lookup: Option<Arc<dyn Lookup>>,
}

impl Fetcher<'_> {
    /// Writes what a source has to `into`, unless a server says that it is what is `known`. Files are always
    /// read. The program's own lists are never fetched.
    ///
    /// # Errors
    /// What [`Error`] says; what was written until then is of no use.
    pub fn fetch(
        &self,
        source: &SourceSpec,
        known: &Validators,
        into: &mut dyn Write,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Fetched, Error> {
        match source {
            SourceSpec::Starter => Ok(Fetched::Unchanged),
            SourceSpec::File(path) => file::read(path, self.settings, into, progress),
            SourceSpec::Url(url) => match url.strip_prefix("file://") {
                Some(path) => file::read(&file::path_of(path), self.settings, into, progress),
                None => server::ask(self, url, known, into, progress),
            },
        }
    }
}

/// Whether a file has CA certificates.
///
/// # Errors
/// A sentence for the person who named it.
pub fn check_ca_file(path: &std::path::Path) -> Result<(), String> {
    trust::read(path).map(drop)
}

/// A URL as it may be shown and kept: without user, password and what stands behind `?`.
pub fn shown(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").map_or(("", url), |(scheme, rest)| (scheme, rest));
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let cut = path.find(['?', '#']).unwrap_or(path.len());
    let mark = if cut < path.len() { "?…" } else { "" };
    let scheme = if scheme.is_empty() { String::new() } else { format!("{scheme}://") };
    format!("{scheme}{host}{}{mark}", &path[..cut])
}
