//! Which format a list is written in, and why we think so.
//!
//! Each line that is looked at and says something gives its vote to the most particular format that it
//! fits (`||x^` is ABP, `0.0.0.0 x` hosts, a bare name plain). The most votes win; a few marks that only
//! one program writes decide at once.

use std::io;

use super::format::ip::is_address;
use super::format::{Format, address};
use super::text::Text;
use crate::i18n::{Message, msg};

/// Lines from the beginning that are all looked at: headers stand there.
const BEGINNING: usize = 400;
/// Lines looked at in all, about.
const LINES_MAX: usize = 4000;

/// The format chosen, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Detection {
    /// What the text is read as.
    pub format: Format,
    /// Why.
    pub why: Why,
}

/// Why a format was chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// The config names it.
    Named,
    /// A line that only this format has.
    Mark { line: u32, text: String },
    /// Most lines look like it.
    Votes { fit: u32, of: u32, second: Option<(Format, u32)> },
    /// No line says anything, so one name a line is assumed.
    NothingToSee,
}

impl Detection {
    /// What a person is told.
    pub fn message(&self) -> Message {
        let (format, label) = (self.format.id(), self.format.label());
        match &self.why {
            Why::Named => msg!("format-named", format = format),
            Why::Mark { line, text } => msg!("format-mark", format = format, line = *line, text = text),
            Why::Votes { fit, of, second: None } => {
                msg!("format-votes", format = format, fit = *fit, of = *of, label = label)
            }
            Why::Votes { fit, of, second: Some((next, votes)) } => msg!(
                "format-votes-next",
                format = format,
                fit = *fit,
                of = *of,
                label = label,
                next = next.id(),
                votes = *votes
            ),
            Why::NothingToSee => msg!("format-nothing", format = format),
        }
    }
}

/// Looks at the lines and chooses.
pub fn detect(text: &[u8]) -> Detection {
    detect_in(Text::Octets(text)).expect("memory can be read")
}

pub(super) fn detect_in(text: Text<'_>) -> io::Result<Detection> {
    let mut votes = [0u32; Format::ALL.len()];
    let mut of = 0;
    // Lists are sorted: addresses stand first, then digits. So the beginning votes, and then lines from all over.
    let step = (count_lines(text)? / LINES_MAX).max(1);
    let (mut lines, mut number) = (text.lines(), 0u32);
    while let Some(line) = lines.next()? {
        number = number.saturating_add(1);
        let at = number as usize;
        if at > BEGINNING && !at.is_multiple_of(step) {
            continue;
        }
        let Ok(raw) = std::str::from_utf8(line.octets()) else { continue };
        let line = raw.trim_start_matches('\u{feff}').trim();
        if let Some(format) = mark(line) {
            let text = line.chars().take(40).collect();
            return Ok(Detection { format, why: Why::Mark { line: number, text } });
        }
        if let Some(format) = look(line) {
            votes[format as usize] += 1;
            of += 1;
        }
    }
    Ok(choose(&votes, of))
}

fn count_lines(text: Text<'_>) -> io::Result<usize> {
    let (mut lines, mut count) = (text.lines(), 0);
    while lines.next()?.is_some() {
        count += 1;
    }
    Ok(count)
}

/// Whether every line that names something is a `*.x`: then `*.x` stands for x too, as dnscrypt-proxy and
/// blocky read it. Where `x` and `*.x` stand side by side, each means what it says.
pub(super) fn is_all_wildcards(text: Text<'_>) -> io::Result<bool> {
    let (mut lines, mut found) = (text.lines(), false);
    while let Some(line) = lines.next()? {
        let Ok(raw) = std::str::from_utf8(line.octets()) else { continue };
        let line = raw.trim_start_matches('\u{feff}').trim();
        if line.is_empty() || line.starts_with(['#', '!', ';']) {
            continue;
        }
        if !line.starts_with("*.") {
            return Ok(false);
        }
        found = true;
    }
    Ok(found)
}

fn choose(votes: &[u32; Format::ALL.len()], of: u32) -> Detection {
    let mut ranked: Vec<(Format, u32)> =
        Format::ALL.iter().map(|format| (*format, votes[*format as usize])).collect();
    ranked.sort_by_key(|(_, votes)| std::cmp::Reverse(*votes));
    let (format, fit) = ranked[0];
    if fit == 0 {
        return Detection { format: Format::Plain, why: Why::NothingToSee };
    }
    // Files with a richer grammar may hold bare names; no plain file holds rules of theirs.
    let richer = |pair: &&(Format, u32)| matches!(pair.0, Format::Abp | Format::Wildcard) && pair.1 * 10 > of;
    let names = votes[Format::Plain as usize];
    let (format, fit) = match format {
        // Names with addresses among them are still a list of names.
        Format::Ip if names * 20 > of => (Format::Plain, names),
        Format::Plain => ranked.iter().find(richer).copied().unwrap_or((format, fit)),
        _ => (format, fit),
    };
    let second = ranked.iter().find(|(other, votes)| *other != format && *votes > 0).copied();
    Detection { format, why: Why::Votes { fit, of, second } }
}

/// A line that only one program writes.
fn mark(line: &str) -> Option<Format> {
    let is_adblock =
        ["[Adblock", "[AdGuard", "[uBlock", "[Adguard", "[AdBlock"].iter().any(|head| line.starts_with(head));
    let is_zone = ["$TTL", "$ORIGIN"].iter().any(|head| line.starts_with(head));
    match () {
        () if is_adblock => Some(Format::Abp),
        () if is_zone => Some(Format::Rpz),
        () => None,
    }
}

/// The format that the line fits best; `None` for what says nothing.
fn look(line: &str) -> Option<Format> {
    if line.is_empty() || line.starts_with("//") {
        return None;
    }
    if is_cosmetic(line) {
        return Some(Format::Abp);
    }
    if line.starts_with(['#', '!', ';', '[']) {
        return None;
    }
    if line.starts_with("||") || line.starts_with("@@") || (line.starts_with('|') && line.len() > 1) {
        return Some(Format::Abp);
    }
    if ["local-zone:", "local-data:", "server:"].iter().any(|key| line.starts_with(key)) {
        return Some(Format::Unbound);
    }
    if ["address=/", "server=/", "local=/"].iter().any(|key| line.starts_with(key)) {
        return Some(Format::Dnsmasq);
    }
    let mut words = line.split_ascii_whitespace();
    let first = words.next()?;
    let second = words.next().filter(|word| !word.starts_with(['#', ';']));
    if let Some(second) = second {
        if address(first).is_some() {
            return Some(Format::Hosts);
        }
        let is_record =
            |word: &str| ["CNAME", "SOA", "NS"].iter().any(|kind| word.eq_ignore_ascii_case(kind));
        if is_record(second) || words.take(3).any(is_record) {
            return Some(Format::Rpz);
        }
    }
    Some(one_word(first))
}

fn one_word(word: &str) -> Format {
    if word.contains("://") {
        return Format::Urls;
    }
    if is_address(word) {
        return Format::Ip;
    }
    if word.starts_with("*.") || word.starts_with('=') {
        return Format::Wildcard;
    }
    match word.find('/') {
        Some(at) if at > 0 && word[..at].contains('.') => Format::Urls,
        _ => Format::Plain,
    }
}

fn is_cosmetic(line: &str) -> bool {
    ["##", "#@#", "#?#", "#$#", "#%#"].iter().any(|mark| {
        line.find(mark)
            .is_some_and(|at| at > 0 && !line[..at].contains(char::is_whitespace) && !line.starts_with('#'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::i18n::Lang;

    #[test]
    fn the_format_is_told_from_the_lines() {
        for (text, format) in [
            ("# c\n0.0.0.0 a.example\n", Format::Hosts),
            ("1.0.0.1 # one.example\n1.0.0.2\n", Format::Ip),
            ("! c\n||a.example^\nb.example\n", Format::Abp),
            ("example.com##.ad\n", Format::Abp),
            ("#### Shock ####\na.example\nb.example # why\n", Format::Plain),
            ("a.example CNAME .\n*.a.example CNAME .\n", Format::Rpz),
            ("server:\nlocal-zone: \"a.example\" static\n", Format::Unbound),
            ("local=/a.example/\n", Format::Dnsmasq),
            ("*.a.example\nb.example\n", Format::Wildcard),
            ("a.example/path\nb.example/~user\nc.example\n", Format::Urls),
            ("http://a.example/x\nftp://b.example\n", Format::Urls),
            ("", Format::Plain),
        ] {
            let found = detect(text.as_bytes());
            assert_eq!(found.format, format, "{text}: {}", found.message());
        }
    }

    #[test]
    fn the_reason_is_told_in_both_languages() {
        let found = detect(b"||a.example^\n||b.example^\nc.example\n");
        insta::assert_snapshot!(found.message().text(Lang::Vi), @"định dạng abp: 2 trong 3 dòng được xét có dạng “||x^”; kế đó là plain (1)");
        insta::assert_snapshot!(found.message().text(Lang::En), @r#"format abp: 2 of 3 lines looked at are like "||x^"; next is plain (1)"#);
    }
}
