//! Patterns of names that lists have beside names: masks (`||ads*.example.org^`) and regular expressions (`/^ads\d/`).
//!
//! A pattern cannot be looked up as a name is. So there are few, each has a literal that every name it meets must
//! contain, and a name is looked through for all literals at once: a name with none of them costs one pass. That is done
//! where a name is not in the cache and where an answer enters it, never where one is answered from there.
//!
//! A pattern is written as a name of its own below a label that no host has: so it stands in lists and in the index as
//! any rule does.

use aho_corasick::AhoCorasick;
use regex::bytes::{Regex, RegexBuilder};
use regex_syntax::hir::{Class, Hir, HirKind};

use crate::dns::name::{NAME_MAX, Name, OwnedName};
use crate::dns::public_suffix::{SuffixKind, kind_of};

/// Octets of a pattern's text: twice as many fit into a name.
const TEXT_MAX: usize = 110;
/// Letters and digits, next to each other or with dots and hyphens between them, that all names have that a pattern
/// meets; a public suffix at the end does not count. With fewer it meets what nobody thought of.
const LITERAL_MIN: usize = 4;
/// Octets that a compiled pattern takes at most.
const COMPILED_MAX: usize = 16 << 10;
/// Groups inside each other in a regular expression.
const NEST_MAX: u32 = 16;
/// Patterns that are told of one name.
const MATCHES_MAX: usize = 8;
/// The last label of a pattern's name, in wire form with the root behind it.
const MARK: &[u8] = b"\x08*pattern\0";

/// Why a text is not taken as a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PatternError {
    /// It is none, it is too long, or it takes too much memory.
    Unreadable,
    /// It meets names that have too little in common.
    TooWide,
}

/// A pattern, ready to be held against names.
#[derive(Clone, Debug)]
pub struct Pattern {
    text: String,
    /// What every name contains that it meets.
    literal: Vec<u8>,
    regex: Regex,
}

impl Pattern {
    /// Reads `||a*b^`, `|a*b^` or `/expression/`. A mask without an end ends where the name does, as `||x` does.
    ///
    /// # Errors
    /// What [`PatternError`] says.
    pub fn read(text: &str) -> Result<Self, PatternError> {
        if text.len() > TEXT_MAX || !text.bytes().all(|octet| octet.is_ascii_graphic()) {
            return Err(PatternError::Unreadable);
        }
        let (source, literals) = match text.strip_prefix('/').and_then(|rest| rest.strip_suffix('/')) {
            Some(source) => (source.to_owned(), required(source)?),
            None => mask(&text.to_ascii_lowercase()).ok_or(PatternError::Unreadable)?,
        };
        let literal = literals.into_iter().max_by_key(Literal::weight);
        let literal =
            literal.filter(|literal| literal.weight() >= LITERAL_MIN).ok_or(PatternError::TooWide)?;
        let mut builder = RegexBuilder::new(&source);
        builder.unicode(false).case_insensitive(true).nest_limit(NEST_MAX);
        builder.size_limit(COMPILED_MAX).dfa_size_limit(COMPILED_MAX);
        let regex = builder.build().map_err(|_| PatternError::Unreadable)?;
        Ok(Self { text: text.to_owned(), literal: literal.octets, regex })
    }

    /// As it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether it meets a name: in lower case, with dots, without one at the end.
    pub fn meets(&self, name: &[u8]) -> bool {
        memchr::memmem::find(name, &self.literal).is_some() && self.regex.is_match(name)
    }

    /// The name under which it stands in lists and in the index.
    pub fn name(&self) -> OwnedName {
        let digits: Vec<u8> = self.text.bytes().flat_map(|octet| [octet >> 4, octet & 15]).collect();
        let labels = digits.chunks(62).map(|label| {
            label.iter().map(|digit| char::from_digit((*digit).into(), 16).unwrap_or('0')).collect::<String>()
        });
        let text = labels.chain(["*pattern".to_owned()]).collect::<Vec<_>>().join(".");
        OwnedName::parse(&text).expect("hexadecimal digits of a short text")
    }
}

/// The text of a pattern that stands under that name.
pub fn pattern_of(name: Name<'_>) -> Option<String> {
    if !name.wire().ends_with(MARK) {
        return None;
    }
    let digits: Vec<u8> = name.labels().take(name.label_count() - 1).flatten().copied().collect();
    let (pairs, rest) = digits.as_chunks::<2>();
    let octet = |pair: &[u8; 2]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    let octets: Option<Vec<u8>> = pairs.iter().map(octet).collect();
    String::from_utf8(octets.filter(|_| rest.is_empty())?).ok()
}

/// All patterns of an index.
#[derive(Debug, Default)]
pub struct Patterns {
    all: Vec<Pattern>,
    literals: Option<AhoCorasick>,
}

impl Patterns {
    /// Of these texts; `None` if one of them is no pattern.
    pub fn of<'t>(texts: impl IntoIterator<Item = &'t str>) -> Option<Self> {
        let all: Vec<Pattern> =
            texts.into_iter().map(|text| Pattern::read(text).ok()).collect::<Option<_>>()?;
        if all.is_empty() {
            return Some(Self::default());
        }
        let literals = AhoCorasick::new(all.iter().map(|pattern| &pattern.literal)).ok()?;
        Some(Self { all, literals: Some(literals) })
    }

    /// Those that meet a name, at most eight.
    pub fn meeting(&self, name: Name<'_>) -> Vec<&Pattern> {
        let Some(literals) = &self.literals else { return Vec::new() };
        let mut text = [0; NAME_MAX];
        let text = name.write_dotted(&mut text);
        let mut found: Vec<usize> = Vec::new();
        for candidate in literals.find_overlapping_iter(text) {
            let at = candidate.pattern().as_usize();
            if !found.contains(&at) && self.all[at].regex.is_match(text) {
                found.push(at);
                if found.len() == MATCHES_MAX {
                    break;
                }
            }
        }
        found.sort_unstable();
        found.into_iter().map(|at| &self.all[at]).collect()
    }
}

/// Octets that every name contains that a pattern meets.
#[derive(Clone, Debug, Default)]
struct Literal {
    octets: Vec<u8>,
    /// Whether names may end with it.
    may_end: bool,
}

impl Literal {
    /// Letters and digits that count.
    fn weight(&self) -> usize {
        let count = |octets: &[u8]| octets.iter().filter(|octet| octet.is_ascii_alphanumeric()).count();
        let is_suffix = self.may_end && self.octets.contains(&b'.') && !self.octets.ends_with(b".");
        if !is_suffix {
            return count(&self.octets);
        }
        let text = String::from_utf8_lossy(&self.octets);
        let Ok(name) = OwnedName::parse(text.trim_matches('.')) else { return 0 };
        let is_open = |name: &Name<'_>| {
            matches!(kind_of(*name), SuffixKind::Public | SuffixKind::Private | SuffixKind::SingleLabel)
        };
        let suffix =
            name.as_name().ancestors().find(is_open).map_or(0, |suffix| count(suffix.to_string().as_bytes()));
        count(&self.octets).saturating_sub(suffix)
    }
}

/// A mask as a regular expression, and what stands between its wildcards.
fn mask(text: &str) -> Option<(String, Vec<Literal>)> {
    let (start, body) = match (text.strip_prefix("||"), text.strip_prefix('|')) {
        (Some(body), _) => ("(?:^|\\.)", body),
        (None, Some(body)) => ("^", body),
        (None, None) => return None,
    };
    let body = ["^*", "^|", "^", "|"].iter().find_map(|end| body.strip_suffix(end)).unwrap_or(body);
    let is_open = body.ends_with('*');
    let mut source = String::from(start);
    for octet in body.bytes() {
        match octet {
            b'*' => source.push_str(".*"),
            b'.' => source.push_str("\\."),
            b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' => source.push(octet.into()),
            _ => return None,
        }
    }
    if !is_open {
        source.push('$');
    }
    let mut literals: Vec<Literal> =
        body.split('*').map(|part| Literal { octets: part.into(), may_end: false }).collect();
    if let Some(last) = literals.last_mut() {
        last.may_end = !is_open;
    }
    body.contains('*').then_some((source, literals))
}

/// What every text contains that a regular expression meets.
fn required(source: &str) -> Result<Vec<Literal>, PatternError> {
    let mut parser = regex_syntax::ParserBuilder::new();
    let mut parser = parser.unicode(false).utf8(false).nest_limit(NEST_MAX).build();
    let hir = parser.parse(source).map_err(|_| PatternError::Unreadable)?;
    let Needs { whole, mut parts } = needs(&hir);
    parts.extend(whole);
    // No name has one: it is a path.
    if parts.iter().any(|part| part.contains(&b'/')) {
        return Err(PatternError::Unreadable);
    }
    Ok(parts.into_iter().map(|octets| Literal { octets, may_end: true }).collect())
}

/// What a part of an expression needs.
#[derive(Default)]
struct Needs {
    /// The one text that it meets, if there is one only.
    whole: Option<Vec<u8>>,
    /// Texts that are in all that it meets.
    parts: Vec<Vec<u8>>,
}

/// Goes down no further than groups are nested, which the parser bounds.
fn needs(hir: &Hir) -> Needs {
    let text = |octets: Vec<u8>| Needs { whole: Some(octets), parts: Vec::new() };
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => text(Vec::new()),
        HirKind::Literal(literal) => text(literal.0.to_ascii_lowercase()),
        HirKind::Class(class) => one_letter(class).map_or_else(Needs::default, |letter| text(vec![letter])),
        HirKind::Capture(group) => needs(&group.sub),
        HirKind::Alternation(_) => Needs::default(),
        HirKind::Repetition(repeated) if repeated.min == 0 => Needs::default(),
        HirKind::Repetition(repeated) => {
            let Needs { whole, mut parts } = needs(&repeated.sub);
            parts.extend(whole);
            Needs { whole: None, parts }
        }
        HirKind::Concat(all) => {
            let (mut parts, mut run, mut is_whole) = (Vec::new(), Vec::new(), true);
            for one in all {
                let found = needs(one);
                match found.whole {
                    Some(octets) => run.extend(octets),
                    None => {
                        is_whole = false;
                        parts.push(std::mem::take(&mut run));
                    }
                }
                parts.extend(found.parts);
            }
            match is_whole {
                true => text(run),
                false => {
                    parts.push(run);
                    Needs { whole: None, parts }
                }
            }
        }
    }
}

/// The letter of a class that has one in both cases, or one octet.
fn one_letter(class: &Class) -> Option<u8> {
    let Class::Bytes(class) = class else { return None };
    match class.ranges() {
        [one] if one.len() == 1 => Some(one.start().to_ascii_lowercase()),
        [one, other]
            if one.len() == 1 && other.len() == 1 && one.start().eq_ignore_ascii_case(&other.start()) =>
        {
            Some(one.start().to_ascii_lowercase())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn meets(pattern: &str, name: &str) -> bool {
        Pattern::read(pattern).unwrap_or_else(|error| panic!("{pattern}: {error:?}")).meets(name.as_bytes())
    }

    #[test]
    fn masks_begin_at_a_label_and_end_with_the_name() {
        for (pattern, met, not_met) in [
            (
                "||adserv*.example.org^",
                &["adserv1.example.org", "x.adserv-2.example.org", "adserv.y.example.org"][..],
                &["badserv1.example.org", "adserv1.example.org.evil.net", "example.org"][..],
            ),
            ("||adserver.*^", &["adserver.example.org", "www.adserver.net"], &["myadserver.net", "adserver"]),
            ("|adserver.*", &["adserver.example.org"], &["www.adserver.net"]),
            ("||*.admicro*.vcmedia.vn^", &["a.admicro1.vcmedia.vn"], &["admicro1.vcmedia.vn", "vcmedia.vn"]),
            ("||Track*.Example-Site.com", &["track7.example-site.com"], &["track7.example-site.community"]),
        ] {
            assert!(met.iter().all(|name| meets(pattern, name)), "{pattern}");
            assert!(!not_met.iter().any(|name| meets(pattern, name)), "{pattern}");
        }
    }

    #[test]
    fn expressions_meet_any_part_of_a_name_and_have_no_case() {
        for (pattern, met, not_met) in [
            (r"/^adserv(er|ice)[0-9]*\./", "adservice12.example.org", "x.adserver.example.org"),
            (r"/[Bb]anner\d+-/", "xbanner12-y.example.org", "banner-y.example.org"),
            (r"/(casino){2}/", "mycasinocasino.example", "mycasino.example"),
            ("/DoubleClick/", "ads.doubleclick.example", "click.example"),
        ] {
            assert!(meets(pattern, met) && !meets(pattern, not_met), "{pattern}");
        }
    }

    #[test]
    fn what_has_too_little_in_common_or_cannot_be_read_is_refused() {
        for wide in [
            "||a*^",
            "||*^",
            "||a*.com^",
            "||a*.co.uk^",
            "||ads*.blogspot.com^",
            "||p*.example^",
            "||x.*^",
            "/.*/",
            r"/(^|\.)xn--.*$/",
            r"/\.info$/",
            "/(aaaaa|bbbbb)/",
            "/(aaaaa)?/",
            r"/ads[0-9]+\.example/",
            "//",
        ] {
            assert_eq!(Pattern::read(wide).err(), Some(PatternError::TooWide), "{wide}");
        }
        let long = format!("/{}/", "a".repeat(TEXT_MAX));
        for unreadable in [
            "||adserver^",
            "adserver*.example.org",
            "||adsérver*^",
            "||adserver*/x^",
            "/adserver(/",
            "/(?=adserver)x/",
            r"/\p{Greek}adserver/",
            "/adserver/banner/",
            "/(adserver){9999}/",
            &long,
            "",
            "/",
        ] {
            assert_eq!(Pattern::read(unreadable).err(), Some(PatternError::Unreadable), "{unreadable}");
        }
    }

    #[test]
    fn all_patterns_that_meet_a_name_are_found_at_once() {
        let patterns = Patterns::of(["||adserv*.example.org^", "/serv1/", "||other*.example.net^"]).unwrap();
        let met = |name: &str| {
            let name = OwnedName::parse(name).unwrap();
            patterns
                .meeting(name.as_name())
                .iter()
                .map(|pattern| pattern.text().to_owned())
                .collect::<Vec<_>>()
        };
        assert_eq!(met("adserv1.example.org"), ["||adserv*.example.org^", "/serv1/"]);
        assert_eq!(met("myserv1.example"), ["/serv1/"]);
        assert!(met("example.org").is_empty());
        assert!(Patterns::of(["||adserv*.example.org^", "||a*^"]).is_none());
        let name = OwnedName::parse("aaaaa.example").unwrap();
        let many: Vec<String> = (0..20).map(|n| format!("/aaaaa.{{{n}}}/")).collect();
        let many = Patterns::of(many.iter().map(String::as_str)).unwrap();
        assert_eq!(many.meeting(name.as_name()).len(), MATCHES_MAX);
    }

    proptest! {
        /// Whatever the text: no panic, its name leads back to it, and what it meets has its literal.
        #[test]
        fn a_pattern_comes_back_from_its_name(text in "(\\|\\|?)?[a-z0-9*.^|/()\\[\\]{}?+$-]{0,40}", name in "[a-z]{1,9}(\\.[a-z]{1,9}){0,3}") {
            if let Ok(pattern) = Pattern::read(&text) {
                let own = pattern.name();
                prop_assert_eq!(pattern_of(own.as_name()), Some(text.clone()));
                prop_assert_eq!(pattern.regex.is_match(name.as_bytes()), pattern.meets(name.as_bytes()), "{} {:?}", text, pattern.literal);
            }
        }

        /// Masks against a matcher that tries every place.
        #[test]
        fn masks_meet_what_trying_every_place_says(body in "[ab.]{0,3}\\*[ab.]{0,3}(\\*[ab]{0,2})?", name in "[ab]{1,4}(\\.[ab]{1,4}){0,3}", is_anywhere in any::<bool>()) {
            fn whole(mask: &[u8], text: &[u8]) -> bool {
                match mask.split_first() {
                    None => text.is_empty(),
                    Some((b'*', rest)) => (0..=text.len()).any(|at| whole(rest, &text[at..])),
                    Some((octet, rest)) => text.first() == Some(octet) && whole(rest, &text[1..]),
                }
            }
            // A literal that is long enough, wherever the mask goes.
            let (body, name) = (format!("{body}*zzzz"), format!("{name}zzzz"));
            let pattern = Pattern::read(&format!("|{}{body}^", if is_anywhere { "|" } else { "" })).unwrap();
            let starts = std::iter::once(0).chain(name.match_indices('.').map(|(at, _)| at + 1).filter(|_| is_anywhere));
            let expected = starts.into_iter().any(|at| whole(body.as_bytes(), &name.as_bytes()[at..]));
            prop_assert_eq!(pattern.meets(name.as_bytes()), expected, "{} {}", body, name);
        }
    }
}
