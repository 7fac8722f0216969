//! A list's text becomes rules, and every line of it is accounted for.
//!
//! Two passes: the first reads all lines and writes down what each says of a name, the second goes through
//! that in the order of the names (`sorted`) and hands out what is in force, because a parent or a
//! `$badfilter` may stand after the rule that it makes needless. A text in a file is read line by line and
//! its rules are sorted on disk, so memory does not grow with the list (some 15 MB).

use std::collections::HashSet;
use std::fs::File;
use std::io;
use std::path::Path;

use super::account::{Account, Reason};
use super::content::{self, ContentKind, Header};
use super::detect::{Detection, Why, detect_in, is_all_wildcards};
use super::format::options::{OptionSet, RuleOption};
use super::format::{Entry, Format, Optioned, Parser};
use super::fresh::{Keeper, Rules};
use super::popular;
use super::profile::{folded, promoted};
use super::protected::Protected;
use super::reason::{Ignored, Refusal};
use super::sorted::{Fate, Gathered, Judged, Room, Said, What};
use super::spec::{FormatChoice, ListSpec, Profile};
use super::target;
use super::text::{Line, Text};
use crate::dns::name::{Name, NameBuf, OwnedName};
use crate::dns::public_suffix::{SuffixKind, kind_of};
use crate::dns::suffixes::Suffixes;
use crate::model::pattern::{Pattern, PatternError};
use crate::model::rule::{ListKind, Origin, Rule, RuleAction, Scope};

/// Lines of a list; numbers are 32 bits, and a text of 256 MiB has no more.
const LINES_MAX: u32 = 1 << 28;

/// Names that the rules of a list may leave out, all together: they stay in memory, and the hand-written lists that
/// have such rules have some hundred.
const LEFT_OUT_MAX: usize = 10_000;

/// Patterns that a list may have; public lists for DNS have some dozens.
const PATTERNS_MAX: usize = 256;

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
    /// `*.x` was taken for x and all below: the list is in the format `wildcard` and has no other lines.
    pub wildcards_cover_names: bool,
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

/// Reads a list and keeps its rules, in the order of their lines. For large lists see [`read_file`].
pub fn read(text: &[u8], spec: &ListSpec, protected: &Protected) -> (Vec<Rule>, Reading) {
    let mut rules = Vec::new();
    let reading = read_into(text, spec, protected, &mut |rule| rules.push(rule.clone()));
    (rules, reading)
}

/// Reads a list and hands out its rules one by one in the order of their lines, without duplicates and
/// without what a parent in the list covers. Never panics, whatever the octets.
pub fn read_into(
    text: &[u8],
    spec: &ListSpec,
    protected: &Protected,
    take: &mut dyn FnMut(&Rule),
) -> Reading {
    in_memory(text, spec, protected, &mut RulesOwned(take))
}

/// Reads a list for its account alone.
pub fn survey(text: &[u8], spec: &ListSpec, protected: &Protected) -> Reading {
    in_memory(text, spec, protected, &mut Nobody)
}

/// Reads a list and tells what became of every entry, with its line. Verdicts that depend on other
/// lines (a rule in force, repeated, covered, or switched off) come at the end.
pub fn judge(
    text: &[u8],
    spec: &ListSpec,
    protected: &Protected,
    tell: &mut dyn FnMut(u32, Verdict<'_>),
) -> Reading {
    in_memory(text, spec, protected, &mut Verdicts(tell))
}

/// As [`read_into`], from a file, in bounded memory and in the order of the names; what does not fit is
/// sorted in a nameless file in `folder`.
///
/// # Errors
/// The list cannot be read, or the folder has no room.
pub fn read_file(
    file: &File,
    spec: &ListSpec,
    protected: &Protected,
    folder: &Path,
    take: &mut dyn FnMut(RuleAt<'_>),
) -> io::Result<Reading> {
    walk(Text::File(file), spec, protected, Room::Folder(folder.to_owned()), &mut RulesAt(take))
}

/// As [`survey`], from a file, as the gate wants it; and its rules are kept, if `folder` takes them.
///
/// # Errors
/// As [`read_file`].
pub fn survey_and_keep(
    file: &File,
    spec: &ListSpec,
    protected: &Protected,
    folder: &Path,
) -> io::Result<(Reading, Option<Rules>)> {
    let mut keeper = Keeping(Keeper::new(folder));
    let reading = walk(Text::File(file), spec, protected, Room::Folder(folder.to_owned()), &mut keeper)?;
    Ok((reading, keeper.0.finish()))
}

/// As [`survey`], from a file.
///
/// # Errors
/// As [`read_file`].
pub fn survey_file(
    file: &File,
    spec: &ListSpec,
    protected: &Protected,
    folder: &Path,
) -> io::Result<Reading> {
    walk(Text::File(file), spec, protected, Room::Folder(folder.to_owned()), &mut Nobody)
}

fn in_memory(text: &[u8], spec: &ListSpec, protected: &Protected, listener: &mut impl Listener) -> Reading {
    walk(Text::Octets(text), spec, protected, Room::Memory, listener).expect("memory can be read")
}

/// A rule in force, as a large list hands it out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RuleAt<'r> {
    /// The name that it is about.
    pub name: Name<'r>,
    /// The name, what is below it, or both.
    pub scope: Scope,
    /// What it does.
    pub action: RuleAction,
    /// Line in its list, from 1.
    pub line: u32,
}

/// Who listens to a reading.
trait Listener {
    fn rule(&mut self, _name: Name<'_>, _what: What, _line: u32) {}
    fn verdict(&mut self, _line: u32, _verdict: Verdict<'_>) {}
}

struct Nobody;
struct RulesOwned<'t>(&'t mut dyn FnMut(&Rule));
struct RulesAt<'t>(&'t mut dyn FnMut(RuleAt<'_>));
struct Keeping(Keeper);
struct Verdicts<'t>(&'t mut dyn FnMut(u32, Verdict<'_>));

impl Listener for Nobody {}

impl Listener for RulesOwned<'_> {
    fn rule(&mut self, name: Name<'_>, what: What, line: u32) {
        (self.0)(&Rule { name: name.to_owned(), scope: what.scope(), action: what.action(), line });
    }
}

impl Listener for RulesAt<'_> {
    fn rule(&mut self, name: Name<'_>, what: What, line: u32) {
        (self.0)(RuleAt { name, scope: what.scope(), action: what.action(), line });
    }
}

impl Listener for Keeping {
    fn rule(&mut self, name: Name<'_>, what: What, line: u32) {
        self.0.add(name, what, line);
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

fn walk(
    text: Text<'_>,
    spec: &ListSpec,
    protected: &Protected,
    room: Room,
    listener: &mut impl Listener,
) -> io::Result<Reading> {
    let not_a_list = content::wrong(&text.beginning(content::LOOK_OCTETS)?);
    let text = if not_a_list.is_some() { Text::Octets(&[]) } else { text };
    let why_format = match spec.format {
        FormatChoice::Named(format) => Detection { format, why: Why::Named },
        FormatChoice::Auto => detect_in(text)?,
    };
    let format = why_format.format;
    let wildcards_cover_names = format == Format::Wildcard && is_all_wildcards(text)?;
    let header = Header::of(text)?;
    let mut reader = Reader {
        kind: spec.kind,
        origin: spec.origin(),
        profile: &spec.profile,
        protected,
        wildcards_cover_names,
        account: Account::default(),
        gathered: Gathered::new(room),
        failed: None,
        hits: HashSet::new(),
        left_out: 0,
        patterns: 0,
        name: NameBuf::new(),
        walk: Suffixes::new(),
        aside: Suffixes::new(),
        listener,
    };
    reader.lines(text, Parser::new(format))?;
    let account = reader.hand_out()?;
    Ok(Reading { format, why_format, account, header, not_a_list, wildcards_cover_names })
}

struct Reader<'r, L> {
    kind: ListKind,
    origin: Origin,
    profile: &'r Profile,
    protected: &'r Protected,
    /// `*.x` covers x too.
    wildcards_cover_names: bool,
    account: Account,
    gathered: Gathered,
    /// The disk took no more rules.
    failed: Option<io::Error>,
    /// Hashes of protected names that the list names.
    hits: HashSet<u64>,
    /// Names that rules of the list leave out.
    left_out: usize,
    /// Patterns that were held against what is good.
    patterns: usize,
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

/// How a rule is written down.
#[derive(Clone, Copy, PartialEq)]
enum How {
    /// With a number for its options.
    Plain(u8),
    /// It leaves out names below its own.
    InPart,
}

impl<L: Listener> Reader<'_, L> {
    fn lines(&mut self, text: Text<'_>, mut parser: Parser) -> io::Result<()> {
        // A line end alone is no line.
        if text.beginning(2)? == b"\n" {
            return Ok(());
        }
        let mut lines = text.lines();
        for number in 1..=LINES_MAX {
            let Some(line) = lines.next()? else { break };
            self.account.lines += 1;
            match (line, std::str::from_utf8(line.octets())) {
                (Line::Long(_), _) => self.refuse(Refusal::LongLine, number, ""),
                (_, Ok(raw)) => self.line(&mut parser, raw.trim_start_matches('\u{feff}'), number),
                (_, Err(_)) if line.octets().trim_ascii_start().starts_with(b"#") => {
                    self.ignore(Ignored::Comment, number, "")
                }
                (Line::Whole(octets), Err(_)) => {
                    self.refuse(Refusal::NotUtf8, number, &String::from_utf8_lossy(octets))
                }
            }
            if let Some(error) = self.failed.take() {
                return Err(error);
            }
        }
        Ok(())
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
            Entry::Page { host } => {
                self.rule(host, Scope::Subtree, RuleAction::Block, How::Plain(0), number, line)
            }
            Entry::Rule { text, scope, action } => {
                self.rule(text, scope, action, How::Plain(0), number, line)
            }
            Entry::Optioned(rule) => self.optioned(rule, number, line),
            Entry::Rewrite { text, scope } => match target::read(text, &mut self.name) {
                Ok(()) => {
                    self.account.note(Reason::Rewrite, number, line);
                    self.listener.verdict(number, Verdict::Rewrite { name: self.name.name(), scope });
                }
                Err(why) => self.refuse(why, number, line),
            },
        }
    }

    /// A rule with options: does the name alone tell whether it holds?
    fn optioned(&mut self, rule: Optioned<'_>, number: u32, line: &str) {
        let Optioned { text, scope, action, options, is_pattern, left_out } = rule;
        if let Some(why) = options.refusal() {
            self.account.note_options(options.refused(), false);
            return self.refuse(why, number, line);
        }
        let leaves_out = options.contains(RuleOption::DenyAllow);
        if options.contains(RuleOption::BadFilter) && !leaves_out {
            let is_read = match is_pattern {
                true => Pattern::read(text).is_ok_and(|pattern| self.fill(&pattern)),
                false => target::read(text, &mut self.name).is_ok(),
            };
            if is_read {
                let scope = if is_pattern { scope } else { promoted(scope, self.profile) };
                let what = What::new(scope, action);
                // In memory there is no bound that a text reaches; one switch less changes nothing then.
                self.gather(Of::Name, Said::Off { what, variant: options.variant() }, number);
            }
            return self.ignore(Ignored::BadFilter, number, line);
        }
        let by_profile = options.by_profile();
        if by_profile != OptionSet::EMPTY {
            let is_taken = self.profile.page_options && action != RuleAction::Except;
            self.account.note_options(by_profile, is_taken);
            if !is_taken {
                return self.refuse(Refusal::PageOption, number, line);
            }
        }
        if is_pattern && !leaves_out {
            return self.pattern(text, action, options.variant(), number, line);
        }
        if !leaves_out {
            return self.rule(text, scope, action, How::Plain(options.variant()), number, line);
        }
        // An exception in part, and one that `$important` would not see, cannot be said.
        if is_pattern || action != RuleAction::Block || options.contains(RuleOption::BadFilter) {
            return self.refuse(Refusal::DenyAllow, number, line);
        }
        if let Err(why) = target::read(text, &mut self.name) {
            return self.refuse(why, number, line);
        }
        let own = self.name.name().to_owned();
        let Some(left_out) = self.left_out(own.as_name(), left_out) else {
            return self.refuse(Refusal::DenyAllow, number, line);
        };
        let is_exact = promoted(scope, self.profile) == Scope::Exact;
        if left_out.is_empty() || is_exact {
            return self.rule(text, scope, action, How::Plain(options.variant()), number, line);
        }
        self.rule(text, scope, action, How::InPart, number, line);
        for name in left_out {
            self.left_out += 1;
            // Where the rule was refused these say nothing.
            let added = self.gathered.add(name.as_name(), Said::LeftOut, number);
            self.failed = self.failed.take().or(added.err());
        }
    }

    /// A mask or an expression. It stands as a rule for a name of its own.
    fn pattern(&mut self, text: &str, action: RuleAction, variant: u8, number: u32, line: &str) {
        let is_mask = !text.starts_with('/');
        let unreadable = if is_mask { Refusal::InnerWildcard } else { Refusal::Regex };
        let read = match (self.kind, Pattern::read(text)) {
            (ListKind::Block(_), read) => read,
            // What is allowed or protected is asked with every query.
            (ListKind::Allow | ListKind::Protect(_), _) => Err(PatternError::Unreadable),
        };
        let pattern = match read {
            Ok(_) if action == RuleAction::Except => {
                return self.refuse(Refusal::PatternException, number, line);
            }
            Ok(pattern) => pattern,
            Err(PatternError::Unreadable) => return self.refuse(unreadable, number, line),
            Err(PatternError::TooWide) => return self.refuse(Refusal::WidePattern, number, line),
        };
        if self.patterns == PATTERNS_MAX {
            return self.refuse(Refusal::ManyPatterns, number, line);
        }
        self.patterns += 1;
        if let Some(why) = self.meets_what_is_good(&pattern) {
            return self.refuse(why, number, line);
        }
        let what = What::new(Scope::Exact, action);
        let said = Said::Rule { what, variant, unknown_top: false };
        if !self.fill(&pattern) || !self.gather(Of::Name, said, number) {
            self.refuse(Refusal::TooMany, number, line);
        }
    }

    /// Makes the name of a pattern the one at hand.
    fn fill(&mut self, pattern: &Pattern) -> bool {
        self.name.fill_from_wire(pattern.name().as_name().wire()).is_ok()
    }

    /// Whether a pattern meets a name that the list may not block. One is enough: the next it meets may be as good,
    /// and stand in no file of ours.
    fn meets_what_is_good(&mut self, pattern: &Pattern) -> Option<Refusal> {
        let (protected, kind) = (self.protected, self.kind);
        for name in protected.groups().iter().flat_map(|group| &group.names) {
            if pattern.meets(name.to_string().as_bytes()) {
                self.aside.fill(protected.key(), name.as_name());
                if protected.against(&self.aside, kind).is_some() {
                    return Some(Refusal::Protected);
                }
            }
        }
        for (text, name) in popular::texts().iter().filter(|_| self.origin == Origin::Downloaded) {
            if pattern.meets(text.as_bytes()) || pattern.meets(format!("www.{text}").as_bytes()) {
                self.aside.fill(protected.key(), name.as_name());
                if protected.is_popular_and_good(&self.aside, kind) {
                    return Some(Refusal::Popular);
                }
            }
        }
        None
    }

    /// The names below `own` that a rule for it leaves out. `None`: they cannot be read, all of it is left out, or a
    /// list has too many.
    fn left_out(&mut self, own: Name<'_>, text: &str) -> Option<Vec<OwnedName>> {
        let mut names = Vec::new();
        for text in text.split('|') {
            target::read(text.trim(), &mut self.name).ok()?;
            let name = self.name.name();
            if own.ancestors().any(|above| above == name) {
                return None;
            }
            // What stands elsewhere is not covered anyway.
            if name.ancestors().any(|above| above == own) {
                names.push(name.to_owned());
            }
        }
        (self.left_out + names.len() <= LEFT_OUT_MAX).then_some(names)
    }

    /// A rule as written: is it a name, may it stand here, is it new?
    fn rule(&mut self, text: &str, scope: Scope, action: RuleAction, how: How, number: u32, line: &str) {
        if let Err(why) = target::read(text, &mut self.name) {
            return self.refuse(why, number, line);
        }
        let suffix = kind_of(self.name.name());
        if let Err(why) = target::guard(suffix, self.profile) {
            return self.refuse(why, number, line);
        }
        let scope =
            if self.wildcards_cover_names && scope == Scope::Children { Scope::Subtree } else { scope };
        let what = What::new(promoted(scope, self.profile), action);
        self.walk.fill(self.protected.key(), self.name.name());
        let foldable = action != RuleAction::Except && what.scope() != Scope::Children && how != How::InPart;
        let site = foldable
            .then(|| folded(self.name.name(), self.profile, self.kind, self.protected, &mut self.aside))
            .flatten();
        match (site, what.scope()) {
            (None, _) => self.add(Of::Name, what, how, suffix, number, line),
            (Some(_), Scope::Exact) => {
                // `www.x` alone would not cover `x`, nor `x` alone `www.x`: both are meant.
                self.account.folded += 1;
                self.account.extra += 1;
                self.add(Of::Site, what, how, suffix, number, line);
                self.add(Of::Name, what, how, suffix, number, line);
            }
            (Some(_), _) => {
                self.account.folded += 1;
                self.add(Of::Site, what, how, suffix, number, line);
            }
        }
    }

    /// Adds a rule, unless the name is protected or the list full. No copy of a walk is made: it is
    /// 1.4 KiB, and this comes for every line.
    fn add(&mut self, of: Of, what: What, how: How, suffix: SuffixKind, number: u32, line: &str) {
        let walk = match of {
            Of::Name => &self.walk,
            Of::Site => &self.aside,
        };
        let bound = what.action() != RuleAction::Except;
        let hit = if bound { self.protected.against(walk, self.kind) } else { None };
        if let Some(hit) = hit {
            let fresh = hit.itself && self.hits.insert(walk.hashes().last().copied().unwrap_or_default());
            self.account.protected_names += u32::from(fresh);
            return self.refuse(Refusal::Protected, number, line);
        }
        if bound && self.origin == Origin::Downloaded && self.protected.is_popular_and_good(walk, self.kind) {
            return self.refuse(Refusal::Popular, number, line);
        }
        let unknown_top = suffix == SuffixKind::UnderUnknown;
        let said = match how {
            How::Plain(variant) => Said::Rule { what, variant, unknown_top },
            How::InPart => Said::InPart { what, unknown_top },
        };
        if !self.gather(of, said, number) {
            self.refuse(Refusal::TooMany, number, line);
        }
    }

    /// Writes down what a line says of the name at hand; `false` where there is no room for it.
    fn gather(&mut self, of: Of, said: Said, number: u32) -> bool {
        let name = match of {
            Of::Name => self.name.name(),
            Of::Site => self.aside.name(),
        };
        self.gathered.add(name, said, number).unwrap_or_else(|error| {
            self.failed = Some(error);
            true
        })
    }

    /// The second pass.
    fn hand_out(self) -> io::Result<Account> {
        let Self { mut account, gathered, listener, profile, .. } = self;
        let mut end = End { account: &mut account, listener, max: profile.max_names, rules: 0 };
        if gathered.is_in_memory() {
            // Who reads a text in memory wants to see it in its own order.
            let mut all = Vec::new();
            gathered.judge(&mut |judged| {
                let Judged { name, what, line, unknown_top, fate } = judged;
                all.push((name.to_owned(), what, line, unknown_top, fate));
            })?;
            all.sort_by_key(|(_, _, line, ..)| *line);
            for (name, what, line, unknown_top, fate) in all {
                end.tell(Judged { name: name.as_name(), what, line, unknown_top, fate });
            }
        } else {
            gathered.judge(&mut |judged| end.tell(judged))?;
        }
        account.samples.sort_by_key(|sample| (sample.reason, sample.line));
        Ok(account)
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

/// Where rules end up once their fate is known.
struct End<'e, L> {
    account: &'e mut Account,
    listener: &'e mut L,
    /// Rules that the list may have.
    max: usize,
    rules: usize,
}

impl<L: Listener> End<'_, L> {
    fn tell(&mut self, judged: Judged<'_>) {
        let Judged { name, what, line, unknown_top, fate } = judged;
        let is_rule = fate != Fate::Duplicate;
        // It comes on top of the rule that leaves it out.
        self.account.extra += u32::from(what.action() == RuleAction::Spare);
        self.rules += usize::from(is_rule);
        self.account.unknown_tops += u32::from(is_rule && unknown_top);
        let why = match fate {
            _ if is_rule && self.rules > self.max => {
                self.account.note_name(Reason::Refused(Refusal::TooMany), line, name);
                return self.listener.verdict(line, Verdict::Refused(Refusal::TooMany));
            }
            Fate::InForce => {
                match what.action() {
                    RuleAction::Except | RuleAction::Spare => self.account.excepted += 1,
                    RuleAction::Block | RuleAction::BlockImportant => self.account.taken += 1,
                }
                return self.listener.rule(name, what, line);
            }
            Fate::Disabled => Ignored::Disabled,
            Fate::Subsumed => Ignored::Subsumed,
            Fate::Duplicate => Ignored::Duplicate,
        };
        self.account.note_name(Reason::Ignored(why), line, name);
        self.listener.verdict(line, Verdict::Ignored(why));
    }
}
