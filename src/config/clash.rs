//! Sentences about settings that are well written but cannot stand beside each other.

use super::mistake::{Code, Mistake, Said, said};
use super::source::Place;
use crate::i18n::Arg;

/// Categories that one sentence names.
const LAXER_SHOWN: usize = 6;

/// The same range in two groups.
pub fn overlap(at: Place, range: &str, first: &str, second: &str, other: Place) -> Mistake {
    let what = said!("clash-overlap", range = range, first = first, second = second);
    Mistake::new(Code::Overlap, at, range, what)
        .also(other, said!("clash-overlap-group-first", first = first))
        .fix(said!("clash-overlap-fix"))
}

/// The same thing twice.
pub fn duplicate(at: Place, found: &str, noun: Said, first: Place) -> Mistake {
    let what = said!("clash-duplicate", noun = noun.clone(), found = found);
    Mistake::new(Code::Duplicate, at, found, what).also(first, said!("noun-the-first"))
}

/// A name that the program uses itself.
pub fn taken(at: Place, found: &str) -> Mistake {
    let what = said!("clash-taken", found = found);
    Mistake::new(Code::Duplicate, at, found, what).fix(said!("clash-taken-fix"))
}

/// None, or more than one, of keys of which exactly one must be there.
pub fn either_or(at: Place, found: &[&str], keys: &[&'static str]) -> Mistake {
    let list = keys.join("`, `");
    let what = if found.is_empty() {
        said!("clash-none-of", keys = list)
    } else {
        said!("clash-more-than-one-of", keys = list)
    };
    let absent = if found.is_empty() { keys } else { &[] };
    Mistake::new(Code::EitherOr, at, found.join(", "), what).absent(absent)
}

/// A key that has no sense beside another.
pub fn not_with(at: Place, key: &str, other: &str) -> Mistake {
    let what = said!("clash-not-with", key = key, other = other);
    let fix = said!("clash-not-with-fix", key = key, other = other);
    Mistake::new(Code::Contradiction, at, key, what).fix(fix)
}

/// Forward mode without servers for the root.
pub fn nobody_to_ask(at: Place) -> Mistake {
    let what = said!("clash-nobody-to-ask");
    Mistake::new(Code::Contradiction, at, "forward", what).fix(said!("clash-nobody-to-ask-fix"))
}

/// Recursion that would never happen.
pub fn nothing_to_recurse(at: Place) -> Mistake {
    let what = said!("clash-nothing-to-recurse");
    Mistake::new(Code::Contradiction, at, ".", what).fix(said!("clash-nothing-to-recurse-fix"))
}

/// An allow-only tier or group without an allow set.
pub fn no_allow_set(at: Place, who: impl Into<Arg>) -> Mistake {
    let what = said!("clash-no-allow-set", who = who);
    Mistake::new(Code::NoAllowSet, at, "allow-only", what).fix(said!("clash-no-allow-set-fix"))
}

/// A younger tier that is laxer than an older one.
pub fn laxer(at: Place, younger: Said, older: Said, categories: &[&str], other: Option<Place>) -> Mistake {
    let mut list = categories.iter().take(LAXER_SHOWN).copied().collect::<Vec<_>>().join(", ");
    if categories.len() > LAXER_SHOWN {
        list.push_str(&format!(", … ({})", categories.len()));
    }
    let quoted = categories.iter().map(|category| format!("\"{category}\"")).collect::<Vec<_>>().join(", ");
    let what =
        said!("clash-laxer", younger = younger.clone(), older = older.clone(), list = list.to_string());
    let mistake = Mistake::new(Code::LaxerThanOlder, at, "", what)
        .fix(said!("clash-laxer-fix"))
        .allowed([format!("laxer_than_older = [{quoted}]")]);
    match other {
        Some(place) => mistake.also(place, said!("clash-laxer-older-blocks-it", older = older.clone())),
        None => mistake,
    }
}

/// A block page without an address, or addresses without a page.
pub fn page(at: Place, has_addresses: bool) -> Mistake {
    let what = if has_addresses { said!("clash-page") } else { said!("clash-page-answer-page-needs") };
    Mistake::new(Code::Contradiction, at, "page", what).fix(said!("clash-page-fix"))
}

/// Clients of the whole Internet.
pub fn open_resolver(at: Place, found: &str) -> Mistake {
    let what = said!("clash-open-resolver", found = found);
    Mistake::new(Code::OpenResolver, at, found, what)
        .fix(said!("clash-open-resolver-fix"))
        .allowed(["private", "203.0.113.0/29"])
}

/// A summary that is kept shorter than what it sums up.
pub fn kept_shorter(at: Place, found: &str, [shorter, longer]: [&str; 2]) -> Mistake {
    let what = said!("clash-kept-shorter", shorter = shorter.to_string(), longer = longer.to_string());
    Mistake::new(Code::Contradiction, at, found, what).fix(said!(
        "clash-kept-shorter-fix",
        shorter = shorter.to_string(),
        longer = longer.to_string()
    ))
}

/// An upstream that is this server.
pub fn asks_itself(at: Place, found: &str) -> Mistake {
    let what = said!("clash-asks-itself", found = found);
    Mistake::new(Code::Contradiction, at, found, what)
}

/// A tier of the school's levels that no group has.
pub fn tier_without_group(at: Place, tier: &str) -> Mistake {
    let what = said!("clash-tier-without-group", tier = tier);
    Mistake::new(Code::TierWithoutGroup, at, tier, what).fix(said!("clash-tier-without-group-fix"))
}

/// A group whose clients may not ask at all.
pub fn not_allowed(at: Place, range: &str) -> Mistake {
    let what = said!("clash-not-allowed", range = range);
    Mistake::new(Code::Contradiction, at, range, what).fix(said!("clash-not-allowed-fix", range = range))
}

/// The root as the name of a school rule.
pub fn rule_for_everything(at: Place) -> Mistake {
    let what = said!("clash-rule-for-everything");
    Mistake::new(Code::BadName, at, ".", what).fix(said!("clash-rule-for-everything-fix"))
}

/// A rule that both allows and blocks.
pub fn both_ways(at: Place, name: &str, first: Place) -> Mistake {
    let what = said!("clash-both-ways", name = name);
    Mistake::new(Code::Contradiction, at, name, what).also(first, said!("noun-allowed-here"))
}

/// A catalogue's key that a school must not set.
pub fn fold_threats(at: Place, category: &str) -> Mistake {
    let what = said!("clash-fold-threats", category = category);
    Mistake::new(Code::Contradiction, at, "fold_www", what)
}

/// An alias beside other records.
pub fn cname_and_more(at: Place, name: &str, first: Place) -> Mistake {
    let what = said!("clash-cname-and-more", name = name);
    Mistake::new(Code::Contradiction, at, name, what).also(first, said!("noun-the-other-record"))
}

/// A rule that would be for the sites of a whole country or branch.
pub fn public_suffix(at: Place, found: &str) -> Mistake {
    let what = said!("clash-public-suffix", found = found);
    let example = if found.contains(' ') {
        "abc.edu.vn".to_owned()
    } else {
        format!("abc.{}", found.trim_matches('.'))
    };
    Mistake::new(Code::PublicSuffix, at, found, what)
        .fix(said!("clash-public-suffix-fix", example = example.to_string()))
}

/// A rule for one word: names of sites have a dot.
pub fn one_word(at: Place, found: &str, meant: Option<&str>) -> Mistake {
    let what = said!("clash-one-word", found = found);
    Mistake::new(Code::NeverMatches, at, found, what).meant(meant).fix(said!("clash-one-word-fix"))
}

/// A block of what no school can block.
pub fn always_open(at: Place, found: &str) -> Mistake {
    let what = said!("clash-always-open", found = found);
    Mistake::new(Code::NeverMatches, at, found, what).fix(said!("clash-always-open-fix"))
}

/// A rule that no group is meant by.
pub fn rule_for_nobody(at: Place, found: &str, tiers: &[&str]) -> Mistake {
    let what = said!("clash-rule-for-nobody", found = found);
    Mistake::new(Code::NeverMatches, at, found, what)
        .fix(said!("clash-rule-for-nobody-fix"))
        .allowed(tiers.iter().copied())
}

/// The same rule twice.
pub fn duplicate_rule(at: Place, found: &str, first: Place) -> Mistake {
    duplicate(at, found, said!("noun-rule"), first)
}

/// A rule that another of the same name leaves nothing to decide.
pub fn never_decides(at: Place, found: &str, other: Place, is_opened: bool) -> Mistake {
    let (what, why) = if is_opened {
        (said!("clash-never-decides", found = found), said!("noun-allowed-here"))
    } else {
        (said!("clash-never-decides-the-rule-for", found = found), said!("noun-the-other"))
    };
    Mistake::new(Code::NeverMatches, at, found, what).also(other, why).fix(said!("clash-never-decides-fix"))
}

/// A group whose clients all belong to other groups.
pub fn group_without_clients(at: Place, group: &str) -> Mistake {
    let what = said!("clash-group-without-clients", group = group);
    Mistake::new(Code::NeverMatches, at, group, what).fix(said!("clash-group-without-clients-fix"))
}

/// An allow set that no tier and no group uses.
pub fn unused_allow_set(at: Place, found: &str) -> Mistake {
    let what = said!("clash-unused-allow-set", found = found);
    Mistake::new(Code::Unused, at, found, what).fix(said!("clash-unused-allow-set-fix", found = found))
}

/// An allow set of a group that is not allow-only.
pub fn allow_set_without_mode(at: Place, found: &str, mode: &str) -> Mistake {
    let what = said!("clash-allow-set-without-mode", found = found, mode = mode);
    Mistake::new(Code::Unused, at, found, what).fix(said!("clash-allow-set-without-mode-fix"))
}

/// A rule for names that the server answers itself.
pub fn answered_here(at: Place, found: &str) -> Mistake {
    let what = said!("clash-answered-here", found = found);
    Mistake::new(Code::NeverMatches, at, found, what).fix(said!("clash-answered-here-fix"))
}
