//! What a list said when it was read for the gate, kept until the index is built: the text need not be read
//! and its names sorted a second time.
//!
//! Rules are kept in the order in which they were told; few in memory, many in a nameless file. Nothing of it
//! outlives the process, so nothing of it is checked when it is read back, but for its form.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use super::read::{Reading, RuleAt};
use super::sorted::What;
use crate::dns::name::Name;
use crate::sys::scratch::nameless;

/// Octets written and read at a time, and what stays in memory: some 500 rules.
const PIECE: usize = 16 << 10;
/// Before the name in each record: the line (4), what the rule does (1), octets of the name (1).
const HEAD: usize = 6;

/// A list as it was read.
#[derive(Debug)]
pub struct Fresh {
    /// What became of its lines.
    pub reading: Reading,
    /// Its rules in force.
    pub rules: Rules,
}

/// Rules in force of one list.
#[derive(Debug)]
pub struct Rules {
    /// The last records, or all of them.
    octets: Vec<u8>,
    file: Option<File>,
    /// Octets in the file.
    end: u64,
}

/// Takes rules in. A disk that takes no more of them ends it; the list is then read again where it is needed.
pub(super) struct Keeper {
    folder: PathBuf,
    rules: Rules,
    failed: bool,
}

impl Keeper {
    /// What does not fit into memory goes into a nameless file in `folder`.
    pub fn new(folder: &Path) -> Self {
        let rules = Rules { octets: Vec::new(), file: None, end: 0 };
        Self { folder: folder.to_owned(), rules, failed: false }
    }

    pub fn add(&mut self, name: Name<'_>, what: What, line: u32) {
        if self.failed {
            return;
        }
        let octets = &mut self.rules.octets;
        octets.extend_from_slice(&line.to_le_bytes());
        octets.extend_from_slice(&[what.to_octet(), name.wire().len() as u8]);
        octets.extend_from_slice(name.wire());
        if octets.len() >= PIECE {
            self.failed = self.rules.write(&self.folder).is_err();
        }
    }

    /// The rules, unless the disk did not take them.
    pub fn finish(mut self) -> Option<Rules> {
        self.rules.octets.shrink_to_fit();
        (!self.failed).then_some(self.rules)
    }
}

impl Rules {
    fn write(&mut self, folder: &Path) -> io::Result<()> {
        let file = match self.file.take() {
            Some(file) => file,
            None => nameless(folder)?,
        };
        file.write_all_at(&self.octets, self.end)?;
        self.end += self.octets.len() as u64;
        self.octets.clear();
        self.file = Some(file);
        Ok(())
    }

    /// Hands out every rule, as often as it is asked to.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn each(&self, take: &mut dyn FnMut(RuleAt<'_>)) -> io::Result<()> {
        let mut piece = Vec::with_capacity(2 * PIECE);
        let mut at = 0;
        if let Some(file) = &self.file {
            while at < self.end {
                let (kept, count) = (piece.len(), PIECE.min((self.end - at) as usize));
                piece.resize(kept + count, 0);
                file.read_exact_at(&mut piece[kept..], at)?;
                at += count as u64;
                let whole = records(&piece, take);
                piece.drain(..whole);
            }
        }
        piece.extend_from_slice(&self.octets);
        match records(&piece, take) == piece.len() {
            true => Ok(()),
            false => Err(io::Error::from(io::ErrorKind::InvalidData)),
        }
    }
}

/// Hands out the whole records at the beginning, and says how many octets they are.
fn records(octets: &[u8], take: &mut dyn FnMut(RuleAt<'_>)) -> usize {
    let mut rest = octets;
    while let Some((head, after)) = rest.split_first_chunk::<HEAD>()
        && let Some((wire, after)) = after.split_at_checked(usize::from(head[HEAD - 1]))
        && let Ok(name) = Name::from_wire(wire)
    {
        let what = What::from_octet(head[4]);
        let line = u32::from_le_bytes([head[0], head[1], head[2], head[3]]);
        take(RuleAt { name, scope: what.scope(), action: what.action(), line });
        rest = after;
    }
    octets.len() - rest.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dns::name::OwnedName;
    use crate::model::rule::{RuleAction, Scope};

    fn told(rules: &Rules) -> Vec<(String, Scope, RuleAction, u32)> {
        let mut told = Vec::new();
        rules
            .each(&mut |rule| told.push((rule.name.to_string(), rule.scope, rule.action, rule.line)))
            .unwrap();
        told
    }

    #[test]
    fn what_was_kept_is_told_as_often_as_it_is_asked_for() {
        let folder = tempfile::tempdir().unwrap();
        let actions = [RuleAction::Block, RuleAction::BlockImportant, RuleAction::Except];
        let scopes = [Scope::Exact, Scope::Subtree, Scope::Children];
        for count in [0, 1, 9, 100, 600, 40_000] {
            let mut keeper = Keeper::new(folder.path());
            let rules: Vec<_> = (0..count)
                .map(|n| {
                    let name = format!("{}{n}.example", "x".repeat(n % 50));
                    (name, scopes[n % 3], actions[n / 3 % 3], n as u32 + 1)
                })
                .collect();
            for (name, scope, action, line) in &rules {
                let name = OwnedName::parse(name).unwrap();
                keeper.add(name.as_name(), What::new(*scope, *action), *line);
            }
            let kept = keeper.finish().unwrap();
            assert_eq!(kept.file.is_some(), count > 500, "{count}");
            assert_eq!(told(&kept), rules);
            assert_eq!(told(&kept), rules, "the second time");
            assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
        }
    }

    #[test]
    fn a_disk_that_takes_nothing_keeps_few_rules_and_not_half_of_many() {
        let gone = Path::new("/nowhere at all");
        for (count, is_kept) in [(10, true), (10_000, false)] {
            let mut keeper = Keeper::new(gone);
            let name = OwnedName::parse("a.example").unwrap();
            let what = What::new(Scope::Subtree, RuleAction::Block);
            (0..count).for_each(|line| keeper.add(name.as_name(), what, line));
            assert_eq!(keeper.finish().is_some(), is_kept, "{count}");
        }
    }
}
