//! What is counted for `lachan status`, since the start. Each worker adds to counters of its own, so that
//! no line of memory goes to and fro between cores; who reads adds them up.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use crate::sys::lock::Guard;

macro_rules! counters {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {
        /// Counters of one worker, on lines of their own.
        #[derive(Debug, Default)]
        #[repr(align(128))]
        pub struct Counters {
            $($(#[$doc])* pub $name: AtomicU64,)*
        }

        /// All counters, added up.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub struct Counts {
            $($(#[$doc])* pub $name: u64,)*
        }

        impl Counts {
            /// What was counted since `before`.
            pub fn since(&self, before: &Self) -> Self {
                Self { $($name: self.$name.saturating_sub(before.$name),)* }
            }

            fn take_in(&mut self, counters: &Counters) {
                $(self.$name += counters.$name.load(Ordering::Relaxed);)*
            }
        }
    };
}

counters! {
    /// Packets that were queries.
    queries,
    /// Block answers.
    blocked,
    /// Answers from the cache.
    cached,
    /// Queries that went upstream.
    fetched,
    /// Clients refused by the access list.
    refused,
    /// Those of them with an address of a private network: most likely the school's own.
    refused_inside,
    /// Failures given again from the cache.
    failed_again,
    /// Queries of clients that no group covers, those that the packet cache answers left out.
    unknown_clients,
    /// Packets that could not be read.
    malformed,
    /// Panics caught: each is a bug.
    panics,
    /// Queries turned away because too many were waiting.
    shed,
    /// Those of them whose client had more than its share waiting.
    over_share,
    /// Queries of clients that ask too fast.
    limited,
    /// Queries for names that never leave the school's network.
    local,
    /// Answers that led into the school's own networks, and do not any more.
    rebound,
    /// Answers with IPv6 addresses made of IPv4 ones.
    synthesised,
}

impl Counters {
    /// Adds one.
    pub fn add(counter: &AtomicU64) {
        counter.fetch_add(1, Ordering::Relaxed);
    }
}

/// Everybody's counters.
#[derive(Debug, Default)]
pub struct AllCounters {
    /// Of whoever has none of his own.
    pub shared: Arc<Counters>,
    own: Mutex<Vec<Arc<Counters>>>,
}

impl AllCounters {
    /// New ones for a worker that lives as long as the program.
    pub fn for_worker(&self) -> Arc<Counters> {
        let counters = Arc::new(Counters::default());
        self.own.guard().push(counters.clone());
        counters
    }

    /// All of them, added up.
    pub fn sum(&self) -> Counts {
        let mut counts = Counts::default();
        counts.take_in(&self.shared);
        let own = self.own.guard();
        own.iter().for_each(|counters| counts.take_in(counters));
        counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_workers_and_others_counted_is_added_up() {
        let all = AllCounters::default();
        let (one, other) = (all.for_worker(), all.for_worker());
        Counters::add(&one.queries);
        Counters::add(&one.blocked);
        Counters::add(&other.queries);
        Counters::add(&all.shared.queries);
        let counts = Counts { queries: 3, blocked: 1, ..Counts::default() };
        assert_eq!(all.sum(), counts);
    }
}
