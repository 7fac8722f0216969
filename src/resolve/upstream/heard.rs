//! What a server is heard to say to a question over UDP: its answer among what is none.

use std::io;
use std::net::SocketAddr;

use crate::sys::outgoing::Asking;

/// Messages that do not match a question, after which somebody is guessing.
pub(super) const STRAY_MAX: u32 = 8;

/// A question that was sent, and how much came that was no answer to it.
pub(super) struct Heard {
    socket: Asking,
    stray: u32,
}

impl Heard {
    /// Sends `query` to `server`, from `source` if there is one.
    pub(super) fn after(query: &[u8], server: SocketAddr, source: Option<SocketAddr>) -> io::Result<Self> {
        Ok(Self { socket: Asking::send(server, source, query)?, stray: 0 })
    }

    /// Sends it again.
    pub(super) fn again(&self, query: &[u8]) -> io::Result<()> {
        self.socket.send_again(query)
    }

    /// Waits for the answer; who gives up waiting may wait again. `None`: too many stray datagrams.
    pub(super) async fn answer(&mut self, is_answer: impl Fn(&[u8]) -> bool) -> io::Result<Option<Vec<u8>>> {
        while self.stray <= STRAY_MAX {
            let octets = self.socket.receive().await?;
            if is_answer(&octets) {
                return Ok(Some(octets));
            }
            self.stray += 1;
        }
        Ok(None)
    }
}
