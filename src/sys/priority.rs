//! Threads whose work can wait step back behind those that answer.

#![expect(unsafe_code, reason = "nobody wraps the priority of one thread")]

use std::io;

use nix::errno::Errno;
use nix::libc;

/// How far a thread steps back.
#[derive(Clone, Copy, Debug)]
pub enum Behind {
    /// For what must not fall behind for long: a third of an answering thread's share where both want a
    /// core.
    AStep,
    /// For what can take its time: a tenth.
    Far,
}

/// Lowers the priority of the calling thread for good (`setpriority(2)`; on Linux a thread has its own).
///
/// # Errors
/// What the kernel says; the priority is then as it was.
pub fn step_back(behind: Behind) -> io::Result<()> {
    let nice = match behind {
        Behind::AStep => 5,
        Behind::Far => 10,
    };
    // SAFETY: takes and gives plain numbers; 0 is the calling thread.
    Errno::result(unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, nice) })?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nice() -> i32 {
        // SAFETY: as above.
        unsafe { libc::getpriority(libc::PRIO_PROCESS, 0) }
    }

    #[test]
    fn one_thread_steps_back_and_the_others_stay() {
        let before = nice();
        let stepped = std::thread::spawn(|| {
            step_back(Behind::Far).unwrap();
            nice()
        });
        assert!(stepped.join().unwrap() >= before);
        assert_eq!(nice(), before);
    }
}
