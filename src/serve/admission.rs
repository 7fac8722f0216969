//! Who may wait for upstream: so many queries in all, so many of one client, and a fair share for everybody
//! when there are not enough places.
//!
//! A query that finds no place takes that of another: of its own client's oldest where the client has as many
//! as it may, else of the oldest of whoever has most. So one machine that asks for names that nobody answers
//! competes with itself, and a pupil's single query passes it by. The oldest goes because it has had its time:
//! what can be answered mostly is by then. Prefetches, for which nobody waits, go first.
//!
//! The lock is held for a few steps in small trees, by queries that wait for milliseconds at the least, and
//! never by those that are answered at once.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard};

use tokio::sync::{Notify, oneshot};

use crate::query::pending::Shed;
use crate::sys::lock::Guard;

/// Whose a place is; `None`: a prefetch's.
type Client = Option<IpAddr>;

/// The places of queries that wait.
pub struct Admission {
    most: usize,
    per_client: usize,
    held: Mutex<Held>,
    /// Told when the last place is given back.
    empty: Notify,
}

#[derive(Default)]
struct Held {
    /// Each client's places by age, and how to tell their holders that they lost them.
    by_client: HashMap<Client, BTreeMap<u64, oneshot::Sender<Shed>>>,
    /// All clients; who loses next comes last.
    ranks: BTreeSet<Rank>,
    taken: usize,
    next: u64,
}

/// Prefetches, then how many, then how old the oldest is.
type Rank = (bool, usize, Reverse<u64>, Client);

/// A place among those that wait. Given back when dropped.
pub struct Permit {
    admission: Arc<Admission>,
    client: Client,
    number: u64,
    lost: oneshot::Receiver<Shed>,
}

impl Admission {
    /// At most `most` in all, and `per_client` of one client; at least one of each.
    pub fn new(most: usize, per_client: usize) -> Self {
        Self {
            most: most.max(1),
            per_client: per_client.max(1),
            held: Mutex::default(),
            empty: Notify::new(),
        }
    }

    /// A place for a query of `client`; somebody may lose one for it.
    pub fn admit(self: &Arc<Self>, client: IpAddr) -> Permit {
        let client = Some(client);
        let mut held = self.lock();
        if held.of(client) >= self.per_client {
            held.take_from(client, Shed::OverShare);
        } else if held.taken >= self.most
            && let Some((.., heaviest)) = held.ranks.last().copied()
        {
            held.take_from(heaviest, Shed::Scarce);
        }
        self.enter(held, client)
    }

    /// A place for a prefetch, if there is one to spare.
    pub fn admit_prefetch(self: &Arc<Self>) -> Option<Permit> {
        let held = self.lock();
        (held.taken < self.most).then(|| self.enter(held, None))
    }

    /// Places taken now.
    pub fn taken(&self) -> usize {
        self.lock().taken
    }

    /// Waits until all places are given back.
    pub async fn drained(&self) {
        loop {
            let told = self.empty.notified();
            if self.taken() == 0 {
                return;
            }
            told.await;
        }
    }

    fn enter(self: &Arc<Self>, mut held: MutexGuard<'_, Held>, client: Client) -> Permit {
        let (tell, lost) = oneshot::channel();
        let number = held.next;
        held.next += 1;
        held.taken += 1;
        held.change(client, |places| {
            places.insert(number, tell);
        });
        Permit { admission: self.clone(), client, number, lost }
    }

    fn give_back(&self, client: Client, number: u64) {
        let mut held = self.lock();
        let mut had_it = false;
        held.change(client, |places| had_it = places.remove(&number).is_some());
        held.taken -= usize::from(had_it);
        if held.taken == 0 {
            self.empty.notify_waiters();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Held> {
        self.held.guard()
    }
}

impl Held {
    fn of(&self, client: Client) -> usize {
        self.by_client.get(&client).map_or(0, BTreeMap::len)
    }

    /// Tells the oldest of a client's that it lost its place.
    fn take_from(&mut self, client: Client, why: Shed) {
        let mut oldest = None;
        self.change(client, |places| oldest = places.pop_first());
        if let Some((_, tell)) = oldest {
            self.taken -= 1;
            // It may have its answer already, and not have given its place back yet.
            let _ = tell.send(why);
        }
    }

    /// Changes a client's places and keeps its rank right.
    fn change(&mut self, client: Client, change: impl FnOnce(&mut BTreeMap<u64, oneshot::Sender<Shed>>)) {
        let places = self.by_client.entry(client).or_default();
        let before = rank(client, places);
        change(places);
        let after = rank(client, places);
        if places.is_empty() {
            self.by_client.remove(&client);
        }
        before.map(|rank| self.ranks.remove(&rank));
        after.map(|rank| self.ranks.insert(rank));
    }
}

fn rank(client: Client, places: &BTreeMap<u64, oneshot::Sender<Shed>>) -> Option<Rank> {
    let (oldest, _) = places.first_key_value()?;
    Some((client.is_none(), places.len(), Reverse(*oldest), client))
}

impl Permit {
    /// What comes of `work`, unless the place is lost before.
    ///
    /// # Errors
    /// Why it was lost.
    pub async fn while_held<T>(&mut self, work: impl Future<Output = T>) -> Result<T, Shed> {
        tokio::select! {
            biased;
            done = work => Ok(done),
            Ok(why) = &mut self.lost => Err(why),
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.admission.give_back(self.client, self.number);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn client(last: u8) -> IpAddr {
        [10, 0, 0, last].into()
    }

    fn lost(permit: &mut Permit) -> Option<Shed> {
        permit.lost.try_recv().ok()
    }

    #[test]
    fn who_has_most_waiting_loses_its_oldest_and_a_single_query_passes() {
        let admission = Arc::new(Admission::new(10, 10));
        let mut flood: Vec<Permit> = (0..9).map(|_| admission.admit(client(1))).collect();
        let mut quiet = admission.admit(client(2));
        let mut later = admission.admit(client(3));
        assert_eq!(
            flood.iter_mut().map(lost).collect::<Vec<_>>(),
            [&[Some(Shed::Scarce)][..], &[None; 8]].concat()
        );
        let mut more: Vec<Permit> = (0..20).map(|_| admission.admit(client(1))).collect();
        assert_eq!((lost(&mut quiet), lost(&mut later)), (None, None), "a flood competes with itself");
        assert_eq!(more.iter_mut().filter_map(lost).count(), 12);
        assert_eq!(admission.taken(), 10);
    }

    #[test]
    fn where_all_have_one_the_oldest_goes() {
        let admission = Arc::new(Admission::new(3, 3));
        let mut held: Vec<Permit> = [9, 1, 5, 3].map(|last| admission.admit(client(last))).into();
        assert_eq!(held.iter_mut().map(lost).collect::<Vec<_>>(), [Some(Shed::Scarce), None, None, None]);
    }

    #[test]
    fn a_client_has_its_share_and_no_more_even_where_there_is_room() {
        let admission = Arc::new(Admission::new(100, 2));
        let mut held: Vec<Permit> = (0..3).map(|_| admission.admit(client(1))).collect();
        let mut other = admission.admit(client(2));
        assert_eq!(held.iter_mut().map(lost).collect::<Vec<_>>(), [Some(Shed::OverShare), None, None]);
        assert_eq!((lost(&mut other), admission.taken()), (None, 3));
        held.clear();
        assert_eq!(admission.taken(), 1);
    }

    #[test]
    fn renewals_take_what_is_left_and_go_first() {
        let admission = Arc::new(Admission::new(3, 3));
        let mut query = admission.admit(client(1));
        let mut prefetches = [admission.admit_prefetch().unwrap(), admission.admit_prefetch().unwrap()];
        assert!(admission.admit_prefetch().is_none());
        let second = admission.admit(client(1));
        assert_eq!((lost(&mut query), lost(&mut prefetches[0])), (None, Some(Shed::Scarce)));
        drop(second);
        assert_eq!(lost(&mut prefetches[1]), None);
    }

    #[tokio::test]
    async fn work_ends_when_its_place_is_lost_and_the_end_of_all_is_told() {
        let admission = Arc::new(Admission::new(1, 1));
        let mut first = admission.admit(client(1));
        assert_eq!(first.while_held(async { 7 }).await, Ok(7));
        let second = admission.admit(client(2));
        assert_eq!(first.while_held(std::future::pending::<()>()).await, Err(Shed::Scarce));
        let waits = {
            let admission = admission.clone();
            tokio::spawn(async move { admission.drained().await })
        };
        tokio::task::yield_now().await;
        drop((first, second));
        waits.await.unwrap();
    }

    proptest! {
        #[test]
        fn what_is_taken_is_given_back_and_the_bounds_hold(steps in prop::collection::vec((0u8..5, any::<bool>()), 0..200), most in 1usize..8, per_client in 1usize..5) {
            let admission = Arc::new(Admission::new(most, per_client));
            let mut held: Vec<Permit> = Vec::new();
            for (who, comes) in steps {
                match (comes, who) {
                    (true, 0) => held.extend(admission.admit_prefetch()),
                    (true, who) => held.push(admission.admit(client(who))),
                    (false, who) if !held.is_empty() => drop(held.remove(usize::from(who) % held.len())),
                    _ => {}
                }
                let state = admission.lock();
                let count: usize = state.by_client.values().map(BTreeMap::len).sum();
                prop_assert!(state.taken <= most && state.taken == count);
                prop_assert!(state.by_client.iter().all(|(who, places)| !places.is_empty() && (who.is_none() || places.len() <= per_client)));
                prop_assert_eq!(state.ranks.len(), state.by_client.len());
            }
            held.clear();
            prop_assert_eq!(admission.taken(), 0);
        }
    }
}
