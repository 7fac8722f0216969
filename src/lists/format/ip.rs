//! Addresses and prefixes. A name filter has no use for them; they are counted, so that a school sees
//! that the list belongs into its firewall.

use super::{Entry, plain, without_comment};
use crate::lists::reason::{Ignored, Refusal};

pub(super) fn line(line: &str) -> Entry<'_> {
    if line.starts_with(['#', '!', ';']) {
        return Entry::Ignored(Ignored::Comment);
    }
    let text = without_comment(line);
    if is_address(text) { Entry::Refused(Refusal::Address) } else { plain::name(text) }
}

/// Whether a text is an address or a prefix.
pub(in crate::lists) fn is_address(text: &str) -> bool {
    text.parse::<std::net::IpAddr>().is_ok() || text.parse::<ipnet::IpNet>().is_ok()
}
