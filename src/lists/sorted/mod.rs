//! The rules of one list, sorted so that a name stands right before all names below it: duplicates and
//! names under a parent are then known exactly, in one pass and in bounded memory.
//!
//! Rules are gathered as the lines come. A batch of them is kept in memory; one that is full is sorted and
//! written to a nameless file as a run, in a second thread while the next one is filled, and the runs are merged at
//! the end. Names are compared as a whole, never by a hash.

mod batch;
mod record;
mod runs;
mod sweep;
#[cfg(test)]
mod tests;

use std::io;
use std::path::PathBuf;

use crate::dns::name::Name;
use crate::model::rule::{RuleAction, Scope};

use batch::Batch;
use runs::Sorter;
use sweep::Sweep;

/// Octets of a batch: gathered rules and their order. Two are in memory at once where a list has more. A list of
/// 100,000 names fits into one; one of ten million makes some 110 runs.
const BATCH: usize = 4 << 20;

const _: () = assert!(BATCH < u32::MAX as usize);

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
        [RuleAction::Block, RuleAction::BlockImportant, RuleAction::Except, RuleAction::Spare]
            [usize::from(self.0 / 3)]
    }

    pub(super) fn to_octet(self) -> u8 {
        self.0
    }

    /// Whatever the octet, one of the twelve.
    pub(super) fn from_octet(octet: u8) -> Self {
        Self((octet & 0x0f).min(11))
    }

    fn bit(self) -> u16 {
        1 << self.0
    }
}

/// In a record's first octet for what is said: a `$badfilter` of that rule, not the rule itself.
const OFF: u8 = 0x80;
/// The same: the name's top-level domain is unknown.
const UNKNOWN_TOP: u8 = 0x40;
/// The same: the rule leaves out names below its own.
const IN_PART: u8 = 0x20;
/// The same: the name is left out.
const LEFT_OUT: u8 = 0x10;

/// Sets of options that a `$badfilter` tells apart (`OptionSet::variant`).
const VARIANTS: usize = 64;

/// What is written down of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// `variant` is a number for its options.
    Rule { what: What, variant: u8, unknown_top: bool },
    /// Switches the rule of that variant off, wherever it stands in the list.
    Off { what: What, variant: u8 },
    /// A rule that leaves out names below, which are said to be left out with the same line.
    InPart { what: What, unknown_top: bool },
    /// The name, and what is below it, is left out of the rule on that line.
    LeftOut,
}

impl Said {
    fn to_octets(self) -> [u8; 2] {
        let top = |unknown_top: bool| if unknown_top { UNKNOWN_TOP } else { 0 };
        match self {
            Self::Rule { what, variant, unknown_top } => [what.0 | top(unknown_top), variant],
            Self::Off { what, variant } => [what.0 | OFF, variant],
            Self::InPart { what, unknown_top } => [what.0 | top(unknown_top) | IN_PART, 0],
            Self::LeftOut => [LEFT_OUT, 0],
        }
    }

    fn from_octets([octet, variant]: [u8; 2]) -> Self {
        let (what, unknown_top) = (What::from_octet(octet), octet & UNKNOWN_TOP != 0);
        match octet {
            _ if octet & OFF != 0 => Self::Off { what, variant },
            _ if octet & LEFT_OUT != 0 => Self::LeftOut,
            _ if octet & IN_PART != 0 => Self::InPart { what, unknown_top },
            _ => Self::Rule { what, variant, unknown_top },
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
    /// Octets that a batch may have where more can go to the disk.
    bound: usize,
    batch: Batch,
    spilled: Spilled,
}

/// What became of batches that were full.
enum Spilled {
    /// There was none.
    Nothing,
    Runs(Sorter),
    /// The disk did not take one of them.
    Lost,
}

impl Gathered {
    pub(super) fn new(room: Room) -> Self {
        Self::bounded(room, BATCH)
    }

    fn bounded(room: Room, bound: usize) -> Self {
        Self { room, bound, batch: Batch::default(), spilled: Spilled::Nothing }
    }

    /// Writes down what a line says of a name. `false`: there is no room for it, ever (in memory only, at
    /// 4 GiB).
    pub(super) fn add(&mut self, name: Name<'_>, said: Said, line: u32) -> io::Result<bool> {
        if self.room != Room::Memory && self.batch.octets() >= self.bound {
            self.spill()?;
        }
        Ok(self.batch.add(name, said, line))
    }

    /// Whether nothing of it goes to the disk.
    pub(super) fn is_in_memory(&self) -> bool {
        self.room == Room::Memory
    }

    /// Hands the batch over to be sorted and written, and goes on with an empty one.
    fn spill(&mut self) -> io::Result<()> {
        let full = std::mem::take(&mut self.batch);
        let sorter = match (std::mem::replace(&mut self.spilled, Spilled::Lost), &self.room) {
            (Spilled::Runs(sorter), _) => sorter,
            (Spilled::Nothing, Room::Folder(folder)) => Sorter::new(folder)?,
            (Spilled::Nothing, Room::Memory) | (Spilled::Lost, _) => return Err(lost()),
        };
        let (sorter, empty) = sorter.take(full)?;
        (self.spilled, self.batch) = (Spilled::Runs(sorter), empty);
        Ok(())
    }

    /// Tells every rule with its fate, in the order of the names; a duplicate after the rule that it
    /// repeats. Nothing is left then.
    pub(super) fn judge(self, tell: &mut dyn FnMut(Judged<'_>)) -> io::Result<()> {
        let Self { mut batch, spilled, .. } = self;
        let mut sweep = Sweep::new(tell);
        match spilled {
            Spilled::Nothing => {
                batch.sort();
                batch.each(|record| sweep.record(record));
            }
            Spilled::Runs(sorter) => {
                sorter.finish(batch)?.merge_beside(&mut |record| sweep.record(record))?;
            }
            Spilled::Lost => return Err(lost()),
        }
        sweep.close_name();
        Ok(())
    }
}

fn lost() -> io::Error {
    io::Error::other("rules of the list could not be kept")
}
