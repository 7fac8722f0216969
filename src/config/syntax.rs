//! TOML errors in words of our own: the parser's are English, and point at where it noticed, not at what was typed.

use std::ops::Range;

use super::mistake::{Code, Mistake, Said, said};
use super::source::FileNo;

/// Quotes that word processors and messengers put in place of `"` and `'`.
const CURLY: &[char] = &['“', '”', '„', '‟', '‘', '’', '‚', '‛', '«', '»', '″', '′', '＂', '＇'];

/// What is said of one syntax error.
pub(super) struct Explained {
    /// The mistake.
    pub mistake: Mistake,
    /// Whether the line itself shows what is wrong, so that it cannot be the echo of an earlier error.
    pub is_certain: bool,
}

/// Explains the error that the parser saw at `span`.
pub(super) fn explain(file: FileNo, text: &str, span: Range<usize>, message: &str) -> Explained {
    let line = line_around(text, span.start);
    let content = &text[line.clone()];
    if let Some((at, character)) = outside_quotes(content).find(|(_, character)| !character.is_ascii()) {
        let start = line.start + at;
        let place = file.place(start..start + character.len_utf8());
        let (what, fix, meant) = strange(content, character);
        let mistake = Mistake::new(Code::Syntax, place, character.to_string(), what).fix(fix).meant(meant);
        return Explained { mistake, is_certain: true };
    }
    let (what, fix) = usual(text, &line, &span, message);
    let excerpt = text[span.clone()].lines().next().unwrap_or_default().trim();
    let mut mistake = Mistake::new(Code::Syntax, file.place(span), excerpt, what).fix(fix);
    if message == "duplicate key"
        && let Some(first) = first_of(text, &line, &mistake.found)
    {
        mistake = mistake.also(file.place(first), said!("syntax-explain"));
    }
    Explained { mistake, is_certain: false }
}

/// A character that TOML has no use for outside quotes.
fn strange(content: &str, character: char) -> (Said, Said, Option<String>) {
    if CURLY.contains(&character) {
        let straight: String =
            content.chars().map(|c| if CURLY.contains(&c) { '"' } else { c }).collect::<String>();
        let what = said!("syntax-a-curly-quote-character", character = character.to_string());
        let fix = said!("syntax-type-straight-quotes-instead");
        return (what, fix, Some(straight.trim().to_owned()));
    }
    let code = format!("U+{:04X}", u32::from(character));
    if character.is_whitespace() || crate::dns::idna::is_invisible(character) {
        let what = said!("syntax-a-strange-space-or", code = code.to_string());
        let fix = said!("syntax-delete-it-and-type");
        return (what, fix, None);
    }
    let what = said!(
        "syntax-the-character-character-code",
        character = character.to_string(),
        code = code.to_string()
    );
    let fix = said!("syntax-keys-are-of-a");
    (what, fix, None)
}

/// What the parser's message means, and what to do.
fn usual(text: &str, line: &Range<usize>, span: &Range<usize>, message: &str) -> (Said, Said) {
    let content = text[line.clone()].trim();
    // An array without its end goes on into the next key or table; the parser misses a comma there.
    let begins_anew = content.starts_with('[') || content.split_once('=').is_some_and(|(key, _)| is_key(key));
    let at_start = text[line.start..span.start.max(line.start)].trim().is_empty();
    match message {
        _ if message == "duplicate key" && content.starts_with('[') => {
            (said!("syntax-this-table-is-there"), said!("syntax-join-the-two-for"))
        }
        "duplicate key" => (said!("syntax-this-key-is-in"), said!("syntax-keep-one-of-the")),
        _ if message.starts_with("unclosed table") || message.starts_with("unclosed array table") => {
            (said!("syntax-the-table-s-name"), said!("syntax-write-resolve-or-group"))
        }
        _ if message.starts_with("unclosed array")
            || (message.starts_with("missing comma between array elements") && begins_anew && at_start) =>
        {
            let opened = opened_at(text, span.start).map_or(String::new(), |line| format!(" ({line})"));
            (
                said!("syntax-the-list-opened-above", opened = opened.to_string()),
                said!("syntax-add-where-the-list"),
            )
        }
        _ if message.starts_with("missing comma") => {
            (said!("syntax-a-comma-is-missing"), said!("syntax-write-a-b-or"))
        }
        _ if message.starts_with("extra comma") => {
            (said!("syntax-there-is-a-comma"), said!("syntax-delete-it"))
        }
        _ if message.starts_with("unclosed inline table") || message.contains("inline table") => {
            (said!("syntax-the-table-is-not"), said!("syntax-write-name-a-by"))
        }
        _ if message.contains("escape") || message.starts_with("too few unicode") => {
            (said!("syntax-a-in-quotes-has"), said!("syntax-write-or-use-single"))
        }
        _ if message.starts_with("invalid basic string")
            || message.starts_with("invalid literal string")
            || message.starts_with("invalid multi-line") =>
        {
            (said!("syntax-a-text-lacks-its"), said!("syntax-add-where-the-text"))
        }
        // Behind `key =` nothing stands.
        _ if content.ends_with('=') && !message.contains('`') => {
            (said!("syntax-this-line-lacks-its"), said!("syntax-write-key-value"))
        }
        _ if message.contains("must be quoted")
            || message.starts_with("missing opening quote")
            || message.starts_with("invalid boolean") =>
        {
            let value = content.split_once('=').map_or(content, |(_, value)| value.trim());
            (said!("syntax-text-stands-in-quotes"), said!("syntax-write-value", value = value.to_string()))
        }
        "carriage return must be followed by newline" => {
            (said!("syntax-lines-end-in-cr"), said!("syntax-save-the-file-with"))
        }
        _ if message.contains("with a dotted key") => {
            (said!("syntax-this-key-has-another"), said!("syntax-remove-one-of-the"))
        }
        _ if message.contains("assignment")
            || message.starts_with("key with no value")
            || message.contains("missing value") =>
        {
            (said!("syntax-this-line-lacks-its-or"), said!("syntax-write-key-value-a"))
        }
        _ if message.contains("extra `=`")
            || message.contains("extra assignment")
            || message.contains("unexpected `=`") =>
        {
            (said!("syntax-there-is-a-too"), said!("syntax-one-key-a-line"))
        }
        _ if message.contains("key") => (said!("syntax-this-is-not-how"), said!("syntax-keys-are-of-a-z")),
        _ if message.contains("integer")
            || message.contains("zero")
            || message.contains("sign")
            || message.contains("radix")
            || message.contains("digits") =>
        {
            (said!("syntax-this-is-not-how-a"), said!("syntax-write-a-whole-number"))
        }
        _ => (said!("syntax-not-toml", why = message), said!("syntax-look-at-quotes-commas")),
    }
}

/// Characters of a line that stand neither in quotes nor in a comment.
fn outside_quotes(content: &str) -> impl Iterator<Item = (usize, char)> {
    let mut within: Option<char> = None;
    let mut escaped = false;
    let mut is_comment = false;
    content.char_indices().filter(move |(_, character)| {
        if is_comment {
            return false;
        }
        match (within, *character) {
            (Some(_), _) if escaped => escaped = false,
            (Some('"'), '\\') => escaped = true,
            (Some(quote), character) if character == quote => within = None,
            (Some(_), _) => {}
            (None, quote @ ('"' | '\'')) => within = Some(quote),
            (None, '#') => is_comment = true,
            (None, _) => return true,
        }
        false
    })
}

/// The line that an offset stands on, without its end.
fn line_around(text: &str, offset: usize) -> Range<usize> {
    let start = text[..offset].rfind('\n').map_or(0, |newline| newline + 1);
    let end = text[offset..].find('\n').map_or(text.len(), |newline| offset + newline);
    start..end
}

fn is_key(text: &str) -> bool {
    let text = text.trim();
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'))
}

/// The line, from 1, of the nearest `[` before that opens a list and is not closed on its line.
fn opened_at(text: &str, before: usize) -> Option<usize> {
    let lines: Vec<&str> = text[..before].lines().collect();
    let opens = |line: &&str| {
        let marks = |mark: char| outside_quotes(line).filter(|(_, character)| *character == mark).count();
        line.contains('=') && marks('[') > marks(']')
    };
    lines.iter().rposition(opens).map(|line| line + 1)
}

/// Where the key or table that stands twice stands first.
fn first_of(text: &str, line: &Range<usize>, key: &str) -> Option<Range<usize>> {
    let content = text[line.clone()].trim();
    let mut start = 0;
    let mut found = None;
    for other in text[..line.start].split_inclusive('\n') {
        let trimmed = other.trim();
        let at = start + (other.len() - other.trim_start().len());
        if content.starts_with('[') {
            if trimmed == content {
                return Some(at..at + trimmed.len());
            }
        } else if trimmed.starts_with('[') {
            // Another table begins: what stood before is not of it.
            found = None;
        } else if trimmed.split_once('=').is_some_and(|(left, _)| left.trim() == key) {
            found = found.or(Some(at..at + key.len()));
        }
        start += other.len();
    }
    found
}
