//! The OPT pseudo-record (RFC 6891) as clients send it.

/// UDP payload that we offer and, whatever a client says, never exceed (DNS flag day 2020).
pub const PAYLOAD: u16 = 1232;
/// The least UDP payload that a client can mean (RFC 6891 §6.2.3).
pub const PAYLOAD_MIN: u16 = 512;
/// Option code of Extended DNS Errors (RFC 8914).
pub const OPTION_EDE: u16 = 15;
/// RR type of OPT.
pub const TYPE_OPT: u16 = 41;

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
}

impl Edns {
    /// Reads CLASS, TTL and RDATA of an OPT record. Unknown options are ignored.
    ///
    /// Returns `None` where the options do not fill the RDATA exactly: that is FORMERR.
    pub fn read(class: u16, ttl: u32, rdata: &[u8]) -> Option<Self> {
        let mut wants_structured_error = false;
        for option in options(rdata) {
            let (code, data) = option?;
            wants_structured_error |= code == OPTION_EDE && data.is_empty();
        }
        Some(Self {
            payload: class.clamp(PAYLOAD_MIN, PAYLOAD),
            version: (ttl >> 16) as u8,
            dnssec_ok: ttl & 0x8000 != 0,
            wants_structured_error,
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
