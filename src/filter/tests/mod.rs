//! What the index promises, by promise: `oracle` the same answers as a naive walk over all rules,
//! `real` the same on real lists, `broken` no file with a wrong octet is taken, `crash` a build that is
//! cut off leaves the old index, `small` what is said of single names,
//! `patterns` what is said of names that patterns meet.

mod broken;
mod crash;
mod oracle;
mod patterns;
mod real;
mod small;

use std::path::Path;

use super::Index;
use super::build::{BuildLimits, BuildSummary, Builder};
use crate::dns::name::OwnedName;
use crate::dns::suffixes::Suffixes;
use crate::model::category::Category;
use crate::model::rule::{ListInfo, ListKind, Origin, Rule, RuleAction, Scope};

/// A list with its rules, as a test writes it.
#[derive(Clone, Debug)]
struct List {
    info: ListInfo,
    rules: Vec<Rule>,
}

impl List {
    fn new(id: &str, kind: ListKind) -> Self {
        Self {
            info: ListInfo {
                id: id.to_owned(),
                version: format!("{id} of today"),
                kind,
                origin: Origin::Downloaded,
            },
            rules: Vec::new(),
        }
    }

    fn of(category: Category) -> Self {
        Self::new(category.id(), ListKind::Block(category))
    }

    /// Adds a rule on the next line.
    fn rule(mut self, text: &str, scope: Scope, action: RuleAction) -> Self {
        let line = self.rules.len() as u32 + 1;
        self.rules.push(Rule { name: name(text), scope, action, line });
        self
    }

    fn block(self, text: &str) -> Self {
        self.rule(text, Scope::Subtree, RuleAction::Block)
    }
}

fn name(text: &str) -> OwnedName {
    OwnedName::parse(text).expect("a name of a test")
}

fn builder(folder: &Path, lists: &[List]) -> Builder {
    let mut builder = Builder::new(folder, BuildLimits { spill_at: 512, ..BuildLimits::default() }).unwrap();
    for list in lists {
        let number = builder.add_list(list.info.clone()).unwrap();
        list.rules.iter().for_each(|rule| builder.add(number, rule).unwrap());
    }
    builder
}

fn build(path: &Path, lists: &[List]) -> BuildSummary {
    builder(path.parent().unwrap(), lists).finish(path, &mut |_| ()).unwrap()
}

/// An index whose file is already gone: a mapping needs none.
fn index_of(lists: &[List]) -> Index {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("index");
    build(&path, lists);
    Index::open(&path).unwrap()
}

fn walk(index: &Index, text: &str) -> Suffixes {
    Suffixes::of(index.key(), name(text).as_name())
}
