//! The same answers as an oracle, on real lists: every listed name and its parents, and of every
//! eighth also a child and two neighbours.

use std::collections::HashMap;

use crate::dns::name::{NameBuf, OwnedName};
use crate::dns::suffixes::Suffixes;
use crate::filter::Index;
use crate::filter::build::{BuildLimits, Builder};
use crate::model::category::Category;
use crate::model::rule::{ListInfo, ListKind, Origin, Rule, RuleAction, Scope};

#[path = "../../../benches/support/real_lists.rs"]
mod real_lists;
#[path = "../../../benches/support/split.rs"]
mod split;

/// By name: categories of the name itself, and of what is below.
#[derive(Default)]
struct Oracle(HashMap<Box<[u8]>, (u64, u64)>);

impl Oracle {
    fn add(&mut self, rule: &Rule, category: Category) {
        let (own, below) = self.0.entry(rule.name.as_name().wire().into()).or_default();
        if rule.scope != Scope::Children {
            *own |= 1 << category.bit();
        }
        if rule.scope != Scope::Exact {
            *below |= 1 << category.bit();
        }
    }

    fn tell(&self, wire: &[u8]) -> u64 {
        let mut categories = self.0.get(wire).map_or(0, |(own, _)| *own);
        let mut rest = wire;
        while rest[0] != 0 {
            rest = &rest[usize::from(rest[0]) + 1..];
            categories |= self.0.get(rest).map_or(0, |(_, below)| *below);
        }
        categories
    }
}

#[test]
fn the_index_says_what_an_oracle_says_of_real_lists() {
    let Some(lists) = real_lists::folder() else {
        assert!(std::env::var("CI").as_deref() != Ok("true"), "the real lists are not here");
        println!("left out: the real lists are not here");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("index");
    let mut builder = Builder::new(folder.path(), BuildLimits::default()).unwrap();
    let mut oracle = Oracle::default();
    for (number, file) in real_lists::files(&lists).iter().enumerate() {
        let category = Category::ALL[number % Category::ALL.len()];
        let scope = [Scope::Subtree, Scope::Exact, Scope::Children][number % 3];
        let id = file.strip_prefix(&lists).unwrap().display().to_string();
        let info = ListInfo {
            id,
            version: "snapshot".into(),
            kind: ListKind::Block(category),
            origin: Origin::Local,
        };
        let list = builder.add_list(info).unwrap();
        for (line, name) in split::names(&real_lists::text(file)) {
            let name = OwnedName::parse(&name).unwrap();
            let rule = Rule { name, scope, action: RuleAction::Block, line };
            builder.add(list, &rule).unwrap();
            oracle.add(&rule, category);
        }
    }
    let summary = builder.finish(&path, &mut |_| ()).unwrap();
    assert!(summary.names > 2_000_000, "{summary:?}");
    assert_eq!(summary.names, oracle.0.len() as u64);
    let index = Index::open(&path).unwrap();

    let mut suffixes = Suffixes::new();
    let mut asked = 0u64;
    let mut agree = |name: &NameBuf| {
        suffixes.fill(index.key(), name.name());
        let said = index.lookup(&suffixes).categories.0;
        assert_eq!(said, oracle.tell(name.name().wire()), "{}", name.name());
        asked += 1;
    };
    let mut near = NameBuf::new();
    for (number, wire) in oracle.0.keys().enumerate() {
        let mut rest = &wire[..];
        while rest[0] != 0 {
            near.fill_from_wire(rest).unwrap();
            agree(&near);
            rest = &rest[usize::from(rest[0]) + 1..];
        }
        if number % 8 == 0 {
            let text = near.fill_from_wire(wire).map(|_| near.name().to_string()).unwrap();
            for neighbour in [format!("www.{text}"), format!("x{text}"), format!("{text}x")] {
                if near.fill_from_text(&neighbour).is_ok() {
                    agree(&near);
                }
            }
        }
    }
    assert!(asked > 2 * summary.names, "{asked}");
}
