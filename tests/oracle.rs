//! A second opinion, written without the index and the policy: rules in a map by name, and the order of
//! the order of `docs/policy.md` told again the slow way.

use std::collections::{HashMap, HashSet};

use lachan::dns::name::{Name, OwnedName};
use lachan::lists::protected::Protected;
use lachan::lists::read::read;
use lachan::lists::spec::ListSpec;
use lachan::model::category::{Category, CategorySet};
use lachan::model::rule::{ListKind, Protection, Rule, RuleAction, Scope};
use lachan::policy::{Mode, TierSettings};

/// Every rule of every list, by the name that it is about.
#[derive(Default)]
pub struct Oracle {
    rules: HashMap<OwnedName, Vec<(usize, Scope, RuleAction)>>,
    lists: Vec<(String, ListKind)>,
}

/// What all rules together say of a name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Said {
    pub categories: CategorySet,
    pub protection: Option<Protection>,
    pub allow_sets: Vec<String>,
}

impl Oracle {
    /// Takes in a list's text as the program reads it.
    pub fn add_text(&mut self, text: &[u8], spec: &ListSpec, protected: &Protected) {
        let (rules, _) = read(text, spec, protected);
        self.add(&spec.id, spec.kind, &rules);
    }

    pub fn add(&mut self, id: &str, kind: ListKind, rules: &[Rule]) {
        let list = self.lists.len();
        self.lists.push((id.to_owned(), kind));
        for rule in rules {
            self.rules.entry(rule.name.clone()).or_default().push((list, rule.scope, rule.action));
        }
    }

    /// Names that rules are about.
    pub fn names(&self) -> impl ExactSizeIterator<Item = &OwnedName> {
        self.rules.keys()
    }

    /// Asks every list by itself: it says something of the name if a rule covers it and no exception
    /// does, or if the rule is important.
    pub fn say(&self, name: Name<'_>) -> Said {
        let mut blocked: HashSet<usize> = HashSet::new();
        let mut important: HashSet<usize> = HashSet::new();
        let mut excepted: HashSet<usize> = HashSet::new();
        for ancestor in name.ancestors().filter(|ancestor| !ancestor.is_root()) {
            for &(list, scope, action) in self.rules.get(ancestor.wire()).into_iter().flatten() {
                let itself = ancestor == name;
                let covers = match scope {
                    Scope::Exact => itself,
                    Scope::Subtree => true,
                    Scope::Children => !itself,
                };
                if covers {
                    match action {
                        RuleAction::Block => &mut blocked,
                        RuleAction::BlockImportant => &mut important,
                        RuleAction::Except => &mut excepted,
                    }
                    .insert(list);
                }
            }
        }
        let mut said = Said::default();
        for &list in blocked.difference(&excepted).chain(&important) {
            match &self.lists[list] {
                (_, ListKind::Block(category)) => {
                    said.categories = said.categories.union(CategorySet::of(*category))
                }
                (_, ListKind::Protect(protection)) => {
                    said.protection = said.protection.max(Some(*protection))
                }
                (id, ListKind::Allow) => said.allow_sets.push(id.clone()),
            }
        }
        said.allow_sets.sort();
        said.allow_sets.dedup();
        said
    }

    /// Whether a tier without school rules blocks the name.
    pub fn is_blocked(&self, tier: &TierSettings, name: Name<'_>) -> bool {
        let said = self.say(name);
        let has = |set: CategorySet, category: Category| set.contains(category);
        let any = |test: &dyn Fn(Category) -> bool| {
            Category::ALL.iter().any(|category| has(said.categories, *category) && test(*category))
        };
        if any(&|category| category.is_secret() || has(tier.locked, category)) {
            return true;
        }
        if said.protection == Some(Protection::Hard) || tier.mode == Mode::Open {
            return false;
        }
        let is_of_service = |service| {
            let names =
                lachan::lists::services::all().filter(|(id, _)| *id == service).flat_map(|(_, names)| names);
            { names }.any(|rule| name.is_at_or_below(rule.name.as_name()))
        };
        if tier.services.iter().any(|service| is_of_service(*service)) {
            return true;
        }
        let may_block = |category: Category| match said.protection {
            None => true,
            Some(Protection::SoftButThreats) => category.is_threat(),
            Some(_) => false,
        };
        if any(&|category| may_block(category) && has(tier.blocked, category)) {
            return true;
        }
        tier.mode == Mode::AllowOnly && !tier.allow_sets.iter().any(|set| said.allow_sets.contains(set))
    }
}
