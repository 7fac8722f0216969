//! One name a line, as squid and most public lists write it: the name and all below it.

use super::{Entry, page, pattern_entry, without_comment};
use crate::lists::reason::{Ignored, Refusal};
use crate::model::rule::{RuleAction, Scope};

pub(super) fn line(line: &str) -> Entry<'_> {
    if line.starts_with(['#', '!', ';']) || line.starts_with("//") {
        return Entry::Ignored(Ignored::Comment);
    }
    if line.starts_with('[') && line.ends_with(']') && !line.contains(':') {
        return Entry::Ignored(Ignored::Header);
    }
    name(line)
}

/// A line of v2fly's lists: `domain:x`, `full:x` and what is no name, each with attributes (`@ads`) behind it.
fn v2fly(line: &str) -> Option<Entry<'_>> {
    let (kind, rest) = line.split_once(':')?;
    let text = rest.split('#').next().unwrap_or_default();
    let mut words = text.split_ascii_whitespace();
    let text = words.next().unwrap_or_default();
    let is_whole = words.all(|word| word.starts_with('@'));
    Some(match kind {
        "domain" | "full" if !is_whole => Entry::Refused(Refusal::Malformed),
        "domain" => Entry::Rule { text, scope: Scope::Subtree, action: RuleAction::Block },
        "full" => Entry::Rule { text, scope: Scope::Exact, action: RuleAction::Block },
        "keyword" | "regexp" => Entry::Refused(Refusal::Regex),
        "include" => Entry::Refused(Refusal::Directive),
        _ => return None,
    })
}

/// What is left when comments and headers are gone; other formats call it for bare names.
pub(super) fn name(line: &str) -> Entry<'_> {
    // Nearly every line of a large list: one look instead of eight.
    let is_plain = |octet: u8| octet.is_ascii_alphanumeric() || matches!(octet, b'.' | b'-' | b'_');
    if line.bytes().all(is_plain) && !line.is_empty() && !line.starts_with('.') {
        return Entry::Rule { text: line, scope: Scope::Subtree, action: RuleAction::Block };
    }
    if line.contains("://") {
        return page::url(without_comment(line));
    }
    if let Some(entry) = v2fly(line) {
        return entry;
    }
    let text = line.split('#').next().unwrap_or_default().trim_end();
    if text.contains(char::is_whitespace) {
        return Entry::Refused(Refusal::Malformed);
    }
    let like_regex = text.starts_with('^') || text.contains(".*") || text.contains('(');
    if like_regex || text.starts_with('/') && text.len() > 1 && text.ends_with('/') {
        return Entry::Refused(Refusal::Regex);
    }
    if text.contains('/') {
        return page::url(text);
    }
    pattern_entry(text, Scope::Subtree)
}
