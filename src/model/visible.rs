//! Text from outside, made fit to be shown: nothing in it may move the cursor, change colours, or change the
//! direction in which its neighbours are read (Unicode TR36 §3.3, "Trojan Source").
//!
//! Names of lists, groups and sites come from strangers; whoever reads a table or the log must see what is there.

use std::borrow::Cow;
use std::fmt::Write;

/// Characters that are never shown as they are: controls but for line ends and tabs, changes of direction, separators
/// of lines and paragraphs, and what is not seen at all.
fn is_hidden(character: char) -> bool {
    match character {
        '\n' | '\t' => false,
        '\u{61c}'
        | '\u{200b}'
        | '\u{200e}'
        | '\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' => true,
        '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}' => true,
        other => other.is_control(),
    }
}

/// The text with each hidden character written out, as `\u{202e}`.
pub fn visible(text: &str) -> Cow<'_, str> {
    escaped(text, |character, out| {
        let _ = write!(out, "\\u{{{:x}}}", u32::from(character));
    })
}

/// The same for a text that is JSON: there hidden characters can only stand in strings, where `\u202e` is the
/// character itself. Line ends and tabs between values stay.
pub fn visible_json(text: &str) -> Cow<'_, str> {
    escaped(text, |character, out| {
        let mut units = [0; 2];
        for unit in character.encode_utf16(&mut units) {
            let _ = write!(out, "\\u{unit:04x}");
        }
    })
}

/// The same in as many octets, for a text in which places are known by their octets.
pub fn visible_in_place(text: &str) -> Cow<'_, str> {
    escaped(text, |character, out| match character.len_utf8() {
        3 => out.push('\u{fffd}'),
        octets => (0..octets).for_each(|_| out.push('?')),
    })
}

fn escaped(text: &str, write: impl Fn(char, &mut String)) -> Cow<'_, str> {
    if !text.contains(is_hidden) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        if is_hidden(character) { write(character, &mut out) } else { out.push(character) }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_would_not_be_seen_is_written_out() {
        for (text, shown) in [
            ("Phòng máy 1\n", "Phòng máy 1\n"),
            ("nhóm \u{202e}gpj.exe", "nhóm \\u{202e}gpj.exe"),
            ("\u{2066}a\u{2069}", "\\u{2066}a\\u{2069}"),
            ("\u{1b}[31mred", "\\u{1b}[31mred"),
            ("a\rb", "a\\u{d}b"),
            ("\u{9b}2J", "\\u{9b}2J"),
            ("a\u{200b}b\u{feff}", "a\\u{200b}b\\u{feff}"),
        ] {
            assert_eq!(visible(text), shown, "{text:?}");
        }
    }

    #[test]
    fn json_stays_json_and_reads_back_the_same() {
        let text = serde_json::to_string(&"\u{202e}x\u{e0041}").unwrap();
        let shown = visible_json(&text);
        assert_eq!(shown, "\"\\u202ex\\udb40\\udc41\"");
        assert_eq!(serde_json::from_str::<String>(&shown).unwrap(), "\u{202e}x\u{e0041}");
    }

    proptest! {
        #[test]
        fn nothing_hidden_is_left_and_places_stay(text in ".{0,40}") {
            for shown in [visible(&text), visible_json(&text), visible_in_place(&text)] {
                prop_assert!(!shown.contains(is_hidden));
            }
            prop_assert_eq!(visible_in_place(&text).len(), text.len());
        }
    }
}
