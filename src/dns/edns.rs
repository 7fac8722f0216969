//! The OPT pseudo-record (RFC 6891) as clients send it.

use std::time::Duration;

/// UDP payload that we offer and, whatever a client says, never exceed (DNS flag day 2020).
pub const PAYLOAD: u16 = 1232;
/// The least UDP payload that a client can mean (RFC 6891 §6.2.3).
pub const PAYLOAD_MIN: u16 = 512;
/// Option code of edns-tcp-keepalive (RFC 7828).
pub const OPTION_KEEPALIVE: u16 = 11;
/// Option code of Extended DNS Errors (RFC 8914).
pub const OPTION_EDE: u16 = 15;

/// What a query's OPT record says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edns {
    /// The client's UDP payload in octets, clamped to [`PAYLOAD_MIN`]..=[`PAYLOAD`].
    pub payload: u16,
    /// EDNS version; only 0 is answered, others get BADVERS.
    pub version: u8,
    /// DNSSEC OK.
    pub dnssec_ok: bool,
    /// The client asks for structured errors: an empty EDE option in the query
    /// (the older shape of draft-ietf-dnsop-structured-dns-error).
    pub wants_structured_error: bool,
    /// Whether the client asks how long its connection may be idle. Means nothing over UDP.
    pub keepalive: Keepalive,
}

/// The option edns-tcp-keepalive of a query (RFC 7828 §3.2.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Keepalive {
    /// There is none.
    #[default]
    NotAsked,
    /// An empty one: the client asks.
    Asked,
    /// One with a time in it, which is the server's to say: FORMERR over a stream.
    Malformed,
}

/// How long a connection may be idle, as edns-tcp-keepalive tells it: in units of 100 ms, at most 6,553.5 s
/// (RFC 7828 §3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IdleTime(u16);

impl IdleTime {
    /// Milliseconds of a unit.
    const UNIT_MS: u128 = 100;

    /// The time in units, rounded down: the client is to close before the server does.
    pub fn of(time: Duration) -> Self {
        Self(u16::try_from(time.as_millis() / Self::UNIT_MS).unwrap_or(u16::MAX))
    }

    /// The units of 100 ms, as TIMEOUT has them.
    pub fn units(self) -> u16 {
        self.0
    }
}

impl Edns {
    /// Reads CLASS, TTL and RDATA of an OPT record. Unknown options are ignored.
    ///
    /// Returns `None` where the options do not fill the RDATA exactly: that is FORMERR.
    pub fn read(class: u16, ttl: u32, rdata: &[u8]) -> Option<Self> {
        let (mut wants_structured_error, mut keepalive) = (false, Keepalive::NotAsked);
        for option in options(rdata) {
            match option? {
                (OPTION_EDE, []) => wants_structured_error = true,
                (OPTION_KEEPALIVE, []) if keepalive == Keepalive::NotAsked => keepalive = Keepalive::Asked,
                (OPTION_KEEPALIVE, [_, ..]) => keepalive = Keepalive::Malformed,
                _ => {}
            }
        }
        Some(Self {
            payload: class.clamp(PAYLOAD_MIN, PAYLOAD),
            version: (ttl >> 16) as u8,
            dnssec_ok: ttl & 0x8000 != 0,
            wants_structured_error,
            keepalive,
        })
    }
}

/// The options of an OPT record; an item is `None` once where the octets end within an option.
pub fn options(mut rdata: &[u8]) -> impl Iterator<Item = Option<(u16, &[u8])>> {
    std::iter::from_fn(move || {
        if rdata.is_empty() {
            return None;
        }
        let option = (|| {
            let (head, rest) = rdata.split_at_checked(4)?;
            let code = u16::from_be_bytes([head[0], head[1]]);
            let len = u16::from_be_bytes([head[2], head[3]]) as usize;
            let (data, rest) = rest.split_at_checked(len)?;
            Some((code, data, rest))
        })();
        Some(match option {
            Some((code, data, rest)) => {
                rdata = rest;
                Some((code, data))
            }
            None => {
                rdata = &[];
                None
            }
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_asks_for_the_idle_time_does_so_with_an_empty_option() {
        for (rdata, keepalive) in [
            (&b""[..], Keepalive::NotAsked),
            (b"\0\x0b\0\0", Keepalive::Asked),
            (b"\xff\0\0\0\0\x0b\0\0\0\x0b\0\0", Keepalive::Asked),
            (b"\0\x0b\0\x02\0\x64", Keepalive::Malformed),
            (b"\0\x0b\0\x01\0\0\x0b\0\0", Keepalive::Malformed),
        ] {
            assert_eq!(Edns::read(1232, 0, rdata).unwrap().keepalive, keepalive, "{rdata:?}");
        }
    }

    #[test]
    fn idle_times_are_told_in_tenths_of_a_second_and_never_longer_than_they_are() {
        for (ms, units) in [(0, 0), (99, 0), (100, 1), (2_550, 25), (10_000, 100), (86_400_000, u16::MAX)] {
            assert_eq!(IdleTime::of(Duration::from_millis(ms)).units(), units, "{ms} ms");
        }
    }
}
