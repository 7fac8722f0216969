//! A domain name in lower-case wire form: the only form in which names meet rules.
//!
//! `Name` borrows, `OwnedName` owns, `NameBuf` is a fixed buffer that a worker fills again for each
//! query. All three hold the same thing: labels with their length octet, the root's zero at the end,
//! at most 255 octets (RFC 1035 §2.3.4), ASCII letters lower-case (RFC 4343). The only way to get one
//! is to parse it.

mod buf;

use std::fmt;

pub use buf::NameBuf;

/// Octets of a name in wire form, the root's zero included (RFC 1035 §2.3.4).
pub const NAME_MAX: usize = 255;
/// Octets of one label (RFC 1035 §2.3.4).
pub const LABEL_MAX: usize = 63;
/// Octets of a message header (RFC 1035 §4.1.1): no name in a message stands before its end.
pub const HEADER: usize = 12;
/// Labels in a name, the root not counted: 255 octets, at least 2 each. Deepest seen in real lists: 34.
pub const LABELS_MAX: usize = 127;

/// Why octets or a text are not a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum NameError {
    /// Two dots in a row, or a dot at the start.
    #[error("empty label")]
    EmptyLabel,
    /// A label of more than 63 octets.
    #[error("label longer than 63 octets")]
    LongLabel,
    /// More than 255 octets in wire form.
    #[error("name longer than 253 characters")]
    LongName,
    /// A backslash escape that is not `\DDD` or `\X`.
    #[error("bad escape")]
    BadEscape,
    /// A stored name that is not lower-case.
    #[error("upper-case letter")]
    UpperCase,
    /// The packet ends within the name, or a compression pointer leads nowhere.
    #[error("name cut short")]
    Truncated,
}

/// A borrowed name in lower-case wire form.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Name<'a>(&'a [u8]);

impl<'a> Name<'a> {
    /// The root.
    pub const ROOT: Name<'static> = Name(&[0]);

    /// Reads a name that is already lower-case wire form, as the index and the store keep it.
    ///
    /// # Errors
    /// What [`NameError`] says; [`NameError::UpperCase`] for a letter that is not lower-case.
    pub fn from_wire(octets: &'a [u8]) -> Result<Self, NameError> {
        let mut at = 0;
        loop {
            let len = *octets.get(at).ok_or(NameError::Truncated)? as usize;
            at += 1;
            if len == 0 {
                break;
            }
            if len > LABEL_MAX {
                return Err(NameError::LongLabel);
            }
            let label = octets.get(at..at + len).ok_or(NameError::Truncated)?;
            if label.iter().any(u8::is_ascii_uppercase) {
                return Err(NameError::UpperCase);
            }
            at += len;
        }
        if at > NAME_MAX {
            return Err(NameError::LongName);
        }
        if at == octets.len() { Ok(Self(octets)) } else { Err(NameError::Truncated) }
    }

    /// A name of octets that are known to be lower-case wire form.
    pub(crate) fn of_lower_case(octets: &'a [u8]) -> Self {
        debug_assert!(Self::from_wire(octets).is_ok(), "{octets:?}");
        Self(octets)
    }

    /// The octets in wire form, the root's zero included.
    pub fn wire(self) -> &'a [u8] {
        self.0
    }

    /// Whether this is the root.
    pub fn is_root(self) -> bool {
        self.0.len() == 1
    }

    /// The labels with dots between them and nothing escaped, for those who look through a name as text.
    pub(crate) fn write_dotted(self, text: &mut [u8; NAME_MAX]) -> &[u8] {
        let mut end = 0;
        for label in self.labels() {
            if end > 0 {
                text[end] = b'.';
                end += 1;
            }
            text[end..end + label.len()].copy_from_slice(label);
            end += label.len();
        }
        &text[..end]
    }

    /// Labels from the left (`www` first), the root not counted.
    pub fn labels(self) -> Labels<'a> {
        Labels(self.0)
    }

    /// Number of labels, the root not counted.
    pub fn label_count(self) -> usize {
        self.labels().count()
    }

    /// The name without its leftmost label; `None` for the root.
    pub fn parent(self) -> Option<Name<'a>> {
        match self.0[0] as usize {
            0 => None,
            len => Some(Name(&self.0[len + 1..])),
        }
    }

    /// The name itself, then each parent down to the root.
    pub fn ancestors(self) -> impl Iterator<Item = Name<'a>> {
        std::iter::successors(Some(self), |name| name.parent())
    }

    /// The suffix that starts `offset` octets into the wire form, where `offset` is a label's start
    /// as [`Suffixes`](crate::dns::suffixes::Suffixes) gives it.
    pub fn suffix_at(self, offset: usize) -> Name<'a> {
        Name(&self.0[offset..])
    }

    /// Whether this name is `other` or lies below it.
    pub fn is_at_or_below(self, other: Name<'_>) -> bool {
        self.ancestors().any(|ancestor| ancestor.0 == other.0)
    }

    /// A copy that owns its octets.
    pub fn to_owned(self) -> OwnedName {
        OwnedName(self.0.into())
    }
}

impl fmt::Display for Name<'_> {
    /// Presentation form without the final dot (the root is `.`); octets that are not printable, and
    /// `.` or `\` inside a label, are escaped (RFC 4343 §2.1).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_root() {
            return f.write_str(".");
        }
        for (index, label) in self.labels().enumerate() {
            if index > 0 {
                f.write_str(".")?;
            }
            for &octet in label {
                match octet {
                    b'.' | b'\\' => write!(f, "\\{}", octet as char)?,
                    0x21..=0x7e => write!(f, "{}", octet as char)?,
                    other => write!(f, "\\{other:03}")?,
                }
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Name({self})")
    }
}

/// Labels of a name from the left; see [`Name::labels`].
#[derive(Clone)]
pub struct Labels<'a>(&'a [u8]);

impl<'a> Iterator for Labels<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let len = self.0[0] as usize;
        if len == 0 {
            return None;
        }
        let label = &self.0[1..=len];
        self.0 = &self.0[len + 1..];
        Some(label)
    }
}

/// A name that owns its octets.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OwnedName(Box<[u8]>);

impl OwnedName {
    /// Reads presentation form (`Example.org`, `example.org.`, `a\.b.example`, `\065.example`), and
    /// lower-cases ASCII letters. Does not do IDNA: see [`crate::dns::idna`].
    ///
    /// # Errors
    /// What [`NameError`] says.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let mut buf = NameBuf::new();
        buf.fill_from_text(text)?;
        Ok(buf.name().to_owned())
    }

    /// The same name, borrowed.
    pub fn as_name(&self) -> Name<'_> {
        Name(&self.0)
    }
}

impl fmt::Display for OwnedName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_name().fmt(f)
    }
}

impl fmt::Debug for OwnedName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_name().fmt(f)
    }
}

impl std::borrow::Borrow<[u8]> for OwnedName {
    fn borrow(&self) -> &[u8] {
        &self.0
    }
}

impl std::str::FromStr for OwnedName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        Self::parse(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn presentation_form_is_read_and_printed() {
        for (text, printed) in [
            (".", "."),
            ("example", "example"),
            ("Example.ORG.", "example.org"),
            (r"a\.b.example", r"a\.b.example"),
            (r"\065b.example", "ab.example"),
            (r"\000.example", r"\000.example"),
        ] {
            assert_eq!(OwnedName::parse(text).unwrap().to_string(), printed, "{text}");
        }
    }

    #[test]
    fn bad_names_are_refused_with_their_reason() {
        let long_label = "x".repeat(64);
        let long_name = ["x".repeat(49).as_str(); 5].join(".") + ".abcde";
        for (text, why) in [
            ("", NameError::EmptyLabel),
            ("..", NameError::EmptyLabel),
            (".a", NameError::EmptyLabel),
            ("a..b", NameError::EmptyLabel),
            (r"a\", NameError::BadEscape),
            (r"a\99", NameError::BadEscape),
            (r"a\256", NameError::BadEscape),
            (long_label.as_str(), NameError::LongLabel),
            (long_name.as_str(), NameError::LongName),
        ] {
            assert_eq!(OwnedName::parse(text), Err(why), "{text}");
        }
    }

    #[test]
    fn the_longest_name_has_253_characters() {
        let text = ["x".repeat(49).as_str(); 5].join(".") + ".abc";
        assert_eq!(text.len(), 253);
        let name = OwnedName::parse(&text).unwrap();
        assert_eq!(name.as_name().wire().len(), NAME_MAX);
        assert_eq!(OwnedName::parse(&(text.clone() + ".")).unwrap(), name);
        assert_eq!(OwnedName::parse(&(text + "d")), Err(NameError::LongName));
    }

    #[test]
    fn a_pointer_that_leads_forwards_to_itself_over_itself_or_into_the_header_is_refused() {
        let mut buf = NameBuf::new();
        let message = |tail: &[u8]| [&[0; HEADER][..], tail].concat();
        assert_eq!(buf.fill_from_message(&message(&[0xc0, 12]), 12), Err(NameError::Truncated));
        assert_eq!(buf.fill_from_message(&message(&[0xc0, 14, 0]), 12), Err(NameError::Truncated));
        assert_eq!(buf.fill_from_message(&message(&[0xc0, 11]), 12), Err(NameError::Truncated));
        // The label would run over the pointer, and end behind it.
        assert_eq!(
            buf.fill_from_message(&message(&[4, b'x', 0xc0, 12, 0, 0, 0]), 14),
            Err(NameError::Truncated)
        );
        assert_eq!(buf.fill_from_message(&message(&[1, b'A', 0, 0xc0, 12]), 15), Ok(17));
        assert_eq!(buf.name().to_string(), "a");
    }

    proptest! {
        #[test]
        fn what_is_printed_reads_back_the_same(labels in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..20), 0..8)) {
            let mut wire: Vec<u8> = labels.iter().flat_map(|label| std::iter::once(label.len() as u8).chain(label.iter().copied())).collect();
            wire.push(0);
            let mut buf = NameBuf::new();
            prop_assert_eq!(buf.fill_from_wire(&wire), Ok(wire.len()));
            let lower = wire.to_ascii_lowercase();
            prop_assert_eq!(buf.name().wire(), lower.as_slice());
            let read = OwnedName::parse(&buf.name().to_string()).unwrap();
            prop_assert_eq!(read.as_name(), buf.name());
            prop_assert_eq!(Name::from_wire(buf.name().wire()), Ok(buf.name()));
        }

        #[test]
        fn no_octets_make_it_panic(message in prop::collection::vec(any::<u8>(), 0..600), at in 0usize..700) {
            let mut buf = NameBuf::new();
            let _ = buf.fill_from_message(&message, at);
            let _ = buf.fill_from_wire(&message);
            let _ = Name::from_wire(&message);
        }
    }
}
