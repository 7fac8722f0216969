//! Answers that tasks brought, sent together.

use std::mem::zeroed;

use nix::libc::{c_void, iovec, mmsghdr};
use nix::sys::socket::{SockaddrLike, SockaddrStorage};

use super::{BATCH, Batch, CONTROL_WORDS, put_out, set_source};
use crate::sys::udp::{Path, Udp};

impl Batch {
    /// Sends `answers`, each along its path. One that cannot be sent concerns its client alone, who will ask
    /// again.
    pub fn send_answers(&mut self, socket: &Udp, answers: &[(Vec<u8>, Path)]) {
        if let [(answer, path)] = answers {
            let _ = socket.send(answer, path);
            return;
        }
        for answers in answers.chunks(BATCH) {
            self.send_some(socket, answers);
        }
    }

    /// Sends at most [`BATCH`] answers.
    fn send_some(&mut self, socket: &Udp, answers: &[(Vec<u8>, Path)]) {
        // SAFETY: plain C structures of integers and pointers, for which zeros are a value.
        let mut headers: [mmsghdr; BATCH] = unsafe { zeroed() };
        let mut parts = [iovec { iov_base: std::ptr::null_mut(), iov_len: 0 }; BATCH];
        let mut controls = [[0u64; CONTROL_WORDS]; BATCH];
        let names: Vec<SockaddrStorage> = answers.iter().map(|(_, path)| path.from.into()).collect();
        for (at, (answer, path)) in answers.iter().enumerate() {
            // The kernel reads from what it sends, whatever the type says.
            parts[at] =
                iovec { iov_base: answer.as_ptr().cast_mut().cast::<c_void>(), iov_len: answer.len() };
            let header = &mut headers[at].msg_hdr;
            header.msg_iov = &raw mut parts[at];
            header.msg_iovlen = 1;
            header.msg_name = names[at].as_ptr().cast_mut().cast();
            header.msg_namelen = names[at].len();
            let control = set_source(&mut controls[at], &path.to);
            if control > 0 {
                header.msg_control = controls[at].as_mut_ptr().cast();
                header.msg_controllen = control as _;
            }
        }
        self.put_all(socket, &mut headers[..answers.len()]);
    }

    /// Sends all that `headers` say.
    pub(super) fn put_all(&mut self, socket: &Udp, headers: &mut [mmsghdr]) {
        let mut rest = headers;
        while !rest.is_empty() {
            // The first of the rest failed if none was sent: the others go on without it.
            let sent = put_out(socket, rest, &mut self.sending).max(1);
            rest = &mut rest[sent..];
        }
    }
}
