//! Authoritative servers on loopback: nsd with zones of a test's own, or, as an upstream that answers
//! every name, with a wildcard at the root.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, UdpSocket};
use std::ops::Range;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use super::client;

/// What every name without a record of its own has.
pub const ADDRESS: &str = "198.51.100.1";

/// Ports for servers under test.
const PORTS: Range<u16> = 12_000..28_000;

/// A running nsd.
pub struct Authority {
    child: Child,
    pub address: SocketAddr,
    _folder: tempfile::TempDir,
}

impl Authority {
    /// Starts nsd with a wildcard for everything and these records more; `None` where nsd is not
    /// installed.
    pub fn start(records: &str) -> Option<Self> {
        let zone = format!(
            ". 300 IN SOA ns.invalid. admin.invalid. 1 3600 600 86400 60\n. 300 IN NS ns.invalid.\n\
             ns.invalid. 300 IN A 127.0.0.1\n*. 300 IN A {ADDRESS}\n*. 300 IN TXT \"allowed\"\n\
             *.example. 300 IN A {ADDRESS}\n{records}\n"
        );
        Self::serve(free_address(), &[(".", zone)])
    }

    /// Starts nsd with these zones, each an apex and its text in master format.
    pub fn serve(address: SocketAddr, zones: &[(&str, String)]) -> Option<Self> {
        let nsd = super::program("nsd")?;
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path();
        let mut config = format!(
            "server:\n ip-address: {}@{}\n zonesdir: \"{dir}\"\n database: \"\"\n pidfile: \"\"\n \
             xfrdfile: \"\"\n zonelistfile: \"{dir}/zones\"\n username: \"\"\n server-count: 1\n verbosity: 0\n \
             rrl-ratelimit: 0\n\
             remote-control:\n control-enable: no\n",
            address.ip(),
            address.port(),
            dir = at.display(),
        );
        for (number, (apex, text)) in zones.iter().enumerate() {
            fs::write(at.join(format!("{number}.zone")), text).unwrap();
            config += &format!("zone:\n name: \"{apex}\"\n zonefile: {number}.zone\n");
        }
        fs::write(at.join("nsd.conf"), config).unwrap();
        let child = Command::new(nsd)
            .args(["-d", "-c"])
            .arg(at.join("nsd.conf"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let authority = Self { child, address, _folder: folder };
        authority.wait();
        Some(authority)
    }

    /// Asks until it answers: the question itself waits, refused packets come back at once.
    fn wait(&self) {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_read_timeout(Some(std::time::Duration::from_millis(50))).unwrap();
        socket.connect(self.address).unwrap();
        let begun = std::time::Instant::now();
        while begun.elapsed() < std::time::Duration::from_secs(20) {
            let _ = socket.send(&client::query("ready.invalid", 1, 1));
            if socket.recv(&mut [0; 512]).is_ok() {
                return;
            }
        }
        panic!("nsd does not answer on {}", self.address);
    }
}

impl Drop for Authority {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A loopback address with a port that nobody has now, on any address of this machine, and that nobody
/// gets who wants just any: those come from 32768 up.
pub fn free_address() -> SocketAddr {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    // Programs that test at the same time start at different places.
    let start = std::process::id().wrapping_mul(97);
    let mut ports = (0..PORTS.len() as u32).map(|_| {
        let number = start.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed));
        PORTS.start + (number % PORTS.len() as u32) as u16
    });
    let is_free = |port: &u16| {
        let wildcard = (Ipv4Addr::UNSPECIFIED, *port);
        UdpSocket::bind(wildcard).is_ok() && TcpListener::bind(wildcard).is_ok()
    };
    SocketAddr::from((Ipv4Addr::LOCALHOST, ports.find(is_free).expect("a free port")))
}
