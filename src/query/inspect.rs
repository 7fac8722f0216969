//! Where an answer leads: the names behind a CNAME, DNAME, SVCB or HTTPS record are held to the same
//! lists as the asked name, or a blocked site would only need an alias.
//!
//! What the lists say of these names is remembered with the cached answer, as a `Stamp` that names
//! the index it was made with; after a list update the answer is looked at again, not asked for again.

use crate::dns::message::targets;
use crate::dns::suffixes::Suffixes;
use crate::filter::Index;
use crate::model::category::{Category, CategorySet};
use crate::model::matched::Matched;
use crate::policy::decide::open_categories;

/// What the lists say of the names that an answer leads to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Leads {
    /// All their categories.
    pub all: CategorySet,
    /// Their categories, less what protection takes away.
    pub open: CategorySet,
}

/// Looks up every name that `answer` (a whole message) leads to.
pub fn leads(answer: &[u8], index: &Index, suffixes: &mut Suffixes) -> Leads {
    let mut leads = Leads::default();
    for target in targets(answer) {
        suffixes.fill(index.key(), target.name());
        let matched = index.lookup(suffixes);
        leads.all = leads.all.union(matched.categories);
        leads.open = leads.open.union(open_categories(&matched));
    }
    leads
}

/// Walks to the name that `answer` leads to and that `category` blocks, and says what matched there, so
/// that its rule can be told.
pub fn walk_to(answer: &[u8], index: &Index, suffixes: &mut Suffixes, category: Option<Category>) -> Matched {
    let mut matched = Matched::default();
    for target in targets(answer) {
        suffixes.fill(index.key(), target.name());
        matched = index.lookup(suffixes);
        if category.is_none_or(|category| matched.categories.contains(category)) {
            break;
        }
    }
    matched
}
