//! The formats that lists are written in, one file each: a line in, what it says out.
//!
//! A parser knows its grammar and nothing else. It does not judge names: whether a text is a name at
//! all, a public suffix or protected is asked in one place for all formats (`target`, `read`).
//!
//! Knows lines. Never knows categories, profiles or other lines (but for what a zone's grammar needs).

use std::net::IpAddr;

use super::reason::{Ignored, Refusal};
use crate::model::rule::{RuleAction, Scope};
use options::OptionSet;

pub(super) mod abp;
pub(super) mod dnsmasq;
pub(super) mod hosts;
pub(super) mod ip;
pub mod options;
mod page;
pub(super) mod plain;
pub(super) mod rpz;
pub(super) mod unbound;
pub(super) mod urls;
pub(super) mod wildcard;

macro_rules! formats {
    ($($(#[$doc:meta])* $variant:ident = $id:literal, $label:literal;)*) => {
        /// What a list is written in.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Format {
            $($(#[$doc])* $variant,)*
        }

        impl Format {
            /// All of them. Where two fit equally well, detection takes the earlier one.
            pub const ALL: &[Format] = &[$(Format::$variant,)*];

            /// The id, as config files write it.
            pub fn id(self) -> &'static str {
                match self { $(Format::$variant => $id,)* }
            }

            /// What it looks like.
            pub fn label(self) -> &'static str {
                match self { $(Format::$variant => $label,)* }
            }

            /// The format with that id.
            pub fn from_id(id: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|format| format.id() == id)
            }
        }
    };
}

formats! {
    /// A response policy zone.
    Rpz = "rpz", "x CNAME .";
    Unbound = "unbound", "local-zone: \"x\" always_null";
    Dnsmasq = "dnsmasq", "address=/x/";
    /// Adblock and AdGuard DNS rules.
    Abp = "abp", "||x^";
    Hosts = "hosts", "0.0.0.0 x";
    /// URLs, and squidGuard's `name/path`.
    Urls = "urls", "https://x/…";
    /// Addresses and prefixes: nothing for a name filter.
    Ip = "ip", "192.0.2.1";
    /// dnscrypt-proxy's patterns.
    Wildcard = "wildcard", "*.x";
    /// One name a line.
    Plain = "plain", "x";
}

/// What one entry of a line says. `text` is as written: nobody has looked whether it is a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Entry<'a> {
    /// A rule.
    Rule { text: &'a str, scope: Scope, action: RuleAction },
    /// The host of a URL that leads to one page.
    Page { host: &'a str },
    /// A rule with options, to be judged by the list's profile.
    Optioned(Optioned<'a>),
    /// Answers that name with a real address or another name.
    Rewrite { text: &'a str, scope: Scope },
    /// Nothing is wrong with it.
    Ignored(Ignored),
    /// It cannot be a rule.
    Refused(Refusal),
}

/// A rule with options.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Optioned<'a> {
    pub text: &'a str,
    pub scope: Scope,
    pub action: RuleAction,
    pub options: OptionSet,
    /// Whether `text` is a mask with its anchors, or an expression in slashes.
    pub is_pattern: bool,
    /// Names with `|` between them that the rule leaves out.
    pub left_out: &'a str,
}

impl<'a> Entry<'a> {
    fn block(text: &'a str, scope: Scope) -> Self {
        Entry::Rule { text, scope, action: RuleAction::Block }
    }
}

/// A parser with what its grammar remembers from earlier lines.
pub(super) enum Parser {
    Stateless(Format),
    Rpz(rpz::Zone),
    Unbound(unbound::Config),
}

impl Parser {
    pub(super) fn new(format: Format) -> Self {
        match format {
            Format::Rpz => Parser::Rpz(rpz::Zone::default()),
            Format::Unbound => Parser::Unbound(unbound::Config::default()),
            other => Parser::Stateless(other),
        }
    }

    /// Reads one line that is not blank: `line` without leading and trailing white space, `raw` with
    /// it (a zone's blank owner). Says at least one entry.
    pub(super) fn line(&mut self, raw: &str, line: &str, say: &mut impl FnMut(Entry<'_>)) {
        match self {
            Parser::Rpz(zone) => zone.line(raw, say),
            Parser::Unbound(config) => say(config.line(line)),
            Parser::Stateless(format) => match format {
                Format::Hosts => hosts::line(line, say),
                Format::Abp => abp::line(line, say),
                Format::Dnsmasq => dnsmasq::line(line, say),
                Format::Urls => say(urls::line(line)),
                Format::Ip => say(ip::line(line)),
                Format::Wildcard => say(wildcard::line(line)),
                Format::Plain | Format::Rpz | Format::Unbound => say(plain::line(line)),
            },
        }
    }
}

/// Splits what stands in front of a name: `*.x` only below it, `.x` it and below.
fn pattern(text: &str, bare: Scope) -> Result<(&str, Scope), Refusal> {
    let (name, scope) = match text.strip_prefix("*.") {
        Some(below) => (below, Scope::Children),
        None => match text.strip_prefix('.') {
            Some(name) => (name, Scope::Subtree),
            None => (text, bare),
        },
    };
    if name.is_empty() || matches!(name, "*" | ".") {
        return Err(if text.is_empty() { Refusal::NoName } else { Refusal::MatchAll });
    }
    if name.contains(['*', '?', '[', ']']) && !name.starts_with('[') {
        return Err(if name.contains('*') { Refusal::InnerWildcard } else { Refusal::BadCharacter });
    }
    Ok((name, scope))
}

fn pattern_entry(text: &str, bare: Scope) -> Entry<'_> {
    match pattern(text, bare) {
        Ok((text, scope)) => Entry::block(text, scope),
        Err(why) => Entry::Refused(why),
    }
}

/// The line without a comment that follows white space and `#`.
fn without_comment(line: &str) -> &str {
    let mut from = 0;
    while let Some(at) = line[from..].find('#').map(|at| at + from) {
        if at == 0 || line[..at].ends_with(char::is_whitespace) {
            return line[..at].trim_end();
        }
        from = at + 1;
    }
    line
}

/// An address as hosts files write it: with a zone (`fe80::1%lo0`), or `0` for `0.0.0.0` (inet_aton).
pub(super) fn address(text: &str) -> Option<IpAddr> {
    if !text.starts_with(|c: char| c.is_ascii_hexdigit() || c == ':') {
        return None;
    }
    if text == "0" {
        return Some(IpAddr::from([0, 0, 0, 0]));
    }
    text.split('%').next().and_then(|address| address.parse().ok())
}

/// Whether an address leads nowhere: 0/8, 127/8, `::`, `::1`. Any other is a redirect, not a block.
fn is_sink(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => matches!(v4.octets()[0], 0 | 127),
        IpAddr::V6(v6) => v6.is_unspecified() || v6.is_loopback(),
    }
}
