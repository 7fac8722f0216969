//! What asks: a window of questions in flight, in batches, as fast as the server answers; or a fixed
//! rate, for the time that answers take.

use std::io::{IoSlice, IoSliceMut};
use std::net::{SocketAddr, UdpSocket};
use std::os::fd::{AsRawFd, RawFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use nix::sys::socket::{MsgFlags, MultiHeaders, recvmmsg, sendmmsg};

use super::questions::{Packets, question};

/// The address of every name (RFC 5737). In the answer to a blocked name it is a leak.
pub const EVERYWHERE: [u8; 4] = [198, 51, 100, 7];

/// Datagrams a system call.
const BATCH: usize = 32;
/// Questions in flight. Their datagrams fit the receive buffer that a socket has by default.
const WINDOW: usize = 128;
/// An answer that takes longer is lost.
pub const TIMEOUT: Duration = Duration::from_millis(500);
/// Octets of the longest answer expected.
const ANSWER_MAX: usize = 1024;

/// How questions were answered.
#[derive(Clone, Default)]
pub struct Tally {
    /// With the upstream's address.
    pub resolved: usize,
    /// With anything else that is no failure: no such name, no data, a null address.
    pub blocked: usize,
    /// SERVFAIL, REFUSED and the like.
    pub failed: usize,
    /// Not at all.
    pub lost: usize,
}

impl Tally {
    pub fn answers(&self) -> usize {
        self.resolved + self.blocked + self.failed
    }

    pub fn count(&mut self, answer: &[u8]) {
        match answer[3] & 15 {
            0 if has_upstream_address(answer) => self.resolved += 1,
            0 | 3 => self.blocked += 1,
            _ => self.failed += 1,
        }
    }
}

/// Whether an answer holds the address that the upstream gives to all names.
pub fn has_upstream_address(answer: &[u8]) -> bool {
    answer.ends_with(&EVERYWHERE) || answer[12..].windows(4).any(|four| four == EVERYWHERE)
}

/// One question by itself, and its answer if there is one in 100 ms.
pub fn ask(server: SocketAddr, name: &str) -> Option<Vec<u8>> {
    let socket = UdpSocket::bind((server.ip(), 0)).ok()?;
    socket.set_read_timeout(Some(Duration::from_millis(100))).ok()?;
    socket.connect(server).ok()?;
    socket.send(&question(7, name)).ok()?;
    let mut answer = vec![0; ANSWER_MAX];
    let Ok(len) = socket.recv(&mut answer) else {
        // Nobody listens yet: the kernel says so at once.
        std::thread::sleep(Duration::from_millis(2));
        return None;
    };
    answer.truncate(len);
    (len > 12).then_some(answer)
}

/// A socket that asks one server.
pub struct Asker {
    socket: UdpSocket,
    /// Ids of questions without an answer yet.
    open: Vec<bool>,
    next_id: u16,
}

impl Asker {
    pub fn of(server: SocketAddr) -> Self {
        let socket = UdpSocket::bind((server.ip(), 0)).expect("a free port");
        // Our own buffer must not lose what a fast server sends.
        let _ = socket2::SockRef::from(&socket).set_recv_buffer_size(4 << 20);
        socket.set_read_timeout(Some(TIMEOUT)).expect("a timeout");
        socket.connect(server).expect("loopback");
        Self { socket, open: vec![false; 1 << 16], next_id: 0 }
    }

    /// Asks as fast as answers come, from question `first` on, for `time` or until each was asked
    /// `times` times. Gives the tally and the time until the last answer.
    pub fn flood(
        &mut self,
        packets: &Packets,
        first: usize,
        times: usize,
        time: Duration,
    ) -> (Tally, Duration) {
        let mut sending = MultiHeaders::preallocate(BATCH, None);
        let mut receiver = Receiver::new();
        let (mut tally, mut in_flight) = (Tally::default(), 0);
        let mut at = first;
        let last = first.saturating_add(packets.len().saturating_mul(times));
        let started = Instant::now();
        let mut answered = started;
        loop {
            let open = started.elapsed() < time;
            while open && in_flight + BATCH <= WINDOW && at < last {
                let count = BATCH.min(last - at);
                in_flight += count;
                let reused = self.send(&mut sending, packets, at, count);
                (in_flight, tally.lost) = (in_flight - reused, tally.lost + reused);
                at += count;
            }
            if in_flight == 0 {
                return (tally, answered - started);
            }
            let fd = self.socket.as_raw_fd();
            let expected = receiver.receive(fd, MsgFlags::MSG_WAITFORONE, &mut self.open, &mut tally);
            if expected == 0 && answered.elapsed() >= TIMEOUT {
                self.open.fill(false);
                tally.lost += in_flight;
                in_flight = 0;
                // Nobody there: do not try again for ever.
                if answered.elapsed() > time + 4 * TIMEOUT {
                    return (tally, answered - started);
                }
            } else if expected > 0 {
                in_flight -= expected;
                answered = Instant::now();
            }
        }
    }

    /// Sends a batch; gives how many older questions had the same ids and are lost.
    fn send(&mut self, headers: &mut MultiHeaders<()>, packets: &Packets, at: usize, count: usize) -> usize {
        let ids: [[u8; 2]; BATCH] =
            std::array::from_fn(|n| self.next_id.wrapping_add(n as u16).to_be_bytes());
        let slices: [_; BATCH] = std::array::from_fn(|n| {
            [IoSlice::new(&ids[n]), IoSlice::new(packets.after_id((at + n) % packets.len()))]
        });
        let mut reused = 0;
        for id in &ids[..count] {
            reused +=
                usize::from(std::mem::replace(&mut self.open[usize::from(u16::from_be_bytes(*id))], true));
        }
        self.next_id = self.next_id.wrapping_add(count as u16);
        let nobody = [None; BATCH];
        // What the kernel does not take counts as lost when its answer does not come.
        let _ = sendmmsg(
            self.socket.as_raw_fd(),
            headers,
            &slices[..count],
            &nobody[..count],
            [],
            MsgFlags::empty(),
        );
        reused
    }

    /// Asks `rate` questions a second for `time`, or until `stop`. A question's time runs from when it
    /// was due, so that a late generator does not flatter the server.
    pub fn paced(&mut self, packets: &Packets, rate: u32, time: Duration, stop: &AtomicBool) -> Paced {
        let interval = Duration::from_secs(1) / rate;
        let total = (time.as_secs_f64() * f64::from(rate)) as u32;
        let mut paced = Paced::default();
        let mut due_at = vec![Instant::now(); 1 << 16];
        let mut buffer = [0u8; ANSWER_MAX];
        let started = Instant::now();
        let mut heard = started;
        let mut sent = 0;
        self.socket.set_nonblocking(true).expect("a socket that does not block");
        loop {
            let now = Instant::now();
            let due = started + interval * sent;
            let over = sent == total || stop.load(Ordering::Relaxed);
            if !over && due <= now {
                let id = self.next_id;
                self.next_id = id.wrapping_add(1);
                paced.tally.lost += usize::from(std::mem::replace(&mut self.open[usize::from(id)], true));
                due_at[usize::from(id)] = due;
                let question = packets.after_id(sent as usize % packets.len());
                buffer[..2].copy_from_slice(&id.to_be_bytes());
                buffer[2..2 + question.len()].copy_from_slice(question);
                let _ = self.socket.send(&buffer[..2 + question.len()]);
                sent += 1;
            }
            // Bounded, so that a burst of answers does not hold up the next question.
            for _ in 0..BATCH {
                let Ok(len) = self.socket.recv(&mut buffer) else { break };
                let id = usize::from(u16::from_be_bytes([buffer[0], buffer[1]]));
                if len > 12 && std::mem::replace(&mut self.open[id], false) {
                    let now = Instant::now();
                    paced.tally.count(&buffer[..len]);
                    paced.times.push(now - due_at[id]);
                    paced.silence = paced.silence.max(now - heard);
                    heard = now;
                }
            }
            let waiting = sent as usize > paced.tally.answers() + paced.tally.lost;
            if over && (!waiting || now > heard + TIMEOUT) {
                break;
            }
        }
        self.socket.set_nonblocking(false).expect("a socket that blocks again");
        paced.tally.lost += self.open.iter().filter(|open| **open).count();
        self.open.fill(false);
        paced.times.sort_unstable();
        paced
    }
}

/// What a fixed rate showed.
#[derive(Default)]
pub struct Paced {
    pub tally: Tally,
    /// Of each answer, in order.
    times: Vec<Duration>,
    /// The longest time without any answer.
    pub silence: Duration,
}

impl Paced {
    /// The time in which this share of answers came.
    pub fn within(&self, share: f64) -> Duration {
        let at = (self.times.len() as f64 * share) as usize;
        self.times.get(at.min(self.times.len().saturating_sub(1))).copied().unwrap_or_default()
    }
}

/// Room for a batch of answers.
struct Receiver {
    headers: MultiHeaders<()>,
    buffers: [[u8; ANSWER_MAX]; BATCH],
}

impl Receiver {
    fn new() -> Self {
        Self { headers: MultiHeaders::preallocate(BATCH, None), buffers: [[0; ANSWER_MAX]; BATCH] }
    }

    /// Takes what is there, and gives how many were answers to open questions.
    fn receive(&mut self, fd: RawFd, flags: MsgFlags, open: &mut [bool], tally: &mut Tally) -> usize {
        let mut lens = [0; BATCH];
        {
            let mut slices = self.buffers.each_mut().map(|buffer| [IoSliceMut::new(buffer)]);
            let Ok(messages) = recvmmsg(fd, &mut self.headers, slices.iter_mut(), flags, None) else {
                return 0;
            };
            messages.zip(&mut lens).for_each(|(message, len)| *len = message.bytes);
        }
        let mut expected = 0;
        for (buffer, len) in self.buffers.iter().zip(lens).filter(|(_, len)| *len > 12) {
            let id = usize::from(u16::from_be_bytes([buffer[0], buffer[1]]));
            if std::mem::replace(&mut open[id], false) {
                expected += 1;
                tally.count(&buffer[..len]);
            }
        }
        expected
    }
}
