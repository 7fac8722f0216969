//! The networks that this machine is in, as its interfaces say.

use std::io;
use std::net::IpAddr;

use nix::ifaddrs::getifaddrs;
use nix::sys::socket::SockaddrStorage;

/// An address of this machine with the length of its prefix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attached {
    /// Name of the interface.
    pub interface: String,
    /// The machine's own address there.
    pub address: IpAddr,
    /// Length of the network's prefix.
    pub prefix_len: u8,
}

/// All addresses of all interfaces that have one.
///
/// # Errors
/// What the system says.
pub fn attached() -> io::Result<Vec<Attached>> {
    let found = getifaddrs()?.filter_map(|interface| {
        let address = ip(interface.address.as_ref()?)?;
        let prefix_len = match ip(interface.netmask.as_ref()?)? {
            IpAddr::V4(mask) => mask.to_bits().count_ones() as u8,
            IpAddr::V6(mask) => mask.to_bits().count_ones() as u8,
        };
        Some(Attached { interface: interface.interface_name, address, prefix_len })
    });
    Ok(found.collect())
}

fn ip(address: &SockaddrStorage) -> Option<IpAddr> {
    let v4 = address.as_sockaddr_in().map(|v4| IpAddr::from(v4.ip()));
    v4.or_else(|| address.as_sockaddr_in6().map(|v6| IpAddr::from(v6.ip())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_is_among_them_where_it_is_up() {
        let lo =
            attached().unwrap().into_iter().find(|attached| attached.address == IpAddr::from([127, 0, 0, 1]));
        assert!(lo.is_none_or(|lo| lo.prefix_len == 8 && lo.interface == "lo"));
    }
}
