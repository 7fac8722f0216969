//! A name as a person writes it where a rule or a command wants one, and the name that was likely meant where it
//! is none: an address pasted from a browser, `*.x`, a line of a list.
//!
//! [`to_name`] takes whatever the wire can carry; here only what a school can mean.

use std::net::IpAddr;

use super::name::OwnedName;
use crate::dns::idna::{IdnaError, is_invisible, to_display, to_name};

/// Why a text is not a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slip {
    /// Nothing is written.
    Empty,
    /// `https://x/…`: the address of a page.
    Url,
    /// `x/…`: the address of a page without its scheme.
    Path,
    /// `x:443`.
    Port,
    /// `lan@x`: an address of mail.
    Mail,
    /// `*.x`.
    Wildcard,
    /// `.x`.
    LeadingDot,
    /// A `*` elsewhere.
    InnerWildcard,
    /// An IP address.
    Address,
    /// A range of IP addresses.
    Range,
    /// The last label is a number: no top-level domain is one.
    Number,
    /// A space, a quote, a comma or the like beside the name.
    Around,
    /// White space in the middle.
    Space,
    /// A character that is not seen (zero-width space, change of direction).
    Invisible,
    /// A character that names do not have.
    Character(char),
    /// An empty label, one that is too long, a broken `xn--`.
    Form(IdnaError),
}

/// A text that is not a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotAName {
    /// Why.
    pub slip: Slip,
    /// The name that was likely meant, as people read it.
    pub meant: Option<String>,
}

/// Reads the name of a site, a zone or a machine.
///
/// # Errors
/// What is wrong, and what was likely meant.
pub fn name(text: &str) -> Result<OwnedName, NotAName> {
    match slip(text) {
        None => match to_name(text) {
            Ok(name) => Ok(name),
            Err(error) => Err(NotAName { slip: Slip::Form(error), meant: meant(text) }),
        },
        Some(slip) => Err(NotAName { slip, meant: meant(text) }),
    }
}

/// Reads the owner of a record, which may be a wildcard (`*.x`, RFC 4592).
///
/// # Errors
/// As [`name`].
pub fn owner(text: &str) -> Result<OwnedName, NotAName> {
    let Some(below) = text.strip_prefix("*.") else { return name(text) };
    name(below)?;
    to_name(text).map_err(|error| NotAName { slip: Slip::Form(error), meant: None })
}

fn slip(text: &str) -> Option<Slip> {
    if text.trim().is_empty() {
        return Some(Slip::Empty);
    }
    // A delegation by RFC 2317 (`0/26.2.0.192.in-addr.arpa`) has a slash.
    let is_reverse = text.trim_end_matches('.').to_ascii_lowercase().ends_with(".in-addr.arpa");
    if text.contains("://") {
        Some(Slip::Url)
    } else if is_range(text) {
        Some(Slip::Range)
    } else if text.trim_matches(['[', ']']).parse::<IpAddr>().is_ok() {
        Some(Slip::Address)
    } else if text.chars().any(is_invisible) {
        Some(Slip::Invisible)
    } else if text.contains('@') && !text.starts_with('@') {
        Some(Slip::Mail)
    } else if text.contains(['/', '?']) && !is_reverse {
        Some(Slip::Path)
    } else if let Some(port) = text.split_once(':').map(|(_, port)| port)
        && !port.is_empty()
        && port.bytes().all(|octet| octet.is_ascii_digit())
    {
        Some(Slip::Port)
    } else if stripped(text).len() != text.len() {
        Some(Slip::Around)
    } else if text.contains(char::is_whitespace) {
        Some(Slip::Space)
    } else if text.starts_with("*.") {
        Some(Slip::Wildcard)
    } else if text.contains('*') {
        Some(Slip::InnerWildcard)
    } else if text.len() > 1 && text.starts_with('.') {
        Some(Slip::LeadingDot)
    } else if let Some(character) = text.chars().find(|character| !is_legal(*character, is_reverse)) {
        Some(Slip::Character(character))
    } else if ends_in_number(text) {
        Some(Slip::Number)
    } else {
        None
    }
}

fn is_range(text: &str) -> bool {
    text.split_once('/').is_some_and(|(address, length)| {
        address.parse::<IpAddr>().is_ok()
            && length.bytes().all(|octet| octet.is_ascii_digit() || octet == b'.')
    })
}

/// What stands around a name where it was copied from a list or a letter.
fn stripped(text: &str) -> &str {
    const AROUND: &[char] = &[
        '"', '\'', '`', '“', '”', '‘', '’', '«', '»', '<', '>', '(', ')', '[', ']', ',', ';', '!', '|', '^',
        '@', '#',
    ];
    text.trim_matches(|character: char| character.is_whitespace() || AROUND.contains(&character))
}

/// Letters, digits, hyphen, underscore and dots; an escape (RFC 1035 §5.1); letters of other scripts.
fn is_legal(character: char, is_reverse: bool) -> bool {
    match character {
        'a'..='z' | 'A'..='Z' | '0'..='9' | '-' | '_' | '.' | '\\' => true,
        '/' => is_reverse,
        other => !other.is_ascii(),
    }
}

fn ends_in_number(text: &str) -> bool {
    let last = text.strip_suffix('.').unwrap_or(text).rsplit('.').next().unwrap_or_default();
    !last.is_empty() && last.bytes().all(|octet| octet.is_ascii_digit())
}

/// The name in what was written, if there is one.
fn meant(text: &str) -> Option<String> {
    // A line of a hosts file: the name behind the address.
    let text: String = text.chars().filter(|character| !is_invisible(*character)).collect();
    let text = match text.trim().split_once(char::is_whitespace) {
        Some((address, rest)) if address.parse::<IpAddr>().is_ok() => rest,
        _ => &text,
    };
    let text = text.split_once("://").map_or(text, |(_, rest)| rest);
    let text = stripped(text);
    let authority = text.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    let host = host.split(':').next().unwrap_or_default();
    let host = stripped(host).trim_start_matches("*.").trim_matches('.');
    // What is left must be a name by itself, with a dot: one word may mean anything.
    let name = to_name(host).ok().filter(|_| slip(host).is_none() && host.contains('.'))?;
    Some(to_display(&name.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What is written; what is wrong; what was likely meant.
    const WRITTEN: &[(&str, Option<Slip>, &str)] = &[
        ("vidu.example", None, "vidu.example"),
        ("WWW.Vidu.Example.", None, "www.vidu.example"),
        ("tiếngviệt.example", None, "xn--tingvit-5t4cyc.example"),
        ("_ldap._tcp.truong.example", None, "_ldap._tcp.truong.example"),
        ("0/26.2.0.192.in-addr.arpa", None, "0/26.2.0.192.in-addr.arpa"),
        (".", None, "."),
        ("*.vidu.example", Some(Slip::Wildcard), "vidu.example"),
        (".vidu.example", Some(Slip::LeadingDot), "vidu.example"),
        ("www.*.example", Some(Slip::InnerWildcard), ""),
        ("https://www.vidu.example/abc", Some(Slip::Url), "www.vidu.example"),
        ("http://lan:x@www.vidu.example:8080/a?b#c", Some(Slip::Url), "www.vidu.example"),
        ("www.vidu.example/abc", Some(Slip::Path), "www.vidu.example"),
        ("www.vidu.example/", Some(Slip::Path), "www.vidu.example"),
        ("vidu.example:443", Some(Slip::Port), "vidu.example"),
        ("lan@vidu.example", Some(Slip::Mail), "vidu.example"),
        ("192.0.2.1", Some(Slip::Address), ""),
        ("2001:db8::1", Some(Slip::Address), ""),
        ("192.0.2.0/24", Some(Slip::Range), ""),
        ("https://192.0.2.1/x", Some(Slip::Url), ""),
        ("10.1", Some(Slip::Number), ""),
        (" vidu.example", Some(Slip::Around), "vidu.example"),
        ("vidu.example,", Some(Slip::Around), "vidu.example"),
        ("“vidu.example”", Some(Slip::Around), "vidu.example"),
        ("||vidu.example^", Some(Slip::Around), "vidu.example"),
        ("0.0.0.0 vidu.example", Some(Slip::Space), "vidu.example"),
        ("vidu example", Some(Slip::Space), ""),
        ("vidu\u{200b}.example", Some(Slip::Invisible), "vidu.example"),
        ("vi$du.example", Some(Slip::Character('$')), ""),
        ("", Some(Slip::Empty), ""),
        ("  ", Some(Slip::Empty), ""),
        ("vidu..example", Some(Slip::Form(IdnaError::Name(crate::dns::name::NameError::EmptyLabel))), ""),
    ];

    #[test]
    fn what_is_no_name_is_told_with_the_name_that_was_meant() {
        for (text, slip, expected) in WRITTEN {
            match (name(text), slip) {
                (Ok(name), None) => assert_eq!(name.to_string(), *expected, "{text}"),
                (Err(wrong), Some(slip)) => {
                    assert_eq!(wrong.slip, *slip, "{text}");
                    assert_eq!(wrong.meant.unwrap_or_default(), *expected, "{text}");
                }
                (read, _) => panic!("{text}: {read:?}"),
            }
        }
    }

    #[test]
    fn the_owner_of_a_record_may_be_a_wildcard() {
        assert_eq!(owner("*.lab.example").unwrap().to_string(), "*.lab.example");
        assert_eq!(owner("lab.example").unwrap().to_string(), "lab.example");
        for text in ["*.https://x.example/", "*.*.example", "a.*.example", "*", "*."] {
            assert!(owner(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic_and_what_was_meant_is_a_name(text in "\\PC{0,40}|[a-z.*:/@ 0-9]{0,30}") {
            if let Err(NotAName { meant: Some(meant), .. }) = name(&text) {
                prop_assert!(name(&meant).is_ok(), "{}: {}", text, meant);
            }
        }
    }
}
