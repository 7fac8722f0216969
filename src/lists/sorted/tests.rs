//! Fates of rules, against holding every rule against every other.

use super::*;
use crate::dns::name::OwnedName;
use RuleAction::{Block, BlockImportant, Except};
use Scope::{Children, Exact, Subtree};
use proptest::prelude::*;

type Row = (String, Scope, RuleAction, u32, Fate);

fn judged(gathered: Gathered) -> Vec<Row> {
    let mut rows = Vec::new();
    let tell = &mut |one: Judged<'_>| {
        rows.push((one.name.to_string(), one.what.scope(), one.what.action(), one.line, one.fate));
    };
    gathered.judge(tell).unwrap();
    rows
}

fn add(gathered: &mut Gathered, name: &str, said: Said, line: u32) {
    assert!(gathered.add(OwnedName::parse(name).unwrap().as_name(), said, line).unwrap());
}

fn rule(scope: Scope, action: RuleAction) -> Said {
    Said::Rule { what: What::new(scope, action), unknown_top: false }
}

#[test]
fn a_parent_covers_what_is_below_unless_an_exception_stands_between() {
    for (rules, name, scope, action, fate) in [
        (vec![("a.b", Subtree, Block)], "x.a.b", Subtree, Block, Fate::Subsumed),
        (vec![("a.b", Children, Block)], "x.a.b", Exact, Block, Fate::Subsumed),
        (vec![("a.b", Exact, Block)], "x.a.b", Exact, Block, Fate::InForce),
        (vec![("a.b", Subtree, Block)], "xa.b", Exact, Block, Fate::InForce),
        (vec![("a.b", Subtree, Block)], "a.b", Exact, Block, Fate::Subsumed),
        (vec![("a.b", Exact, Block)], "a.b", Children, Block, Fate::InForce),
        (vec![("a.b", Subtree, Block)], "x.a.b", Subtree, BlockImportant, Fate::InForce),
        (vec![("a.b", Subtree, BlockImportant)], "a.b", Subtree, Block, Fate::Subsumed),
        (vec![("a.b", Subtree, Block), ("x.a.b", Subtree, Except)], "y.x.a.b", Subtree, Block, Fate::InForce),
        (vec![("a.b", Subtree, Block)], "a.b", Subtree, Except, Fate::InForce),
        (vec![("a.b", Subtree, Block)], "a.b", Subtree, Block, Fate::Duplicate),
    ] {
        let mut gathered = Gathered::new(Room::Memory);
        for (at, scope, action) in &rules {
            add(&mut gathered, at, rule(*scope, *action), 1);
        }
        add(&mut gathered, name, rule(scope, action), 2);
        let rows = judged(gathered);
        let found = rows.iter().find(|row| row.3 == 2).unwrap();
        assert_eq!(found.4, fate, "{rules:?} {name} {scope:?} {action:?}");
    }
}

#[test]
fn a_switched_off_parent_covers_nothing() {
    let mut gathered = Gathered::new(Room::Memory);
    add(&mut gathered, "a.b", Said::Off(What::new(Subtree, Block)), 1);
    add(&mut gathered, "a.b", rule(Subtree, Block), 2);
    add(&mut gathered, "x.a.b", rule(Subtree, Block), 3);
    let fates: Vec<_> = judged(gathered).into_iter().map(|row| (row.3, row.4)).collect();
    assert_eq!(fates, [(2, Fate::Disabled), (3, Fate::InForce)]);
}

#[test]
fn one_name_on_every_line_is_one_rule() {
    let mut gathered = Gathered::new(Room::Memory);
    for line in 1..=5000 {
        add(&mut gathered, "a.example", rule(Subtree, Block), line);
    }
    let rows = judged(gathered);
    assert_eq!(rows.len(), 5000);
    let in_force: Vec<_> = rows.iter().filter(|row| row.4 == Fate::InForce).map(|row| row.3).collect();
    assert_eq!(in_force, [1], "the first line");
}

fn entries() -> impl Strategy<Value = Vec<(String, Said)>> {
    let label = prop::sample::select(&["a", "b", "a-b", "a_b", "ab", "xn--a"][..]);
    let name = prop::collection::vec(label, 1..5).prop_map(|labels| labels.join("."));
    let what = (0u8..9).prop_map(What);
    let said = (what, prop::bool::weighted(0.1)).prop_map(|(what, off)| match off {
        true => Said::Off(what),
        false => Said::Rule { what, unknown_top: false },
    });
    prop::collection::vec((name, said), 0..80)
}

proptest! {
    /// The same told the slow way: every rule bound against every other.
    #[test]
    fn fates_are_what_holding_all_rules_against_each_other_says(entries in entries(), bound in 1usize..600) {
        let folder = tempfile::tempdir().unwrap();
        let gather = |mut gathered: Gathered| {
            for ((name, said), line) in entries.iter().zip(1..) {
                add(&mut gathered, name, *said, line);
            }
            judged(gathered)
        };
        let in_memory = gather(Gathered::new(Room::Memory));
        let in_runs = gather(Gathered::bounded(Room::Folder(folder.path().to_owned()), bound));
        prop_assert_eq!(&in_memory, &in_runs);
        prop_assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);

        let off = |name: &str, what: What| entries.iter().any(|(at, said)| at == name && *said == Said::Off(what));
        let is_rule = |said: &Said| matches!(said, Said::Rule { .. });
        prop_assert_eq!(in_memory.len(), entries.iter().filter(|(_, said)| is_rule(said)).count());
        for (name, scope, action, line, fate) in in_memory {
            let what = What::new(scope, action);
            let earlier = entries[..line as usize - 1].iter().any(|(at, said)| {
                *at == name && matches!(said, Said::Rule { what: other, .. } if *other == what)
            });
            let alive = || entries.iter().filter_map(|(at, said)| match said {
                Said::Rule { what, .. } if !off(at, *what) => Some((at, *what)),
                _ => None,
            });
            let below = |at: &str| name.ends_with(&format!(".{at}"));
            let strong = |other: RuleAction| other == action || (action, other) == (Block, BlockImportant);
            let excepted = alive().any(|(at, other)| {
                other.action() == Except && (*at == name || below(at) && other.scope() != Exact)
            });
            let covered = alive().any(|(at, other)| {
                let wider = other.scope() == Subtree && scope != Subtree;
                let stronger = other.scope() == scope && other.action() != action;
                strong(other.action()) && if *at == name { wider || stronger } else { below(at) && other.scope() != Exact }
            });
            let expected = match () {
                () if earlier => Fate::Duplicate,
                () if off(&name, what) => Fate::Disabled,
                () if action == Except || excepted || !covered => Fate::InForce,
                () => Fate::Subsumed,
            };
            prop_assert_eq!(fate, expected, "{} {:?} {:?} line {}", name, scope, action, line);
        }
    }
}
