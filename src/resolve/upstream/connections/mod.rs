//! Connections to one forwarder over TCP, TLS or HTTPS: which one a query takes, and what happens when a
//! connection ends or falls silent.
//!
//! - A query whose connection ends before the answer came is asked again on another one.
//! - A query on a connection that says nothing at all is asked again on a new one after a few round trips
//!   (a NAT may have forgotten the connection, or our own address has changed); the first answer counts, and
//!   the silent connection gets no further queries. This happens three times at most, with pauses that double.
//! - A server that sends GOAWAY, or closes, while it is in use gets the next connection at once.
//! - How many queries a server takes on one connection is learnt when it closes one, so that queries spread
//!   over as many connections as they need.
//! - A connection that nobody uses is closed before usual servers and NATs do it.
//!
//! The library's own pool sends everything on its first connection, notices its end only when a query on it
//! fails, and waits for a silent one until the query's time is over.

use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, Weak};
use std::time::Duration;

use futures_util::stream::{FuturesUnordered, StreamExt};
use hickory_resolver::proto::op::{DnsRequest, DnsResponse, ResponseCode};
use tokio::task::yield_now;
use tokio::time::{Instant, sleep, timeout};

use super::tally::Tally;
use connection::{Connection, Seat};
use driver::Driver;
use opener::Opener;

use crate::sys::lock::Guard;

mod connection;
pub(in crate::resolve) mod driver;
pub(in crate::resolve) mod opener;
mod watched;

pub(in crate::resolve) use connection::Refusal;

/// Queries that wait on one connection; one more opens another.
const PIPELINE_MAX: u32 = 256;
/// Connections to one server at a time. Enough for a server that takes a few queries on each.
const CONNECTIONS_MAX: usize = 32;
/// Connections that one query is sent on. A server that closes after three queries costs a query seldom
/// more than two.
const TRIES_MAX: usize = 8;
/// A connection that nobody has used for so long is closed. Unbound and dnsdist close after 30 s, and NATs
/// forget after minutes.
const IDLE: Duration = Duration::from_secs(15);
/// A connection that ends so long after its last answer is replaced before it is needed.
const BUSY: Duration = Duration::from_secs(1);
/// How long a connection may say nothing before its query is asked on another one too: three round trips
/// within these bounds.
const SILENCE_MIN: Duration = Duration::from_millis(300);
const SILENCE_MAX: Duration = Duration::from_millis(800);
/// How often it is looked whether a connection says something, each time after twice as long.
const LOOKS_MAX: u32 = 3;
/// A connection that was chosen for fewer queries is not past what its server takes on one, whatever that is.
const FRESH_BELOW: u32 = 8;
/// Turns of the event loop in which the library reads what made a stream readable.
const TURNS: u32 = 4;

/// The connections to one server.
pub(in crate::resolve) struct Connections(Arc<Pool>);

struct Pool {
    opener: Arc<Opener>,
    driver: Arc<Driver>,
    tally: Arc<Tally>,
    /// The oldest first.
    open: Mutex<Vec<Arc<Connection>>>,
    /// Queries that the server takes on one connection, as far as is known.
    limit: AtomicU32,
}

impl Connections {
    /// None is opened before it is needed.
    pub(in crate::resolve) fn new(opener: Opener, driver: Arc<Driver>, tally: Arc<Tally>) -> Self {
        Self(Arc::new(Pool {
            opener: Arc::new(opener),
            driver,
            tally,
            open: Mutex::default(),
            limit: AtomicU32::new(u32::MAX),
        }))
    }

    /// The server's answer; once more without EDNS where it does not know that (RFC 6891 §7). What happened
    /// is put down in the server's tally.
    pub(in crate::resolve) async fn ask(&self, request: DnsRequest) -> Result<Vec<u8>, Refusal> {
        let plain = request.edns.is_some().then(|| without_edns(&request));
        let response = self.ask_once(request).await?;
        match plain.filter(|_| knows_no_edns(&response)) {
            Some(plain) => Ok(self.ask_once(plain).await?.into_buffer()),
            None => Ok(response.into_buffer()),
        }
    }

    async fn ask_once(&self, request: DnsRequest) -> Result<DnsResponse, Refusal> {
        let Pool { tally, opener, .. } = &*self.0;
        tally.asked();
        let found = timeout(opener.time_limit, self.0.clone().exchange(request)).await;
        match found.unwrap_or(Err(Refusal::Silent)) {
            Ok((response, took)) => {
                tally.answered(took);
                Ok(response)
            }
            Err(refusal) => {
                tally.failed();
                Err(refusal)
            }
        }
    }
}

impl Pool {
    /// Asks on one connection, and on others where that one ends or says nothing.
    async fn exchange(self: Arc<Self>, request: DnsRequest) -> Result<(DnsResponse, Duration), Refusal> {
        let mut tries = Tries { tried: Vec::new(), trying: FuturesUnordered::new() };
        let rtt = self.tally.rtt();
        let mut silence = rtt.map_or(SILENCE_MAX, |rtt| rtt * 3).clamp(SILENCE_MIN, SILENCE_MAX);
        let mut looks = 0;
        let mut next_look = pin!(sleep(silence));
        tries.begin(&self, &request, Wanted::Any)?;
        loop {
            tokio::select! {
                biased;
                Some((connection, found)) = tries.trying.next() => {
                    self.look_after(&connection, found.is_ok());
                    let again = match found {
                        Ok(answer) => {
                            self.learn_from_the_silent(&tries.tried, &connection);
                            return Ok(answer);
                        }
                        Err(Refusal::Ended) if tries.tried.len() < TRIES_MAX => {
                            tries.begin(&self, &request, Wanted::Any)
                        }
                        Err(refusal) => Err(refusal),
                    };
                    match again {
                        Ok(()) => next_look.as_mut().reset(Instant::now() + silence),
                        Err(refusal) if tries.trying.is_empty() => return Err(refusal),
                        Err(_) => {}
                    }
                }
                () = &mut next_look, if looks < LOOKS_MAX => {
                    looks += 1;
                    silence *= 2;
                    next_look.as_mut().reset(Instant::now() + silence);
                    let (connection, reads) = tries.tried.last().expect("one was begun");
                    if connection.pulse.reads() == *reads {
                        connection.retire();
                    } else if looks == 1 && !connection.is_over() {
                        // It brings other answers, so it lives; the server may need long for this one.
                        continue;
                    }
                    // Where no other connection can be had, the answer may still come on this one.
                    let _ = tries.begin(&self, &request, Wanted::Fresh);
                }
            }
        }
    }

    /// A place on a connection that was not tried yet.
    fn seat(self: &Arc<Self>, tried: &[(Arc<Connection>, u64)], wanted: Wanted) -> Result<Seat, Refusal> {
        let mut open = self.lock();
        open.retain(|connection| connection.is_usable());
        let is_new =
            |connection: &&Arc<Connection>| !tried.iter().any(|(one, _)| Arc::ptr_eq(one, connection));
        if wanted == Wanted::Fresh {
            let is_fresh = |connection: &&Arc<Connection>| connection.assigned() < FRESH_BELOW;
            if let Some(found) = open.iter().rev().filter(is_new).find(is_fresh) {
                return Ok(Seat::take(found));
            }
            if open.len() < CONNECTIONS_MAX {
                return self.open_another(&mut open);
            }
        }
        let limit = self.limit.load(Relaxed);
        let has_room = |connection: &&Arc<Connection>| {
            connection.assigned() < limit && connection.pulse.waiting() < PIPELINE_MAX
        };
        // The newest first: it is the least likely to be forgotten on the way, or to be at its end.
        if let Some(found) = open.iter().rev().filter(is_new).find(has_room) {
            return Ok(Seat::take(found));
        }
        // One that took as many as the server is known to take, and is still there: it takes more.
        if let Some(found) = open.iter().rev().filter(is_new).find(|found| found.pulse.waiting() == 0) {
            self.limit.store(limit.saturating_mul(2), Relaxed);
            return Ok(Seat::take(found));
        }
        if open.len() < CONNECTIONS_MAX {
            return self.open_another(&mut open);
        }
        let least = open.iter().filter(is_new).min_by_key(|found| found.pulse.waiting());
        least.map(Seat::take).ok_or(Refusal::NoConnection)
    }

    /// A place on a connection that is opened for it.
    fn open_another(self: &Arc<Self>, open: &mut Vec<Arc<Connection>>) -> Result<Seat, Refusal> {
        let connection = self.open_one()?;
        let seat = Seat::take(&connection);
        open.push(connection);
        Ok(seat)
    }

    fn open_one(self: &Arc<Self>) -> Result<Arc<Connection>, Refusal> {
        let driver = self.driver.handle().map_err(|_| Refusal::NoConnection)?;
        let connection = Arc::new(Connection::new());
        driver.spawn(keep(Arc::downgrade(self), self.opener.clone(), Arc::downgrade(&connection)));
        Ok(connection)
    }

    /// Looks at a connection that gave an answer, or none.
    fn look_after(self: &Arc<Self>, connection: &Connection, is_answered: bool) {
        if is_answered && connection.is_end_noted() {
            // It took more than was known when it ended.
            self.limit.fetch_max(connection.answered(), Relaxed);
        }
        if connection.is_over() {
            self.note_end(connection);
        }
    }

    /// Learns from connections that are still silent while another one has brought the answer: their server
    /// takes no more queries on them.
    fn learn_from_the_silent(&self, tried: &[(Arc<Connection>, u64)], answering: &Arc<Connection>) {
        let is_silent = |(one, reads): &&(Arc<Connection>, u64)| {
            one.is_retired() && one.pulse.reads() == *reads && !Arc::ptr_eq(one, answering)
        };
        let answered = tried.iter().filter(is_silent).map(|(one, _)| one.answered()).min();
        if let Some(answered @ 1..) = answered {
            self.limit.store(answered, Relaxed);
        }
    }

    /// Learns from a connection that ended, and replaces it if it was in use.
    fn note_end(self: &Arc<Self>, connection: &Connection) {
        if connection.note_end() {
            return;
        }
        let answered = connection.answered();
        let is_busy = answered > 0 && connection.idle().is_none_or(|idle| idle < BUSY);
        let mut open = self.lock();
        open.retain(|connection| connection.is_usable());
        if is_busy {
            self.limit.store(answered, Relaxed);
            if open.is_empty()
                && let Ok(next) = self.open_one()
            {
                open.push(next);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Arc<Connection>>> {
        // Whoever panicked with the lock held left a whole list behind.
        self.open.guard()
    }
}

/// Which connection a query is sent on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wanted {
    /// The newest that has room.
    Any,
    /// One that has taken few queries or none, after another one fell silent: several that are past what their
    /// server takes would use up all looks.
    Fresh,
}

/// One query on several connections.
struct Tries<F> {
    /// The connections, and how often octets had come on each when the query was sent.
    tried: Vec<(Arc<Connection>, u64)>,
    trying: FuturesUnordered<F>,
}

type Tried = (Arc<Connection>, Result<(DnsResponse, Duration), Refusal>);

impl Tries<Pin<Box<dyn Future<Output = Tried> + Send>>> {
    /// Sends the query on a connection that was not tried yet.
    fn begin(&mut self, pool: &Arc<Pool>, request: &DnsRequest, wanted: Wanted) -> Result<(), Refusal> {
        let seat = pool.seat(&self.tried, wanted)?;
        let request = request.clone();
        self.tried.push((seat.0.clone(), seat.0.pulse.reads()));
        self.trying.push(Box::pin(async move {
            let found = seat.0.ask(request).await;
            (seat.0.clone(), found)
        }));
        Ok(())
    }
}

/// Opens a connection and watches it until it ends, is idle, or nobody has it any more. It belongs to the
/// pool and to the queries that wait on it.
async fn keep(pool: Weak<Pool>, opener: Arc<Opener>, connection: Weak<Connection>) {
    let Some(pulse) = connection.upgrade().map(|connection| connection.pulse.clone()) else { return };
    let found = opener.open(pulse.clone()).await;
    match connection.upgrade() {
        Some(connection) => connection.opened(found),
        None => return,
    }
    drop(opener);
    loop {
        let left = match connection.upgrade() {
            Some(connection) => IDLE.saturating_sub(connection.idle().unwrap_or_default()),
            None => return,
        };
        tokio::select! {
            () = pulse.changed() => {
                for _ in 0..TURNS {
                    yield_now().await;
                }
            }
            () = sleep(left) => {}
        }
        let (Some(pool), Some(connection)) = (pool.upgrade(), connection.upgrade()) else { return };
        if connection.is_over() {
            return pool.note_end(&connection);
        }
        if connection.idle().is_some_and(|idle| idle >= IDLE) {
            connection.retire();
            pool.lock().retain(|other| !Arc::ptr_eq(other, &connection));
            return;
        }
    }
}

fn without_edns(request: &DnsRequest) -> DnsRequest {
    let mut plain = request.clone();
    plain.edns = None;
    plain
}

fn knows_no_edns(response: &DnsResponse) -> bool {
    matches!(response.response_code, ResponseCode::FormErr | ResponseCode::NotImp | ResponseCode::BADVERS)
}
