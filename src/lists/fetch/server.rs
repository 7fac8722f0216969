//! A list from a web server.

use std::io::{self, Write};
use std::net::IpAddr;

use ureq::ResponseExt;
use ureq::http::Uri;
use ureq::tls::TlsConfig;
use ureq::unversioned::resolver::DefaultResolver;
use ureq::unversioned::transport::DefaultConnector;

use super::lookup::BelowPolicy;
use super::{Error, Fetched, Fetcher, Progress, Proxy, Validators, pieces, shown, trust};

/// Octets of `ETag` and `Last-Modified` that are kept.
const VALIDATOR_MAX: usize = 512;
/// Redirects that are followed.
const REDIRECTS_MAX: u32 = 5;

/// How a list's own URL allows it to be fetched.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Encryption {
    /// Over TLS, also where the server sends us on.
    Required,
    /// From this machine without; anywhere else with.
    RequiredOutside,
    /// The config says that this list needs none.
    Waived,
}

pub(super) fn ask(
    fetcher: &Fetcher<'_>,
    url: &str,
    known: &Validators,
    into: &mut dyn Write,
    progress: &mut dyn FnMut(Progress),
) -> Result<Fetched, Error> {
    let settings = fetcher.settings;
    let uri: Uri = url.parse().map_err(|_| Error::Address(shown(url)))?;
    let encryption = match uri.scheme_str() {
        Some("https") => Encryption::Required,
        Some("http") if is_loopback(&uri) => Encryption::RequiredOutside,
        Some("http") => Encryption::Waived,
        _ => return Err(Error::Address(shown(url))),
    };
    let host = uri.host().unwrap_or_default().to_owned();
    let (agent, complaint) = agent(fetcher, encryption)?;
    let mut request = agent.get(url).header("Accept", "text/plain, */*;q=0.5");
    if let Some(etag) = &known.etag {
        request = request.header("If-None-Match", etag);
    }
    if let Some(date) = &known.last_modified {
        request = request.header("If-Modified-Since", date);
    }
    let mut response = request.call().map_err(|error| of_call(error, &host, complaint))?;
    let outside = |hop: &Uri| hop.scheme_str() != Some("https") && !is_loopback(hop);
    if encryption == Encryption::RequiredOutside
        && response.get_redirect_history().is_some_and(|hops| hops.iter().any(outside))
    {
        return Err(Error::NotEncrypted);
    }
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
    // What the client has unpacked has no such header any more; `x-gzip` is gzip (RFC 9110 §8.4.1.3).
    let packing = header("content-encoding").map(|how| how.trim().to_ascii_lowercase());
    if let Some(how) = packing.as_deref().filter(|how| !matches!(*how, "x-gzip" | "gzip" | "identity" | "")) {
        return Err(Error::Packing(how.chars().take(40).collect()));
    }
    let total = response.body().content_length();
    if total.is_some_and(|total| total > settings.octets_max) {
        return Err(Error::TooLarge(settings.octets_max));
    }
    let total = total.filter(|_| packing.is_none());
    let reader = response.body_mut().with_config().limit(u64::MAX).reader();
    pieces::copy(reader, into, settings.octets_max, total, progress, of_read)?;
    Ok(Fetched::Text { validators })
}

fn agent(fetcher: &Fetcher<'_>, encryption: Encryption) -> Result<(ureq::Agent, Option<String>), Error> {
    let settings = fetcher.settings;
    let proxy = match &settings.proxy {
        Proxy::Environment => ureq::Proxy::try_from_env(),
        Proxy::None => None,
        Proxy::Url(url) => Some(ureq::Proxy::new(url).map_err(|_| Error::Proxy)?),
    };
    let (roots, complaint) = trust::roots(&settings.ca_files);
    let config = ureq::Agent::config_builder()
        .proxy(proxy)
        .https_only(encryption == Encryption::Required)
        .tls_config(TlsConfig::builder().root_certs(roots).build())
        .max_redirects(REDIRECTS_MAX)
        .save_redirect_history(true)
        .http_status_as_error(false)
        .user_agent(concat!("lachan/", env!("CARGO_PKG_VERSION")))
        .timeout_global(Some(settings.whole))
        .timeout_resolve(Some(settings.connect))
        .timeout_connect(Some(settings.connect))
        .timeout_recv_response(Some(settings.silence))
        .timeout_per_read(Some(settings.silence))
        .build();
    let resolver = BelowPolicy { lookup: fetcher.lookup.clone(), system: DefaultResolver::default() };
    Ok((ureq::Agent::with_parts(config, DefaultConnector::default(), resolver), complaint))
}

fn is_loopback(uri: &Uri) -> bool {
    let host = uri.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
    host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn of_call(error: ureq::Error, host: &str, complaint: Option<String>) -> Error {
    match error {
        ureq::Error::Timeout(_) => Error::Slow,
        ureq::Error::RequireHttpsOnly(_) => Error::NotEncrypted,
        ureq::Error::HostNotFound => Error::NoAddress(host.to_owned()),
        ureq::Error::Io(error) if is_slow(&error) => Error::Slow,
        other => {
            let why = other.to_string();
            match why.contains("certificate") {
                true => Error::Certificate { why, complaint },
                false if why.contains("lookup address") => Error::NoAddress(host.to_owned()),
                false => Error::Network(Box::new(other)),
            }
        }
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
