//! The limit of connections: how many there may be, how long one may be idle, and which one is closed for a new one.
//!
//! There is a limit for each client and one for all together. Where the latter is reached, the connection that has
//! been idle for longest is closed for the new one (RFC 7766 §6.2.3); a client at its own limit gets no further
//! connection, so that it cannot push out others. Near the limit the idle timeout is shorter, and clients are told
//! so (RFC 7828 §3.4).

use std::collections::hash_map::{Entry, HashMap};
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use super::mailbox::Mailbox;
use crate::serve::Settings;
use crate::sys::lock::Guard;

/// The idle timeout near the limit is this part of the usual one.
const SCARCE_PART: u32 = 4;

/// The limit of connections of all listeners together.
pub struct ConnectionLimit {
    idle: Duration,
    most: usize,
    per_client: usize,
    /// As many as `taken` has, to be read without its lock.
    count: AtomicUsize,
    is_closed: AtomicBool,
    taken: Mutex<Taken>,
}

#[derive(Default)]
struct Taken {
    by_number: HashMap<u64, (IpAddr, Arc<Mailbox>)>,
    by_client: HashMap<IpAddr, usize>,
    next: u64,
}

/// What a connection counts as; given back when it ends, however it ends.
pub struct ConnectionSlot {
    limit: Arc<ConnectionLimit>,
    number: u64,
    mailbox: Arc<Mailbox>,
}

impl ConnectionLimit {
    /// As many as `settings` say, none taken.
    pub fn new(settings: &Settings) -> Self {
        Self {
            idle: settings.tcp_idle,
            most: settings.tcp_connections_max,
            per_client: settings.tcp_connections_per_client,
            count: AtomicUsize::new(0),
            is_closed: AtomicBool::new(false),
            taken: Mutex::default(),
        }
    }

    /// Admits a connection of `client`; `None` where it is at its limit, or all together are and none is idle.
    pub fn admit(self: &Arc<Self>, client: IpAddr) -> Option<ConnectionSlot> {
        let mut taken = self.lock();
        let of_client = taken.by_client.get(&client).copied().unwrap_or(0);
        if self.is_closed.load(Ordering::Relaxed) || of_client >= self.per_client {
            return None;
        }
        if taken.by_number.len() >= self.most {
            let number = taken.longest_idle()?;
            // It is counted no more, though its task may live for some microseconds yet.
            taken.leave(number)?.tell_to_end();
        }
        let mailbox = Arc::new(Mailbox::new());
        let number = taken.enter(client, mailbox.clone());
        self.count.store(taken.by_number.len(), Ordering::Relaxed);
        drop(taken);
        Some(ConnectionSlot { limit: self.clone(), number, mailbox })
    }

    /// Tells all connections to end, and admits no more.
    pub fn close(&self) {
        let taken = self.lock();
        self.is_closed.store(true, Ordering::Relaxed);
        taken.by_number.values().for_each(|(_, mailbox)| mailbox.tell_to_end());
    }

    /// The idle timeout as it is now: the whole, or [`SCARCE_PART`] of it where more than three quarters of the limit
    /// are open.
    pub fn idle(&self) -> Duration {
        let is_scarce = self.open() > self.most / 4 * 3 + self.most % 4 * 3 / 4;
        if is_scarce { self.idle_when_scarce() } else { self.idle }
    }

    /// The idle timeout near the limit, whether or not it is near.
    pub fn idle_when_scarce(&self) -> Duration {
        self.idle / SCARCE_PART
    }

    /// Connections that are open.
    pub fn open(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }

    fn give_back(&self, number: u64) {
        let mut taken = self.lock();
        taken.leave(number);
        self.count.store(taken.by_number.len(), Ordering::Relaxed);
    }

    fn lock(&self) -> MutexGuard<'_, Taken> {
        self.taken.guard()
    }
}

impl Taken {
    fn enter(&mut self, client: IpAddr, mailbox: Arc<Mailbox>) -> u64 {
        let number = self.next;
        self.next += 1;
        self.by_number.insert(number, (client, mailbox));
        *self.by_client.entry(client).or_default() += 1;
        number
    }

    /// Takes a connection out; `None` where that was done before.
    fn leave(&mut self, number: u64) -> Option<Arc<Mailbox>> {
        let (client, mailbox) = self.by_number.remove(&number)?;
        if let Entry::Occupied(mut of_client) = self.by_client.entry(client) {
            *of_client.get_mut() -= 1;
            if *of_client.get() == 0 {
                of_client.remove();
            }
        }
        Some(mailbox)
    }

    /// Looks at all: some microseconds for a thousand, and only at the limit.
    fn longest_idle(&self) -> Option<u64> {
        let idle =
            self.by_number.iter().filter_map(|(number, (_, mailbox))| Some((mailbox.idle_since()?, *number)));
        idle.min().map(|(_, number)| number)
    }
}

impl ConnectionSlot {
    /// What others leave for the connection.
    pub fn mailbox(&self) -> &Arc<Mailbox> {
        &self.mailbox
    }
}

impl Drop for ConnectionSlot {
    fn drop(&mut self) {
        self.limit.give_back(self.number);
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;

    fn new_limit(most: usize, per_client: usize) -> Arc<ConnectionLimit> {
        Arc::new(ConnectionLimit::new(&Settings {
            tcp_idle: Duration::from_secs(10),
            tcp_connections_max: most,
            tcp_connections_per_client: per_client,
            ..Settings::default()
        }))
    }

    fn client(last: u8) -> IpAddr {
        [10, 0, 0, last].into()
    }

    #[test]
    fn a_client_with_all_of_its_places_is_turned_away_and_gets_one_that_it_gives_back() {
        let limit = new_limit(9, 2);
        let held = [limit.admit(client(1)), limit.admit(client(1))];
        assert!(held.iter().all(Option::is_some) && limit.admit(client(1)).is_none());
        let other = limit.admit(client(2));
        assert_eq!((other.is_some(), limit.open()), (true, 3));
        drop(held);
        assert!(limit.open() == 1 && limit.admit(client(1)).is_some());
        drop(other);
        assert!(limit.open() == 0 && limit.lock().by_client.is_empty());
    }

    #[test]
    fn where_all_are_taken_the_longest_idle_gives_way_and_a_busy_one_never() {
        let limit = new_limit(3, 2);
        let [first, second, third] = [1, 2, 3].map(|last| limit.admit(client(last)).unwrap());
        let now = Instant::now();
        third.mailbox().note_idle(now);
        second.mailbox().note_idle(now + Duration::from_millis(1));
        first.mailbox().note_busy();
        let fourth = limit.admit(client(4)).expect("in place of the third");
        assert_eq!([&first, &second, &third].map(|it| it.mailbox().is_told_to_end()), [false, false, true]);
        assert_eq!(limit.open(), 3);
        drop(third);
        assert_eq!(limit.open(), 3, "its place is somebody else's");
        fourth.mailbox().note_busy();
        let fifth = limit.admit(client(5)).expect("in place of the second");
        assert!(second.mailbox().is_told_to_end());
        fifth.mailbox().note_busy();
        assert!(limit.admit(client(6)).is_none(), "nobody is idle");
    }

    #[test]
    fn idle_times_are_shorter_while_more_than_three_quarters_are_taken() {
        for (most, plenty) in [(1, 0), (4, 3), (5, 3), (1024, 768), (1023, 767)] {
            let limit = new_limit(most, most);
            let mut held: Vec<_> = (0..plenty).map(|_| limit.admit(client(1))).collect();
            assert_eq!(limit.idle(), Duration::from_secs(10), "{plenty} of {most}");
            held.push(limit.admit(client(1)));
            assert_eq!(limit.idle(), Duration::from_millis(2_500), "one more than {plenty} of {most}");
            held.pop();
            assert_eq!(limit.idle(), Duration::from_secs(10), "{plenty} of {most} again");
        }
    }

    #[test]
    fn at_the_end_all_are_told_and_nobody_is_admitted_any_more() {
        let limit = new_limit(3, 3);
        let held = [limit.admit(client(1)).unwrap(), limit.admit(client(2)).unwrap()];
        limit.close();
        assert!(held.iter().all(|place| place.mailbox().is_told_to_end()));
        assert!(limit.admit(client(3)).is_none());
    }
}
