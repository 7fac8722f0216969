//! Single flight: what several ask for at the same time is sought once.
//!
//! The first is the leader; whoever comes after it follows, and sees the state that the leader publishes. A flight
//! lasts as long as the leader keeps its [`Flight`]: one that gives up frees the place, so that a follower, which sees
//! the channel closed, can lead. Flights at once are bounded.
//!
//! Does not know what is sought, nor how long a follower waits.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard};

use tokio::sync::watch;

use crate::sys::lock::Guard;

/// The flights under way.
pub(super) struct SingleFlight<K, S> {
    flights: Mutex<HashMap<K, watch::Receiver<S>>>,
    most: usize,
}

/// The part of somebody in a flight.
pub(super) enum Role<'f, K: Clone + Eq + Hash, S> {
    /// Does the work, and publishes by the sender.
    Leader(Flight<'f, K, S>, watch::Sender<S>),
    /// Waits for the leader.
    Follower(watch::Receiver<S>),
    /// There are too many flights.
    Full,
}

/// A flight; nobody joins it once it is dropped.
pub(super) struct Flight<'f, K: Clone + Eq + Hash, S> {
    all: &'f SingleFlight<K, S>,
    key: K,
}

impl<K: Clone + Eq + Hash, S> SingleFlight<K, S> {
    /// At most `most` flights at once.
    pub(super) fn new(most: usize) -> Self {
        Self { flights: Mutex::default(), most }
    }

    /// Joins the flight for `key`, or begins it with `state`.
    pub(super) fn join(&self, key: &K, state: S) -> Role<'_, K, S> {
        let mut flights = self.lock();
        if let Some(receiver) = flights.get(key) {
            return Role::Follower(receiver.clone());
        }
        if flights.len() >= self.most {
            return Role::Full;
        }
        let (sender, receiver) = watch::channel(state);
        flights.insert(key.clone(), receiver);
        Role::Leader(Flight { all: self, key: key.clone() }, sender)
    }

    /// Flights now.
    pub(super) fn len(&self) -> usize {
        self.lock().len()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<K, watch::Receiver<S>>> {
        // Each use is one call on the map, so a panic elsewhere leaves it whole.
        self.flights.guard()
    }
}

impl<K: Clone + Eq + Hash, S> Drop for Flight<'_, K, S> {
    fn drop(&mut self) {
        self.all.lock().remove(&self.key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_leads_and_the_followers_see_what_it_publishes_until_it_is_done() {
        let all = SingleFlight::new(4);
        let Role::Leader(flight, sender) = all.join(&"a", 0) else { panic!("the first leads") };
        let Role::Follower(mut follower) = all.join(&"a", 1) else { panic!("the second waits") };
        assert!(matches!(all.join(&"b", 0), Role::Leader(..)), "another key, another flight");
        sender.send(7).unwrap();
        assert_eq!(*follower.borrow_and_update(), 7);
        assert!(follower.has_changed().is_ok(), "under way");
        drop((flight, sender));
        assert!(follower.has_changed().is_err(), "done");
        assert!(matches!(all.join(&"a", 0), Role::Leader(..)), "the next leads");
        assert_eq!(all.len(), 0, "and nothing stays behind");
    }

    #[test]
    fn flights_are_bounded() {
        let all = SingleFlight::new(2);
        let first = all.join(&1, ());
        let _second = all.join(&2, ());
        assert!(matches!(all.join(&3, ()), Role::Full));
        assert!(matches!(all.join(&2, ()), Role::Follower(_)), "to follow takes no place");
        drop(first);
        assert!(matches!(all.join(&3, ()), Role::Leader(..)));
    }
}
