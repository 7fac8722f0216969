//! URLs, and squidGuard's `name/path`.

use super::{Entry, page, plain, without_comment};
use crate::lists::reason::Ignored;

pub(super) fn line(line: &str) -> Entry<'_> {
    if line.starts_with(['#', '!', ';']) {
        return Entry::Ignored(Ignored::Comment);
    }
    let text = without_comment(line);
    if text.contains("://") { page::url(text) } else { plain::name(text) }
}
