//! From what a list wrote to the name that it means, or why it means none.

use super::format::ip::is_address;
use super::reason::Refusal;
use super::spec::Profile;
use crate::dns::idna;
use crate::dns::name::{Name, NameBuf, NameError};
use crate::dns::public_suffix::SuffixKind;

/// Reads a name as lists write it into `into`; drops a port.
pub(super) fn read(text: &str, into: &mut NameBuf) -> Result<(), Refusal> {
    if is_bare(text) {
        into.fill_from_text(text).map_err(of_name)?;
        return check(into.name());
    }
    let text = without_port(text);
    if text.is_empty() {
        return Err(Refusal::NoName);
    }
    if may_be_address(text) && is_address(text.trim_start_matches('[').trim_end_matches(']')) {
        return Err(Refusal::Address);
    }
    if text.is_ascii() {
        // In a list a backslash is damage, not an escape.
        if text.contains('\\') {
            return Err(Refusal::BadCharacter);
        }
        into.fill_from_text(text).map_err(of_name)?;
    } else {
        let name = idna::to_name(text).map_err(|error| match error {
            idna::IdnaError::Unmappable => Refusal::Unmappable,
            idna::IdnaError::Name(why) => of_name(why),
        })?;
        let filled = into.fill_from_wire(name.as_name().wire());
        debug_assert!(filled.is_ok(), "a name fits a name's buffer");
    }
    check(into.name())
}

/// Whether it is letters, digits, hyphens and dots, with a letter at the end: nearly every name is, and it needs
/// no closer look for ports, addresses and escapes.
fn is_bare(text: &str) -> bool {
    let plain = |octet: u8| octet.is_ascii_alphanumeric() || matches!(octet, b'.' | b'-' | b'_');
    text.bytes().all(plain) && text.bytes().next_back().is_some_and(|octet| octet.is_ascii_alphabetic())
}

fn of_name(error: NameError) -> Refusal {
    match error {
        NameError::EmptyLabel => Refusal::EmptyLabel,
        NameError::LongLabel => Refusal::LongLabel,
        NameError::LongName => Refusal::LongName,
        NameError::BadEscape | NameError::UpperCase | NameError::Truncated => Refusal::BadCharacter,
    }
}

/// What a name on the wire may hold and a listed name may not.
fn check(name: Name<'_>) -> Result<(), Refusal> {
    let mut count = 0;
    let mut top: &[u8] = &[];
    for label in name.labels() {
        let plain = |octet: &u8| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_');
        if !label.iter().all(plain) {
            return Err(Refusal::BadCharacter);
        }
        if label.starts_with(b"-") || label.ends_with(b"-") {
            return Err(Refusal::Hyphen);
        }
        top = label;
        count += 1;
    }
    match count {
        0 => Err(Refusal::MatchAll),
        _ if top.iter().all(u8::is_ascii_digit) => Err(Refusal::NumericTop),
        _ => Ok(()),
    }
}

/// Whether the list's profile lets a rule stand at that kind of suffix.
pub(super) fn guard(suffix: SuffixKind, profile: &Profile) -> Result<(), Refusal> {
    match suffix {
        SuffixKind::Public if !profile.tld => Err(Refusal::PublicSuffix),
        SuffixKind::Private if !profile.private_suffixes => Err(Refusal::PrivateSuffix),
        SuffixKind::SingleLabel if !profile.tld => Err(Refusal::SingleLabel),
        _ => Ok(()),
    }
}

fn without_port(text: &str) -> &str {
    match text.rsplit_once(':') {
        Some((host, port)) if !port.is_empty() && port.bytes().all(|octet| octet.is_ascii_digit()) => {
            if !host.contains(':') || host.ends_with(']') { host } else { text }
        }
        _ => text,
    }
}

/// A cheap look, so that most names never meet the address parser.
fn may_be_address(text: &str) -> bool {
    let last = text.as_bytes().last().copied().unwrap_or_default();
    last.is_ascii_digit() || last == b']' || text.contains(':')
}
