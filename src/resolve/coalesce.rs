//! One upstream query for many who ask the same: the first to ask does the work, the others wait for
//! what it finds.
//!
//! No task of its own: should the first give up (its client went away), one of those who wait takes
//! over. How many different questions may be in flight is bounded.

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;

use super::{Answer, Ask};

type Waiting = HashMap<Ask, watch::Receiver<Option<Arc<Answer>>>>;

/// Questions in flight.
pub(super) struct Flights {
    waiting: Mutex<Waiting>,
    most: usize,
}

/// Too many different questions are in flight.
pub(super) struct Full;

enum Part {
    First(watch::Sender<Option<Arc<Answer>>>),
    Next(watch::Receiver<Option<Arc<Answer>>>),
}

impl Flights {
    /// At most `most` different questions at once.
    pub(super) fn new(most: usize) -> Self {
        Self { waiting: Mutex::default(), most }
    }

    /// What `work` finds for `ask`, or what somebody else who is at it already finds.
    pub(super) async fn share<F: Future<Output = Answer>>(
        &self,
        ask: &Ask,
        work: impl Fn() -> F,
    ) -> Result<Arc<Answer>, Full> {
        loop {
            match self.join(ask)? {
                Part::First(sender) => {
                    let _landing = Landing { flights: self, ask };
                    let answer = Arc::new(work().await);
                    // Nobody may be waiting, and that is all right.
                    let _ = sender.send(Some(answer.clone()));
                    return Ok(answer);
                }
                Part::Next(mut receiver) => {
                    if let Ok(found) = receiver.wait_for(Option::is_some).await
                        && let Some(answer) = found.as_ref()
                    {
                        return Ok(answer.clone());
                    }
                }
            }
        }
    }

    /// Different questions in flight now.
    pub(super) fn len(&self) -> usize {
        self.lock().len()
    }

    fn join(&self, ask: &Ask) -> Result<Part, Full> {
        let mut waiting = self.lock();
        if let Some(receiver) = waiting.get(ask) {
            return Ok(Part::Next(receiver.clone()));
        }
        if waiting.len() >= self.most {
            return Err(Full);
        }
        let (sender, receiver) = watch::channel(None);
        waiting.insert(ask.clone(), receiver);
        Ok(Part::First(sender))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Waiting> {
        // Whoever panicked with the lock held left a whole map behind: each use is one call on it.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes the question out when its work ends, however it ends.
struct Landing<'f> {
    flights: &'f Flights,
    ask: &'f Ask,
}

impl Drop for Landing<'_> {
    fn drop(&mut self) {
        self.flights.lock().remove(self.ask);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dns::name::OwnedName;
    use crate::resolve::{reason, wire};
    use std::sync::atomic::{AtomicUsize, Ordering};
    use tokio::sync::Notify;

    fn ask(name: &str) -> Ask {
        Ask::new(OwnedName::parse(name).unwrap(), 1)
    }

    #[tokio::test]
    async fn fifty_who_ask_the_same_cost_one_piece_of_work() {
        let flights = Arc::new(Flights::new(4));
        let (work, go) = (Arc::new(AtomicUsize::new(0)), Arc::new(Notify::new()));
        let ask = ask("www.example");
        let asking: Vec<_> = (0..50)
            .map(|_| {
                let (flights, work, go, ask) = (flights.clone(), work.clone(), go.clone(), ask.clone());
                tokio::spawn(async move {
                    let found = flights
                        .share(&ask, || async {
                            work.fetch_add(1, Ordering::Relaxed);
                            go.notified().await;
                            wire::failure(&ask, reason::NOBODY)
                        })
                        .await;
                    found.is_ok()
                })
            })
            .collect();
        tokio::task::yield_now().await;
        go.notify_one();
        for task in asking {
            assert!(task.await.unwrap());
        }
        assert_eq!(work.load(Ordering::Relaxed), 1);
        assert_eq!(flights.len(), 0);
    }

    #[tokio::test]
    async fn who_waits_takes_over_when_the_first_gives_up() {
        let flights = Arc::new(Flights::new(4));
        let ask = ask("www.example");
        let first = {
            let (flights, ask) = (flights.clone(), ask.clone());
            tokio::spawn(async move { flights.share(&ask, std::future::pending).await.is_ok() })
        };
        tokio::task::yield_now().await;
        assert_eq!(flights.len(), 1);
        let second = {
            let (flights, ask) = (flights.clone(), ask.clone());
            tokio::spawn(async move {
                flights.share(&ask, || async { wire::failure(&ask, reason::NOBODY) }).await.is_ok()
            })
        };
        tokio::task::yield_now().await;
        first.abort();
        assert!(second.await.unwrap());
    }

    #[tokio::test]
    async fn one_question_too_many_is_refused() {
        let flights = Arc::new(Flights::new(2));
        let mut tasks = Vec::new();
        for name in ["a", "b"] {
            let (flights, ask) = (flights.clone(), ask(name));
            tasks.push(tokio::spawn(async move { flights.share(&ask, std::future::pending).await.is_ok() }));
            tokio::task::yield_now().await;
        }
        assert!(flights.share(&ask("c"), std::future::pending).await.is_err());
        for task in tasks {
            task.abort();
            let _ = task.await;
        }
        assert_eq!(flights.len(), 0);
    }
}
