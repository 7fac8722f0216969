//! Names as a master file writes them: relative to an origin, or absolute with a dot at the end.

use std::fmt::Write;

use crate::dns::name::{NAME_MAX, Name, NameBuf, OwnedName};

/// Reads a name; `@` is the origin. `None` for what is none.
pub(super) fn absolute(text: &str, origin: Name<'_>) -> Option<OwnedName> {
    if text == "@" {
        return Some(origin.to_owned());
    }
    if !text.is_ascii() {
        return None;
    }
    let name = OwnedName::parse(text).ok()?;
    if ends_with_dot(text) {
        return Some(name);
    }
    let front = &name.as_name().wire()[..name.as_name().wire().len() - 1];
    if front.len() + origin.wire().len() > NAME_MAX {
        return None;
    }
    let mut whole = NameBuf::new();
    whole.fill_from_wire(&[front, origin.wire()].concat()).ok()?;
    Some(whole.name().to_owned())
}

/// Whether the last dot is one between labels: `a\.` has none.
fn ends_with_dot(text: &str) -> bool {
    let Some(front) = text.strip_suffix('.') else { return false };
    let slashes = front.bytes().rev().take_while(|octet| *octet == b'\\').count();
    slashes % 2 == 0
}

/// Reads what follows a backslash: three digits, or a character that means itself.
pub(super) fn unescape(octets: &mut impl Iterator<Item = u8>) -> Option<u8> {
    let digit = |octet: u8| octet.is_ascii_digit().then(|| u32::from(octet - b'0'));
    let first = octets.next()?;
    let Some(hundreds) = digit(first) else { return Some(first) };
    let (tens, ones) = (digit(octets.next()?)?, digit(octets.next()?)?);
    u8::try_from(hundreds * 100 + tens * 10 + ones).ok()
}

/// Writes a name so that [`absolute`] reads it back, whatever octets it has; without the final dot.
pub(super) fn print(name: Name<'_>, out: &mut String) {
    for (at, label) in name.labels().enumerate() {
        if at > 0 {
            out.push('.');
        }
        for &octet in label {
            let plain = octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_' | b'*' | b'/');
            let written = if plain { out.write_char(octet as char) } else { write!(out, "\\{octet:03}") };
            written.expect("a string takes all");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_dot_at_the_end_makes_a_name_absolute() {
        let origin = OwnedName::parse("rpz.example").unwrap();
        for (text, name) in [
            ("bad.test", Some("bad.test.rpz.example")),
            ("bad.test.", Some("bad.test")),
            ("@", Some("rpz.example")),
            (".", Some(".")),
            ("*.", Some("*")),
            (r"a\.", Some(r"a\..rpz.example")),
            (r"a\\.", Some(r"a\\")),
            ("a..b", None),
            ("tên", None),
            ("", None),
        ] {
            let read = absolute(text, origin.as_name()).map(|name| name.to_string());
            assert_eq!(read.as_deref(), name, "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_printed_name_reads_back(labels in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..8), 1..6)) {
            let mut wire: Vec<u8> = labels.iter().flat_map(|label| [&[label.len() as u8][..], label].concat()).collect();
            wire.push(0);
            let name = OwnedName::parse("x").unwrap();
            let mut buf = NameBuf::new();
            buf.fill_from_wire(&wire).unwrap();
            let mut text = String::new();
            print(buf.name(), &mut text);
            let back = absolute(&format!("{text}."), name.as_name());
            prop_assert_eq!(back.as_ref().map(OwnedName::as_name), Some(buf.name()));
        }
    }
}
