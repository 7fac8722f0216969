//! Web servers that publish lists: a plain one whose answers a test chooses, and openssl's over TLS.

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::authority::free_address;
use super::upstream::Ca;

/// How long a program that a test starts may take until it listens.
const READY_WITHIN: Duration = Duration::from_secs(20);

/// A plain web server.
pub struct Web {
    pub address: SocketAddr,
    requests: Arc<Mutex<Vec<String>>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Web {
    /// Answers each request with what `says` makes of it: the request's head in, the whole answer out.
    pub fn start(says: impl Fn(&str) -> Vec<u8> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (requests, stop) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(false)));
        let (heard, stopped, says) = (requests.clone(), stop.clone(), Arc::new(says));
        let thread = std::thread::spawn(move || {
            for peer in listener.incoming() {
                if stopped.load(Ordering::Relaxed) {
                    return;
                }
                let (Ok(mut peer), says, heard) = (peer, says.clone(), heard.clone()) else { continue };
                std::thread::spawn(move || {
                    let request = head(&mut peer);
                    let answer = says(&request);
                    heard.lock().unwrap().push(request);
                    let _ = peer.write_all(&answer);
                });
            }
        });
        Self { address, requests, stop, thread: Some(thread) }
    }

    /// Publishes one text at every path, with this ETag; who knows it gets 304.
    pub fn publishing(text: impl Into<String>, etag: &str) -> Self {
        let (text, etag) = (text.into(), etag.to_owned());
        Self::start(move |request| match request.to_ascii_lowercase().contains("if-none-match:") {
            true => b"HTTP/1.1 304 Not Modified\r\nConnection: close\r\n\r\n".to_vec(),
            false => page(&text, &format!("ETag: {etag}\r\n")),
        })
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}/{path}", self.address)
    }

    /// The heads of all requests so far.
    pub fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

impl Drop for Web {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        // Wakes it up.
        let _ = TcpStream::connect(self.address);
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

/// A good answer with a text; `more` are further header lines.
pub fn page(text: &str, more: &str) -> Vec<u8> {
    format!("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {}\r\n{more}\r\n{text}", text.len())
        .into_bytes()
}

fn head(peer: &mut TcpStream) -> String {
    let (mut request, mut octet) = (Vec::new(), [0]);
    while !request.ends_with(b"\r\n\r\n") && peer.read(&mut octet).is_ok_and(|count| count == 1) {
        request.push(octet[0]);
    }
    String::from_utf8_lossy(&request).into_owned()
}

/// A web server over TLS, with a certificate of a CA of one's own.
pub struct SecureWeb {
    child: Child,
    pub address: SocketAddr,
    _folder: TempDir,
}

impl SecureWeb {
    /// Publishes a text as `/list.txt` under a name; `None` where openssl is missing.
    pub fn start(ca: &Ca, name: &str, text: &str) -> Option<Self> {
        let openssl = super::program("openssl")?;
        let [certificate, key] = ca.certificate_files(name);
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("list.txt"), page(text, "")).unwrap();
        let address = free_address();
        let child = Command::new(openssl)
            .args(["s_server", "-HTTP", "-quiet", "-accept", &address.to_string(), "-cert"])
            .arg(certificate)
            .arg("-key")
            .arg(key)
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let web = Self { child, address, _folder: folder };
        let begun = Instant::now();
        while TcpStream::connect(address).is_err() {
            assert!(begun.elapsed() < READY_WITHIN, "openssl does not listen on {address}");
            std::thread::yield_now();
        }
        Some(web)
    }
}

impl Drop for SecureWeb {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
