//! The thread that drives connections to forwarders.
//!
//! A query over UDP is resolved on the thread that received it, and that thread leaves its event loop
//! whenever no query waits. A connection driven there would keep it in the loop, and a connection of one
//! thread that another one uses would wait for a thread that may be asleep. So all connections of a resolver
//! are driven by one thread of their own, started with the first connection and ended with the resolver.

use std::io;
use std::sync::Mutex;

use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;

use crate::sys::lock::Guard;

/// Starts the thread when it is needed.
#[derive(Default)]
pub(in crate::resolve) struct Driver(Mutex<Option<Running>>);

struct Running {
    handle: Handle,
    /// The thread ends when this is dropped.
    _stop: oneshot::Sender<()>,
}

impl Driver {
    /// Where connections are to be spawned.
    ///
    /// # Errors
    /// The system has no thread or no event loop left; the next call tries again.
    pub(super) fn handle(&self) -> io::Result<Handle> {
        // Each use is one assignment: whoever panicked left a whole value behind.
        let mut running = self.0.guard();
        if let Some(running) = &*running {
            return Ok(running.handle.clone());
        }
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let handle = runtime.handle().clone();
        let (stop, stopped) = oneshot::channel();
        std::thread::Builder::new().name("forward".into()).spawn(move || {
            // An error means that the sender is gone, which is the sign to stop.
            let _ = runtime.block_on(stopped);
        })?;
        *running = Some(Running { handle: handle.clone(), _stop: stop });
        Ok(handle)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_thread_runs_what_is_spawned_and_ends_with_its_owner() {
        let driver = Driver::default();
        let name = || std::thread::current().name().map(str::to_owned);
        let (sender, receiver) = std::sync::mpsc::channel();
        for _ in 0..2 {
            let sender = sender.clone();
            driver.handle().unwrap().spawn(async move { sender.send(name()).unwrap() });
            assert_eq!(receiver.recv().unwrap().as_deref(), Some("forward"));
        }
        let (held, dropped) = std::sync::mpsc::channel::<()>();
        driver.handle().unwrap().spawn(async move {
            let _held = held;
            std::future::pending::<()>().await;
        });
        drop(driver);
        assert!(dropped.recv().is_err(), "its tasks end with it");
    }
}
