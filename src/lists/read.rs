//! A list's text becomes rules, and every line of it is accounted for.
//!
//! Two turns: the first reads all lines and keeps the distinct names of this one list (`seen`), the
//! second hands out what is in force, because a parent or a `$badfilter` may stand after the rule that
//! it makes needless. Memory is bounded by the text: 20–30 octets for a usual name.

use std::collections::HashSet;

use super::account::{Account, Reason};
use super::content::{self, ContentKind, Header};
use super::detect::{Detection, Why, detect};
use super::format::{Entry, Format, Parser};
use super::profile::{Suffix, folded, promoted};
use super::protected::Protected;
use super::reason::{Ignored, Refusal};
use super::seen::{Added, Fate, Seen, What};
use super::spec::{FormatChoice, ListSpec, Profile, SourceSpec};
use super::target;
use crate::dns::name::{Name, NameBuf};
use crate::dns::suffixes::Suffixes;
use crate::model::rule::{ListKind, Rule, RuleAction, Scope};

/// Octets of a line. The longest rule of real lists (an ABP rule with its domains) has some thousands.
const LINE_MAX: usize = 16 * 1024;
/// Lines of a list; numbers are 32 bits, and a text of 256 MiB has no more.
const LINES_MAX: usize = 1 << 28;

/// What a list's text turned out to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// What it was read as.
    pub format: Format,
    /// Why.
    pub why_format: Detection,
    /// What became of every line.
    pub account: Account,
    /// What its header says of it.
    pub header: Header,
    /// What it is, if it is no list at all; then no line was read.
    pub not_a_list: Option<ContentKind>,
}

/// What became of one entry, for who wants to see each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict<'a> {
    /// A rule in force.
    Taken { name: Name<'a>, scope: Scope, action: RuleAction },
    /// A redirect, not in force.
    Rewrite { name: Name<'a>, scope: Scope },
    /// Nothing is wrong with it.
    Ignored(Ignored),
    /// It is no rule.
    Refused(Refusal),
}

/// Reads a list and keeps its rules. For large lists see [`read_into`].
pub fn read(text: &[u8], spec: &ListSpec, protected: &Protected) -> (Vec<Rule>, Reading) {
    let mut rules = Vec::new();
    let reading = read_into(text, spec, protected, &mut |rule| rules.push(rule.clone()));
    (rules, reading)
}

/// Reads a list and hands out its rules one by one, without duplicates and without what a parent in
/// the list covers. Never panics, whatever the octets.
pub fn read_into(
    text: &[u8],
    spec: &ListSpec,
    protected: &Protected,
    take: &mut dyn FnMut(&Rule),
) -> Reading {
    walk(text, spec, protected, &mut Rules(take))
}

/// Reads a list for its account alone, as the gate wants it.
pub fn survey(text: &[u8], spec: &ListSpec, protected: &Protected) -> Reading {
    walk(text, spec, protected, &mut Nobody)
}

/// Reads a list and tells what became of every entry, with its line. Verdicts that depend on later
/// lines (a rule in force, covered, or switched off) come at the end.
pub fn judge(
    text: &[u8],
    spec: &ListSpec,
    protected: &Protected,
    tell: &mut dyn FnMut(u32, Verdict<'_>),
) -> Reading {
    walk(text, spec, protected, &mut Verdicts(tell))
}

/// Who listens to a reading.
trait Listener {
    fn rule(&mut self, _name: Name<'_>, _what: What, _line: u32) {}
    fn verdict(&mut self, _line: u32, _verdict: Verdict<'_>) {}
}

struct Nobody;
struct Rules<'t>(&'t mut dyn FnMut(&Rule));
struct Verdicts<'t>(&'t mut dyn FnMut(u32, Verdict<'_>));

impl Listener for Nobody {}

impl Listener for Rules<'_> {
    fn rule(&mut self, name: Name<'_>, what: What, line: u32) {
        (self.0)(&Rule { name: name.to_owned(), scope: what.scope(), action: what.action(), line });
    }
}

impl Listener for Verdicts<'_> {
    fn rule(&mut self, name: Name<'_>, what: What, line: u32) {
        (self.0)(line, Verdict::Taken { name, scope: what.scope(), action: what.action() });
    }

    fn verdict(&mut self, line: u32, verdict: Verdict<'_>) {
        (self.0)(line, verdict);
    }
}

fn walk(text: &[u8], spec: &ListSpec, protected: &Protected, listener: &mut impl Listener) -> Reading {
    let not_a_list = content::wrong(text);
    let text = if not_a_list.is_some() { &[] } else { text };
    let why_format = match spec.format {
        FormatChoice::Named(format) => Detection { format, why: Why::Named },
        FormatChoice::Auto => detect(text),
    };
    let format = why_format.format;
    let mut reader = Reader {
        kind: spec.kind,
        profile: &spec.profile,
        protected,
        reviewed: spec.source == SourceSpec::Starter,
        account: Account::default(),
        seen: Seen::new(),
        hits: HashSet::new(),
        name: NameBuf::new(),
        walk: Suffixes::new(),
        aside: Suffixes::new(),
        listener,
    };
    reader.lines(text, Parser::new(format));
    reader.hand_out();
    Reading { format, why_format, account: reader.account, header: Header::read(text), not_a_list }
}

struct Reader<'r, L> {
    kind: ListKind,
    profile: &'r Profile,
    protected: &'r Protected,
    /// The program's own list.
    reviewed: bool,
    account: Account,
    seen: Seen,
    /// Hashes of protected names that the list names.
    hits: HashSet<u64>,
    /// The name at hand.
    name: NameBuf,
    /// Its suffixes.
    walk: Suffixes,
    /// Those of a name that is only asked about.
    aside: Suffixes,
    listener: &'r mut L,
}

/// Which name of a rule: the one written, or the site that `www.` was folded from.
#[derive(Clone, Copy)]
enum Of {
    Name,
    Site,
}

impl<L: Listener> Reader<'_, L> {
    fn lines(&mut self, text: &[u8], mut parser: Parser) {
        // A final line end does not start another line.
        let text = text.strip_suffix(b"\n").unwrap_or(text);
        if text.is_empty() {
            return;
        }
        for (octets, number) in text.split(|octet| *octet == b'\n').take(LINES_MAX).zip(1u32..) {
            self.account.lines += 1;
            let octets = octets.strip_suffix(b"\r").unwrap_or(octets);
            match std::str::from_utf8(octets) {
                _ if octets.len() > LINE_MAX => self.refuse(Refusal::LongLine, number, ""),
                Ok(raw) => self.line(&mut parser, raw.trim_start_matches('\u{feff}'), number),
                Err(_) if octets.trim_ascii_start().starts_with(b"#") => {
                    self.ignore(Ignored::Comment, number, "")
                }
                Err(_) => self.refuse(Refusal::NotUtf8, number, &String::from_utf8_lossy(octets)),
            }
        }
    }

    fn line(&mut self, parser: &mut Parser, raw: &str, number: u32) {
        let line = raw.trim();
        if line.is_empty() {
            return self.ignore(Ignored::Blank, number, "");
        }
        let mut said = 0;
        parser.line(raw, line, &mut |entry| {
            said += 1;
            self.entry(entry, number, line);
        });
        debug_assert!(said > 0, "every line says something");
        self.account.extra += said - 1;
    }

    fn entry(&mut self, entry: Entry<'_>, number: u32, line: &str) {
        match entry {
            Entry::Ignored(why) => self.ignore(why, number, line),
            Entry::Refused(why) => self.refuse(why, number, line),
            Entry::Page { .. } if !self.profile.urls => self.refuse(Refusal::Path, number, line),
            Entry::Page { host } => self.rule(host, Scope::Subtree, RuleAction::Block, number, line),
            Entry::Rule { text, scope, action } => self.rule(text, scope, action, number, line),
            Entry::BadFilter { text, scope, action } => {
                if target::read(text, &mut self.name).is_ok() {
                    self.walk.fill(self.protected.key(), self.name.name());
                    self.seen.switch_off(&self.walk, What::new(promoted(scope, self.profile), action));
                }
                self.ignore(Ignored::BadFilter, number, line);
            }
            Entry::Rewrite { text, scope } => match target::read(text, &mut self.name) {
                Ok(()) => {
                    self.account.note(Reason::Rewrite, number, line);
                    self.listener.verdict(number, Verdict::Rewrite { name: self.name.name(), scope });
                }
                Err(why) => self.refuse(why, number, line),
            },
        }
    }

    /// A rule as written: is it a name, may it stand here, is it new?
    fn rule(&mut self, text: &str, scope: Scope, action: RuleAction, number: u32, line: &str) {
        if let Err(why) = target::read(text, &mut self.name) {
            return self.refuse(why, number, line);
        }
        let suffix = Suffix::of(self.name.name());
        if let Err(why) = target::guard(suffix, self.profile) {
            return self.refuse(why, number, line);
        }
        let what = What::new(promoted(scope, self.profile), action);
        self.walk.fill(self.protected.key(), self.name.name());
        let foldable = action != RuleAction::Except && what.scope() != Scope::Children;
        let site = foldable
            .then(|| folded(self.name.name(), self.profile, self.kind, self.protected, &mut self.aside))
            .flatten();
        match (site, what.scope()) {
            (None, _) => self.add(Of::Name, what, suffix, number, line),
            (Some(_), Scope::Exact) => {
                // `www.x` alone would not cover `x`, nor `x` alone `www.x`: both are meant.
                self.account.folded += 1;
                self.account.extra += 1;
                self.add(Of::Site, what, suffix, number, line);
                self.add(Of::Name, what, suffix, number, line);
            }
            (Some(_), _) => {
                self.account.folded += 1;
                self.add(Of::Site, what, suffix, number, line);
            }
        }
    }

    /// Adds a rule, unless the name is protected or the list full. No copy of a walk is made: it is
    /// 1.4 KiB, and this comes for every line.
    fn add(&mut self, of: Of, what: What, suffix: Suffix, number: u32, line: &str) {
        let walk = match of {
            Of::Name => &self.walk,
            Of::Site => &self.aside,
        };
        // The program's own lists were reviewed by people, and may name what a policy switches (Zalo,
        // YouTube).
        let bound = what.action() != RuleAction::Except && !self.reviewed;
        let hit = if bound { self.protected.against(walk, self.kind) } else { None };
        if let Some(hit) = hit {
            let fresh = hit.itself && self.hits.insert(walk.hashes().last().copied().unwrap_or_default());
            self.account.protected_names += u32::from(fresh);
            return self.refuse(Refusal::Protected, number, line);
        }
        if self.seen.rules() >= self.profile.max_names {
            return self.refuse(Refusal::TooMany, number, line);
        }
        match self.seen.add(walk, what, number) {
            Added::New => self.account.unknown_tops += u32::from(suffix == Suffix::UnderUnknown),
            Added::Duplicate => self.ignore(Ignored::Duplicate, number, line),
            Added::Full => self.refuse(Refusal::TooMany, number, line),
        }
    }

    /// The second turn.
    fn hand_out(&mut self) {
        let flat = self.seen.is_flat();
        let mut walk = Suffixes::new();
        for kept in self.seen.kept() {
            let fate = match flat {
                true => Fate::InForce,
                false => {
                    walk.fill(self.protected.key(), kept.name);
                    self.seen.fate(&walk, kept.what)
                }
            };
            let why = match fate {
                Fate::InForce if kept.what.action() == RuleAction::Except => {
                    self.account.excepted += 1;
                    self.listener.rule(kept.name, kept.what, kept.line);
                    continue;
                }
                Fate::InForce => {
                    self.account.taken += 1;
                    self.listener.rule(kept.name, kept.what, kept.line);
                    continue;
                }
                Fate::Disabled => Ignored::Disabled,
                Fate::Subsumed => Ignored::Subsumed,
            };
            self.account.note_name(why, kept.line, kept.name);
            self.listener.verdict(kept.line, Verdict::Ignored(why));
        }
    }

    fn ignore(&mut self, why: Ignored, number: u32, line: &str) {
        self.account.note(Reason::Ignored(why), number, line);
        self.listener.verdict(number, Verdict::Ignored(why));
    }

    fn refuse(&mut self, why: Refusal, number: u32, line: &str) {
        self.account.note(Reason::Refused(why), number, line);
        self.listener.verdict(number, Verdict::Refused(why));
    }
}
