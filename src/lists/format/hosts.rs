//! Hosts files: an address, then names. Only addresses that lead nowhere block.

use super::{Entry, address, is_sink, pattern};
use crate::lists::reason::{Ignored, Refusal};
use crate::model::rule::Scope;

/// Names that a machine gives itself in its own hosts file (the set of Pi-hole, and BSD's `local`).
const ALIASES: &[&str] = &[
    "localhost",
    "localhost.localdomain",
    "localdomain",
    "local",
    "broadcasthost",
    "ip6-localhost",
    "ip6-loopback",
    "ip6-localnet",
    "ip6-mcastprefix",
    "ip6-allnodes",
    "ip6-allrouters",
    "ip6-allhosts",
];

pub(super) fn line(line: &str, say: &mut impl FnMut(Entry<'_>)) {
    if line.starts_with(['#', '!', ';']) {
        return say(Entry::Ignored(Ignored::Comment));
    }
    // No name holds a `#`, so it starts a comment even without white space before it.
    let line = line.split('#').next().unwrap_or_default();
    let mut words = line.split_ascii_whitespace();
    let Some(first) = words.next() else { return say(Entry::Ignored(Ignored::Comment)) };
    let Some(to) = address(first) else {
        return say(match words.next() {
            // A name without an address: other programs read it as that name.
            None if first.contains('.') => entry(first),
            _ => Entry::Refused(Refusal::Malformed),
        });
    };
    let mut names = words.peekable();
    if names.peek().is_none() {
        return say(Entry::Refused(Refusal::NoName));
    }
    for name in names {
        let own = ALIASES.iter().any(|alias| name.eq_ignore_ascii_case(alias)) || name == first;
        say(match own {
            true => Entry::Ignored(Ignored::LocalAlias),
            false if is_sink(to) => entry(name),
            false => Entry::Rewrite { text: name, scope: Scope::Exact },
        });
    }
}

fn entry(text: &str) -> Entry<'_> {
    match pattern(text, Scope::Exact) {
        Ok((text, scope)) => Entry::block(text, scope),
        Err(why) => Entry::Refused(why),
    }
}
