//! The question which lists are wanted beyond the starter lists.

use super::{Error, Interview};
use crate::config::mistake::said;
use crate::config::nearest::{folded, nearest};
use crate::lists::{catalogue, recommended};

/// Lists that one answer may switch on.
const LISTS_MAX: usize = 32;

/// The lists that are wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wanted {
    /// The recommended set.
    pub recommended: bool,
    /// Ids of other sources of the catalogue.
    pub more: Vec<String>,
}

impl Interview<'_> {
    /// Which lists are wanted. The last question: where there are no more answers, it is what the program does
    /// without a config.
    pub(super) fn lists(&mut self) -> Result<Wanted, Error> {
        let set = recommended::all().len();
        self.tell(&said!("init-lists", set = set.to_string()));
        let question = said!("init-lists-fetch-the-recommended");
        let all = catalogue::all();
        let ids: Vec<&str> = all.iter().map(|entry| entry.spec.id.as_str()).collect();
        let read = |answer: &str| {
            let mut wanted = Wanted { recommended: true, more: Vec::new() };
            match folded(answer).as_str() {
                "0" | "k" | "khong" | "n" | "no" | "none" | "_" => {
                    return Ok(Wanted { recommended: false, ..wanted });
                }
                "1" | "c" | "co" | "y" | "yes" => return Ok(wanted),
                _ => {}
            }
            for word in answer.split([',', ';', ' ']).map(str::trim).filter(|word| !word.is_empty()) {
                let id = ids.iter().copied().find(|id| *id == word).ok_or_else(|| {
                    let meant = nearest(word, ids.iter().copied());
                    let meant = meant.map(|meant| format!(": {meant}?")).unwrap_or_default();
                    said!("init-lists-no-list-word", word = word.to_string(), meant = meant.to_string())
                })?;
                if !wanted.more.iter().any(|other| other == id) {
                    wanted.more.push(id.to_owned());
                }
            }
            if wanted.more.len() > LISTS_MAX {
                let most = LISTS_MAX;
                return Err(said!("init-lists-at-most-most", most = most.to_string()));
            }
            Ok(wanted)
        };
        match self.ask(&question, "c", read) {
            Err(Error::Ended) => Ok(Wanted { recommended: true, more: Vec::new() }),
            answered => answered,
        }
    }
}
