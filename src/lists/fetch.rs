//! A list's text from where it is published, or the word that it has not changed.
//!
//! Blocking, for a thread of its own. Bounded in octets and in time; encrypted, unless the settings say
//! otherwise; compressed on the way where the server can (gzip, unpacked here and counted unpacked).

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use super::spec::SourceSpec;

/// Octets of a list's text. The largest public one (UT1 adult) has 90 million.
pub const OCTETS_MAX: u64 = 256 << 20;
/// Octets of `ETag` and `Last-Modified` that are kept.
const VALIDATOR_MAX: usize = 512;
/// Redirects that are followed.
const REDIRECTS_MAX: u32 = 5;
/// Octets read at a time.
const CHUNK: usize = 64 * 1024;

/// How lists are fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Through what.
    pub proxy: Proxy,
    /// Octets of a text.
    pub octets_max: u64,
    /// Time until a server must have taken the connection.
    pub connect: Duration,
    /// Time in which it must say or send something.
    pub silence: Duration,
    /// Time for all of it.
    pub whole: Duration,
    /// Takes `http://` too. What comes that way anybody on the way can change.
    pub plain_http: bool,
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
            octets_max: OCTETS_MAX,
            connect: Duration::from_secs(10),
            silence: Duration::from_secs(30),
            whole: Duration::from_secs(600),
            plain_http: false,
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
    /// A text.
    Text { octets: Vec<u8>, validators: Validators },
}

/// How far a fetch has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Octets that are here, unpacked.
    pub octets: u64,
    /// Octets in all, where the server says so and does not pack.
    pub total: Option<u64>,
}

/// Why a text could not be fetched. The last good copy stays in force.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("understand the address {0:?}: it is neither https:// nor file://")]
    Address(String),
    // Without its text: it may hold a password.
    #[error("use the proxy of the config")]
    Proxy,
    #[error("fetch over http:// (anybody on the way could change the list)")]
    NotEncrypted,
    #[error("get the list: the server answers {0}")]
    Status(u16),
    #[error("get the list within the time limit")]
    Slow,
    #[error("take a text of more than {0} octets")]
    TooLarge(u64),
    #[error("get the whole list: {0}")]
    Broken(io::Error),
    #[error("reach the server: {0}")]
    Network(Box<ureq::Error>),
    #[error("read {}: {source}", path.display())]
    File { path: PathBuf, source: io::Error },
}

impl Error {
    /// In Vietnamese, as a sentence of its own for the status page.
    pub fn vi(&self) -> String {
        match self {
            Self::Address(url) => format!("không hiểu địa chỉ “{url}”: cần https:// hoặc file://"),
            Self::Proxy => "không dùng được proxy trong cấu hình".into(),
            Self::NotEncrypted => {
                "từ chối tải qua http:// vì ai trên đường truyền cũng sửa được danh sách".into()
            }
            Self::Status(code) => format!("máy chủ trả lời mã {code}"),
            Self::Slow => "quá thời gian chờ".into(),
            Self::TooLarge(most) => format!("tệp lớn hơn {most} byte"),
            Self::Broken(_) => "tải giữa chừng thì đứt".into(),
            Self::Network(_) => "không kết nối được máy chủ".into(),
            Self::File { path, .. } => format!("không đọc được tệp {}", path.display()),
        }
    }

    /// In English.
    pub fn en(&self) -> String {
        format!("could not {self}")
    }
}

/// Fetches from a source what is newer than `known`. The program's own lists are never fetched.
///
/// # Errors
/// What [`Error`] says; nothing is handed out in part.
pub fn fetch(
    source: &SourceSpec,
    known: &Validators,
    settings: &Settings,
    progress: &mut dyn FnMut(Progress),
) -> Result<Fetched, Error> {
    match source {
        SourceSpec::Starter => Ok(Fetched::Unchanged),
        SourceSpec::File(path) => from_file(path, known, settings, progress),
        SourceSpec::Url(url) => match url.strip_prefix("file://") {
            Some(path) => from_file(&path_of(path), known, settings, progress),
            None => from_server(url, known, settings, progress),
        },
    }
}

fn from_server(
    url: &str,
    known: &Validators,
    settings: &Settings,
    progress: &mut dyn FnMut(Progress),
) -> Result<Fetched, Error> {
    let scheme = url.split_once("://").map(|(scheme, _)| scheme.to_ascii_lowercase());
    match scheme.as_deref() {
        Some("https") => {}
        Some("http") if settings.plain_http => {}
        Some("http") => return Err(Error::NotEncrypted),
        _ => return Err(Error::Address(url.to_owned())),
    }
    let mut request = agent(settings)?.get(url).header("Accept", "text/plain, */*;q=0.5");
    if let Some(etag) = &known.etag {
        request = request.header("If-None-Match", etag);
    }
    if let Some(date) = &known.last_modified {
        request = request.header("If-Modified-Since", date);
    }
    let mut response = request.call().map_err(of_call)?;
    match response.status().as_u16() {
        200 => {}
        304 if *known != Validators::default() => return Ok(Fetched::Unchanged),
        other => return Err(Error::Status(other)),
    }
    let header = |name: &str| {
        let value = response.headers().get(name)?.to_str().ok()?;
        (value.len() <= VALIDATOR_MAX).then(|| value.to_owned())
    };
    let validators = Validators { etag: header("etag"), last_modified: header("last-modified") };
    let packed = response.headers().contains_key("content-encoding");
    let total = response.body().content_length().filter(|_| !packed);
    if total.is_some_and(|total| total > settings.octets_max) {
        return Err(Error::TooLarge(settings.octets_max));
    }
    let reader = response.body_mut().with_config().limit(u64::MAX).reader();
    let octets = read_bounded(reader, settings.octets_max, total, progress)?;
    Ok(Fetched::Text { octets, validators })
}

fn agent(settings: &Settings) -> Result<ureq::Agent, Error> {
    let proxy = match &settings.proxy {
        Proxy::Environment => ureq::Proxy::try_from_env(),
        Proxy::None => None,
        Proxy::Url(url) => Some(ureq::Proxy::new(url).map_err(|_| Error::Proxy)?),
    };
    let config = ureq::Agent::config_builder()
        .proxy(proxy)
        .https_only(!settings.plain_http)
        .max_redirects(REDIRECTS_MAX)
        .http_status_as_error(false)
        .user_agent(concat!("lachan/", env!("CARGO_PKG_VERSION")))
        .timeout_global(Some(settings.whole))
        .timeout_resolve(Some(settings.connect))
        .timeout_connect(Some(settings.connect))
        .timeout_recv_response(Some(settings.silence))
        .timeout_per_read(Some(settings.silence));
    Ok(config.build().new_agent())
}

fn from_file(
    path: &Path,
    known: &Validators,
    settings: &Settings,
    progress: &mut dyn FnMut(Progress),
) -> Result<Fetched, Error> {
    let failed = |source| Error::File { path: path.to_owned(), source };
    let file = fs::File::open(path).map_err(failed)?;
    let meta = file.metadata().map_err(failed)?;
    if !meta.is_file() {
        return Err(failed(io::Error::new(io::ErrorKind::InvalidInput, "not a file")));
    }
    let age = meta.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    let stamp = age.map(|age| format!("{}.{:09} {}", age.as_secs(), age.subsec_nanos(), meta.len()));
    let validators = Validators { etag: None, last_modified: stamp };
    if validators == *known && validators.last_modified.is_some() {
        return Ok(Fetched::Unchanged);
    }
    let octets = read_bounded(file, settings.octets_max, Some(meta.len()), progress)?;
    Ok(Fetched::Text { octets, validators })
}

fn read_bounded(
    mut from: impl Read,
    octets_max: u64,
    total: Option<u64>,
    progress: &mut dyn FnMut(Progress),
) -> Result<Vec<u8>, Error> {
    let mut octets = Vec::new();
    let mut chunk = vec![0; CHUNK];
    loop {
        let count = match from.read(&mut chunk) {
            Ok(0) => return Ok(octets),
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(of_read(error)),
        };
        if (octets.len() + count) as u64 > octets_max {
            return Err(Error::TooLarge(octets_max));
        }
        octets.extend_from_slice(&chunk[..count]);
        progress(Progress { octets: octets.len() as u64, total });
    }
}

fn of_call(error: ureq::Error) -> Error {
    match error {
        ureq::Error::Timeout(_) => Error::Slow,
        ureq::Error::RequireHttpsOnly(_) => Error::NotEncrypted,
        ureq::Error::Io(error) if is_slow(&error) => Error::Slow,
        other => Error::Network(Box::new(other)),
    }
}

fn of_read(error: io::Error) -> Error {
    let slow =
        is_slow(&error) || error.get_ref().is_some_and(|inner| inner.downcast_ref().is_some_and(is_timeout));
    if slow { Error::Slow } else { Error::Broken(error) }
}

fn is_timeout(error: &ureq::Error) -> bool {
    matches!(error, ureq::Error::Timeout(_))
}

fn is_slow(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock)
}

/// The path of a `file://` URL: an empty or local host, `%20` and the like read.
fn path_of(rest: &str) -> PathBuf {
    let path = rest.strip_prefix("localhost").unwrap_or(rest);
    let mut octets = Vec::with_capacity(path.len());
    let mut from = path.as_bytes();
    while let Some((first, rest)) = from.split_first() {
        let hex = rest.get(..2).and_then(|hex| std::str::from_utf8(hex).ok());
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()).filter(|_| *first == b'%') {
            Some(octet) => {
                octets.push(octet);
                from = &rest[2..];
            }
            None => {
                octets.push(*first);
                from = rest;
            }
        }
    }
    PathBuf::from(String::from_utf8_lossy(&octets).into_owned())
}
