//! Zone transfer without sockets: octets of a primary in, a zone or its changes out (RFC 5936, RFC 1995).
//!
//! [`Transfer`] is fed one message after the other, as they come over TCP, and says when it is over. Time is
//! an argument. Whatever does not fit ends it: a zone is taken whole or not at all.
// Inside: `tsig` believes or refuses, `ask` writes questions, `notify` reads what a primary announces,
// `timers` says when to look again.

pub mod ask;
pub mod notify;
pub mod timers;
pub mod tsig;

use std::sync::Arc;

use super::content::{Content, Record, Soa, is_newer, misplaced, relative};
use crate::dns::header::Flags;
use crate::dns::message::{MessageError, RecordAt, Section, records_of_transfer};
use crate::dns::name::{NameBuf, OwnedName};
use crate::dns::rcode::Rcode;
use crate::dns::rdata::CLASS_IN;
use crate::dns::rrset::written_out;
use crate::dns::rrtype::RrType;
use crate::i18n::{Message, msg};
use tsig::{Chain, Key};

/// Records of one transfer: what 2 GiB of memory hold.
const RECORDS_MAX: usize = 16_000_000;

/// Why a transfer came to nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failed {
    /// The response is not a message.
    Malformed(MessageError),
    /// The response is not one to our question.
    Mismatch,
    /// The server says no.
    Rcode(Rcode),
    /// The response is not believed.
    Tsig(tsig::Refused),
    /// The response does not begin with a SOA.
    NoSoa,
    /// The records are in no order that a transfer has.
    Order,
    /// The changes are to another state of the zone than ours.
    OutOfStep,
    /// More than `RECORDS_MAX` records.
    TooLong,
}

impl Failed {
    /// As people are told.
    pub fn message(&self) -> Message {
        match self {
            Self::Malformed(_) => msg!("transfer-malformed"),
            Self::Mismatch => msg!("transfer-mismatch"),
            Self::Rcode(Rcode::REFUSED) => msg!("transfer-refused"),
            Self::Rcode(Rcode::NOT_AUTH) => msg!("transfer-not-auth"),
            Self::Rcode(other) => msg!("transfer-rcode", rcode = other.to_string()),
            Self::Tsig(why) => msg!("transfer-tsig", why = why.message()),
            Self::NoSoa => msg!("transfer-no-soa"),
            Self::Order => msg!("transfer-order"),
            Self::OutOfStep => msg!("transfer-out-of-step"),
            Self::TooLong => msg!("transfer-too-long", most = RECORDS_MAX),
        }
    }
}

impl From<MessageError> for Failed {
    fn from(error: MessageError) -> Self {
        Self::Malformed(error)
    }
}

impl From<tsig::Refused> for Failed {
    fn from(refused: tsig::Refused) -> Self {
        Self::Tsig(refused)
    }
}

/// One record of a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Owner, relative to the apex.
    pub owner: OwnedName,
    /// The record.
    pub record: Record,
}

/// From one serial to the next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Serial that it is a change of.
    pub from: u32,
    /// Records taken out, the old SOA not among them.
    pub removed: Vec<Line>,
    /// Records put in, the new SOA first.
    pub added: Vec<Line>,
}

/// What a transfer brought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// What we have is the newest.
    Current,
    /// The whole zone.
    Whole(Content),
    /// What changed.
    Changes(Vec<Change>),
}

/// Where a transfer stands.
pub enum Step {
    /// More is to come.
    More(Transfer),
    /// It is over.
    Done(Outcome),
}

/// One transfer under way.
#[derive(Debug)]
pub struct Transfer {
    apex: OwnedName,
    id: u16,
    /// The serial that we have, where changes were asked for.
    have: Option<u32>,
    chain: Option<Chain>,
    count: usize,
    state: State,
}

/// What has come so far.
#[derive(Debug)]
enum State {
    /// Nothing.
    Asked,
    /// The SOA that the zone will have.
    Begun { soa: Line, serial: u32 },
    /// A whole zone, without its last SOA.
    Whole { content: Content, serial: u32 },
    /// Changes, in the part that takes out.
    Removing { changes: Vec<Change>, serial: u32 },
    /// Changes, in the part that puts in.
    Adding { changes: Vec<Change>, serial: u32 },
    /// All there is.
    Done(Outcome),
}

impl Transfer {
    /// Asks for a zone: the changes since serial `have`, or all of it. Returns the question to send. `now`
    /// in Unix seconds.
    pub fn start(
        apex: OwnedName,
        id: u16,
        have: Option<u32>,
        key: Option<Arc<Key>>,
        now: u64,
    ) -> (Self, Vec<u8>) {
        let mut question = match have {
            Some(serial) => ask::ixfr(id, apex.as_name(), serial),
            None => ask::axfr(id, apex.as_name()),
        };
        let chain = key.map(|key| {
            let mac = tsig::sign(&key, &mut question, None, now);
            Chain::new(key, mac)
        });
        (Self { apex, id, have, chain, count: 0, state: State::Asked }, question)
    }

    /// Takes the next message of the answer.
    ///
    /// # Errors
    /// Why nothing will come of it.
    pub fn received(mut self, message: &[u8], now: u64) -> Result<Step, Failed> {
        let (_, found) = records_of_transfer(message)?;
        if message[..2] != self.id.to_be_bytes() || !Flags::of(message).is_response() {
            return Err(Failed::Mismatch);
        }
        let rcode = Flags::of(message).rcode();
        if let Some(chain) = &mut self.chain {
            match chain.received(message, now) {
                // Who refuses need not know our key.
                Err(tsig::Refused::Unsigned) if rcode != Rcode::NO_ERROR => return Err(Failed::Rcode(rcode)),
                believed => believed?,
            }
        }
        if rcode != Rcode::NO_ERROR {
            return Err(Failed::Rcode(rcode));
        }
        for record in found.iter().filter(|record| record.section == Section::Answer) {
            self.count += 1;
            if self.count > RECORDS_MAX {
                return Err(Failed::TooLong);
            }
            if let Some(line) = self.line(message, record)? {
                self.state = self.state.next(line, self.have, &self.apex)?;
            }
        }
        self.state = self.state.at_the_end_of_a_message(self.have);
        match self.state {
            State::Asked => Err(Failed::NoSoa),
            State::Done(outcome) => match &self.chain {
                Some(chain) if !chain.is_closed() => Err(tsig::Refused::Unsigned.into()),
                _ => Ok(Step::Done(outcome)),
            },
            _ => Ok(Step::More(self)),
        }
    }

    /// A record of the zone; what is outside of it, or has no place in a zone, is left out.
    fn line(&self, message: &[u8], record: &RecordAt) -> Result<Option<Line>, Failed> {
        let mut name = NameBuf::new();
        name.fill_from_message(message, record.owner).map_err(MessageError::from)?;
        let owner = relative(name.name(), self.apex.as_name()).filter(|_| record.class == CLASS_IN);
        let Some(owner) = owner.filter(|owner| misplaced(owner.as_name(), record.rtype).is_none()) else {
            return Ok(None);
        };
        let mut rdata = written_out(message, record)?;
        if record.rtype == RrType::CNAME {
            // The case of a name must not make it another one.
            name.fill_from_wire(&rdata).map_err(MessageError::from)?;
            rdata = name.name().wire().into();
        }
        let ttl = if record.ttl > i32::MAX as u32 { 0 } else { record.ttl };
        Ok(Some(Line { owner, record: Record { rtype: record.rtype, ttl, rdata: rdata.into() } }))
    }
}

impl Line {
    /// The serial, of the zone's SOA.
    fn serial(&self) -> Result<Option<u32>, Failed> {
        if self.record.rtype != RrType::SOA || !self.owner.as_name().is_root() {
            return Ok(None);
        }
        Soa::read(&self.record.rdata).map(|soa| Some(soa.serial)).ok_or(Failed::Order)
    }

    fn put_into(&self, content: &mut Content) {
        content.add(self.owner.as_name(), self.record.rtype, self.record.ttl, &self.record.rdata);
    }
}

impl State {
    fn next(self, line: Line, have: Option<u32>, apex: &OwnedName) -> Result<Self, Failed> {
        let soa = line.serial()?;
        match (self, soa) {
            (State::Asked, Some(serial)) => match have {
                Some(have) if !is_newer(serial, have) => Ok(State::Done(Outcome::Current)),
                _ => Ok(State::Begun { soa: line, serial }),
            },
            (State::Asked, None) => Err(Failed::NoSoa),
            // The old SOA after the new one: changes follow (RFC 1995 §4).
            (State::Begun { serial, .. }, Some(from)) if have == Some(from) => {
                Ok(State::Removing { changes: vec![Change::of(from)], serial })
            }
            (State::Begun { soa, serial }, _) => {
                let mut content = Content::new(apex.clone());
                soa.put_into(&mut content);
                State::Whole { content, serial }.next(line, have, apex)
            }
            (State::Whole { content, serial }, Some(last)) => match last == serial {
                true => Ok(State::Done(Outcome::Whole(content))),
                false => Err(Failed::Order),
            },
            (State::Whole { mut content, serial }, None) => {
                line.put_into(&mut content);
                Ok(State::Whole { content, serial })
            }
            (State::Removing { mut changes, serial }, Some(_)) => {
                last(&mut changes).added.push(line);
                Ok(State::Adding { changes, serial })
            }
            (State::Removing { mut changes, serial }, None) => {
                last(&mut changes).removed.push(line);
                Ok(State::Removing { changes, serial })
            }
            (State::Adding { mut changes, serial }, Some(next)) => {
                let to = last(&mut changes).added[0].serial()?;
                match (next, to) {
                    (next, Some(to)) if next != to => Err(Failed::Order),
                    (next, _) if next == serial => Ok(State::Done(Outcome::Changes(changes))),
                    (next, _) => {
                        changes.push(Change::of(next));
                        Ok(State::Removing { changes, serial })
                    }
                }
            }
            (State::Adding { mut changes, serial }, None) => {
                last(&mut changes).added.push(line);
                Ok(State::Adding { changes, serial })
            }
            // More after the end.
            (State::Done(_), _) => Err(Failed::Order),
        }
    }

    /// One message with nothing but an old SOA says that there is nothing new.
    fn at_the_end_of_a_message(self, have: Option<u32>) -> Self {
        match self {
            State::Begun { serial, .. } if have.is_some_and(|have| !is_newer(serial, have)) => {
                State::Done(Outcome::Current)
            }
            other => other,
        }
    }
}

fn last(changes: &mut [Change]) -> &mut Change {
    changes.last_mut().expect("a change is there before its records")
}

impl Change {
    fn of(from: u32) -> Self {
        Self { from, removed: Vec::new(), added: Vec::new() }
    }

    /// Applies changes one after the other.
    ///
    /// # Errors
    /// [`Failed::OutOfStep`] where one is to another state than the zone is in; the zone is then of no use.
    pub fn apply(changes: &[Self], content: &mut Content) -> Result<(), Failed> {
        for change in changes {
            if content.soa().map(|soa| soa.serial) != Some(change.from) {
                return Err(Failed::OutOfStep);
            }
            for Line { owner, record } in &change.removed {
                if !content.remove(owner.as_name(), record.rtype, &record.rdata) {
                    return Err(Failed::OutOfStep);
                }
            }
            change.added.iter().for_each(|line| line.put_into(content));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
