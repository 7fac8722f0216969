//! What became of the questions of the last minutes that had to be asked outside.
//!
//! A client that asks for one broken name over and over, or for many names below one, says nothing of the
//! others: so domains are counted besides answers, each once, by the registrable part of their names. Kept
//! are keyed hashes of them and numbers, for [`WINDOW`]; no name, and nothing of who asked.
//!
//! Only what is fetched comes here. Answers from the cache, blocks and refusals are counted by the workers'
//! own [counters](super::counters); what they had counted is [sampled](Outcomes::sample) from time to time,
//! so that the same minutes can be told of them.

use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use super::counters::Counts;
use crate::dns::name::Name;
use crate::dns::public_suffix::registrable;
use crate::dns::rcode::Rcode;
use crate::resolve::cache::Hit;
use crate::resolve::cause::Cause;
use crate::sys::lock::Guard;

/// How far back is looked.
pub const WINDOW: Duration = Duration::from_secs(5 * 60);
/// What is thrown away at a time.
const SLICE: Duration = Duration::from_secs(30);
/// Slices that are kept: the window, and the one that has begun.
const SLICES: usize = 11;
/// Domains told apart in a slice, of 48 octets each. A school asks for some hundred in half a minute; those
/// beyond are counted as answers only.
const DOMAINS_MAX: usize = 2048;

/// What became of one question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// An answer, with its first IPv4 address, if it has one.
    Answered(Option<[u8; 4]>),
    /// The answer that there is no such name.
    NoName,
    /// Addresses were taken out because they lead into the school's network.
    Rebound,
    /// An answer whose time was over, because no new one could be had.
    Stale,
    /// No answer.
    Failed(Cause),
}

impl Outcome {
    /// What a hit that was just fetched tells.
    pub fn of(hit: &Hit) -> Self {
        match hit.rcode() {
            _ if hit.is_stale() => Self::Stale,
            _ if hit.is_rebound() => Self::Rebound,
            Rcode::NO_ERROR => Self::Answered(hit.first_ipv4()),
            Rcode::NX_DOMAIN => Self::NoName,
            _ => Self::Failed(Cause::of(hit.ede())),
        }
    }
}

/// The last minutes, in numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recent {
    /// How long that is: less than the window after a start.
    pub span: Duration,
    /// What the workers counted in that time.
    pub counts: Counts,
    /// Questions asked outside that were answered, "no such name" included.
    pub answered: u64,
    /// Those whose addresses led inside.
    pub rebound: u64,
    /// Those that got an old answer.
    pub stale: u64,
    /// Those that got none, with why, the most frequent first.
    pub failed: Vec<(Cause, u64)>,
    /// Domains that were asked for outside.
    pub domains: u64,
    /// Those of them that got more failures (or old answers) than answers.
    pub domains_failed: u64,
    /// Why most of these failed.
    pub domains_cause: Option<Cause>,
    /// Domains of which all that was heard is that there is no such name.
    pub domains_denied: u64,
    /// Domains with an IPv4 address.
    pub domains_with_address: u64,
    /// Whether all of these have one and the same.
    pub one_address_for_all: bool,
}

/// The last minutes. One for the whole program.
#[derive(Debug, Default)]
pub struct Outcomes {
    hasher: RandomState,
    slices: Mutex<Slices>,
}

#[derive(Debug, Default)]
struct Slices {
    /// The oldest first.
    slices: VecDeque<Slice>,
    /// What the workers had counted, and when.
    samples: VecDeque<(Duration, Counts)>,
}

#[derive(Debug, Default)]
struct Slice {
    number: u64,
    answered: u64,
    rebound: u64,
    stale: u64,
    failed: HashMap<Cause, u64>,
    domains: HashMap<u64, Domain>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Domain {
    answers: u32,
    denials: u32,
    failures: u32,
    cause: Option<Cause>,
    address: Option<[u8; 4]>,
}

impl Outcomes {
    /// Counts what became of a question for `name`, `elapsed` after the start.
    pub fn note(&self, name: Name<'_>, outcome: Outcome, elapsed: Duration) {
        let domain = self.hasher.hash_one(registrable(name).unwrap_or(name).wire());
        let mut slices = self.slices();
        let slice = slices.current(elapsed);
        match outcome {
            Outcome::Answered(_) | Outcome::NoName => slice.answered += 1,
            Outcome::Rebound => slice.rebound += 1,
            Outcome::Stale => slice.stale += 1,
            Outcome::Failed(cause) => *slice.failed.entry(cause).or_default() += 1,
        }
        if slice.domains.len() >= DOMAINS_MAX && !slice.domains.contains_key(&domain) {
            return;
        }
        let domain = slice.domains.entry(domain).or_default();
        match outcome {
            Outcome::Answered(address) => {
                domain.answers = domain.answers.saturating_add(1);
                domain.address = address.or(domain.address);
            }
            Outcome::Rebound => domain.answers = domain.answers.saturating_add(1),
            Outcome::NoName => domain.denials = domain.denials.saturating_add(1),
            Outcome::Stale => domain.fail(Cause::Unreachable),
            Outcome::Failed(cause) => domain.fail(cause),
        }
    }

    /// Notes what all workers have counted until now.
    pub fn sample(&self, counts: Counts, elapsed: Duration) {
        let mut slices = self.slices();
        slices.samples.push_back((elapsed, counts));
        // One from before the window has to stay: its difference to now is the window.
        let old = |sample: &(Duration, Counts)| elapsed.saturating_sub(sample.0) >= WINDOW;
        while slices.samples.get(1).is_some_and(old) {
            slices.samples.pop_front();
        }
    }

    /// The last minutes, where all workers have counted `counts` until now.
    pub fn recent(&self, counts: Counts, elapsed: Duration) -> Recent {
        let mut slices = self.slices();
        slices.drop_old(elapsed);
        let since = slices.samples.front().filter(|(at, _)| *at > Duration::ZERO);
        let (from, before) = since.copied().unwrap_or_default();
        let mut recent = Recent {
            span: elapsed.saturating_sub(from).min(WINDOW),
            counts: counts.since(&before),
            ..Recent::default()
        };
        let mut failed: HashMap<Cause, u64> = HashMap::new();
        let mut domains: HashMap<u64, Domain> = HashMap::new();
        for slice in &slices.slices {
            recent.answered += slice.answered;
            recent.rebound += slice.rebound;
            recent.stale += slice.stale;
            slice.failed.iter().for_each(|(cause, count)| *failed.entry(*cause).or_default() += count);
            slice.domains.iter().for_each(|(domain, seen)| domains.entry(*domain).or_default().add(seen));
        }
        drop(slices);
        recent.failed = in_order(failed);
        recent.add_domains(domains.values());
        recent
    }

    /// Forgets everything.
    pub fn clear(&self) {
        *self.slices() = Slices::default();
    }

    fn slices(&self) -> MutexGuard<'_, Slices> {
        // Whoever panicked with the lock held left whole numbers behind.
        self.slices.guard()
    }
}

impl Recent {
    /// Questions asked outside that got no new answer.
    pub fn failures(&self) -> u64 {
        self.stale + self.failed.iter().map(|(_, count)| count).sum::<u64>()
    }

    fn add_domains<'d>(&mut self, domains: impl Iterator<Item = &'d Domain>) {
        let mut causes: HashMap<Cause, u64> = HashMap::new();
        let (mut first, mut is_one) = (None, true);
        for domain in domains {
            self.domains += 1;
            if domain.failures > domain.answers + domain.denials {
                self.domains_failed += 1;
                *causes.entry(domain.cause.unwrap_or(Cause::Failing)).or_default() += 1;
            } else if domain.answers == 0 && domain.denials > 0 {
                self.domains_denied += 1;
            }
            if let Some(address) = domain.address {
                self.domains_with_address += 1;
                is_one &= *first.get_or_insert(address) == address;
            }
        }
        self.one_address_for_all = first.is_some() && is_one;
        self.domains_cause = in_order(causes).first().map(|(cause, _)| *cause);
    }
}

/// The most frequent first; of those that are equal, in the order of [`Cause::ALL`].
fn in_order(counts: HashMap<Cause, u64>) -> Vec<(Cause, u64)> {
    let all = Cause::ALL.into_iter().filter_map(|cause| Some((cause, *counts.get(&cause)?)));
    let mut all: Vec<(Cause, u64)> = all.collect();
    all.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    all
}

impl Slices {
    fn current(&mut self, elapsed: Duration) -> &mut Slice {
        self.drop_old(elapsed);
        let number = number_of(elapsed);
        // A task that was slow to come may be of the slice before: it is counted now.
        if self.slices.back().is_none_or(|last| last.number < number) {
            self.slices.push_back(Slice { number, ..Slice::default() });
        }
        self.slices.back_mut().expect("one was added")
    }

    fn drop_old(&mut self, elapsed: Duration) {
        let oldest = (number_of(elapsed) + 1).saturating_sub(SLICES as u64);
        while self.slices.front().is_some_and(|slice| slice.number < oldest) {
            self.slices.pop_front();
        }
    }
}

fn number_of(elapsed: Duration) -> u64 {
    elapsed.as_secs() / SLICE.as_secs()
}

impl Domain {
    fn fail(&mut self, cause: Cause) {
        self.failures = self.failures.saturating_add(1);
        self.cause = Some(cause);
    }

    fn add(&mut self, other: &Self) {
        self.answers = self.answers.saturating_add(other.answers);
        self.denials = self.denials.saturating_add(other.denials);
        self.failures = self.failures.saturating_add(other.failures);
        self.cause = other.cause.or(self.cause);
        self.address = other.address.or(self.address);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dns::name::OwnedName;

    const fn second(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn note(outcomes: &Outcomes, name: &str, outcome: Outcome, elapsed: Duration) {
        outcomes.note(OwnedName::parse(name).unwrap().as_name(), outcome, elapsed);
    }

    #[test]
    fn answers_are_counted_each_and_domains_once() {
        let outcomes = Outcomes::default();
        for number in 0..50 {
            let failed = Outcome::Failed(Cause::Unreachable);
            note(&outcomes, &format!("x{number}.broken.example"), failed, second(1));
        }
        note(&outcomes, "www.good.example", Outcome::Answered(None), second(2));
        note(&outcomes, "good.example", Outcome::Failed(Cause::Bogus), second(2));
        note(&outcomes, "none.example", Outcome::NoName, second(2));
        note(&outcomes, "inside.example", Outcome::Rebound, second(2));
        note(&outcomes, "old.example", Outcome::Stale, second(2));
        let recent = outcomes.recent(Counts::default(), second(10));
        assert_eq!((recent.answered, recent.rebound, recent.stale), (2, 1, 1));
        assert_eq!(recent.failed, [(Cause::Unreachable, 50), (Cause::Bogus, 1)]);
        assert_eq!(recent.failures(), 52);
        assert_eq!((recent.domains, recent.domains_failed, recent.domains_denied), (5, 2, 1));
        assert_eq!(recent.domains_cause, Some(Cause::Unreachable));
    }

    #[test]
    fn what_is_older_than_the_window_is_forgotten() {
        let outcomes = Outcomes::default();
        note(&outcomes, "a.example", Outcome::Failed(Cause::Refused), second(29));
        note(&outcomes, "b.example", Outcome::Answered(None), second(200));
        assert_eq!(outcomes.recent(Counts::default(), second(29) + WINDOW).domains, 2);
        let later = outcomes.recent(Counts::default(), second(31) + WINDOW);
        assert_eq!((later.domains, later.domains_failed, later.answered), (1, 0, 1));
        assert_eq!(outcomes.recent(Counts::default(), second(99_999)).domains, 0);
    }

    #[test]
    fn counts_are_those_of_the_window() {
        let outcomes = Outcomes::default();
        let counts = |queries| Counts { queries, ..Counts::default() };
        assert_eq!(outcomes.recent(counts(7), second(3)).counts, counts(7));
        for minute in 1..20 {
            outcomes.sample(counts(minute * 10), second(minute * 60));
        }
        let recent = outcomes.recent(counts(200), second(20 * 60));
        assert_eq!((recent.span, recent.counts), (WINDOW, counts(60)));
    }

    #[test]
    fn one_address_for_all_names_is_noticed() {
        let outcomes = Outcomes::default();
        for number in 0..30 {
            let answered = Outcome::Answered(Some([192, 0, 2, 1]));
            note(&outcomes, &format!("d{number}.example"), answered, second(1));
        }
        let recent = outcomes.recent(Counts::default(), second(2));
        assert_eq!((recent.domains_with_address, recent.one_address_for_all), (30, true));
        note(&outcomes, "other.example", Outcome::Answered(Some([192, 0, 2, 2])), second(3));
        assert!(!outcomes.recent(Counts::default(), second(4)).one_address_for_all);
    }

    #[test]
    fn domains_beyond_the_bound_are_counted_as_answers_only() {
        let outcomes = Outcomes::default();
        for number in 0..DOMAINS_MAX + 10 {
            note(&outcomes, &format!("d{number}.example"), Outcome::Answered(None), second(1));
        }
        let recent = outcomes.recent(Counts::default(), second(2));
        assert_eq!(recent.domains, DOMAINS_MAX as u64);
        assert_eq!(recent.answered, DOMAINS_MAX as u64 + 10);
    }
}
