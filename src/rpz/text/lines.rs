//! A master file's lines (RFC 1035 §5.1): words, quotes, comments, and parentheses that join lines.
//!
//! A line that cannot be read costs itself only. Parentheses that are never closed would swallow the rest
//! of a file, so they may join a few lines at the most; then the first is refused and reading goes on
//! behind it.

/// Lines that parentheses may join: a SOA takes seven, a long key some twenty.
const JOINED_MAX: usize = 64;

/// One entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry<'t> {
    /// Its first line, from 1.
    pub line: u32,
    /// It begins with white space: its owner is the one before.
    pub is_indented: bool,
    /// Its words, escapes as they were written.
    pub words: Vec<Word<'t>>,
}

/// One word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Word<'t> {
    /// Without its quotes.
    pub text: &'t str,
    /// It stood in quotes, so it is never a keyword.
    pub is_quoted: bool,
}

/// An entry that cannot be read, by its line.
pub(super) struct Broken(pub u32);

/// All entries of a text, the broken among them.
pub(super) fn entries(text: &str) -> impl Iterator<Item = Result<Entry<'_>, Broken>> {
    let mut lines = text.lines().zip(1u32..);
    std::iter::from_fn(move || {
        loop {
            let (line, number) = lines.next()?;
            let mut entry =
                Entry { line: number, is_indented: line.starts_with([' ', '\t']), words: Vec::new() };
            let mut depth = 0;
            if words(line, &mut depth, &mut entry.words).is_none() {
                return Some(Err(Broken(number)));
            }
            if depth > 0 {
                // Looks ahead on a copy: if the end does not come, only this line is lost.
                let mut ahead = lines.clone();
                let closed = ahead.by_ref().take(JOINED_MAX).any(|(line, _)| {
                    let whole = words(line, &mut depth, &mut entry.words);
                    whole.is_none() || depth == 0
                });
                if !closed || depth != 0 {
                    return Some(Err(Broken(number)));
                }
                lines = ahead;
            }
            if !entry.words.is_empty() {
                return Some(Ok(entry));
            }
        }
    })
}

/// Takes a line apart; `None` where a quote or a parenthesis is not closed, or closed too often.
fn words<'t>(line: &'t str, depth: &mut usize, words: &mut Vec<Word<'t>>) -> Option<()> {
    let octets = line.as_bytes();
    let mut at = 0;
    while at < octets.len() {
        match octets[at] {
            b' ' | b'\t' | b'\r' => at += 1,
            b';' => break,
            b'(' => {
                *depth += 1;
                at += 1;
            }
            b')' => {
                *depth = depth.checked_sub(1)?;
                at += 1;
            }
            b'"' => {
                let end = end_of(octets, at + 1, |octet| octet == b'"').filter(|end| *end < octets.len())?;
                words.push(Word { text: &line[at + 1..end], is_quoted: true });
                at = end + 1;
            }
            _ => {
                let is_end = |octet: u8| matches!(octet, b' ' | b'\t' | b'\r' | b';' | b'(' | b')' | b'"');
                let end = end_of(octets, at, is_end)?;
                words.push(Word { text: &line[at..end], is_quoted: false });
                at = end;
            }
        }
    }
    Some(())
}

/// Where a word ends; what follows a backslash never ends one. `None` for a backslash at the line's end.
fn end_of(octets: &[u8], mut at: usize, is_end: impl Fn(u8) -> bool) -> Option<usize> {
    while at < octets.len() && !is_end(octets[at]) {
        at += if octets[at] == b'\\' { 2 } else { 1 };
    }
    // A character of several octets behind a backslash would be cut in two.
    (at <= octets.len() && octets.get(at).is_none_or(u8::is_ascii)).then_some(at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> Vec<String> {
        entries(text)
            .map(|entry| match entry {
                Ok(entry) => {
                    let words: Vec<_> = entry.words.iter().map(|word| word.text).collect();
                    let indent = if entry.is_indented { "_" } else { "" };
                    format!("{}{indent} {}", entry.line, words.join("|"))
                }
                Err(Broken(line)) => format!("{line} broken"),
            })
            .collect()
    }

    #[test]
    fn entries_are_told_apart() {
        for (text, entries) in [
            ("a IN CNAME . ; no\n\n; only\n b TXT \"x ; y\" z", &["1 a|IN|CNAME|.", "4_ b|TXT|x ; y|z"][..]),
            ("@ SOA a b ( 1 ; serial\n 2\n 3 ) 4\nx A 1", &["1 @|SOA|a|b|1|2|3|4", "4 x|A|1"]),
            ("a\\;b CNAME c\\ d", &["1 a\\;b|CNAME|c\\ d"]),
            ("a TXT \"open\nb CNAME .", &["1 broken", "2 b|CNAME|."]),
            ("a ) b\nb CNAME .\\", &["1 broken", "2 broken"]),
            ("a TXT ( \"open\nb CNAME .", &["1 broken", "2 b|CNAME|."]),
            ("a TXT ( x\nb CNAME .", &["1 broken", "2 b|CNAME|."]),
        ] {
            assert_eq!(read(text), entries, "{text}");
        }
    }

    #[test]
    fn as_many_lines_are_joined_as_may_be_and_one_more_is_not() {
        let joined = |lines: usize| format!("a TXT (\n{})\nb CNAME .", "x\n".repeat(lines - 1));
        assert_eq!(read(&joined(JOINED_MAX)).len(), 2);
        assert_eq!(read(&joined(JOINED_MAX + 1))[0], "1 broken");
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "[ \\t\\n\\\\\"();a-c€é]{0,80}") {
            prop_assert!(read(&text).len() <= text.lines().count());
        }
    }
}
