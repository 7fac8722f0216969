//! Single flight: identical queries to the servers of a zone, made for several client queries at once, are sent once.
//! After a restart the first names of a school all need the same top-level domain, delegation and keys.
//!
//! The followers wait until the leader is done and then look into the store. Where that does not help they send the
//! query themselves. A wait is bounded, and no query waits for a flight of its own client query: flights that wait for each other in a circle, as glueless zones can be built to, only lose that time.

use std::pin::pin;
use std::time::Duration;

use futures_util::future::{Either, select};
use tokio::sync::watch;

use super::Recursor;
use super::budget::Job;
use super::io::Io;
use crate::dns::name::{Name, OwnedName};
use crate::dns::rrtype::RrType;
use crate::resolve::single_flight::{Flight, Role, SingleFlight};

/// Flights at once; beyond that every query is sent.
const FLIGHTS_MAX: usize = 10_000;

/// How long a follower waits: most servers answer sooner.
const WAIT_MAX: Duration = Duration::from_secs(1);

/// A query to the servers of a zone.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct FlightKey {
    zone: OwnedName,
    name: OwnedName,
    kind: RrType,
}

/// Queries in flight, each with the client query that its leader needs it for.
pub(super) type Flights = SingleFlight<FlightKey, usize>;

/// None yet.
pub(super) fn flights() -> Flights {
    SingleFlight::new(FLIGHTS_MAX)
}

/// A flight that is led; followers are woken when it is dropped.
pub(super) struct Leading<'f> {
    // Dropped first: a follower that wakes may lead at once.
    _flight: Flight<'f, FlightKey, usize>,
    _done: watch::Sender<usize>,
}

/// A follower's wait is over: what is known now has to be looked at.
pub struct Waited {
    /// Whether the leader is done; else the wait was as long as it may be.
    pub is_done: bool,
}

impl<O: Io> Recursor<O> {
    /// Joins the flight for `kind` at `name`, asked of `zone`. What the leader gets must be kept until what was found
    /// stands where the followers look; a follower returns when its wait is over. Nothing comes back where the query
    /// is sent and nobody waits for it: no query waits for a flight of its own client query.
    pub(super) async fn join_flight(
        &self,
        zone: Name<'_>,
        name: Name<'_>,
        kind: RrType,
        job: &Job,
    ) -> Result<Option<Leading<'_>>, Waited> {
        let key = FlightKey { zone: zone.to_owned(), name: name.to_owned(), kind };
        match join(&self.flights, &key, job.id()) {
            Ok(leading) => Ok(leading),
            Err(mut leader) => {
                let (done, long) = (pin!(leader.changed()), pin!(self.io.pause(WAIT_MAX)));
                Err(Waited { is_done: matches!(select(done, long).await, Either::Left(_)) })
            }
        }
    }
}

/// Leads, or goes alone; or follows what comes back.
fn join<'f>(
    flights: &'f Flights,
    key: &FlightKey,
    job: usize,
) -> Result<Option<Leading<'f>>, watch::Receiver<usize>> {
    match flights.join(key, job) {
        Role::Leader(_flight, _done) => Ok(Some(Leading { _flight, _done })),
        Role::Full => Ok(None),
        Role::Follower(leader) if *leader.borrow() == job => Ok(None),
        Role::Follower(leader) => Err(leader),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_query_waits_for_a_flight_of_its_own_client_query() {
        let all = flights();
        let name = |text| OwnedName::parse(text).unwrap();
        let key = FlightKey { zone: name("example"), name: name("www.example"), kind: RrType::A };
        let Ok(Some(leading)) = join(&all, &key, 1) else { panic!("the first leads") };
        assert!(matches!(join(&all, &key, 1), Ok(None)), "it goes alone");
        let Err(leader) = join(&all, &key, 2) else { panic!("another waits") };
        assert!(leader.has_changed().is_ok(), "under way");
        drop(leading);
        assert!(leader.has_changed().is_err(), "done");
        assert!(matches!(join(&all, &key, 2), Ok(Some(_))), "the next leads");
    }
}
