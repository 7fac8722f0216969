//! The short way beside the long one: a worker with a packet cache and one without give the same octets and
//! count the same, whatever comes, however often, and however much later.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use lachan::dns::name::HEADER;
use lachan::journal::count::Tally;
use lachan::query::client::{Client, Transport};
use lachan::query::counters::Counters;
use lachan::query::{Moment, Outcome, Responder, WorkerState};

/// One worker of each sort, at one responder.
pub struct Pair {
    responder: &'static Responder,
    long: (WorkerState, Arc<Counters>),
    short: (WorkerState, Arc<Counters>),
}

impl Pair {
    /// Both count blocked attempts in `tally`.
    pub fn new(responder: &'static Responder, tally: &Arc<Tally>) -> Self {
        let worker = || {
            let counters = responder.counters().for_worker();
            (WorkerState::new(tally.clone(), counters.clone()), counters)
        };
        let (long, short) = (worker(), worker());
        Self { responder, long, short: (short.0.with_packets(), short.1) }
    }

    /// The packet by clients of all groups and by a stranger: often enough to be kept, in another case and
    /// with another id each time, and `later` seconds from now.
    pub fn hold(&mut self, packet: &[u8], later: u64) {
        let mut moment = self.responder.moment();
        for time in 0..5 {
            let mut packet = packet.to_vec();
            if time > 0 {
                shout(&mut packet, time);
            }
            if time == 3 {
                moment.now += later;
            }
            for client in [[127, 0, 0, 1], [127, 0, 0, 2], [127, 0, 0, 3], [127, 0, 0, 9], [192, 0, 2, 1]] {
                let client = Client::new(SocketAddr::from((Ipv4Addr::from(client), 53)), Transport::Udp);
                self.hold_one(&moment, &packet, client);
            }
        }
    }

    fn hold_one(&mut self, moment: &Moment, packet: &[u8], client: Client) {
        let (mut long, mut short) = (Vec::new(), b"what stood there before".to_vec());
        let by_long = self.responder.answer(moment, &mut self.long.0, packet, client, &mut long);
        let by_short = self.responder.answer(moment, &mut self.short.0, packet, client, &mut short);
        match (by_long, by_short) {
            (Outcome::Ready, Outcome::Ready) => assert_eq!(short, long, "{} asks", client.address),
            (Outcome::Silent, Outcome::Silent) | (Outcome::Pending(_), Outcome::Pending(_)) => {}
            _ => panic!("the two ways part for {}", client.address),
        }
        let [long, short] = [&self.long.1, &self.short.1].map(|it| {
            [&it.queries, &it.blocked, &it.cached, &it.refused, &it.malformed]
                .map(|counter| counter.load(Ordering::Relaxed))
        });
        assert_eq!(short, long, "queries, blocked, cached, refused, malformed");
    }
}

/// Gives the packet another id, and some letters of its first name another case.
fn shout(packet: &mut [u8], time: u8) {
    if let Some(id) = packet.get_mut(..2) {
        id.copy_from_slice(&[time, !time]);
    }
    let mut at = HEADER;
    while let Some(len) = packet.get(at).map(|len| usize::from(*len)).filter(|len| (1..64).contains(len)) {
        let Some(label) = packet.get_mut(at + 1..at + 1 + len) else { return };
        for octet in label.iter_mut().skip(usize::from(time) % 2).step_by(usize::from(time)) {
            *octet ^= if octet.is_ascii_alphabetic() { 0x20 } else { 0 };
        }
        at += len + 1;
    }
}
