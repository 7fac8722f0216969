//! Batches of datagrams: one system call takes what has come, one sends what is due.
//!
//! A system call costs several times what a look-up costs; `recvmmsg(2)` and `sendmmsg(2)` share it
//! among as many datagrams as were waiting. A lone datagram is not held up: receiving returns with
//! the first. Where the kernel has no such calls, the same buffers go through `recvmsg(2)` and
//! `sendmsg(2)` one by one.

#![expect(unsafe_code, reason = "the kernel reads and writes through the pointers of message headers")]

use std::io;
use std::mem::{size_of, zeroed};
use std::net::SocketAddr;
use std::os::fd::AsRawFd;

use nix::errno::Errno;
use nix::libc::{self, c_uint, c_void, iovec, mmsghdr, msghdr, sockaddr_storage, socklen_t};

use super::udp::{Path, To, Udp, to_source};

mod answers;

/// Datagrams of one batch.
pub const BATCH: usize = 32;

/// Octets of the largest query that is read; EDNS queries with every option are below 1 KiB. Not a power
/// of two: the heads of all buffers would share a few lines of the nearest cache.
const QUERY_MAX: usize = 4096 + 64;
/// Octets of a usual answer: UDP answers are no longer unless a client's limit is.
const ANSWER_USUAL: usize = 1280;
/// Octets for the packet info of either family, its header included, in words for the sake of alignment.
const CONTROL_WORDS: usize = 8;

/// Room for one datagram and its answer.
struct Slot {
    packet: [u8; QUERY_MAX],
    part: iovec,
    /// The client, as the kernel says it and wants it back.
    name: sockaddr_storage,
    name_len: socklen_t,
    control: [u64; CONTROL_WORDS],
    to: To,
    /// Octets received; 0 for a datagram that was cut.
    len: usize,
    answer: Vec<u8>,
    is_due: bool,
}

/// Buffers for a batch. A worker keeps one.
pub struct Batch {
    slots: Box<[Slot]>,
    received: usize,
    receiving: Calls,
    sending: Calls,
}

/// What receiving does where nothing has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// Wait for the first datagram, as long as was said to [`Udp::bind`].
    ForOne,
    /// Say so.
    No,
}

/// By which calls datagrams go one way. Learnt from how the first one ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Calls {
    /// Nothing has gone through yet.
    Untried,
    /// A batch has gone through.
    Batches,
    /// There are no batches here; single datagrams go through.
    OneByOne,
}

impl Calls {
    /// Whether `error` may mean that batches are not to be had here. EPERM is said by a filter of system
    /// calls, and as well by a firewall that refuses one datagram; once a batch has gone through it can
    /// only be the firewall.
    fn may_lack_batches(self, error: Errno) -> bool {
        match error {
            Errno::ENOSYS => true,
            Errno::EPERM => self == Self::Untried,
            _ => false,
        }
    }
}

/// One datagram that was received.
pub struct Datagram<'b> {
    /// Its octets.
    pub octets: &'b [u8],
    /// Where it came from.
    pub from: SocketAddr,
    to: To,
}

impl Datagram<'_> {
    /// The way back, for an answer that is sent later.
    pub fn path(&self) -> Path {
        Path { from: self.from, to: self.to }
    }
}

impl Default for Batch {
    fn default() -> Self {
        Self::new()
    }
}

impl Batch {
    /// Empty buffers.
    pub fn new() -> Self {
        let slot = || Slot {
            packet: [0; QUERY_MAX],
            part: iovec { iov_base: std::ptr::null_mut(), iov_len: 0 },
            // SAFETY: a plain C structure of integers, for which zeros are a value.
            name: unsafe { zeroed() },
            name_len: 0,
            control: [0; CONTROL_WORDS],
            to: To::Socket,
            len: 0,
            answer: Vec::with_capacity(ANSWER_USUAL),
            is_due: false,
        };
        Self {
            slots: std::iter::repeat_with(slot).take(BATCH).collect(),
            received: 0,
            receiving: Calls::Untried,
            sending: Calls::Untried,
        }
    }

    /// Takes the datagrams that have come; where there are none, [waits](Wait) for one.
    ///
    /// # Errors
    /// What the kernel says; `WouldBlock` where nothing came.
    pub fn receive(&mut self, socket: &Udp, wait: Wait) -> io::Result<()> {
        self.received = 0;
        let packet_info = socket.packet_info();
        // SAFETY: plain C structures of integers and pointers, for which zeros are a value.
        let mut headers: [mmsghdr; BATCH] = unsafe { zeroed() };
        for (header, slot) in headers.iter_mut().zip(&mut self.slots) {
            slot.part = iovec { iov_base: slot.packet.as_mut_ptr().cast(), iov_len: QUERY_MAX };
            header.msg_hdr.msg_iov = &raw mut slot.part;
            header.msg_hdr.msg_iovlen = 1;
            header.msg_hdr.msg_name = (&raw mut slot.name).cast();
            header.msg_hdr.msg_namelen = size_of::<sockaddr_storage>() as socklen_t;
            if packet_info {
                header.msg_hdr.msg_control = slot.control.as_mut_ptr().cast();
                header.msg_hdr.msg_controllen = size_of_val(&slot.control) as _;
            }
        }
        self.received = take_in(socket, &mut headers, &mut self.receiving, wait)?;
        for (header, slot) in headers[..self.received].iter().zip(&mut self.slots) {
            let cut = header.msg_hdr.msg_flags & libc::MSG_TRUNC != 0;
            slot.len = if cut { 0 } else { (header.msg_len as usize).min(QUERY_MAX) };
            slot.name_len = header.msg_hdr.msg_namelen;
            slot.to = if packet_info { asked_address(&header.msg_hdr) } else { To::Socket };
            slot.is_due = false;
        }
        Ok(())
    }

    /// Whether all was taken that had come: more can only have come since. Until the answers are sent.
    pub fn is_all(&self) -> bool {
        self.received == 0 || self.received < BATCH && self.receiving == Calls::Batches
    }

    /// Hands each datagram to `answer`, with a buffer for what it writes; it says whether that is to be
    /// [sent](Self::send).
    pub fn each(&mut self, mut answer: impl FnMut(Datagram<'_>, &mut Vec<u8>) -> bool) {
        for slot in &mut self.slots[..self.received] {
            let Some(from) = address(&slot.name, slot.name_len) else { continue };
            let datagram = Datagram { octets: &slot.packet[..slot.len], from, to: slot.to };
            slot.is_due = answer(datagram, &mut slot.answer);
        }
    }

    /// Sends the answers that are due, each from the address that was asked. One that cannot be sent
    /// concerns its client alone, who will ask again.
    pub fn send(&mut self, socket: &Udp) {
        // SAFETY: plain C structures of integers and pointers, for which zeros are a value.
        let mut headers: [mmsghdr; BATCH] = unsafe { zeroed() };
        let mut due = 0;
        for slot in self.slots[..self.received].iter_mut().filter(|slot| slot.is_due) {
            slot.part = iovec { iov_base: slot.answer.as_mut_ptr().cast(), iov_len: slot.answer.len() };
            let header = &mut headers[due].msg_hdr;
            header.msg_iov = &raw mut slot.part;
            header.msg_iovlen = 1;
            header.msg_name = (&raw mut slot.name).cast();
            header.msg_namelen = slot.name_len;
            let control = set_source(&mut slot.control, &slot.to);
            if control > 0 {
                header.msg_control = slot.control.as_mut_ptr().cast();
                header.msg_controllen = control as _;
            }
            due += 1;
        }
        self.received = 0;
        self.put_all(socket, &mut headers[..due]);
    }
}

/// Receives into `headers`, at least one datagram. Says how many.
fn take_in(socket: &Udp, headers: &mut [mmsghdr], calls: &mut Calls, wait: Wait) -> io::Result<usize> {
    let fd = socket.as_raw_fd();
    let flags = match wait {
        Wait::ForOne => 0,
        Wait::No => libc::MSG_DONTWAIT,
    };
    if *calls != Calls::OneByOne {
        let most = headers.len() as c_uint;
        // SAFETY: `receive` has made each header of the slice point at an address, a buffer and a control
        // buffer of one slot, each with its own length; the slots live in `self.slots`, which outlives
        // the call and which nobody else touches during it (`&mut self`). The kernel writes at most those
        // lengths, and no more than `most` headers. A null timeout means none.
        let got = unsafe {
            let flags = libc::MSG_WAITFORONE | flags;
            libc::recvmmsg(fd, headers.as_mut_ptr(), most, flags, std::ptr::null_mut())
        };
        match Errno::result(got) {
            Ok(got) => {
                *calls = Calls::Batches;
                return Ok((got as usize).min(headers.len()));
            }
            Err(error) if calls.may_lack_batches(error) => {}
            Err(error) => return Err(error.into()),
        }
    }
    // SAFETY: as above, for the first header alone.
    let got = unsafe { libc::recvmsg(fd, &raw mut headers[0].msg_hdr, flags) };
    headers[0].msg_len = Errno::result(got)? as c_uint;
    *calls = Calls::OneByOne;
    Ok(1)
}

/// Sends what `headers` say, and tells how many went out before one failed.
fn put_out(socket: &Udp, headers: &mut [mmsghdr], calls: &mut Calls) -> usize {
    let fd = socket.as_raw_fd();
    if *calls != Calls::OneByOne {
        // SAFETY: `send` has made each header of the slice point at an address, an answer and a control buffer
        // of one slot, `send_some` at those of one answer, each with its own length; they outlive the call, and
        // nobody writes to them during it. The kernel only reads them, and writes `msg_len`.
        let sent = unsafe { libc::sendmmsg(fd, headers.as_mut_ptr(), headers.len() as c_uint, 0) };
        match Errno::result(sent) {
            Ok(sent) => {
                *calls = Calls::Batches;
                return sent as usize;
            }
            Err(error) if calls.may_lack_batches(error) => {}
            Err(_) => return 0,
        }
    }
    // SAFETY: as above, for the first header alone.
    let sent = unsafe { libc::sendmsg(fd, &raw const headers[0].msg_hdr, 0) };
    // What a firewall refuses in a batch it refuses alone as well, and nothing is learnt from that.
    if sent >= 0 {
        *calls = Calls::OneByOne;
    }
    usize::from(sent >= 0)
}

/// The client's address in what the kernel wrote.
fn address(name: &sockaddr_storage, len: socklen_t) -> Option<SocketAddr> {
    let from = std::ptr::from_ref(name);
    match i32::from(name.ss_family) {
        libc::AF_INET if len as usize >= size_of::<libc::sockaddr_in>() => {
            // SAFETY: the storage is larger than and aligned for every socket address, and the family says
            // which one the kernel wrote; it is a plain C structure, so any octets are a value.
            let v4 = unsafe { &*from.cast::<libc::sockaddr_in>() };
            let ip = v4.sin_addr.s_addr.to_ne_bytes();
            Some((ip, u16::from_be(v4.sin_port)).into())
        }
        libc::AF_INET6 if len as usize >= size_of::<libc::sockaddr_in6>() => {
            // SAFETY: as above.
            let v6 = unsafe { &*from.cast::<libc::sockaddr_in6>() };
            let ip = v6.sin6_addr.s6_addr.into();
            let port = u16::from_be(v6.sin6_port);
            let (flow, scope) = (v6.sin6_flowinfo, v6.sin6_scope_id);
            Some(std::net::SocketAddrV6::new(ip, port, flow, scope).into())
        }
        _ => None,
    }
}

/// Which of our addresses a received header says was asked.
fn asked_address(header: &msghdr) -> To {
    // SAFETY: the header comes from a receiving call, so its control pointer and length are those of a
    // slot's control buffer, of which the kernel has written so much; the macros walk within it.
    let mut control = unsafe { libc::CMSG_FIRSTHDR(header) };
    // SAFETY: a pointer that is not null leads to a whole control header within the buffer, which is
    // aligned for it.
    while let Some(head) = unsafe { control.as_ref() } {
        // SAFETY: as for the first one; the data stands behind its header.
        let data = unsafe { libc::CMSG_DATA(control) };
        match (head.cmsg_level, head.cmsg_type) {
            (libc::IPPROTO_IP, libc::IP_PKTINFO) if holds::<libc::in_pktinfo>(head) => {
                // SAFETY: that many octets are there; they need no alignment, and any are a value.
                return To::V4(unsafe { data.cast::<libc::in_pktinfo>().read_unaligned() });
            }
            (libc::IPPROTO_IPV6, libc::IPV6_PKTINFO) if holds::<libc::in6_pktinfo>(head) => {
                // SAFETY: as above.
                return To::V6(unsafe { data.cast::<libc::in6_pktinfo>().read_unaligned() });
            }
            // SAFETY: both pointers are into the same control buffer.
            _ => control = unsafe { libc::CMSG_NXTHDR(header, control) },
        }
    }
    To::Socket
}

/// Whether the data behind a control header is long enough for a `T`.
fn holds<T>(head: &libc::cmsghdr) -> bool {
    // SAFETY: pure arithmetic.
    let len = unsafe { libc::CMSG_LEN(size_of::<T>() as c_uint) };
    head.cmsg_len >= len as _
}

/// Writes the address that was asked as the source of the answer. Says how many octets that takes.
fn set_source(control: &mut [u64; CONTROL_WORDS], to: &To) -> usize {
    match to {
        To::Socket => 0,
        To::V4(info) => write_control(control, libc::IPPROTO_IP, libc::IP_PKTINFO, to_source(info)),
        To::V6(info) => write_control(control, libc::IPPROTO_IPV6, libc::IPV6_PKTINFO, *info),
    }
}

fn write_control<T: Copy>(control: &mut [u64; CONTROL_WORDS], level: i32, kind: i32, data: T) -> usize {
    let octets = size_of::<T>() as c_uint;
    // SAFETY: pure arithmetic.
    let (len, space) = unsafe { (libc::CMSG_LEN(octets) as usize, libc::CMSG_SPACE(octets) as usize) };
    let at = control.as_mut_ptr().cast::<c_void>();
    // What does not fit is not written, and the kernel picks the source.
    if space > size_of_val(control) {
        return 0;
    }
    // SAFETY: the buffer has room for a header and the data behind it (checked above), and is aligned for
    // the header; the data is written without regard to alignment.
    unsafe {
        let head = at.cast::<libc::cmsghdr>();
        (*head).cmsg_len = len as _;
        (*head).cmsg_level = level;
        (*head).cmsg_type = kind;
        libc::CMSG_DATA(head).cast::<T>().write_unaligned(data);
    }
    space
}

#[cfg(test)]
mod tests;
