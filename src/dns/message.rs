//! Walking a whole message: where its records stand, without copying them.

use super::name::{NameBuf, NameError};
use super::question::HEADER;

/// Section of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    Answer,
    Authority,
    Additional,
}

/// One record of a message, by its places in the octets.
#[derive(Clone, Copy, Debug)]
pub struct RecordAt {
    /// Which section it is in.
    pub section: Section,
    /// Where its owner name starts.
    pub owner: usize,
    /// Where its TYPE stands (CLASS + 2, TTL + 4, RDLENGTH + 8, RDATA + 10).
    pub fixed: usize,
    /// RR type.
    pub rtype: u16,
    /// Class (payload size for OPT).
    pub class: u16,
    /// TTL in seconds (flags for OPT).
    pub ttl: u32,
    /// Octets of RDATA.
    pub rdata_len: usize,
}

impl RecordAt {
    /// Where the TTL stands.
    pub fn ttl_at(&self) -> usize {
        self.fixed + 4
    }

    /// Where the RDATA starts.
    pub fn rdata_at(&self) -> usize {
        self.fixed + 10
    }

    /// Where the record ends.
    pub fn end(&self) -> usize {
        self.rdata_at() + self.rdata_len
    }
}

/// Why octets are not a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MessageError {
    #[error("message cut short")]
    Truncated,
    #[error("not exactly one question")]
    Questions,
    #[error(transparent)]
    Name(#[from] NameError),
}

/// Reads all records of a message with one question. Returns where the question ends, and the records
/// in order. Octets after the last record are left alone.
///
/// # Errors
/// What [`MessageError`] says.
pub fn records(message: &[u8]) -> Result<(usize, Vec<RecordAt>), MessageError> {
    if message.len() < HEADER {
        return Err(MessageError::Truncated);
    }
    let count = |at: usize| u16::from_be_bytes([message[at], message[at + 1]]) as usize;
    if count(4) != 1 {
        return Err(MessageError::Questions);
    }
    let mut name = NameBuf::new();
    let question_end = name.fill_from_message(message, HEADER)? + 4;
    let mut at = question_end;
    let total = count(6) + count(8) + count(10);
    // A record takes 11 octets at least, so the message's own length bounds what is reserved.
    let mut found = Vec::with_capacity(total.min(message.len() / 11));
    for index in 0..total {
        let section = match index {
            i if i < count(6) => Section::Answer,
            i if i < count(6) + count(8) => Section::Authority,
            _ => Section::Additional,
        };
        let fixed = name.fill_from_message(message, at)?;
        let head = message.get(fixed..fixed + 10).ok_or(MessageError::Truncated)?;
        let record = RecordAt {
            section,
            owner: at,
            fixed,
            rtype: u16::from_be_bytes([head[0], head[1]]),
            class: u16::from_be_bytes([head[2], head[3]]),
            ttl: u32::from_be_bytes([head[4], head[5], head[6], head[7]]),
            rdata_len: u16::from_be_bytes([head[8], head[9]]) as usize,
        };
        if record.end() > message.len() {
            return Err(MessageError::Truncated);
        }
        at = record.end();
        found.push(record);
    }
    if question_end > message.len() {
        return Err(MessageError::Truncated);
    }
    Ok((question_end, found))
}
