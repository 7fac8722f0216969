//! One scenario as written: the world, the settings of the resolver, and the steps. The language is told in
//! `tests/README.md`.

pub mod steps;
pub mod zones;

use std::net::IpAddr;
use std::time::Duration;

use self::steps::Step;
use self::zones::ZoneSpec;
use super::authority::manner::Manner;
use super::authority::serve::Scripted;
use super::wire::message::Message;
use super::wire::name::Name;
use super::wire::record::{Record, words};
use super::wire::types;

/// A trust anchor: the zone, and in which form it is given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnchorSpec {
    pub zone: Name,
    pub form: AnchorForm,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnchorForm {
    Dnskey,
    Ds,
    /// A DS that fits no key.
    WrongDs,
}

#[derive(Debug, Default)]
pub struct Script {
    pub zones: Vec<ZoneSpec>,
    pub manners: Vec<(IpAddr, Manner)>,
    pub replies: Vec<(IpAddr, Scripted, Vec<Taken>)>,
    pub anchors: Vec<AnchorSpec>,
    pub settings: Settings,
    pub steps: Vec<Step>,
}

/// A set of a signed zone, with its signatures, that goes into a hand-written answer.
#[derive(Clone, Debug)]
pub struct Taken {
    pub zone: Name,
    pub name: Name,
    pub rtype: u16,
    /// Under another owner name: a wildcard expanded.
    pub owner: Option<Name>,
    pub section: Section,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    Answer,
    Authority,
    Additional,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Minimise {
    Strict,
    #[default]
    Relaxed,
    Off,
}

/// What `SET` lines say; an adapter translates it or says that it cannot.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    pub minimise: Minimise,
    pub no_dnssec: bool,
    pub negative_anchors: Vec<Name>,
    /// Answers that have expired are given when nobody else answers (RFC 8767).
    pub stale: bool,
    pub prefetch: bool,
    pub random_case: bool,
    pub min_ttl: Option<Duration>,
    pub max_ttl: Option<Duration>,
    pub edns_size: Option<u16>,
    /// Ranges that must not appear in answers.
    pub private: Vec<String>,
    /// How far its clock is off at the start, in seconds.
    pub clock: i64,
}

/// A line with its number, and the indented lines below it.
pub struct Block<'t> {
    pub at: usize,
    pub words: Vec<String>,
    pub lines: Vec<&'t str>,
}

impl Script {
    /// Reads a script; a mistake in one is a bug of ours, and panics with its line.
    pub fn parse(text: &str) -> Self {
        let mut script = Self::default();
        for block in blocks(text) {
            script.take(&block);
        }
        if !script.zones.iter().any(|zone| zone.apex.is_root()) {
            panic!("no ROOT");
        }
        script
    }

    fn take(&mut self, block: &Block<'_>) {
        let words = &block.words;
        match words[0].as_str() {
            "ROOT" => self.zones.push(ZoneSpec::parse(Name::root(), &words[1..], &block.lines)),
            "ZONE" => {
                let apex = Name::absolute(&words[1]);
                self.zones.push(ZoneSpec::parse(apex, &words[2..], &block.lines));
            }
            "SERVER" if self.steps.is_empty() => {
                self.manners.push((ip(&words[1]), Manner::parse(&words[2..])));
            }
            "REPLY" | "ALSO" if self.steps.is_empty() => {
                let (scripted, taken) = scripted(block);
                self.replies.push((ip(&words[1]), scripted, taken));
            }
            "ANCHOR" => {
                let form = match words.get(2).map(String::as_str) {
                    None | Some("dnskey") => AnchorForm::Dnskey,
                    Some("ds") => AnchorForm::Ds,
                    Some("wrong-ds") => AnchorForm::WrongDs,
                    other => panic!("line {}: no anchor {other:?}", block.at),
                };
                self.anchors.push(AnchorSpec { zone: Name::absolute(&words[1]), form });
            }
            "SET" => words[1..].iter().for_each(|word| self.settings.set(word)),
            _ => self.steps.push(Step::parse(block)),
        }
    }
}

impl Settings {
    fn set(&mut self, word: &str) {
        let (key, value) = word.split_once('=').unwrap_or((word, ""));
        match (key, value) {
            ("qmin", "strict") => self.minimise = Minimise::Strict,
            ("qmin", "relaxed") => self.minimise = Minimise::Relaxed,
            ("qmin", "off") => self.minimise = Minimise::Off,
            ("dnssec", "off") => self.no_dnssec = true,
            ("negative-anchor", name) => self.negative_anchors.push(Name::absolute(name)),
            ("stale", "") => self.stale = true,
            ("stale", "off") => self.stale = false,
            ("prefetch", _) => self.prefetch = true,
            ("0x20", _) => self.random_case = true,
            ("min-ttl", time) => self.min_ttl = Some(duration(time)),
            ("max-ttl", time) => self.max_ttl = Some(duration(time)),
            ("edns-size", size) => self.edns_size = Some(size.parse().unwrap()),
            ("clock", off) => self.clock = offset(off),
            ("private", range) => self.private.push(range.to_owned()),
            _ => panic!("no setting `{word}`"),
        }
    }
}

fn blocks(text: &str) -> Vec<Block<'_>> {
    let mut blocks: Vec<Block<'_>> = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let words = words(line);
        if words.is_empty() {
            continue;
        }
        match blocks.last_mut() {
            Some(block) if line.starts_with(char::is_whitespace) => block.lines.push(line.trim()),
            _ => blocks.push(Block { at: at + 1, words, lines: Vec::new() }),
        }
    }
    blocks
}

/// `REPLY server name|*.name|* TYPE|* [aa] [tc] [RCODE]` and sections.
pub fn scripted(block: &Block<'_>) -> (Scripted, Vec<Taken>) {
    let words = &block.words;
    let mut message = Message::default();
    for word in &words[4..] {
        match word.as_str() {
            "aa" => message.flags.authoritative = true,
            "tc" => message.flags.truncated = true,
            rcode => message.rcode = types::rcode(rcode).unwrap_or_else(|| panic!("line {}", block.at)),
        }
    }
    let (mut section, mut taken) = (Section::Answer, Vec::new());
    for line in &block.lines {
        match *line {
            "ANSWER" => section = Section::Answer,
            "AUTHORITY" => section = Section::Authority,
            "ADDITIONAL" => section = Section::Additional,
            line if line.starts_with("FROM ") => {
                let words = self::words(line);
                taken.push(Taken {
                    zone: Name::absolute(&words[1]),
                    name: Name::absolute(&words[2]),
                    rtype: types::rtype(&words[3]).unwrap(),
                    owner: words.get(5).map(|owner| Name::absolute(owner)),
                    section,
                });
            }
            line => {
                let record = Record::parse(line, &Name::root());
                match section {
                    Section::Answer => message.answer.push(record),
                    Section::Authority => message.authority.push(record),
                    Section::Additional => message.additional.push(record),
                }
            }
        }
    }
    let (name, below) = match words[2].as_str() {
        "*" => (None, true),
        name => (Some(Name::absolute(name.strip_prefix("*.").unwrap_or(name))), name.starts_with("*.")),
    };
    let rtype = (words[3] != "*").then(|| types::rtype(&words[3]).expect("a type"));
    (Scripted { name, below, rtype, added: words[0] == "ALSO", message }, taken)
}

pub fn ip(text: &str) -> IpAddr {
    text.parse().unwrap_or_else(|_| panic!("`{text}` is no address"))
}

/// `-18000d`, `+2200d`, `0s`: how far a clock is off, in seconds.
pub fn offset(text: &str) -> i64 {
    let seconds = |text: &str| i64::try_from(duration(text).as_secs()).unwrap();
    match text.strip_prefix('-') {
        Some(text) => -seconds(text),
        None => seconds(text.trim_start_matches('+')),
    }
}

/// `400ms`, `3s`, `5m`, `1h`, `2d`.
pub fn duration(text: &str) -> Duration {
    let digits = text.trim_end_matches(char::is_alphabetic);
    let number: u64 = digits.parse().unwrap_or_else(|_| panic!("`{text}` is no time"));
    match &text[digits.len()..] {
        "ms" => Duration::from_millis(number),
        "s" => Duration::from_secs(number),
        "m" => Duration::from_secs(number * 60),
        "h" => Duration::from_secs(number * 3600),
        "d" => Duration::from_secs(number * 86_400),
        _ => panic!("`{text}` is no time"),
    }
}
