//! Locks that are taken whatever became of who held them before.
//!
//! One rule for the whole program: where a thread panicked while it held a lock, the next one goes on with what it
//! left. Whatever is kept behind a lock is changed in single steps, so it is whole at each of them, and a school is
//! better served by an answer from it than by a second panic.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Takes a lock.
pub trait Guard<T: ?Sized> {
    /// Waits for the lock, and takes it, also from who panicked.
    fn guard(&self) -> MutexGuard<'_, T>;
}

impl<T: ?Sized> Guard<T> for Mutex<T> {
    fn guard(&self) -> MutexGuard<'_, T> {
        self.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_whose_holder_panicked_is_taken_with_what_he_left() {
        let number = Mutex::new(1);
        let panicked = std::thread::scope(|scope| {
            scope
                .spawn(|| {
                    let mut held = number.guard();
                    *held = 2;
                    panic!("with the lock in hand");
                })
                .join()
        });
        assert!(panicked.is_err() && number.is_poisoned());
        assert_eq!(*number.guard(), 2);
    }
}
