//! Packed lists: where a list has no copy yet, the one beside the program is taken before anything is fetched.

use std::path::PathBuf;

use tracing::{info, warn};

use super::lists;
use crate::config::Settings;
use crate::lists::fetch::Fetcher;
use crate::lists::meta::Meta;
use crate::lists::snapshot::{FOLDER, Snapshot};
use crate::lists::store::Store;
use crate::sys::clock::unix_now;
use crate::update::refresh::{Means, Refreshed, unpack};

/// Brings in every list of the config that is packed and of which no copy is kept. Returns how many came. What does
/// not is fetched as if there were no snapshot.
pub fn bring_in(settings: &Settings, store: &Store) -> usize {
    let Some(folder) = folder(settings) else { return 0 };
    let snapshot = match Snapshot::open(&folder) {
        Ok(Some(snapshot)) => snapshot,
        Ok(None) => return 0,
        Err(error) => {
            warn!("packed lists in {} are of no use: could not {error}", folder.display());
            return 0;
        }
    };
    let fetcher = Fetcher { settings: &settings.lists.fetch, lookup: None };
    let means = Means {
        store,
        protected: lists::protected(),
        fetcher: &fetcher,
        gate: &settings.lists.gate,
        now: unix_now(),
    };
    let mut came = 0;
    for spec in &settings.lists.specs {
        if store.meta(&spec.id).as_ref().is_some_and(Meta::has_text) {
            continue;
        }
        let Some((packed, path)) = snapshot.find(spec) else { continue };
        match unpack(spec, means, packed, &path) {
            Ok(Refreshed::New(_)) => came += 1,
            Ok(Refreshed::Unchanged) => {}
            Err(error) => warn!(list.id = %spec.id, "packed list `{}` is of no use: {error}", spec.id),
        }
    }
    if came > 0 {
        info!("{came} packed lists taken from {}", folder.display());
    }
    came
}

/// The folder that the config names, else the one beside the program.
fn folder(settings: &Settings) -> Option<PathBuf> {
    let beside = || Some(std::env::current_exe().ok()?.parent()?.join(FOLDER));
    settings.lists.snapshot.clone().or_else(beside)
}
