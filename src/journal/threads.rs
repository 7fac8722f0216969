//! The two threads that tell the collector and the keeper that a second has passed.
//!
//! The collector never waits for the keeper but at the end, and neither waits for a worker.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError};
use std::time::Duration;

use super::clock::Clock;
use super::collector::Collector;
use super::writer::Keeper;
use crate::sys::priority::{Behind, step_back};

/// Between two looks at the workers' tables: what a crash may cost.
const TICK: Duration = Duration::from_secs(1);
/// Orders that may wait for a keeper that waits for the disk.
pub(super) const ORDERS_MAX: usize = 16;
/// Attempts to store what is left when the journal closes.
const LAST_TRIES: usize = 3;

/// What the threads are told.
pub(super) enum Order {
    /// Store what waits, if it is not being done already.
    Go,
    /// The same, and say when done; the answer is how many attempts still wait.
    Flush(SyncSender<u64>),
    /// The same, and end.
    Close,
}

/// The collector's thread: every second, and when told. Ends with the order or with the handle.
pub(super) fn run_collector(mut collector: Collector, orders: Receiver<Order>, keeper: SyncSender<Order>) {
    loop {
        let order = orders.recv_timeout(TICK);
        // A panic is a bug of ours; whoever goes on loses a second's counts and not all later ones.
        let collected = catch_unwind(AssertUnwindSafe(|| collector.collect(collector.shared.clock.now())));
        if collected.is_err() {
            tracing::error!("the journal's collector panicked and goes on");
        }
        match order {
            Ok(Order::Close) | Err(RecvTimeoutError::Disconnected) => {
                let _ = keeper.send(Order::Close); // gone only if it panicked, which its join tells
                return;
            }
            Ok(order @ Order::Flush(_)) => {
                // Full only if the keeper waits for the disk; the asker then hears that by the drop.
                let _ = keeper.try_send(order);
            }
            Ok(Order::Go) | Err(RecvTimeoutError::Timeout) => match keeper.try_send(Order::Go) {
                Ok(()) | Err(TrySendError::Full(_)) => {}
                Err(TrySendError::Disconnected(_)) => return,
            },
        }
    }
}

/// The keeper's thread. Says how many attempts it could not store at the end.
pub(super) fn run_keeper(mut keeper: Keeper, orders: Receiver<Order>) -> u64 {
    // A full second of attempts takes some milliseconds, which no answer is to wait for.
    let _ = step_back(Behind::AStep);
    for order in &orders {
        let now = keeper.shared.clock.now();
        if catch_unwind(AssertUnwindSafe(|| keeper.store(now))).is_err() {
            keeper.recover(now);
        }
        match order {
            Order::Go => {}
            Order::Flush(answer) => {
                // Twice: the first may have been busy with an older batch.
                if keeper.waits() {
                    keeper.store(keeper.shared.clock.now());
                }
                let _ = answer.try_send(keeper.shared.health().waiting); // whoever asked may be gone
            }
            Order::Close => break,
        }
    }
    for _ in 0..LAST_TRIES {
        if !keeper.waits() {
            break;
        }
        keeper.store(keeper.shared.clock.now());
    }
    keeper.shared.health().waiting
}
