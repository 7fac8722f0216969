//! Unbound: `local-zone` with a type that blocks, or `redirect` with `local-data` that leads nowhere.

use std::collections::HashSet;

use super::{Entry, address, is_sink, pattern, without_comment};
use crate::lists::reason::{Ignored, Refusal};
use crate::model::rule::Scope;

/// `redirect` zones remembered until their data comes. Later ones count as exact.
const REDIRECTS_MAX: usize = 1 << 22;

/// What was said of zones so far.
#[derive(Default)]
pub(in crate::lists) struct Config {
    redirects: HashSet<Box<str>>,
}

impl Config {
    pub(super) fn line<'a>(&mut self, line: &'a str) -> Entry<'a> {
        if line.starts_with('#') {
            return Entry::Ignored(Ignored::Comment);
        }
        let Some((key, value)) = line.split_once(':') else { return Entry::Refused(Refusal::Malformed) };
        let value = without_comment(value.trim());
        match key.trim_end() {
            "server" if value.is_empty() => Entry::Ignored(Ignored::Header),
            "local-zone" => self.zone(value),
            "local-data" => self.data(unquoted(value).0),
            _ => Entry::Refused(Refusal::Directive),
        }
    }

    fn zone<'a>(&mut self, value: &'a str) -> Entry<'a> {
        let (name, rest) = unquoted(value);
        let kind = unquoted(rest.trim()).0;
        let blocks = match kind {
            "always_nxdomain" | "always_nodata" | "always_null" | "always_refuse" | "always_deny" => true,
            "static" | "refuse" | "deny" | "inform_deny" => true,
            "redirect" | "inform_redirect" => {
                if self.redirects.len() < REDIRECTS_MAX {
                    self.redirects.insert(key_of(name));
                }
                false
            }
            "transparent" | "typetransparent" | "always_transparent" | "inform" | "nodefault" | "block_a"
            | "ipset" | "noview" => false,
            _ => return Entry::Refused(Refusal::Malformed),
        };
        if !blocks {
            return Entry::Ignored(Ignored::NotABlock);
        }
        match pattern(name, Scope::Subtree) {
            Ok((text, scope)) => Entry::block(text, scope),
            Err(why) => Entry::Refused(why),
        }
    }

    /// A record. Below a `redirect` zone it speaks for the whole subtree, else for its name.
    fn data<'a>(&self, record: &'a str) -> Entry<'a> {
        let mut words = record.split_ascii_whitespace();
        let Some(text) = words.next() else { return Entry::Refused(Refusal::NoName) };
        let kind = words.find(|word| !is_ttl(word) && !word.eq_ignore_ascii_case("IN"));
        let to = words.next().and_then(|data| address(data.trim_matches(['"', '\''])));
        match (kind, to) {
            (Some(kind), Some(to)) if matches!(kind, "A" | "AAAA" | "a" | "aaaa") && is_sink(to) => {
                let redirect = self.redirects.contains(&key_of(text));
                Entry::block(text, if redirect { Scope::Subtree } else { Scope::Exact })
            }
            (Some(_), _) => Entry::Rewrite { text, scope: Scope::Exact },
            (None, _) => Entry::Refused(Refusal::Malformed),
        }
    }
}

fn is_ttl(word: &str) -> bool {
    word.bytes().all(|octet| octet.is_ascii_digit())
}

fn key_of(name: &str) -> Box<str> {
    name.trim_end_matches('.').to_ascii_lowercase().into_boxed_str()
}

/// The first word, quoted or not, and what follows it.
fn unquoted(text: &str) -> (&str, &str) {
    for quote in ['"', '\''] {
        if let Some(inner) = text.strip_prefix(quote) {
            return inner.split_once(quote).unwrap_or((inner, ""));
        }
    }
    text.split_once(char::is_whitespace).unwrap_or((text, ""))
}
