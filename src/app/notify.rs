//! Telling systemd how we are (`sd_notify(3)`), where it listens.

use std::os::unix::net::UnixDatagram;

/// What systemd is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Queries are answered.
    Ready,
    /// A reload began; `Ready` ends it.
    Reloading,
    /// A stop began.
    Stopping,
}

/// Tells the service manager, if there is one. One that does not listen is no reason not to serve.
pub fn notify(state: State) {
    let Some(socket) = std::env::var_os("NOTIFY_SOCKET") else { return };
    let text = match state {
        State::Ready => "READY=1",
        State::Reloading => "RELOADING=1",
        State::Stopping => "STOPPING=1",
    };
    if let Ok(datagram) = UnixDatagram::unbound() {
        let _ = match socket.as_encoded_bytes().strip_prefix(b"@") {
            Some(name) => {
                use std::os::linux::net::SocketAddrExt;
                std::os::unix::net::SocketAddr::from_abstract_name(name)
                    .and_then(|address| datagram.send_to_addr(text.as_bytes(), &address))
            }
            None => datagram.send_to(text.as_bytes(), &socket),
        };
    }
}
