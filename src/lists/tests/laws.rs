//! Whatever the octets, nothing panics and the account adds up; what is read reads back the same.

use proptest::prelude::*;

use super::torture::spec;
use crate::lists::format::Format;
use crate::lists::protected::Protected;
use crate::lists::read::{judge, read, survey};
use crate::lists::spec::{FormatChoice, ListSpec, Matching, Profile};
use crate::model::category::Category;
use crate::model::pattern::pattern_of;
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
    "$denyallow=",
    "$third-party",
    "$dnstype=A",
    "adserv*",
    "/adserv/",
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
    (any::<[bool; 6]>(), 0usize..40).prop_map(
        |([subtree, fold_www, private_suffixes, tld, urls, page_options], max_names)| Profile {
            matching: if subtree { Matching::Subtree } else { Matching::Native },
            fold_www,
            private_suffixes,
            tld,
            urls,
            page_options,
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

/// Whether a rule can be said in dnscrypt's patterns.
fn is_printable(rule: &Rule) -> bool {
    rule.action.blocks() && pattern_of(rule.name.as_name()).is_none()
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
    // A list of nothing but `*.x` would mean x too: one name of another kind stands with them.
    let rules = rules.iter().filter(|rule| is_printable(rule)).map(line);
    rules.chain(["=beside.invalid\n".to_owned()]).collect()
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

/// A rule as an ABP line says it, for the oracle below.
#[derive(Clone, Debug)]
struct Line {
    name: &'static str,
    scope: Scope,
    action: RuleAction,
    off: bool,
}

const NAMES: &[&str] =
    &["x.example", "a.x.example", "b.a.x.example", "c.b.a.x.example", "b.x.example", "x.y.example"];

fn lines() -> impl Strategy<Value = Vec<Line>> {
    let scope = prop::sample::select(&[Scope::Exact, Scope::Subtree, Scope::Children][..]);
    let action = prop::sample::select(
        &[RuleAction::Block, RuleAction::Block, RuleAction::BlockImportant, RuleAction::Except][..],
    );
    let line = (prop::sample::select(NAMES), scope, action, prop::bool::weighted(0.1))
        .prop_map(|(name, scope, action, off)| Line { name, scope, action, off });
    prop::collection::vec(line, 0..12)
}

fn abp(line: &Line) -> String {
    let (before, after) = match line.scope {
        Scope::Exact => ("|", "^"),
        Scope::Subtree => ("||", "^"),
        Scope::Children => ("||*.", "^"),
    };
    let exception = if line.action == RuleAction::Except { "@@" } else { "" };
    let important = if line.action == RuleAction::BlockImportant { "important," } else { "" };
    let off = if line.off { "badfilter" } else { "" };
    format!("{exception}{before}{}{after}${important}{off}\n", line.name)
}

/// Whether the rules block a name: an important block; else no exception, and a block.
fn blocks(rules: &[(String, Scope, RuleAction)], name: &str) -> bool {
    let covers = |action: RuleAction| {
        rules.iter().any(|(at, scope, what)| {
            let below = name.ends_with(&format!(".{at}"));
            *what == action && (scope.covers_self() && name == at || scope.covers_below() && below)
        })
    };
    covers(RuleAction::BlockImportant) || covers(RuleAction::Block) && !covers(RuleAction::Except)
}

/// The action of the rule nearest to a name, for an index that asks it so; exceptions first at one name.
fn nearest(rules: &[(String, Scope, RuleAction)], name: &str) -> Option<bool> {
    let covering = rules.iter().filter(|(at, scope, _)| {
        let below = name.ends_with(&format!(".{at}"));
        scope.covers_self() && name == at || scope.covers_below() && below
    });
    covering.map(|(at, _, action)| (at.len(), *action)).max().map(|(_, action)| action != RuleAction::Except)
}

proptest! {
    #[test]
    fn what_is_left_out_changes_no_verdict(lines in lines()) {
        let text: String = lines.iter().map(abp).collect();
        let spec = ListSpec { format: FormatChoice::Named(Format::Abp), ..spec(Category::Games, Profile::default()) };
        let (rules, reading) = read(text.as_bytes(), &spec, &Protected::none());
        let switched_off = |line: &&Line| {
            lines.iter().any(|other| other.off && (other.name, other.scope, other.action) == (line.name, line.scope, line.action))
        };
        let whole: Vec<_> = lines.iter().filter(|line| !line.off && !switched_off(line))
            .map(|line| (line.name.to_owned(), line.scope, line.action)).collect();
        let left: Vec<_> = rules.iter().map(|rule| (rule.name.to_string(), rule.scope, rule.action)).collect();
        for name in NAMES.iter().flat_map(|name| [(*name).to_owned(), format!("z.{name}")]) {
            prop_assert_eq!(blocks(&whole, &name), blocks(&left, &name), "{} in {} left {:?}", &name, &text, &left);
            prop_assert_eq!(nearest(&whole, &name), nearest(&left, &name), "{} in {} left {:?}", &name, &text, &left);
        }
        prop_assert!(reading.account.adds_up());
    }

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
            rules.iter().filter(|rule| is_printable(rule) && rule.name.to_string() != "beside.invalid")
                .map(|rule| (rule.name.clone(), rule.scope)).collect()
        };
        // Where exceptions or `$important` kept rules apart that are one without them, the print may be shorter.
        if rules.iter().all(|rule| rule.action == RuleAction::Block) {
            prop_assert_eq!(shape(&rules), shape(&twice));
            prop_assert_eq!(reading.account.refused_total(), 0);
        }
    }
}
