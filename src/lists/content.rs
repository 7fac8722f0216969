//! What a text is when it is no list at all, and what a list's header says of itself.

use std::borrow::Cow;
use std::io;

use super::text::Text;
use crate::i18n::{Message, msg};

/// Lines in which a header is looked for.
const HEADER_LINES_MAX: usize = 64;
/// Octets at which the look ends that tells text from other content.
pub(super) const LOOK_OCTETS: usize = 4096;
/// Characters of a version that are kept.
const VERSION_CHARS_MAX: usize = 40;

/// What was found instead of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ContentKind {
    /// A web page: a login page, an error page, a moved address.
    Html,
    /// A pointer that stands for a file in Git LFS.
    GitLfs,
    Gzip,
    /// Zip, zstd, xz, bzip2, tar.
    Archive,
    Utf16,
    /// Text wrapped in base64 (gfwlist).
    Base64,
    Json,
    Binary,
    /// Nothing but zero octets: what a crash leaves of a file that was being written.
    Zeros,
    /// Addresses only: a list for a firewall.
    Addresses,
    /// Patterns, pages or cosmetic rules only: a list for a browser or a proxy.
    NotNames,
}

impl ContentKind {
    /// What it is.
    pub fn message(self) -> Message {
        match self {
            Self::Html => msg!("content-html"),
            Self::GitLfs => msg!("content-git-lfs"),
            Self::Gzip => msg!("content-gzip"),
            Self::Archive => msg!("content-archive"),
            Self::Utf16 => msg!("content-utf16"),
            Self::Base64 => msg!("content-base64"),
            Self::Json => msg!("content-json"),
            Self::Binary => msg!("content-binary"),
            Self::Zeros => msg!("content-zeros"),
            Self::Addresses => msg!("content-addresses"),
            Self::NotNames => msg!("content-not-names"),
        }
    }
}

/// What the octets are, if they cannot be a list. Looks at the beginning only.
pub fn wrong(text: &[u8]) -> Option<ContentKind> {
    let look = &text[..text.len().min(LOOK_OCTETS)];
    for (magic, kind) in [
        (&b"\x1f\x8b"[..], ContentKind::Gzip),
        (b"PK\x03\x04", ContentKind::Archive),
        (b"\x28\xb5\x2f\xfd", ContentKind::Archive),
        (b"\xfd7zXZ\0", ContentKind::Archive),
        (b"BZh", ContentKind::Archive),
        (b"\xff\xfe", ContentKind::Utf16),
        (b"\xfe\xff", ContentKind::Utf16),
        (b"version https://git-lfs", ContentKind::GitLfs),
    ] {
        if look.starts_with(magic) {
            return Some(kind);
        }
    }
    // The second field of a tar header; names of lists stand before it.
    if look.get(257..262) == Some(b"ustar") {
        return Some(ContentKind::Archive);
    }
    if !look.is_empty() && look.iter().all(|octet| *octet == 0) {
        return Some(ContentKind::Zeros);
    }
    let nuls = look.iter().filter(|octet| **octet == 0).count();
    let controls = look.iter().filter(|octet| **octet < 9 || (14..32).contains(*octet)).count();
    if nuls * 4 > look.len() {
        return Some(ContentKind::Utf16);
    }
    if controls * 10 > look.len() {
        return Some(ContentKind::Binary);
    }
    let start = String::from_utf8_lossy(look);
    let start = start.trim_start_matches('\u{feff}').trim_start();
    let lower =
        start.get(..start.len().min(64)).map_or(Cow::Borrowed(""), |s| Cow::Owned(s.to_ascii_lowercase()));
    let is_html = ["<!doctype", "<html", "<?xml", "<head", "<body", "<!--", "<rss", "<svg"];
    if is_html.iter().any(|tag| lower.starts_with(tag)) || (start.starts_with('<') && start.contains("</")) {
        return Some(ContentKind::Html);
    }
    if start.starts_with("{\"")
        || start.starts_with("{\n")
        || start.starts_with("{\r")
        || start.starts_with("[\"")
        || start.starts_with("[{")
    {
        return Some(ContentKind::Json);
    }
    is_base64(start).then_some(ContentKind::Base64)
}

/// Long lines of base64 characters and nothing else, upper and lower case mixed; no name is like that.
fn is_base64(text: &str) -> bool {
    let mut lines = text.lines().take(5).peekable();
    let long = |line: &str| {
        let line = line.trim();
        line.len() >= 60
            && line.bytes().all(|octet| octet.is_ascii_alphanumeric() || matches!(octet, b'+' | b'/' | b'='))
            && line.bytes().any(|octet| octet.is_ascii_uppercase())
            && line.bytes().any(|octet| octet.is_ascii_lowercase())
    };
    lines.peek().is_some_and(|first| long(first))
        && text.lines().take(3).filter(|line| !line.trim().is_empty()).take(2).all(long)
}

/// What the comments at the top of a list say of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Header {
    /// Its version or date, as written.
    pub version: Option<String>,
    /// It says that it holds no entry (seen: blocklistproject, June 2026).
    pub says_empty: bool,
}

impl Header {
    /// Reads the comments at the top.
    pub fn read(text: &[u8]) -> Self {
        Self::of(Text::Octets(text)).expect("memory can be read")
    }

    pub(super) fn of(text: Text<'_>) -> io::Result<Self> {
        let mut header = Self::default();
        let mut lines = text.lines();
        for _ in 0..HEADER_LINES_MAX {
            let Some(line) = lines.next()? else { break };
            let Ok(line) = std::str::from_utf8(line.octets()) else { continue };
            let line = line.trim_start_matches('\u{feff}').trim();
            let Some(said) = line.strip_prefix(['#', '!', ';']) else { continue };
            let Some((key, value)) = said.split_once(':') else { continue };
            let (key, value) = (key.trim().to_ascii_lowercase(), value.trim());
            match key.as_str() {
                "version" | "last modified" | "updated" | "last updated" | "date" | "generated on"
                | "last-modified"
                    if header.version.is_none() && !value.is_empty() =>
                {
                    let shown = value.chars().filter(|c| !c.is_control()).take(VERSION_CHARS_MAX);
                    header.version = Some(shown.collect());
                }
                "entries"
                | "number of entries"
                | "total entries"
                | "domains"
                | "number of domains"
                | "number of domain entries"
                | "blocked"
                | "total"
                | "total number of network filters" => {
                    let count = value.split_whitespace().next().unwrap_or_default();
                    header.says_empty |= count == "0";
                }
                _ => {}
            }
        }
        Ok(header)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_list_is_told_by_its_beginning() {
        let utf16: Vec<u8> = "0.0.0.0 a.example\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let base64 = "W0F1dG9Qcm94eSAwLjIuOV0KISBDaGVja3N1bTogVW5OZjJxSnZXcU4xUkNQOHhW\n".repeat(3);
        for (text, kind) in [
            (&b"\x1f\x8b\x08\0"[..], Some(ContentKind::Gzip)),
            (b"\xff\xfea\0", Some(ContentKind::Utf16)),
            (&[0; 5000], Some(ContentKind::Zeros)),
            (&utf16, Some(ContentKind::Utf16)),
            (b"\xef\xbb\xbf <!DOCTYPE html><html>", Some(ContentKind::Html)),
            (b"<p>Moved</p>", Some(ContentKind::Html)),
            (b"version https://git-lfs.github.com/spec/v1\noid sha256:00\n", Some(ContentKind::GitLfs)),
            (base64.as_bytes(), Some(ContentKind::Base64)),
            (b"{\"error\": 1}", Some(ContentKind::Json)),
            (b"\x7fELF\x01\x01\x01\0\0\0\x02\x03", Some(ContentKind::Binary)),
            (b"[Adblock Plus 2.0]\n||a.example^\n", None),
            (b"# c\na.example\n", None),
            (b"", None),
        ] {
            assert_eq!(wrong(text), kind, "{}", String::from_utf8_lossy(text));
        }
    }

    #[test]
    fn a_header_tells_version_and_emptiness() {
        let header = Header::read(b"# Title: x\r\n# Version: 2607231412\r\n# Entries: 0\r\n");
        assert_eq!(header, Header { version: Some("2607231412".into()), says_empty: true });
        assert!(!Header::read(b"# Entries: 10,029\n").says_empty);
        assert!(!Header::read(b"0.example:0\n").says_empty);
    }
}
