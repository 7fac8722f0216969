//! Which lists are in force on this machine: the starter lists, and the last good copy of each list
//! that the config switches on.

use std::hash::Hasher;
use std::path::{Path, PathBuf};

use siphasher::sip::SipHasher13;
use tracing::warn;

use crate::config::Settings;
use crate::lists::protected::Protected;
use crate::lists::spec::ListSpec;
use crate::lists::starter;
use crate::lists::store::{Meta, Store};
use crate::model::category::Category;
use crate::model::rule::ListKind;
use crate::update::compile::{Source, Text};

/// The index in the state folder.
pub fn index_path(state: &Path) -> PathBuf {
    state.join("index.lachan")
}

/// The kept copies in the state folder.
pub fn store_path(state: &Path) -> PathBuf {
    state.join("lists")
}

/// The lists that come with the program. Allow sets and the name for trials are always among them; the
/// other categories only where the config leaves the starter lists on.
pub fn starter_sources(starter_lists: bool) -> Vec<Source> {
    starter::all()
        .into_iter()
        .filter(|list| starter_lists || is_always_in_force(list.spec.kind))
        .map(|list| Source {
            version: format!("{}-{:08x}", starter::VERSION, text_mark(list.text)),
            spec: list.spec,
            text: Text::Embedded(list.text),
        })
        .collect()
}

/// Whether a starter list is in force wherever the config switches the others off.
fn is_always_in_force(kind: ListKind) -> bool {
    matches!(kind, ListKind::Allow | ListKind::Block(Category::Test))
}

/// All lists in force.
pub fn sources(settings: &Settings, store: &Store) -> Vec<Source> {
    let mut sources = starter_sources(settings.lists.starter);
    for spec in &settings.lists.specs {
        match copy(spec, store) {
            Some((text, meta)) => {
                sources.push(Source { spec: spec.clone(), version: meta.version, text: Text::File(text) });
            }
            None => warn!(list.id = %spec.id, "list `{}` has no copy yet and is not in force", spec.id),
        }
    }
    sources
}

/// The last good copy of a list, undamaged.
fn copy(spec: &ListSpec, store: &Store) -> Option<(PathBuf, Meta)> {
    let (_, meta) = store.text(&spec.id).ok().flatten()?;
    Some((store.text_path(&meta), meta))
}

/// Protected names, embedded.
pub fn protected() -> Protected {
    Protected::embedded()
}

/// A mark of an embedded text, so that another build of the program builds its own index.
fn text_mark(text: &str) -> u32 {
    let mut hasher = SipHasher13::new_with_key(&[0; 16]);
    hasher.write(text.as_bytes());
    hasher.finish() as u32
}
