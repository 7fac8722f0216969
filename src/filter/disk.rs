//! What the builder does to the disk, as one small trait, so that a test can pull the plug at any step.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::layout::Section;
use crate::sys::whole::open_file;

pub(super) trait Disk {
    /// A new file, open for reading and writing, locked as long as it is open.
    fn create(&mut self, path: &Path) -> io::Result<File>;
    fn write(&mut self, file: &File, octets: &[u8], at: u64) -> io::Result<()>;
    fn sync(&mut self, file: &File) -> io::Result<()>;
    fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()>;
    fn sync_folder(&mut self, folder: &Path) -> io::Result<()>;
    fn remove(&mut self, path: &Path) -> io::Result<()>;
}

/// The disk as it is.
pub(super) struct Real;

impl Disk for Real {
    fn create(&mut self, path: &Path) -> io::Result<File> {
        let file = File::options().read(true).write(true).create_new(true).mode(0o600).open(path)?;
        file.try_lock()?;
        Ok(file)
    }

    fn write(&mut self, file: &File, octets: &[u8], at: u64) -> io::Result<()> {
        file.write_all_at(octets, at)
    }

    fn sync(&mut self, file: &File) -> io::Result<()> {
        file.sync_all()
    }

    fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn sync_folder(&mut self, folder: &Path) -> io::Result<()> {
        File::open(folder)?.sync_all()
    }

    fn remove(&mut self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }
}

/// Writes one section after the other, in large pieces, and works out their checksums.
pub(super) struct Output<'d> {
    pub disk: &'d mut dyn Disk,
    pub file: File,
    at: u64,
    started: u64,
    checksum: crc32fast::Hasher,
    buffer: Vec<u8>,
}

/// Octets written at once.
const PIECE: usize = 256 << 10;

impl<'d> Output<'d> {
    /// Starts at `at`, leaving room for what comes last.
    pub fn new(disk: &'d mut dyn Disk, file: File, at: u64) -> Self {
        let buffer = Vec::with_capacity(PIECE + (64 << 10));
        Self { disk, file, at, started: at, checksum: crc32fast::Hasher::new(), buffer }
    }

    /// Where the next octet goes, counted from the section's start.
    pub fn offset(&self) -> u64 {
        self.at + self.buffer.len() as u64 - self.started
    }

    pub fn put(&mut self, octets: &[u8]) -> io::Result<()> {
        self.buffer.extend_from_slice(octets);
        if self.buffer.len() >= PIECE { self.flush() } else { Ok(()) }
    }

    /// Ends the section.
    pub fn close(&mut self) -> io::Result<Section> {
        self.flush()?;
        let section = Section {
            octets: self.at - self.started,
            checksum: std::mem::take(&mut self.checksum).finalize(),
        };
        self.started = self.at;
        Ok(section)
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        self.disk.write(&self.file, &self.buffer, self.at)?;
        self.checksum.update(&self.buffer);
        self.at += self.buffer.len() as u64;
        self.buffer.clear();
        Ok(())
    }
}

/// The folder that a path is in.
pub(super) fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Start of the names of files that are not finished.
fn beside_prefix(path: &Path) -> String {
    format!(".{}.new-", path.file_name().unwrap_or_default().to_string_lossy())
}

/// Where the file for `path` is written until it is finished.
pub(super) fn beside(path: &Path, id: u64) -> PathBuf {
    folder_of(path).join(format!("{}{id:016x}", beside_prefix(path)))
}

/// Removes what builds that were cut off left beside `path`. A build that is still going on holds a
/// lock on its file, so its file stays. Best effort: what cannot be removed only takes room.
pub(super) fn clear_leftovers(disk: &mut dyn Disk, folder: &Path, path: &Path) {
    let prefix = beside_prefix(path);
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_name().to_string_lossy().starts_with(&prefix)
            && open_file(&entry.path()).is_ok_and(|file| file.try_lock().is_ok())
        {
            let _ = disk.remove(&entry.path());
        }
    }
}
