//! Whatever the octets, nothing panics and the account adds up; what is read reads back the same.

use proptest::prelude::*;

use super::torture::spec;
use crate::lists::format::Format;
use crate::lists::protected::Protected;
use crate::lists::read::{judge, read, survey};
use crate::lists::spec::{FormatChoice, ListSpec, Matching, Profile};
use crate::model::category::Category;
use crate::model::rule::{Rule, RuleAction, Scope};

/// Pieces from which lines are made that nearly mean something.
const PIECES: &[&str] = &[
    "a.example",
    "b.a.example",
    "www.c.example",
    "www.",
    "com",
    "xn--",
    "é",
    "\u{200b}",
    "0.0.0.0",
    "::1",
    "0",
    " ",
    "\t",
    "#",
    "##",
    "$",
    "$important",
    "$badfilter",
    ",",
    "@@",
    "||",
    "^",
    "|",
    "*",
    "*.",
    ".",
    "..",
    "/",
    "://",
    "http",
    ":",
    ":80",
    "[",
    "]",
    "(",
    ")",
    ";",
    "\"",
    "'",
    "\\",
    "=",
    "address=/",
    "local-zone:",
    "local-data:",
    "always_null",
    "redirect",
    "IN",
    "CNAME",
    "SOA",
    "A",
    "$ORIGIN",
    "$TTL",
    "rpz-ip",
    "@",
    "-",
    "_",
    "\r",
    "\0",
    "\u{feff}",
    "gov.vn",
    "google.com",
    "moet.gov.vn",
];

fn profiles() -> impl Strategy<Value = Profile> {
    (any::<[bool; 5]>(), 0usize..40).prop_map(
        |([subtree, fold_www, private_suffixes, tld, urls], max_names)| Profile {
            matching: if subtree { Matching::Subtree } else { Matching::Native },
            fold_www,
            private_suffixes,
            tld,
            urls,
            max_names,
        },
    )
}

fn choices() -> impl Strategy<Value = FormatChoice> {
    prop_oneof![Just(FormatChoice::Auto), prop::sample::select(Format::ALL).prop_map(FormatChoice::Named),]
}

fn near_texts() -> impl Strategy<Value = String> {
    let line = prop::collection::vec(prop::sample::select(PIECES), 0..7).prop_map(|pieces| pieces.concat());
    prop::collection::vec(line, 0..30).prop_map(|lines| lines.join("\n"))
}

/// A list in dnscrypt's patterns, which can say all three scopes.
fn printed(rules: &[Rule]) -> String {
    let line = |rule: &Rule| {
        let mark = match rule.scope {
            Scope::Exact => "=",
            Scope::Subtree => "",
            Scope::Children => "*.",
        };
        format!("{mark}{}\n", rule.name)
    };
    rules.iter().filter(|rule| rule.action != RuleAction::Except).map(line).collect()
}

fn check(text: &[u8], spec: &ListSpec, protected: &Protected) {
    let (rules, reading) = read(text, spec, protected);
    let account = &reading.account;
    assert!(account.adds_up(), "{account:?}");
    assert_eq!(rules.len() as u32, account.taken + account.excepted);
    let mut told = 0;
    let judged = judge(text, spec, protected, &mut |_, _| told += 1);
    assert_eq!(told, account.entries(), "every entry is told once");
    assert_eq!(judged, reading);
    assert_eq!(survey(text, spec, protected), reading);
}

proptest! {
    #[test]
    fn no_octets_panic_and_the_account_adds_up(text in prop::collection::vec(any::<u8>(), 0..400), profile in profiles(), format in choices()) {
        let spec = ListSpec { format, ..spec(Category::Games, profile) };
        check(&text, &spec, &Protected::embedded());
    }

    #[test]
    fn lines_that_nearly_mean_something_are_accounted_for(text in near_texts(), profile in profiles(), format in choices()) {
        let spec = ListSpec { format, ..spec(Category::Phishing, profile) };
        check(text.as_bytes(), &spec, &Protected::embedded());
    }

    #[test]
    fn what_is_read_reads_back_the_same(text in near_texts(), format in choices()) {
        let protected = Protected::none();
        let (rules, _) = read(text.as_bytes(), &ListSpec { format, ..spec(Category::Games, Profile::default()) }, &protected);
        let again = ListSpec { format: FormatChoice::Named(Format::Wildcard), ..spec(Category::Games, Profile::default()) };
        let (twice, reading) = read(printed(&rules).as_bytes(), &again, &protected);
        let shape = |rules: &[Rule]| -> std::collections::BTreeSet<_> {
            rules.iter().filter(|rule| rule.action != RuleAction::Except).map(|rule| (rule.name.clone(), rule.scope)).collect()
        };
        // Where exceptions or `$important` kept rules apart that are one without them, the print may be shorter.
        if rules.iter().all(|rule| rule.action == RuleAction::Block) {
            prop_assert_eq!(shape(&rules), shape(&twice));
            prop_assert_eq!(reading.account.refused_total(), 0);
        }
    }
}
