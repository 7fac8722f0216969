//! A forwarder over TCP, TLS or HTTPS whose connections end, fall silent or show other certificates, as those
//! of public servers and of NATs do.

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use bytes::Bytes;
use h2::Reason;
use h2::server::SendResponse;
use http::{Request, Response};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

/// What it says of every name.
pub const ADDRESS: &str = "198.51.100.10";

/// How long a test waits for something to happen.
const WAIT: Duration = Duration::from_secs(10);

/// What is spoken over TCP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Over {
    Tcp,
    Tls,
    Https,
}

/// What it does to connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// Answers everything.
    Good,
    /// Takes so many queries on a connection, and answers them; then GOAWAY, and later ones are refused. Without
    /// HTTP it closes at once.
    GoAway(u32),
    /// The same, but later queries are never answered, and the connection stays open.
    GoAwayAndIgnore(u32),
    /// Takes so many queries on a connection, and answers them; it closes in place of the next answer.
    Close(u32),
    /// The same, with RST.
    Reset(u32),
    /// Closes a connection in place of every so-manieth answer.
    CloseInsteadOfAnswer(u64),
    /// Closes a connection after so much time without a query.
    CloseIdle(Duration),
    /// Answers everything with an HTTP error.
    HttpError,
}

/// A running forwarder.
pub struct Forwarder {
    pub address: SocketAddr,
    over: Over,
    shared: Arc<Shared>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    manner: Mutex<Manner>,
    acceptor: Mutex<Option<TlsAcceptor>>,
    /// Connections accepted.
    opened: AtomicU64,
    /// Connections up to this one are read no more, answered no more, and not closed.
    forgotten: AtomicU64,
    queries: AtomicU64,
    /// Connections that ended.
    closed: Mutex<u64>,
    changed: Condvar,
}

impl Forwarder {
    /// Starts one; encrypted ones need a certificate.
    pub fn start(over: Over, manner: Manner, certificate: Option<&Certificate>) -> Self {
        Self::start_at("127.0.0.1:0".parse().unwrap(), over, manner, certificate)
    }

    /// Starts one at an address.
    pub fn start_at(
        address: SocketAddr,
        over: Over,
        manner: Manner,
        certificate: Option<&Certificate>,
    ) -> Self {
        let listener = std::net::TcpListener::bind(address).unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            manner: Mutex::new(manner),
            acceptor: Mutex::new(certificate.map(|certificate| certificate.acceptor(over))),
            opened: AtomicU64::new(0),
            forgotten: AtomicU64::new(0),
            queries: AtomicU64::new(0),
            closed: Mutex::new(0),
            changed: Condvar::new(),
        });
        let (stop, stopped) = oneshot::channel();
        let serving = shared.clone();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async move {
                let listener = TcpListener::from_std(listener).unwrap();
                tokio::select! {
                    () = listen(listener, over, serving) => {}
                    _ = stopped => {}
                }
            });
        });
        Self { address, over, shared, stop: Some(stop), thread: Some(thread) }
    }

    /// As it is written in a config.
    pub fn written(&self, name: &str) -> String {
        match self.over {
            Over::Tcp => format!("tcp://{}", self.address),
            Over::Tls => format!("tls://{}#{name}", self.address),
            Over::Https => format!("https://{}/dns-query#{name}", self.address),
        }
    }

    /// Changes its manners, for later connections and queries.
    pub fn be(&self, manner: Manner) {
        *self.shared.manner.lock().unwrap() = manner;
    }

    /// Forgets all connections, as a NAT does: nothing comes back on them, not even an end.
    pub fn forget_connections(&self) {
        self.shared.forgotten.store(self.connections(), SeqCst);
    }

    /// Shows another certificate on later connections.
    pub fn show(&self, certificate: &Certificate) {
        *self.shared.acceptor.lock().unwrap() = Some(certificate.acceptor(self.over));
    }

    /// Connections accepted.
    pub fn connections(&self) -> u64 {
        self.shared.opened.load(SeqCst)
    }

    /// Waits until all connections have ended.
    pub fn wait_until_all_are_closed(&self) {
        let closed = self.shared.closed.lock().unwrap();
        let are_open = |closed: &mut u64| *closed < self.connections();
        let (closed, waited) = self.shared.changed.wait_timeout_while(closed, WAIT, are_open).unwrap();
        assert!(!waited.timed_out(), "{closed} of {} connections are closed", self.connections());
    }
}

impl Drop for Forwarder {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// A certificate and its key.
pub struct Certificate {
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
}

impl Certificate {
    /// From PEM files.
    pub fn read(certificate: &Path, key: &Path) -> Self {
        Self {
            chain: CertificateDer::pem_file_iter(certificate).unwrap().map(Result::unwrap).collect(),
            key: PrivateKeyDer::from_pem_file(key).unwrap(),
        }
    }

    fn acceptor(&self, over: Over) -> TlsAcceptor {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(self.chain.clone(), self.key.clone_key())
            .unwrap();
        if over == Over::Https {
            config.alpn_protocols = vec![b"h2".to_vec()];
        }
        TlsAcceptor::from(Arc::new(config))
    }
}

async fn listen(listener: TcpListener, over: Over, shared: Arc<Shared>) {
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        let number = shared.opened.fetch_add(1, SeqCst) + 1;
        let shared = shared.clone();
        tokio::spawn(async move {
            let connection = Connection { shared, number };
            // However it ends is what the test is about.
            let _ = connection.serve(stream, over).await;
        });
    }
}

struct Connection {
    shared: Arc<Shared>,
    number: u64,
}

impl Drop for Connection {
    fn drop(&mut self) {
        *self.shared.closed.lock().unwrap() += 1;
        self.shared.changed.notify_all();
    }
}

impl Connection {
    async fn serve(&self, stream: TcpStream, over: Over) -> io::Result<()> {
        stream.set_nodelay(true)?;
        if let Manner::Reset(_) = self.manner() {
            SockRef::from(&stream).set_linger(Some(Duration::ZERO))?;
        }
        let acceptor = self.shared.acceptor.lock().unwrap().clone();
        match over {
            Over::Tcp => self.serve_messages(stream).await,
            Over::Tls => {
                let acceptor = acceptor.expect("a certificate");
                self.serve_messages(acceptor.accept(stream).await?).await
            }
            Over::Https => {
                let acceptor = acceptor.expect("a certificate");
                self.serve_http(acceptor.accept(stream).await?).await
            }
        }
    }

    fn manner(&self) -> Manner {
        *self.shared.manner.lock().unwrap()
    }

    fn idle_time(&self) -> Duration {
        match self.manner() {
            Manner::CloseIdle(time) => time,
            _ => Duration::from_secs(3600),
        }
    }

    async fn stay_silent_if_forgotten(&self) {
        if self.number <= self.shared.forgotten.load(SeqCst) {
            std::future::pending::<()>().await;
        }
    }

    /// Whether a query is to be answered; the connection has taken `taken`, this one included.
    fn takes(&self, taken: u32) -> Next {
        let all = self.shared.queries.fetch_add(1, SeqCst) + 1;
        match self.manner() {
            Manner::GoAway(most) if taken > most => Next::Refuse,
            Manner::GoAwayAndIgnore(most) if taken > most => Next::Ignore,
            Manner::Close(most) | Manner::Reset(most) if taken > most => Next::Close,
            Manner::CloseInsteadOfAnswer(every) if all.is_multiple_of(every) => Next::Close,
            _ => Next::Answer,
        }
    }

    async fn serve_messages(&self, mut stream: impl AsyncRead + AsyncWrite + Unpin) -> io::Result<()> {
        let mut taken = 0;
        loop {
            let Ok(len) = timeout(self.idle_time(), stream.read_u16()).await else { break };
            let mut query = vec![0; usize::from(len?)];
            stream.read_exact(&mut query).await?;
            self.stay_silent_if_forgotten().await;
            taken += 1;
            match self.takes(taken) {
                Next::Answer => {
                    let reply = reply(&query);
                    stream.write_all(&[&(reply.len() as u16).to_be_bytes()[..], &reply].concat()).await?;
                    if self.manner() == Manner::GoAway(taken) {
                        break;
                    }
                }
                Next::Ignore => {}
                Next::Refuse | Next::Close => break,
            }
        }
        stream.shutdown().await
    }

    async fn serve_http(&self, stream: impl AsyncRead + AsyncWrite + Unpin) -> io::Result<()> {
        let mut connection = h2::server::handshake(stream).await.map_err(io::Error::other)?;
        let mut taken = 0;
        loop {
            let next = match timeout(self.idle_time(), connection.accept()).await {
                Ok(Some(next)) => next.map_err(io::Error::other)?,
                Ok(None) | Err(_) => return Ok(()),
            };
            self.stay_silent_if_forgotten().await;
            taken += 1;
            let (request, mut respond) = next;
            match self.takes(taken) {
                Next::Answer => {
                    let manner = self.manner();
                    tokio::spawn(async move { answer_http(request, respond, manner).await });
                }
                Next::Refuse => respond.send_reset(Reason::REFUSED_STREAM),
                Next::Ignore => {
                    tokio::spawn(async move {
                        let _held = (request, respond);
                        std::future::pending::<()>().await;
                    });
                }
                Next::Close => return Ok(()),
            }
            if let Manner::GoAway(most) | Manner::GoAwayAndIgnore(most) = self.manner()
                && taken == most
            {
                connection.graceful_shutdown();
            }
        }
    }
}

enum Next {
    Answer,
    Refuse,
    Ignore,
    Close,
}

async fn answer_http(request: Request<h2::RecvStream>, mut respond: SendResponse<Bytes>, manner: Manner) {
    let mut body = request.into_body();
    let mut query = Vec::new();
    while let Some(Ok(part)) = body.data().await {
        let _ = body.flow_control().release_capacity(part.len());
        query.extend_from_slice(&part);
    }
    let status = if manner == Manner::HttpError { 502 } else { 200 };
    let head = Response::builder().status(status).header("content-type", "application/dns-message");
    if let Ok(mut stream) = respond.send_response(head.body(()).unwrap(), false) {
        let _ = stream.send_data(reply(&query).into(), true);
    }
}

/// One A record for whatever is asked.
fn reply(query: &[u8]) -> Vec<u8> {
    let mut end = 12;
    while query[end] != 0 {
        end += usize::from(query[end]) + 1;
    }
    let mut reply = query[..end + 5].to_vec();
    reply[2] |= 0x80;
    reply[3] = 0x80;
    reply[6..12].copy_from_slice(&[0, 1, 0, 0, 0, 0]);
    reply.extend_from_slice(&[0xc0, 12, 0, 1, 0, 1, 0, 0, 1, 44, 0, 4, 198, 51, 100, 10]);
    reply
}
