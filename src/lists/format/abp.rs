//! Adblock and AdGuard DNS rules. What becomes of a rule with options says `options`.

use super::options::{OptionSet, RuleOption};
use super::{Entry, Optioned, address, hosts, pattern, plain, without_comment};
use crate::lists::reason::{Ignored, Refusal};
use crate::model::rule::{RuleAction, Scope};

/// Marks of rules about parts of a page.
const COSMETIC: &[&str] = &["##", "#@#", "#?#", "#@?#", "#$#", "#@$#", "#%#", "#@%#", "$$", "$@$"];

pub(super) fn line(line: &str, say: &mut impl FnMut(Entry<'_>)) {
    if line.starts_with('!') {
        return say(Entry::Ignored(Ignored::Comment));
    }
    if line.starts_with('[') && line.ends_with(']') {
        return say(Entry::Ignored(Ignored::Header));
    }
    if is_cosmetic(line) {
        return say(Entry::Ignored(Ignored::Cosmetic));
    }
    if line.starts_with('#') {
        return say(Entry::Ignored(Ignored::Comment));
    }
    if line.split_ascii_whitespace().next().and_then(address).is_some() && line.contains(char::is_whitespace)
    {
        return hosts::line(line, say);
    }
    say(rule(without_comment(line)));
}

fn is_cosmetic(line: &str) -> bool {
    let Some(first) = line.find(['#', '$']) else { return false };
    // `####` and `## Title` are how people underline in comments.
    let underline = line.starts_with("###") || line.starts_with("## ");
    !underline
        && COSMETIC.iter().any(|mark| {
            line.find(mark).is_some_and(|at| at >= first && !line[..at].contains(char::is_whitespace))
        })
}

fn rule(text: &str) -> Entry<'_> {
    let (action, text) = match text.strip_prefix("@@") {
        Some(rest) => (RuleAction::Except, rest),
        None => (RuleAction::Block, text),
    };
    let (body, options) = match text.starts_with('/') {
        true => match expression(text) {
            Some(split) => split,
            None => return Entry::Refused(Refusal::Path),
        },
        false => text.split_once('$').unwrap_or((text, "")),
    };
    let (options, left_out) = read_options(options);
    let action = match action {
        RuleAction::Block if options.contains(RuleOption::Important) => RuleAction::BlockImportant,
        other => other,
    };
    let pattern = || {
        let text = body;
        Entry::Optioned(Optioned { text, scope: Scope::Exact, action, options, is_pattern: true, left_out })
    };
    if body.starts_with('/') {
        return pattern();
    }
    let (text, scope) = match target(body) {
        Ok(Target::Name(text, scope)) => (text, scope),
        Ok(Target::Bare(text)) => match plain::name(text) {
            Entry::Rule { text, scope, .. } => (text, scope),
            Entry::Page { .. } => return Entry::Refused(Refusal::Path),
            other => return other,
        },
        Err(Refusal::InnerWildcard) if body.starts_with('|') => return pattern(),
        Err(why) => return Entry::Refused(why),
    };
    match options.without(RuleOption::Important) == OptionSet::EMPTY {
        true => Entry::Rule { text, scope, action },
        false => Entry::Optioned(Optioned { text, scope, action, options, is_pattern: false, left_out }),
    }
}

/// An expression with its slashes, and the options behind it: `$` may stand in it, too.
fn expression(text: &str) -> Option<(&str, &str)> {
    if text.len() > 1 && text.ends_with('/') {
        return Some((text, ""));
    }
    let at = text.rfind("/$").filter(|at| *at > 0)?;
    Some((&text[..=at], &text[at + 2..]))
}

/// The options behind a `$`, and the names that `denyallow` leaves out.
fn read_options(text: &str) -> (OptionSet, &str) {
    let (mut options, mut left_out) = (OptionSet::EMPTY, "");
    for option in text.split(',').map(str::trim).filter(|option| !option.is_empty()) {
        let (name, value) = option.split_once('=').unwrap_or((option, ""));
        let mut read = RuleOption::read(name);
        match (read, value) {
            (RuleOption::DenyAllow, value) if left_out.is_empty() => left_out = value,
            // Said twice.
            (RuleOption::DenyAllow, _) => read = RuleOption::Other,
            (
                RuleOption::DnsType | RuleOption::Client | RuleOption::ClientTag | RuleOption::DnsRewrite,
                _,
            ) => {}
            (_, "") => {}
            // An option that takes no value.
            _ => read = RuleOption::Other,
        }
        options.add(read);
    }
    (options, left_out)
}

enum Target<'a> {
    Name(&'a str, Scope),
    /// No anchor at all: a bare name.
    Bare(&'a str),
}

fn target(body: &str) -> Result<Target<'_>, Refusal> {
    let (anchored, rest) = match (body.strip_prefix("||"), body.strip_prefix('|')) {
        (Some(rest), _) => (Some(Scope::Subtree), rest),
        (None, Some(rest)) => (Some(Scope::Exact), rest),
        (None, None) => (None, body),
    };
    // All pages of a host are the host.
    let rest =
        rest.strip_suffix("/*").or(rest.strip_suffix('/')).filter(|_| anchored.is_some()).unwrap_or(rest);
    let ended = rest.ends_with(['^', '|']);
    let name = rest.strip_suffix("^*").unwrap_or(rest);
    let name = name.strip_suffix('|').unwrap_or(name);
    let name = name.strip_suffix('^').unwrap_or(name);
    if name.is_empty() {
        return Err(Refusal::MatchAll);
    }
    if name.contains("://") && anchored.is_some() {
        return Err(Refusal::Path);
    }
    if name.contains(['/', '^', '|']) {
        return Err(Refusal::Path);
    }
    match anchored {
        None => Ok(Target::Bare(name)),
        // `|x` without an end is the start of any name: not one that we can say.
        Some(Scope::Exact) if !ended && !name.trim_start_matches("*.").contains('*') => Err(Refusal::Path),
        Some(scope) => pattern(name, scope).map(|(text, scope)| Target::Name(text, scope)),
    }
}
