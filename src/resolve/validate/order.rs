//! How names stand to each other: canonical order (RFC 4034 §6.1), enclosers, wildcards.

use std::cmp::Ordering;

use crate::dns::name::{LABELS_MAX, Name, NameBuf, OwnedName};

/// Compares label by label from the right, octets unsigned; a name comes before all that is below it.
pub fn compare(one: Name<'_>, other: Name<'_>) -> Ordering {
    FromRight::new(one).cmp(FromRight::new(other))
}

/// The deepest name at or above both.
pub fn shared<'a>(name: Name<'a>, other: Name<'_>) -> Name<'a> {
    let same = FromRight::new(name).zip(FromRight::new(other)).take_while(|(a, b)| a == b).count();
    ancestor(name, same).unwrap_or(Name::ROOT)
}

/// The name at or above `name` that has so many labels.
pub fn ancestor(name: Name<'_>, labels: usize) -> Option<Name<'_>> {
    name.ancestors().nth(name.label_count().checked_sub(labels)?)
}

/// The name one label below `encloser` on the way to `name` (RFC 5155 §1.3 "next closer name").
pub fn next_closer<'a>(name: Name<'a>, encloser: Name<'_>) -> Option<Name<'a>> {
    name.is_at_or_below(encloser).then(|| ancestor(name, encloser.label_count() + 1)).flatten()
}

/// `*.encloser`; `None` where that is longer than a name can be, so that there is none.
pub fn wildcard(encloser: Name<'_>) -> Option<OwnedName> {
    let mut buf = NameBuf::new();
    buf.fill_from_wire(&[b"\x01*", encloser.wire()].concat()).ok()?;
    Some(buf.name().to_owned())
}

/// Labels as RRSIG counts them: without the root and without a `*` in front (RFC 4034 §3.1.3).
pub fn signed_labels(name: Name<'_>) -> usize {
    name.label_count() - usize::from(name.wire().starts_with(b"\x01*"))
}

/// Labels of a name from the right.
struct FromRight<'a> {
    wire: &'a [u8],
    /// Where each label starts; `left` of them are still to come.
    starts: [u8; LABELS_MAX],
    left: usize,
}

impl<'a> FromRight<'a> {
    fn new(name: Name<'a>) -> Self {
        let wire = name.wire();
        let mut starts = [0; LABELS_MAX];
        let mut at = 0;
        let mut left = 0;
        for label in name.labels() {
            starts[left] = at as u8;
            at += label.len() + 1;
            left += 1;
        }
        Self { wire, starts, left }
    }
}

impl<'a> Iterator for FromRight<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        self.left = self.left.checked_sub(1)?;
        let start = usize::from(self.starts[self.left]);
        let end = start + 1 + usize::from(self.wire[start]);
        Some(&self.wire[start + 1..end])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> OwnedName {
        OwnedName::parse(text).unwrap()
    }

    #[test]
    fn names_are_in_the_order_of_rfc_4034() {
        let sorted = [
            "example",
            "a.example",
            "yljkjljk.a.example",
            "z.a.example",
            "zabc.a.example",
            "z.example",
            r"\001.z.example",
            "*.z.example",
            r"\200.z.example",
        ];
        for (at, one) in sorted.iter().enumerate() {
            for (other_at, other) in sorted.iter().enumerate() {
                let said = compare(name(one).as_name(), name(other).as_name());
                assert_eq!(said, at.cmp(&other_at), "{one} {other}");
            }
        }
    }

    #[test]
    fn enclosers_are_counted_in_labels() {
        let (one, other) = (name("a.b.example"), name("x.b.example"));
        assert_eq!(shared(one.as_name(), other.as_name()), name("b.example").as_name());
        assert_eq!(shared(one.as_name(), name("b.test").as_name()), Name::ROOT);
        assert_eq!(shared(one.as_name(), one.as_name()), one.as_name());
        let closer = |name: &OwnedName, encloser: &str| {
            next_closer(name.as_name(), OwnedName::parse(encloser).unwrap().as_name())
                .map(|closer| closer.to_string())
        };
        assert_eq!(closer(&one, "example").as_deref(), Some("b.example"));
        assert_eq!(closer(&one, ".").as_deref(), Some("example"));
        assert_eq!(closer(&one, "a.b.example"), None);
        assert_eq!(closer(&one, "test"), None);
    }

    #[test]
    fn a_wildcard_is_a_name_or_none_and_its_star_is_no_signed_label() {
        assert_eq!(wildcard(Name::ROOT), Some(name("*")));
        assert_eq!(wildcard(name("b.example").as_name()), Some(name("*.b.example")));
        let long = name(&(["x".repeat(49).as_str(); 5].join(".") + ".abc"));
        assert_eq!(wildcard(long.as_name()), None);
        for (text, labels) in [(".", 0), ("*", 0), ("*.a", 1), ("a.*.b", 3), ("*a.b", 2)] {
            assert_eq!(signed_labels(name(text).as_name()), labels, "{text}");
        }
    }

    #[test]
    fn a_name_of_127_labels_has_its_place() {
        let deep = name(&["x"; LABELS_MAX].join("."));
        assert_eq!(compare(deep.as_name(), deep.as_name()), Ordering::Equal);
        assert_eq!(compare(deep.as_name().parent().unwrap(), deep.as_name()), Ordering::Less);
    }
}
