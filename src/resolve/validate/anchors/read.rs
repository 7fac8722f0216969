//! Trust anchors as people and other programs write them.

use std::fmt;

use super::Anchors;
use crate::dns::name::OwnedName;
use crate::resolve::validate::key::Dnskey;

/// Mistakes that are told; a file with more is no file of anchors.
const MISREAD_MAX: usize = 20;
/// Anchors in a file: the root has two or three, a school perhaps some zones of its own.
const RECORDS_MAX: usize = 1000;

/// A line that is no anchor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Misread {
    /// Line on which the record begins, from 1.
    pub line: usize,
    pub why: Why,
}

/// Why a record is no anchor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Why {
    #[error("neither DS nor DNSKEY")]
    OtherType,
    #[error("owner is not a name")]
    Owner,
    #[error("fields missing, or a number expected")]
    Fields,
    #[error("digest is not hexadecimal, or has the wrong length for its type")]
    Digest,
    #[error("key is not base 64")]
    Key,
    #[error("not a DNSSEC zone key")]
    NotZoneKey,
    #[error("more than {RECORDS_MAX} anchors")]
    TooMany,
}

impl fmt::Display for Misread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.why)
    }
}

pub(super) fn read(text: &str) -> Result<Anchors, Vec<Misread>> {
    let mut anchors = Anchors::default();
    let mut misread = Vec::new();
    for (at, (line, words)) in records(text).into_iter().enumerate() {
        let taken = if at < RECORDS_MAX { take(&mut anchors, &words) } else { Err(Why::TooMany) };
        if let Err(why) = taken {
            misread.push(Misread { line, why });
        }
        if misread.len() >= MISREAD_MAX {
            break;
        }
    }
    if misread.is_empty() { Ok(anchors) } else { Err(misread) }
}

/// One record's words, and the line on which it begins.
type Words<'a> = (usize, Vec<&'a str>);

/// Takes the text apart. A record ends with its line, but not within parentheses or quotes; in a statement
/// with braces it ends at its `;`, which elsewhere begins a comment. `#` and `//` always do.
fn records(text: &str) -> Vec<Words<'_>> {
    let mut records = Vec::new();
    let mut words: Vec<&str> = Vec::new();
    let mut begun = 1;
    let (mut parentheses, mut quoted, mut braces) = (0usize, false, false);
    for (at, line) in text.lines().enumerate() {
        let mut rest = line;
        while let Some(first) = rest.chars().next() {
            let special = |c: char| c.is_whitespace() || "()\"{};#".contains(c);
            let word_end = if rest.starts_with("//") { 0 } else { rest.find(special).unwrap_or(rest.len()) };
            if word_end > 0 {
                if words.is_empty() {
                    begun = at + 1;
                }
                words.push(&rest[..word_end]);
                rest = &rest[word_end..];
                continue;
            }
            match first {
                ';' if braces => end(&mut records, begun, &mut words),
                '/' | '#' | ';' => break,
                '(' => parentheses += 1,
                ')' => parentheses = parentheses.saturating_sub(1),
                '"' => quoted = !quoted,
                // What stands before it is the statement's name.
                '{' => (braces, words) = (true, Vec::new()),
                '}' => braces = false,
                _ => {}
            }
            rest = &rest[first.len_utf8()..];
        }
        if parentheses == 0 && !quoted && !braces {
            end(&mut records, begun, &mut words);
        }
    }
    end(&mut records, begun, &mut words);
    records
}

fn end<'a>(records: &mut Vec<Words<'a>>, line: usize, words: &mut Vec<&'a str>) {
    // Unbound's statements, and the section that they stand in.
    let statement = |word: &&str| word.ends_with(':') && !word.ends_with(r"\:");
    let words: Vec<&str> = std::mem::take(words).into_iter().skip_while(statement).collect();
    if !words.is_empty() {
        records.push((line, words));
    }
}

/// `owner [ttl] [class] type fields…`, TTL and class in any order and of no matter.
fn take(anchors: &mut Anchors, words: &[&str]) -> Result<(), Why> {
    let (owner, rest) = words.split_first().ok_or(Why::Fields)?;
    let owner = OwnedName::parse(owner).map_err(|_| Why::Owner)?;
    let passed = |word: &&&str| word.eq_ignore_ascii_case("IN") || word.bytes().all(|c| c.is_ascii_digit());
    let skipped = rest.iter().take_while(passed).count().min(2);
    let (kind, fields) = rest[skipped..].split_first().ok_or(Why::OtherType)?;
    match kind.to_ascii_lowercase().as_str() {
        "ds" | "static-ds" | "initial-ds" => {
            let rdata = ds(fields)?;
            anchors.of(owner).ds.push(rdata);
        }
        "dnskey" | "static-key" | "initial-key" => {
            // A revoked key, which a list of keys may hold, is passed over.
            if let Some(rdata) = dnskey(fields)? {
                anchors.of(owner).dnskeys.push(rdata);
            }
        }
        _ => return Err(Why::OtherType),
    }
    Ok(())
}

fn ds(fields: &[&str]) -> Result<Box<[u8]>, Why> {
    let [tag, algorithm, digest_type, digest @ ..] = fields else { return Err(Why::Fields) };
    let (tag, digest_type): (u16, u8) = (number(tag)?, number(digest_type)?);
    let digest = hexadecimal(&digest.concat()).ok_or(Why::Digest)?;
    let fits = match digest_type {
        1 => digest.len() == 20,
        2 => digest.len() == 32,
        4 => digest.len() == 48,
        _ => !digest.is_empty(),
    };
    if !fits {
        return Err(Why::Digest);
    }
    Ok([&tag.to_be_bytes()[..], &[self::algorithm(algorithm)?, digest_type], &digest].concat().into())
}

fn dnskey(fields: &[&str]) -> Result<Option<Box<[u8]>>, Why> {
    let [flags, protocol, algorithm, key @ ..] = fields else { return Err(Why::Fields) };
    let flags: u16 = number(flags)?;
    let key = base64(&key.concat()).filter(|key| !key.is_empty()).ok_or(Why::Key)?;
    let fixed = [number(protocol)?, self::algorithm(algorithm)?];
    let rdata = [&flags.to_be_bytes()[..], &fixed, &key].concat();
    match Dnskey::read(&rdata) {
        Some(key) if key.is_for_zones() => Ok(Some(rdata.into())),
        None if Dnskey::is_revoked(&rdata) => Ok(None),
        _ => Err(Why::NotZoneKey),
    }
}

fn number<T: std::str::FromStr>(text: &str) -> Result<T, Why> {
    text.parse().map_err(|_| Why::Fields)
}

/// A number, or a mnemonic (RFC 4034 appendix A.1).
fn algorithm(text: &str) -> Result<u8, Why> {
    const NAMES: [(&str, u8); 8] = [
        ("RSASHA1", 5),
        ("RSASHA1-NSEC3-SHA1", 7),
        ("RSASHA256", 8),
        ("RSASHA512", 10),
        ("ECDSAP256SHA256", 13),
        ("ECDSAP384SHA384", 14),
        ("ED25519", 15),
        ("ED448", 16),
    ];
    match NAMES.iter().find(|(name, _)| name.eq_ignore_ascii_case(text)) {
        Some((_, number)) => Ok(*number),
        None => number(text),
    }
}

fn hexadecimal(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> = text.chars().map(|c| Some(c.to_digit(16)? as u8)).collect();
    let pairs = digits?;
    pairs.len().is_multiple_of(2).then(|| pairs.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect())
}

/// RFC 4648 §4, with padding.
pub fn base64(text: &str) -> Option<Vec<u8>> {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = Vec::with_capacity(text.len() / 4 * 3);
    let groups = text.as_bytes().chunks(4);
    let last = groups.len().checked_sub(1);
    for (at, group) in groups.enumerate() {
        let padding = group.iter().rev().take_while(|c| **c == b'=').count();
        if group.len() != 4 || padding > 2 || padding > 0 && Some(at) != last {
            return None;
        }
        let mut value = 0u32;
        for letter in &group[..4 - padding] {
            value = value << 6 | LETTERS.iter().position(|other| other == letter)? as u32;
        }
        value <<= 6 * padding;
        out.extend_from_slice(&value.to_be_bytes()[1..4 - padding]);
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dns::name::Name;
    use proptest::prelude::*;

    const DIGEST: &str = "E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D";

    #[test]
    fn the_same_anchor_is_read_in_every_form() {
        let (first, second) = DIGEST.split_at(30);
        let ds = [
            format!(". DS 20326 8 2 {DIGEST}"),
            format!("; root\n.\t172800 IN DS 20326 RSASHA256 2 {first} {second} ; KSK-2017\n\n"),
            format!(". IN 60 DS ( 20326 8 2 ; so far\n {first}\n {second} )\n"),
            format!("trust-anchors {{\n  // root\n  . initial-ds 20326 8 2\n \"{first}\n {second}\";\n}};"),
            format!("server:\n  trust-anchor: \". DS 20326 8 2 {DIGEST}\" # root\n"),
        ];
        for text in ds {
            let read = read(&text);
            assert_eq!(read, Anchors::parse(&format!(". DS 20326 8 2 {DIGEST}")), "{text}");
            assert_eq!(read.unwrap().closest(Name::ROOT, 0).unwrap().ds.len(), 1, "{text}");
        }
        for text in [
            "example. 60 IN DNSKEY 257 3 15 AQI= ;{id = 1 (ksk)} ;;state=2 [  VALID  ]",
            "trust-anchors { example static-key 257 3 15 \"A QI=\"; }; managed-keys { };",
            "trust-anchor: \"example. DNSKEY 257 3 ED25519 AQI=\"",
        ] {
            let anchors = read(text).unwrap();
            let name = OwnedName::parse("a.example").unwrap();
            let anchor = anchors.closest(name.as_name(), 0).unwrap();
            assert_eq!(anchor.dnskeys, [Box::from([1, 1, 3, 15, 1, 2])], "{text}");
        }
    }

    #[test]
    fn several_of_one_name_stand_together_and_revoked_ones_nowhere() {
        let text =
            "a. DNSKEY 257 3 15 AQI=\na. DNSKEY 385 3 15 AwQ=\nb. DS 1 8 250 00\nA DNSKEY 256 3 8 AQID";
        let anchors = read(text).unwrap();
        let names: Vec<String> = anchors.anchors.iter().map(|anchor| anchor.name.to_string()).collect();
        assert_eq!(names, ["a", "b"]);
        assert_eq!(anchors.anchors[0].dnskeys.len(), 2);
    }

    #[test]
    fn every_mistake_is_told_with_its_line() {
        let text = "\n. A 192.0.2.1\n.. DS 1 8 2 00\n. DS 1 8\n. DS 1 8 2 00\n. DS 1 8 250 0\n. DS x 8 250 00\n\
            . DNSKEY 257 3 8 A\n. DNSKEY 257 3 8\n. DNSKEY 1 3 8 AQI=\n. DNSKEY 257 2 8 AQI=\n.\n";
        use Why::{Digest, Fields, Key, NotZoneKey, OtherType, Owner};
        let whys =
            [OtherType, Owner, Fields, Digest, Digest, Fields, Key, Key, NotZoneKey, NotZoneKey, OtherType];
        let told: Vec<Misread> =
            whys.into_iter().enumerate().map(|(at, why)| Misread { line: at + 2, why }).collect();
        assert_eq!(read(text), Err(told));
        assert_eq!(read(&". A\n".repeat(100)).unwrap_err().len(), MISREAD_MAX);
        let many = ". DS 1 8 250 00\n".repeat(RECORDS_MAX);
        assert!(read(&many).is_ok());
        let more = [Misread { line: RECORDS_MAX + 1, why: Why::TooMany }];
        assert_eq!(read(&(many + ". DS 1 8 250 00")).unwrap_err(), more);
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "([ -~\n\t]|[.;()\"{}# =]|DS |DNSKEY |257 3 8 |é){0,60}") {
            let _ = read(&text);
        }

        #[test]
        fn base64_and_hexadecimal_read_what_was_written(octets in prop::collection::vec(any::<u8>(), 0..40)) {
            let written: String = octets.iter().map(|octet| format!("{octet:02x}")).collect();
            prop_assert_eq!(hexadecimal(&written), Some(octets));
        }
    }
}
