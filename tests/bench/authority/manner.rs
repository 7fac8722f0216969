//! How a server behaves that is not simply honest: each manner says where in an exchange it steps in.

use std::net::IpAddr;
use std::time::Duration;

use super::super::wire::message::Message;
use super::super::wire::name::Name;
use super::super::wire::record::Record;
use super::super::wire::types::{self, *};

/// One `SERVER` line.
#[derive(Clone, Debug)]
pub struct Manner {
    pub kind: Kind,
    /// Only for this name and below, where it is written.
    pub name: Option<Name>,
    pub rtype: Option<u16>,
    /// Only so often, then no more.
    pub times: Option<usize>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Nothing listens: packets come back as unreachable.
    Closed,
    /// Listens and says nothing.
    Silent,
    /// Nothing over UDP only.
    SilentOverUdp,
    /// No listener for TCP.
    NoTcp,
    /// Closes a TCP connection after one answer, or says nothing in it.
    TcpCloses,
    TcpMute,
    Reply(u8),
    /// NOERROR and nothing else.
    Lame,
    /// Refers to this zone, whatever is asked.
    RefersTo(Name),
    NoEdns(NoEdns),
    /// Over UDP with TC and nothing else.
    Truncates,
    /// Over UDP with TC and the first record.
    TruncatesInPart,
    Slow(Duration),
    /// Answers over UDP that are larger get lost on the way.
    Loses(usize),
    NoAa,
    WrongId,
    WrongQuestion,
    NoQuestion,
    NoQuestionOverTcp,
    /// The last octet of every signature is another.
    Corrupts,
    /// Every signature expires before its inception.
    Inverts,
    /// Gives the question back in lower case, or in the other case.
    LowersCase,
    FlipsCase,
    NotAResponse,
    Garbage,
    HeaderOnly,
    /// NXDOMAIN for names that have no records but names below.
    DeniesEnts,
    /// Knows no DNSSEC: neither signatures nor proofs, whatever is asked.
    IgnoresDo,
    /// Without the SOA in negative answers.
    NoSoa,
    /// As many forged answers first, with wrong ids, all leading to the address.
    Storm(usize, IpAddr),
    /// Forged answers first: from another port, another address, with another id, question or class.
    Strays(IpAddr),
    /// Each answer twice.
    Doubles,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoEdns {
    Reply(u8),
    Drops,
    /// Answers as if there were none.
    Ignores,
    /// FORMERR with the header only.
    HeaderOnly,
}

impl Manner {
    /// Reads `silent`, `says REFUSED for x.example. A times 2`, …
    pub fn parse(words: &[String]) -> Self {
        let at = |word: &str| words.iter().position(|known| known == word);
        let end = [at("for"), at("times")].into_iter().flatten().min().unwrap_or(words.len());
        let conditions = at("for").map_or(&[][..], |at| &words[at + 1..]);
        let conditions = conditions.split(|word| word == "times").next().unwrap();
        Self {
            kind: Kind::parse(&words[..end]),
            name: conditions.iter().find(|word| word.ends_with('.')).map(|word| Name::absolute(word)),
            rtype: conditions.iter().find_map(|word| types::rtype(word)),
            times: at("times").map(|at| words[at + 1].parse().unwrap()),
        }
    }

    pub fn fits(&self, name: &Name, rtype: u16) -> bool {
        self.name.as_ref().is_none_or(|within| name.is_in(within))
            && self.rtype.is_none_or(|only| only == rtype)
    }
}

impl Kind {
    fn parse(words: &[String]) -> Self {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let code = |text: &str| types::rcode(text).unwrap_or_else(|| panic!("no rcode `{text}`"));
        match words[..] {
            ["closed"] => Self::Closed,
            ["silent"] => Self::Silent,
            ["silent", "udp"] => Self::SilentOverUdp,
            ["tcp-closes"] => Self::TcpCloses,
            ["tcp-mute"] => Self::TcpMute,
            ["no-tcp"] => Self::NoTcp,
            ["says", rcode] => Self::Reply(code(rcode)),
            ["lame"] => Self::Lame,
            ["refers-to", apex] => Self::RefersTo(Name::absolute(apex)),
            ["no-edns", "drops"] => Self::NoEdns(NoEdns::Drops),
            ["no-edns", "ignores"] => Self::NoEdns(NoEdns::Ignores),
            ["no-edns", "header"] => Self::NoEdns(NoEdns::HeaderOnly),
            ["no-edns", "BADVERS"] => Self::NoEdns(NoEdns::Reply(16)),
            ["no-edns", rcode] => Self::NoEdns(NoEdns::Reply(code(rcode))),
            ["truncates"] => Self::Truncates,
            ["truncates", "in-part"] => Self::TruncatesInPart,
            ["slow", ms] => Self::Slow(Duration::from_millis(ms.trim_end_matches("ms").parse().unwrap())),
            ["loses", size] => Self::Loses(size.parse().unwrap()),
            ["no-aa"] => Self::NoAa,
            ["wrong-id"] => Self::WrongId,
            ["wrong-question"] => Self::WrongQuestion,
            ["no-question"] => Self::NoQuestion,
            ["no-question", "tcp"] => Self::NoQuestionOverTcp,
            ["corrupts"] => Self::Corrupts,
            ["inverts"] => Self::Inverts,
            ["lowers-case"] => Self::LowersCase,
            ["flips-case"] => Self::FlipsCase,
            ["not-a-response"] => Self::NotAResponse,
            ["garbage"] => Self::Garbage,
            ["header-only"] => Self::HeaderOnly,
            ["denies-ents"] => Self::DeniesEnts,
            ["ignores-do"] => Self::IgnoresDo,
            ["no-soa"] => Self::NoSoa,
            ["storm", count, address] => Self::Storm(count.parse().unwrap(), address.parse().unwrap()),
            ["strays", address] => Self::Strays(address.parse().unwrap()),
            ["doubles"] => Self::Doubles,
            _ => panic!("no manner `{}`", words.join(" ")),
        }
    }

    /// What it makes of a query before the zones are asked: `Some(None)` is silence.
    pub fn instead(&self, query: &Message, tcp: bool) -> Option<Option<Message>> {
        let said = |rcode: u8| Message { rcode, ..Message::reply(query) };
        Some(match self {
            Self::Silent => None,
            Self::SilentOverUdp if !tcp => None,
            Self::TcpMute if tcp => None,
            Self::Reply(rcode) => Some(said(*rcode)),
            Self::Lame => Some(said(0)),
            Self::RefersTo(apex) => {
                let ns = Record::new(apex.clone(), NS, Name::absolute("ns.nowhere.").wire());
                Some(Message { authority: vec![ns], ..said(0) })
            }
            Self::NoEdns(how) if query.edns.is_some() => match how {
                NoEdns::Drops => None,
                NoEdns::Ignores => return None,
                // BADVERS is said in EDNS (RFC 6891 §9); the others know nothing of it.
                NoEdns::Reply(16) => Some(said(16)),
                NoEdns::Reply(rcode) => Some(Message { edns: None, ..said(*rcode) }),
                NoEdns::HeaderOnly => Some(Message { edns: None, question: None, ..said(1) }),
            },
            Self::Truncates if !tcp => {
                let mut reply = said(0);
                reply.flags.truncated = true;
                Some(reply)
            }
            _ => return None,
        })
    }

    /// What it changes in an honest answer.
    pub fn change(&self, reply: &mut Message, tcp: bool, is_between: bool) {
        match self {
            Self::NoEdns(NoEdns::Ignores) => reply.edns = None,
            Self::TruncatesInPart if !tcp => {
                reply.flags.truncated = true;
                reply.answer.truncate(1);
                reply.authority.clear();
                reply.additional.clear();
            }
            Self::NoAa => reply.flags.authoritative = false,
            Self::WrongId => reply.id ^= 0x5555,
            Self::WrongQuestion => reply.question = Some((Name::absolute("other.example."), A)),
            Self::NoQuestion => reply.question = None,
            Self::NoQuestionOverTcp if tcp => reply.question = None,
            Self::Corrupts => for_signatures(reply, |rrsig| *rrsig.last_mut().unwrap() ^= 1),
            // Expiration and inception change places (RFC 4034 §3.1).
            Self::Inverts => for_signatures(reply, |rrsig| rrsig[8..16].rotate_left(4)),
            Self::LowersCase => recase(reply, |octet| octet.to_ascii_lowercase()),
            Self::FlipsCase => {
                recase(reply, |octet| if octet.is_ascii_alphabetic() { octet ^ 0x20 } else { octet })
            }
            Self::NotAResponse => reply.flags.response = false,
            Self::DeniesEnts if is_between => reply.rcode = 3,
            Self::NoSoa => reply.authority.retain(|record| record.rtype != SOA),
            _ => {}
        }
    }
}

fn for_signatures(reply: &mut Message, change: impl Fn(&mut Vec<u8>)) {
    let sections = [&mut reply.answer, &mut reply.authority, &mut reply.additional];
    let records = sections.into_iter().flatten();
    records.filter(|record| record.covered().is_some()).for_each(|record| change(&mut record.data));
}

fn recase(reply: &mut Message, change: impl Fn(u8) -> u8) {
    if let Some((name, _)) = &mut reply.question {
        let labels = name.labels().iter().map(|label| label.iter().map(|octet| change(*octet)).collect());
        *name = Name::of_labels(labels.collect());
    }
}
