//! One list's newer text: fetched, read, judged by the gate, and kept; or refused, and the last good
//! copy stays.

use std::io;
use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

use crate::i18n::cause::cause_behind;
use crate::i18n::{Arg, Message, msg};
use crate::lists::arriving::Arriving;
use crate::lists::fetch::{self, Fetched, Fetcher, Validators};
use crate::lists::fresh::{Fresh, Rules};
use crate::lists::gate::{self, Origin, Passed, Refused};
use crate::lists::meta::{Failure, Meta};
use crate::lists::protected::Protected;
use crate::lists::read::{Reading, survey_and_keep};
use crate::lists::snapshot::Packed;
use crate::lists::spec::{ListSpec, SourceSpec};
use crate::lists::store::{self, Store};
use crate::sys::lock::Guard;

/// How long an update waits for another one of the same list.
const TURN: Duration = Duration::from_secs(60);

/// Lists are fetched side by side but read one after the other: a reading needs some 15 MB.
static READING: Mutex<()> = Mutex::new(());

/// What came of one refresh.
#[derive(Debug)]
pub enum Refreshed {
    /// The kept text is the newest.
    Unchanged,
    /// A new text is in force as soon as the index is built.
    New(Box<Meta>),
}

/// Why a list was not renewed. The last good copy stays, if there is one.
#[derive(Debug, thiserror::Error)]
pub enum RefreshError {
    /// It could not be had.
    #[error("could not {0}")]
    Fetch(#[from] fetch::Error),
    /// It was here and could not be read.
    #[error("could not read the list: {0}")]
    Read(io::Error),
    /// The gate said no.
    #[error("refused: {}", .0.message())]
    Refused(Refused),
    /// It could not be kept.
    #[error("could not {0}")]
    Store(#[from] store::Error),
}

impl RefreshError {
    /// Whether the list is in order and the disk does not take it.
    fn is_of_disk(&self) -> bool {
        match self {
            Self::Fetch(error) => matches!(error, fetch::Error::Disk(_)),
            Self::Store(error) => matches!(error, store::Error::Io { .. }),
            Self::Read(error) => error.kind() == io::ErrorKind::StorageFull,
            Self::Refused(_) => false,
        }
    }

    /// As people are told.
    pub fn message(&self) -> Message {
        match self {
            Self::Fetch(error) => msg!("refresh-fetch", why = error.message()),
            Self::Read(error) => msg!("refresh-read", error = error),
            Self::Refused(why) => msg!("refresh-refused", why = why.message()),
            Self::Store(store::Error::Busy { .. }) => msg!("refresh-busy"),
            Self::Store(error) => {
                let cause = cause_behind(error).map_or_else(|| Arg::from(error.to_string()), Arg::from);
                msg!("refresh-store", error = cause)
            }
        }
    }
}

/// What an update goes by.
#[derive(Clone, Copy, Debug)]
pub struct Means<'m> {
    /// The kept copies.
    pub store: &'m Store,
    /// Names that no list may block.
    pub protected: &'m Protected,
    /// Fetches.
    pub fetcher: &'m Fetcher<'m>,
    /// Judges.
    pub gate: &'m gate::Settings,
    /// When it is done, in Unix seconds.
    pub now: u64,
}

/// Brings in what the list's source has now.
///
/// # Errors
/// What [`RefreshError`] says; it is noted in the store too, for the status.
pub fn refresh(
    spec: &ListSpec,
    means: Means<'_>,
    progress: &mut dyn FnMut(fetch::Progress),
) -> Result<Refreshed, RefreshError> {
    let (store, now) = (means.store, means.now);
    let lock = match store.lock(&spec.id, TURN) {
        Err(error @ store::Error::Busy { .. }) => return Err(error.into()),
        lock => lock,
    };
    let outcome = match &lock {
        Ok(_) => match bring_in(spec, means, progress) {
            Err(error) if error.is_of_disk() => bring_into_memory(spec, means, progress),
            brought => brought,
        },
        // The state folder takes nothing: the list is in force all the same, until the next start.
        Err(_) => bring_into_memory(spec, means, progress),
    };
    if let Err(error) = &outcome {
        let failure = Failure { at: now, why: error.message() };
        // Where the disk does not take this note it is kept in memory.
        let _ = match (refused_size(error), store.past(spec)) {
            (Some(names), Some(mut past)) => {
                past.note_refused(names, now, means.gate);
                store.note_refused(spec, failure, past)
            }
            _ => store.note_failure(spec, failure),
        };
    }
    outcome
}

/// The size for which alone a text was refused.
fn refused_size(error: &RefreshError) -> Option<u32> {
    match error {
        RefreshError::Refused(Refused::Shrunk { is, .. } | Refused::Grown { is, .. }) => Some(*is),
        _ => None,
    }
}

/// How far the gate trusts the text that has arrived. Whoever accepted it did so for this one: the acceptance ends
/// when the text is kept, or refused all the same. A disk that does not take the text does not end it, so that it
/// also holds for the copy in memory, and after a restart.
fn origin_of(spec: &ListSpec, store: &Store) -> Origin {
    match &spec.source {
        _ if store.is_accepted(&spec.id) => Origin::Accepted,
        SourceSpec::File(_) => Origin::OwnFile,
        SourceSpec::Url(_) | SourceSpec::Starter => Origin::Published,
    }
}

/// Reads a text that has arrived, and lets the gate judge it.
fn read_and_judge(
    spec: &ListSpec,
    means: Means<'_>,
    text: &Arriving,
    origin: Origin,
) -> Result<(Reading, Option<Rules>, Passed), RefreshError> {
    let turn = READING.guard();
    let read = survey_and_keep(text.file(), spec, means.protected, text.folder());
    drop(turn);
    let (reading, rules) = read.map_err(RefreshError::Read)?;
    let past = means.store.past(spec);
    let judged = gate::check_from(origin, past.as_ref(), &reading, means.gate, means.now);
    if judged.is_err() && origin == Origin::Accepted {
        means.store.end_acceptance(&spec.id);
    }
    Ok((reading, rules, judged.map_err(RefreshError::Refused)?))
}

/// The same as [`bring_in`] where the disk takes nothing.
fn bring_into_memory(
    spec: &ListSpec,
    means: Means<'_>,
    progress: &mut dyn FnMut(fetch::Progress),
) -> Result<Refreshed, RefreshError> {
    let (store, now) = (means.store, means.now);
    let mut text = store.begin_in_memory()?;
    means.fetcher.fetch(&spec.source, &Validators::default(), &mut text, progress)?;
    let (reading, rules, passed) = read_and_judge(spec, means, &text, origin_of(spec, store))?;
    let rules = rules.ok_or_else(|| RefreshError::Read(io::ErrorKind::OutOfMemory.into()))?;
    let meta = store.keep_in_memory(spec, &text, Fresh { reading, rules }, &passed, now);
    Ok(Refreshed::New(Box::new(meta)))
}

fn bring_in(
    spec: &ListSpec,
    means: Means<'_>,
    progress: &mut dyn FnMut(fetch::Progress),
) -> Result<Refreshed, RefreshError> {
    let (store, now) = (means.store, means.now);
    let known = store.validators(spec);
    let mut text = store.begin(&spec.id)?;
    let validators = match means.fetcher.fetch(&spec.source, &known, &mut text, progress)? {
        Fetched::Unchanged => {
            store.note_unchanged(&spec.id, now)?;
            return Ok(Refreshed::Unchanged);
        }
        Fetched::Text { validators } => validators,
    };
    let origin = origin_of(spec, store);
    // A file has no ETag: it is what it was if its octets are.
    if origin == Origin::OwnFile
        && store.past(spec).is_some()
        && store.intact(&spec.id).is_ok_and(|kept| kept.is_some_and(|kept| kept.is_of(&text)))
    {
        store.note_unchanged(&spec.id, now)?;
        return Ok(Refreshed::Unchanged);
    }
    let (reading, rules, passed) = read_and_judge(spec, means, &text, origin)?;
    let meta = store.keep(spec, text, validators, &reading, &passed, now)?;
    store.end_acceptance(&spec.id);
    if let Some(rules) = rules {
        store.note_fresh(spec, &meta, Fresh { reading, rules });
    }
    Ok(Refreshed::New(Box::new(meta)))
}

/// Brings in a list that is packed in a snapshot, where no copy of it is kept. Its time is that of the snapshot, so
/// that it is soon asked for anew. Not noted where it fails: nothing was lost.
///
/// # Errors
/// What [`RefreshError`] says; a text that is not the one that was packed is [`RefreshError::Read`].
pub fn unpack(
    spec: &ListSpec,
    means: Means<'_>,
    packed: &Packed,
    path: &Path,
) -> Result<Refreshed, RefreshError> {
    let store = means.store;
    let _lock = store.lock(&spec.id, TURN)?;
    if store.intact(&spec.id).is_ok_and(|kept| kept.is_some()) {
        return Ok(Refreshed::Unchanged);
    }
    let mut text = store.begin(&spec.id)?;
    let source = SourceSpec::File(path.to_owned());
    means.fetcher.fetch(&source, &Validators::default(), &mut text, &mut |_| {})?;
    if !text.is(packed.octets, &packed.checksum) {
        return Err(RefreshError::Read(io::ErrorKind::InvalidData.into()));
    }
    let (reading, rules, passed) = read_and_judge(spec, means, &text, Origin::Published)?;
    let meta = store.keep(spec, text, Validators::default(), &reading, &passed, packed.fetched_at)?;
    if let Some(rules) = rules {
        store.note_fresh(spec, &meta, Fresh { reading, rules });
    }
    Ok(Refreshed::New(Box::new(meta)))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::{Path, PathBuf};

    use super::*;
    use crate::lists::meta::Acceptance;
    use crate::lists::spec::{FormatChoice, Profile};
    use crate::model::category::Category;
    use crate::model::rule::ListKind;

    const NOW: u64 = 1_800_000_000;

    /// A list in a file, and the folder of its copies.
    struct Own {
        store: Store,
        spec: ListSpec,
        file: PathBuf,
    }

    impl Own {
        fn new(folder: &Path) -> Self {
            let file = folder.join("list.txt");
            let spec = ListSpec {
                id: "own".into(),
                source: SourceSpec::File(file.clone()),
                kind: ListKind::Block(Category::Games),
                format: FormatChoice::Auto,
                profile: Profile::default(),
                every: Duration::MAX,
            };
            Self { store: Store::open(&folder.join("lists")).unwrap(), spec, file }
        }

        fn write(&self, names: usize) {
            let text: String = (0..names).map(|number| format!("n{number}.example\n")).collect();
            fs::write(&self.file, text).unwrap();
        }

        fn refresh(&self) -> Result<Refreshed, RefreshError> {
            let fetcher = Fetcher { settings: &fetch::Settings::default(), lookup: None };
            let (protected, gate) = (Protected::none(), gate::Settings::default());
            let means =
                Means { store: &self.store, protected: &protected, fetcher: &fetcher, gate: &gate, now: NOW };
            refresh(&self.spec, means, &mut |_| {})
        }

        fn accept(&self) {
            self.store.accept("own", &Acceptance::default()).unwrap();
        }

        /// Makes a disk that does not take the file's present text: something stands where it would be kept.
        fn refuse_present_text(&self) -> PathBuf {
            let folder = tempfile::tempdir().unwrap();
            let other =
                Own { store: Store::open(folder.path()).unwrap(), ..Own::new(self.file.parent().unwrap()) };
            let Ok(Refreshed::New(meta)) = other.refresh() else { panic!("a first text is taken") };
            let place = self.store.text_path(&meta);
            fs::create_dir_all(place.join("obstacle")).unwrap();
            place
        }
    }

    #[test]
    fn an_accepted_text_that_the_disk_refuses_is_in_force_and_accepted_until_the_disk_has_it() {
        let folder = tempfile::tempdir().unwrap();
        let own = Own::new(folder.path());
        own.write(20_000);
        own.refresh().unwrap();
        own.write(3000);
        assert!(matches!(own.refresh(), Err(RefreshError::Refused(_))), "it shrank");
        own.accept();
        let obstacle = own.refuse_present_text();
        own.refresh().expect("accepted, and taken into memory");
        assert_eq!(own.store.in_memory("own").unwrap().0.taken, 3000);
        // After a restart, with nothing in memory, it is wanted still.
        let restarted =
            Own { store: Store::open(&folder.path().join("lists")).unwrap(), ..Own::new(folder.path()) };
        restarted.refresh().expect("accepted, and taken into memory again");
        fs::remove_dir_all(obstacle).unwrap();
        own.refresh().expect("the same text, for the disk");
        assert!(own.store.in_memory("own").is_none());
        assert_eq!(own.store.intact("own").unwrap().unwrap().taken, 3000);
        own.write(1200);
        assert!(
            matches!(own.refresh(), Err(RefreshError::Refused(_))),
            "the acceptance was for the text before"
        );
    }

    #[test]
    fn an_acceptance_ends_with_the_text_that_is_refused_all_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let own = Own::new(folder.path());
        own.write(20_000);
        own.refresh().unwrap();
        own.accept();
        fs::write(&own.file, "<!DOCTYPE html><html><body>login</body></html>\n").unwrap();
        assert!(matches!(own.refresh(), Err(RefreshError::Refused(_))));
        own.write(3000);
        assert!(matches!(own.refresh(), Err(RefreshError::Refused(_))), "nobody accepted this one");
    }
}
