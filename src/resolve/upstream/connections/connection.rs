//! One connection: being opened, open, or ended.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::Relaxed};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use futures_util::stream::Stream;
use hickory_net::NetError;
use hickory_net::h2::HttpsClientStream;
use hickory_net::xfer::{DnsExchange, DnsHandle, DnsRequestSender, FirstAnswer};
use hickory_resolver::proto::op::{DnsRequest, DnsResponse};
use tokio::sync::SetOnce;

use super::watched::{Pulse, Runtime};

/// Why a connection gives no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::resolve) enum Refusal {
    /// It ended, or the server refused this query on it: another connection may do.
    Ended,
    /// It could not be opened.
    NoConnection,
    /// It could not be opened: the certificate is for another name, or of nobody whom we trust.
    Distrusted,
    /// The server answered with something that is no DNS message, such as an HTTP error.
    NoMessage,
    /// Nothing came in time.
    Silent,
}

/// A transport of the library.
pub(super) enum Channel {
    /// Length-prefixed messages over TCP or TLS.
    Messages(DnsExchange<Runtime>),
    /// HTTP/2.
    Https(HttpsClientStream),
}

/// One connection.
pub(super) struct Connection {
    opened: SetOnce<Result<Channel, Refusal>>,
    pub(super) pulse: Arc<Pulse>,
    created: Instant,
    /// Queries that it was chosen for.
    assigned: AtomicU32,
    answered: AtomicU32,
    /// Milliseconds after `created` of the last answer, or of the last query that gave up.
    used_ms: AtomicU64,
    /// No further query is to be sent on it.
    retired: AtomicBool,
    /// Its end was taken note of.
    end_noted: AtomicBool,
}

impl Connection {
    pub(super) fn new() -> Self {
        Self {
            opened: SetOnce::new(),
            pulse: Arc::default(),
            created: Instant::now(),
            assigned: AtomicU32::new(0),
            answered: AtomicU32::new(0),
            used_ms: AtomicU64::new(0),
            retired: AtomicBool::new(false),
            end_noted: AtomicBool::new(false),
        }
    }

    /// Tells what opening it gave.
    pub(super) fn opened(&self, found: Result<Channel, Refusal>) {
        let failed = found.is_err();
        // It is set here only, by the one task that opens.
        let _ = self.opened.set(found);
        if failed {
            self.pulse.end();
        }
    }

    /// Whether a query may be sent on it, as far as is known.
    pub(super) fn is_usable(&self) -> bool {
        !self.retired.load(Relaxed) && !self.is_over()
    }

    /// Whether the server or the network ended it. A server that sent GOAWAY may still answer what it took.
    pub(super) fn is_over(&self) -> bool {
        if !self.pulse.is_ended() && self.is_going_away() {
            self.pulse.end();
        }
        self.pulse.is_ended()
    }

    /// Whether the server of an HTTP/2 connection sent GOAWAY.
    fn is_going_away(&self) -> bool {
        let Some(Ok(Channel::Https(stream))) = self.opened.get() else { return false };
        let mut stream = stream.clone();
        let look = Pin::new(&mut stream).poll_next(&mut Context::from_waker(Waker::noop()));
        matches!(look, Poll::Ready(None | Some(Err(_))))
    }

    /// Lets no further query use it. Those that wait are not disturbed.
    pub(super) fn retire(&self) {
        self.retired.store(true, Relaxed);
    }

    /// Whether no further query uses it.
    pub(super) fn is_retired(&self) -> bool {
        self.retired.load(Relaxed)
    }

    /// Whether its end was noted before; notes it.
    pub(super) fn note_end(&self) -> bool {
        self.end_noted.swap(true, Relaxed)
    }

    /// Whether its end was noted.
    pub(super) fn is_end_noted(&self) -> bool {
        self.end_noted.load(Relaxed)
    }

    /// Queries that it was chosen for.
    pub(super) fn assigned(&self) -> u32 {
        self.assigned.load(Relaxed)
    }

    /// Queries answered.
    pub(super) fn answered(&self) -> u32 {
        self.answered.load(Relaxed)
    }

    /// How long nothing has used it; `None` while queries wait.
    pub(super) fn idle(&self) -> Option<Duration> {
        let used = Duration::from_millis(self.used_ms.load(Relaxed));
        (self.pulse.waiting() == 0).then(|| self.created.elapsed().saturating_sub(used))
    }

    /// Sends a query and waits for the answer. Also says how long the answer took once it was open.
    pub(super) async fn ask(&self, request: DnsRequest) -> Result<(DnsResponse, Duration), Refusal> {
        let channel = self.opened.wait().await.as_ref().map_err(|refusal| *refusal)?;
        let sent = Instant::now();
        let found = match channel {
            Channel::Messages(exchange) => exchange.send(request).first_answer().await,
            Channel::Https(stream) => stream.clone().send_message(request).first_answer().await,
        };
        match found {
            Ok(response) => {
                self.answered.fetch_add(1, Relaxed);
                Ok((response, sent.elapsed()))
            }
            Err(error) => Err(why(&error)),
        }
    }
}

fn why(error: &NetError) -> Refusal {
    match error {
        NetError::Timeout => Refusal::Silent,
        // The library has texts of its own for HTTP errors and other media types.
        NetError::Msg(_) | NetError::Proto(_) | NetError::Decode(_) | NetError::ParseInt(_) => {
            Refusal::NoMessage
        }
        _ => Refusal::Ended,
    }
}

/// A query's place on a connection.
pub(super) struct Seat(pub(super) Arc<Connection>);

impl Seat {
    pub(super) fn take(connection: &Arc<Connection>) -> Self {
        connection.assigned.fetch_add(1, Relaxed);
        connection.pulse.begin_waiting();
        Self(connection.clone())
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let connection = &self.0;
        connection.used_ms.store(connection.created.elapsed().as_millis() as u64, Relaxed);
        connection.pulse.end_waiting();
    }
}
