//! A URL, or `name/path`. A path means one page: the name is not reduced to its host.

use std::net::IpAddr;

use super::{Entry, pattern_entry};
use crate::lists::reason::Refusal;
use crate::model::rule::Scope;

/// A URL, or a name with a path. With a scheme, the host may stand for the page if the list's profile
/// says so; without one it never may.
pub(super) fn url(text: &str) -> Entry<'_> {
    let (has_scheme, rest) = match text.split_once("://") {
        Some((scheme, rest)) if !scheme.is_empty() && scheme.bytes().all(is_scheme_octet) => (true, rest),
        Some(_) => return Entry::Refused(Refusal::Malformed),
        None => (false, text),
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let host = authority.rsplit('@').next().unwrap_or_default();
    if host.is_empty() {
        return Entry::Refused(Refusal::NoName);
    }
    match (path.trim_matches('/').is_empty(), has_scheme) {
        (true, _) => pattern_entry(host, Scope::Subtree),
        (false, true) => Entry::Page { host },
        (false, false) if is_prefix(host, path) => Entry::Refused(Refusal::Address),
        (false, false) => Entry::Refused(Refusal::Path),
    }
}

/// Whether this is an address, a prefix or a page on an address.
fn is_prefix(host: &str, path: &str) -> bool {
    let host = host.split(':').next().filter(|_| host.matches(':').count() == 1).unwrap_or(host);
    let digits = path.strip_prefix('/').is_some_and(|bits| bits.parse::<u8>().is_ok());
    host.parse::<IpAddr>().is_ok_and(|address| address.is_ipv4() || digits)
}

fn is_scheme_octet(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || matches!(octet, b'+' | b'-' | b'.')
}
