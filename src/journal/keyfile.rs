//! Where the day's key is kept for a restart: in the runtime folder, never beside the store.
//!
//! A backup of the state folder must not make its pseudonyms reversible, so the key lies elsewhere: in
//! `$RUNTIME_DIRECTORY` (systemd), else `$XDG_RUNTIME_DIR/lachan`, else in a folder beside the state
//! folder with `.run` after its name. The first two are memory: a restart of the machine begins a new
//! key, and a device then counts as two on that day.
//!
//! Overwriting in place reaches the old octets on common file systems; a copy-on-write file system,
//! a snapshot or a flash controller may keep them a while. Nothing a program can do reaches those.

use std::fs;
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use jiff::civil::Date;
use siphasher::sip::SipHasher24;

use super::Settings;
use super::pseudonym::{DayKey, DeviceMode, RECORD};
use crate::sys::private;

/// The name that the key had in the state folder until it moved.
const OLD_FILE: &str = "journal.key";

/// The key's file.
#[derive(Clone, Debug)]
pub(super) struct KeyFile {
    folder: PathBuf,
    path: PathBuf,
}

impl KeyFile {
    pub fn of(settings: &Settings) -> Self {
        let folder = settings.runtime.clone().unwrap_or_else(|| default_folder(&settings.folder));
        // Servers with different state folders may share a runtime folder.
        let state = fs::canonicalize(&settings.folder).unwrap_or_else(|_| settings.folder.clone());
        let number = SipHasher24::new().hash(state.as_os_str().as_encoded_bytes());
        let path = folder.join(format!("journal-{number:016x}.key"));
        Self { folder, path }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The key of `today`: read back, or new. Without pseudonyms none is kept, and old ones go. A new key
    /// that cannot be written is returned with the error: it serves, and is written later.
    pub fn open(
        &self,
        state: &Path,
        device: DeviceMode,
        today: Date,
    ) -> io::Result<(DayKey, io::Result<()>)> {
        let old = take_over(&state.join(OLD_FILE), today);
        if device != DeviceMode::Pseudonym {
            let gone = wipe(&self.path);
            return Ok((DayKey::fresh(today)?, gone));
        }
        // A file that cannot be read is as good as none: it is replaced.
        if let Ok(Some(key)) = self.read(today) {
            return Ok((key, Ok(())));
        }
        let key = match old {
            Some(key) => key,
            None => DayKey::fresh(today)?,
        };
        let written = self.write(&key);
        Ok((key, written))
    }

    /// The key of `day`; none if the file is of another day, damaged or absent.
    pub fn read(&self, day: Date) -> io::Result<Option<DayKey>> {
        match private::open(&self.path, false) {
            Ok(file) => DayKey::read(file, day),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Writes `key` over whatever key the file holds. In place: the old key's octets go, and a full
    /// disk does not hinder it.
    pub fn write(&self, key: &DayKey) -> io::Result<()> {
        private::make_folder(&self.folder)?;
        // Somebody's link or folder in our place is not written through.
        if fs::symlink_metadata(&self.path).is_ok_and(|found| found.is_symlink()) {
            fs::remove_file(&self.path)?;
        }
        let mut file = private::open(&self.path, true)?;
        file.write_all(key.record())?;
        file.set_len(RECORD as u64)?;
        file.sync_all()
    }
}

fn default_folder(state: &Path) -> PathBuf {
    let var = |name| std::env::var_os(name).filter(|value| !value.is_empty());
    if let Some(folders) = var("RUNTIME_DIRECTORY")
        && let Some(first) = std::env::split_paths(&folders).next()
    {
        return first;
    }
    if let Some(folder) = var("XDG_RUNTIME_DIR") {
        return Path::new(&folder).join("lachan");
    }
    let mut beside = state.as_os_str().to_owned();
    beside.push(".run");
    beside.into()
}

/// Reads the key that an older program kept in the state folder and removes it from there.
fn take_over(path: &Path, today: Date) -> Option<DayKey> {
    fs::symlink_metadata(path).ok()?;
    let key = private::open(path, false).and_then(|file| DayKey::read(file, today)).ok().flatten();
    if let Err(error) = wipe(path) {
        tracing::error!(
            path = %path.display(),
            "an old key for pseudonyms could not be removed: {error}; remove `{}` by hand",
            path.display()
        );
    }
    key
}

/// Overwrites a key's file and removes it. A link is removed, and what it leads to stays as it is.
fn wipe(path: &Path) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
        Ok(found) if !found.is_file() => {}
        Ok(found) => {
            let mut file = private::open(path, false)?;
            file.seek(SeekFrom::Start(0))?;
            let octets = usize::try_from(found.len()).unwrap_or(RECORD).clamp(RECORD, 4096);
            file.write_all(&vec![0; octets])?;
            file.sync_all()?;
        }
    }
    fs::remove_file(path)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use jiff::civil::date;

    use super::*;

    const DAY: Date = date(2026, 11, 23);

    fn settings(folder: &Path) -> Settings {
        let state = folder.join("state");
        fs::create_dir_all(&state).unwrap();
        Settings { folder: state, runtime: Some(folder.join("run")), ..Settings::default() }
    }

    fn key_of(settings: &Settings, day: Date) -> DayKey {
        let (key, written) =
            KeyFile::of(settings).open(&settings.folder, DeviceMode::Pseudonym, day).unwrap();
        written.unwrap();
        key
    }

    #[test]
    fn the_key_lies_in_the_runtime_folder_private_and_is_read_back_on_its_day() {
        let folder = tempfile::tempdir().unwrap();
        let settings = settings(folder.path());
        let key = key_of(&settings, DAY);
        let path = KeyFile::of(&settings).path;
        assert!(path.starts_with(folder.path().join("run")));
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(key_of(&settings, DAY).record(), key.record());
        assert_eq!(fs::read_dir(&settings.folder).unwrap().count(), 0);
        assert_ne!(key_of(&settings, date(2026, 11, 24)).record(), key.record());
    }

    #[test]
    fn a_key_in_the_state_folder_moves_and_is_gone_from_there() {
        let folder = tempfile::tempdir().unwrap();
        let settings = settings(folder.path());
        let old = settings.folder.join(OLD_FILE);
        let key = DayKey::fresh(DAY).unwrap();
        fs::write(&old, key.record()).unwrap();
        let beside = fs::hard_link(&old, folder.path().join("same octets"));
        assert!(beside.is_ok());
        assert_eq!(key_of(&settings, DAY).record(), key.record());
        assert!(!old.exists());
        let left = fs::read(folder.path().join("same octets")).unwrap();
        assert!(left.iter().all(|octet| *octet == 0), "overwritten before it was removed");
        // One of yesterday is removed too, and not used.
        fs::write(&old, DayKey::fresh(date(2026, 11, 22)).unwrap().record()).unwrap();
        assert_eq!(key_of(&settings, DAY).record(), key.record());
        assert!(!old.exists());
    }

    #[test]
    fn no_key_is_written_or_wiped_through_a_link() {
        let folder = tempfile::tempdir().unwrap();
        let settings = settings(folder.path());
        let target = folder.path().join("precious");
        fs::write(&target, b"precious").unwrap();
        symlink(&target, settings.folder.join(OLD_FILE)).unwrap();
        fs::create_dir(folder.path().join("run")).unwrap();
        let path = KeyFile::of(&settings).path;
        symlink(&target, &path).unwrap();
        let key = key_of(&settings, DAY);
        assert_eq!(fs::read(&target).unwrap(), b"precious");
        assert_eq!(fs::read(&path).unwrap(), key.record());
        assert!(fs::symlink_metadata(settings.folder.join(OLD_FILE)).is_err());
    }

    #[test]
    fn without_pseudonyms_no_key_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let settings = settings(folder.path());
        key_of(&settings, DAY);
        let file = KeyFile::of(&settings);
        file.open(&settings.folder, DeviceMode::None, DAY).unwrap().1.unwrap();
        assert!(!file.path.exists());
    }
}
