//! What asks over connections that live long: some questions in flight on each, as fast as the server
//! answers. A forwarder or a browser that keeps its connections does the same, if not so fast.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::generator::{TIMEOUT, Tally};
use super::questions::Packets;

/// Connections open at a time.
pub const CONNECTIONS: usize = 50;
/// Questions in flight on each.
pub const IN_FLIGHT: usize = 4;
/// Octets read at a time.
const INPUT: usize = 16 * 1024;

/// Connections to one server.
pub struct Connections {
    open: Vec<Connection>,
    next_id: u16,
}

struct Connection {
    stream: TcpStream,
    /// Answers that are still to come.
    awaited: usize,
    /// Part of an answer.
    begun: Vec<u8>,
}

impl Connections {
    /// Connects. `None`: the server does not take so many.
    pub fn to(server: SocketAddr) -> Option<Self> {
        let open = (0..CONNECTIONS).map(|_| Connection::to(server)).collect::<Option<_>>()?;
        Some(Self { open, next_id: 0 })
    }

    /// Asks from question `first` on, for `time`. Gives the tally and the time until the last answer.
    pub fn flood(&mut self, packets: &Packets, first: usize, time: Duration) -> (Tally, Duration) {
        let (mut tally, mut at) = (Tally::default(), first);
        let (mut input, mut output) = (vec![0; INPUT], Vec::new());
        let started = Instant::now();
        let mut answered = started;
        let mut ask = |connection: &mut Connection, count: usize| {
            output.clear();
            for _ in 0..count {
                let question = packets.after_id(at % packets.len());
                output.extend_from_slice(&(question.len() as u16 + 2).to_be_bytes());
                output.extend_from_slice(&self.next_id.to_be_bytes());
                output.extend_from_slice(question);
                (at, self.next_id) = (at + 1, self.next_id.wrapping_add(1));
            }
            // Some hundred octets always fit; where the server has gone, the answers do not come.
            let _ = connection.stream.write_all(&output);
            connection.awaited += count;
        };
        self.open.iter_mut().for_each(|connection| ask(connection, IN_FLIGHT));
        loop {
            for at in readable(&self.open) {
                let connection = &mut self.open[at];
                let count = connection.receive(&mut input, &mut tally);
                if count > 0 {
                    answered = Instant::now();
                    if started.elapsed() < time {
                        ask(connection, count);
                    }
                }
            }
            let awaited = self.open.iter().map(|it| it.awaited).sum::<usize>();
            if awaited == 0 || answered.elapsed() > TIMEOUT {
                tally.lost += awaited;
                return (tally, answered - started);
            }
        }
    }
}

/// Those that have something to read; none after a while.
fn readable(open: &[Connection]) -> Vec<usize> {
    let mut asked: Vec<_> = open.iter().map(|it| PollFd::new(it.stream.as_fd(), PollFlags::POLLIN)).collect();
    let _ = poll(&mut asked, PollTimeout::try_from(TIMEOUT).expect("a short time"));
    let is_readable = |it: &PollFd<'_>| it.revents().is_some_and(|events| !events.is_empty());
    asked.iter().enumerate().filter(|(_, it)| is_readable(it)).map(|(at, _)| at).collect()
}

impl Connection {
    fn to(server: SocketAddr) -> Option<Self> {
        let stream = TcpStream::connect(server).ok()?;
        stream.set_nodelay(true).ok()?;
        stream.set_nonblocking(true).ok()?;
        Some(Self { stream, awaited: 0, begun: Vec::new() })
    }

    /// Takes what is there, and gives how many answers that were.
    fn receive(&mut self, input: &mut [u8], tally: &mut Tally) -> usize {
        match self.stream.read(input) {
            Ok(len) if len > 0 => self.begun.extend_from_slice(&input[..len]),
            Err(error) if error.kind() == ErrorKind::WouldBlock => return 0,
            _ => {
                // Closed: what is awaited does not come.
                tally.lost += std::mem::take(&mut self.awaited);
                return 0;
            }
        }
        let (mut rest, mut count) = (&self.begun[..], 0);
        while let Some((len, after)) = rest.split_first_chunk()
            && let Some((answer, after)) = after.split_at_checked(u16::from_be_bytes(*len).into())
        {
            tally.count(answer);
            (rest, count) = (after, count + 1);
        }
        let left = rest.len();
        self.begun.drain(..self.begun.len() - left);
        self.awaited = self.awaited.saturating_sub(count);
        count
    }
}
