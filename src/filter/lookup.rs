//! The way of a query: from the suffixes of a name to what all lists say of it.
//!
//! The first buckets of eight suffixes are looked at together, without a branch between them, so that
//! their cache misses overlap; only suffixes whose fingerprint was there are then followed to their
//! record, where the name itself decides. Exceptions are rare, and so are names of which lists say different things
//! at two suffixes: classes keep what is believed without these, and such a name is walked once more (`weigh`).

use crate::dns::name::{Name, OwnedName};
use crate::dns::suffixes::{Suffixes, hash_name};
use crate::model::likeness::find_brand;
use crate::model::matched::{Counted, Hit, Matched};
use crate::model::rule::RuleAction;

use super::class::{Contribution, Effect};
use super::layout::{CONTRIBUTION_OCTETS, ClassAt, Line, take_varint};
use super::table::{fingerprint_of, goes_on, home_of, may_lead, offsets};
use super::{Index, LISTS_MAX};

/// Suffixes whose first buckets are asked for together. Names with more labels are rare.
const TOGETHER: usize = 8;

impl Index {
    /// What all lists say of the walked name. `suffixes` must be made with [`Index::key`]; with any
    /// other key nothing is found. No allocation; at most 127 suffixes.
    pub fn lookup(&self, suffixes: &Suffixes) -> Matched {
        let mut matched = Matched::default();
        let mut effect = Effect::default();
        let mut counted = Counted::NONE;
        let (mut excepts, mut contested, mut differs) = (false, false, false);
        self.walk(suffixes, |hit, class| {
            let side = class.side(hit.whole);
            effect.join(side.effect);
            excepts |= side.excepts;
            contested |= side.contested;
            differs |= counted != Counted::NONE && side.counted != Counted::NONE && counted != side.counted;
            if side.counted != Counted::NONE {
                counted = side.counted;
            }
            matched.push(hit);
        });
        if excepts || differs || (contested && matched.hits().len() > 1) {
            (effect, counted) = self.weighed(suffixes);
        }
        matched.counted = counted;
        matched.categories = effect.categories;
        matched.protection = effect.protection;
        matched.allow_sets = effect.allow_sets;
        matched
    }

    /// The brand in a name that a list knows, as the name under which it stands in the index.
    pub fn brand_in(&self, name: Name<'_>) -> Option<OwnedName> {
        find_brand(name, &mut |brand| self.find(hash_name(&self.key, brand), brand).is_some())
    }

    /// All suffixes that say something of the walked name, shortest first.
    pub(super) fn walk<'i>(&'i self, suffixes: &Suffixes, mut on_hit: impl FnMut(Hit, ClassAt<'i>)) {
        let buckets = self.buckets();
        let hashes = &suffixes.hashes()[..suffixes.len().min(self.deepest)];
        for (chunk, hashes) in hashes.chunks(TOGETHER).enumerate() {
            let mut may = 0u32;
            for (bit, &hash) in hashes.iter().enumerate() {
                let bucket = buckets.get(home_of(hash, self.homes));
                may |=
                    u32::from(bucket.is_some_and(|bucket| may_lead(&bucket.0, fingerprint_of(hash)))) << bit;
            }
            while may != 0 {
                let bit = may.trailing_zeros() as usize;
                may &= may - 1;
                let suffix = chunk * TOGETHER + bit;
                let Some((record, class)) = self.find(hashes[bit], suffixes.suffix(suffix)) else { continue };
                let whole = suffix + 1 == suffixes.len();
                let Some(at) = self.class(class).filter(|at| at.side(whole).speaks) else { continue };
                on_hit(Hit { record, class, suffix: suffix as u8, whole }, at);
            }
        }
    }

    /// Record and class of a name, if the index has rules for it.
    pub(super) fn find(&self, hash: u64, name: Name<'_>) -> Option<(u32, u32)> {
        let buckets = self.buckets().get(home_of(hash, self.homes)..)?;
        let fingerprint = fingerprint_of(hash);
        for bucket in buckets.iter().take(self.reach as usize + 1) {
            for offset in offsets(&bucket.0, fingerprint) {
                let record = self.records().get(offset as usize..).and_then(take_varint);
                if let Some((class, rest)) = record
                    && rest.starts_with(name.wire())
                {
                    return Some((offset, class));
                }
            }
            if !goes_on(&bucket.0, fingerprint) {
                break;
            }
        }
        None
    }

    /// Lists that make an exception for the walked name, or spare it.
    pub(super) fn excepted<'i>(&'i self, suffixes: &'i Suffixes) -> Excepted<'i> {
        let (mut lists, mut spares) = (ListSet::NONE, false);
        self.walk(suffixes, |hit, class| {
            if class.side(hit.whole).excepts {
                let covering = self.contributions(class).filter(|rule| rule.covers(hit.whole));
                for rule in covering {
                    match rule.action {
                        RuleAction::Except => _ = lists.insert(rule.list),
                        RuleAction::Spare => spares = true,
                        RuleAction::Block | RuleAction::BlockImportant => {}
                    }
                }
            }
        });
        Excepted { lists, spares: spares.then_some((self, suffixes)) }
    }

    /// What a class says at a suffix that nothing of its list undoes, of the name itself or of what is below.
    pub(super) fn in_force<'i>(
        &'i self,
        hit: Hit,
        class: ClassAt<'i>,
        excepted: &Excepted<'_>,
    ) -> impl Iterator<Item = Contribution> {
        self.contributions(class)
            .filter(move |rule| rule.covers(hit.whole) && excepted.leaves(*rule, hit.suffix))
    }

    /// Whether the list spares the walked name at a suffix longer than that one.
    fn is_spared(&self, suffixes: &Suffixes, list: u16, above: u8) -> bool {
        let mut spared = false;
        self.walk(suffixes, |hit, class| {
            let spares = |rule: Contribution| {
                rule.list == list && rule.action == RuleAction::Spare && rule.covers(hit.whole)
            };
            spared |= hit.suffix > above && self.contributions(class).any(spares);
        });
        spared
    }

    pub(super) fn class(&self, class: u32) -> Option<ClassAt<'_>> {
        self.classes.get(class as usize).map(|line| ClassAt(&line.0))
    }

    pub(super) fn contributions<'i>(
        &'i self,
        class: ClassAt<'i>,
    ) -> impl Iterator<Item = Contribution> + use<'i> {
        let own = self.contributions.get(class.contributions()).unwrap_or_default();
        let (own, _) = own.as_chunks::<CONTRIBUTION_OCTETS>();
        own.iter().filter_map(|bits| Contribution::from_bits(u16::from_le_bytes(*bits)))
    }

    pub(super) fn records(&self) -> &[u8] {
        self.records.octets()
    }

    #[inline]
    pub(super) fn buckets(&self) -> &[Line] {
        &self.buckets
    }
}

/// What lists take back of what they say of a walked name.
pub(super) struct Excepted<'i> {
    /// Lists with an exception.
    lists: ListSet,
    /// Where to look for spared names, if a list spares any.
    spares: Option<(&'i Index, &'i Suffixes)>,
}

impl Excepted<'_> {
    /// Nothing.
    pub const NONE: Self = Self { lists: ListSet::NONE, spares: None };

    /// Exceptions alone.
    pub fn without_spares(self) -> Excepted<'static> {
        Excepted { lists: self.lists, spares: None }
    }

    /// Whether the rule, at that suffix, is in force.
    pub fn leaves(&self, rule: Contribution, suffix: u8) -> bool {
        match rule.action {
            RuleAction::Block => !self.takes_back(rule.list, suffix),
            RuleAction::BlockImportant => true,
            RuleAction::Except | RuleAction::Spare => false,
        }
    }

    /// Whether an ordinary block of the list at that suffix is undone.
    pub fn takes_back(&self, list: u16, suffix: u8) -> bool {
        self.lists.contains(list)
            || self.spares.is_some_and(|(index, suffixes)| index.is_spared(suffixes, list, suffix))
    }
}

/// A set of lists, by number.
pub(super) struct ListSet([u64; LISTS_MAX / 64]);

impl ListSet {
    pub const NONE: Self = Self([0; LISTS_MAX / 64]);

    /// Whether it is new.
    pub fn insert(&mut self, list: u16) -> bool {
        let is_new = !self.contains(list);
        self.0[usize::from(list) / 64 % self.0.len()] |= 1 << (list % 64);
        is_new
    }

    pub fn contains(&self, list: u16) -> bool {
        self.0[usize::from(list) / 64 % self.0.len()] & 1 << (list % 64) != 0
    }
}
