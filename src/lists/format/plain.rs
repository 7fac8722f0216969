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
