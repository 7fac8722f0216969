//! TCP listeners as a server wants them: IPv6 apart from IPv4, the address free again right after a
//! restart.

use std::io;
use std::net::{SocketAddr, TcpListener};

use socket2::{Domain, Protocol, Socket, Type};

/// Connections that may wait to be accepted.
const BACKLOG: i32 = 1024;

/// Listens on `address`. Other listeners of ours on a wider or narrower address of the port are no obstacle
/// (`SO_REUSEPORT`); those of other programs are.
///
/// # Errors
/// What the kernel says of the address.
pub fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = socket(address)?;
    socket.set_reuse_port(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

/// Whether no listener has `address`, not even one that would share it as [`listen`] does.
///
/// # Errors
/// What the kernel says of the address; `AddrInUse` where somebody has it.
pub fn check_free(address: SocketAddr) -> io::Result<()> {
    let socket = socket(address)?;
    socket.bind(&address.into())?;
    socket.listen(1)
}

fn socket(address: SocketAddr) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    socket.set_reuse_address(true)?;
    Ok(socket)
}

/// Whether an error says that this machine does not have the address family (IPv6 switched off).
pub fn is_family_missing(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::AddrNotAvailable
        || error.raw_os_error() == Some(nix::errno::Errno::EAFNOSUPPORT as i32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_listeners_share_a_port_and_a_strangers_is_in_the_way() {
        let first = listen("127.0.0.1:0".parse().unwrap()).unwrap();
        let address = first.local_addr().unwrap();
        assert_eq!(check_free(address).unwrap_err().kind(), io::ErrorKind::AddrInUse);
        assert!(listen(SocketAddr::new([0, 0, 0, 0].into(), address.port())).is_ok());
        drop(first);
        let stranger = TcpListener::bind(address).unwrap();
        assert_eq!(listen(address).unwrap_err().kind(), io::ErrorKind::AddrInUse);
        drop(stranger);
    }
}
