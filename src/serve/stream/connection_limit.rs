//! Who is connected: places for connections, how long one may be idle, and who gives way.
//!
//! Each client has so many places, and all together have so many. Where all are taken, the connection that
//! has been idle for longest gives way to the new one (RFC 7766 §6.2.3); a client that has all of its own
//! is turned away, so that it cannot push out others. When most are taken, connections may be idle for a
//! shorter time only, and are told so (RFC 7828 §3.4).

use std::collections::hash_map::{Entry, HashMap};
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use super::line::Line;
use crate::serve::Settings;

/// A connection may be idle for this part of the time when places are scarce.
const SCARCE_PART: u32 = 4;

/// The places of all listeners together.
pub struct Places {
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
    by_number: HashMap<u64, (IpAddr, Arc<Line>)>,
    by_client: HashMap<IpAddr, usize>,
    next: u64,
}

/// A connection's place; given back when it ends, however it ends.
pub struct Place {
    places: Arc<Places>,
    number: u64,
    line: Arc<Line>,
}

impl Places {
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

    /// A place for a connection of `client`; `None` where it has all of its own, or all are taken and none
    /// is idle.
    pub fn admit(self: &Arc<Self>, client: IpAddr) -> Option<Place> {
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
        let line = Arc::new(Line::new());
        let number = taken.enter(client, line.clone());
        self.count.store(taken.by_number.len(), Ordering::Relaxed);
        drop(taken);
        Some(Place { places: self.clone(), number, line })
    }

    /// Tells all connections to end, and admits no more.
    pub fn close(&self) {
        let taken = self.lock();
        self.is_closed.store(true, Ordering::Relaxed);
        taken.by_number.values().for_each(|(_, line)| line.tell_to_end());
    }

    /// How long a connection may be idle, as it is now: the whole time, or [`SCARCE_PART`] of it where more
    /// than three quarters of the places are taken.
    pub fn idle(&self) -> Duration {
        let is_scarce = self.open() > self.most / 4 * 3 + self.most % 4 * 3 / 4;
        if is_scarce { self.idle_when_scarce() } else { self.idle }
    }

    /// How long a connection may be idle when places are scarce, whether or not they are.
    pub fn idle_when_scarce(&self) -> Duration {
        self.idle / SCARCE_PART
    }

    /// Places taken now.
    pub fn open(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }

    fn give_back(&self, number: u64) {
        let mut taken = self.lock();
        taken.leave(number);
        self.count.store(taken.by_number.len(), Ordering::Relaxed);
    }

    fn lock(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().expect("nothing panics while it holds this lock")
    }
}

impl Taken {
    fn enter(&mut self, client: IpAddr, line: Arc<Line>) -> u64 {
        let number = self.next;
        self.next += 1;
        self.by_number.insert(number, (client, line));
        *self.by_client.entry(client).or_default() += 1;
        number
    }

    /// Gives a place back; `None` where that was done before.
    fn leave(&mut self, number: u64) -> Option<Arc<Line>> {
        let (client, line) = self.by_number.remove(&number)?;
        if let Entry::Occupied(mut of_client) = self.by_client.entry(client) {
            *of_client.get_mut() -= 1;
            if *of_client.get() == 0 {
                of_client.remove();
            }
        }
        Some(line)
    }

    /// Looks at all: some microseconds for a thousand, and only where all places are taken.
    fn longest_idle(&self) -> Option<u64> {
        let idle =
            self.by_number.iter().filter_map(|(number, (_, line))| Some((line.idle_since()?, *number)));
        idle.min().map(|(_, number)| number)
    }
}

impl Place {
    /// What the connection is told, and by whom.
    pub fn line(&self) -> &Arc<Line> {
        &self.line
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.places.give_back(self.number);
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;

    fn places(most: usize, per_client: usize) -> Arc<Places> {
        Arc::new(Places::new(&Settings {
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
        let places = places(9, 2);
        let held = [places.admit(client(1)), places.admit(client(1))];
        assert!(held.iter().all(Option::is_some) && places.admit(client(1)).is_none());
        let other = places.admit(client(2));
        assert_eq!((other.is_some(), places.open()), (true, 3));
        drop(held);
        assert!(places.open() == 1 && places.admit(client(1)).is_some());
        drop(other);
        assert!(places.open() == 0 && places.lock().by_client.is_empty());
    }

    #[test]
    fn where_all_are_taken_the_longest_idle_gives_way_and_a_busy_one_never() {
        let places = places(3, 2);
        let [first, second, third] = [1, 2, 3].map(|last| places.admit(client(last)).unwrap());
        let now = Instant::now();
        third.line().rest(now);
        second.line().rest(now + Duration::from_millis(1));
        first.line().work();
        let fourth = places.admit(client(4)).expect("the place of the third");
        assert_eq!([&first, &second, &third].map(|it| it.line().is_told_to_end()), [false, false, true]);
        assert_eq!(places.open(), 3);
        drop(third);
        assert_eq!(places.open(), 3, "its place is somebody else's");
        fourth.line().work();
        let fifth = places.admit(client(5)).expect("the place of the second");
        assert!(second.line().is_told_to_end());
        fifth.line().work();
        assert!(places.admit(client(6)).is_none(), "nobody is idle");
    }

    #[test]
    fn idle_times_are_shorter_while_more_than_three_quarters_are_taken() {
        for (most, plenty) in [(1, 0), (4, 3), (5, 3), (1024, 768), (1023, 767)] {
            let places = places(most, most);
            let mut held: Vec<_> = (0..plenty).map(|_| places.admit(client(1))).collect();
            assert_eq!(places.idle(), Duration::from_secs(10), "{plenty} of {most}");
            held.push(places.admit(client(1)));
            assert_eq!(places.idle(), Duration::from_millis(2_500), "one more than {plenty} of {most}");
            held.pop();
            assert_eq!(places.idle(), Duration::from_secs(10), "{plenty} of {most} again");
        }
    }

    #[test]
    fn at_the_end_all_are_told_and_nobody_is_admitted_any_more() {
        let places = places(3, 3);
        let held = [places.admit(client(1)).unwrap(), places.admit(client(2)).unwrap()];
        places.close();
        assert!(held.iter().all(|place| place.line().is_told_to_end()));
        assert!(places.admit(client(3)).is_none());
    }
}
