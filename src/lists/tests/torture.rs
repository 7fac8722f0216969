//! Every line of the hand-written files has the verdict that its table gives.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use crate::lists::format::Format;
use crate::lists::protected::Protected;
use crate::lists::read::{Verdict, judge};
use crate::lists::spec::{FormatChoice, ListSpec, Profile, SourceSpec};
use crate::model::category::Category;
use crate::model::pattern::pattern_of;
use crate::model::rule::{ListKind, RuleAction};

const FILES: &[(&str, Format)] = &[
    ("abp-patterns.txt", Format::Abp),
    ("abp-quirks.txt", Format::Abp),
    ("dnscrypt-quirks.txt", Format::Wildcard),
    ("dnsmasq-quirks.conf", Format::Dnsmasq),
    ("header-only-zero-entries.txt", Format::Plain),
    ("hosts-quirks.txt", Format::Hosts),
    ("plain-quirks.txt", Format::Plain),
    ("rpz-absolute.zone", Format::Rpz),
    ("rpz-relative.zone", Format::Rpz),
    ("squidguard-urls.txt", Format::Urls),
    ("unbound-quirks.conf", Format::Unbound),
];

pub(super) fn spec(category: Category, profile: Profile) -> ListSpec {
    ListSpec {
        id: "test".into(),
        source: SourceSpec::Url("https://lists.example/test.txt".into()),
        kind: ListKind::Block(category),
        format: FormatChoice::Auto,
        profile,
        every: Duration::from_secs(86_400),
    }
}

fn row(verdict: Verdict<'_>) -> String {
    match verdict {
        Verdict::Taken { name, scope, action: RuleAction::Except } => format!("allow {} {name}", scope.id()),
        Verdict::Taken { name, scope, action: RuleAction::Spare } => format!("spare {} {name}", scope.id()),
        Verdict::Taken { name, .. } if pattern_of(name).is_some() => {
            format!("block pattern {}", pattern_of(name).unwrap_or_default())
        }
        Verdict::Taken { name, scope, .. } => format!("block {} {name}", scope.id()),
        Verdict::Rewrite { name, scope } => format!("rewrite {} {name}", scope.id()),
        Verdict::Ignored(_) => "ignore - -".into(),
        Verdict::Refused(_) => "reject - -".into(),
    }
}

/// Expected rows by line. The name that a table gives beside `reject` is for people.
fn expected(table: &str) -> BTreeMap<u32, Vec<String>> {
    let mut rows: BTreeMap<u32, Vec<String>> = BTreeMap::new();
    for line in table.lines().skip(1) {
        let cells: Vec<&str> = line.split('\t').collect();
        let row = match cells[1] {
            verdict @ ("ignore" | "reject") => format!("{verdict} - -"),
            verdict => format!("{verdict} {} {}", cells[2], cells[3]),
        };
        rows.entry(cells[0].parse().unwrap()).or_default().push(row);
    }
    rows
}

#[test]
fn every_line_has_its_verdict() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/torture");
    let mut wrong = Vec::new();
    for (file, format) in FILES {
        let text = std::fs::read(folder.join(file)).unwrap();
        let table = std::fs::read_to_string(folder.join("expected").join(format!("{file}.tsv"))).unwrap();
        let spec = spec(Category::Games, Profile { urls: true, page_options: true, ..Profile::default() });
        let mut found: BTreeMap<u32, Vec<String>> = BTreeMap::new();
        let reading = judge(&text, &spec, &Protected::embedded(), &mut |line, verdict| {
            found.entry(line).or_default().push(row(verdict));
        });
        assert_eq!(reading.format, *format, "{file}: {}", reading.why_format.message());
        assert!(reading.account.adds_up(), "{file}: {:?}", reading.account);
        for (line, mut rows) in expected(&table) {
            let mut got = found.remove(&line).unwrap_or_default();
            got.dedup();
            rows.sort();
            got.sort();
            if rows != got {
                wrong.push(format!("{file}:{line}: expected {rows:?}, got {got:?}"));
            }
        }
        for (line, got) in found {
            if got != ["ignore - -"] {
                wrong.push(format!("{file}:{line}: not in the table, got {got:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
