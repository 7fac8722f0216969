//! The program's own log: to standard error, as text or JSON, as much as `LACHAN_LOG` says.
//!
//! A terminal gets colours (unless `NO_COLOR` says no) and local times, a file local times alone, and journald its
//! own levels and no time, since it keeps one itself.

use std::io::{self, IsTerminal, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use tracing::{Level, Metadata, Subscriber, warn};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::FormatTime;
use tracing_subscriber::util::SubscriberInitExt;

use crate::model::visible::{visible, visible_json};

/// What is logged unless the environment says otherwise: our own sentences, and warnings of libraries
/// but hickory's, which warn of what name servers on the internet do.
const DEFAULT: &str =
    "warn,lachan=info,hickory_resolver=error,hickory_server=error,hickory_net=error,hickory_proto=error";

/// Starts the log, with times of that zone. Set `LACHAN_LOG` to a filter such as `lachan=debug` for more.
pub fn init(json: bool, zone: TimeZone) {
    let asked = std::env::var("LACHAN_LOG").unwrap_or_default();
    let (filter, mistake) = match EnvFilter::builder().parse(&asked) {
        Ok(filter) if !asked.is_empty() => (filter, None),
        Ok(_) => (EnvFilter::new(DEFAULT), None),
        Err(error) => (EnvFilter::new(DEFAULT), Some(error)),
    };
    // A second log in one process (tests) is no mistake: the first one stays.
    let _ = subscriber(Form::here(json), zone, filter, io::stderr).try_init();
    if let Some(error) = mistake {
        warn!("LACHAN_LOG is not a filter, the usual one is used: {error}");
    }
}

/// How lines are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// Objects with the time in UTC (RFC 3339).
    Json,
    /// With colours.
    Terminal,
    /// Without.
    File,
    /// With the level in front as `sd-daemon(3)` has it, and without time.
    Journal,
}

impl Form {
    fn here(json: bool) -> Self {
        let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        match json {
            true => Form::Json,
            false if is_journal() => Form::Journal,
            false if io::stderr().is_terminal() && !plain => Form::Terminal,
            false => Form::File,
        }
    }
}

/// Whether standard error is what the service manager connected to its journal (`systemd.exec(5)`, `JOURNAL_STREAM`),
/// and not something that it was sent to since.
fn is_journal() -> bool {
    let Some(stream) = std::env::var("JOURNAL_STREAM").ok() else { return false };
    let here = io::stderr().as_fd().try_clone_to_owned().and_then(|fd| std::fs::File::from(fd).metadata());
    here.is_ok_and(|here| stream == format!("{}:{}", here.dev(), here.ino()))
}

fn subscriber<W: Write>(
    form: Form,
    zone: TimeZone,
    filter: EnvFilter,
    sink: impl Fn() -> W + Send + Sync + 'static,
) -> Box<dyn Subscriber + Send + Sync> {
    // A line that cannot be written is dropped. The subscriber's own complaint about it would panic, since it goes
    // to the same standard error.
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(Lines { form, sink })
        .log_internal_errors(false);
    match form {
        Form::Json => Box::new(log.json().finish()),
        Form::Journal => Box::new(log.with_target(false).with_ansi(false).without_time().finish()),
        Form::Terminal | Form::File => {
            let colours = form == Form::Terminal;
            Box::new(log.with_target(false).with_ansi(colours).with_timer(Local(zone)).finish())
        }
    }
}

/// Local time with its offset: `2026-11-23T07:30:05+07:00`.
struct Local(TimeZone);

impl FormatTime for Local {
    fn format_time(&self, out: &mut Writer<'_>) -> std::fmt::Result {
        let now = Timestamp::now().to_zoned(self.0.clone());
        write!(out, "{}", now.strftime("%Y-%m-%dT%H:%M:%S%:z"))
    }
}

/// Makes a writer for each line.
struct Lines<F> {
    form: Form,
    sink: F,
}

impl<'a, W: Write, F: Fn() -> W> MakeWriter<'a> for Lines<F> {
    type Writer = Line<W>;

    fn make_writer(&'a self) -> Line<W> {
        Line { form: self.form, level: Level::INFO, sink: (self.sink)() }
    }

    fn make_writer_for(&'a self, meta: &Metadata<'_>) -> Line<W> {
        Line { level: *meta.level(), ..self.make_writer() }
    }
}

/// One line: it comes in one piece, and so it leaves.
struct Line<W> {
    form: Form,
    level: Level,
    sink: W,
}

impl<W: Write> Write for Line<W> {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(octets);
        let shown = match self.form {
            Form::Json => visible_json(&text).into_owned(),
            Form::File => visible(&text).into_owned(),
            Form::Journal => format!("<{}>{}", priority(self.level), visible(&text)),
            // The colours are escapes themselves; the library writes those of others out.
            Form::Terminal => text.split('\u{1b}').map(visible).collect::<Vec<_>>().join("\u{1b}"),
        };
        self.sink.write_all(shown.as_bytes())?;
        Ok(octets.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.sink.flush()
    }
}

/// The number of syslog that journald takes a level from.
fn priority(level: Level) -> u8 {
    match level {
        Level::ERROR => 3,
        Level::WARN => 4,
        Level::INFO => 6,
        _ => 7,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use jiff::tz::Offset;

    use super::*;

    #[derive(Clone, Default)]
    struct Sheet(Arc<Mutex<Vec<u8>>>);

    impl Write for Sheet {
        fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(octets)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// What one warning about a stranger's name looks like.
    fn line(form: Form) -> String {
        let sheet = Sheet::default();
        let (zone, to) = (TimeZone::fixed(Offset::constant(7)), sheet.clone());
        let log = subscriber(form, zone, EnvFilter::new("info"), move || to.clone());
        tracing::subscriber::with_default(log, || warn!("list `{}` is late", "a\u{202e}\u{1b}[2Jb"));
        let octets = sheet.0.lock().unwrap().clone();
        String::from_utf8(octets).unwrap()
    }

    #[test]
    fn a_file_gets_local_time_and_no_colours() {
        let line = line(Form::File);
        let (time, rest) = line.split_once("  WARN ").unwrap();
        assert!(time.ends_with("+07:00") && time.len() == "2026-11-23T07:30:05+07:00".len(), "{line}");
        assert!(rest.starts_with("list `a\\u{202e}") && !line.contains('\u{1b}'), "{line}");
    }

    #[test]
    fn journald_gets_the_level_and_no_time() {
        let line = line(Form::Journal);
        assert!(line.starts_with("<4> WARN list `a\\u{202e}") && !line.contains('\u{1b}'), "{line}");
    }

    #[test]
    fn a_terminal_gets_colours_of_ours_only() {
        let line = line(Form::Terminal);
        assert!(
            line.contains('\u{1b}') && !line.contains("\u{1b}[2J") && !line.contains('\u{202e}'),
            "{line}"
        );
    }

    #[test]
    fn json_stays_json() {
        let line = line(Form::Json);
        assert!(!line.contains('\u{202e}'), "{line}");
        let object: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert!(object["fields"]["message"].as_str().unwrap().contains('\u{202e}'), "{line}");
    }
}
