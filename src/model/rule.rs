//! Rules as lists give them and the index keeps them.

use super::category::Category;
use crate::dns::name::OwnedName;

/// Which names a rule is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Scope {
    /// The name alone.
    Exact = 0,
    /// The name and all below it.
    Subtree = 1,
    /// Only what is below it.
    Children = 2,
}

impl Scope {
    /// Whether a rule of this scope says something of its own name.
    pub fn covers_self(self) -> bool {
        !matches!(self, Scope::Children)
    }

    /// Whether a rule of this scope says something of names below.
    pub fn covers_below(self) -> bool {
        !matches!(self, Scope::Exact)
    }

    /// The id, as exports write it.
    pub fn id(self) -> &'static str {
        match self {
            Scope::Exact => "exact",
            Scope::Subtree => "subtree",
            Scope::Children => "children",
        }
    }
}

/// What a rule of a list does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum RuleAction {
    /// The name is in the list's category (or allow set, or protection).
    Block = 0,
    /// As `Block`, and no exception of the same list undoes it (`$important`).
    BlockImportant = 1,
    /// This list says nothing of the name (`@@`); other lists may.
    Except = 2,
    /// Rules of this list at names above, but for `BlockImportant`, say nothing of the name (`$denyallow`).
    Spare = 3,
}

impl RuleAction {
    /// Whether it puts names into the list's category (allow set, protection).
    pub fn blocks(self) -> bool {
        matches!(self, Self::Block | Self::BlockImportant)
    }
}

/// One rule of one list.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Rule {
    /// The name that it is about.
    pub name: OwnedName,
    /// How far it reaches.
    pub scope: Scope,
    /// What it does.
    pub action: RuleAction,
    /// Line in its list, from 1.
    pub line: u32,
}

/// How strongly a name is protected from being blocked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Protection {
    /// No downloaded list blocks it, but threat lists (malware, phishing) do.
    SoftButThreats = 0,
    /// No downloaded list blocks it; an explicit school or Department rule may.
    Soft = 1,
    /// Only a locked block does.
    Hard = 2,
}

/// What the names of a list are there for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ListKind {
    /// Names of one category.
    Block(Category),
    /// Names that allow-only groups may reach; the list's id is the name of the set.
    Allow,
    /// Names that lists must not block.
    Protect(Protection),
}

/// Who answers for a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Origin {
    /// We: it is part of the program.
    Shipped = 0,
    /// The school: it is a file of this machine.
    Local = 1,
    /// Somebody else.
    Downloaded = 2,
}

impl Origin {
    /// Whether one such list is enough to believe it.
    pub fn is_trusted(self) -> bool {
        !matches!(self, Origin::Downloaded)
    }
}

/// A list as the index remembers it, so that a reason can be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListInfo {
    /// Stable id: a catalogue id, `starter-gambling`, a school's own.
    pub id: String,
    /// Version: a date, a hash's first octets, the program's version; what a person can look up.
    pub version: String,
    /// What its names are there for.
    pub kind: ListKind,
    /// Who answers for it.
    pub origin: Origin,
}
