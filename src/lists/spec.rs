//! A list as the school (or the program itself) asks for it.

use std::path::PathBuf;
use std::time::Duration;

use super::format::Format;
use crate::model::rule::{ListKind, Origin};

/// One list: where it comes from and how its text is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListSpec {
    /// Stable id: a catalogue id, `starter-gambling`, a school's own.
    pub id: String,
    /// Where its text comes from.
    pub source: SourceSpec,
    /// What its names are there for.
    pub kind: ListKind,
    /// What its text is written in.
    pub format: FormatChoice,
    /// How its rules are to be taken.
    pub profile: Profile,
    /// How often it is asked for anew.
    pub every: Duration,
}

impl ListSpec {
    /// Who answers for it.
    pub fn origin(&self) -> Origin {
        match &self.source {
            SourceSpec::Starter => Origin::Shipped,
            SourceSpec::File(_) => Origin::Local,
            SourceSpec::Url(_) => Origin::Downloaded,
        }
    }
}

/// Where a list's text comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SourceSpec {
    /// `https://…`, or `file:///…`.
    Url(String),
    /// A file of this machine.
    File(PathBuf),
    /// Part of the program.
    Starter,
}

/// How the format is settled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FormatChoice {
    /// By what the lines look like, see [`super::detect`].
    #[default]
    Auto,
    /// By who wrote the config.
    Named(Format),
}

/// Which names the rules of a list are about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Matching {
    /// What the format itself says: a hosts line is one name, `||x^` a subtree, `*.x` only below.
    #[default]
    Native,
    /// Every rule is about its name and all below.
    Subtree,
}

/// How the rules of a list are to be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Profile {
    /// Which names the rules are about.
    pub matching: Matching,
    /// `www.x` stands for `x` too, unless `x` is a public suffix or protected. Not for threat lists:
    /// there `www.x` may be all that is bad.
    pub fold_www: bool,
    /// Takes private suffixes (`duckdns.org`). Only for dynamic DNS and hosting categories.
    pub private_suffixes: bool,
    /// Takes whole top-level domains and public suffixes.
    pub tld: bool,
    /// Takes the name of a URL that leads to one page. Without it only URLs without a path count.
    pub urls: bool,
    /// Takes rules that hold for some uses of a name only (`$third-party`, `$popup`, `$document`) as rules about the
    /// whole name.
    pub page_options: bool,
    /// Rules that the list may have; with more it is refused as a whole.
    pub max_names: usize,
}

/// Rules that a list may have unless its profile says otherwise. The largest public list (UT1 adult)
/// has 4.6 million.
pub const MAX_NAMES_DEFAULT: usize = 6_000_000;

impl Default for Profile {
    fn default() -> Self {
        Self {
            matching: Matching::Native,
            fold_www: false,
            private_suffixes: false,
            tld: false,
            urls: false,
            page_options: false,
            max_names: MAX_NAMES_DEFAULT,
        }
    }
}
