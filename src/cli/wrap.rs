//! Lines of at most so many columns, broken at spaces.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// The text in lines of at most `columns`, `indent` columns before each line but the first. Line ends and spaces at
/// the start stay; a line that fits stays as it is; a word that is too long for a line is cut.
pub fn wrap(text: &str, columns: usize, indent: usize) -> Vec<String> {
    let columns = columns.max(1);
    // Deeper than half of the width there is no room left to read in.
    let indent = " ".repeat(indent.min(columns / 2));
    let mut lines: Vec<String> = Vec::new();
    for paragraph in text.split('\n') {
        let start = if lines.is_empty() { "" } else { indent.as_str() };
        if start.len() + paragraph.width() <= columns {
            lines.push(format!("{start}{paragraph}").trim_end().to_owned());
            continue;
        }
        let lead: String =
            paragraph.chars().take_while(|character| *character == ' ').take(columns / 2).collect();
        let rest = if lead.len() > indent.len() { &lead } else { &indent };
        let mut line = if lines.is_empty() { lead.clone() } else { rest.clone() };
        let mut is_empty = true;
        for word in paragraph.split_whitespace() {
            let gap = usize::from(!is_empty);
            if !is_empty && line.width() + gap + word.width() > columns {
                lines.push(std::mem::replace(&mut line, rest.clone()));
                is_empty = true;
            }
            if !is_empty {
                line.push(' ');
            }
            for character in word.chars() {
                if line.width() + character.width().unwrap_or(0) > columns {
                    lines.push(std::mem::replace(&mut line, rest.clone()));
                }
                line.push(character);
            }
            is_empty = false;
        }
        lines.push(line);
    }
    lines
}

/// Columns of the longest word.
pub fn longest_word(text: &str) -> usize {
    text.split_whitespace().map(UnicodeWidthStr::width).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_at_spaces_and_go_on_indented() {
        assert_eq!(wrap("một hai ba bốn", 8, 2), ["một hai", "  ba bốn"]);
        assert_eq!(wrap("a\n  b  c", 9, 2), ["a", "    b  c"]);
        assert_eq!(wrap("", 9, 2), [""]);
        assert_eq!(wrap("  a b c", 5, 2), ["  a b", "  c"]);
    }

    #[test]
    fn a_word_that_is_too_long_is_cut() {
        assert_eq!(wrap("x abcdefghij y", 5, 1), ["x", " abcd", " efgh", " ij y"]);
    }

    #[test]
    fn wide_letters_and_combining_marks_take_the_columns_that_they_have() {
        assert_eq!(wrap("漢字漢字", 5, 0), ["漢字", "漢字"]);
        // "tiếng" in NFD: five columns.
        let decomposed = "tie\u{302}\u{301}ng tie\u{302}\u{301}ng";
        assert_eq!(wrap(decomposed, 11, 0).len(), 1);
        assert_eq!(wrap(decomposed, 10, 0).len(), 2);
    }
}
