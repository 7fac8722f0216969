//! Files whose content a crash took: the file system has kept the name and the length, and not the octets.

/// Zeros in a row that no encoding of text has: UTF-16 has three at most, UTF-32 no more.
const ZEROS: usize = 4;

/// How the content of a file is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lost {
    /// No octet is left.
    Empty,
    /// All octets are zero.
    Zeros,
    /// Some blocks are.
    ZerosWithin,
}

/// Whether what a file held is lost, and from which octet on.
pub(super) fn look(octets: &[u8]) -> Option<(Lost, usize)> {
    if octets.is_empty() {
        return Some((Lost::Empty, 0));
    }
    if octets.iter().all(|octet| *octet == 0) {
        return Some((Lost::Zeros, 0));
    }
    let at = octets.windows(ZEROS).position(|row| row == [0; ZEROS])?;
    Some((Lost::ZerosWithin, at))
}

/// Whether octets with zeros among them are UTF-16: it begins with its mark, or each second octet of ASCII is zero.
pub(super) fn is_utf16(octets: &[u8]) -> bool {
    let zeros = octets.iter().filter(|octet| **octet == 0).count();
    matches!(octets, [0xff, 0xfe, ..] | [0xfe, 0xff, ..]) || zeros * 4 > octets.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_crash_leaves_is_told_from_text_in_any_encoding() {
        let utf16: Vec<u8> = "version = 1\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        for (octets, lost) in [
            (&b""[..], Some((Lost::Empty, 0))),
            (&[0; 4096], Some((Lost::Zeros, 0))),
            (b"\0", Some((Lost::Zeros, 0))),
            (b"version = 1\n\0\0\0\0\0", Some((Lost::ZerosWithin, 12))),
            (b"version = 1\n", None),
            (b"a\0b", None),
            (&utf16, None),
        ] {
            assert_eq!(look(octets), lost, "{octets:?}");
        }
        assert!(is_utf16(&utf16) && is_utf16(b"\xff\xfe") && !is_utf16(b"version = 1\0"));
    }
}
