//! The listening side.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{Semaphore, watch};
use tokio::time::timeout;

use super::{Control, LINE_MAX, Reply};

/// Requests under way at a time; people type them.
const ASKERS_MAX: usize = 8;
/// How long an asker may take to say what it wants.
const REQUEST_WAIT: Duration = Duration::from_secs(10);

/// Binds the socket for the server's own user only. A socket file that nobody listens on any more,
/// as a crash leaves it, is replaced.
///
/// # Errors
/// What the file system says, and `AddrInUse` if a server is listening there.
pub fn bind(path: &Path) -> io::Result<UnixListener> {
    if std::os::unix::net::UnixStream::connect(path).is_ok() {
        return Err(io::ErrorKind::AddrInUse.into());
    }
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = UnixListener::bind(path)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
    Ok(listener)
}

/// Answers askers until `stop` says so.
pub async fn serve(listener: UnixListener, control: Arc<dyn Control>, mut stop: watch::Receiver<bool>) {
    let askers = Arc::new(Semaphore::new(ASKERS_MAX));
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stop.wait_for(|stop| *stop) => return,
        };
        let Ok((stream, _)) = accepted else {
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        let Ok(place) = askers.clone().try_acquire_owned() else { continue };
        let control = control.clone();
        tokio::spawn(async move {
            let _ = converse(stream, control).await;
            drop(place);
        });
    }
}

async fn converse(stream: UnixStream, control: Arc<dyn Control>) -> io::Result<()> {
    let (read, mut write) = stream.into_split();
    let mut lines = BufReader::new(read.take(LINE_MAX));
    let mut line = String::new();
    timeout(REQUEST_WAIT, lines.read_line(&mut line)).await??;
    let reply = match serde_json::from_str(&line) {
        Ok(request) => tokio::task::spawn_blocking(move || control.ask(request)).await?,
        Err(error) => Reply::Refused(format!("not a request: {error}")),
    };
    let mut answer = serde_json::to_vec(&reply)?;
    answer.push(b'\n');
    write.write_all(&answer).await?;
    write.shutdown().await
}
