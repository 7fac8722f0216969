//! The program's own log: to standard error, as text or JSON, as much as `LACHAN_LOG` says.

use tracing::warn;
use tracing_subscriber::EnvFilter;

/// What is logged unless the environment says otherwise: our own sentences, and warnings of libraries
/// but hickory's, which warn of what name servers on the internet do.
const DEFAULT: &str =
    "warn,lachan=info,hickory_resolver=error,hickory_server=error,hickory_net=error,hickory_proto=error";

/// Starts the log. Set `LACHAN_LOG` to a filter such as `lachan=debug` for more.
pub fn init(json: bool) {
    let asked = std::env::var("LACHAN_LOG").unwrap_or_default();
    let (filter, mistake) = match EnvFilter::builder().parse(&asked) {
        Ok(filter) if !asked.is_empty() => (filter, None),
        Ok(_) => (EnvFilter::new(DEFAULT), None),
        Err(error) => (EnvFilter::new(DEFAULT), Some(error)),
    };
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // A second log in one process (tests) is no mistake: the first one stays.
    let _ = if json { log.json().try_init() } else { log.with_target(false).try_init() };
    if let Some(error) = mistake {
        warn!("LACHAN_LOG is not a filter, the usual one is used: {error}");
    }
}
