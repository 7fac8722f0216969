//! Asking a zone's primaries over TCP: has it changed, and then what changed, or all of it.
//!
//! Blocking, bounded in time, for a thread that nobody waits for. The protocol is
//! [`rpz::transfer`](crate::rpz::transfer); here are only its sockets.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::dns::name::OwnedName;
use crate::i18n::{Message, msg};
use crate::rpz::content::{Content, is_newer};
use crate::rpz::transfer::tsig::{self, Chain, Key};
use crate::rpz::transfer::{Change, Failed, Outcome, Step, Transfer, ask};

/// Time for a connection, and for the server to say the next thing.
const CONNECT: Duration = Duration::from_secs(5);
const NEXT: Duration = Duration::from_secs(15);
/// Time for a whole transfer: a gigabyte over a school's line.
const WHOLE: Duration = Duration::from_secs(1800);

/// What primaries had.
#[derive(Debug)]
pub enum Brought {
    /// What we have is the newest.
    Current,
    /// A newer zone.
    New(Content, How),
}

/// How a zone came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// As a whole.
    Axfr,
    /// As changes to what was there.
    Ixfr,
}

impl How {
    /// The id, as the status shows it.
    pub fn id(self) -> &'static str {
        match self {
            How::Axfr => "axfr",
            How::Ixfr => "ixfr",
        }
    }
}

/// Why nothing came from one of them.
#[derive(Debug)]
pub enum Error {
    Io { doing: Doing, source: io::Error },
    TooSlow,
    Failed(Failed),
}

/// What was tried when the system refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doing {
    Connect,
    Ask,
    Read,
}

impl Error {
    /// As people are told.
    pub fn message(&self) -> Message {
        match self {
            Self::Io { doing: Doing::Connect, source } => msg!("primary-connect", error = source),
            Self::Io { doing: Doing::Ask, source } => msg!("primary-ask", error = source),
            Self::Io { doing: Doing::Read, source } => msg!("primary-read", error = source),
            Self::TooSlow => msg!("primary-slow", seconds = WHOLE.as_secs()),
            Self::Failed(failed) => failed.message(),
        }
    }
}

impl From<Failed> for Error {
    fn from(failed: Failed) -> Self {
        Self::Failed(failed)
    }
}

/// Whose zone is asked for, and how.
#[derive(Clone, Copy, Debug)]
pub struct Asker<'a> {
    /// The zone.
    pub apex: &'a OwnedName,
    /// What questions are signed with, and answers must be.
    pub key: Option<&'a Arc<Key>>,
    /// Unix seconds, which signatures carry.
    pub clock: fn() -> u64,
}

impl Asker<'_> {
    /// Asks the primaries in turn until one has a newer zone than `have`, of which `content` gives the records.
    ///
    /// # Errors
    /// Why each brought nothing, where none of them said that ours is the newest.
    pub fn refresh(
        self,
        primaries: &[SocketAddr],
        have: Option<u32>,
        content: impl Fn() -> Option<Content>,
    ) -> Result<Brought, Vec<(SocketAddr, Error)>> {
        let mut failures = Vec::new();
        let mut is_current = false;
        for &address in primaries {
            let asking = Asking { asker: self, address, begun: Instant::now() };
            match asking.refresh(have, &content) {
                Ok(Brought::New(content, how)) => return Ok(Brought::New(content, how)),
                Ok(Brought::Current) => is_current = true,
                Err(error) => failures.push((address, error)),
            }
        }
        if is_current { Ok(Brought::Current) } else { Err(failures) }
    }
}

struct Asking<'a> {
    asker: Asker<'a>,
    address: SocketAddr,
    begun: Instant,
}

impl Asking<'_> {
    fn refresh(&self, have: Option<u32>, content: &impl Fn() -> Option<Content>) -> Result<Brought, Error> {
        let mut stream = self.connect()?;
        let Some(have) = have else { return self.whole(&mut stream) };
        if !is_newer(self.serial(&mut stream)?, have) {
            return Ok(Brought::Current);
        }
        // What changed is worth a try; a server that cannot say it closes the connection as often as not.
        match self.changes(&mut stream, have, content) {
            Ok(brought) => Ok(brought),
            Err(Error::Failed(Failed::Tsig(refused))) => Err(Failed::Tsig(refused).into()),
            Err(_) => self.whole(&mut self.connect()?),
        }
    }

    fn now(&self) -> u64 {
        (self.asker.clock)()
    }

    fn connect(&self) -> Result<TcpStream, Error> {
        let stream = TcpStream::connect_timeout(&self.address, CONNECT)
            .map_err(|source| failed(Doing::Connect, source))?;
        let set = stream.set_read_timeout(Some(NEXT)).and_then(|()| stream.set_write_timeout(Some(NEXT)));
        set.map_err(|source| failed(Doing::Connect, source))?;
        Ok(stream)
    }

    fn serial(&self, stream: &mut TcpStream) -> Result<u32, Error> {
        let id = fresh_id();
        let mut question = ask::soa(id, self.asker.apex.as_name());
        let mac = self.asker.key.map(|key| tsig::sign(key, &mut question, None, self.now()));
        send(stream, &question)?;
        let answer = self.receive(stream)?;
        // What it refuses it need not sign.
        let serial = ask::serial(&answer, id, self.asker.apex.as_name());
        if let (Ok(_), Some(key), Some(mac)) = (&serial, self.asker.key, mac) {
            Chain::new(key.clone(), mac).received(&answer, self.now()).map_err(Failed::from)?;
        }
        Ok(serial?)
    }

    fn changes(
        &self,
        stream: &mut TcpStream,
        have: u32,
        content: &impl Fn() -> Option<Content>,
    ) -> Result<Brought, Error> {
        match self.transfer(stream, Some(have))? {
            Outcome::Current => Ok(Brought::Current),
            Outcome::Whole(content) => Ok(Brought::New(content, How::Axfr)),
            Outcome::Changes(changes) => {
                let mut content = content().ok_or(Failed::OutOfStep)?;
                Change::apply(&changes, &mut content)?;
                Ok(Brought::New(content, How::Ixfr))
            }
        }
    }

    fn whole(&self, stream: &mut TcpStream) -> Result<Brought, Error> {
        match self.transfer(stream, None)? {
            Outcome::Whole(content) => Ok(Brought::New(content, How::Axfr)),
            // Nobody who was asked for all may answer so.
            Outcome::Current | Outcome::Changes(_) => Err(Failed::Order.into()),
        }
    }

    fn transfer(&self, stream: &mut TcpStream, have: Option<u32>) -> Result<Outcome, Error> {
        let (mut transfer, question) =
            Transfer::start(self.asker.apex.clone(), fresh_id(), have, self.asker.key.cloned(), self.now());
        send(stream, &question)?;
        loop {
            match transfer.received(&self.receive(stream)?, self.now())? {
                Step::More(next) => transfer = next,
                Step::Done(outcome) => return Ok(outcome),
            }
        }
    }

    /// The next message.
    fn receive(&self, stream: &mut TcpStream) -> Result<Vec<u8>, Error> {
        if self.begun.elapsed() > WHOLE {
            return Err(Error::TooSlow);
        }
        let mut length = [0; 2];
        stream.read_exact(&mut length).map_err(|source| failed(Doing::Read, source))?;
        let mut message = vec![0; u16::from_be_bytes(length).into()];
        stream.read_exact(&mut message).map_err(|source| failed(Doing::Read, source))?;
        Ok(message)
    }
}

fn send(stream: &mut TcpStream, question: &[u8]) -> Result<(), Error> {
    let framed = [&(question.len() as u16).to_be_bytes()[..], question].concat();
    stream.write_all(&framed).map_err(|source| failed(Doing::Ask, source))
}

fn failed(doing: Doing, source: io::Error) -> Error {
    Error::Io { doing, source }
}

/// An id that nobody guesses; without randomness the connection is still nobody else's.
fn fresh_id() -> u16 {
    getrandom::u32().unwrap_or(1) as u16
}
