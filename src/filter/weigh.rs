//! Which of several categories is believed, and under which an attempt counts.
//!
//! Lists disagree: an advertising counter stands in one list of pornography, and whoever is blocked there would be
//! accused of it. So a category that accuses ([`CategorySet::GRAVE`]) and that a single downloaded list alone claims
//! does not count where one of our own lists, one of the school's, or two others put the name into a milder one. Of
//! several categories that count, an attempt is told under the one with the best evidence: our own or the school's
//! lists before downloaded ones, then the number of lists.

use crate::dns::public_suffix::{SuffixKind, kind_of};
use crate::dns::suffixes::Suffixes;
use crate::model::category::CategorySet;
use crate::model::matched::Counted;

use super::Index;
use super::class::{Contribution, Effect};
use super::evidence::Evidence;
use super::lookup::{Excepted, ListSet};

impl Index {
    /// What the lists add, each list's own exceptions applied, an exception that covers the name undoing all of its
    /// list but `$important`, wherever above the name the two stand, a spared name what stands above it; and all suffixes of the name weighed together.
    #[cold]
    pub(super) fn weighed(&self, suffixes: &Suffixes) -> (Effect, Counted) {
        let excepted = self.excepted(suffixes);
        let (mut effect, mut evidence) = (Effect::default(), Evidence::default());
        let mut seen = ListSet::NONE;
        self.walk(suffixes, |hit, class| {
            for contribution in self.in_force(hit, class, &excepted) {
                let said = self.effect_of(contribution);
                effect.join(said);
                if seen.insert(contribution.list) {
                    evidence.add(said.categories, said.is_trusted);
                }
            }
        });
        let thin = evidence.thin(effect.categories);
        let outweighed = thin.filter(|bit| self.is_outweighed(suffixes, bit, &excepted));
        effect.categories = effect.categories.without(outweighed);
        (effect, evidence.best(effect.categories))
    }

    /// Whether the evidence for a milder category is good enough at the name that a list accuses, or above it. What
    /// is said of a host of strangers' sites says nothing of one of these.
    fn is_outweighed(&self, suffixes: &Suffixes, bit: u8, excepted: &Excepted<'_>) -> bool {
        let mut accused_at = 0;
        self.walk(suffixes, |hit, class| {
            let accuses = |contribution| self.effect_of(contribution).categories.contains_bit(bit);
            if self.in_force(hit, class, excepted).any(accuses) {
                accused_at = hit.suffix;
            }
        });
        let (mut evidence, mut seen) = (Evidence::default(), ListSet::NONE);
        self.walk(suffixes, |hit, class| {
            let is_above = hit.suffix < accused_at;
            if is_above && is_shared(suffixes, hit.suffix) {
                return;
            }
            for contribution in self.in_force(hit, class, excepted) {
                let mut said = self.effect_of(contribution);
                if is_above {
                    said.categories = said.categories.without(CategorySet::HOSTING);
                }
                if !said.categories.is_empty() && seen.insert(contribution.list) {
                    evidence.add(said.categories, said.is_trusted);
                }
            }
        });
        evidence.has_milder()
    }

    /// Evidence of what lists say of the walked name, for weighing with what is said of it elsewhere: what is said of a
    /// host of strangers' sites above it does not count.
    pub(super) fn evidence_at(&self, suffixes: &Suffixes, excepted: &Excepted<'_>) -> Evidence {
        let (mut evidence, mut seen) = (Evidence::default(), ListSet::NONE);
        self.walk(suffixes, |hit, class| {
            if !hit.whole && is_shared(suffixes, hit.suffix) {
                return;
            }
            for contribution in self.in_force(hit, class, excepted) {
                let mut said = self.effect_of(contribution);
                if !hit.whole {
                    said.categories = said.categories.without(CategorySet::HOSTING);
                }
                if !said.categories.is_empty() && seen.insert(contribution.list) {
                    evidence.add(said.categories, said.is_trusted);
                }
            }
        });
        evidence
    }

    pub(super) fn effect_of(&self, contribution: Contribution) -> Effect {
        self.effects.get(usize::from(contribution.list)).copied().unwrap_or_default()
    }
}

/// Whether strangers have sites below a suffix of the name.
fn is_shared(suffixes: &Suffixes, suffix: u8) -> bool {
    matches!(kind_of(suffixes.suffix(usize::from(suffix))), SuffixKind::Public | SuffixKind::Private)
}
