//! From what people and lists write to the A-labels that the wire carries (UTS 46, non-transitional).

use super::name::{NameError, OwnedName};

/// Why a text cannot become a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum IdnaError {
    /// UTS 46 does not map it: a forbidden or invisible character, a broken `xn--` label.
    #[error("not a valid internationalised name")]
    Unmappable,
    /// It maps, but to something that is not a name.
    #[error(transparent)]
    Name(#[from] NameError),
}

/// Reads a name as people write it: full-width letters, ideographic dots, Vietnamese letters and
/// upper case become lower-case A-labels; one final dot is dropped. ASCII that is legal on the wire
/// but not in UTS 46 (an underscore, a leading hyphen) passes as it is. Invisible characters
/// (zero-width space and the like) are refused and not silently dropped: a name that *looks* like
/// another must not become it.
///
/// # Errors
/// What [`IdnaError`] says.
pub fn to_name(text: &str) -> Result<OwnedName, IdnaError> {
    if text.is_ascii() {
        return Ok(OwnedName::parse(text)?);
    }
    if text.chars().any(is_invisible) {
        return Err(IdnaError::Unmappable);
    }
    let ascii = idna::domain_to_ascii_cow(text.as_bytes(), idna::AsciiDenyList::EMPTY)
        .map_err(|_| IdnaError::Unmappable)?;
    Ok(OwnedName::parse(&ascii)?)
}

/// What people read: A-labels shown as Unicode where they decode, everything else as it is.
pub fn to_display(name: &str) -> String {
    let (unicode, verdict) = idna::domain_to_unicode(name);
    if verdict.is_ok() { unicode } else { name.to_owned() }
}

/// Characters that UTS 46 maps to nothing, and that therefore hide in a name.
pub(crate) fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{34f}' | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_a_labels() {
        for (text, name) in [
            ("EXAMPLE.org", "example.org"),
            ("bücher.example", "xn--bcher-kva.example"),
            ("faß.example", "xn--fa-hia.example"),
            ("ｆｕｌｌ.example.com", "full.example.com"),
            ("ideographic。dot.example", "ideographic.dot.example"),
            ("momovíđiệntử.example.net", "xn--momovint-g2a47a120zdna.example.net"),
            ("_dmarc.example.com", "_dmarc.example.com"),
        ] {
            assert_eq!(to_name(text).unwrap().to_string(), name, "{text}");
        }
    }

    #[test]
    fn a_zero_width_character_is_refused_and_not_dropped() {
        assert_eq!(to_name("zero\u{200b}width.example"), Err(IdnaError::Unmappable));
    }
}
