//! The names of one list, so that duplicates and names under a parent are known exactly.
//!
//! One arena of octets and one table of offsets: no allocation for each name, 20–30 octets each for
//! usual names. Compared by name, not by hash alone; the hash is keyed, so that nobody can make a list
//! whose names collide.

use crate::dns::name::Name;
use crate::dns::suffixes::Suffixes;
use crate::model::rule::{RuleAction, Scope};

/// Octets of an arena. Offsets are 32 bits; a list text of 256 MiB cannot need as many.
const ARENA_MAX: usize = u32::MAX as usize - HEAD - 256;
/// Before the name in each record: what all rules at the name say (4), the rule itself (1), its line (4).
const HEAD: usize = 9;
/// Slots of the first table. A power of two.
const SLOTS_FIRST: usize = 1 << 10;

/// In place of a rule, in a record that only a `$badfilter` made.
const NO_RULE: u8 = u8::MAX;

const _: () = assert!(SLOTS_FIRST.is_power_of_two());

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

    fn bit(self) -> u32 {
        1 << self.0
    }

    /// The bit that says: a `$badfilter` switches this off.
    fn off_bit(self) -> u32 {
        1 << (self.0 + 16)
    }
}

/// The rules of one list.
pub(super) struct Seen {
    arena: Vec<u8>,
    slots: Vec<Slot>,
    names: usize,
    rules: usize,
    /// Whether any rule reaches below its name; without one nothing can be subsumed.
    reaches_below: bool,
    has_switches: bool,
}

#[derive(Clone, Copy)]
struct Slot {
    /// Offset + 1 of the first record with that name; 0 is a free slot.
    record: u32,
    /// Upper half of the name's hash: where it belongs in a table of any size.
    hash: u32,
}

const FREE: Slot = Slot { record: 0, hash: 0 };

/// What became of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Added {
    New,
    Duplicate,
    /// The arena is full.
    Full,
}

/// What becomes of a rule when the whole list is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    InForce,
    Disabled,
    Subsumed,
}

/// A rule as the arena holds it.
pub(super) struct Kept<'s> {
    pub(super) name: Name<'s>,
    pub(super) what: What,
    pub(super) line: u32,
}

impl Seen {
    pub(super) fn new() -> Self {
        Self {
            arena: Vec::new(),
            slots: vec![FREE; SLOTS_FIRST],
            names: 0,
            rules: 0,
            reaches_below: false,

            has_switches: false,
        }
    }

    /// Distinct rules.
    pub(super) fn rules(&self) -> usize {
        self.rules
    }

    /// Octets held.
    #[cfg(test)]
    pub(super) fn octets(&self) -> usize {
        self.arena.capacity() + self.slots.capacity() * std::mem::size_of::<Slot>()
    }

    /// Adds a rule at the walked name.
    pub(super) fn add(&mut self, walk: &Suffixes, what: What, line: u32) -> Added {
        let hash = hash_of(walk);
        match self.find(hash, walk.name()) {
            Err(slot) => {
                let Some(record) = self.push(walk.name(), what.bit(), what.0, line) else {
                    return Added::Full;
                };
                self.occupy(slot, record, hash);
            }
            Ok(first) => {
                let said = self.said(first);
                if said & what.bit() != 0 {
                    return Added::Duplicate;
                }
                if self.arena[first + 4] == NO_RULE {
                    self.arena[first + 4] = what.0;
                    self.arena[first + 5..first + HEAD].copy_from_slice(&line.to_le_bytes());
                } else if self.push(walk.name(), 0, what.0, line).is_none() {
                    return Added::Full;
                }
                self.say(first, said | what.bit());
            }
        }
        self.rules += 1;
        self.reaches_below |= what.scope().covers_below();
        Added::New
    }

    /// Remembers that the rule at the walked name is switched off, wherever it stands in the list.
    pub(super) fn switch_off(&mut self, walk: &Suffixes, what: What) {
        let hash = hash_of(walk);
        self.has_switches = true;
        match self.find(hash, walk.name()) {
            Ok(first) => self.say(first, self.said(first) | what.off_bit()),
            Err(slot) => {
                if let Some(record) = self.push(walk.name(), what.off_bit(), NO_RULE, 0) {
                    self.occupy(slot, record, hash);
                }
            }
        }
    }

    /// All rules in the order of their lines (but for one that a `$badfilter` foretold).
    pub(super) fn kept(&self) -> impl Iterator<Item = Kept<'_>> {
        let mut at = 0;
        std::iter::from_fn(move || {
            while at < self.arena.len() {
                let record = &self.arena[at..];
                let name = first_name(&record[HEAD..]);
                at += HEAD + name.wire().len();
                if record[4] != NO_RULE {
                    let line = u32::from_le_bytes([record[5], record[6], record[7], record[8]]);
                    return Some(Kept { name, what: What(record[4]), line });
                }
            }
            None
        })
    }

    /// Whether the fate of a rule depends on others at all; where not, no walk is needed.
    pub(super) fn is_flat(&self) -> bool {
        !self.reaches_below && !self.has_switches
    }

    /// What becomes of that rule at the walked name.
    pub(super) fn fate(&self, walk: &Suffixes, what: What) -> Fate {
        let last = walk.len() - 1;
        let own = self.find(upper(walk.hashes()[last]), walk.name()).map_or(0, |record| self.said(record));
        if own & what.off_bit() != 0 {
            return Fate::Disabled;
        }
        // Exceptions are few, and one that a wider one covers may still be the more specific one.
        if what.action() == RuleAction::Except {
            return Fate::InForce;
        }
        let alive = |said: u32| said & !(said >> 16);
        let mut covering = alive(own) & same_name_covers(what);
        let mut excepted = alive(own) & EXCEPTIONS != 0;
        for index in 0..last {
            if let Ok(record) = self.find(upper(walk.hashes()[index]), walk.suffix(index)) {
                let said = alive(self.said(record)) & BELOW;
                covering |= said & as_strong(what.action());
                excepted |= said & EXCEPTIONS != 0;
            }
        }
        // Between a rule and its parent an exception may stand: then both say what they say.
        if covering != 0 && !excepted { Fate::Subsumed } else { Fate::InForce }
    }

    fn occupy(&mut self, slot: usize, record: usize, hash: u32) {
        self.slots[slot] = Slot { record: record as u32 + 1, hash };
        self.names += 1;
        if self.names * 4 > self.slots.len() * 3 {
            self.grow();
        }
    }

    fn push(&mut self, name: Name<'_>, said: u32, what: u8, line: u32) -> Option<usize> {
        let at = self.arena.len();
        if at > ARENA_MAX {
            return None;
        }
        self.arena.extend_from_slice(&said.to_le_bytes());
        self.arena.push(what);
        self.arena.extend_from_slice(&line.to_le_bytes());
        self.arena.extend_from_slice(name.wire());
        Some(at)
    }

    /// The first record of that name, or the slot where it belongs.
    fn find(&self, hash: u32, name: Name<'_>) -> Result<usize, usize> {
        let mask = self.slots.len() - 1;
        let mut at = hash as usize & mask;
        // A quarter of the slots is free, so this ends.
        loop {
            let slot = self.slots[at];
            if slot.record == 0 {
                return Err(at);
            }
            let record = slot.record as usize - 1;
            // Wire form ends itself: a record that starts with the name holds the name.
            if slot.hash == hash && self.arena[record + HEAD..].starts_with(name.wire()) {
                return Ok(record);
            }
            at = (at + 1) & mask;
        }
    }

    fn grow(&mut self) {
        let twice = vec![FREE; self.slots.len() * 2];
        let old = std::mem::replace(&mut self.slots, twice);
        let mask = self.slots.len() - 1;
        for slot in old.into_iter().filter(|slot| slot.record != 0) {
            let mut at = slot.hash as usize & mask;
            while self.slots[at].record != 0 {
                at = (at + 1) & mask;
            }
            self.slots[at] = slot;
        }
    }

    fn said(&self, record: usize) -> u32 {
        let octets = &self.arena[record..record + 4];
        u32::from_le_bytes([octets[0], octets[1], octets[2], octets[3]])
    }

    fn say(&mut self, record: usize, said: u32) {
        self.arena[record..record + 4].copy_from_slice(&said.to_le_bytes());
    }
}

/// Bits of exceptions.
const EXCEPTIONS: u32 = 0b111 << (RuleAction::Except as u32 * 3);
/// Bits of rules that reach below their name: subtree and children of each action.
const BELOW: u32 = 0b110_110_110;

/// Bits of rules that do at least as much as one with that action.
fn as_strong(action: RuleAction) -> u32 {
    let of = |action: RuleAction| 0b111 << (action as u32 * 3);
    match action {
        RuleAction::Block => of(RuleAction::Block) | of(RuleAction::BlockImportant),
        other => of(other),
    }
}

/// Bits of other rules at the same name that make this one needless.
fn same_name_covers(what: What) -> u32 {
    let subtree = 0b010_010_010 & as_strong(what.action());
    let stronger = as_strong(what.action()) & !(0b111 << (what.action() as u32 * 3));
    let same_scope = 0b001_001_001 << (what.scope() as u32) & stronger;
    (if what.scope() == Scope::Subtree { 0 } else { subtree }) | same_scope
}

fn hash_of(walk: &Suffixes) -> u32 {
    upper(walk.hashes().last().copied().unwrap_or_default())
}

fn upper(hash: u64) -> u32 {
    (hash >> 32) as u32
}

/// The name that stands at the start of `octets`.
fn first_name(octets: &[u8]) -> Name<'_> {
    let mut end = 0;
    while octets[end] != 0 {
        end += 1 + octets[end] as usize;
    }
    Name::from_wire(&octets[..=end]).expect("only names are pushed")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dns::name::OwnedName;
    use crate::dns::suffixes::HashKey;

    const KEY: HashKey = HashKey([1; 16]);
    const SUBTREE: What = What(1);

    fn walk(name: &str) -> Suffixes {
        Suffixes::of(&KEY, OwnedName::parse(name).unwrap().as_name())
    }

    #[test]
    fn a_hundred_thousand_names_are_told_apart() {
        let mut seen = Seen::new();
        for turn in 0..2 {
            for number in 0..100_000 {
                let added = seen.add(&walk(&format!("n{number}.example.com")), SUBTREE, number);
                assert_eq!(added, if turn == 0 { Added::New } else { Added::Duplicate });
            }
        }
        assert_eq!(seen.rules(), 100_000);
        assert!(seen.kept().zip(0..).all(|(kept, line)| kept.line == line));
        assert!(seen.octets() < 8 << 20, "{} octets", seen.octets());
    }

    #[test]
    fn a_parent_covers_what_is_below_unless_an_exception_stands_between() {
        use RuleAction::{Block, BlockImportant, Except};
        use Scope::{Children, Exact, Subtree};
        for (rules, name, scope, action, fate) in [
            (vec![("a.b", Subtree, Block)], "x.a.b", Subtree, Block, Fate::Subsumed),
            (vec![("a.b", Children, Block)], "x.a.b", Exact, Block, Fate::Subsumed),
            (vec![("a.b", Exact, Block)], "x.a.b", Exact, Block, Fate::InForce),
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
        ] {
            let mut seen = Seen::new();
            for (at, scope, action) in &rules {
                seen.add(&walk(at), What::new(*scope, *action), 1);
            }
            let what = What::new(scope, action);
            seen.add(&walk(name), what, 2);
            assert_eq!(seen.fate(&walk(name), what), fate, "{rules:?} {name} {scope:?} {action:?}");
        }
    }

    #[test]
    fn a_switched_off_parent_covers_nothing() {
        let mut seen = Seen::new();
        seen.switch_off(&walk("a.b"), SUBTREE);
        seen.add(&walk("a.b"), SUBTREE, 2);
        seen.add(&walk("x.a.b"), SUBTREE, 3);
        assert_eq!(seen.fate(&walk("a.b"), SUBTREE), Fate::Disabled);
        assert_eq!(seen.fate(&walk("x.a.b"), SUBTREE), Fate::InForce);
        assert_eq!(seen.kept().count(), 2);
    }
}
