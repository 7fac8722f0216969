//! Work in two stages, each in a thread of its own where the system has one to give.

use std::panic::resume_unwind;
use std::sync::mpsc::sync_channel;
use std::thread;

/// Runs `make` in a second thread while what it gives is taken here, in order; up to `waiting` things wait. `give`
/// says `false` when no more is wanted. The thread has the priority of its caller; without a thread both stages
/// take turns.
///
/// # Errors
/// The first error of `take`, otherwise that of `make`.
pub fn pipeline<T: Send, E: Send>(
    name: &str,
    waiting: usize,
    mut make: impl FnMut(&mut dyn FnMut(T) -> bool) -> Result<(), E> + Send,
    take: &mut dyn FnMut(T) -> Result<(), E>,
) -> Result<(), E> {
    let done = thread::scope(|scope| {
        let (give, given) = sync_channel(waiting);
        let make = &mut make;
        let making = thread::Builder::new()
            .name(name.to_owned())
            .spawn_scoped(scope, move || make(&mut |thing| give.send(thing).is_ok()))
            .ok()?;
        let taken = given.iter().try_for_each(&mut *take);
        drop(given);
        let made = making.join().unwrap_or_else(|panic| resume_unwind(panic));
        Some(taken.and(made))
    });
    done.unwrap_or_else(|| {
        let mut taken = Ok(());
        let made = make(&mut |thing| {
            taken = take(thing);
            taken.is_ok()
        });
        taken.and(made)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count_to(last: u32) -> impl FnMut(&mut dyn FnMut(u32) -> bool) -> Result<(), &'static str> + Send {
        move |give| {
            (0..last).take_while(|number| give(*number)).for_each(drop);
            Err("made to its end")
        }
    }

    #[test]
    fn all_is_taken_in_order_and_the_first_error_ends_it() {
        for waiting in [0, 1, 100] {
            let mut taken = Vec::new();
            let done = pipeline("count", waiting, count_to(1000), &mut |number| {
                taken.push(number);
                Ok(())
            });
            assert_eq!((done, taken), (Err("made to its end"), (0..1000).collect()));

            let mut taken = 0;
            let done = pipeline("count", waiting, count_to(u32::MAX), &mut |number| {
                taken = number;
                if number == 10 { Err("enough") } else { Ok(()) }
            });
            assert_eq!((done, taken), (Err("enough"), 10));
        }
    }

    #[test]
    fn a_panic_comes_out_where_it_is_waited_for() {
        let make = |_: &mut dyn FnMut(u8) -> bool| -> Result<(), ()> { panic!("in the thread") };
        let caught = std::panic::catch_unwind(|| pipeline("panic", 0, make, &mut |_| Ok(())));
        assert_eq!(caught.unwrap_err().downcast_ref(), Some(&"in the thread"));
    }
}
