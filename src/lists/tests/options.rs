//! Options of rules: followed, passed over, decided by the profile or refused, and never the opposite of what they say.

use proptest::prelude::*;

use super::torture::spec;
use crate::lists::account::{Account, Optioned};
use crate::lists::format::Format;
use crate::lists::format::options::{Decision, RuleOption};
use crate::lists::protected::Protected;
use crate::lists::read::read;
use crate::lists::reason::Refusal;
use crate::lists::spec::{FormatChoice, ListSpec, Profile};
use crate::model::category::Category;
use crate::model::rule::{Rule, RuleAction};

fn taken(text: &str, page_options: bool) -> (Vec<Rule>, Account) {
    let profile = Profile { page_options, tld: true, ..Profile::default() };
    let spec = ListSpec { format: FormatChoice::Named(Format::Abp), ..spec(Category::Games, profile) };
    let (rules, reading) = read(text.as_bytes(), &spec, &Protected::none());
    assert!(reading.account.adds_up(), "{text}: {:?}", reading.account);
    (rules, reading.account)
}

fn told(text: &str, page_options: bool) -> Vec<String> {
    let mark = |action: RuleAction| match action {
        RuleAction::Block => "",
        RuleAction::BlockImportant => "!",
        RuleAction::Except => "@",
        RuleAction::Spare => "-",
    };
    let (rules, _) = taken(text, page_options);
    rules.iter().map(|rule| format!("{}{} {}", mark(rule.action), rule.scope.id(), rule.name)).collect()
}

#[test]
fn a_narrowed_rule_is_never_a_plain_one_unless_table_and_profile_say_so() {
    for option in RuleOption::ALL.iter().filter(|option| option.decision() != Decision::Followed) {
        let words = std::iter::once(option.id()).chain(option.aliases().iter().copied());
        for word in
            words.flat_map(|word| [word.to_owned(), format!("{word},important"), format!("important,{word}")])
        {
            for (page_options, exception) in [(false, false), (false, true), (true, false), (true, true)] {
                let line = format!("{}||x.example^${word}\n", if exception { "@@" } else { "" });
                let (rules, account) = taken(&line, page_options);
                let is_taken = match option.decision() {
                    Decision::Idle => true,
                    Decision::ByProfile => page_options && !exception,
                    Decision::Refused(_) | Decision::Followed => false,
                };
                assert_eq!(rules.len(), usize::from(is_taken), "{line} {page_options}");
                let refusal = match option.decision() {
                    Decision::Refused(why) => Some(why),
                    _ if is_taken => None,
                    _ => Some(Refusal::PageOption),
                };
                assert_eq!(refusal.map_or(0, |why| account.refused(why)), account.refused_total(), "{line}");
                let counted: Vec<_> = account.options().collect();
                let expected = Optioned { taken: u32::from(is_taken), refused: u32::from(!is_taken) };
                match option.decision() {
                    Decision::Idle => assert!(counted.is_empty(), "{line}"),
                    _ => assert_eq!(counted, [(*option, expected)], "{line}"),
                }
            }
        }
    }
}

#[test]
fn a_value_where_none_belongs_makes_another_option_of_it() {
    for line in
        ["||x.example^$third-party=1", "||x.example^$important=0", "||x.example^$all=a", "||x.example^$~all"]
    {
        assert_eq!(taken(line, true).1.refused(Refusal::Option), 1, "{line}");
    }
}

#[test]
fn a_badfilter_switches_off_the_rule_with_its_own_options_and_no_other() {
    for (rule, badfilter, is_off) in [
        ("||x.example^$third-party", "third-party,badfilter", true),
        ("||x.example^$3p,popup", "badfilter,popup,third-party", true),
        ("||x.example^$third-party", "popup,badfilter", false),
        ("||x.example^$third-party", "badfilter", false),
        ("||x.example^", "third-party,badfilter", false),
        ("||x.example^$all", "all,badfilter", true),
        ("||x.example^$all", "badfilter", false),
        ("||x.example^$important", "important,badfilter", true),
        ("||x.example^$important", "badfilter", false),
    ] {
        for text in
            [format!("{rule}\n||x.example^${badfilter}\n"), format!("||x.example^${badfilter}\n{rule}\n")]
        {
            assert_eq!(taken(&text, true).0.is_empty(), is_off, "{text}");
        }
    }
}

#[test]
fn what_denyallow_leaves_out_is_spared_by_this_rule_alone() {
    for (text, expected) in [
        (
            "||x.example^$denyallow=a.x.example|b.x.example\n",
            &["subtree x.example", "-subtree a.x.example", "-subtree b.x.example"][..],
        ),
        // What stands elsewhere is not covered anyway.
        ("||x.example^$denyallow=y.example\n", &["subtree x.example"]),
        ("||agency^$denyallow=good.agency\n", &["subtree agency", "-subtree good.agency"]),
        // Another rule covers it.
        ("||x.example^$denyallow=a.x.example\n||example^\n", &["subtree example"]),
        ("||x.example^$denyallow=a.x.example\n||x.example^\n", &["subtree x.example"]),
        ("||x.example^$denyallow=a.x.example\n||x.example^$denyallow=b.x.example\n", &["subtree x.example"]),
        // A rule of its own below is no part of it.
        (
            "||x.example^$denyallow=a.x.example\n||a.x.example^\n",
            &["subtree x.example", "-subtree a.x.example", "subtree a.x.example"],
        ),
        ("|x.example^$denyallow=a.x.example\n", &["exact x.example"]),
    ] {
        assert_eq!(told(text, false), expected, "{text}");
    }
    for refused in [
        "@@||x.example^$denyallow=a.x.example",
        "||x.example^$important,denyallow=a.x.example",
        "||x.example^$denyallow=x.example",
        "||x.example^$denyallow=example",
        "||x.example^$denyallow=~a.x.example",
        "||x.example^$denyallow=",
        "||x.example^$denyallow",
        "||x.example^$denyallow=a..x.example",
        "||x.example^$denyallow=a.x.example,badfilter",
    ] {
        let (rules, account) = taken(refused, true);
        assert_eq!((rules.len(), account.refused(Refusal::DenyAllow)), (0, 1), "{refused}");
    }
}

#[test]
fn a_list_may_leave_out_ten_thousand_names() {
    let names = |count: usize| (0..count).map(|n| format!("n{n}.x.example")).collect::<Vec<_>>().join("|");
    let lines = |count: usize| {
        (0..count)
            .map(|n| format!("||x.example^$denyallow={}\n", names(10).replace(".x.", &format!("{n}.x."))))
            .collect::<String>()
    };
    assert_eq!(taken(&lines(1000), false).1.refused_total(), 0);
    assert_eq!(taken(&lines(1001), false).1.refused(Refusal::DenyAllow), 1);
}

const NAMES: &[&str] =
    &["x.example", "a.x.example", "b.a.x.example", "c.b.a.x.example", "b.x.example", "y.example"];

/// Whether the first name is the second or below it.
fn is_under(name: &str, top: &str) -> bool {
    name == top || name.ends_with(&format!(".{top}"))
}

proptest! {
    /// What is read of lines with and without `denyallow` says of every name what the lines say.
    #[test]
    fn lists_with_denyallow_block_what_their_lines_say(lines in prop::collection::vec((
        prop::sample::select(NAMES),
        prop::option::of(prop::collection::vec(prop::sample::select(NAMES), 1..3)),
        prop::bool::weighted(0.1),
    ), 0..8)) {
        // A rule that leaves out all of itself is refused.
        let is_void = |name: &str, left_out: &[&str]| left_out.iter().any(|top| is_under(name, top));
        let line = |(name, left_out, is_exception): &(&str, Option<Vec<&str>>, bool)| match left_out {
            Some(names) => format!("||{name}^$denyallow={}\n", names.join("|")),
            None if *is_exception => format!("@@||{name}^\n"),
            None => format!("||{name}^\n"),
        };
        let text: String = lines.iter().map(line).collect();
        let (rules, account) = taken(&text, false);
        prop_assert_eq!(rules.len() as u32, account.taken + account.excepted);
        for name in NAMES.iter().flat_map(|name| [(*name).to_owned(), format!("z.{name}")]) {
            let meant = lines.iter().any(|(top, left_out, is_exception)| match left_out {
                Some(names) => is_under(&name, top) && !is_void(top, names) && !is_void(&name, names),
                None => !is_exception && is_under(&name, top),
            }) && !lines.iter().any(|(top, left_out, is_exception)| *is_exception && left_out.is_none() && is_under(&name, top));
            let of = |action| rules.iter().filter(move |rule: &&Rule| rule.action == action).map(|rule| rule.name.to_string())
                .filter(|top| is_under(&name, top));
            let spared = of(RuleAction::Spare).map(|top| top.len()).max().unwrap_or(0);
            let blocked = of(RuleAction::Block).any(|top| top.len() >= spared) && of(RuleAction::Except).next().is_none();
            prop_assert_eq!(blocked, meant, "{} in {:?}: {:?}", name, &text, &rules);
        }
    }
}
