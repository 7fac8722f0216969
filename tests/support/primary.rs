//! Servers that publish one zone, `named` or `nsd`, as a Department would: with a key, with announcements,
//! with changes.

use std::fs;
use std::net::{SocketAddr, UdpSocket};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::client;

/// The zone that they publish.
pub const ZONE: &str = "rpz.test";
/// The key's name, and a secret in base64.
pub const KEY: &str = "truong-a";
pub const SECRET: &str = "c2VjcmV0IG9mIHRoZSBEZXBhcnRtZW50";
pub const OTHER_SECRET: &str = "YW5vdGhlciBzZWNyZXQgYWx0b2dldGhlcg==";

/// What a server runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Software {
    Named,
    Nsd,
}

/// A running server. Killed when dropped.
pub struct Primary {
    child: Child,
    folder: TempDir,
}

/// A zone's text with that serial, timers in seconds, and rules.
pub fn zone(serial: u32, [refresh, retry, expire]: [u32; 3], rules: &str) -> String {
    format!(
        "$TTL 60\n$ORIGIN {ZONE}.\n@ SOA ns.{ZONE}. admin.{ZONE}. {serial} {refresh} {retry} {expire} 60\n\
         @ NS ns.{ZONE}.\nns A 127.0.0.1\n{rules}"
    )
}

impl Primary {
    /// Starts one that publishes `text`, lets whoever has the key transfer it (or anybody, without one), and
    /// announces changes to `school`. `None` where the program is not installed.
    pub fn start(
        software: Software,
        address: SocketAddr,
        text: &str,
        has_key: bool,
        school: SocketAddr,
    ) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().display().to_string();
        fs::write(folder.path().join("zone"), text).unwrap();
        let (program, config, args) = match software {
            Software::Named => ("named", named(&dir, address, has_key, school), ["-g", "-c"]),
            Software::Nsd => ("nsd", nsd(&dir, address, has_key, school), ["-d", "-c"]),
        };
        let path = folder.path().join("conf");
        fs::write(&path, config).unwrap();
        let child = run(super::program(program)?, &args, &path);
        let primary = Self { child, folder };
        wait(address, ZONE);
        Some(primary)
    }

    /// Publishes another version.
    pub fn publish(&self, text: &str) {
        let beside = self.folder.path().join("new");
        fs::write(&beside, text).unwrap();
        fs::rename(beside, self.folder.path().join("zone")).unwrap();
        let status = Command::new("kill").args(["-s", "HUP", &self.child.id().to_string()]).status().unwrap();
        assert!(status.success());
    }
}

impl Drop for Primary {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn named(dir: &str, address: SocketAddr, has_key: bool, school: SocketAddr) -> String {
    let (by, with) = match has_key {
        true => (format!("key {KEY}"), format!(" key {KEY}")),
        false => ("any".into(), String::new()),
    };
    format!(
        "options {{ directory \"{dir}\"; pid-file none; session-keyfile \"{dir}/session\"; recursion no; \
         listen-on port {port} {{ {ip}; }}; listen-on-v6 {{ none; }}; notify-delay 0; }};\ncontrols {{ }};\n\
         key {KEY} {{ algorithm hmac-sha256; secret \"{SECRET}\"; }};\n\
         zone \"{ZONE}\" {{ type primary; file \"zone\"; ixfr-from-differences yes; max-ixfr-ratio unlimited; allow-transfer {{ {by}; }}; \
         notify explicit; also-notify {{ {school_ip} port {school_port}{with}; }}; }};\n",
        ip = address.ip(),
        port = address.port(),
        school_ip = school.ip(),
        school_port = school.port(),
    )
}

fn nsd(dir: &str, address: SocketAddr, has_key: bool, school: SocketAddr) -> String {
    let with = if has_key { KEY } else { "NOKEY" };
    format!(
        "server:\n ip-address: {}@{}\n zonesdir: \"{dir}\"\n database: \"\"\n pidfile: \"\"\n xfrdfile: \"\"\n \
         xfrdir: \"{dir}\"\n zonelistfile: \"{dir}/zones\"\n username: \"\"\n server-count: 1\n verbosity: 0\n \
         rrl-ratelimit: 0\nremote-control:\n control-enable: no\n\
         key:\n name: \"{KEY}\"\n algorithm: hmac-sha256\n secret: \"{SECRET}\"\n\
         zone:\n name: \"{ZONE}\"\n zonefile: zone\n store-ixfr: yes\n create-ixfr: yes\n \
         provide-xfr: 127.0.0.1 {with}\n notify: {}@{} {with}\n notify-retry: 1\n",
        address.ip(),
        address.port(),
        school.ip(),
        school.port(),
    )
}

/// A resolver on `named` that asks `upstream` and holds answers to the zone in `text`.
pub struct Resolver {
    child: Child,
    pub address: SocketAddr,
    _folder: TempDir,
}

impl Resolver {
    /// Starts it; `None` where it is not installed.
    pub fn start(upstream: SocketAddr, zones: &[(&str, &str, &str)]) -> Option<Self> {
        let program = super::program("named")?;
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().display();
        let address = super::authority::free_address();
        let mut policies = String::new();
        let mut primaries = String::new();
        for (name, policy, text) in zones {
            fs::write(folder.path().join(name), text).unwrap();
            policies += &format!("zone \"{name}\" {policy}; ");
            primaries += &format!("zone \"{name}\" {{ type primary; file \"{name}\"; notify no; }};\n");
        }
        let config = format!(
            "options {{ directory \"{dir}\"; pid-file none; session-keyfile \"{dir}/session\"; recursion yes; \
             listen-on port {port} {{ {ip}; }}; listen-on-v6 {{ none; }}; dnssec-validation no; \
             empty-zones-enable no; forward only; forwarders {{ {up} port {up_port}; }}; \
             response-policy {{ {policies} }} max-policy-ttl 86400 qname-wait-recurse no min-ns-dots 0; }};\n\
             controls {{ }};\n{primaries}",
            ip = address.ip(),
            port = address.port(),
            up = upstream.ip(),
            up_port = upstream.port(),
        );
        let path = folder.path().join("conf");
        fs::write(&path, config).unwrap();
        let child = run(program, &["-g", "-c"], &path);
        let resolver = Self { child, address, _folder: folder };
        wait(address, zones[0].0);
        Some(resolver)
    }
}

impl Drop for Resolver {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn run(program: PathBuf, args: &[&str], config: &std::path::Path) -> Child {
    let mut command = Command::new(program);
    command.args(args).arg(config).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().unwrap()
}

/// Asks for the zone's SOA until there is one: the question itself waits, refused packets come back at once.
fn wait(address: SocketAddr, zone: &str) {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
    socket.connect(address).unwrap();
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(20) {
        let _ = socket.send(&client::query(zone, 6, 1));
        let mut buf = [0; 512];
        if socket.recv(&mut buf).is_ok_and(|len| len > 12 && buf[3] & 15 == 0) {
            return;
        }
    }
    panic!("nobody answers for {zone} on {address}");
}
