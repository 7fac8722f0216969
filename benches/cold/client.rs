//! What asks: each name once, so many in flight, without asking again.

use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use super::tree::EVERYWHERE;
use super::wire::{HEADER, Name, query};

/// A question that takes longer is lost.
const TIMEOUT: Duration = Duration::from_secs(15);
/// How often it is looked for lost ones.
const LOOK: Duration = Duration::from_millis(250);

/// How questions were answered.
#[derive(Default)]
pub struct Answers {
    /// Of each question that was answered with the address.
    pub times: Vec<Duration>,
    /// Anything else, or nothing.
    pub failed: usize,
    /// From the first question to the last answer.
    pub took: Duration,
}

/// Asks `server` for `count` names in this order, `in_flight` at a time.
pub fn ask(server: SocketAddr, names: impl Iterator<Item = Name>, in_flight: usize) -> Answers {
    let socket = UdpSocket::bind((server.ip(), 0)).expect("a free port");
    let _ = socket2::SockRef::from(&socket).set_recv_buffer_size(4 << 20);
    socket.set_read_timeout(Some(LOOK)).expect("a timeout");
    socket.connect(server).expect("loopback");
    let mut names = names.peekable();
    let mut open: Vec<Option<Instant>> = vec![None; 1 << 16];
    let (mut answers, mut waiting, mut next_id) = (Answers::default(), 0, 0_u16);
    let (mut buffer, started) = ([0; 2048], Instant::now());
    let mut looked = started;
    while waiting > 0 || names.peek().is_some() {
        while waiting < in_flight {
            let Some(name) = names.next() else { break };
            while open[usize::from(next_id)].is_some() {
                next_id = next_id.wrapping_add(1);
            }
            open[usize::from(next_id)] = Some(Instant::now());
            waiting += 1;
            // What is not taken is lost, and seen so later.
            let _ = socket.send(&query(next_id, &name));
            next_id = next_id.wrapping_add(1);
        }
        if let Ok(len) = socket.recv(&mut buffer)
            && len >= HEADER
            && let Some(asked) = open[usize::from(u16::from_be_bytes([buffer[0], buffer[1]]))].take()
        {
            waiting -= 1;
            if is_right(&buffer[..len]) { answers.times.push(asked.elapsed()) } else { answers.failed += 1 }
        }
        if looked.elapsed() >= LOOK {
            looked = Instant::now();
            for slot in open.iter_mut().filter(|slot| slot.is_some_and(|asked| asked.elapsed() > TIMEOUT)) {
                *slot = None;
                waiting -= 1;
                answers.failed += 1;
            }
        }
    }
    answers.took = started.elapsed();
    answers
}

/// Whether it has the address that every name has.
fn is_right(answer: &[u8]) -> bool {
    answer[3] & 15 == 0 && answer[HEADER..].windows(4).any(|four| four == EVERYWHERE.octets())
}
