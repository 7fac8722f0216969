//! Which lists are in force on this machine: the starter lists, and the last good copy of each list
//! that the config switches on.

use std::hash::Hasher;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use siphasher::sip::SipHasher13;
use tracing::warn;

use super::moment;
use crate::config::Settings;
use crate::dns::name::OwnedName;
use crate::filter::Index;
use crate::i18n::{Message, msg};
use crate::lists::meta::Meta;
use crate::lists::protected::Protected;
use crate::lists::spec::{ListSpec, SourceSpec};
use crate::lists::starter;
use crate::lists::store::{self, Store};
use crate::model::category::Category;
use crate::model::rule::ListKind;
use crate::sys::whole::open_file;
use crate::update::compile::{Source, Text};
use crate::update::refresh::{RefreshError, Refreshed};

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

/// Ids that one line of the log tells.
const IDS_TOLD: usize = 5;

/// The lists in force, and those whose copy cannot be used.
#[derive(Debug, Default)]
pub struct InForce {
    /// What an index is to be made of.
    pub sources: Vec<Source>,
    /// Lists whose kept text is damaged or gone: to be fetched at once. Where `index` has their rules, these stay
    /// in force.
    pub damaged: Vec<String>,
}

/// All lists in force. `index` is the one in use, if it is sound: what it says of a list stays in force until the
/// list's text was read again.
pub fn in_force(settings: &Settings, store: &Store, index: Option<&Arc<Index>>) -> InForce {
    let mut all = InForce { sources: starter_sources(settings.lists.starter), damaged: Vec::new() };
    let mut fresh = store.take_fresh();
    let mut without_copy = Vec::new();
    for spec in &settings.lists.specs {
        // Two texts, or one read in two ways, may bear one date.
        let version = |meta: &Meta| format!("{}-{}", meta.version, meta.mark(spec));
        if let Some((meta, list)) = store.in_memory(&spec.id) {
            all.sources.push(Source { spec: spec.clone(), version: version(&meta), text: Text::Fresh(list) });
            continue;
        }
        match copy(spec, store) {
            Ok(Some((text, meta))) => {
                let text = match fresh.remove(&(spec.id.clone(), meta.mark(spec))) {
                    Some(fresh) => Text::Fresh(fresh),
                    None => Text::File(text),
                };
                all.sources.push(Source { spec: spec.clone(), version: version(&meta), text });
                continue;
            }
            Ok(None) => {}
            Err(error) => {
                warn!(list.id = %spec.id, "list `{}`: could not {error}; fetching it again", spec.id);
                all.damaged.push(spec.id.clone());
            }
        }
        match index.and_then(|index| Some((index, list_of(index, spec)?))) {
            Some((index, (number, version))) => {
                let text = Text::InForce(index.clone(), number);
                all.sources.push(Source { spec: spec.clone(), version, text });
                if !all.damaged.contains(&spec.id) {
                    all.damaged.push(spec.id.clone());
                }
            }
            None => without_copy.push(spec.id.as_str()),
        }
    }
    if !without_copy.is_empty() {
        let more = if without_copy.len() > IDS_TOLD { ", …" } else { "" };
        let ids = without_copy[..without_copy.len().min(IDS_TOLD)].join(", ");
        warn!("lists without a copy yet, not in force: {} ({ids}{more})", without_copy.len());
    }
    all
}

/// The same for an index that nobody holds yet, on disk if there is one.
pub fn sources(settings: &Settings, store: &Store) -> Vec<Source> {
    let index = Index::open(&index_path(&settings.state)).ok().map(Arc::new);
    in_force(settings, store, index.as_ref()).sources
}

/// Number and version of a list in an index.
fn list_of(index: &Index, spec: &ListSpec) -> Option<(u16, String)> {
    let found = index.lists().iter().position(|list| list.id == spec.id && list.kind == spec.kind)?;
    Some((u16::try_from(found).ok()?, index.lists()[found].version.clone()))
}

/// The last good copy of a list, undamaged; none if there never was one.
fn copy(spec: &ListSpec, store: &Store) -> Result<Option<(PathBuf, Meta)>, store::Error> {
    Ok(store.intact(&spec.id)?.map(|meta| (store.text_path(&meta), meta)))
}

/// What is told of a list that was not taken.
pub fn not_taken(id: &str, error: &RefreshError, store: &Store) -> Message {
    let told = msg!("list-not-taken", id = id, why = error.message(), stays = stays(store, id));
    match error {
        RefreshError::Refused(why) if why.may_be_accepted() => msg!("list-accept", told = told, id = id),
        _ => told,
    }
}

/// Whether something of a list that was not taken is in use.
fn stays(store: &Store, id: &str) -> Message {
    in_use(store.meta(id).is_some_and(|meta| meta.has_text()))
}

/// Whether something of a list is in use.
pub fn in_use(has_copy: bool) -> Message {
    if has_copy { msg!("list-stays") } else { msg!("list-nothing-in-use") }
}

/// What is told of a list that was asked for and is in order.
pub fn renewed(id: &str, refreshed: &Refreshed) -> Message {
    match refreshed {
        Refreshed::Unchanged => msg!("list-unchanged", id = id),
        Refreshed::New(meta) => {
            msg!("list-renewed", id = id, version = &meta.version, names = u64::from(meta.taken))
        }
    }
}

/// What is told of a list that was taken although the gate would have refused it from anybody else.
pub fn warning(meta: &Meta) -> Option<Message> {
    let warning = meta.warning.as_ref()?;
    Some(msg!("list-taken-with-warning", id = &meta.id, why = warning.why.clone()))
}

/// What is told of a list whose last attempt failed: since when that is so, where it is not the first one.
pub fn failing(meta: &Meta, zone: &TimeZone) -> Option<Message> {
    let failure = meta.failure.as_ref()?;
    let why = failure.why.clone();
    match meta.failing_since {
        Some(since) if since < failure.at => {
            let since = Timestamp::from_second(i64::try_from(since).ok()?).ok()?;
            Some(msg!("list-failing-since", why = why, since = moment(since, zone)))
        }
        _ => Some(why),
    }
}

/// Lists whose file is not there or cannot be read, each with what the system says.
pub fn missing_files(settings: &Settings) -> Vec<Message> {
    let missing = |spec: &ListSpec| match &spec.source {
        SourceSpec::File(path) => open_file(path)
            .err()
            .map(|error| msg!("list-file-missing", id = &spec.id, path = path.as_path(), error = &error)),
        SourceSpec::Url(_) | SourceSpec::Starter => None,
    };
    settings.lists.specs.iter().filter_map(missing).collect()
}

/// Protected names, embedded.
pub fn protected() -> &'static Protected {
    static EMBEDDED: LazyLock<Protected> = LazyLock::new(Protected::embedded);
    &EMBEDDED
}

/// The group of protected names that are those of time servers.
const TIME_SERVERS: &str = "time";

/// Names, each with those below it, of time servers.
pub fn time_servers() -> Vec<OwnedName> {
    let protected = protected();
    let groups = protected.groups().iter().filter(|group| group.id == TIME_SERVERS);
    groups.flat_map(|group| group.names.iter().cloned()).collect()
}

/// A mark of an embedded text, so that another build of the program builds its own index.
fn text_mark(text: &str) -> u32 {
    let mut hasher = SipHasher13::new_with_key(&[0; 16]);
    hasher.write(text.as_bytes());
    hasher.finish() as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pool_of_time_servers_is_among_the_names_of_time_servers() {
        let servers = time_servers();
        assert!(servers.contains(&OwnedName::parse("pool.ntp.org").unwrap()), "{servers:?}");
    }
}
