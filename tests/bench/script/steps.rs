//! What happens in a scenario, step by step.

use std::net::IpAddr;
use std::time::Duration;

use super::super::authority::manner::Manner;
use super::super::authority::serve::Scripted;
use super::super::wire::name::Name;
use super::super::wire::record::Record;
use super::super::wire::types;
use super::{Block, Section, duration, ip, offset, scripted};

#[derive(Debug)]
pub struct Step {
    pub at: usize,
    pub kind: Kind,
}

#[derive(Debug)]
pub enum Kind {
    Ask(Ask),
    Expect(Box<Expect>),
    /// The clock moves; nobody waits.
    Pass(Duration),
    /// Somebody sets the clock: so many seconds off the right time.
    Clock(i64),
    Kill(IpAddr),
    Revive(IpAddr),
    Server(IpAddr, Manner),
    Reply(IpAddr, Scripted),
    /// New records in place of those of the same name and type.
    Change(Name, Vec<Record>),
    Forget,
    Asked(Count, Pattern),
    /// Waits until the servers were asked this.
    Await(Pattern, Duration),
    /// Queries over UDP came from at least so many ports, and with so many ids.
    Varied(usize),
    /// What no query that reached a server may carry.
    Never(String),
}

#[derive(Clone, Debug)]
pub struct Ask {
    pub name: Name,
    pub rtype: u16,
    pub options: Vec<String>,
    /// So many clients ask the same at once.
    pub clients: usize,
}

#[derive(Debug, Default)]
pub struct Expect {
    pub rcodes: Vec<u8>,
    pub words: Vec<String>,
    /// `None`: whatever.
    pub answer: Option<Vec<Record>>,
}

#[derive(Clone, Copy, Debug)]
pub struct Count {
    pub least: usize,
    pub most: usize,
}

/// Queries that reached a server; what is not said is any.
#[derive(Debug, Default)]
pub struct Pattern {
    pub server: Option<IpAddr>,
    pub name: Option<Name>,
    pub below: bool,
    pub rtype: Option<u16>,
    pub tcp: bool,
}

impl Step {
    pub fn parse(block: &Block<'_>) -> Self {
        let words = &block.words;
        let rest = &words[1..];
        let kind = match words[0].as_str() {
            "ASK" => Kind::Ask(Ask::parse(rest)),
            "EXPECT" => Kind::Expect(Box::new(Expect::parse(rest, &block.lines))),
            "PASS" => Kind::Pass(duration(&rest[0])),
            "CLOCK" => Kind::Clock(offset(&rest[0])),
            "KILL" => Kind::Kill(ip(&rest[0])),
            "REVIVE" => Kind::Revive(ip(&rest[0])),
            "SERVER" => Kind::Server(ip(&rest[0]), Manner::parse(&rest[1..])),
            "REPLY" | "ALSO" => {
                let (reply, taken) = scripted(block);
                assert!(taken.is_empty(), "line {}: FROM only before the first step", block.at);
                Kind::Reply(ip(&rest[0]), reply)
            }
            "CHANGE" => {
                let apex = Name::absolute(&rest[0]);
                let records = block.lines.iter().map(|line| Record::parse(line, &apex)).collect();
                Kind::Change(apex, records)
            }
            "FORGET" => Kind::Forget,
            "ASKED" => Kind::Asked(Count { least: 1, most: usize::MAX }, Pattern::parse(rest)),
            "NEVER-ASKED" => Kind::Asked(Count { least: 0, most: 0 }, Pattern::parse(rest)),
            "ASKED-AT-MOST" => {
                let most = rest[0].parse().expect("a number");
                Kind::Asked(Count { least: 0, most }, Pattern::parse(&rest[1..]))
            }
            "ASKED-EXACTLY" => {
                let count = rest[0].parse().expect("a number");
                Kind::Asked(Count { least: count, most: count }, Pattern::parse(&rest[1..]))
            }
            "AWAIT-ASKED" => Kind::Await(Pattern::parse(rest), Duration::from_secs(5)),
            "VARIED" => Kind::Varied(rest[0].parse().expect("a number")),
            "NEVER-SENT" => Kind::Never(rest[0].clone()),
            other => panic!("line {}: no statement {other}", block.at),
        };
        Self { at: block.at, kind }
    }
}

impl Ask {
    fn parse(words: &[String]) -> Self {
        let clients = words.iter().find_map(|word| word.strip_prefix('x')?.parse().ok()).unwrap_or(1);
        Self {
            name: Name::absolute(&words[0]),
            rtype: types::rtype(&words[1]).expect("a type"),
            options: words[2..].iter().filter(|word| !word.starts_with('x')).cloned().collect(),
            clients,
        }
    }

    pub fn has(&self, option: &str) -> bool {
        self.options.iter().any(|word| word == option)
    }
}

impl Expect {
    fn parse(words: &[String], lines: &[&str]) -> Self {
        let rcode = |text: &str| types::rcode(text).unwrap_or_else(|| panic!("no rcode `{text}`"));
        let answer: Vec<Record> = lines.iter().map(|line| Record::parse(line, &Name::root())).collect();
        let whatever = words.iter().any(|word| word == "any" || word.starts_with("records"));
        Self {
            rcodes: words[0].split('|').map(rcode).collect(),
            words: words[1..].to_vec(),
            answer: (!whatever).then_some(answer),
        }
    }
}

impl Pattern {
    fn parse(words: &[String]) -> Self {
        let mut pattern = Self::default();
        for word in words {
            if let Ok(server) = word.parse() {
                pattern.server = Some(server);
            } else if word == "tcp" {
                pattern.tcp = true;
            } else if word.ends_with('.') {
                pattern.below = word.starts_with("*.");
                pattern.name = Some(Name::absolute(word.strip_prefix("*.").unwrap_or(word)));
            } else if word != "*" {
                pattern.rtype = Some(types::rtype(word).unwrap_or_else(|| panic!("no type `{word}`")));
            }
        }
        pattern
    }
}

impl Section {
    /// The part of a message.
    pub fn of(self, message: &mut super::Message) -> &mut Vec<super::Record> {
        match self {
            Self::Answer => &mut message.answer,
            Self::Authority => &mut message.authority,
            Self::Additional => &mut message.additional,
        }
    }
}
