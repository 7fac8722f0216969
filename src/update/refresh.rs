//! One list's newer text: fetched, read, judged by the gate, and kept; or refused, and the last good
//! copy stays.

use std::io;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::lists::fetch::{self, Fetched, Fetcher};
use crate::lists::fresh::Fresh;
use crate::lists::gate::{self, Origin, Refused};
use crate::lists::protected::Protected;
use crate::lists::read::survey_and_keep;
use crate::lists::spec::{ListSpec, SourceSpec};
use crate::lists::store::{self, Failure, Meta, Store};
use crate::sys::clock::unix_now;

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
    #[error("refused: {}", .0.en())]
    Refused(Refused),
    /// It could not be kept.
    #[error("could not {0}")]
    Store(#[from] store::Error),
}

impl RefreshError {
    /// In Vietnamese, as the status shows it.
    pub fn vi(&self) -> String {
        match self {
            Self::Fetch(error) => format!("không tải được danh sách: {}", error.vi()),
            Self::Read(error) => format!("không đọc được danh sách ({error})"),
            Self::Refused(why) => format!("từ chối: {}", why.vi()),
            Self::Store(store::Error::Busy { .. }) => "đang có một lượt cập nhật khác".into(),
            Self::Store(error) => format!("không lưu được danh sách ({error})"),
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
    let store = means.store;
    let _lock = store.lock(&spec.id, TURN)?;
    let now = unix_now();
    let outcome = bring_in(spec, means, now, progress);
    if let Err(error) = &outcome {
        let failure = Failure { at: now, vi: error.vi(), en: error.to_string() };
        // A disk that does not take this note has been reported by the error itself, or will be.
        let _ = store.note_failure(spec, failure);
    }
    outcome
}

fn bring_in(
    spec: &ListSpec,
    means: Means<'_>,
    now: u64,
    progress: &mut dyn FnMut(fetch::Progress),
) -> Result<Refreshed, RefreshError> {
    let store = means.store;
    let known = store.validators(spec);
    let mut text = store.begin(&spec.id)?;
    let validators = match means.fetcher.fetch(&spec.source, &known, &mut text, progress)? {
        Fetched::Unchanged => {
            store.note_unchanged(&spec.id, now)?;
            return Ok(Refreshed::Unchanged);
        }
        Fetched::Text { validators } => validators,
    };
    let origin = match &spec.source {
        _ if store.take_acceptance(&spec.id) => Origin::Accepted,
        SourceSpec::File(_) => Origin::OwnFile,
        SourceSpec::Url(_) | SourceSpec::Starter => Origin::Published,
    };
    // A file has no ETag: it is what it was if its octets are.
    if origin == Origin::OwnFile
        && store.past(spec).is_some()
        && store.intact(&spec.id).is_ok_and(|kept| kept.is_some_and(|kept| text.is_text_of(&kept)))
    {
        store.note_unchanged(&spec.id, now)?;
        return Ok(Refreshed::Unchanged);
    }
    let turn = READING.lock().unwrap_or_else(PoisonError::into_inner);
    let read = survey_and_keep(text.file(), spec, means.protected, text.folder());
    let (reading, rules) = read.map_err(RefreshError::Read)?;
    drop(turn);
    let passed = gate::check_from(origin, store.past(spec).as_ref(), &reading, means.gate)
        .map_err(RefreshError::Refused)?;
    let meta = store.keep(spec, text, validators, &reading, &passed, now)?;
    if let Some(rules) = rules {
        store.note_fresh(spec, &meta, Fresh { reading, rules });
    }
    Ok(Refreshed::New(Box::new(meta)))
}
