//! The last good copy of each zone on disk: a master file that any program reads, and what is known of it.

use std::fs;
use std::hash::Hasher;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde::{Deserialize, Serialize};
use siphasher::sip::SipHasher13;

use crate::dns::name::{Name, OwnedName};
use crate::rpz::content::Content;
use crate::rpz::text;
use crate::sys::whole::{read_file, write_whole};

/// Octets of a kept text: more is not read into memory. The largest feeds have some 200 MB.
const TEXT_MAX: u64 = 1 << 30;
/// Octets of what is known of a zone, which is a line.
const META_MAX: u64 = 4096;

/// What could not be done with the disk.
#[derive(Debug, thiserror::Error)]
#[error("{what} {}: {source}", path.display())]
pub struct Error {
    what: &'static str,
    path: PathBuf,
    source: io::Error,
}

/// What is known of a kept zone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Meta {
    /// When a primary last said that it is the newest, or the file was read; Unix seconds.
    pub refreshed_at: u64,
    /// SipHash-1-3 of the text, against damage on disk (not against forgery).
    pub checksum: u64,
}

/// The folder.
#[derive(Clone, Debug)]
pub struct Store {
    folder: PathBuf,
    /// Whether the folder is this program's.
    may_write: Arc<AtomicBool>,
}

impl Store {
    /// Keeps zones in `folder`, which is made with the first of them.
    pub fn new(folder: PathBuf) -> Self {
        Self::shared(folder, Arc::new(AtomicBool::new(true)))
    }

    /// The same in a folder that may be another program's: nothing is written while `may_write` says so.
    pub fn shared(folder: PathBuf, may_write: Arc<AtomicBool>) -> Self {
        Self { folder, may_write }
    }

    /// The last good copy of a zone, undamaged.
    pub fn load(&self, zone: &OwnedName) -> Option<(Content, Meta)> {
        let meta: Meta = serde_json::from_slice(&read_file(&self.path(zone, "json"), META_MAX).ok()?).ok()?;
        let text = read_file(&self.path(zone, "zone"), TEXT_MAX).ok()?;
        if checksum(&text) != meta.checksum {
            return None;
        }
        Some((text::read(&text, zone.as_name()).0, meta))
    }

    /// Keeps a zone in place of what was kept before.
    ///
    /// # Errors
    /// What the disk says; what was kept is then still there, or taken for damaged.
    pub fn keep(&self, zone: &OwnedName, content: &Content, refreshed_at: u64) -> Result<(), Error> {
        self.look_whether_it_is_ours()?;
        fs::create_dir_all(&self.folder).map_err(|source| Error {
            what: "make the folder",
            path: self.folder.clone(),
            source,
        })?;
        let text = text::print(content);
        write(&self.path(zone, "zone"), text.as_bytes())?;
        self.note(zone, &Meta { refreshed_at, checksum: checksum(text.as_bytes()) })
    }

    /// Notes that the kept copy is still the newest.
    ///
    /// # Errors
    /// What the disk says.
    pub fn note_current(&self, zone: &OwnedName, now: u64) -> Result<(), Error> {
        let Some(meta) = read_file(&self.path(zone, "json"), META_MAX)
            .ok()
            .and_then(|text| serde_json::from_slice::<Meta>(&text).ok())
        else {
            return Ok(());
        };
        self.look_whether_it_is_ours()?;
        self.note(zone, &Meta { refreshed_at: now, ..meta })
    }

    fn look_whether_it_is_ours(&self) -> Result<(), Error> {
        if self.may_write.load(Ordering::Relaxed) {
            return Ok(());
        }
        Err(Error { what: "write to", path: self.folder.clone(), source: io::ErrorKind::ResourceBusy.into() })
    }

    fn note(&self, zone: &OwnedName, meta: &Meta) -> Result<(), Error> {
        let text = serde_json::to_vec(meta).expect("plain fields print as JSON");
        write(&self.path(zone, "json"), &text)
    }

    fn path(&self, zone: &OwnedName, end: &str) -> PathBuf {
        self.folder.join(format!("{}.{end}", file_name(zone.as_name())))
    }
}

/// The zone's name where that is a safe name for a file, else a hash of it.
fn file_name(zone: Name<'_>) -> String {
    let text = zone.to_string();
    let plain = |octet: u8| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_' | b'.');
    let is_safe = text.len() <= 200 && text.bytes().all(plain) && !text.starts_with(['.', '~']);
    if is_safe { text } else { format!("~{:016x}", checksum(zone.wire())) }
}

fn checksum(octets: &[u8]) -> u64 {
    let mut hasher = SipHasher13::new_with_keys(0, 0);
    hasher.write(octets);
    hasher.finish()
}

fn write(path: &Path, octets: &[u8]) -> Result<(), Error> {
    write_whole(path, octets).map_err(|source| Error { what: "write", path: path.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zone(serial: u32) -> (OwnedName, Content) {
        let name = OwnedName::parse("rpz.test").unwrap();
        let text = format!("@ SOA a b {serial} 1 1 1 1\nbad.example CNAME .\n");
        let content = text::read(text.as_bytes(), name.as_name()).0;
        (name, content)
    }

    #[test]
    fn what_is_kept_comes_back_and_what_is_damaged_does_not() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::new(folder.path().join("zones"));
        let (name, content) = zone(7);
        assert!(store.load(&name).is_none());
        store.keep(&name, &content, 100).unwrap();
        store.note_current(&name, 200).unwrap();
        let (back, meta) = store.load(&name).unwrap();
        assert_eq!((back.soa(), back.len(), meta.refreshed_at), (content.soa(), content.len(), 200));

        let path = store.path(&name, "zone");
        let mut text = fs::read(&path).unwrap();
        text[30] ^= 1;
        fs::write(&path, text).unwrap();
        assert!(store.load(&name).is_none());
        store.keep(&name, &zone(8).1, 300).unwrap();
        assert_eq!(store.load(&name).unwrap().0.soa().unwrap().serial, 8);
    }

    #[test]
    fn a_zones_name_leads_nowhere_else() {
        for (name, file) in [("rpz.example", "rpz.example"), (r"\.\./x.example", "~"), ("~x", "~")] {
            let name = OwnedName::parse(name).unwrap();
            let made = file_name(name.as_name());
            assert!(made.starts_with(file) && !made.contains('/'), "{made}");
        }
    }
}
