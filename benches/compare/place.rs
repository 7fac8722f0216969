//! Where the servers of a comparison live: folders, addresses, files.

use std::fs;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

/// A port of loopback for each server, below those that clients get; the upstream has number 0. The
/// address is the one that the interface has: BIND takes no other.
pub fn address(number: usize) -> SocketAddr {
    (Ipv4Addr::LOCALHOST, 25_300 + number as u16).into()
}

/// Where a server lives, and whom it asks.
pub struct Place {
    pub folder: PathBuf,
    pub address: SocketAddr,
    pub upstream: SocketAddr,
}

impl Place {
    pub fn new(work: &Path, number: usize, upstream: SocketAddr) -> Self {
        Self { folder: work.join(format!("{number}")), address: address(1 + number), upstream }
    }

    /// A file of the server, as its config names it.
    pub fn file(&self, name: &str) -> String {
        self.folder.join(name).display().to_string()
    }

    /// Writes a file of the server.
    pub fn write(&self, name: &str, text: &str) -> io::Result<()> {
        fs::write(self.folder.join(name), text)
    }

    /// Writes a file of one line, or two, a name, line by line.
    pub fn write_names<'n>(
        &self,
        name: &str,
        head: &str,
        names: impl Iterator<Item = &'n str>,
        line: impl Fn(&mut String, &str),
    ) -> io::Result<()> {
        let mut text = head.to_owned();
        names.for_each(|name| line(&mut text, name));
        // Beside, then renamed: who watches the file sees it whole.
        self.write("new", &text)?;
        fs::rename(self.folder.join("new"), self.folder.join(name))
    }
}
