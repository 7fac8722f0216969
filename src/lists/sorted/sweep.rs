//! Goes once through the sorted rules and works out the fate of each.

use crate::dns::name::NameBuf;
use crate::model::rule::{RuleAction, Scope};

use super::record::{fill_name, key_of};
use super::{Fate, Judged, Said, What};

/// Goes through sorted records and works out the fate of each.
pub(super) struct Sweep<'t> {
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
    pub(super) fn new(tell: &'t mut dyn FnMut(Judged<'_>)) -> Self {
        Self { tell, key: vec![], said: vec![], above: vec![], name: NameBuf::new() }
    }

    pub(super) fn record(&mut self, record: &[u8]) {
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
    pub(super) fn close_name(&mut self) {
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
