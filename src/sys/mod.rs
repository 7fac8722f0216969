//! System calls: UDP sockets with packet info, TCP listeners, memory maps, limits, the wall clock, whole files. The
//! only room where `unsafe` may stand, each block with the reason why it is sound.

pub mod batch;
pub mod clock;
pub mod limits;
pub mod mmap;
pub mod outgoing;
pub mod priority;
pub mod tcp;
pub mod udp;
pub mod whole;
