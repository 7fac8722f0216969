//! What the lists together say of a name.
//!
//! A *contribution* is one list's say, for the name itself, for what is below it, or for both. A
//! *class* is the set of contributions that many names share, with their unions worked out, so that a
//! lookup only has to join a few masks.
//!
//! Of several rules of one list for one name only the strongest counts, for the name and for what is
//! below it each: `$important` before an exception before a block. So the order of rules in a list
//! does not matter, and a list has at most two contributions in a class.

use crate::model::category::CategorySet;
use crate::model::matched::Counted;
use crate::model::rule::{ListInfo, ListKind, Protection, RuleAction, Scope};

use super::ALLOW_SETS_MAX;
use super::evidence::Evidence;

/// One list's say in a class.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Contribution {
    /// Number of the list.
    pub list: u16,
    /// How far it reaches from the class's name.
    pub scope: Scope,
    /// What it does.
    pub action: RuleAction,
}

impl Contribution {
    /// Whether it says something of the name itself (`whole`), or of a name below it.
    pub fn covers(self, whole: bool) -> bool {
        if whole { self.scope.covers_self() } else { self.scope.covers_below() }
    }

    /// As the file keeps it: list in the low 12 bits, scope in the next two, action in the last two.
    pub(super) fn to_bits(self) -> u16 {
        self.list | (self.scope as u16) << 12 | (self.action as u16) << 14
    }

    pub(super) fn from_bits(bits: u16) -> Option<Self> {
        let scope = match bits >> 12 & 3 {
            0 => Scope::Exact,
            1 => Scope::Subtree,
            2 => Scope::Children,
            _ => return None,
        };
        let action = match bits >> 14 {
            0 => RuleAction::Block,
            1 => RuleAction::BlockImportant,
            2 => RuleAction::Except,
            _ => RuleAction::Spare,
        };
        Some(Self { list: bits & 0xfff, scope, action })
    }
}

/// What a list adds to a name that it blocks, allows or protects.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Effect {
    pub categories: CategorySet,
    pub allow_sets: u64,
    pub protection: Option<Protection>,
    /// Whether one such list is enough to believe it.
    pub is_trusted: bool,
}

impl Effect {
    /// The effects of all lists, by number. Allow lists of one id share one set. `None` if there are
    /// more allow sets than bits.
    pub fn of_lists(lists: &[ListInfo]) -> Option<Vec<Effect>> {
        let mut sets: Vec<&str> = Vec::new();
        let effects = lists.iter().map(|list| {
            let mut effect = Effect { is_trusted: list.origin.is_trusted(), ..Effect::default() };
            match list.kind {
                ListKind::Block(category) => effect.categories = CategorySet::of(category),
                ListKind::Protect(protection) => effect.protection = Some(protection),
                ListKind::Allow => {
                    let bit = sets.iter().position(|set| *set == list.id).unwrap_or_else(|| {
                        sets.push(&list.id);
                        sets.len() - 1
                    });
                    effect.allow_sets = 1u64.checked_shl(bit as u32).unwrap_or(0);
                }
            }
            effect
        });
        let effects = effects.collect();
        (sets.len() <= ALLOW_SETS_MAX).then_some(effects)
    }

    pub fn join(&mut self, other: Effect) {
        self.categories = self.categories.union(other.categories);
        self.allow_sets |= other.allow_sets;
        self.protection = self.protection.max(other.protection);
    }
}

/// One side of a class: what is said of the name itself, or of what is below it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Side {
    /// Everything that lists add and that is believed, exceptions left out of account.
    pub effect: Effect,
    /// The best evidenced category.
    pub counted: Counted,
    /// Whether anything is said.
    pub speaks: bool,
    /// Whether a list makes an exception or spares the name, so that `effect` is not the last word.
    pub excepts: bool,
    /// Whether a category rests on the word of one downloaded list, so that what is said elsewhere of the name may
    /// change what is believed.
    pub contested: bool,
}

impl Side {
    /// Works out one side of a class.
    pub fn of(contributions: &[Contribution], effects: &[Effect], whole: bool) -> Side {
        let mut side = Side::default();
        let (mut evidence, mut last) = (Evidence::default(), None);
        for contribution in contributions.iter().filter(|contribution| contribution.covers(whole)) {
            side.speaks = true;
            match contribution.action {
                RuleAction::Except | RuleAction::Spare => side.excepts = true,
                RuleAction::Block | RuleAction::BlockImportant => {
                    let said = effects.get(usize::from(contribution.list)).copied().unwrap_or_default();
                    side.effect.join(said);
                    // Contributions stand by list.
                    if last.replace(contribution.list) != Some(contribution.list) {
                        evidence.add(said.categories, said.is_trusted);
                    }
                }
            }
        }
        let thin = evidence.thin(side.effect.categories);
        side.contested = !thin.is_empty();
        if evidence.has_milder() {
            side.effect.categories = side.effect.categories.without(thin);
        }
        side.counted = evidence.best(side.effect.categories);
        side
    }
}

/// One rule as the builder gathers it for a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Say {
    pub contribution: Contribution,
    pub line: u32,
}

/// Brings the rules of one name into the one form that a class has: sorted by list, the strongest of
/// each list for either side, with the first line that says so. `says` keeps the order of the lists'
/// lines within one list.
pub(super) fn settle(says: &mut [Say], settled: &mut Vec<Say>) {
    says.sort_by_key(|say| (say.contribution.list, say.line));
    settled.clear();
    for of_list in says.chunk_by(|a, b| a.contribution.list == b.contribution.list) {
        let own = strongest(of_list, true);
        let below = strongest(of_list, false);
        let mut push = |say: Say, scope| {
            settled.push(Say { contribution: Contribution { scope, ..say.contribution }, ..say });
        };
        match (own, below) {
            (Some(own), Some(below)) if own.contribution.action == below.contribution.action => {
                push(if own.line <= below.line { own } else { below }, Scope::Subtree);
            }
            (own, below) => {
                own.into_iter().for_each(|say| push(say, Scope::Exact));
                below.into_iter().for_each(|say| push(say, Scope::Children));
            }
        }
    }
}

fn strongest(of_list: &[Say], whole: bool) -> Option<Say> {
    let strength = |action| match action {
        // A block at the name itself is not spared, and an exception does as much.
        RuleAction::Spare => 0,
        RuleAction::Block => 1,
        RuleAction::Except => 2,
        RuleAction::BlockImportant => 3,
    };
    let covering = of_list.iter().filter(|say| say.contribution.covers(whole));
    covering.copied().reduce(|best, say| {
        let stronger = strength(say.contribution.action) > strength(best.contribution.action);
        if stronger { say } else { best }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_contribution_fits_into_sixteen_bits_and_comes_back() {
        let read: Vec<_> =
            (0..=u16::MAX).filter_map(|bits| Some((bits, Contribution::from_bits(bits)?))).collect();
        assert_eq!(read.len(), 4096 * 3 * 4);
        for (bits, contribution) in read {
            assert_eq!(contribution.to_bits(), bits);
        }
    }

    #[test]
    fn of_one_list_only_the_strongest_say_of_either_side_stays() {
        use RuleAction::{Block, BlockImportant, Except, Spare};
        use Scope::{Children, Exact, Subtree};
        type Rules = &'static [(Scope, RuleAction)];
        type Settled = &'static [(Scope, RuleAction, u32)];
        let table: &[(Rules, Settled)] = &[
            (&[(Exact, Block), (Children, Block)], &[(Subtree, Block, 1)]),
            (&[(Exact, Block), (Exact, Block)], &[(Exact, Block, 1)]),
            (&[(Subtree, Block), (Exact, Except)], &[(Exact, Except, 2), (Children, Block, 1)]),
            (&[(Subtree, Except)], &[(Subtree, Except, 1)]),
            (&[(Subtree, Spare), (Exact, Block)], &[(Exact, Block, 2), (Children, Spare, 1)]),
            (&[(Subtree, Except), (Subtree, Spare)], &[(Subtree, Except, 1)]),
            (
                &[(Subtree, Except), (Exact, BlockImportant)],
                &[(Exact, BlockImportant, 2), (Children, Except, 1)],
            ),
            (
                &[(Children, Block), (Subtree, BlockImportant), (Subtree, Except)],
                &[(Subtree, BlockImportant, 2)],
            ),
        ];
        for (rules, expected) in table {
            let mut says: Vec<Say> = (1..)
                .zip(rules.iter())
                .map(|(line, &(scope, action))| Say {
                    contribution: Contribution { list: 7, scope, action },
                    line,
                })
                .collect();
            let mut settled = Vec::new();
            settle(&mut says, &mut settled);
            let settled: Vec<_> = settled
                .iter()
                .map(|say| (say.contribution.scope, say.contribution.action, say.line))
                .collect();
            assert_eq!(settled, *expected, "{rules:?}");
        }
    }
}
