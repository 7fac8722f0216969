//! The school's own standing rules (layer 3 of `docs/policy.md`).

use std::hash::{Hash, Hasher};

use siphasher::sip::SipHasher13;

use crate::dns::name::OwnedName;
use crate::dns::suffixes::{HashKey, Suffixes};
use crate::model::name_set::NameSet;
use crate::model::rule::Scope;
use crate::model::tier::Tier;

use super::Group;

/// A rule that the school made.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SchoolRule {
    /// Name.
    pub name: OwnedName,
    /// How far it reaches.
    pub scope: Scope,
    /// What it does.
    pub action: SchoolAction,
    /// Tiers that it is for; empty means all. A guest is meant only where it is named.
    pub tiers: Vec<Tier>,
    /// Groups that it is for, by name; empty means all.
    pub groups: Vec<String>,
    /// Why, as an inspector will read it.
    pub reason: String,
    /// Who made it.
    pub by: String,
}

/// What a school rule does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SchoolAction {
    Allow,
    Block,
}

/// The school's rules in force.
#[derive(Debug)]
pub struct SchoolRules {
    rules: Vec<SchoolRule>,
    by_name: NameSet<u32>,
    /// Of what the rules say: another number for other rules, 0 for none.
    id: u64,
}

impl SchoolRules {
    /// Files the rules by name.
    pub fn build(rules: &[SchoolRule], key: HashKey) -> Self {
        let mut by_name = NameSet::new(key);
        for (index, rule) in rules.iter().enumerate() {
            by_name.insert(rule.name.as_name(), rule.scope, index as u32);
        }
        let mut hasher = SipHasher13::new_with_key(&key.0);
        rules.hash(&mut hasher);
        let id = if rules.is_empty() { 0 } else { hasher.finish().max(1) };
        Self { rules: rules.to_vec(), by_name, id }
    }

    /// A number that differs where the rules do; 0 for none.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// Whether a rule for anybody covers the walked name.
    pub fn covers(&self, suffixes: &Suffixes) -> bool {
        self.by_name.covers(suffixes)
    }

    /// The rule that decides for this group: the most specific name, then allow before block.
    pub fn decisive(&self, suffixes: &Suffixes, group: &Group) -> Option<(u32, &SchoolRule)> {
        if !self.by_name.may_cover(suffixes) {
            return None;
        }
        let mut best: Option<(usize, u32)> = None;
        for (labels, &index) in self.by_name.matching(suffixes) {
            if best.is_some_and(|(specific, _)| labels < specific) {
                break;
            }
            let rule = &self.rules[index as usize];
            if !rule.is_for(group.tier, &group.name) {
                continue;
            }
            if rule.action == SchoolAction::Allow {
                return Some((index, rule));
            }
            best.get_or_insert((labels, index));
        }
        best.map(|(_, index)| (index, &self.rules[index as usize]))
    }

    /// Rule number `index`.
    pub fn rule(&self, index: u32) -> Option<&SchoolRule> {
        self.rules.get(index as usize)
    }

    /// Number of rules.
    pub fn len(&self) -> usize {
        self.rules.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }
}

impl SchoolRule {
    /// Whether the rule is for the group of that tier and name.
    pub fn is_for(&self, tier: Tier, group: &str) -> bool {
        let is_tier = if self.tiers.is_empty() {
            // Guests and devices get no exceptions: an allow rule must name them.
            !matches!(tier, Tier::Guest | Tier::Iot) || self.action == SchoolAction::Block
        } else {
            self.tiers.contains(&tier)
        };
        is_tier && (self.groups.is_empty() || self.groups.iter().any(|name| name == group))
    }
}
