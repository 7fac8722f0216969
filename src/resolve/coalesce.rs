//! One upstream query for many who ask the same: a [single flight](super::single_flight) that publishes its answer.
//!
//! No task of its own: should the leader give up (its client went away), a follower takes over.
//!
//! Those who wait may have other [gates](Gate) than the one who works. So the aliases that were met are
//! published as soon as they are known: whoever may not follow one leaves at once, whatever the others wait
//! for. Where the one who works is stopped by its gate, those who may go further share a flight of their own,
//! by the key of their gate.

use std::future::Future;
use std::sync::Arc;

use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};

use super::alias::{Alias, Gate, Unfinished};
use super::single_flight::{Role, SingleFlight};
use super::{Answer, Ask, wire};

/// A question, and for whom: 0 is everybody, else those whose gates have that key.
#[derive(Clone, PartialEq, Eq, Hash)]
struct FlightKey {
    ask: Ask,
    only: u64,
}

/// What is known of a flight.
#[derive(Default)]
struct State {
    aliases: Arc<[Alias]>,
    answer: Option<Arc<Answer>>,
}

/// Questions in flight.
pub(super) struct InFlight(SingleFlight<FlightKey, State>);

/// Why there is no answer.
pub(super) enum NoAnswer {
    /// Too many different questions are in flight.
    Full,
    /// Whoever works did not come to an end in time.
    OutOfTime,
}

/// Where whoever works publishes the aliases that it meets.
pub(super) struct Progress(watch::Sender<State>);

impl Progress {
    /// Of work that nobody else waits for.
    pub(super) fn alone() -> Self {
        Self(watch::channel(State::default()).0)
    }

    /// Publishes the aliases from the asked name on.
    pub(super) fn tell(&self, aliases: &[Alias]) {
        self.0.send_modify(|state| state.aliases = aliases.into());
    }

    /// The aliases published last.
    pub(super) fn aliases(&self) -> Arc<[Alias]> {
        self.0.borrow().aliases.clone()
    }
}

impl InFlight {
    /// At most `most` different questions at once.
    pub(super) fn new(most: usize) -> Self {
        Self(SingleFlight::new(most))
    }

    /// What `work` finds for `ask`, or what somebody else who is at it already finds, as far as `gate` follows. For
    /// another's work is waited until `end`; own work ends by itself.
    pub(super) async fn share<F: Future<Output = Answer>>(
        &self,
        ask: &Ask,
        gate: &dyn Gate,
        end: Instant,
        work: impl Fn(Arc<Progress>) -> F,
    ) -> Result<Arc<Answer>, NoAnswer> {
        let mut key = FlightKey { ask: ask.clone(), only: 0 };
        loop {
            let answer = match self.0.join(&key, State::default()) {
                Role::Full => return Err(NoAnswer::Full),
                Role::Leader(flight, sender) => {
                    let progress = Arc::new(Progress(sender));
                    let answer = Arc::new(work(progress.clone()).await);
                    // Nobody joins from here on, and mostly nobody has.
                    drop(flight);
                    if progress.0.receiver_count() > 0 {
                        progress.0.send_modify(|state| state.answer = Some(answer.clone()));
                    }
                    return Ok(answer);
                }
                Role::Follower(mut receiver) => {
                    let is_stopped =
                        |state: &State| !state.aliases.is_empty() && !gate.follows(&ask.name, &state.aliases);
                    let found = receiver.wait_for(|state| state.answer.is_some() || is_stopped(state));
                    match timeout_at(end, found).await.map_err(|_| NoAnswer::OutOfTime)? {
                        Ok(state) => match &state.answer {
                            Some(answer) => answer.clone(),
                            None => {
                                let stopped = Unfinished::Stopped(state.aliases.clone());
                                return Ok(Arc::new(wire::unfinished(ask, stopped)));
                            }
                        },
                        // Whoever worked gave up.
                        Err(_) => continue,
                    }
                }
            };
            match &answer.unfinished {
                Some(Unfinished::Stopped(aliases)) if key.only == 0 && gate.follows(&ask.name, aliases) => {
                    key.only = gate.key().max(1);
                }
                _ => return Ok(answer),
            }
        }
    }

    /// Different questions in flight now.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dns::name::OwnedName;
    use crate::dns::rrtype::RrType;
    use crate::resolve::alias::Open;
    use crate::resolve::reason::Reason;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;
    use tokio::sync::Notify;

    fn end() -> Instant {
        Instant::now() + Duration::from_secs(60)
    }

    fn ask(name: &str) -> Ask {
        Ask::new(OwnedName::parse(name).unwrap(), RrType::A)
    }

    #[tokio::test]
    async fn fifty_who_ask_the_same_cost_one_piece_of_work() {
        let flights = Arc::new(InFlight::new(4));
        let (work, go) = (Arc::new(AtomicUsize::new(0)), Arc::new(Notify::new()));
        let ask = ask("www.example");
        let asking: Vec<_> = (0..50)
            .map(|_| {
                let (flights, work, go, ask) = (flights.clone(), work.clone(), go.clone(), ask.clone());
                tokio::spawn(async move {
                    let found = flights
                        .share(&ask, &Open, end(), |_| async {
                            work.fetch_add(1, Ordering::Relaxed);
                            go.notified().await;
                            wire::failure(&ask, Reason::NoUpstream)
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
        let flights = Arc::new(InFlight::new(4));
        let ask = ask("www.example");
        let first = {
            let (flights, ask) = (flights.clone(), ask.clone());
            tokio::spawn(async move {
                flights.share(&ask, &Open, end(), |_| std::future::pending()).await.is_ok()
            })
        };
        tokio::task::yield_now().await;
        assert_eq!(flights.len(), 1);
        let second = {
            let (flights, ask) = (flights.clone(), ask.clone());
            tokio::spawn(async move {
                flights
                    .share(&ask, &Open, end(), |_| async { wire::failure(&ask, Reason::NoUpstream) })
                    .await
                    .is_ok()
            })
        };
        tokio::task::yield_now().await;
        first.abort();
        assert!(second.await.unwrap());
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_for_work_without_an_end_goes_in_time() {
        let flights = Arc::new(InFlight::new(4));
        let (flying, ask) = (flights.clone(), ask("www.example"));
        let asked = ask.clone();
        let first = tokio::spawn(async move {
            flying.share(&asked, &Open, end(), |_| std::future::pending()).await.is_ok()
        });
        tokio::task::yield_now().await;
        let end = Instant::now() + Duration::from_secs(5);
        let found = flights.share(&ask, &Open, end, |_| std::future::pending()).await;
        assert!(matches!(found, Err(NoAnswer::OutOfTime)));
        // Timers have steps of a millisecond.
        assert!((end..end + Duration::from_millis(2)).contains(&Instant::now()));
        first.abort();
    }

    #[tokio::test]
    async fn one_question_too_many_is_refused() {
        let flights = Arc::new(InFlight::new(2));
        let mut tasks = Vec::new();
        for name in ["a", "b"] {
            let (flights, ask) = (flights.clone(), ask(name));
            tasks.push(tokio::spawn(async move {
                flights.share(&ask, &Open, end(), |_| std::future::pending()).await.is_ok()
            }));
            tokio::task::yield_now().await;
        }
        assert!(flights.share(&ask("c"), &Open, end(), |_| std::future::pending()).await.is_err());
        for task in tasks {
            task.abort();
            let _ = task.await;
        }
        assert_eq!(flights.len(), 0);
    }

    /// Follows no alias to the name.
    struct Shut(&'static str);

    impl Gate for Shut {
        fn follows(&self, _: &OwnedName, aliases: &[Alias]) -> bool {
            aliases.last().is_none_or(|alias| alias.target.to_string() != self.0)
        }

        fn key(&self) -> u64 {
            7
        }
    }

    fn alias() -> Alias {
        let name = |text| OwnedName::parse(text).unwrap();
        Alias { owner: name("www.example"), ttl: 60, target: name("bad.example"), dname: None }
    }

    #[tokio::test]
    async fn who_may_not_follow_an_alias_leaves_at_once_while_others_still_wait_for_it() {
        let flights = Arc::new(InFlight::new(4));
        let ask = ask("www.example");
        let (flying, asked) = (flights.clone(), ask.clone());
        let permissive = tokio::spawn(async move {
            let work = |progress: Arc<Progress>| async move {
                progress.tell(&[alias()]);
                std::future::pending().await
            };
            flying.share(&asked, &Open, end(), work).await.is_ok()
        });
        tokio::task::yield_now().await;
        let never = |_| async { panic!("somebody is at it already") };
        let answer = flights.share(&ask, &Shut("bad.example"), end(), never).await.ok().unwrap();
        assert_eq!(answer.unfinished, Some(Unfinished::Stopped([alias()].into())));
        permissive.abort();
    }

    #[tokio::test]
    async fn who_may_go_further_than_the_one_who_works_goes_on_alone() {
        let flights = Arc::new(InFlight::new(4));
        let ask = ask("www.example");
        let go = Arc::new(Notify::new());
        let (flying, asked, going) = (flights.clone(), ask.clone(), go.clone());
        let strict = tokio::spawn(async move {
            let work = |_| async {
                going.notified().await;
                wire::unfinished(&asked, Unfinished::Stopped([alias()].into()))
            };
            flying.share(&asked, &Shut("bad.example"), end(), work).await.ok().unwrap().unfinished.is_some()
        });
        tokio::task::yield_now().await;
        go.notify_one();
        let work = |_| async { wire::failure(&ask, Reason::NoUpstream) };
        let answer = flights.share(&ask, &Open, end(), work).await.ok().unwrap();
        assert_eq!(answer.unfinished, None, "its own work's");
        assert!(strict.await.unwrap());
        assert_eq!(flights.len(), 0);
    }
}
