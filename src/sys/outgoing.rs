//! Sockets for questions of our own.

use std::io;
use std::net::{SocketAddr, UdpSocket};

use socket2::{Domain, Protocol, Socket, Type};

/// A UDP socket that only hears `server`, ready for an event loop. Its port is drawn by the kernel, from all
/// that it hands out; its address is `source`, if there is one.
///
/// # Errors
/// What the kernel says of the addresses, or that there are no descriptors left.
pub fn connected(server: SocketAddr, source: Option<SocketAddr>) -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::for_address(server), Type::DGRAM, Some(Protocol::UDP))?;
    socket.set_nonblocking(true)?;
    if let Some(source) = source {
        socket.bind(&source.into())?;
    }
    socket.connect(&server.into())?;
    Ok(socket.into())
}
