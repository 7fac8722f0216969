//! What iteration needs of the system: two clocks, random numbers, and exchanges with name servers.
//!
//! Everything else in this module is computation. A script, a fuzzer or a test stands in for the network by
//! implementing [`Io`]; the program's own is in `upstream`.

use std::future::Future;
use std::net::IpAddr;
use std::time::Duration;

use crate::clock::Watch;
use crate::dns::name::{Name, OwnedName};
use crate::dns::rcode::Rcode;
use crate::dns::rrtype::RrType;
use crate::resolve::reason::Reason;

/// How a question travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Way {
    /// One datagram there, one back.
    Udp,
    /// A connection for this question alone.
    Tcp,
}

/// Why no answer came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExchangeError {
    /// Nothing came in time.
    TimedOut,
    /// The network says that nobody is there, or that there is no way.
    Unreachable,
    /// Messages came that do not answer the query: over UDP more than chance explains (spoofing), over TCP one.
    Mismatched,
}

/// What a forwarder says.
#[derive(Clone, Debug)]
pub struct Forwarded {
    /// The whole message, checked for its question.
    pub octets: Vec<u8>,
    /// The RCODE with its upper bits.
    pub rcode: Rcode,
    /// Its own reason, where it blocks.
    pub note: Option<Reason>,
}

/// The world around iteration.
pub trait Io: Send + Sync + 'static {
    /// Seconds since 1970, as the system's wall clock has them: TTLs and signatures count by it.
    fn now(&self) -> u64;

    /// What is known of whether that clock can be right.
    fn watch(&self) -> &Watch;

    /// A clock that only goes forward, for round trips.
    fn elapsed(&self) -> Duration;

    /// A number that nobody can guess.
    fn chance(&self) -> u64;

    /// Sends `query` (a whole message) to port 53 of `server` and gives the first message that has its id
    /// and its question; the case of the letters is the caller's to look at.
    fn exchange(
        &self,
        server: IpAddr,
        query: Vec<u8>,
        way: Way,
        time_limit: Duration,
    ) -> impl Future<Output = Result<Vec<u8>, ExchangeError>> + Send;

    /// The zone whose forwarders are asked for `kind` at `name` instead of name servers, if there is one, and
    /// their answers are validated.
    fn forward_zone(&self, name: Name<'_>, kind: RrType) -> Option<OwnedName>;

    /// Asks those forwarders. The error tells the client why there is no answer.
    fn forward(&self, name: Name<'_>, kind: RrType)
    -> impl Future<Output = Result<Forwarded, Reason>> + Send;

    /// Whether the answer for `name` comes from somewhere else altogether: local data, or forwarders that are
    /// believed as they are.
    fn is_elsewhere(&self, name: Name<'_>, kind: RrType) -> bool;

    /// Gives way once to whatever else wants to be done.
    fn give_way(&self) -> impl Future<Output = ()> + Send;

    /// Waits.
    fn pause(&self, time: Duration) -> impl Future<Output = ()> + Send;
}
