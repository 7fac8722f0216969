//! Messages signed with a shared secret (TSIG, RFC 8945): ours to a primary, a primary's to us.
//!
//! A transfer is many messages with one chain of signatures: each covers the one before, and up to
//! ninety-nine between two signed ones may go without (RFC 8945 §5.3.1). What is not covered in the end is
//! not believed.

use std::fmt;

use ring::hmac;

use crate::dns::message::{RecordAt, records_of_transfer};
use crate::dns::name::{HEADER, NameBuf, OwnedName};
use crate::dns::rdata::CLASS_ANY;
use crate::dns::rrtype::RrType;
use crate::i18n::{Message, msg};

/// Seconds by which clocks may differ (RFC 8945 §10 recommends 300).
const FUDGE: u16 = 300;
/// Messages without a signature of their own between two with one.
const UNSIGNED_MAX: usize = 99;

/// Algorithms that keys may have, with the names that the wire and configs know them by.
const ALGORITHMS: [(&str, hmac::Algorithm); 4] = [
    ("hmac-sha256", hmac::HMAC_SHA256),
    ("hmac-sha384", hmac::HMAC_SHA384),
    ("hmac-sha512", hmac::HMAC_SHA512),
    ("hmac-sha1", hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY),
];

/// A key that a primary and we share.
#[derive(Clone)]
pub struct Key {
    name: OwnedName,
    algorithm: OwnedName,
    secret: Box<[u8]>,
    key: hmac::Key,
}

/// Why a message is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// It is not signed.
    Unsigned,
    /// Its signature cannot be read.
    Malformed,
    /// It is signed with another key.
    Key,
    /// Its signature is wrong.
    Signature,
    /// It was signed at another time.
    Time,
    /// The server does not know our key (BADKEY).
    ServerKey,
    /// The server finds our signature wrong (BADSIG).
    ServerSignature,
    /// The server finds our time wrong (BADTIME).
    ServerTime,
}

impl Refused {
    /// As people are told.
    pub fn message(self) -> Message {
        match self {
            Self::Unsigned => msg!("tsig-unsigned"),
            Self::Malformed => msg!("tsig-malformed"),
            Self::Key => msg!("tsig-key"),
            Self::Signature => msg!("tsig-signature"),
            Self::Time => msg!("tsig-time"),
            Self::ServerKey => msg!("tsig-server-key"),
            Self::ServerSignature => msg!("tsig-server-signature"),
            Self::ServerTime => msg!("tsig-server-time"),
        }
    }
}

impl Key {
    /// Algorithms by name.
    pub fn algorithms() -> [&'static str; 4] {
        ALGORITHMS.map(|(name, _)| name)
    }

    /// A key of that algorithm; `None` for one that is not known.
    pub fn new(name: OwnedName, algorithm: &str, secret: &[u8]) -> Option<Self> {
        let (id, known) = ALGORITHMS.iter().find(|(id, _)| *id == algorithm)?;
        Some(Self {
            name,
            algorithm: OwnedName::parse(id).ok()?,
            secret: secret.into(),
            key: hmac::Key::new(*known, secret),
        })
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && self.algorithm == other.algorithm && self.secret == other.secret
    }
}

/// The secret is in no log.
impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key").field("name", &self.name).field("algorithm", &self.algorithm).finish()
    }
}

/// What a TSIG record says.
struct Signature {
    key: OwnedName,
    algorithm: OwnedName,
    time: u64,
    fudge: u16,
    mac: Vec<u8>,
    error: u16,
    other: Vec<u8>,
    id: [u8; 2],
    /// Where the record starts.
    at: usize,
}

impl Signature {
    /// The TSIG record at the end of a message, if there is one.
    fn read(message: &[u8]) -> Result<Option<Self>, Refused> {
        let (_, found) = records_of_transfer(message).map_err(|_| Refused::Malformed)?;
        match found.split_last() {
            Some((last, rest)) if !rest.iter().any(|record| record.rtype == RrType::TSIG) => {
                match last.rtype {
                    RrType::TSIG => Self::of(message, last).map(Some).ok_or(Refused::Malformed),
                    _ => Ok(None),
                }
            }
            Some(_) => Err(Refused::Malformed),
            None => Ok(None),
        }
    }

    fn of(message: &[u8], record: &RecordAt) -> Option<Self> {
        let mut name = NameBuf::new();
        name.fill_from_message(message, record.owner).ok()?;
        let key = name.name().to_owned();
        let fixed = name.fill_from_message(message, record.rdata_at()).ok()?;
        let algorithm = name.name().to_owned();
        let rest = message.get(fixed..record.end())?;
        let (head, rest) = rest.split_first_chunk::<10>()?;
        let [t0, t1, t2, t3, t4, t5, f0, f1, m0, m1] = *head;
        let (mac, rest) = rest.split_at_checked(u16::from_be_bytes([m0, m1]).into())?;
        let (tail, other) = rest.split_first_chunk::<6>()?;
        let [i0, i1, e0, e1, o0, o1] = *tail;
        if record.class != CLASS_ANY || other.len() != usize::from(u16::from_be_bytes([o0, o1])) {
            return None;
        }
        Some(Self {
            key,
            algorithm,
            time: u64::from_be_bytes([0, 0, t0, t1, t2, t3, t4, t5]),
            fudge: u16::from_be_bytes([f0, f1]),
            mac: mac.to_vec(),
            error: u16::from_be_bytes([e0, e1]),
            other: other.to_vec(),
            id: [i0, i1],
            at: record.owner,
        })
    }

    /// The message as it was before it was signed.
    fn unsigned<'m>(&self, message: &'m [u8]) -> std::borrow::Cow<'m, [u8]> {
        let mut bare = message[..self.at].to_vec();
        bare[..2].copy_from_slice(&self.id);
        let additional = u16::from_be_bytes([bare[10], bare[11]]).wrapping_sub(1);
        bare[10..HEADER].copy_from_slice(&additional.to_be_bytes());
        bare.into()
    }

    fn times(&self) -> Vec<u8> {
        [&self.time.to_be_bytes()[2..], &self.fudge.to_be_bytes()[..]].concat()
    }

    /// What is covered besides the message (RFC 8945 §4.3.3).
    fn variables(&self) -> Vec<u8> {
        let mut octets = self.key.as_name().wire().to_vec();
        octets.extend_from_slice(&CLASS_ANY.to_be_bytes());
        octets.extend_from_slice(&[0; 4]);
        octets.extend_from_slice(self.algorithm.as_name().wire());
        octets.extend_from_slice(&self.times());
        octets.extend_from_slice(&self.error.to_be_bytes());
        octets.extend_from_slice(&(self.other.len() as u16).to_be_bytes());
        octets.extend_from_slice(&self.other);
        octets
    }

    fn write(&self, message: &mut Vec<u8>) {
        let mut rdata = self.algorithm.as_name().wire().to_vec();
        rdata.extend_from_slice(&self.times());
        rdata.extend_from_slice(&(self.mac.len() as u16).to_be_bytes());
        rdata.extend_from_slice(&self.mac);
        rdata.extend_from_slice(&self.id);
        rdata.extend_from_slice(&self.error.to_be_bytes());
        rdata.extend_from_slice(&(self.other.len() as u16).to_be_bytes());
        rdata.extend_from_slice(&self.other);
        message.extend_from_slice(self.key.as_name().wire());
        for field in [RrType::TSIG.number(), CLASS_ANY, 0, 0, rdata.len() as u16] {
            message.extend_from_slice(&field.to_be_bytes());
        }
        message.extend_from_slice(&rdata);
        let additional = u16::from_be_bytes([message[10], message[11]]) + 1;
        message[10..HEADER].copy_from_slice(&additional.to_be_bytes());
    }

    fn check_key(&self, key: &Key) -> Result<(), Refused> {
        // Errors of the server come unsigned, but for BADTIME.
        match self.error {
            16 => return Err(Refused::ServerSignature),
            17 => return Err(Refused::ServerKey),
            18 => return Err(Refused::ServerTime),
            _ => {}
        }
        if (&self.key, &self.algorithm) != (&key.name, &key.algorithm) {
            return Err(Refused::Key);
        }
        Ok(())
    }

    fn check(&self, key: &Key, covered: &[u8], now: u64) -> Result<(), Refused> {
        // Also one that was cut short is wrong: we ask for whole ones.
        hmac::verify(&key.key, covered, &self.mac).map_err(|_| Refused::Signature)?;
        if self.time.abs_diff(now) > u64::from(self.fudge) { Err(Refused::Time) } else { Ok(()) }
    }
}

/// A MAC with its length in front, as the next signature covers it.
fn prior(mac: &[u8]) -> Vec<u8> {
    [&(mac.len() as u16).to_be_bytes()[..], mac].concat()
}

/// Signs a message of ours, which answers one with `request_mac` if it is an answer. `now` in Unix seconds.
/// Returns its MAC.
pub fn sign(key: &Key, message: &mut Vec<u8>, request_mac: Option<&[u8]>, now: u64) -> Vec<u8> {
    let mut signature = Signature {
        key: key.name.clone(),
        algorithm: key.algorithm.clone(),
        time: now,
        fudge: FUDGE,
        mac: Vec::new(),
        error: 0,
        other: Vec::new(),
        id: [message[0], message[1]],
        at: message.len(),
    };
    let before = request_mac.map(prior).unwrap_or_default();
    let covered = [&before[..], message, &signature.variables()].concat();
    signature.mac = hmac::sign(&key.key, &covered).as_ref().to_vec();
    signature.write(message);
    signature.mac
}

/// Checks a request of somebody who shares `key`. Returns its MAC, which the answer's signature covers.
///
/// # Errors
/// Why it is not believed.
pub fn check_request(key: &Key, message: &[u8], now: u64) -> Result<Vec<u8>, Refused> {
    let signature = Signature::read(message)?.ok_or(Refused::Unsigned)?;
    signature.check_key(key)?;
    let covered = [&signature.unsigned(message)[..], &signature.variables()].concat();
    signature.check(key, &covered, now)?;
    Ok(signature.mac)
}

/// The chain of signatures over the answers to one request.
#[derive(Debug)]
pub struct Chain {
    key: std::sync::Arc<Key>,
    last_mac: Vec<u8>,
    is_first: bool,
    /// Messages since the last signature, which the next one covers.
    open: Vec<u8>,
    unsigned: usize,
}

impl Chain {
    /// For answers to a request that was signed with this MAC.
    pub fn new(key: std::sync::Arc<Key>, request_mac: Vec<u8>) -> Self {
        Self { key, last_mac: request_mac, is_first: true, open: Vec::new(), unsigned: 0 }
    }

    /// Takes the next answer.
    ///
    /// # Errors
    /// Why it is not believed.
    pub fn received(&mut self, message: &[u8], now: u64) -> Result<(), Refused> {
        let Some(signature) = Signature::read(message)? else {
            self.unsigned += 1;
            if self.is_first || self.unsigned > UNSIGNED_MAX {
                return Err(Refused::Unsigned);
            }
            self.open.extend_from_slice(message);
            return Ok(());
        };
        signature.check_key(&self.key)?;
        let behind = if self.is_first { signature.variables() } else { signature.times() };
        let covered =
            [&prior(&self.last_mac)[..], &self.open, &signature.unsigned(message), &behind].concat();
        signature.check(&self.key, &covered, now)?;
        self.last_mac = signature.mac;
        self.is_first = false;
        self.open.clear();
        self.unsigned = 0;
        Ok(())
    }

    /// Whether all that was taken is covered.
    pub fn is_closed(&self) -> bool {
        !self.is_first && self.unsigned == 0
    }
}

#[cfg(test)]
mod tests;
