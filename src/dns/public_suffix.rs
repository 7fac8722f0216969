//! The Public Suffix List: below which names anybody may register, and what somebody registered.

use super::name::{NAME_MAX, Name};

/// What a name is to the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SuffixKind {
    /// A name that somebody registered, or below one.
    No,
    /// The same, below a top-level domain that nobody knows.
    UnderUnknown,
    /// A suffix of the ICANN section: a whole country or branch, as `vn`, `edu.vn`, `co.uk`.
    Public,
    /// A suffix of the private section: many people's sites.
    Private,
    /// One label that is no known suffix, or the root.
    SingleLabel,
}

/// What `name` is to the list. Labels with a dot inside are taken for two: lists hold none.
pub fn kind_of(name: Name<'_>) -> SuffixKind {
    let mut text = [0; NAME_MAX];
    let text = name.write_dotted(&mut text);
    let Some(suffix) = psl::suffix(text) else { return SuffixKind::SingleLabel };
    let whole = suffix.as_bytes().len() == text.len();
    match suffix.typ() {
        Some(psl::Type::Icann) if whole => SuffixKind::Public,
        Some(psl::Type::Private) if whole => SuffixKind::Private,
        Some(_) => SuffixKind::No,
        None if whole => SuffixKind::SingleLabel,
        None => SuffixKind::UnderUnknown,
    }
}

/// Whether anybody may register below the name (ICANN section).
pub fn is_public_suffix(name: Name<'_>) -> bool {
    kind_of(name) == SuffixKind::Public
}

/// The registrable domain of `name`, one label below its public suffix (`www.school.edu.vn` → `school.edu.vn`);
/// none for a public suffix itself, what is above, and what is no host name.
pub fn registrable(name: Name<'_>) -> Option<Name<'_>> {
    if name.labels().any(|label| label.contains(&b'.')) {
        return None;
    }
    let mut text = [0; NAME_MAX];
    let text = name.write_dotted(&mut text);
    let domain = psl::domain(text)?.as_bytes().len();
    // A label starts in the wire form, with its length octet, where it starts in the text.
    Some(name.suffix_at(text.len() - domain))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dns::name::OwnedName;

    #[test]
    fn the_registrable_domain_is_one_label_below_the_public_suffix() {
        for (name, domain) in [
            ("www.school.edu.vn", Some("school.edu.vn")),
            ("school.edu.vn", Some("school.edu.vn")),
            ("r1.www.casino.example", Some("casino.example")),
            ("casino.com", Some("casino.com")),
            ("a.b.github.io", Some("b.github.io")),
            ("com", None),
            ("edu.vn", None),
            ("example", None),
            (".", None),
            (r"a\.b.example", None),
        ] {
            let name = OwnedName::parse(name).unwrap();
            let domain = domain.map(|domain| OwnedName::parse(domain).unwrap());
            assert_eq!(registrable(name.as_name()).map(|it| it.to_owned()), domain, "{name}");
        }
        let longest = OwnedName::parse(&format!("{}.vn", ["a"; 125].join("."))).unwrap();
        assert_eq!(registrable(longest.as_name()).unwrap().to_string(), "a.vn");
    }

    #[test]
    fn a_name_is_a_suffix_of_one_kind_or_none() {
        for (name, kind) in [
            ("vn", SuffixKind::Public),
            ("edu.vn", SuffixKind::Public),
            ("github.io", SuffixKind::Private),
            ("school.edu.vn", SuffixKind::No),
            ("a.b.school.edu.vn", SuffixKind::No),
            ("printer", SuffixKind::SingleLabel),
            ("nas.printer", SuffixKind::UnderUnknown),
            (".", SuffixKind::SingleLabel),
        ] {
            assert_eq!(kind_of(OwnedName::parse(name).unwrap().as_name()), kind, "{name}");
        }
    }
}
