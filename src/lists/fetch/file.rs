//! A list in a file of this machine.

use std::io;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use super::{Error, Fetched, Progress, Settings, Validators, pieces};
use crate::sys::whole::open_file;

/// Reads a file, whatever its time says: a copy that was put back may be older than the one before.
pub(super) fn read(
    path: &Path,
    settings: &Settings,
    into: &mut dyn io::Write,
    progress: &mut dyn FnMut(Progress),
) -> Result<Fetched, Error> {
    let failed = |source| Error::File { path: path.to_owned(), source };
    let file = open_file(path).map_err(failed)?;
    let meta = file.metadata().map_err(failed)?;
    let age = meta.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    let stamp = age.map(|age| format!("{}.{:09} {}", age.as_secs(), age.subsec_nanos(), meta.len()));
    pieces::copy(file, into, settings.octets_max, Some(meta.len()), progress, failed)?;
    Ok(Fetched::Text { validators: Validators { etag: None, last_modified: stamp } })
}

/// The path of a `file://` URL: an empty or local host, `%20` and the like read.
pub(super) fn path_of(rest: &str) -> PathBuf {
    let path = rest.strip_prefix("localhost").unwrap_or(rest);
    let mut octets = Vec::with_capacity(path.len());
    let mut from = path.as_bytes();
    while let Some((first, rest)) = from.split_first() {
        let hex = rest.get(..2).and_then(|hex| std::str::from_utf8(hex).ok());
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()).filter(|_| *first == b'%') {
            Some(octet) => {
                octets.push(octet);
                from = &rest[2..];
            }
            None => {
                octets.push(*first);
                from = rest;
            }
        }
    }
    PathBuf::from(String::from_utf8_lossy(&octets).into_owned())
}
