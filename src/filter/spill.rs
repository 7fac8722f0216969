//! Rules on their way into an index: cut into parts by hash, in memory up to a bound, then on disk.
//!
//! The spill file has no name: it is unlinked as soon as it is open, so nothing is left of it after a
//! crash.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use crate::sys::scratch::nameless;

/// Parts that the hashes are cut into, by their highest bits. Each is sorted in memory by itself: of
/// 10 M names one is 8 MB.
const PARTS: usize = 64;

const _: () = assert!(PARTS.is_power_of_two());

/// What is kept for later, by part, in the order in which it came.
pub(super) struct Spill {
    folder: PathBuf,
    bound: usize,
    file: Option<File>,
    end: u64,
    held: usize,
    parts: Vec<Part>,
}

#[derive(Default)]
struct Part {
    buffer: Vec<u8>,
    /// Where earlier octets of it lie in the file.
    pieces: Vec<(u64, usize)>,
}

impl Spill {
    /// Keeps up to `bound` octets in memory, the rest in a file in `folder`; where the folder is the empty path, in
    /// a file that lies in memory.
    pub fn new(folder: &Path, bound: usize) -> Self {
        let parts = std::iter::repeat_with(Part::default).take(PARTS).collect();
        Self { folder: folder.to_owned(), bound, file: None, end: 0, held: 0, parts }
    }

    /// Number of the part that a hash belongs to; parts in order hold hashes in order.
    pub fn part_of(hash: u64) -> usize {
        (hash >> (64 - PARTS.trailing_zeros())) as usize
    }

    /// Number of parts.
    pub fn parts(&self) -> usize {
        self.parts.len()
    }

    /// Appends all of `pieces` to a part.
    pub fn push(&mut self, part: usize, pieces: &[&[u8]]) -> io::Result<()> {
        for piece in pieces {
            self.parts[part].buffer.extend_from_slice(piece);
            self.held += piece.len();
        }
        if self.held > self.bound { self.flush() } else { Ok(()) }
    }

    /// All octets of a part, which is then empty.
    pub fn take(&mut self, part: usize) -> io::Result<Vec<u8>> {
        let Part { buffer, pieces } = std::mem::take(&mut self.parts[part]);
        let Some(file) = self.file.as_ref().filter(|_| !pieces.is_empty()) else { return Ok(buffer) };
        let mut all = vec![0; pieces.iter().map(|(_, len)| len).sum()];
        let mut at = 0;
        for (offset, len) in pieces {
            file.read_exact_at(&mut all[at..at + len], offset)?;
            at += len;
        }
        all.extend_from_slice(&buffer);
        Ok(all)
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.file.is_none() {
            self.file = Some(nameless(&self.folder)?);
        }
        let Some(file) = &self.file else { return Ok(()) };
        for part in self.parts.iter_mut().filter(|part| !part.buffer.is_empty()) {
            file.write_all_at(&part.buffer, self.end)?;
            part.pieces.push((self.end, part.buffer.len()));
            self.end += part.buffer.len() as u64;
            // Its room too: where parts come one after the other, each would keep that of its largest time.
            part.buffer = Vec::new();
        }
        self.held = 0;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_went_in_comes_out_in_order_spilled_or_not() {
        let folder = tempfile::tempdir().unwrap();
        for bound in [0, 1, 7, 100, 100_000] {
            let mut spill = Spill::new(folder.path(), bound);
            for number in 0..200u8 {
                spill.push(usize::from(number) % 3, &[&[number], b"-"]).unwrap();
            }
            assert_eq!(spill.file.is_some(), bound < 400, "{bound}");
            for part in 0..3 {
                let expected: Vec<u8> =
                    (0..200).filter(|number| number % 3 == part).flat_map(|n| [n, b'-']).collect();
                assert_eq!(spill.take(usize::from(part)).unwrap(), expected);
                assert!(spill.take(usize::from(part)).unwrap().is_empty());
            }
            assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
        }
    }

    #[test]
    fn parts_in_order_hold_hashes_in_order() {
        assert_eq!(Spill::part_of(0), 0);
        assert_eq!(Spill::part_of(u64::MAX), PARTS - 1);
        assert!(Spill::part_of(1 << 63) == PARTS / 2 && Spill::part_of((1 << 63) - 1) == PARTS / 2 - 1);
    }
}
