//! One list's newer text: fetched, read, judged by the gate, and kept; or refused, and the last good
//! copy stays.

use crate::lists::fetch::{self, Fetched, fetch};
use crate::lists::gate::{self, Passed, Refused};
use crate::lists::protected::Protected;
use crate::lists::read::{Reading, survey};
use crate::lists::spec::ListSpec;
use crate::lists::store::{self, Failure, Meta, Store};
use crate::sys::clock::unix_now;

/// What came of one refresh.
#[derive(Debug)]
pub enum Refreshed {
    /// The kept text is the newest.
    Unchanged,
    /// A new text is in force as soon as the index is built.
    New(Box<Meta>),
}

/// Why a list was not renewed. The last good copy stays.
#[derive(Debug, thiserror::Error)]
pub enum RefreshError {
    /// It could not be had.
    #[error("could not {0}")]
    Fetch(#[from] fetch::Error),
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
            Self::Fetch(error) => format!("không tải được danh sách ({error})"),
            Self::Refused(why) => format!("từ chối: {}", why.vi()),
            Self::Store(error) => format!("không lưu được danh sách ({error})"),
        }
    }
}

/// Brings in what the list's source has now.
///
/// # Errors
/// What [`RefreshError`] says; it is noted in the store too, for the status.
pub fn refresh(
    spec: &ListSpec,
    store: &Store,
    protected: &Protected,
    settings: (&fetch::Settings, &gate::Settings),
    progress: &mut dyn FnMut(fetch::Progress),
) -> Result<Refreshed, RefreshError> {
    let now = unix_now();
    let outcome = bring_in(spec, store, protected, settings, now, progress);
    if let Err(error) = &outcome {
        let failure = Failure { at: now, vi: error.vi(), en: error.to_string() };
        // A disk that does not take this note has been reported by the error itself, or will be.
        let _ = store.note_failure(spec, failure);
    }
    outcome
}

fn bring_in(
    spec: &ListSpec,
    store: &Store,
    protected: &Protected,
    (fetch_settings, gate_settings): (&fetch::Settings, &gate::Settings),
    now: u64,
    progress: &mut dyn FnMut(fetch::Progress),
) -> Result<Refreshed, RefreshError> {
    // The validators only help where the kept copy was read as the list is meant now.
    let known =
        if store.past(spec).is_some() { store.validators(spec) } else { fetch::Validators::default() };
    let (octets, validators) = match fetch(&spec.source, &known, fetch_settings, progress)? {
        Fetched::Unchanged => {
            store.note_unchanged(&spec.id, now)?;
            return Ok(Refreshed::Unchanged);
        }
        Fetched::Text { octets, validators } => (octets, validators),
    };
    let reading = survey(&octets, spec, protected);
    let passed = judge(spec, store, &reading, gate_settings).map_err(RefreshError::Refused)?;
    let meta = store.keep(spec, &octets, validators, &reading, &passed, now)?;
    Ok(Refreshed::New(Box::new(meta)))
}

fn judge(
    spec: &ListSpec,
    store: &Store,
    reading: &Reading,
    settings: &gate::Settings,
) -> Result<Passed, Refused> {
    gate::check(store.past(spec).as_ref(), reading, settings)
}
