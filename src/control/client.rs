//! The asking side, as the command line uses it.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{LINE_MAX, Reply, Request, socket};

/// How long a command waits for a reload or an update: with large lists an index is built first.
const BUILD_WAIT: Duration = Duration::from_secs(600);
/// How long for a check, which resolves names.
const CHECK_WAIT: Duration = Duration::from_secs(30);
/// How long for the status.
const STATUS_WAIT: Duration = Duration::from_secs(10);

/// Why the running server could not be asked.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// Nobody listens there.
    #[error("no server listens on {path}: {source}")]
    NotRunning { path: PathBuf, source: io::Error },
    /// This user may not ask there.
    #[error("no right to ask the server on {path}: {source}")]
    NotAllowed { path: PathBuf, source: io::Error },
    /// It hung up, or spoke something else.
    #[error("the server on {path} did not answer: {source}")]
    NoAnswer { path: PathBuf, source: io::Error },
}

/// Asks the server on `socket`.
///
/// # Errors
/// What [`AskError`] says.
pub fn ask(socket: &Path, request: &Request) -> Result<Reply, AskError> {
    let stream = socket::connect(socket).map_err(|source| {
        let path = socket.to_owned();
        match source.kind() {
            io::ErrorKind::PermissionDenied => AskError::NotAllowed { path, source },
            _ => AskError::NotRunning { path, source },
        }
    })?;
    converse(stream, request).map_err(|source| AskError::NoAnswer { path: socket.to_owned(), source })
}

fn converse(mut stream: UnixStream, request: &Request) -> io::Result<Reply> {
    stream.set_read_timeout(Some(match request {
        Request::Status => STATUS_WAIT,
        Request::Check(_) => CHECK_WAIT,
        Request::Reload | Request::UpdateLists => BUILD_WAIT,
    }))?;
    let mut line = serde_json::to_vec(request)?;
    line.push(b'\n');
    stream.write_all(&line)?;
    let mut answer = String::new();
    BufReader::new(stream.take(LINE_MAX)).read_line(&mut answer).map_err(|error| match error.kind() {
        io::ErrorKind::WouldBlock => io::ErrorKind::TimedOut.into(),
        _ => error,
    })?;
    if answer.is_empty() {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(serde_json::from_str(&answer)?)
}
