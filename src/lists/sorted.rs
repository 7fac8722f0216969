//! The rules of one list, sorted so that a name stands right before all names below it: duplicates and
//! names under a parent are then known exactly, in one pass and in bounded memory.
//!
//! Rules are gathered as the lines come. Up to `Room::held` octets are kept in memory; what is more is
//! sorted and written to a nameless file as a run, and the runs are merged at the end. Names are compared
//! as a whole, never by a hash.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;

use crate::dns::name::{LABELS_MAX, Name, NameBuf};
use crate::model::rule::{RuleAction, Scope};
use crate::sys::scratch::nameless;

/// Octets of gathered rules and their order that are kept in memory. A list of 200,000 names fits; one of
/// ten million makes some 55 runs.
const HELD: usize = 8 << 20;
/// Octets of a run read at a time, so 55 runs cost 1.8 MB.
const PIECE: usize = 32 * 1024;
/// Before the key in each record: the line (4), what the rule does (1), octets of the key (1).
const HEAD: usize = 6;
/// A record: its key is at most as long as a name.
const RECORD_MAX: usize = HEAD + 255;

const _: () = assert!(PIECE > RECORD_MAX && HELD < u32::MAX as usize);

/// What one rule does at its name, as a bit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct What(u8);

impl What {
    pub(super) fn new(scope: Scope, action: RuleAction) -> Self {
        Self(action as u8 * 3 + scope as u8)
    }

    pub(super) fn scope(self) -> Scope {
        [Scope::Exact, Scope::Subtree, Scope::Children][usize::from(self.0 % 3)]
    }

    pub(super) fn action(self) -> RuleAction {
        [RuleAction::Block, RuleAction::BlockImportant, RuleAction::Except][usize::from(self.0 / 3)]
    }

    pub(super) fn to_octet(self) -> u8 {
        self.0
    }

    /// Whatever the octet, one of the nine.
    pub(super) fn from_octet(octet: u8) -> Self {
        Self((octet & 0x0f).min(8))
    }

    fn bit(self) -> u16 {
        1 << self.0
    }
}

/// In a record's octet for what it does: a `$badfilter` of that rule, not the rule itself.
const OFF: u8 = 0x80;
/// The same: the name's top-level domain is unknown.
const UNKNOWN_TOP: u8 = 0x40;

/// What is written down of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Said {
    Rule {
        what: What,
        unknown_top: bool,
    },
    /// Switches that rule off, wherever it stands in the list.
    Off(What),
}

impl Said {
    fn to_octet(self) -> u8 {
        match self {
            Self::Rule { what, unknown_top } => what.0 | if unknown_top { UNKNOWN_TOP } else { 0 },
            Self::Off(what) => what.0 | OFF,
        }
    }

    fn from_octet(octet: u8) -> Self {
        let what = What::from_octet(octet);
        if octet & OFF != 0 {
            Self::Off(what)
        } else {
            Self::Rule { what, unknown_top: octet & UNKNOWN_TOP != 0 }
        }
    }
}

/// Where rules are kept until they are sorted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Room {
    /// In memory, all of them: for texts that are in memory themselves.
    Memory,
    /// In memory up to a bound, then in a nameless file in this folder.
    Folder(PathBuf),
}

/// What became of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    InForce,
    Disabled,
    Subsumed,
    Duplicate,
}

/// A rule with its fate.
pub(super) struct Judged<'s> {
    pub(super) name: Name<'s>,
    pub(super) what: What,
    pub(super) line: u32,
    pub(super) unknown_top: bool,
    pub(super) fate: Fate,
}

/// Rules as they come.
pub(super) struct Gathered {
    room: Room,
    held: usize,
    records: Vec<u8>,
    order: Vec<Place>,
    file: Option<File>,
    end: u64,
    runs: Vec<Run>,
}

/// Where a record stands, with the first octets of its key: most comparisons end there.
#[derive(Clone, Copy)]
struct Place {
    first: u64,
    at: u32,
}

/// A sorted piece of the file that is not read yet.
struct Run {
    at: u64,
    end: u64,
    buffer: Vec<u8>,
    start: usize,
}

impl Gathered {
    pub(super) fn new(room: Room) -> Self {
        Self::holding(room, HELD)
    }

    fn holding(room: Room, held: usize) -> Self {
        Self { room, held, records: vec![], order: vec![], file: None, end: 0, runs: vec![] }
    }

    /// Writes down what a line says of a name. `false`: there is no room for it, ever (in memory only, at
    /// 4 GiB).
    pub(super) fn add(&mut self, name: Name<'_>, said: Said, line: u32) -> io::Result<bool> {
        if let Room::Folder(folder) = &self.room
            && self.records.len() + self.order.len() * size_of::<Place>() >= self.held
        {
            let folder = folder.clone();
            self.spill(&folder)?;
        }
        let Some(at) = u32::try_from(self.records.len()).ok().filter(|at| *at < u32::MAX - 1024) else {
            return Ok(false);
        };
        let mut record = [0; RECORD_MAX];
        let key = put_key(&mut record[HEAD..], name);
        let first = first_octets(&record[HEAD..HEAD + key]);
        record[..4].copy_from_slice(&line.to_le_bytes());
        (record[4], record[HEAD - 1]) = (said.to_octet(), key as u8);
        self.records.extend_from_slice(&record[..HEAD + key]);
        self.order.push(Place { first, at });
        Ok(true)
    }

    /// Whether nothing of it goes to the disk.
    pub(super) fn is_in_memory(&self) -> bool {
        self.room == Room::Memory
    }

    fn sort(&mut self) {
        let records = &self.records;
        // Of equal keys the earlier line comes first: records stand in the order of their lines.
        self.order.sort_unstable_by(|a, b| {
            let rest = || key_at(records, a.at).cmp(key_at(records, b.at)).then(a.at.cmp(&b.at));
            a.first.cmp(&b.first).then_with(rest)
        });
    }

    /// Writes what is held as a sorted run.
    fn spill(&mut self, folder: &std::path::Path) -> io::Result<()> {
        self.sort();
        let file = match self.file.take() {
            Some(file) => file,
            None => nameless(folder)?,
        };
        let start = self.end;
        let mut out = Vec::with_capacity(PIECE + RECORD_MAX);
        for place in &self.order {
            out.extend_from_slice(record_at(&self.records, place.at));
            if out.len() >= PIECE {
                file.write_all_at(&out, self.end)?;
                self.end += out.len() as u64;
                out.clear();
            }
        }
        file.write_all_at(&out, self.end)?;
        self.end += out.len() as u64;
        self.runs.push(Run { at: start, end: self.end, buffer: Vec::new(), start: 0 });
        self.file = Some(file);
        self.records.clear();
        self.order.clear();
        Ok(())
    }

    /// Tells every rule with its fate, in the order of the names; a duplicate after the rule that it
    /// repeats. Nothing is left then.
    pub(super) fn judge(mut self, tell: &mut dyn FnMut(Judged<'_>)) -> io::Result<()> {
        let mut sweep = Sweep::new(tell);
        if let (Some(_), Room::Folder(folder)) = (&self.file, &self.room) {
            let folder = folder.clone();
            self.spill(&folder)?;
            // The memory is needed for the runs now.
            (self.records, self.order) = (Vec::new(), Vec::new());
        }
        match self.file {
            Some(file) => merge(&file, self.runs, &mut |record| sweep.record(record))?,
            None => {
                self.sort();
                self.order.iter().for_each(|place| sweep.record(record_at(&self.records, place.at)));
            }
        }
        sweep.close_name();
        Ok(())
    }
}

/// Hands out the records of all runs in order. Of equal keys the earlier run comes first.
fn merge(file: &File, mut runs: Vec<Run>, take: &mut dyn FnMut(&[u8])) -> io::Result<()> {
    for run in &mut runs {
        run.fill(file)?;
    }
    runs.retain(|run| run.record().is_some());
    // Runs by their records at hand, the smallest last: the first octets of its key, and the run's number.
    let at_hand =
        |runs: &[Run], run: usize| (runs[run].record().map_or(0, |it| first_octets(key_of(it))), run);
    let compare = |runs: &[Run], a: (u64, usize), b: (u64, usize)| {
        let key = |run: usize| runs[run].record().map_or(&[][..], key_of);
        a.0.cmp(&b.0).then_with(|| key(a.1).cmp(key(b.1))).then(a.1.cmp(&b.1))
    };
    let mut order: Vec<_> = (0..runs.len()).map(|run| at_hand(&runs, run)).collect();
    order.sort_unstable_by(|a, b| compare(&runs, *b, *a));
    while let Some((_, run)) = order.pop() {
        if let Some(record) = runs[run].record() {
            take(record);
        }
        runs[run].advance(file)?;
        if runs[run].record().is_some() {
            let new = at_hand(&runs, run);
            let at = order.partition_point(|other| compare(&runs, *other, new).is_gt());
            order.insert(at, new);
        }
    }
    Ok(())
}

impl Run {
    /// The record at hand; none at the end.
    fn record(&self) -> Option<&[u8]> {
        let rest = &self.buffer[self.start..];
        let length = HEAD + usize::from(*rest.get(HEAD - 1)?);
        rest.get(..length)
    }

    fn advance(&mut self, file: &File) -> io::Result<()> {
        self.start += self.record().map_or(0, <[u8]>::len);
        if self.record().is_none() { self.fill(file) } else { Ok(()) }
    }

    fn fill(&mut self, file: &File) -> io::Result<()> {
        self.buffer.drain(..self.start);
        self.start = 0;
        let kept = self.buffer.len();
        let count = (self.end - self.at).min((PIECE - kept) as u64) as usize;
        self.buffer.resize(kept + count, 0);
        file.read_exact_at(&mut self.buffer[kept..], self.at)?;
        self.at += count as u64;
        Ok(())
    }
}

/// Goes through sorted records and works out the fate of each.
struct Sweep<'t> {
    tell: &'t mut dyn FnMut(Judged<'_>),
    /// Key of the name at hand.
    key: Vec<u8>,
    /// Its records: what each does, and the line.
    said: Vec<(Said, u32)>,
    /// Names above the one at hand that have rules, the topmost first: octets of the key that they are,
    /// and what rules there and above say of names below them.
    above: Vec<(usize, u16)>,
    name: NameBuf,
}

/// Records kept of one name before duplicates among them are told at once: a list may repeat one name as
/// often as it has lines.
const SAID_MAX: usize = 1024;

impl<'t> Sweep<'t> {
    fn new(tell: &'t mut dyn FnMut(Judged<'_>)) -> Self {
        Self { tell, key: vec![], said: vec![], above: vec![], name: NameBuf::new() }
    }

    fn record(&mut self, record: &[u8]) {
        let key = key_of(record);
        if key != self.key {
            self.close_name();
            // All of `above` are beginnings of the old key; those of the new one stay.
            while self.above.pop_if(|(length, _)| !key.starts_with(&self.key[..*length])).is_some() {}
            self.key.clear();
            self.key.extend_from_slice(key);
        }
        if self.said.len() == SAID_MAX {
            self.tell_duplicates();
        }
        let line = u32::from_le_bytes([record[0], record[1], record[2], record[3]]);
        self.said.push((Said::from_octet(record[4]), line));
    }

    /// Tells repeated rules of the name at hand, and forgets them. At most 18 different records are left.
    fn tell_duplicates(&mut self) {
        let (mut seen, mut off) = (0u16, 0u16);
        let mut said = std::mem::take(&mut self.said);
        said.retain(|(one, line)| match *one {
            Said::Rule { what, unknown_top } if seen & what.bit() != 0 => {
                self.tell(what, *line, unknown_top, Fate::Duplicate);
                false
            }
            Said::Rule { what, .. } => {
                seen |= what.bit();
                true
            }
            Said::Off(what) => {
                let is_new = off & what.bit() == 0;
                off |= what.bit();
                is_new
            }
        });
        self.said = said;
    }

    /// All records of the name at hand are known.
    fn close_name(&mut self) {
        if self.said.is_empty() {
            return;
        }
        self.tell_duplicates();
        let mut said = std::mem::take(&mut self.said);
        let (mut own, mut off) = (0, 0);
        for (one, _) in &said {
            match one {
                Said::Rule { what, .. } => own |= what.bit(),
                Said::Off(what) => off |= what.bit(),
            }
        }
        let alive = own & !off;
        let above = self.above.last().map_or(0, |(_, below)| *below);
        for (one, line) in said.drain(..) {
            if let Said::Rule { what, unknown_top } = one {
                self.tell(what, line, unknown_top, fate(what, alive, off, above));
            }
        }
        self.said = said;
        self.above.push((self.key.len(), above | alive & BELOW));
    }

    fn tell(&mut self, what: What, line: u32, unknown_top: bool, fate: Fate) {
        fill_name(&mut self.name, &self.key);
        (self.tell)(Judged { name: self.name.name(), what, line, unknown_top, fate });
    }
}

/// What becomes of a rule at a name where `alive` rules stand that nothing switches off, `off` are
/// switched off, and rules at names above say `above` of it.
fn fate(what: What, alive: u16, off: u16, above: u16) -> Fate {
    if off & what.bit() != 0 {
        return Fate::Disabled;
    }
    // Exceptions are few, and one that a wider one covers may still be the more specific one.
    if what.action() == RuleAction::Except {
        return Fate::InForce;
    }
    let covering = alive & same_name_covers(what) | above & as_strong(what.action());
    let excepted = (alive | above) & EXCEPTIONS != 0;
    // Between a rule and its parent an exception may stand: then both say what they say.
    if covering != 0 && !excepted { Fate::Subsumed } else { Fate::InForce }
}

/// Bits of exceptions.
const EXCEPTIONS: u16 = 0b111 << (RuleAction::Except as u16 * 3);
/// Bits of rules that reach below their name: subtree and children of each action.
const BELOW: u16 = 0b110_110_110;

/// Bits of rules that do at least as much as one with that action.
fn as_strong(action: RuleAction) -> u16 {
    let of = |action: RuleAction| 0b111 << (action as u16 * 3);
    match action {
        RuleAction::Block => of(RuleAction::Block) | of(RuleAction::BlockImportant),
        other => of(other),
    }
}

/// Bits of other rules at the same name that make this one needless.
fn same_name_covers(what: What) -> u16 {
    let subtree = 0b010_010_010 & as_strong(what.action());
    let stronger = as_strong(what.action()) & !(0b111 << (what.action() as u16 * 3));
    let same_scope = 0b001_001_001 << (what.scope() as u16) & stronger;
    (if what.scope() == Scope::Subtree { 0 } else { subtree }) | same_scope
}

/// Writes a name with its labels from the top, each with an octet 0 behind it, which no listed name has
/// inside: then a key is the beginning of another exactly where its name is above the other's. Says how many
/// octets it has: one less than the name.
fn put_key(into: &mut [u8], name: Name<'_>) -> usize {
    let wire = name.wire();
    let (mut starts, mut count, mut at) = ([0u8; LABELS_MAX], 0, 0);
    while wire[at] != 0 {
        starts[count] = at as u8;
        count += 1;
        at += usize::from(wire[at]) + 1;
    }
    let mut end = 0;
    for start in starts[..count].iter().rev().map(|start| usize::from(*start)) {
        let label = &wire[start + 1..=start + usize::from(wire[start])];
        debug_assert!(!label.contains(&0), "a listed name has letters, digits, - and _ only");
        into[end..end + label.len()].copy_from_slice(label);
        into[end + label.len()] = 0;
        end += label.len() + 1;
    }
    end
}

/// The name that a key was made of.
fn fill_name(into: &mut NameBuf, key: &[u8]) {
    let (mut wire, mut end) = ([0u8; 256], key.len().min(254));
    let mut at = 0;
    // The last label of the key is the name's first.
    while end > 0 {
        let start = key[..end - 1].iter().rposition(|octet| *octet == 0).map_or(0, |zero| zero + 1);
        let label = &key[start..end - 1];
        wire[at] = label.len() as u8;
        wire[at + 1..=at + label.len()].copy_from_slice(label);
        at += label.len() + 1;
        end = start;
    }
    let filled = into.fill_from_wire(&wire[..=at]);
    debug_assert!(filled.is_ok(), "a key is made of a name");
}

/// The first eight octets, as a number that compares as they do.
fn first_octets(key: &[u8]) -> u64 {
    let mut first = [0; 8];
    let count = key.len().min(8);
    first[..count].copy_from_slice(&key[..count]);
    u64::from_be_bytes(first)
}

fn record_at(records: &[u8], at: u32) -> &[u8] {
    let record = &records[at as usize..];
    &record[..HEAD + usize::from(record[HEAD - 1])]
}

fn key_at(records: &[u8], at: u32) -> &[u8] {
    key_of(record_at(records, at))
}

fn key_of(record: &[u8]) -> &[u8] {
    &record[HEAD..]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dns::name::OwnedName;
    use RuleAction::{Block, BlockImportant, Except};
    use Scope::{Children, Exact, Subtree};
    use proptest::prelude::*;

    type Row = (String, Scope, RuleAction, u32, Fate);

    fn judged(gathered: Gathered) -> Vec<Row> {
        let mut rows = Vec::new();
        let tell = &mut |one: Judged<'_>| {
            rows.push((one.name.to_string(), one.what.scope(), one.what.action(), one.line, one.fate));
        };
        gathered.judge(tell).unwrap();
        rows
    }

    fn add(gathered: &mut Gathered, name: &str, said: Said, line: u32) {
        assert!(gathered.add(OwnedName::parse(name).unwrap().as_name(), said, line).unwrap());
    }

    fn rule(scope: Scope, action: RuleAction) -> Said {
        Said::Rule { what: What::new(scope, action), unknown_top: false }
    }

    #[test]
    fn a_parent_covers_what_is_below_unless_an_exception_stands_between() {
        for (rules, name, scope, action, fate) in [
            (vec![("a.b", Subtree, Block)], "x.a.b", Subtree, Block, Fate::Subsumed),
            (vec![("a.b", Children, Block)], "x.a.b", Exact, Block, Fate::Subsumed),
            (vec![("a.b", Exact, Block)], "x.a.b", Exact, Block, Fate::InForce),
            (vec![("a.b", Subtree, Block)], "xa.b", Exact, Block, Fate::InForce),
            (vec![("a.b", Subtree, Block)], "a.b", Exact, Block, Fate::Subsumed),
            (vec![("a.b", Exact, Block)], "a.b", Children, Block, Fate::InForce),
            (vec![("a.b", Subtree, Block)], "x.a.b", Subtree, BlockImportant, Fate::InForce),
            (vec![("a.b", Subtree, BlockImportant)], "a.b", Subtree, Block, Fate::Subsumed),
            (
                vec![("a.b", Subtree, Block), ("x.a.b", Subtree, Except)],
                "y.x.a.b",
                Subtree,
                Block,
                Fate::InForce,
            ),
            (vec![("a.b", Subtree, Block)], "a.b", Subtree, Except, Fate::InForce),
            (vec![("a.b", Subtree, Block)], "a.b", Subtree, Block, Fate::Duplicate),
        ] {
            let mut gathered = Gathered::new(Room::Memory);
            for (at, scope, action) in &rules {
                add(&mut gathered, at, rule(*scope, *action), 1);
            }
            add(&mut gathered, name, rule(scope, action), 2);
            let rows = judged(gathered);
            let found = rows.iter().find(|row| row.3 == 2).unwrap();
            assert_eq!(found.4, fate, "{rules:?} {name} {scope:?} {action:?}");
        }
    }

    #[test]
    fn a_switched_off_parent_covers_nothing() {
        let mut gathered = Gathered::new(Room::Memory);
        add(&mut gathered, "a.b", Said::Off(What::new(Subtree, Block)), 1);
        add(&mut gathered, "a.b", rule(Subtree, Block), 2);
        add(&mut gathered, "x.a.b", rule(Subtree, Block), 3);
        let fates: Vec<_> = judged(gathered).into_iter().map(|row| (row.3, row.4)).collect();
        assert_eq!(fates, [(2, Fate::Disabled), (3, Fate::InForce)]);
    }

    #[test]
    fn one_name_on_every_line_is_one_rule() {
        let mut gathered = Gathered::new(Room::Memory);
        for line in 1..=5000 {
            add(&mut gathered, "a.example", rule(Subtree, Block), line);
        }
        let rows = judged(gathered);
        assert_eq!(rows.len(), 5000);
        let in_force: Vec<_> = rows.iter().filter(|row| row.4 == Fate::InForce).map(|row| row.3).collect();
        assert_eq!(in_force, [1], "the first line");
    }

    fn entries() -> impl Strategy<Value = Vec<(String, Said)>> {
        let label = prop::sample::select(&["a", "b", "a-b", "a_b", "ab", "xn--a"][..]);
        let name = prop::collection::vec(label, 1..5).prop_map(|labels| labels.join("."));
        let what = (0u8..9).prop_map(What);
        let said = (what, prop::bool::weighted(0.1)).prop_map(|(what, off)| match off {
            true => Said::Off(what),
            false => Said::Rule { what, unknown_top: false },
        });
        prop::collection::vec((name, said), 0..80)
    }

    proptest! {
        /// The same told the slow way: every rule held against every other.
        #[test]
        fn fates_are_what_holding_all_rules_against_each_other_says(entries in entries(), held in 1usize..600) {
            let folder = tempfile::tempdir().unwrap();
            let gather = |mut gathered: Gathered| {
                for ((name, said), line) in entries.iter().zip(1..) {
                    add(&mut gathered, name, *said, line);
                }
                judged(gathered)
            };
            let in_memory = gather(Gathered::new(Room::Memory));
            let in_runs = gather(Gathered::holding(Room::Folder(folder.path().to_owned()), held));
            prop_assert_eq!(&in_memory, &in_runs);
            prop_assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);

            let off = |name: &str, what: What| entries.iter().any(|(at, said)| at == name && *said == Said::Off(what));
            let is_rule = |said: &Said| matches!(said, Said::Rule { .. });
            prop_assert_eq!(in_memory.len(), entries.iter().filter(|(_, said)| is_rule(said)).count());
            for (name, scope, action, line, fate) in in_memory {
                let what = What::new(scope, action);
                let earlier = entries[..line as usize - 1].iter().any(|(at, said)| {
                    *at == name && matches!(said, Said::Rule { what: other, .. } if *other == what)
                });
                let alive = || entries.iter().filter_map(|(at, said)| match said {
                    Said::Rule { what, .. } if !off(at, *what) => Some((at, *what)),
                    _ => None,
                });
                let below = |at: &str| name.ends_with(&format!(".{at}"));
                let strong = |other: RuleAction| other == action || (action, other) == (Block, BlockImportant);
                let excepted = alive().any(|(at, other)| {
                    other.action() == Except && (*at == name || below(at) && other.scope() != Exact)
                });
                let covered = alive().any(|(at, other)| {
                    let wider = other.scope() == Subtree && scope != Subtree;
                    let stronger = other.scope() == scope && other.action() != action;
                    strong(other.action()) && if *at == name { wider || stronger } else { below(at) && other.scope() != Exact }
                });
                let expected = match () {
                    () if earlier => Fate::Duplicate,
                    () if off(&name, what) => Fate::Disabled,
                    () if action == Except || excepted || !covered => Fate::InForce,
                    () => Fate::Subsumed,
                };
                prop_assert_eq!(fate, expected, "{} {:?} {:?} line {}", name, scope, action, line);
            }
        }
    }
}
