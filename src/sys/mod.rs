//! System calls: UDP sockets with packet info, TCP listeners, ports, memory maps and their faults, limits, the wall
//! clock, whole files, causes of errors, users. The only module where `unsafe` may stand, each block with the reason why it is sound.

pub mod batch;
pub mod cause;
pub mod clock;
pub mod fault;
pub mod interfaces;
pub mod limits;
pub mod lock;
pub mod mmap;
pub mod outgoing;
pub mod pipeline;
pub mod ports;
pub mod priority;
pub mod private;
pub mod scratch;
pub mod secret;
pub mod tcp;
pub mod udp;
pub mod user;
pub mod whole;
