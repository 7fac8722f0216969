//! A second opinion, written without the index and the policy: rules in a map by name, and the order of
//! the order of `docs/policy.md` told again the slow way.

use std::collections::{HashMap, HashSet};

use lachan::dns::name::{Name, OwnedName};
use lachan::dns::public_suffix::{SuffixKind, kind_of};
use lachan::lists::protected::Protected;
use lachan::lists::read::read;
use lachan::lists::spec::ListSpec;
use lachan::model::category::{Category, CategorySet};
use lachan::model::rule::{ListKind, Origin, Protection, Rule, RuleAction, Scope};
use lachan::policy::{Mode, TierSettings};

/// Every rule of every list, by the name that it is about.
#[derive(Default)]
pub struct Oracle {
    rules: HashMap<OwnedName, Vec<(usize, Scope, RuleAction)>>,
    lists: Vec<(String, ListKind, Origin)>,
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
        self.add(&spec.id, spec.kind, spec.origin(), &rules);
    }

    pub fn add(&mut self, id: &str, kind: ListKind, origin: Origin, rules: &[Rule]) {
        let list = self.lists.len();
        self.lists.push((id.to_owned(), kind, origin));
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
        let mut blocked: HashSet<(usize, Name<'_>)> = HashSet::new();
        let mut important: HashSet<(usize, Name<'_>)> = HashSet::new();
        let mut excepted: HashSet<usize> = HashSet::new();
        let mut spared: HashSet<(usize, usize)> = HashSet::new();
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
                        RuleAction::Block => blocked.insert((list, ancestor)),
                        RuleAction::BlockImportant => important.insert((list, ancestor)),
                        RuleAction::Except => excepted.insert(list),
                        RuleAction::Spare => spared.insert((list, ancestor.label_count())),
                    };
                }
            }
        }
        let mut said = Said::default();
        blocked.retain(|(list, at)| {
            let is_spared = spared.iter().any(|(by, depth)| by == list && *depth > at.label_count());
            !excepted.contains(list) && !is_spared
        });
        let in_force: Vec<(usize, Name<'_>)> = blocked.union(&important).copied().collect();
        for &(list, _) in &in_force {
            match &self.lists[list] {
                (_, ListKind::Block(category), _) => {
                    said.categories = said.categories.union(CategorySet::of(*category))
                }
                (_, ListKind::Protect(protection), _) => {
                    said.protection = said.protection.max(Some(*protection))
                }
                (id, ListKind::Allow, _) => said.allow_sets.push(id.clone()),
            }
        }
        said.categories = said.categories.without(self.not_believed(&in_force));
        said.allow_sets.sort();
        said.allow_sets.dedup();
        said
    }

    /// Grave categories that one downloaded list alone gives, while a milder one has a list of our own or the
    /// school's, or two lists: at least as far down as the accusation, or above at a name that hosts nobody's sites.
    fn not_believed(&self, in_force: &[(usize, Name<'_>)]) -> CategorySet {
        let of = |category: Category| {
            in_force
                .iter()
                .filter(move |(list, _)| matches!(self.lists[*list].1, ListKind::Block(it) if it == category))
        };
        let is_trusted = |list: usize| self.lists[list].2 != Origin::Downloaded;
        let is_enough =
            |lists: &HashSet<usize>| lists.len() > 1 || lists.iter().any(|list| is_trusted(*list));
        let is_doubted = |grave: &Category| {
            let lists: HashSet<usize> = of(*grave).map(|(list, _)| *list).collect();
            let depth = of(*grave).map(|(_, name)| name.label_count()).max();
            let Some(depth) = depth.filter(|_| !is_enough(&lists)) else { return false };
            CategorySet::MILDER.iter().any(|milder| {
                let hosts = |name: &Name<'_>| {
                    CategorySet::HOSTING.contains(milder)
                        || matches!(kind_of(*name), SuffixKind::Public | SuffixKind::Private)
                };
                let lists: HashSet<usize> = of(milder)
                    .filter(|(_, name)| name.label_count() >= depth || !hosts(name))
                    .map(|(list, _)| *list)
                    .collect();
                is_enough(&lists)
            })
        };
        CategorySet::GRAVE.iter().filter(is_doubted).collect()
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
