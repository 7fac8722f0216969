//! Response policy zones: a master file's line grammar, and what the records mean in one.
//!
//! No line of a list leads outside it: `$INCLUDE` and `$GENERATE` are refused.

use super::{Entry, address, is_sink, pattern};
use crate::lists::reason::{Ignored, Refusal};
use crate::model::rule::{RuleAction, Scope};

/// What a zone file says for the lines that follow.
#[derive(Default)]
pub(in crate::lists) struct Zone {
    /// From `$ORIGIN`, or an absolute owner of the SOA; lower-case, without the final dot.
    origin: Option<String>,
    /// Owner of the last record, for lines that start with white space.
    last_owner: String,
    /// Within the parentheses of a record that is not ours.
    in_parentheses: bool,
}

const CLASSES: &[&str] = &["IN", "CH", "HS", "ANY"];
const TRIGGERS: &[&str] = &["rpz-ip", "rpz-client-ip", "rpz-nsdname", "rpz-nsip"];

impl Zone {
    pub(super) fn line(&mut self, raw: &str, say: &mut impl FnMut(Entry<'_>)) {
        let text = without_comment(raw);
        if self.in_parentheses {
            self.in_parentheses = !text.contains(')');
            return say(Entry::Ignored(Ignored::Header));
        }
        if text.trim().is_empty() {
            return say(Entry::Ignored(Ignored::Comment));
        }
        if text.starts_with('$') {
            return say(self.directive(text));
        }
        let has_owner = !text.starts_with([' ', '\t']);
        let mut words = text.split_ascii_whitespace();
        let owner = if has_owner { words.next() } else { None };
        let is_prelude =
            |word: &&str| is_ttl(word) || CLASSES.iter().any(|class| word.eq_ignore_ascii_case(class));
        let Some(kind) = words.find(|word| !is_prelude(word)) else {
            return say(Entry::Refused(Refusal::Malformed));
        };
        self.in_parentheses = text.contains('(') && !text.contains(')');
        let data = words.next();
        if let Some(owner) = owner {
            owner.clone_into(&mut self.last_owner);
        }
        let entry = match kind.to_ascii_uppercase().as_str() {
            "SOA" => {
                self.take_origin();
                Entry::Ignored(Ignored::Header)
            }
            "NS" | "DNSKEY" | "RRSIG" | "NSEC" | "NSEC3" | "NSEC3PARAM" => Entry::Ignored(Ignored::Header),
            kind => self.record(&self.last_owner, kind, data),
        };
        say(entry);
    }

    fn directive(&mut self, text: &str) -> Entry<'static> {
        let mut words = text.split_ascii_whitespace();
        match words.next().map(str::to_ascii_uppercase).as_deref() {
            Some("$TTL") => Entry::Ignored(Ignored::Header),
            Some("$ORIGIN") => {
                self.origin = words.next().map(bare).filter(|origin| !origin.is_empty());
                Entry::Ignored(Ignored::Header)
            }
            _ => Entry::Refused(Refusal::Directive),
        }
    }

    fn take_origin(&mut self) {
        if self.origin.is_none() && self.last_owner.ends_with('.') {
            self.origin = Some(bare(&self.last_owner)).filter(|origin| !origin.is_empty());
        }
    }

    /// A record that is a policy: owner = trigger, data = action.
    fn record<'a>(&self, owner: &'a str, kind: &str, data: Option<&str>) -> Entry<'a> {
        if owner.contains('\\') {
            return Entry::Refused(Refusal::BadCharacter);
        }
        if owner.is_empty() {
            return Entry::Refused(Refusal::NoName);
        }
        let Some(trigger) = self.trigger(owner) else { return Entry::Refused(Refusal::OutsideZone) };
        let top = trigger.trim_end_matches('.').rsplit('.').next().unwrap_or_default();
        if TRIGGERS.iter().any(|special| top.eq_ignore_ascii_case(special)) {
            return Entry::Refused(Refusal::Trigger);
        }
        if matches!(trigger, "" | "@") {
            return Entry::Refused(Refusal::MatchAll);
        }
        let (text, scope) = match pattern(trigger, Scope::Exact) {
            Ok(found) => found,
            Err(why) => return Entry::Refused(why),
        };
        let Some(data) = data else { return Entry::Refused(Refusal::Malformed) };
        match kind {
            "CNAME" => match data.to_ascii_lowercase().trim_end_matches('.') {
                "" | "*" | "rpz-drop" => Entry::block(text, scope),
                "rpz-passthru" => Entry::Rule { text, scope, action: RuleAction::Except },
                "rpz-tcp-only" => Entry::Refused(Refusal::Action),
                _ => Entry::Rewrite { text, scope },
            },
            "A" | "AAAA" if address(data).is_some_and(is_sink) => Entry::block(text, scope),
            _ if kind.bytes().all(|octet| octet.is_ascii_alphanumeric()) => Entry::Rewrite { text, scope },
            _ => Entry::Refused(Refusal::Malformed),
        }
    }

    /// The owner without the zone's own name; `None` for an absolute one outside the zone.
    fn trigger<'a>(&self, owner: &'a str) -> Option<&'a str> {
        let (Some(origin), Some(absolute)) = (&self.origin, owner.strip_suffix('.')) else {
            return Some(owner);
        };
        let cut = absolute.len().checked_sub(origin.len())?;
        let (front, end) = (absolute.get(..cut)?, absolute.get(cut..)?);
        if !end.eq_ignore_ascii_case(origin) {
            return None;
        }
        if front.is_empty() { Some("@") } else { front.strip_suffix('.') }
    }
}

/// The line without its `;` comment; one inside quotes is data.
fn without_comment(line: &str) -> &str {
    let mut quoted = false;
    for (at, octet) in line.bytes().enumerate() {
        match octet {
            b'"' => quoted = !quoted,
            b';' if !quoted => return &line[..at],
            _ => {}
        }
    }
    line
}

fn is_ttl(word: &str) -> bool {
    let digits = word.trim_end_matches(['s', 'm', 'h', 'd', 'w', 'S', 'M', 'H', 'D', 'W']);
    !digits.is_empty() && digits.bytes().all(|octet| octet.is_ascii_digit())
}

fn bare(name: &str) -> String {
    name.trim_end_matches('.').to_ascii_lowercase()
}
