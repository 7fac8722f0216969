//! A list's text, through every reader and every profile.
//!
//! Every line is accounted for, whichever way the text is read; rules are distinct names that no wider
//! rule of the list covers; and what is read reads back the same.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::Duration;

use lachan::dns::name::Name;
use lachan::lists::brands::Learner;
use lachan::lists::format::Format;
use lachan::lists::protected::Protected;
use lachan::lists::read::{Verdict, judge, read, survey};
use lachan::lists::spec::{FormatChoice, ListSpec, Matching, Profile, SourceSpec};
use lachan::model::category::Category;
use lachan::model::likeness::{brand_of, find_brand};
use lachan::model::pattern::pattern_of;
use lachan::model::rule::{ListKind, Rule, RuleAction, Scope};

/// One octet for the format (0: detected), one for the profile, then the text.
pub fn check(octets: &[u8]) {
    let Some((&[format, profile], text)) = octets.split_first_chunk() else { return };
    let spec = spec(format, profile);
    let protected = protected();
    let (rules, reading) = read(text, &spec, protected);
    let account = &reading.account;
    assert!(account.adds_up(), "{account:?}");
    assert_eq!(account.lines, if reading.not_a_list.is_some() { 0 } else { lines(text) });
    assert_eq!(rules.len() as u32, account.taken + account.excepted);
    assert!(rules.len() <= spec.profile.max_names);
    assert!(rules.iter().all(|rule| (1..=account.lines).contains(&rule.line)));
    let distinct: HashSet<_> = rules.iter().map(|rule| (&rule.name, rule.scope, rule.action)).collect();
    assert_eq!(distinct.len(), rules.len(), "a rule twice");
    hold_verdicts(text, &spec, &rules);
    assert_eq!(survey(text, &spec, protected), reading);
    reads_back(&rules, &spec);
    let _ = reading.why_format.message().to_string();
    hold_brands(&rules);
}

fn spec(format: u8, profile: u8) -> ListSpec {
    let format = match usize::from(format) % (Format::ALL.len() + 1) {
        0 => FormatChoice::Auto,
        place => FormatChoice::Named(Format::ALL[place - 1]),
    };
    let bit = |place: u8| profile >> place & 1 != 0;
    let profile = Profile {
        matching: if bit(0) { Matching::Subtree } else { Matching::Native },
        fold_www: bit(1),
        private_suffixes: bit(2),
        tld: bit(3),
        urls: bit(4),
        page_options: bit(4),
        max_names: if bit(5) { 3 } else { 1 << 20 },
    };
    let kind = ListKind::Block(if bit(6) { Category::Phishing } else { Category::Games });
    let source = if bit(7) { SourceSpec::Starter } else { SourceSpec::File(PathBuf::from("list.txt")) };
    ListSpec { id: "fuzzed".into(), source, kind, format, profile, every: Duration::from_secs(86_400) }
}

fn protected() -> &'static Protected {
    static PROTECTED: OnceLock<Protected> = OnceLock::new();
    PROTECTED.get_or_init(Protected::embedded)
}

/// Lines as an editor counts them.
fn lines(text: &[u8]) -> u32 {
    let beginning = &text[..text.len().min(32 * 1024)];
    let end = if beginning.contains(&b'\r') && !beginning.contains(&b'\n') { b'\r' } else { b'\n' };
    let ends = text.iter().filter(|octet| **octet == end).count();
    let open = text.last().is_some_and(|last| *last != end);
    if text == b"\n" { 0 } else { ends as u32 + u32::from(open) }
}

/// What is learned from names is found in each of them.
fn hold_brands(rules: &[Rule]) {
    let mut learner = Learner::default();
    rules.iter().for_each(|rule| learner.note(rule.name.as_name()));
    for brand in learner.brands() {
        assert!(brand.names.len() > 1, "{brand:?}");
        for name in &brand.names {
            let mut is_it = |asked: Name<'_>| brand_of(asked) == Some(&*brand.label);
            assert!(find_brand(name.as_name(), &mut is_it).is_some(), "{name} of {brand:?}");
        }
    }
}

/// Every entry is told once, and what is told as taken are the rules.
fn hold_verdicts(text: &[u8], spec: &ListSpec, rules: &[Rule]) {
    let (mut told, mut taken) = (0, Vec::new());
    let reading = judge(text, spec, protected(), &mut |line, verdict| {
        told += 1;
        if let Verdict::Taken { name, scope, action } = verdict {
            taken.push(Rule { name: name.to_owned(), scope, action, line });
        }
    });
    assert_eq!(told, reading.account.entries());
    assert_eq!(taken, rules);
}

/// Blocks printed in a grammar that can say all scopes are taken again, every one.
fn reads_back(rules: &[Rule], spec: &ListSpec) {
    // Patterns stand in no other grammar.
    let plain = |rule: &&Rule| rule.action == RuleAction::Block && pattern_of(rule.name.as_name()).is_none();
    if !rules.iter().all(|rule| plain(&rule)) || spec.source == SourceSpec::Starter {
        return;
    }
    let line = |rule: &Rule| match rule.scope {
        Scope::Exact => format!("={}\n", rule.name),
        Scope::Subtree => format!("{}\n", rule.name),
        Scope::Children => format!("*.{}\n", rule.name),
    };
    // A list of nothing but `*.x` would mean x too: one name of another kind stands with them.
    let text = rules.iter().map(line).chain(["=beside.invalid\n".into()]).collect::<String>();
    let profile = Profile { matching: Matching::Native, fold_www: false, ..spec.profile };
    let again = ListSpec { format: FormatChoice::Named(Format::Wildcard), profile, ..spec.clone() };
    let (mut twice, reading) = read(text.as_bytes(), &again, protected());
    if !rules.iter().any(|rule| rule.name.to_string() == "beside.invalid") {
        twice.retain(|rule| rule.name.to_string() != "beside.invalid");
    }
    let shape =
        |rules: &[Rule]| -> HashSet<_> { rules.iter().map(|rule| (rule.name.clone(), rule.scope)).collect() };
    assert_eq!(shape(&twice), shape(rules), "{text}{reading:?}");
}

/// The files that are hard on purpose, each by detection and by its format; the first lines of each.
pub fn seeds() -> Vec<Vec<u8>> {
    let texts =
        [super::texts("list"), super::files(&super::repository().join("tests/data/torture"))].concat();
    let formats = 0..=Format::ALL.len() as u8;
    let mut seeds = Vec::new();
    for (number, text) in texts.iter().enumerate() {
        for format in [0, number as u8 % formats.end()] {
            seeds.push([&[format, 0x12 ^ number as u8][..], text].concat());
        }
    }
    seeds
}
