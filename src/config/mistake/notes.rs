//! Mistakes as they are found; what only follows from another is dropped.

use std::path::PathBuf;

use super::{Code, Mistake, Report};
use crate::config::source::{Place, Sources};

/// Mistakes that are told; a file with more is not a config with slips but something else.
pub const MISTAKES_MAX: usize = 100;

/// Mistakes as they are found, with the files read so far.
#[derive(Debug, Default)]
pub struct Notes {
    /// The files.
    pub sources: Sources,
    /// Files that the config needs beside its own text, as they were named.
    pub needed: Vec<PathBuf>,
    mistakes: Vec<Mistake>,
    left_out: usize,
    /// What syntax errors tore apart.
    torn: Vec<Place>,
    /// Tables that lost a key, with the key; lists that lost a value.
    holes: Vec<(Place, Option<String>)>,
    /// Whether whole entries are lost, so that what seems to be absent may not be.
    incomplete: bool,
}

impl Notes {
    /// Remembers a mistake; beyond [`MISTAKES_MAX`] they are only counted. What only follows from
    /// another mistake is dropped.
    pub fn note(&mut self, mistake: Mistake) {
        if self.is_echo(&mistake) {
            return;
        }
        if self.mistakes.len() < MISTAKES_MAX {
            self.mistakes.push(mistake);
        } else {
            self.left_out += 1;
        }
    }

    /// A syntax error was told; what stands at `place` is torn apart by it.
    pub fn torn(&mut self, place: Place) {
        self.torn.push(place);
        self.incomplete = true;
    }

    /// A key was told and left out of the table at `place`. `key` is the one that it was, or was meant to be.
    pub fn left_out_of(&mut self, place: Place, key: &str) {
        self.holes.push((place, Some(key.to_owned())));
    }

    /// A value was told and left out of the list at `place`.
    pub fn left_out_of_list(&mut self, place: Place) {
        self.holes.push((place, None));
        self.incomplete = true;
    }

    /// A whole entry (a group, a list) was told and left out.
    pub fn left_out_entry(&mut self) {
        self.incomplete = true;
    }

    fn is_echo(&self, mistake: &Mistake) -> bool {
        if mistake.code == Code::Syntax {
            return false;
        }
        let within =
            |torn: &Place| torn.file == mistake.at.file && torn.span.contains(&mistake.at.span.start);
        let is_hole = |(place, key): &(Place, Option<String>)| {
            let is_key = |key: &String| mistake.absent.contains(&key.as_str());
            *place == mistake.at && !mistake.absent.is_empty() && key.as_ref().is_none_or(is_key)
        };
        let echo = match mistake.code {
            Code::MissingKey | Code::EitherOr => self.holes.iter().any(is_hole) || !self.torn.is_empty(),
            Code::OutOfRange => self.holes.iter().any(is_hole),
            Code::NoAllowSet
            | Code::TierWithoutGroup
            | Code::UnknownAllowSet
            | Code::UnknownGroup
            | Code::NeverMatches
            | Code::Unused => self.incomplete,
            Code::Contradiction | Code::LaxerThanOlder => !self.torn.is_empty(),
            _ => false,
        };
        // Never drop the only one.
        (echo || self.torn.iter().any(within)) && !self.is_empty()
    }

    /// Mistakes so far.
    pub fn len(&self) -> usize {
        self.mistakes.len() + self.left_out
    }

    /// Whether there is none so far.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All mistakes, where nothing was made of the files.
    pub fn refuse(self) -> Report {
        Report { sources: self.sources, mistakes: self.mistakes, left_out: self.left_out, is_unread: false }
    }

    /// What was made of the files, if nothing is wrong with them.
    ///
    /// # Errors
    /// All mistakes, in the order of the files.
    pub fn finish<T>(mut self, made: T) -> Result<T, Report> {
        if self.is_empty() {
            return Ok(made);
        }
        self.mistakes.sort_by_key(|mistake| (mistake.at.file, mistake.at.span.start));
        Err(self.refuse())
    }
}
