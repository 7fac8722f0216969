//! The account of a list: what became of every line.
//!
//! A line may hold several names (`0.0.0.0 a b`), so what is counted is *entries*: each line has at
//! least one, and `extra` says how many came on top. Taken, excepted, rewrites, ignored and refused
//! together are `lines + extra`, always.

use super::format::options::{OptionSet, RuleOption};
use super::reason::{Ignored, Refusal};
use crate::dns::name::Name;
use crate::i18n::{Message, msg};
use crate::model::pattern::pattern_of;

/// Samples kept of each reason.
pub const SAMPLES_MAX: usize = 5;
/// Octets kept of a sample's text.
const SAMPLE_OCTETS_MAX: usize = 120;

/// Why an entry is no rule in force, for samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reason {
    /// Nothing is wrong with it.
    Ignored(Ignored),
    /// It may not or cannot be a rule.
    Refused(Refusal),
    /// It redirects a name to a real address or another name. Rewrites of strangers are not in force.
    Rewrite,
}

impl Reason {
    /// The id, as exports write it.
    pub fn id(self) -> &'static str {
        match self {
            Reason::Ignored(why) => why.id(),
            Reason::Refused(why) => why.id(),
            Reason::Rewrite => "rewrite",
        }
    }

    /// What a person is told.
    pub fn message(self) -> Message {
        match self {
            Reason::Ignored(why) => why.message(),
            Reason::Refused(why) => why.message(),
            Reason::Rewrite => msg!("line-rewrite"),
        }
    }
}

/// One line, shown to a person who wants to know what a reason means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    /// What became of it.
    pub reason: Reason,
    /// Line in its list, from 1.
    pub line: u32,
    /// Its text, cut to 120 octets.
    pub text: String,
}

/// What became of every line of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// Lines of the text.
    pub lines: u32,
    /// Entries beyond the first of a line.
    pub extra: u32,
    /// Rules that put names into the list's category.
    pub taken: u32,
    /// Exceptions (`@@`) that take names out of this list again, and names that a rule leaves out (`$denyallow`).
    pub excepted: u32,
    /// Redirects, read and not in force.
    pub rewrites: u32,
    /// Distinct rules whose top-level domain nobody knows. A warning only.
    pub unknown_tops: u32,
    /// Names from which a leading `www.` was folded.
    pub folded: u32,
    /// Of the refused, distinct names that are themselves in the file of protected names. A list with
    /// many of them is a mix-up (a list of popular sites, an allow list).
    pub protected_names: u32,
    /// Samples, the first five lines of each reason.
    pub samples: Vec<Sample>,
    ignored: [u32; Ignored::COUNT],
    refused: Counts<{ Refusal::COUNT }>,
    options: [Optioned; RuleOption::COUNT],
}

/// Numbers that begin at zero, however many there are.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Counts<const N: usize>([u32; N]);

impl<const N: usize> Default for Counts<N> {
    fn default() -> Self {
        Self([0; N])
    }
}

/// What became of rules with an option.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Optioned {
    /// Taken for the whole name, as the list's profile says.
    pub taken: u32,
    /// Refused because of it.
    pub refused: u32,
}

impl Account {
    /// Counts an entry that is no rule.
    pub fn note(&mut self, reason: Reason, line: u32, text: &str) {
        let seen = match reason {
            Reason::Ignored(why) => &mut self.ignored[why as usize],
            Reason::Refused(why) => &mut self.refused.0[why as usize],
            Reason::Rewrite => &mut self.rewrites,
        };
        *seen += 1;
        let told = !matches!(reason, Reason::Ignored(Ignored::Blank | Ignored::Comment));
        if told && *seen <= SAMPLES_MAX as u32 {
            self.samples.push(Sample { reason, line, text: cut(text) });
        }
    }

    /// The same for a rule whose line was read before; its name stands for the text. These come in the order
    /// of names, so the samples are those of the first lines so far.
    pub(super) fn note_name(&mut self, reason: Reason, line: u32, name: Name<'_>) {
        let mut samples = 0;
        let mut last: Option<usize> = None;
        for (at, sample) in self.samples.iter().enumerate().filter(|(_, sample)| sample.reason == reason) {
            samples += 1;
            if last.is_none_or(|last| self.samples[last].line < sample.line) {
                last = Some(at);
            }
        }
        if samples < SAMPLES_MAX {
            return self.note(reason, line, &shown(name));
        }
        match reason {
            Reason::Ignored(why) => self.ignored[why as usize] += 1,
            Reason::Refused(why) => self.refused.0[why as usize] += 1,
            Reason::Rewrite => self.rewrites += 1,
        }
        if let Some(last) = last.map(|at| &mut self.samples[at]).filter(|last| line < last.line) {
            (last.line, last.text) = (line, cut(&shown(name)));
        }
    }

    /// Counts a rule that is taken, or refused, because of these options.
    pub(super) fn note_options(&mut self, options: OptionSet, is_taken: bool) {
        for option in options.iter() {
            let count = &mut self.options[option as usize];
            match is_taken {
                true => count.taken += 1,
                false => count.refused += 1,
            }
        }
    }

    /// Options that decided over rules, each with what came of these. A rule with two options counts with both.
    pub fn options(&self) -> impl Iterator<Item = (RuleOption, Optioned)> + '_ {
        let all = RuleOption::ALL.iter().map(|option| (*option, self.options[*option as usize]));
        all.filter(|(_, count)| *count != Optioned::default())
    }

    /// Entries ignored for that reason.
    pub fn ignored(&self, why: Ignored) -> u32 {
        self.ignored[why as usize]
    }

    /// Entries refused for that reason.
    pub fn refused(&self, why: Refusal) -> u32 {
        self.refused.0[why as usize]
    }

    /// Entries ignored, all reasons.
    pub fn ignored_total(&self) -> u32 {
        self.ignored.iter().sum()
    }

    /// Entries refused, all reasons.
    pub fn refused_total(&self) -> u32 {
        self.refused.0.iter().sum()
    }

    /// Entries whose text is broken, see [`Refusal::is_damage`].
    pub fn damaged(&self) -> u32 {
        Refusal::ALL.iter().filter(|why| why.is_damage()).map(|why| self.refused(*why)).sum()
    }

    /// All entries: lines, and the names beyond the first of a line.
    pub fn entries(&self) -> u32 {
        self.lines + self.extra
    }

    /// Entries that say something (neither blank, comment nor header).
    pub fn meant(&self) -> u32 {
        let silent = [Ignored::Blank, Ignored::Comment, Ignored::Header].map(|why| self.ignored(why));
        self.entries() - silent.iter().sum::<u32>()
    }

    /// Whether every entry is in exactly one place. Always true; tests hold it.
    pub fn adds_up(&self) -> bool {
        self.taken + self.excepted + self.rewrites + self.ignored_total() + self.refused_total()
            == self.entries()
    }

    /// Reasons that occurred, with their counts.
    pub fn reasons(&self) -> impl Iterator<Item = (Reason, u32)> + '_ {
        let ignored = Ignored::ALL.iter().map(|why| (Reason::Ignored(*why), self.ignored(*why)));
        let refused = Refusal::ALL.iter().map(|why| (Reason::Refused(*why), self.refused(*why)));
        ignored.chain(refused).chain([(Reason::Rewrite, self.rewrites)]).filter(|(_, count)| *count > 0)
    }
}

/// A name, or the pattern that it stands for.
fn shown(name: Name<'_>) -> String {
    pattern_of(name).unwrap_or_else(|| name.to_string())
}

fn cut(text: &str) -> String {
    let text = text.trim();
    let mut end = text.len().min(SAMPLE_OCTETS_MAX);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text[..end].chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::i18n::ids_with;

    #[test]
    fn every_reason_has_a_text_and_every_text_a_reason() {
        let ignored = Ignored::ALL.iter().map(|why| Reason::Ignored(*why));
        let refused = Refusal::ALL.iter().map(|why| Reason::Refused(*why));
        let reasons = ignored.chain(refused).chain([Reason::Rewrite]);
        let ids: BTreeSet<String> = reasons.map(|reason| reason.message().id().to_owned()).collect();
        assert_eq!(ids, ids_with("line-"));
    }

    #[test]
    fn only_the_first_lines_of_a_reason_are_kept_and_cut() {
        let mut account = Account { lines: 9, ..Account::default() };
        let long = "ế".repeat(100);
        for line in 1..=9 {
            account.note(Reason::Refused(Refusal::Path), line, &long);
        }
        assert_eq!(account.samples.len(), SAMPLES_MAX);
        assert!(account.samples.iter().all(|sample| sample.text.len() <= SAMPLE_OCTETS_MAX));
        assert_eq!(account.refused(Refusal::Path), 9);
        assert!(account.adds_up());
    }
}
