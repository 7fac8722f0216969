//! The root key sentinel (RFC 8509): whoever asks for an address of a name that begins with
//! `root-key-sentinel-is-ta-` or `root-key-sentinel-not-ta-` and a key tag learns from success and failure whether
//! this resolver trusts that key of the root. So those who change the root's key see how many are ready.

use super::anchors::Anchors;
use crate::dns::name::Name;
use crate::dns::rrtype::RrType;

const IS_ANCHOR: &[u8] = b"root-key-sentinel-is-ta-";
const IS_NO_ANCHOR: &[u8] = b"root-key-sentinel-not-ta-";

/// Whether a validated answer to that question has to become SERVFAIL (RFC 8509 §3.2).
pub fn fails(name: Name<'_>, kind: RrType, anchors: &Anchors) -> bool {
    if !matches!(kind, RrType::A | RrType::AAAA) {
        return false;
    }
    let Some(label) = name.labels().next() else { return false };
    let asked = |prefix| label.strip_prefix(prefix).and_then(tag).map(|tag| anchors.has_root_key(tag));
    asked(IS_ANCHOR) == Some(false) || asked(IS_NO_ANCHOR) == Some(true)
}

/// Five digits (RFC 8509 §2).
fn tag(digits: &[u8]) -> Option<u16> {
    let is_tag = digits.len() == 5 && digits.iter().all(u8::is_ascii_digit);
    is_tag.then(|| std::str::from_utf8(digits).ok()?.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dns::name::OwnedName;

    #[test]
    fn success_and_failure_tell_which_keys_are_trusted() {
        let anchors = Anchors::built_in();
        for (label, kind, expected) in [
            ("root-key-sentinel-is-ta-20326", RrType::A, false),
            ("root-key-sentinel-is-ta-38696", RrType::AAAA, false),
            ("root-key-sentinel-is-ta-19036", RrType::A, true),
            ("Root-Key-Sentinel-Is-TA-19036", RrType::A, true),
            ("root-key-sentinel-not-ta-20326", RrType::A, true),
            ("root-key-sentinel-not-ta-19036", RrType::A, false),
            ("root-key-sentinel-not-ta-20326", RrType::TXT, false),
            ("root-key-sentinel-is-ta-1903", RrType::A, false),
            ("root-key-sentinel-is-ta-99999", RrType::A, false),
            ("root-key-sentinel-is-ta-+9036", RrType::A, false),
            ("www", RrType::A, false),
        ] {
            let name = OwnedName::parse(&format!("{label}.example")).unwrap();
            assert_eq!(fails(name.as_name(), kind, &anchors), expected, "{label} {kind}");
        }
        let below = OwnedName::parse("x.root-key-sentinel-is-ta-19036.example").unwrap();
        assert!(!fails(below.as_name(), RrType::A, &anchors));
        assert!(!fails(Name::ROOT, RrType::A, &anchors));
    }
}
