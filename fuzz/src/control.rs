//! What somebody writes to the control socket, through the socket itself.
//!
//! Any octets get one line of JSON back, or a closed stream for those that are not UTF-8; what is a
//! request is done, what is none is refused and reaches nobody.

use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use lachan::app::explain::Checker;
use lachan::app::offline::explain_check;
use lachan::control::explanation::Explanation;
use lachan::control::{Asker, Check, Control, Reloaded, Reply, Request, socket};
use lachan::i18n::Message;
use tempfile::TempDir;
use tokio::sync::watch;

use super::school;

/// The octets as one connection's, then as what a check asks for.
pub fn check(octets: &[u8]) {
    thread_local!(static SERVER: Server = Server::start());
    SERVER.with(|server| {
        let reply = server.send(octets);
        let line = octets.split_inclusive(|octet| *octet == b'\n').next().unwrap_or_default();
        let request = std::str::from_utf8(line).ok().map(serde_json::from_str::<Request>);
        let done = server.done.lock().expect("nothing panics while it holds this lock").take();
        match (request, reply) {
            (Some(Ok(asked)), Some(Reply::Explanation(_) | Reply::Reloaded(_) | Reply::Refused(_))) => {
                assert_eq!(done.as_ref(), Some(&asked));
                let printed = serde_json::to_string(&asked).expect("a request can be written");
                assert_eq!(serde_json::from_str::<Request>(&printed).ok(), Some(asked));
            }
            (Some(Err(_)), Some(Reply::Refused(_))) | (None, None) => assert_eq!(done, None),
            (request, reply) => panic!("{request:?} got {reply:?}"),
        }
    });
}

/// A server that explains names, and remembers what it was asked.
struct Program {
    done: Arc<Mutex<Option<Request>>>,
}

impl Control for Program {
    fn ask(&self, _: Asker, request: Request) -> Reply {
        *self.done.lock().expect("nothing panics while it holds this lock") = Some(request.clone());
        match request {
            Request::Check(check) => explain(&check)
                .map_or_else(|why| Reply::Refused(vec![why]), |found| Reply::Explanation(Box::new(found))),
            Request::Status | Request::Reload | Request::UpdateLists => Reply::Reloaded(Reloaded::default()),
        }
    }
}

fn explain(check: &Check) -> Result<Explanation, Message> {
    explain_check(&Checker { responder: school::shared_responder(), runtime: None }, check)
}

/// The socket with a runtime behind it, both a thread's own.
struct Server {
    path: PathBuf,
    done: Arc<Mutex<Option<Request>>>,
    /// Dropped first: no new askers.
    _stop: watch::Sender<bool>,
    _runtime: tokio::runtime::Runtime,
    _folder: TempDir,
}

impl Server {
    fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder of our own");
        let path = folder.path().join("control.sock");
        let done = Arc::new(Mutex::new(None));
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime");
        let (stop, stopped) = watch::channel(false);
        let listener = runtime.block_on(async { socket::bind(&path) }).expect("a socket");
        runtime.spawn(socket::serve(listener, Arc::new(Program { done: done.clone() }), stopped));
        Self { path, done, _stop: stop, _runtime: runtime, _folder: folder }
    }

    /// What comes back to these octets; `None` where the stream is closed without a word.
    fn send(&self, octets: &[u8]) -> Option<Reply> {
        let mut stream = UnixStream::connect(&self.path).expect("a server");
        // It hangs up after the first line; what follows may find nobody.
        let _ = stream.write_all(octets).and_then(|()| stream.shutdown(Shutdown::Write));
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        if answer.is_empty() {
            return None;
        }
        assert_eq!(answer.iter().filter(|octet| **octet == b'\n').count(), 1, "one line");
        Some(serde_json::from_slice(&answer).expect("a reply"))
    }
}

/// One of each request.
pub fn seeds() -> Vec<Vec<u8>> {
    let check = |name: &str| Check {
        name: name.into(),
        rtype: None,
        client: None,
        group: None,
        tier: None,
        resolve: false,
    };
    let requests = [
        Request::Status,
        Request::Reload,
        Request::UpdateLists,
        Request::Check(check("momovíđiệntử.example")),
        Request::Check(Check { tier: Some("primary".into()), ..check("11bet.com") }),
        Request::Check(Check { group: Some("set".into()), ..check("www.google.com.") }),
        Request::Check(Check { client: Some([127, 0, 0, 3].into()), ..check(r"\000.b.example") }),
    ];
    let line = |request| serde_json::to_string(request).expect("a request can be written") + "\n";
    requests.iter().map(|request| line(request).into_bytes()).collect()
}
