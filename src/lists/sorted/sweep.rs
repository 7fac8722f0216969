//! Goes once through the sorted rules and works out the fate of each.

use crate::dns::name::NameBuf;
use crate::model::rule::{RuleAction, Scope};

use super::record::{fill_name, key_of};
use super::{Fate, Judged, Said, VARIANTS, What};

/// Goes through sorted records and works out the fate of each.
pub(super) struct Sweep<'t> {
    tell: &'t mut dyn FnMut(Judged<'_>),
    /// Key of the name at hand.
    key: Vec<u8>,
    /// Its records: what each does, and the line.
    said: Vec<(Said, u32)>,
    /// Records of the name at hand at which repeated ones are told, so that they take no room.
    said_max: usize,
    /// Names above the one at hand that have rules, the topmost first: octets of the key that they are,
    /// and what rules there and above say of names below them.
    above: Vec<(usize, u16)>,
    /// Rules in force at names above that leave out some below, the topmost first.
    in_part: Vec<InPart>,
    /// Octets of the key of names, at or above the one at hand, that rules of `in_part` leave out, and which of them.
    left_out: Vec<(usize, usize)>,
    name: NameBuf,
}

/// A rule that leaves out names below.
struct InPart {
    line: u32,
    /// Octets of its name's key.
    length: usize,
    /// Whether the name at hand is left out.
    leaves_out: bool,
}

/// Records kept of one name before duplicates among them are told at once: a list may repeat one name as
/// often as it has lines.
const SAID_MAX: usize = 1024;

/// Rules of one name by their variants, each a bit.
struct Variants([u16; VARIANTS]);

impl Variants {
    fn insert(&mut self, what: What, variant: u8) -> bool {
        let is_new = !self.contains(what, variant);
        self.0[usize::from(variant) % VARIANTS] |= what.bit();
        is_new
    }

    fn contains(&self, what: What, variant: u8) -> bool {
        self.0[usize::from(variant) % VARIANTS] & what.bit() != 0
    }
}

impl<'t> Sweep<'t> {
    pub(super) fn new(tell: &'t mut dyn FnMut(Judged<'_>)) -> Self {
        Self {
            tell,
            key: vec![],
            said: vec![],
            said_max: SAID_MAX,
            above: vec![],
            in_part: vec![],
            left_out: vec![],
            name: NameBuf::new(),
        }
    }

    pub(super) fn record(&mut self, record: &[u8]) {
        let key = key_of(record);
        if key != self.key {
            self.close_name();
            // All of these are beginnings of the old key; those of the new one stay.
            let is_left = |length: usize| !key.starts_with(&self.key[..length]);
            while self.above.pop_if(|(length, _)| is_left(*length)).is_some() {}
            while let Some((_, rule)) = self.left_out.pop_if(|(length, _)| is_left(*length)) {
                self.in_part[rule].leaves_out = false;
            }
            while self.in_part.pop_if(|rule| is_left(rule.length)).is_some() {}
            self.key.clear();
            self.key.extend_from_slice(key);
        }
        if self.said.len() >= self.said_max {
            self.tell_duplicates();
            self.said_max = SAID_MAX.max(self.said.len() * 2);
        }
        let line = u32::from_le_bytes([record[0], record[1], record[2], record[3]]);
        self.said.push((Said::from_octets([record[4], record[5]]), line));
    }

    /// Tells repeated rules of the name at hand, and forgets them. Left are as many as there are different ones, and
    /// those that have to do with names that are left out, of which a list has few.
    fn tell_duplicates(&mut self) {
        if self.said.len() < 2 {
            return;
        }
        let (mut seen, mut off) = (Variants([0; VARIANTS]), Variants([0; VARIANTS]));
        let mut said = std::mem::take(&mut self.said);
        said.retain(|(one, line)| match *one {
            Said::Rule { what, variant, unknown_top } => {
                let is_new = seen.insert(what, variant);
                if !is_new {
                    self.tell(what, *line, unknown_top, Fate::Duplicate);
                }
                is_new
            }
            Said::Off { what, variant } => off.insert(what, variant),
            Said::InPart { .. } | Said::LeftOut => true,
        });
        self.said = said;
    }

    /// All records of the name at hand are known.
    pub(super) fn close_name(&mut self) {
        if self.said.is_empty() {
            return;
        }
        self.tell_duplicates();
        self.said_max = SAID_MAX;
        let mut said = std::mem::take(&mut self.said);
        let mut off = Variants([0; VARIANTS]);
        for (one, _) in &said {
            if let Said::Off { what, variant } = one {
                off.insert(*what, *variant);
            }
        }
        let alive = said.iter().fold(0, |alive, (one, _)| match one {
            Said::Rule { what, variant, .. } if !off.contains(*what, *variant) => alive | what.bit(),
            _ => alive,
        });
        let above = self.above.last().map_or(0, |(_, below)| *below);
        self.leave_out(&said, above);
        let mut told = 0;
        for (one, line) in said.drain(..) {
            match one {
                Said::Rule { what, variant, unknown_top } => {
                    let fate = match () {
                        () if off.contains(what, variant) => Fate::Disabled,
                        // Other options, and the same rule.
                        () if told & what.bit() != 0 => Fate::Duplicate,
                        () => fate(what, alive, above),
                    };
                    told |= if fate == Fate::Disabled { 0 } else { what.bit() };
                    self.tell(what, line, unknown_top, fate);
                }
                Said::InPart { what, unknown_top } => {
                    let fate = match alive & what.bit() {
                        0 => fate(what, alive, above),
                        _ => Fate::Subsumed,
                    };
                    let is_told = told & what.bit() != 0;
                    if fate == Fate::InForce {
                        self.in_part.push(InPart { line, length: self.key.len(), leaves_out: false });
                        told |= what.bit();
                    }
                    self.tell(what, line, unknown_top, if is_told { Fate::Duplicate } else { fate });
                }
                Said::Off { .. } | Said::LeftOut => {}
            }
        }
        self.said = said;
        self.above.push((self.key.len(), above | alive & BELOW));
    }

    /// Looks which rules above leave out the name at hand. It is spared where no other one blocks it from above.
    fn leave_out(&mut self, said: &[(Said, u32)], above: u16) {
        let mut first = None;
        for (_, line) in said.iter().filter(|(one, _)| *one == Said::LeftOut) {
            let rule = self.in_part.iter().position(|rule| rule.line == *line && !rule.leaves_out);
            if let Some(rule) = rule {
                self.in_part[rule].leaves_out = true;
                self.left_out.push((self.key.len(), rule));
                first = first.or(Some(*line));
            }
        }
        if let Some(line) = first
            && self.left_out.len() == self.in_part.len()
            && above & BLOCKS == 0
        {
            self.tell(What::new(Scope::Subtree, RuleAction::Spare), line, false, Fate::InForce);
        }
    }

    fn tell(&mut self, what: What, line: u32, unknown_top: bool, fate: Fate) {
        fill_name(&mut self.name, &self.key);
        (self.tell)(Judged { name: self.name.name(), what, line, unknown_top, fate });
    }
}

/// What becomes of a rule that nothing switches off, at a name where `alive` rules stand, and rules at names above say
/// `above` of it.
fn fate(what: What, alive: u16, above: u16) -> Fate {
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
/// Bits of blocks.
const BLOCKS: u16 = 0b111_111;
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
