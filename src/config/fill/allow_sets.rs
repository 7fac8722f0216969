//! Which allow sets there are.

use std::sync::LazyLock;

use super::Desk;
use crate::config::nearest::nearest;
use crate::config::say;
use crate::config::spec::Text;
use crate::lists::spec::ListSpec;
use crate::lists::starter;
use crate::model::rule::ListKind;

/// Allow sets are ours, or lists of the school with `kind = "allow"`.
pub(in crate::config) fn exist(desk: &mut Desk<'_>, sets: &[Text], lists: &[ListSpec]) {
    let own = lists.iter().filter(|list| list.kind == ListKind::Allow).map(|list| list.id.as_str());
    let known: Vec<&str> = shipped().iter().map(String::as_str).chain(own).collect();
    for set in sets {
        if !known.contains(&set.get_ref().as_str()) {
            let meant = nearest(set.get_ref(), known.iter().copied());
            desk.note(say::unknown_allow_set(desk.at(set), set.get_ref(), &known, meant));
        }
    }
}

/// Allow sets that the program brings along.
pub(super) fn shipped() -> &'static [String] {
    static SETS: LazyLock<Vec<String>> = LazyLock::new(|| {
        let specs = starter::all().into_iter().map(|starter| starter.spec);
        specs.filter(|spec| spec.kind == ListKind::Allow).map(|spec| spec.id).collect()
    });
    &SETS
}
