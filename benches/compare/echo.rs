//! The floor: a server that sends back what it gets, in batches. What the kernel takes for a question
//! and its answer, and no resolver can do without.

use std::collections::HashMap;
use std::io::{IoSlice, IoSliceMut, Read, Write};
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::os::fd::AsRawFd;

use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use nix::sys::socket::{MsgFlags, MultiHeaders, SockaddrIn, recvmmsg, sendmmsg};

/// Datagrams a system call.
const BATCH: usize = 32;

/// Answers for ever; its parent ends it.
pub fn serve(address: SocketAddr) -> ! {
    let socket = UdpSocket::bind(address).expect("a free address");
    let listener = TcpListener::bind(address).expect("a free address");
    std::thread::spawn(move || serve_streams(&listener));
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

/// The same over connections: one look at which have something, one read and one write each.
fn serve_streams(listener: &TcpListener) {
    let epoll = Epoll::new(EpollCreateFlags::empty()).expect("an epoll");
    let mut streams = HashMap::new();
    let listening = u64::MAX;
    epoll.add(listener, EpollEvent::new(EpollFlags::EPOLLIN, listening)).expect("room in it");
    let mut events = [EpollEvent::empty(); 64];
    let mut buffer = [0u8; 16 * 1024];
    loop {
        let Ok(count) = epoll.wait(&mut events, EpollTimeout::NONE) else { continue };
        for event in &events[..count] {
            if event.data() == listening {
                let Ok((stream, _)) = listener.accept() else { continue };
                let _ = stream.set_nodelay(true);
                let number = stream.as_raw_fd() as u64;
                epoll.add(&stream, EpollEvent::new(EpollFlags::EPOLLIN, number)).expect("room in it");
                streams.insert(number, stream);
                continue;
            }
            let Some(stream) = streams.get_mut(&event.data()) else { continue };
            match stream.read(&mut buffer) {
                Ok(len) if len > 0 && stream.write_all(&buffer[..len]).is_ok() => {}
                _ => drop(streams.remove(&event.data())),
            }
        }
    }
}
