//! When what comes from outside is renewed, and when what came of it is put in force: lists, policy zones.
//!
//! A [`Source`] says what of it is due and renews one of its items; [`Schedule`] decides what begins now, whether what
//! came is put in force, and how long there is nothing to do. It has no clock and no task, so that a test plays both.
//! [`run`] is the task around it. Each source has its own: an announcement of one does not make the others look.
//!
//! How often an item is asked for, and how soon again after a failure, is the source's own matter: a zone says it in
//! its SOA, a list has it in the config, and both are also renewed by whoever reloads or asks for it.

use std::collections::HashMap;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{Notify, watch};
use tokio::task::{JoinSet, spawn_blocking};
use tokio::time::sleep;
use tracing::error;

use super::arrivals::Arrivals;
use crate::sys::clock::unix_now;

/// How long nothing is looked at, at the most.
const LOOK: Duration = Duration::from_secs(3600);
/// An item does not begin again so soon after it ended, whatever its source says.
const AGAIN: Duration = Duration::from_millis(500);

/// A moment, on the wall clock and on one that nobody sets.
#[derive(Clone, Copy, Debug)]
pub struct Now {
    /// Unix seconds.
    pub unix: u64,
    /// What intervals are measured by while the program runs.
    pub instant: Instant,
}

impl Now {
    /// The present.
    pub fn read() -> Self {
        Self { unix: unix_now(), instant: Instant::now() }
    }
}

/// An item, and how long until it is to be renewed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due<I> {
    /// Which one.
    pub item: I,
    /// Zero: now.
    pub wait: Duration,
}

/// What came of renewing an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// There is something new, to be put in force.
    Changed,
    /// What is in force is the newest.
    Unchanged,
    /// Nothing usable came; the last good copy stays. The source has noted why, and asks again in its own time.
    Refused,
}

/// Something that is renewed from outside, item by item.
pub trait Source: Send + Sync + 'static {
    /// What names an item.
    type Item: Clone + Ord + Display + Send + 'static;

    /// Items that are renewed at the same time at most, so that a slow one does not hold the others back.
    const AT_ONCE: usize;
    /// Whether changes that come at about the same time are put in force together, since that takes long. Nothing
    /// begins meanwhile.
    const GATHERS: bool;
    /// Whether what is kept may be newer than what is in force when the program has started.
    const IS_BEHIND_AT_START: bool;

    /// All items, with how long until each is due.
    fn due(&self, now: Now) -> Vec<Due<Self::Item>>;

    /// Takes what is there without asking outside, at the start and at each look; whether something new came. Blocks.
    fn take_at_hand(&self) -> bool {
        false
    }

    /// Renews an item. Blocks, on a thread that nobody waits for.
    fn refresh(&self, item: &Self::Item) -> Outcome;

    /// Notes that renewing an item panicked, which is a bug: it is asked for again as after a failure.
    fn note_panic(&self, item: &Self::Item);

    /// Puts in force what changed. Blocks, like [`Source::refresh`].
    fn put_in_force(&self);
}

/// What is to be done now.
#[derive(Debug, PartialEq, Eq)]
pub struct Plan<I> {
    /// Items that begin; they are noted as under way.
    pub begin: Vec<I>,
    /// Whether what changed is put in force, which is noted as done.
    pub put_in_force: bool,
    /// How long there is nothing to do after that, unless something ends.
    pub pause: Duration,
}

/// What of a source is under way, and what of it has come and is not in force.
#[derive(Debug)]
pub struct Schedule<I> {
    at_once: usize,
    gathers: bool,
    is_behind: bool,
    under_way: BTreeSet<I>,
    /// When items ended that must not begin again yet.
    ended: BTreeMap<I, Instant>,
    arrivals: Arrivals,
}

impl<I: Clone + Ord> Schedule<I> {
    /// Nothing has begun yet.
    pub fn new<S: Source<Item = I>>() -> Self {
        Self {
            at_once: S::AT_ONCE,
            gathers: S::GATHERS,
            is_behind: S::IS_BEHIND_AT_START,
            under_way: BTreeSet::new(),
            ended: BTreeMap::new(),
            arrivals: Arrivals::default(),
        }
    }

    /// What is to be done at `now`, with `due` from the source.
    pub fn plan(&mut self, due: Vec<Due<I>>, now: Instant) -> Plan<I> {
        if std::mem::take(&mut self.is_behind) {
            self.arrivals.begin();
            return Plan { begin: Vec::new(), put_in_force: true, pause: Duration::ZERO };
        }
        let (begin, mut pause) = self.begin(due, now);
        let more_comes = self.gathers && !self.under_way.is_empty();
        let put_in_force = match self.arrivals.pause(now, more_comes) {
            Some(Duration::ZERO) => {
                self.arrivals.begin();
                true
            }
            Some(hold) => {
                pause = pause.min(hold);
                false
            }
            None => false,
        };
        Plan { begin, put_in_force, pause }
    }

    /// The items that begin, and how long until the next one does.
    fn begin(&mut self, mut due: Vec<Due<I>>, now: Instant) -> (Vec<I>, Duration) {
        self.ended.retain(|_, at| now.saturating_duration_since(*at) < AGAIN);
        for Due { item, wait } in &mut due {
            if let Some(at) = self.ended.get(item) {
                *wait = (*wait).max((*at + AGAIN).saturating_duration_since(now));
            }
        }
        due.retain(|due| !self.under_way.contains(&due.item));
        due.sort_by_key(|due| due.wait);
        let mut begin = Vec::new();
        for Due { item, wait } in due {
            // One that ends makes room, and is an event.
            if self.under_way.len() >= self.at_once {
                break;
            }
            if !wait.is_zero() {
                return (begin, wait.min(LOOK));
            }
            self.under_way.insert(item.clone());
            begin.push(item);
        }
        (begin, LOOK)
    }

    /// Notes that an item ended; `None`: it panicked.
    pub fn end(&mut self, item: &I, outcome: Option<Outcome>, now: Instant) {
        self.under_way.remove(item);
        self.ended.insert(item.clone(), now);
        if outcome == Some(Outcome::Changed) {
            self.arrivals.note(now);
        }
    }

    /// Notes that something new came without an item.
    pub fn note_at_hand(&mut self, now: Instant) {
        self.arrivals.note(now);
    }

    /// Notes that what had come is in force, and how long that took.
    pub fn put_in_force(&mut self, took: Duration) {
        self.arrivals.built(took);
    }
}

/// Keeps a source new until it is told to stop. `wake` makes it look what is due. What is under way then ends by
/// itself.
pub async fn run<S: Source>(
    source: Arc<S>,
    clock: fn() -> Now,
    wake: Arc<Notify>,
    mut stop: watch::Receiver<bool>,
) {
    let mut schedule = Schedule::new::<S>();
    let mut tasks: JoinSet<Outcome> = JoinSet::new();
    let mut items = HashMap::new();
    let mut looks = true;
    loop {
        if std::mem::take(&mut looks) {
            let source = source.clone();
            // A panic there is a bug; what was not taken is asked for outside.
            if spawn_blocking(move || source.take_at_hand()).await.unwrap_or(false) {
                schedule.note_at_hand(clock().instant);
            }
        }
        let now = clock();
        let plan = schedule.plan(source.due(now), now.instant);
        for item in plan.begin {
            let (source, own) = (source.clone(), item.clone());
            items.insert(tasks.spawn_blocking(move || source.refresh(&own)).id(), item);
        }
        if plan.put_in_force {
            let (source, begun) = (source.clone(), clock().instant);
            if let Err(error) = spawn_blocking(move || source.put_in_force()).await {
                error!("what was renewed is not in force: {error}");
            }
            schedule.put_in_force(clock().instant.saturating_duration_since(begun));
            continue;
        }
        tokio::select! {
            Some(ended) = tasks.join_next_with_id() => {
                let (id, outcome) = match ended {
                    Ok((id, outcome)) => (id, Some(outcome)),
                    Err(error) => (error.id(), None),
                };
                let Some(item) = items.remove(&id) else { continue };
                if outcome.is_none() {
                    error!("renewing `{item}` panicked");
                    source.note_panic(&item);
                }
                schedule.end(&item, outcome, clock().instant);
            }
            () = sleep(plan.pause) => looks = true,
            () = wake.notified() => looks = true,
            _ = stop.wait_for(|stop| *stop) => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    /// Items by name with their waits, as a test sets them.
    #[derive(Default)]
    struct Fake<const GATHERS: bool> {
        due: Mutex<BTreeMap<String, Duration>>,
        outcome: Mutex<Option<Outcome>>,
        in_force: AtomicUsize,
        panics: AtomicUsize,
        told: Notify,
    }

    impl<const GATHERS: bool> Source for Fake<GATHERS> {
        type Item = String;
        const AT_ONCE: usize = 2;
        const GATHERS: bool = GATHERS;
        const IS_BEHIND_AT_START: bool = GATHERS;

        fn due(&self, _: Now) -> Vec<Due<String>> {
            let due = self.due.lock().unwrap();
            due.iter().map(|(item, wait)| Due { item: item.clone(), wait: *wait }).collect()
        }

        fn refresh(&self, item: &String) -> Outcome {
            self.due.lock().unwrap().remove(item);
            self.outcome.lock().unwrap().expect("this one panics")
        }

        fn note_panic(&self, _: &String) {
            self.panics.fetch_add(1, Ordering::Relaxed);
            self.told.notify_one();
        }

        fn put_in_force(&self) {
            self.in_force.fetch_add(1, Ordering::Relaxed);
            self.told.notify_one();
        }
    }

    fn due(items: &[(&str, u64)]) -> Vec<Due<String>> {
        let of = |(item, seconds): &(&str, u64)| Due {
            item: (*item).to_owned(),
            wait: Duration::from_secs(*seconds),
        };
        items.iter().map(of).collect()
    }

    /// A schedule of a source that gathers or does not, with what is kept in force.
    fn schedule<const GATHERS: bool>() -> (Schedule<String>, Instant) {
        let mut schedule = Schedule::new::<Fake<GATHERS>>();
        let now = Instant::now();
        if GATHERS {
            schedule.plan(Vec::new(), now);
            schedule.put_in_force(Duration::ZERO);
        }
        (schedule, now)
    }

    #[test]
    fn what_is_kept_comes_into_force_before_anything_is_asked_for() {
        let mut schedule = Schedule::new::<Fake<true>>();
        let now = Instant::now();
        let first = schedule.plan(due(&[("a", 0)]), now);
        assert!(first.put_in_force);
        assert_eq!(first.begin, Vec::<String>::new());
        schedule.put_in_force(Duration::ZERO);
        assert_eq!(schedule.plan(due(&[("a", 0)]), now).begin, ["a"]);
    }

    #[test]
    fn what_is_at_hand_comes_into_force_with_what_is_kept_and_alone_when_it_comes_later() {
        let mut schedule = Schedule::<String>::new::<Fake<true>>();
        let now = Instant::now();
        schedule.note_at_hand(now);
        assert!(schedule.plan(Vec::new(), now).put_in_force);
        schedule.put_in_force(Duration::ZERO);
        assert!(!schedule.plan(Vec::new(), now).put_in_force, "it is in force");
        schedule.note_at_hand(now);
        assert!(schedule.plan(Vec::new(), now).put_in_force);
    }

    #[test]
    fn what_is_due_first_begins_first_and_not_more_at_once_than_the_source_allows() {
        let (mut schedule, now) = schedule::<false>();
        let all = [("later", 7), ("a", 0), ("b", 0), ("c", 0)];
        let plan = schedule.plan(due(&all), now);
        assert_eq!(plan.begin, ["a", "b"]);
        assert_eq!(plan.pause, LOOK, "the next event is that one of them ends");
        assert_eq!(schedule.plan(due(&all), now).begin, Vec::<String>::new(), "both are under way");
        schedule.end(&"a".to_owned(), Some(Outcome::Unchanged), now);
        assert_eq!(schedule.plan(due(&[("a", 60), ("c", 0)]), now).begin, ["c"]);
    }

    #[test]
    fn it_sleeps_until_the_next_item_is_due_and_an_hour_at_most() {
        let (mut schedule, now) = schedule::<false>();
        assert_eq!(schedule.plan(due(&[("a", 90), ("b", 30)]), now).pause, Duration::from_secs(30));
        assert_eq!(schedule.plan(due(&[("a", 90_000)]), now).pause, LOOK);
        assert_eq!(schedule.plan(Vec::new(), now).pause, LOOK);
    }

    #[test]
    fn an_item_that_comes_with_a_reload_begins_at_once_beside_one_that_is_under_way() {
        let (mut schedule, now) = schedule::<false>();
        assert_eq!(schedule.plan(due(&[("a", 0)]), now).begin, ["a"]);
        assert_eq!(schedule.plan(due(&[("a", 0), ("new", 0)]), now).begin, ["new"]);
    }

    #[test]
    fn an_item_that_stays_due_does_not_begin_again_at_once() {
        let (mut schedule, now) = schedule::<false>();
        schedule.plan(due(&[("a", 0)]), now);
        schedule.end(&"a".to_owned(), Some(Outcome::Refused), now);
        let plan = schedule.plan(due(&[("a", 0)]), now);
        assert_eq!((plan.begin.len(), plan.pause), (0, AGAIN));
        assert_eq!(schedule.plan(due(&[("a", 0)]), now + AGAIN).begin, ["a"]);
    }

    #[test]
    fn only_a_change_is_put_in_force_and_once() {
        let (mut schedule, now) = schedule::<false>();
        for (outcome, expected) in [
            (Some(Outcome::Unchanged), false),
            (Some(Outcome::Refused), false),
            (None, false),
            (Some(Outcome::Changed), true),
        ] {
            schedule.end(&"a".to_owned(), outcome, now);
            assert_eq!(schedule.plan(Vec::new(), now).put_in_force, expected, "{outcome:?}");
        }
        assert!(!schedule.plan(Vec::new(), now).put_in_force);
    }

    #[test]
    fn a_source_that_gathers_waits_for_what_is_under_way_and_one_that_does_not_does_not() {
        let two = [("a", 0), ("b", 0)];
        let (mut gathering, now) = schedule::<true>();
        gathering.plan(due(&two), now);
        gathering.end(&"a".to_owned(), Some(Outcome::Changed), now);
        let plan = gathering.plan(Vec::new(), now);
        assert_eq!((plan.put_in_force, plan.pause), (false, Duration::from_secs(1)));
        gathering.end(&"b".to_owned(), Some(Outcome::Changed), now);
        assert!(gathering.plan(Vec::new(), now).put_in_force, "nothing else is on its way");

        let (mut single, now) = schedule::<false>();
        single.plan(due(&two), now);
        single.end(&"a".to_owned(), Some(Outcome::Changed), now);
        assert!(single.plan(Vec::new(), now).put_in_force);
    }

    #[tokio::test]
    async fn the_task_renews_what_is_due_puts_it_in_force_and_tells_of_a_panic() {
        let source = Arc::new(Fake::<false>::default());
        let (wake, (stop, stopped)) = (Arc::new(Notify::new()), watch::channel(false));
        let task = tokio::spawn(run(source.clone(), Now::read, wake.clone(), stopped));
        *source.outcome.lock().unwrap() = Some(Outcome::Changed);
        source.due.lock().unwrap().insert("a".into(), Duration::ZERO);
        wake.notify_one();
        source.told.notified().await;
        assert_eq!(source.in_force.load(Ordering::Relaxed), 1);
        *source.outcome.lock().unwrap() = None;
        source.due.lock().unwrap().insert("b".into(), Duration::ZERO);
        wake.notify_one();
        source.told.notified().await;
        assert_eq!(source.panics.load(Ordering::Relaxed), 1);
        stop.send(true).unwrap();
        task.await.unwrap();
    }
}
