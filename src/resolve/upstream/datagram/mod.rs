//! One question to one server over UDP, octets in and octets out.
//!
//! What does not match the question is not an answer and is passed over; too much of it is somebody guessing,
//! and then only TCP will do.
//!
//! The library's pool asks over UDP as well, and costs twice as much: its messages are read and written
//! record by record, and each question passes through a dozen boxed futures.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use super::query::SentQuery;
use super::sockets::Sockets;
use super::tally::Tally;
use crate::dns::edns::PAYLOAD;
use crate::dns::header::Flags;
use crate::dns::rcode::Rcode;
use crate::resolve::Ask;
use crate::resolve::iterate::question::{self, Extras, Matches, Writing};

/// How often a question is sent, the first time included.
const SENT_MAX: u32 = 3;
/// The shortest time until it is sent again.
const AGAIN_MIN: Duration = Duration::from_millis(250);
/// The longest.
const AGAIN_MAX: Duration = Duration::from_millis(1500);

/// What came of it.
#[derive(Debug)]
pub(in crate::resolve) enum Found {
    /// The server's answer.
    Answer(Vec<u8>),
    /// It has one that does not fit, or others answer for it: ask over TCP.
    OverTcp,
    /// It said nothing in time, or nobody is there.
    Silent,
}

/// A server that is asked over UDP.
pub(in crate::resolve) struct Datagrams {
    sockets: Sockets,
    /// Time for one question, all its repetitions together.
    time_limit: Duration,
}

impl Datagrams {
    /// Queries come from `source`; from the kernel's choice, if none.
    pub fn new(server: SocketAddr, source: Option<SocketAddr>, time_limit: Duration) -> Self {
        Self { sockets: Sockets::new(server, source), time_limit }
    }

    /// Asks, once more without EDNS where the server does not know that (RFC 6891 §7). What happened is
    /// put down in `tally`.
    pub async fn ask(&self, ask: &Ask, tally: &Tally) -> Found {
        let found = self.ask_once(ask, true, tally).await;
        match &found {
            Found::Answer(octets) if knows_no_edns(octets) => self.ask_once(ask, false, tally).await,
            _ => found,
        }
    }

    async fn ask_once(&self, ask: &Ask, edns: bool, tally: &Tally) -> Found {
        tally.asked();
        let start = Instant::now();
        match self.exchange(&query(ask, edns), start, tally.rtt()).await {
            Ok(Some(octets)) => {
                tally.answered(start.elapsed());
                let truncated = Flags::of(&octets).has(Flags::TC) || octets.len() > usize::from(PAYLOAD);
                if truncated { Found::OverTcp } else { Found::Answer(octets) }
            }
            Ok(None) => Found::OverTcp,
            Err(_) => {
                tally.failed();
                Found::Silent
            }
        }
    }

    /// Sends and waits, and sends again. `None`: too many stray datagrams.
    async fn exchange(
        &self,
        query: &[u8],
        start: Instant,
        rtt: Option<Duration>,
    ) -> io::Result<Option<Vec<u8>>> {
        let mut sent = SentQuery::after(query, &self.sockets)?;
        let end = start + self.time_limit;
        let mut wait = rtt.map_or(AGAIN_MAX, |rtt| rtt * 3).clamp(AGAIN_MIN, AGAIN_MAX);
        let mut until = start;
        for times in 1..=SENT_MAX {
            if times > 1 {
                sent.again(query)?;
            }
            until = if times == SENT_MAX { end } else { (until + wait).min(end) };
            wait *= 2;
            match timeout_at(until, sent.answer(|octets| is_answer(query, octets))).await {
                Ok(answer) => {
                    if matches!(answer, Ok(Some(_))) {
                        sent.end();
                    }
                    return answer;
                }
                Err(_) if until >= end => break,
                Err(_) => {}
            }
        }
        Err(io::ErrorKind::TimedOut.into())
    }
}

/// A new question, with EDNS of our own and nothing of the client's but what it asks.
fn query(ask: &Ask, edns: bool) -> Vec<u8> {
    let writing = Writing {
        id: rand::random(),
        recursion: true,
        checking_disabled: ask.checking_disabled,
        case: 0,
        extras: edns.then_some(Extras { payload: PAYLOAD, dnssec_ok: ask.dnssec_ok, cookie: None }),
    };
    question::write(ask.name.as_name(), ask.rtype, &writing)
}

/// Whether a datagram answers `query`. Only one that could not read the question need not repeat it.
fn is_answer(query: &[u8], octets: &[u8]) -> bool {
    question::is_answer(query, octets) != Matches::No && (octets[5] == 1 || knows_no_edns(octets))
}

/// FORMERR or NOTIMP: what a server says that cannot read an OPT record. BADVERS is beyond four bits, in an
/// OPT record, which shows that it can.
fn knows_no_edns(octets: &[u8]) -> bool {
    matches!(Flags::of(octets).rcode(), Rcode::FORM_ERR | Rcode::NOT_IMP)
}

#[cfg(test)]
mod tests;
