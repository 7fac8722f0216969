//! The floor: a server that sends back what it gets, in batches. What the kernel takes for a question
//! and its answer, and no resolver can do without.

use std::io::{IoSlice, IoSliceMut};
use std::net::{SocketAddr, UdpSocket};
use std::os::fd::AsRawFd;

use nix::sys::socket::{MsgFlags, MultiHeaders, SockaddrIn, recvmmsg, sendmmsg};

/// Datagrams a system call.
const BATCH: usize = 32;

/// Answers for ever; its parent ends it.
pub fn serve(address: SocketAddr) -> ! {
    let socket = UdpSocket::bind(address).expect("a free address");
    let fd = socket.as_raw_fd();
    let mut received = MultiHeaders::<SockaddrIn>::preallocate(BATCH, None);
    let mut sent = MultiHeaders::<SockaddrIn>::preallocate(BATCH, None);
    let mut buffers = [[0u8; 512]; BATCH];
    loop {
        let mut lens = [0; BATCH];
        let mut clients = [None; BATCH];
        let mut count = 0;
        {
            let mut slices = buffers.each_mut().map(|buffer| [IoSliceMut::new(buffer)]);
            let wait = MsgFlags::MSG_WAITFORONE;
            let Ok(messages) = recvmmsg(fd, &mut received, slices.iter_mut(), wait, None) else { continue };
            for message in messages {
                (lens[count], clients[count]) = (message.bytes, message.address);
                count += 1;
            }
        }
        for buffer in &mut buffers[..count] {
            // The bit that makes it an answer.
            buffer[2] |= 0x80;
        }
        let slices: [_; BATCH] = std::array::from_fn(|at| [IoSlice::new(&buffers[at][..lens[at]])]);
        // A client that went away is no reason to stop.
        let _ = sendmmsg(fd, &mut sent, &slices[..count], &clients[..count], [], MsgFlags::empty());
    }
}
