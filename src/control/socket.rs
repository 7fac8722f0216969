//! The listening side.

use std::fs;
use std::io;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::net::{SocketAddr, UnixStream as StdUnixStream};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use siphasher::sip::SipHasher13;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{Semaphore, watch};
use tokio::time::timeout;

use super::{Asker, Control, LINE_MAX, Reply};
use crate::i18n::msg;
use crate::sys::private::{effective_user, peer_user};

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
    if StdUnixStream::connect(path).is_ok() {
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

/// Binds the address that stands in for a socket file where no file can be made: one without a file, in the
/// abstract namespace (unix(7)). Anybody may connect to it, so [`serve`] looks at who does.
///
/// # Errors
/// What the system says.
pub fn bind_stand_in(path: &Path) -> io::Result<UnixListener> {
    let listener = std::os::unix::net::UnixListener::bind_addr(&stand_in(path)?)?;
    listener.set_nonblocking(true)?;
    UnixListener::from_std(listener)
}

/// Connects to the server on `path`, or on what stands in for it.
///
/// # Errors
/// What the system says of the file.
pub fn connect(path: &Path) -> io::Result<StdUnixStream> {
    StdUnixStream::connect(path).or_else(|error| {
        let stand_in = stand_in(path).and_then(|address| StdUnixStream::connect_addr(&address));
        // Any user may have bound the address: only root's server and this user's own are believed.
        let is_ours = |stream: &StdUnixStream| {
            peer_user(stream).is_some_and(|user| may_ask(user) || is_owner(path, user))
        };
        stand_in.ok().filter(is_ours).ok_or(error)
    })
}

fn stand_in(path: &Path) -> io::Result<SocketAddr> {
    let path = std::path::absolute(path)?;
    let mark = SipHasher13::new_with_keys(0, 0).hash(path.as_os_str().as_encoded_bytes());
    SocketAddr::from_abstract_name(format!("lachan-control-{mark:016x}"))
}

/// Whether a user may ask: root, and whom the server runs as.
fn may_ask(user: u32) -> bool {
    user == 0 || user == effective_user()
}

/// Whether the folder of a socket file is this user's.
fn is_owner(path: &Path, user: u32) -> bool {
    path.parent().and_then(|folder| fs::metadata(folder).ok()).is_some_and(|folder| folder.uid() == user)
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
        let Some(user) = stream.peer_cred().ok().map(|peer| peer.uid()).filter(|user| may_ask(*user)) else {
            continue;
        };
        let Ok(place) = askers.clone().try_acquire_owned() else { continue };
        let control = control.clone();
        tokio::spawn(async move {
            let _ = converse(stream, Asker::LocalUser(user), control).await;
            drop(place);
        });
    }
}

async fn converse(stream: UnixStream, asker: Asker, control: Arc<dyn Control>) -> io::Result<()> {
    let (read, mut write) = stream.into_split();
    let mut lines = BufReader::new(read.take(LINE_MAX));
    let mut line = String::new();
    timeout(REQUEST_WAIT, lines.read_line(&mut line)).await??;
    let reply = match serde_json::from_str(&line) {
        Ok(request) => tokio::task::spawn_blocking(move || control.ask(asker, request)).await?,
        Err(error) => Reply::Refused(vec![msg!("not-a-request", error = error.to_string())]),
    };
    let mut answer = serde_json::to_vec(&reply)?;
    answer.push(b'\n');
    write.write_all(&answer).await?;
    write.shutdown().await
}
