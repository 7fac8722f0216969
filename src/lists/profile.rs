//! What a list's profile makes of a rule: promotion to subtrees, `www.` folding, suffixes.

use super::protected::Protected;
use super::spec::{Matching, Profile};
use crate::dns::name::Name;
use crate::dns::public_suffix::{SuffixKind, kind_of};
use crate::dns::suffixes::Suffixes;
use crate::model::rule::{ListKind, Scope};

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
    if !matches!(kind_of(parent), SuffixKind::No | SuffixKind::UnderUnknown) {
        return None;
    }
    walk.fill(protected.key(), parent);
    protected.against(walk, kind).is_none().then_some(parent)
}
