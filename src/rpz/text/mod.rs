//! A policy zone as a master file: read line by line, each accounted for, and written.
//!
//! Feeds are read as they come: without a SOA, with the same CNAME twice, under another name than the one
//! in the config, with lines that are no records. A line that is wrong costs its own rule and nothing else.
//! No line leads out of the file: `$INCLUDE` and `$GENERATE` are refused.
// Inside: `lines` takes lines apart, `name` and `rdata` read what stands in them, `print` writes.

mod lines;
mod name;
mod print;
mod rdata;

use std::collections::BTreeMap;

use super::content::{Content, Misplaced, misplaced, relative};
use super::trigger::{NoTrigger, Trigger};
use crate::dns::name::{Name, OwnedName};
use crate::dns::rrtype::RrType;
use lines::{Broken, Entry, Word};
pub use print::print;

/// TTL of records before any `$TTL` that say none themselves, in seconds.
const TTL: u32 = 300;
/// Lines that are told one by one; the others are counted.
const TOLD_MAX: usize = 20;

/// Why a line brings no rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, thiserror::Error)]
pub enum Refused {
    #[error("not a line of a master file")]
    Syntax,
    #[error("$INCLUDE, $GENERATE or an unknown directive")]
    Directive,
    #[error("a class other than IN")]
    Class,
    #[error("no owner name, or one that cannot be read")]
    Owner,
    #[error("an owner outside the zone")]
    OutsideZone,
    #[error("not a record type")]
    Type,
    #[error("data that does not fit its type")]
    Data,
    #[error("an address or prefix in another form than the draft's")]
    Address,
    #[error("a second, other alias for the same trigger")]
    SecondAlias,
    #[error("a SOA below the apex")]
    SecondSoa,
}

/// What became of the lines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// Records taken.
    pub taken: u32,
    /// Records that were there already.
    pub repeated: u32,
    /// Lines refused, by reason.
    pub refused: BTreeMap<Refused, u32>,
    /// The first of these with their lines.
    pub told: Vec<(u32, Refused)>,
}

impl Account {
    /// Lines refused, for any reason.
    pub fn refused(&self) -> u32 {
        self.refused.values().sum()
    }

    fn refuse(&mut self, line: u32, why: Refused) {
        *self.refused.entry(why).or_default() += 1;
        if self.told.len() < TOLD_MAX {
            self.told.push((line, why));
        }
    }
}

/// Reads a zone that is called `apex` here. Never fails, whatever the octets; what is no zone has no
/// records.
pub fn read(text: &[u8], apex: Name<'_>) -> (Content, Account) {
    let text = String::from_utf8_lossy(text);
    let mut reader = Reader {
        content: Content::new(apex.to_owned()),
        account: Account::default(),
        apex: apex.to_owned(),
        origin: apex.to_owned(),
        owner: None,
        ttl: TTL,
    };
    for entry in lines::entries(&text) {
        match entry {
            Ok(entry) => {
                if let Err(why) = reader.entry(&entry) {
                    reader.account.refuse(entry.line, why);
                }
            }
            Err(Broken(line)) => reader.account.refuse(line, Refused::Syntax),
        }
    }
    (reader.content, reader.account)
}

struct Reader {
    content: Content,
    account: Account,
    /// The zone's name in the file, which may be another one than ours.
    apex: OwnedName,
    origin: OwnedName,
    /// Owner of the record before.
    owner: Option<OwnedName>,
    ttl: u32,
}

impl Reader {
    fn entry(&mut self, entry: &Entry<'_>) -> Result<(), Refused> {
        let words = &entry.words;
        if !entry.is_indented && words[0].text.starts_with('$') && !words[0].is_quoted {
            return self.directive(words);
        }
        let rest = if entry.is_indented {
            &words[..]
        } else {
            self.owner = name::absolute(words[0].text, self.origin.as_name());
            &words[1..]
        };
        let owner = self.owner.clone().ok_or(Refused::Owner)?;
        let (ttl, rest) = prelude(rest)?;
        let (kind, data) = rest.split_first().ok_or(Refused::Syntax)?;
        let kind = kind.text.parse::<RrType>().ok().ok_or(Refused::Type)?;
        let rdata = rdata::read(kind, data, self.origin.as_name()).ok_or(Refused::Data)?;
        if kind == RrType::SOA && self.content.is_empty() {
            self.apex = owner.clone();
        }
        let owner = relative(owner.as_name(), self.apex.as_name()).ok_or(Refused::OutsideZone)?;
        self.record(owner.as_name(), kind, ttl.unwrap_or(self.ttl), &rdata)
    }

    fn record(&mut self, owner: Name<'_>, kind: RrType, ttl: u32, rdata: &[u8]) -> Result<(), Refused> {
        match misplaced(owner, kind) {
            None => {}
            Some(Misplaced::Soa) => return Err(Refused::SecondSoa),
            Some(Misplaced::Meta) => return Err(Refused::Type),
        }
        match Trigger::read(owner) {
            Ok(_) | Err(NoTrigger::Apex) => {}
            Err(NoTrigger::Address | NoTrigger::HostBits) => return Err(Refused::Address),
        }
        if kind == RrType::CNAME && self.content.has_other_alias(owner, rdata) {
            return Err(Refused::SecondAlias);
        }
        if self.content.add(owner, kind, ttl, rdata) {
            self.account.taken += 1;
        } else {
            self.account.repeated += 1;
        }
        Ok(())
    }

    fn directive(&mut self, words: &[Word<'_>]) -> Result<(), Refused> {
        match (words[0].text.to_ascii_uppercase().as_str(), &words[1..]) {
            ("$TTL", [ttl]) => self.ttl = seconds(ttl.text).ok_or(Refused::Directive)?,
            ("$ORIGIN", [origin]) => {
                self.origin = name::absolute(origin.text, self.origin.as_name()).ok_or(Refused::Directive)?;
                // Before any record it is the name that the zone has where it comes from.
                if self.content.is_empty() && !self.origin.as_name().is_at_or_below(self.apex.as_name()) {
                    self.apex = self.origin.clone();
                }
            }
            _ => return Err(Refused::Directive),
        }
        Ok(())
    }
}

/// TTL and class, in any order, and what follows them.
fn prelude<'w, 't>(words: &'w [Word<'t>]) -> Result<(Option<u32>, &'w [Word<'t>]), Refused> {
    let mut ttl = None;
    let mut has_class = false;
    let mut rest = words;
    while let [word, behind @ ..] = rest {
        let class = ["IN", "CH", "HS", "ANY", "NONE"].iter().find(|c| c.eq_ignore_ascii_case(word.text));
        match (class, seconds(word.text)) {
            (Some(&"IN"), _) if !has_class => has_class = true,
            // A type that is called like a class does not exist.
            (Some(_), _) => return Err(Refused::Class),
            (None, Some(seconds)) if ttl.is_none() => ttl = Some(seconds),
            _ => break,
        }
        rest = behind;
    }
    Ok((ttl, rest))
}

/// `300`, `1h`, `1h30m`: seconds.
fn seconds(text: &str) -> Option<u32> {
    let mut total: u32 = 0;
    let mut number: Option<u32> = None;
    for octet in text.bytes() {
        match octet {
            b'0'..=b'9' => {
                let digit = u32::from(octet - b'0');
                number = Some(number.unwrap_or(0).checked_mul(10)?.checked_add(digit)?);
            }
            unit => {
                let unit = match unit.to_ascii_lowercase() {
                    b's' => 1,
                    b'm' => 60,
                    b'h' => 3600,
                    b'd' => 86_400,
                    b'w' => 604_800,
                    _ => return None,
                };
                total = total.checked_add(number.take()?.checked_mul(unit)?)?;
            }
        }
    }
    match number {
        Some(number) => total.checked_add(number),
        None if text.is_empty() => None,
        None => Some(total),
    }
}

#[cfg(test)]
mod tests;
