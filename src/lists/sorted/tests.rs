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
    Said::Rule { what: What::new(scope, action), variant: 0, unknown_top: false }
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
    add(&mut gathered, "a.b", Said::Off { what: What::new(Subtree, Block), variant: 0 }, 1);
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
    let variant = prop_oneof![3 => Just(0u8), 1 => Just(9)];
    let said = (what, variant, prop::bool::weighted(0.1)).prop_map(|(what, variant, off)| match off {
        true => Said::Off { what, variant },
        false => Said::Rule { what, variant, unknown_top: false },
    });
    prop::collection::vec((name, said), 0..80)
}

/// Rules of `||x^$denyallow=…`, with the names that each leaves out, beside plain ones.
fn parts() -> impl Strategy<Value = Vec<(String, Option<RuleAction>, Vec<String>)>> {
    let label = || prop::sample::select(&["a", "b", "c"][..]);
    let name = move || prop::collection::vec(label(), 1..4).prop_map(|labels| labels.join("."));
    let below = move || prop::collection::vec(label(), 1..3).prop_map(|labels| labels.join("."));
    let plain = prop::option::of(prop::sample::select(&[Block, Block, BlockImportant, Except][..]));
    let rule = (name(), plain, prop::collection::vec(below(), 1..3)).prop_map(|(name, plain, below)| {
        let left_out = below.iter().map(|below| format!("{below}.{name}")).collect();
        (name, plain, left_out)
    });
    prop::collection::vec(rule, 0..7)
}

/// Whether the first name is the second or below it.
fn is_under(name: &str, top: &str) -> bool {
    name == top || name.ends_with(&format!(".{top}"))
}

proptest! {
    /// What is in force says of every name what the rules say, each with what it leaves out.
    #[test]
    fn a_name_that_a_rule_leaves_out_is_blocked_by_every_other_one(rules in parts()) {
        let mut gathered = Gathered::new(Room::Memory);
        for ((name, plain, left_out), line) in rules.iter().zip(1..) {
            let what = |action| What::new(Subtree, action);
            match plain {
                Some(action) => add(&mut gathered, name, rule(Subtree, *action), line),
                None => {
                    add(&mut gathered, name, Said::InPart { what: what(Block), unknown_top: false }, line);
                    left_out.iter().for_each(|below| add(&mut gathered, below, Said::LeftOut, line));
                }
            }
        }
        let in_force: Vec<Row> = judged(gathered).into_iter().filter(|row| row.4 == Fate::InForce).collect();
        let names = rules.iter().flat_map(|(name, _, left_out)| left_out.iter().chain([name]));
        for name in names.flat_map(|name| [name.clone(), format!("a.{name}"), format!("b.a.{name}")]) {
            let covers = |action: RuleAction| rules.iter().any(|(top, plain, _)| *plain == Some(action) && is_under(&name, top));
            let in_part = rules.iter().any(|(top, plain, left_out)| {
                plain.is_none() && is_under(&name, top) && !left_out.iter().any(|below| is_under(&name, below))
            });
            let meant = covers(BlockImportant) || (covers(Block) || in_part) && !covers(Except);
            let of = |action: RuleAction| in_force.iter().filter(move |row| row.2 == action).filter(|row| is_under(&name, &row.0));
            let spared = of(RuleAction::Spare).map(|row| row.0.len()).max().unwrap_or(0);
            let blocked = of(Block).any(|row| row.0.len() >= spared) && of(Except).next().is_none();
            let found = of(BlockImportant).next().is_some() || blocked;
            prop_assert_eq!(found, meant, "{} in {:?}: {:?}", name, &rules, &in_force);
        }
    }

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

        let off = |name: &str, what: What, variant: u8| {
            entries.iter().any(|(at, said)| at == name && *said == Said::Off { what, variant })
        };
        let is_rule = |said: &Said| matches!(said, Said::Rule { .. });
        prop_assert_eq!(in_memory.len(), entries.iter().filter(|(_, said)| is_rule(said)).count());
        for (name, scope, action, line, fate) in in_memory {
            let what = What::new(scope, action);
            let Said::Rule { variant, .. } = entries[line as usize - 1].1 else { unreachable!("rules are judged") };
            let is_off = off(&name, what, variant);
            // The same rule stands before it, or another variant of it that is in force.
            let earlier = entries[..line as usize - 1].iter().any(|(at, said)| {
                *at == name && matches!(said, Said::Rule { what: other, variant: its, .. }
                    if *other == what && (*its == variant || !is_off && !off(&name, what, *its)))
            });
            let alive = || entries.iter().filter_map(|(at, said)| match said {
                Said::Rule { what, variant, .. } if !off(at, *what, *variant) => Some((at, *what)),
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
                () if is_off => Fate::Disabled,
                () if action == Except || excepted || !covered => Fate::InForce,
                () => Fate::Subsumed,
            };
            prop_assert_eq!(fate, expected, "{} {:?} {:?} line {}", name, scope, action, line);
        }
    }
}
