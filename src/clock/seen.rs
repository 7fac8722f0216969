//! The newest time that signatures proved, as it is kept in the state folder from one run to the next.
//!
//! One line of text with a checksum. What cannot be read, is damaged, or cannot be (before the release, or
//! beyond any use of this program) counts as if there were nothing: the file only ever helps.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::RELEASED;
use crate::sys::whole::read_file;

/// The file's name in the state folder.
pub const FILE: &str = "clock";
/// First word of the file: what it is, and the version of its form.
const MARK: &str = "lachan-clock-1";
/// Octets of the file; the line has some forty.
const FILE_MAX: u64 = 128;
/// Seconds after the release beyond which a time is no sign of anything: fifty years.
const BEYOND_USE: u64 = 50 * 366 * 86_400;

/// The time that the file in the state folder has, if it can be.
pub fn load(state: &Path) -> Option<u64> {
    parse(&String::from_utf8(read_file(&path(state), FILE_MAX).ok()?).ok()?)
}

/// Keeps a time: written beside, flushed, renamed.
///
/// # Errors
/// What the file system says; the old file stays.
pub fn keep(state: &Path, seen: u64) -> io::Result<()> {
    let (new, path) = (path(state).with_extension("new"), path(state));
    // What a crash has left there, whatever it is, is not written through.
    match fs::remove_file(&new) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new)?;
    file.write_all(line(seen).as_bytes())?;
    file.sync_all()?;
    fs::rename(new, path)
}

/// Where it is kept.
pub fn path(state: &Path) -> PathBuf {
    state.join(FILE)
}

fn line(seen: u64) -> String {
    let body = format!("{MARK} {seen}");
    format!("{body} {:08x}\n", crc32fast::hash(body.as_bytes()))
}

fn parse(text: &str) -> Option<u64> {
    let (body, sum) = text.strip_suffix('\n')?.rsplit_once(' ')?;
    let sum = u32::from_str_radix(sum, 16).ok()?;
    let seen = body.strip_prefix(MARK)?.strip_prefix(' ')?.parse().ok()?;
    let can_be = (RELEASED..=RELEASED + BEYOND_USE).contains(&seen);
    (sum == crc32fast::hash(body.as_bytes()) && can_be).then_some(seen)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_read_back_and_the_new_takes_the_place_of_the_old() {
        let state = tempfile::tempdir().unwrap();
        assert_eq!(load(state.path()), None);
        for seen in [RELEASED, RELEASED + 5000, RELEASED + 10] {
            keep(state.path(), seen).unwrap();
            assert_eq!(load(state.path()), Some(seen));
        }
        assert_eq!(fs::read_dir(state.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_file_that_is_damaged_cut_or_absurd_is_as_good_as_none() {
        let good = line(RELEASED + 77);
        for cut in 0..good.len() {
            assert_eq!(parse(&good[..cut]), None, "{cut}");
        }
        for at in 0..good.len() {
            let mut flipped = good.clone().into_bytes();
            flipped[at] ^= 0x01;
            let read = String::from_utf8(flipped).ok().and_then(|text| parse(&text));
            assert_eq!(read, None, "{at}");
        }
        for absurd in [0, RELEASED - 1, RELEASED + BEYOND_USE + 1, u64::MAX] {
            assert_eq!(parse(&line(absurd)), None, "{absurd}");
        }
        assert_eq!(parse(&format!("{good}{good}")), None);
    }

    #[test]
    fn a_folder_or_a_dangling_link_in_its_place_is_survived() {
        let state = tempfile::tempdir().unwrap();
        fs::create_dir(path(state.path())).unwrap();
        assert_eq!(load(state.path()), None);
        assert!(keep(state.path(), RELEASED).is_err());
        fs::remove_dir(path(state.path())).unwrap();
        std::os::unix::fs::symlink("nowhere", path(state.path())).unwrap();
        assert_eq!(load(state.path()), None);
        keep(state.path(), RELEASED).unwrap();
        assert_eq!(load(state.path()), Some(RELEASED));
    }
}
