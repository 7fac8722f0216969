//! NOTIFY (RFC 1996): a primary says that its zone has changed.
//!
//! It is believed from the addresses of the zone's primaries only, and where a key is configured only if it
//! is signed with it. What it says of the serial is not believed at all: it makes us look.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::tsig::{self, Key};
use crate::dns::header::{Flags, Header, NOTIFY};
use crate::dns::message::records;
use crate::dns::name::{HEADER, NameBuf, OwnedName};
use crate::dns::rcode::Rcode;
use crate::dns::rdata::CLASS_IN;
use crate::dns::rrtype::RrType;

/// Whose announcements count for one zone.
#[derive(Clone, Debug)]
pub struct Listener {
    /// The zone.
    pub zone: OwnedName,
    /// Its primaries.
    pub primaries: Vec<IpAddr>,
    /// The key that they sign with.
    pub key: Option<Arc<Key>>,
    /// Rung when the zone has changed.
    pub bell: Arc<Bell>,
}

/// Says that somebody is to look, and wakes whoever does.
#[derive(Debug, Default)]
pub struct Bell {
    rung: AtomicBool,
    wake: Arc<tokio::sync::Notify>,
}

impl Bell {
    /// A bell that wakes whoever waits for `wake`.
    pub fn new(wake: Arc<tokio::sync::Notify>) -> Self {
        Self { rung: AtomicBool::new(false), wake }
    }

    /// Rings.
    pub fn ring(&self) {
        self.rung.store(true, Ordering::Release);
        self.wake.notify_one();
    }

    /// Whether it rang.
    pub fn has_rung(&self) -> bool {
        self.rung.load(Ordering::Acquire)
    }

    /// Lets it ring anew.
    pub fn reset(&self) {
        self.rung.store(false, Ordering::Release);
    }
}

/// Whether a packet is a request with this opcode.
pub fn is_notify(packet: &[u8]) -> bool {
    Header::read(packet).is_some_and(|Header { flags, .. }| !flags.has(Flags::QR) && flags.opcode() == NOTIFY)
}

/// Takes an announcement from `from` and writes the answer. `false`: it is nobody's that we listen to.
pub fn take(listeners: &[Listener], packet: &[u8], from: IpAddr, now: u64, out: &mut Vec<u8>) -> bool {
    let Ok((question_end, _)) = records(packet) else { return false };
    let mut name = NameBuf::new();
    if name.fill_from_wire(&packet[HEADER..]).is_err()
        || packet[question_end - 4..question_end]
            != [RrType::SOA.to_be_bytes(), CLASS_IN.to_be_bytes()].concat()
        || !listeners.iter().any(|listener| listener.primaries.contains(&from))
    {
        return false;
    }
    let of_zone =
        |listener: &&Listener| listener.zone.as_name() == name.name() && listener.primaries.contains(&from);
    out.clear();
    out.extend_from_slice(&packet[..question_end]);
    let asked = Flags::of(packet);
    let flags = Flags::QR | Flags::AA | asked.only_opcode() | asked.only(Flags::TC | Flags::RD);
    flags.put(out);
    out[6..HEADER].fill(0);
    let Some(listener) = listeners.iter().find(of_zone) else {
        flags.with_rcode(Rcode::NOT_AUTH).put(out);
        return true;
    };
    if let Some(key) = &listener.key {
        match tsig::check_request(key, packet, now) {
            Ok(mac) => {
                tsig::sign(key, out, Some(&mac), now);
            }
            Err(_) => {
                flags.with_rcode(Rcode::NOT_AUTH).put(out);
                return true;
            }
        }
    }
    listener.bell.ring();
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NOW: u64 = 1_700_000_000;
    const PRIMARY: &str = "192.0.2.1";

    fn listener(key: Option<Arc<Key>>) -> Listener {
        Listener {
            zone: OwnedName::parse("rpz.test").unwrap(),
            primaries: vec![PRIMARY.parse().unwrap()],
            key,
            bell: Arc::default(),
        }
    }

    fn notify(zone: &[u8]) -> Vec<u8> {
        [&[0x12, 0x34, 0x24, 0, 0, 1, 0, 0, 0, 0, 0, 0][..], zone, b"\x00\x06\x00\x01"].concat()
    }

    /// The answer's RCODE, and whether the bell rang.
    fn taken(listener: Listener, packet: &[u8], from: &str) -> (Option<Rcode>, bool) {
        let bell = listener.bell.clone();
        let mut out = Vec::new();
        let answered = take(&[listener], packet, from.parse().unwrap(), NOW, &mut out);
        (answered.then(|| Flags::of(&out).rcode()), bell.has_rung())
    }

    #[test]
    fn a_primary_is_heard_and_nobody_else() {
        let ours = notify(b"\x03RPZ\x04test\x00");
        assert!(is_notify(&ours));
        assert_eq!(taken(listener(None), &ours, PRIMARY), (Some(Rcode::NO_ERROR), true));
        assert_eq!(taken(listener(None), &ours, "192.0.2.2"), (None, false));
        assert_eq!(taken(listener(None), &notify(b"\x05other\x00"), PRIMARY), (Some(Rcode::NOT_AUTH), false));
    }

    #[test]
    fn where_there_is_a_key_only_a_signed_announcement_counts_and_the_answer_is_signed() {
        let key = Arc::new(Key::new(OwnedName::parse("k").unwrap(), "hmac-sha256", b"secret").unwrap());
        let other = Key::new(OwnedName::parse("k").unwrap(), "hmac-sha256", b"other").unwrap();
        let bare = notify(b"\x03rpz\x04test\x00");
        assert_eq!(taken(listener(Some(key.clone())), &bare, PRIMARY), (Some(Rcode::NOT_AUTH), false));
        for (with, told) in [(&*key, (Some(Rcode::NO_ERROR), true)), (&other, (Some(Rcode::NOT_AUTH), false))]
        {
            let mut signed = bare.clone();
            tsig::sign(with, &mut signed, None, NOW);
            assert_eq!(taken(listener(Some(key.clone())), &signed, PRIMARY), told);
        }
    }

    proptest! {
        #[test]
        fn no_octets_make_it_panic(packet in prop::collection::vec(any::<u8>(), 0..80)) {
            let _ = is_notify(&packet);
            let _ = taken(listener(None), &packet, PRIMARY);
        }
    }
}
