//! A policy zone from a file of this machine.

use std::io;
use std::path::{Path, PathBuf};

use crate::dns::name::Name;
use crate::i18n::{Message, msg};
use crate::lists::content::{self, ContentKind};
use crate::lists::gate;
use crate::rpz::content::Content;
use crate::rpz::text::{self, Account};
use crate::sys::whole::read_file;

/// Why a file was not taken. The last good copy stays in force.
#[derive(Debug)]
pub enum Refused {
    Read { path: PathBuf, source: io::Error },
    TooLarge { octets_max: u64 },
    NotAZone { found: ContentKind },
    Empty { refused: u32 },
    Shrunk { was: usize, is: usize },
}

impl Refused {
    /// As people are told.
    pub fn message(&self) -> Message {
        match self {
            Self::Read { path, source } => msg!("zone-file-unread", path = path.as_path(), error = source),
            Self::TooLarge { octets_max } => msg!("zone-too-large", most = *octets_max),
            Self::NotAZone { found } => msg!("zone-not-a-zone", found = found.message()),
            Self::Empty { refused } => msg!("zone-empty", refused = *refused),
            Self::Shrunk { was, is } => msg!("zone-shrunk", was = *was, is = *is),
        }
    }
}

/// Reads a zone; `was` is the number of records of the copy in force, if there is one.
///
/// # Errors
/// Why it is not taken.
pub fn read(
    path: &Path,
    apex: Name<'_>,
    was: Option<usize>,
    octets_max: u64,
    gate: &gate::Settings,
) -> Result<(Content, Account), Refused> {
    let octets = read_file(path, octets_max).map_err(|source| match source.kind() {
        io::ErrorKind::FileTooLarge => Refused::TooLarge { octets_max },
        _ => Refused::Read { path: path.to_owned(), source },
    })?;
    if let Some(found) = content::wrong(&octets) {
        return Err(Refused::NotAZone { found });
    }
    let (content, account) = text::read(&octets, apex);
    if !content.owners().any(|(owner, _)| !owner.is_root()) {
        return Err(Refused::Empty { refused: account.refused() });
    }
    let is = content.len();
    match was.filter(|was| is < *was && was - is > may_lose(*was, gate)) {
        Some(was) => Err(Refused::Shrunk { was, is }),
        None => Ok((content, account)),
    }
}

/// As the gate of lists has it: a few, half of a small zone, a share of a large one.
fn may_lose(was: usize, gate: &gate::Settings) -> usize {
    let share = gate.bounds.shrink.unwrap_or(gate.shrink_share);
    let share = if was <= gate.small as usize { share.max(0.5) } else { share };
    (gate.slack as usize).max((was as f64 * share) as usize)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dns::name::OwnedName;

    fn judged(text: &str, was: Option<usize>) -> Result<usize, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.zone");
        std::fs::write(&path, text).unwrap();
        let apex = OwnedName::parse("rpz.test").unwrap();
        let read = read(&path, apex.as_name(), was, 10_000, &gate::Settings::default());
        read.map(|(content, _)| content.len()).map_err(|refused| refused.message().to_string())
    }

    fn zone(rules: usize) -> String {
        (0..rules).map(|number| format!("n{number} CNAME .\n")).collect()
    }

    #[test]
    fn an_accident_is_refused() {
        for (text, was, why) in [
            ("", None, "there is no rule in it (0 lines are broken)"),
            ("@ SOA a b 1 1 1 1 1\n@ NS ns\n", None, "there is no rule in it (0 lines are broken)"),
            ("one two three\n", None, "there is no rule in it (1 lines are broken)"),
            ("<!doctype html><html></html>", None, "not a zone but a web page (HTML)"),
            (&zone(120), Some(600), "it shrank from 600 to 120 records"),
            (&zone(1000), None, "the file has more than 10,000 octets"),
        ] {
            assert_eq!(judged(text, was), Err(why.to_owned()));
        }
    }

    #[test]
    fn a_zone_may_lose_as_much_as_a_list_and_no_more() {
        for (is, was, taken) in
            [(1, 101, true), (1, 102, false), (250, 500, true), (420, 600, true), (419, 600, false)]
        {
            assert_eq!(judged(&zone(is), Some(was)).is_ok(), taken, "{is} of {was}");
        }
    }
}
