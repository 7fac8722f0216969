//! Upstreams to forward to: unbound over TLS and HTTPS with certificates of a CA of its own, and servers
//! with bad manners.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, UdpSocket};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use tempfile::TempDir;

use super::authority::free_address;
use super::forwarder::Certificate;

/// What unbound says of every name.
pub const ADDRESS: &str = "198.51.100.9";

/// A school's own CA.
pub struct Ca {
    openssl: PathBuf,
    folder: TempDir,
}

impl Ca {
    /// A new one; `None` where openssl is missing.
    pub fn new() -> Option<Self> {
        let ca = Self { openssl: super::program("openssl")?, folder: tempfile::tempdir().unwrap() };
        ca.make("ca", &["-subj", "/CN=Truong A", "-addext", "keyUsage=critical,keyCertSign"]);
        Some(ca)
    }

    /// Its certificate.
    pub fn file(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// A certificate for a name, new each time.
    pub fn certificate(&self, name: &str) -> Certificate {
        self.certify(name);
        let at = |ending| self.folder.path().join(format!("{name}.{ending}"));
        Certificate::read(&at("pem"), &at("key"))
    }

    /// The same, as the files where it and its key lie.
    pub fn certificate_files(&self, name: &str) -> [PathBuf; 2] {
        self.certify(name);
        ["pem", "key"].map(|ending| self.folder.path().join(format!("{name}.{ending}")))
    }

    /// Makes a certificate for a name; it lies in `{name}.pem`, its key in `{name}.key`.
    fn certify(&self, name: &str) {
        let at = self.folder.path();
        let names = format!("subjectAltName=DNS:{name}");
        let (ca, key) = (self.file(), at.join("ca.key"));
        let signed_by = ["-CA", ca.to_str().unwrap(), "-CAkey", key.to_str().unwrap()];
        let subject =
            ["-subj", "/CN=dns", "-addext", &names, "-addext", "basicConstraints=critical,CA:FALSE"];
        self.make(name, &[&subject[..], &signed_by].concat());
    }

    fn make(&self, stem: &str, more: &[&str]) {
        let at = self.folder.path();
        let output = Command::new(&self.openssl)
            .args(["req", "-x509", "-nodes", "-days", "30", "-newkey", "ec", "-pkeyopt"])
            .args(["ec_paramgen_curve:prime256v1", "-keyout"])
            .arg(at.join(format!("{stem}.key")))
            .arg("-out")
            .arg(at.join(format!("{stem}.pem")))
            .args(more)
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

/// unbound, which answers every name with [`ADDRESS`] over TLS and over HTTPS.
pub struct Encrypted {
    child: Child,
    tls: SocketAddr,
    https: SocketAddr,
    _folder: TempDir,
}

impl Encrypted {
    /// Starts it with a certificate for `name`; `None` where unbound is missing.
    pub fn start(ca: &Ca, name: &str) -> Option<Self> {
        let unbound = super::program("unbound")?;
        ca.certify(name);
        let folder = tempfile::tempdir().unwrap();
        let (tls, https) = (free_address(), free_address());
        let config = format!(
            "server:\n chroot: \"\"\n username: \"\"\n pidfile: \"\"\n directory: \"{}\"\n use-syslog: no\n \
             verbosity: 1\n num-threads: 1\n module-config: \"iterator\"\n interface: {}@{}\n interface: {}@{}\n \
             tls-port: {}\n https-port: {}\n tls-service-pem: \"{certificate}.pem\"\n \
             tls-service-key: \"{certificate}.key\"\n local-zone: \".\" redirect\n \
             local-data: \". 300 IN A {ADDRESS}\"\nremote-control:\n control-enable: no\n",
            folder.path().display(),
            tls.ip(),
            tls.port(),
            https.ip(),
            https.port(),
            tls.port(),
            https.port(),
            certificate = ca.folder.path().join(name).display(),
        );
        let path = folder.path().join("unbound.conf");
        fs::write(&path, config).unwrap();
        let mut child = Command::new(unbound)
            .args(["-d", "-c"])
            .arg(path)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
        let mut said = Vec::new();
        let ready = lines.by_ref().inspect(|line| said.push(line.clone()));
        let ready = ready.take(100).any(|line| line.contains("start of service"));
        assert!(ready, "unbound does not start:\n{}", said.join("\n"));
        std::thread::spawn(move || lines.for_each(drop));
        Some(Self { child, tls, https, _folder: folder })
    }

    /// As it is written in a config: `tls://…#name` and `https://…#name`.
    pub fn written(&self, name: &str) -> [String; 2] {
        [format!("tls://{}#{name}", self.tls), format!("https://{}/dns-query#{name}", self.https)]
    }
}

impl Drop for Encrypted {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A server that takes queries and answers when the test says so, or never.
pub struct Slow(UdpSocket);

/// A query that waits.
pub struct Waiting {
    packet: Vec<u8>,
    from: SocketAddr,
}

impl Slow {
    pub fn start() -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        Self(socket)
    }

    pub fn address(&self) -> SocketAddr {
        self.0.local_addr().unwrap()
    }

    /// The next query.
    pub fn asked(&self) -> Waiting {
        let mut buf = [0; 4096];
        let (len, from) = self.0.recv_from(&mut buf).expect("a query");
        Waiting { packet: buf[..len].to_vec(), from }
    }

    /// The next query for a name with this first label; what is repeated of others is passed over.
    pub fn asked_for(&self, label: &str) -> Waiting {
        let asks = |waiting: &Waiting| waiting.packet[13..].starts_with(label.as_bytes());
        (0..100).map(|_| self.asked()).find(asks).expect("a query for it")
    }

    /// Answers it with one A record.
    pub fn answer(&self, waiting: &Waiting, address: [u8; 4]) {
        let mut reply = header(&waiting.packet, 0);
        reply[7] = 1;
        reply.extend_from_slice(&[0xc0, 12, 0, 1, 0, 1, 0, 0, 1, 44, 0, 4]);
        reply.extend_from_slice(&address);
        self.0.send_to(&reply, waiting.from).unwrap();
    }
}

/// A server that answers everything with one code.
pub struct Saying {
    pub address: SocketAddr,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Saying {
    pub fn start(rcode: u8) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let address = socket.local_addr().unwrap();
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = stop.clone();
        let thread = std::thread::spawn(move || {
            let mut buf = [0; 4096];
            while let Ok((len, from)) = socket.recv_from(&mut buf) {
                if stopped.load(Ordering::Relaxed) {
                    return;
                }
                if len > 12 {
                    let _ = socket.send_to(&header(&buf[..len], rcode), from);
                }
            }
        });
        Self { address, stop, thread: Some(thread) }
    }
}

impl Drop for Saying {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        // Wakes it up.
        let _ = UdpSocket::bind("127.0.0.1:0").and_then(|socket| socket.send_to(&[], self.address));
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

/// What a forwarder says.
#[derive(Clone, Copy, Debug)]
pub enum Reply {
    /// This address to whoever asks for one, and nothing else; no signatures.
    Address([u8; 4]),
    /// This code.
    Code(u8),
}

/// A forwarder that answers all names alike, but for those below one, and says something else when told to.
pub struct Answers {
    pub address: SocketAddr,
    says: Arc<Mutex<Reply>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Answers {
    pub fn all(says: Reply) -> Self {
        Self::all_but("", Reply::Code(2), says)
    }

    /// Names that have `label` among their labels get `otherwise`.
    pub fn all_but(label: &'static str, otherwise: Reply, says: Reply) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let address = socket.local_addr().unwrap();
        let (says, stop) = (Arc::new(Mutex::new(says)), Arc::new(AtomicBool::new(false)));
        let (saying, stopped) = (says.clone(), stop.clone());
        let thread = std::thread::spawn(move || {
            let mut buf = [0; 4096];
            while let Ok((len, from)) = socket.recv_from(&mut buf) {
                if stopped.load(Ordering::Relaxed) {
                    return;
                }
                if len > 12 {
                    let query = &buf[..len];
                    let is_other = !label.is_empty() && has_label(query, label);
                    let says = if is_other { otherwise } else { *saying.lock().unwrap() };
                    let _ = socket.send_to(&answer(query, says), from);
                }
            }
        });
        Self { address, says, stop, thread: Some(thread) }
    }

    /// From now on it says this.
    pub fn say(&self, says: Reply) {
        *self.says.lock().unwrap() = says;
    }
}

impl Drop for Answers {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        // Wakes it up.
        let _ = UdpSocket::bind("127.0.0.1:0").and_then(|socket| socket.send_to(&[], self.address));
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

fn has_label(query: &[u8], label: &str) -> bool {
    let wanted = [&[label.len() as u8], label.as_bytes()].concat();
    query[12..].windows(wanted.len()).any(|part| part.eq_ignore_ascii_case(&wanted))
}

fn answer(query: &[u8], says: Reply) -> Vec<u8> {
    let address = match says {
        Reply::Address(address) => address,
        Reply::Code(rcode) => return header(query, rcode),
    };
    let mut reply = header(query, 0);
    if reply[reply.len() - 4..] == [0, 1, 0, 1] {
        reply[7] = 1;
        reply.extend_from_slice(&[0xc0, 12, 0, 1, 0, 1, 0, 0, 1, 44, 0, 4]);
        reply.extend_from_slice(&address);
    }
    reply
}

/// Header and question of an answer without records.
fn header(query: &[u8], rcode: u8) -> Vec<u8> {
    let name_end = 12 + query[12..].iter().position(|octet| *octet == 0).expect("a name ends") + 1;
    let mut reply = query[..name_end + 4].to_vec();
    reply[2] = 0x81;
    reply[3] = 0x80 | rcode;
    reply[6..12].fill(0);
    reply
}
