//! The part of a name that somebody registered: one label below the public suffix.

use crate::dns::name::Name;

/// The registrable domain of `name` (`www.school.edu.vn` → `school.edu.vn`) by the Public Suffix List; the
/// name itself where it is a public suffix, or above all of them.
pub fn registrable(name: Name<'_>) -> Name<'_> {
    let text = name.to_string();
    let Some(domain) = psl::domain(text.trim_end_matches('.').as_bytes()) else { return name };
    let labels = domain.as_bytes().split(|octet| *octet == b'.').count();
    name.ancestors().find(|above| above.label_count() == labels).unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dns::name::OwnedName;

    #[test]
    fn what_somebody_registered_is_one_label_below_the_public_suffix() {
        for (name, found) in [
            ("www.school.edu.vn", "school.edu.vn"),
            ("school.edu.vn", "school.edu.vn"),
            ("edu.vn", "edu.vn"),
            ("a.b.c.example", "c.example"),
            ("example", "example"),
            (".", "."),
        ] {
            let name = OwnedName::parse(name).unwrap();
            assert_eq!(registrable(name.as_name()).to_owned(), OwnedName::parse(found).unwrap(), "{name}");
        }
    }
}
