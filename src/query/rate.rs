//! How fast a client may ask: so many queries a second on average, and a reserve for the moments when a class
//! switches its machines on.
//!
//! Over UDP a sender may be made up. What is over the rate gets an answer now and then that says nothing but
//! "ask over TCP" (TC), no longer than the query, and else none: who is real comes back over TCP, who is not
//! gets nothing through us to its victim. Over TCP, where nobody is made up, a client has the same rate once
//! more, and what is over it is told so.
//!
//! One table for all workers: the kernel spreads a client's queries over them. It has a fixed number of places,
//! each one atomic number, so there is no lock. A place says when its client would have used up all that it
//! asked; once that is past, an empty place says the same, so giving it to somebody else forgets nothing.
//! Where more clients ask too fast at once than a row has places, the slowest of them is forgotten.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use siphasher::sip::SipHasher13;

use super::client::{Client, Transport};
use super::counters::Counters;
use super::texts::ErrorTexts;
use super::{Outcome, WorkerState};
use crate::dns::ede::EdeCode;
use crate::dns::rcode::Rcode;
use crate::dns::reply::{Error, Reply};

/// The reserve of a client that was quiet, in seconds of its rate.
const RESERVE: Duration = Duration::from_secs(5);
/// Rows and places of a row: 16,384 clients in 128 KiB.
const ROWS: usize = 4096;
const PLACES: usize = 4;
/// Bits of a place that say when: microseconds, good for nine years.
const WHEN_BITS: u32 = 48;
const WHEN: u64 = (1 << WHEN_BITS) - 1;
/// Tries at a place that others change at the same time; after that the query passes.
const TRIES_MAX: usize = 8;
/// One datagram in so many over the rate is told to come back over TCP.
const SLIP: u32 = 2;

/// How fast each client has asked.
pub struct Rates {
    key: (u64, u64),
    /// Between two queries at the full rate, in microseconds.
    interval: u64,
    rows: Box<[[AtomicU64; PLACES]]>,
}

impl Rates {
    /// So many queries a second and client.
    pub fn new(rate: NonZeroU32) -> Self {
        let mut key = [0; 16];
        // Without chance from the system the key is known, and clients could be made to share a place.
        let _ = getrandom::fill(&mut key);
        let half = |at: usize| u64::from_le_bytes(key[at..at + 8].try_into().expect("eight octets"));
        let rows = std::iter::repeat_with(Default::default).take(ROWS).collect();
        Self { key: (half(0), half(8)), interval: interval_of(rate), rows }
    }

    /// Whether it is for that rate: then another setting need not give everybody the reserve back.
    pub fn is_for(&self, rate: NonZeroU32) -> bool {
        self.interval == interval_of(rate)
    }

    /// Whether a query that came `now` is within its client's rate; if so it is counted.
    pub fn admits(&self, client: Client, now: Duration) -> bool {
        let now = now.as_micros() as u64 & WHEN;
        let hash = self.hash(client);
        let row = &self.rows[hash as usize % ROWS];
        let tag = (hash >> WHEN_BITS).max(1);
        for _ in 0..TRIES_MAX {
            let (place, old) = find(row, tag);
            let used_up = if old >> WHEN_BITS == tag { (old & WHEN).max(now) } else { now };
            let next = used_up + self.interval;
            if next - now > RESERVE.as_micros() as u64 {
                return false;
            }
            let new = tag << WHEN_BITS | next & WHEN;
            if place.compare_exchange(old, new, Ordering::Relaxed, Ordering::Relaxed).is_ok() {
                return true;
            }
        }
        true
    }

    fn hash(&self, client: Client) -> u64 {
        let hasher = SipHasher13::new_with_keys(self.key.0, self.key.1);
        let way = u8::from(client.transport == Transport::Stream);
        match client.prefix() {
            IpAddr::V4(address) => hasher.hash(&[&[way, 4][..], &address.octets()].concat()),
            IpAddr::V6(address) => hasher.hash(&[&[way, 6][..], &address.octets()].concat()),
        }
    }
}

/// Microseconds between two queries at the full rate.
fn interval_of(rate: NonZeroU32) -> u64 {
    (1_000_000 / u64::from(rate.get())).max(1)
}

/// The client's place and what it holds, or else the one that is worth least.
fn find(row: &[AtomicU64; PLACES], tag: u64) -> (&AtomicU64, u64) {
    let held = row.each_ref().map(|place| (place, place.load(Ordering::Relaxed)));
    let own = held.into_iter().find(|(_, old)| old >> WHEN_BITS == tag);
    own.unwrap_or_else(|| held.into_iter().min_by_key(|(_, old)| old & WHEN).expect("a row has places"))
}

/// Answers a query that is over its client's rate, or does not.
pub(super) fn answer(
    worker: &mut WorkerState,
    packet: &[u8],
    client: Client,
    texts: &ErrorTexts,
    out: &mut Vec<u8>,
) -> Outcome {
    Counters::add(&worker.counters.limited);
    let Ok(question) = client.parse(packet) else { return Outcome::Silent };
    match client.transport {
        Transport::Stream => {
            let error = Error::new(EdeCode::Prohibited, texts.over_rate());
            Reply::to(&question, Rcode::REFUSED, out).finish(usize::from(u16::MAX), &[error]);
            Outcome::Ready
        }
        Transport::Udp => {
            worker.over_rate = worker.over_rate.wrapping_add(1);
            if worker.over_rate % SLIP != 1 {
                return Outcome::Silent;
            }
            let mut reply = Reply::to(&question, Rcode::NO_ERROR, out);
            reply.truncated();
            reply.finish(question.udp_limit(), &[]);
            Outcome::Ready
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rates(rate: u32) -> Rates {
        Rates::new(NonZeroU32::new(rate).unwrap())
    }

    fn client(number: u32, transport: Transport) -> Client {
        Client::new((IpAddr::from((10 << 24 | number).to_be_bytes()), 53).into(), transport)
    }

    /// Of so many queries at once, how many pass.
    fn passing(rates: &Rates, client: Client, queries: u32, now: Duration) -> u32 {
        (0..queries).filter(|_| rates.admits(client, now)).count() as u32
    }

    #[test]
    fn a_client_has_its_reserve_at_once_and_then_its_rate() {
        let (rates, udp) = (rates(100), client(1, Transport::Udp));
        let second = Duration::from_secs(1);
        assert_eq!(passing(&rates, udp, 2000, second), 500);
        assert_eq!(passing(&rates, udp, 2000, second), 0);
        assert_eq!(passing(&rates, udp, 2000, 2 * second), 100);
        assert_eq!(passing(&rates, udp, 2000, 2 * second + second / 10), 10);
        assert_eq!(
            passing(&rates, udp, 2000, 60 * second),
            500,
            "no more than the reserve, however long it was quiet"
        );
        assert_eq!(
            passing(&rates, client(1, Transport::Stream), 2000, 60 * second),
            500,
            "another way, another rate"
        );
        assert_eq!(passing(&rates, client(2, Transport::Udp), 2000, 60 * second), 500, "and another client");
    }

    #[test]
    fn a_thousand_clients_within_their_rate_pass_beside_one_that_floods() {
        let (rates, flooding) = (rates(10), client(0, Transport::Udp));
        let step = Duration::from_millis(100);
        let passed: u32 = (1..200)
            .map(|tick| {
                for number in 1..=1000 {
                    if (tick + number) % 2 == 0 {
                        assert!(
                            rates.admits(client(number, Transport::Udp), tick * step),
                            "{number} at {tick}"
                        );
                    }
                }
                passing(&rates, flooding, 100, tick * step)
            })
            .sum();
        assert!((230..=260).contains(&passed), "{passed}: reserve and rate");
    }

    #[test]
    fn more_clients_than_places_are_let_through_rather_than_held_up() {
        let rates = rates(1);
        let now = Duration::from_secs(1);
        let all = (ROWS * PLACES * 2) as u32;
        assert!((0..all).all(|number| rates.admits(client(number, Transport::Udp), now)));
    }
}
