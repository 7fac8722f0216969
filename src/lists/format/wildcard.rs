//! dnscrypt-proxy's patterns: `x` the name and below, `=x` the name, `*.x` below; other globs refused.

use super::{Entry, pattern_entry, plain};
use crate::lists::reason::{Ignored, Refusal};
use crate::model::rule::Scope;

pub(super) fn line(line: &str) -> Entry<'_> {
    if line.starts_with(['#', '!', ';']) {
        return Entry::Ignored(Ignored::Comment);
    }
    let text = line.split('#').next().unwrap_or_default().trim_end();
    if text.split_once(char::is_whitespace).is_some_and(|(_, rest)| rest.trim_start().starts_with('@')) {
        return Entry::Refused(Refusal::TimeRule);
    }
    if let Some(name) = text.strip_prefix('=') {
        return match name.contains(['*', '?', '[', ' ']) {
            true => Entry::Refused(Refusal::Malformed),
            false => pattern_entry(name, Scope::Exact),
        };
    }
    if text.contains(['?', '[']) && !text.contains("://") && !text.contains('/') {
        return Entry::Refused(Refusal::InnerWildcard);
    }
    plain::name(text)
}
