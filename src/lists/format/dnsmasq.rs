//! dnsmasq: `address=/x/`, `server=/x/`, `local=/x/` block a subtree, unless they name a real server.

use super::{Entry, address, is_sink, pattern, without_comment};
use crate::lists::reason::{Ignored, Refusal};
use crate::model::rule::Scope;

pub(super) fn line(line: &str, say: &mut impl FnMut(Entry<'_>)) {
    if line.starts_with(['#', ';', '!']) {
        return say(Entry::Ignored(Ignored::Comment));
    }
    let line = without_comment(line);
    let Some((key, value)) = line.split_once('=').map(|(key, value)| (key.trim(), value.trim())) else {
        return say(Entry::Refused(Refusal::Directive));
    };
    if !matches!(key, "address" | "server" | "local") || !value.starts_with('/') {
        // `server=8.8.8.8` would be an upstream: a list may never set one.
        return say(Entry::Refused(Refusal::Directive));
    }
    let Some((names, target)) = value[1..].rsplit_once('/') else {
        return say(Entry::Refused(Refusal::Malformed));
    };
    let target = match (key, target) {
        (_, "") | ("address", "#") => Target::Nowhere,
        (_, "#") => Target::Usual,
        (_, text) => match address(text.split(['#', '@']).next().unwrap_or_default()) {
            Some(to) if key == "address" && is_sink(to) => Target::Nowhere,
            Some(_) => Target::Real,
            None => return say(Entry::Refused(Refusal::Malformed)),
        },
    };
    for name in names.split('/') {
        say(match (name, target) {
            ("" | "#", _) => Entry::Refused(Refusal::MatchAll),
            (_, Target::Usual) => Entry::Ignored(Ignored::NotABlock),
            (_, target) => match (pattern(name, Scope::Subtree), target) {
                (Err(why), _) => Entry::Refused(why),
                (Ok((text, scope)), Target::Nowhere) => Entry::block(text, scope),
                (Ok((text, scope)), _) => Entry::Rewrite { text, scope },
            },
        });
    }
}

#[derive(Clone, Copy)]
enum Target {
    /// A sink, or no server at all.
    Nowhere,
    /// `#`: the usual servers, an exception to a rule above.
    Usual,
    /// An address.
    Real,
}
