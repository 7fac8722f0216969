//! What patterns of lists say of a name.

use crate::dns::name::{Name, OwnedName};
use crate::dns::suffixes::Suffixes;
use crate::model::category::CategorySet;
use crate::model::matched::{Hit, Matched};
use crate::model::pattern::Patterns;

use super::Index;
use super::class::Effect;
use super::layout::put_text;

/// Patterns in one index. Each takes some ten KiB of memory.
pub(super) const PATTERNS_MAX: usize = 1024;

impl Index {
    /// Patterns that meet a name, each by the name under which it stands in the index, with what their lists
    /// say, their exceptions for the name applied, its protection taken over, and all that is said of it weighed
    /// together. For where a name is not in the cache: it allocates.
    pub fn by_patterns(&self, asked: Name<'_>) -> Vec<(OwnedName, Matched)> {
        let meeting = self.patterns.meeting(asked);
        if meeting.is_empty() {
            return Vec::new();
        }
        let suffixes = &Suffixes::of(&self.key, asked);
        let own = self.lookup(suffixes);
        let excepted = self.excepted(suffixes);
        let mut evidence = self.evidence_at(suffixes, &excepted);
        // What a rule spares, another one may meet.
        let excepted = excepted.without_spares();
        let (mut all, mut found) = (CategorySet::EMPTY, Vec::new());
        for pattern in meeting {
            let name = pattern.name();
            let walk = Suffixes::of(&self.key, name.as_name());
            let (mut effect, mut hit) = (Effect::default(), None);
            self.walk(&walk, |at: Hit, class| {
                for rule in self.in_force(at, class, &excepted) {
                    let said = self.effect_of(rule);
                    effect.join(said);
                    evidence.add(said.categories, said.is_trusted);
                    hit = Some(at);
                }
            });
            if let Some(hit) = hit {
                all = all.union(effect.categories);
                found.push((name, hit, effect.categories));
            }
        }
        let thin = if evidence.has_milder() { evidence.thin(all) } else { CategorySet::EMPTY };
        let told = found.into_iter().map(|(name, hit, categories)| {
            let mut matched = Matched::default();
            matched.categories = categories.without(thin);
            matched.counted = evidence.best(matched.categories);
            matched.protection = own.protection;
            matched.push(hit);
            (name, matched)
        });
        told.filter(|(_, matched)| !matched.categories.is_empty()).collect()
    }
}

/// The texts as the file keeps them.
pub(super) fn encode<'t>(texts: impl IntoIterator<Item = &'t String>) -> Vec<u8> {
    let mut octets = Vec::new();
    texts.into_iter().for_each(|text| put_text(&mut octets, text));
    octets
}

/// The patterns of a file; `None` if they cannot be read or are too many.
pub(super) fn decode(mut octets: &[u8]) -> Option<Patterns> {
    let mut texts = Vec::new();
    while !octets.is_empty() {
        let (len, rest) = octets.split_first_chunk::<2>()?;
        let (text, rest) = rest.split_at_checked(usize::from(u16::from_le_bytes(*len)))?;
        texts.push(std::str::from_utf8(text).ok()?);
        octets = rest;
    }
    (texts.len() <= PATTERNS_MAX).then(|| Patterns::of(texts))?
}
