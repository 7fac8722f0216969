//! Single flight: identical queries to the servers of a zone, made for several client queries at once, are sent once.
//! After a restart the first names of a school all need the same top-level domain, delegation and keys.
//!
//! The first is the leader; the followers wait until it is done and then look into the store. Where that does not
//! help they send the query themselves. A wait is bounded, and no query waits for a flight of its own client query:
//! flights that wait for each other in a circle, as glueless zones can be built to, only lose that time.

use std::collections::HashMap;
use std::pin::pin;
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use futures_util::future::{Either, select};
use tokio::sync::watch;

use super::Recursor;
use super::budget::Job;
use super::io::Io;
use crate::dns::name::{Name, OwnedName};
use crate::dns::rrtype::RrType;
use crate::sys::lock::Guard;

/// Flights at once; beyond that every query is sent.
const FLIGHTS_MAX: usize = 10_000;

/// How long a follower waits: most servers answer sooner.
const WAIT_MAX: Duration = Duration::from_secs(1);

/// A query to the servers of a zone.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct FlightKey {
    zone: OwnedName,
    name: OwnedName,
    kind: RrType,
}

/// Who sends the query of a flight.
struct Leader {
    /// The client query that it is needed for.
    job: usize,
    /// Closes when the flight is over.
    done: watch::Receiver<()>,
}

/// The flights under way.
#[derive(Default)]
pub struct SingleFlight {
    flights: Mutex<HashMap<FlightKey, Leader>>,
}

/// The part of a query in its flight.
enum Role<'f> {
    /// It is sent; the flight lasts as long as this is kept.
    Leader(Flight<'f>),
    /// It waits. The other end closes when the flight is over, whatever came of it.
    Follower(watch::Receiver<()>),
    /// It is sent, and nobody waits for it.
    Alone,
}

/// A follower's wait is over: what is known now has to be looked at.
pub struct Waited {
    /// Whether the leader is done; else the wait was as long as it may be.
    pub is_done: bool,
}

/// A flight; followers are woken when it is dropped.
pub struct Flight<'f> {
    all: &'f SingleFlight,
    key: FlightKey,
    _done: watch::Sender<()>,
}

impl SingleFlight {
    /// Joins the flight for `kind` at `name`, asked of `zone`. `job` tells one client query from another.
    fn join(&self, zone: Name<'_>, name: Name<'_>, kind: RrType, job: usize) -> Role<'_> {
        let key = FlightKey { zone: zone.to_owned(), name: name.to_owned(), kind };
        let mut flights = self.lock();
        match flights.get(&key) {
            Some(leader) if leader.job == job => Role::Alone,
            Some(leader) => Role::Follower(leader.done.clone()),
            None if flights.len() >= FLIGHTS_MAX => Role::Alone,
            None => {
                let (_done, done) = watch::channel(());
                flights.insert(key.clone(), Leader { job, done });
                Role::Leader(Flight { all: self, key, _done })
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<FlightKey, Leader>> {
        // Each use is one call on the map, so a panic elsewhere leaves it whole.
        self.flights.guard()
    }
}

impl<O: Io> Recursor<O> {
    /// Joins the flight for `kind` at `name`, asked of `zone`. The leader's flight must be kept until what was found
    /// stands where the followers look; a follower returns when its wait is over.
    pub(super) async fn join_flight(
        &self,
        zone: Name<'_>,
        name: Name<'_>,
        kind: RrType,
        job: &Job,
    ) -> Result<Option<Flight<'_>>, Waited> {
        match self.single_flight.join(zone, name, kind, job.id()) {
            Role::Leader(flight) => Ok(Some(flight)),
            Role::Alone => Ok(None),
            Role::Follower(mut done) => {
                let (done, long) = (pin!(done.changed()), pin!(self.io.pause(WAIT_MAX)));
                Err(Waited { is_done: matches!(select(done, long).await, Either::Left(_)) })
            }
        }
    }
}

impl Drop for Flight<'_> {
    fn drop(&mut self) {
        self.all.lock().remove(&self.key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> OwnedName {
        OwnedName::parse(text).unwrap()
    }

    #[test]
    fn one_leads_and_the_followers_are_woken_when_it_is_done() {
        let all = SingleFlight::default();
        let (zone, asked) = (name("example"), name("www.example"));
        let join = |job| all.join(zone.as_name(), asked.as_name(), RrType::A, job);
        let Role::Leader(flight) = join(1) else { panic!("the first leads") };
        let Role::Follower(done) = join(2) else { panic!("the second waits") };
        assert!(matches!(join(1), Role::Alone), "no query waits for its own flight");
        let other_kind = all.join(zone.as_name(), asked.as_name(), RrType::AAAA, 2);
        assert!(matches!(other_kind, Role::Leader(_)));
        assert!(done.has_changed().is_ok(), "under way");
        drop(flight);
        assert!(done.has_changed().is_err(), "done");
        assert!(matches!(join(2), Role::Leader(_)), "the next leads");
        assert!(matches!(join(3), Role::Leader(_)), "and nothing stays behind");
    }

    #[test]
    fn flights_are_bounded() {
        let all = SingleFlight::default();
        let zone = name("example");
        let mut kept = Vec::new();
        for at in 0..FLIGHTS_MAX {
            let asked = name(&format!("n{at}.example"));
            let Role::Leader(flight) = all.join(zone.as_name(), asked.as_name(), RrType::A, at) else {
                panic!("there is room for one more")
            };
            kept.push(flight);
        }
        let join = || all.join(zone.as_name(), zone.as_name(), RrType::A, 0);
        assert!(matches!(join(), Role::Alone));
        kept.pop();
        assert!(matches!(join(), Role::Leader(_)));
    }
}
