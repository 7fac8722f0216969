//! What a list's profile makes of a rule: promotion to subtrees, `www.` folding, suffixes.

use super::protected::Protected;
use super::spec::{Matching, Profile};
use crate::dns::name::Name;
use crate::dns::suffixes::Suffixes;
use crate::model::rule::{ListKind, Scope};

/// What a name is to the public suffix list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Suffix {
    /// A name that somebody registered, or below one.
    No,
    /// The same, below a top-level domain that nobody knows.
    UnderUnknown,
    /// A suffix of the ICANN section: a whole country or branch.
    Public,
    /// A suffix of the private section: many people's sites.
    Private,
    /// One label that is no known suffix.
    SingleLabel,
}

impl Suffix {
    pub(super) fn of(name: Name<'_>) -> Self {
        let mut text = [0; 256];
        let text = dotted(name, &mut text);
        let Some(suffix) = psl::suffix(text) else { return Self::SingleLabel };
        let whole = suffix.as_bytes().len() == text.len();
        match suffix.typ() {
            Some(psl::Type::Icann) if whole => Self::Public,
            Some(psl::Type::Private) if whole => Self::Private,
            Some(_) => Self::No,
            None if whole => Self::SingleLabel,
            None => Self::UnderUnknown,
        }
    }
}

/// Whether a name is a suffix below which anybody may register (ICANN section): `vn`, `edu.vn`, `co.uk`.
pub fn is_public_suffix(name: Name<'_>) -> bool {
    Suffix::of(name) == Suffix::Public
}

/// A name with dots between its labels; labels checked before hold no dots themselves.
fn dotted<'t>(name: Name<'_>, text: &'t mut [u8; 256]) -> &'t [u8] {
    let mut end = 0;
    for label in name.labels() {
        if end > 0 {
            text[end] = b'.';
            end += 1;
        }
        text[end..end + label.len()].copy_from_slice(label);
        end += label.len();
    }
    &text[..end]
}

/// Which names a rule is about under that profile.
pub(super) fn promoted(scope: Scope, profile: &Profile) -> Scope {
    match profile.matching {
        Matching::Native => scope,
        Matching::Subtree => Scope::Subtree,
    }
}

/// `x` for `www.x`, where the profile folds and `x` may stand in a list itself.
pub(super) fn folded<'n>(
    name: Name<'n>,
    profile: &Profile,
    kind: ListKind,
    protected: &Protected,
    walk: &mut Suffixes,
) -> Option<Name<'n>> {
    if !profile.fold_www || name.labels().next() != Some(b"www") {
        return None;
    }
    let parent = name.parent()?;
    if !matches!(Suffix::of(parent), Suffix::No | Suffix::UnderUnknown) {
        return None;
    }
    walk.fill(protected.key(), parent);
    protected.against(walk, kind).is_none().then_some(parent)
}
