//! Batches of rules on the disk: sorted and written one by one, then merged, both in a thread beside the one that
//! reads the list.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};

use crate::sys::pipeline::pipeline;
use crate::sys::scratch::nameless;

use super::batch::Batch;
use super::record::{RECORD_MAX, first_octets, first_record, key_of};

/// Octets of a run that are read at a time, so 110 runs cost 3.6 MB; and octets that are written, or handed to
/// the reader, at a time.
const PIECE: usize = 32 * 1024;

const _: () = assert!(PIECE > RECORD_MAX);

/// Sorts batches and writes them as runs.
pub(super) enum Sorter {
    /// In a thread of its own.
    Beside { full: SyncSender<Batch>, empty: Receiver<Batch>, thread: JoinHandle<io::Result<Runs>> },
    /// Where the system has no thread for it.
    Inline(Runs),
}

impl Sorter {
    /// Runs will lie in a nameless file in `folder`.
    pub(super) fn new(folder: &Path) -> io::Result<Self> {
        let mut runs = Runs::new(folder)?;
        // One batch is sorted while the next is filled; a third one waits.
        let (full, batches) = sync_channel::<Batch>(0);
        let (give_back, empty) = sync_channel(1);
        let thread = thread::Builder::new().name("list-sort".into()).spawn(move || {
            for mut batch in batches {
                runs.write(&mut batch)?;
                batch.clear();
                // Nobody may want it any more.
                let _ = give_back.try_send(batch);
            }
            Ok(runs)
        });
        match thread {
            Ok(thread) => Ok(Self::Beside { full, empty, thread }),
            Err(_) => Runs::new(folder).map(Self::Inline),
        }
    }

    /// Takes a batch that is full, and gives an empty one for it.
    pub(super) fn take(mut self, mut batch: Batch) -> io::Result<(Self, Batch)> {
        match &mut self {
            Self::Beside { full, empty, .. } => match full.send(batch) {
                Ok(()) => {
                    let batch = empty.try_recv().unwrap_or_default();
                    Ok((self, batch))
                }
                Err(_) => self.runs().and_then(|_| Err(io::ErrorKind::BrokenPipe.into())),
            },
            Self::Inline(runs) => {
                runs.write(&mut batch)?;
                batch.clear();
                Ok((self, batch))
            }
        }
    }

    /// All runs, the last one of this batch.
    pub(super) fn finish(self, last: Batch) -> io::Result<Runs> {
        self.take(last)?.0.runs()
    }

    fn runs(self) -> io::Result<Runs> {
        match self {
            Self::Beside { full, thread, .. } => {
                drop(full);
                thread.join().unwrap_or_else(|_| Err(io::Error::other("sorting a list failed")))
            }
            Self::Inline(runs) => Ok(runs),
        }
    }
}

/// Sorted runs in a file.
pub(super) struct Runs {
    file: File,
    end: u64,
    runs: Vec<Run>,
}

/// A sorted piece of the file that is not read yet.
struct Run {
    at: u64,
    end: u64,
    buffer: Vec<u8>,
    start: usize,
}

impl Runs {
    fn new(folder: &Path) -> io::Result<Self> {
        Ok(Self { file: nameless(folder)?, end: 0, runs: Vec::new() })
    }

    /// Sorts a batch and writes it as a run.
    fn write(&mut self, batch: &mut Batch) -> io::Result<()> {
        batch.sort();
        let start = self.end;
        let mut out = Vec::with_capacity(PIECE + RECORD_MAX);
        let mut written = Ok(());
        batch.each(|record| {
            out.extend_from_slice(record);
            if out.len() >= PIECE && written.is_ok() {
                written = self.file.write_all_at(&out, self.end);
                self.end += out.len() as u64;
                out.clear();
            }
        });
        written?;
        self.file.write_all_at(&out, self.end)?;
        self.end += out.len() as u64;
        self.runs.push(Run { at: start, end: self.end, buffer: Vec::new(), start: 0 });
        Ok(())
    }

    /// Hands out the records of all runs in order, merged in a thread while these are taken. Of equal keys the
    /// earlier run comes first.
    pub(super) fn merge_beside(mut self, take: &mut dyn FnMut(&[u8])) -> io::Result<()> {
        let empty = || Vec::with_capacity(PIECE + RECORD_MAX);
        let merge = |give: &mut dyn FnMut(Vec<u8>) -> bool| {
            let mut piece = empty();
            self.merge(&mut |record| {
                piece.extend_from_slice(record);
                if piece.len() >= PIECE {
                    give(std::mem::replace(&mut piece, empty()));
                }
            })?;
            give(piece);
            Ok(())
        };
        pipeline("list-merge", 2, merge, &mut |piece: Vec<u8>| {
            let mut rest = &piece[..];
            while let Some(record) = first_record(rest) {
                take(record);
                rest = &rest[record.len()..];
            }
            Ok(())
        })
    }

    fn merge(&mut self, take: &mut dyn FnMut(&[u8])) -> io::Result<()> {
        let Self { file, runs, .. } = self;
        for run in &mut *runs {
            run.fill(file)?;
        }
        runs.retain(|run| run.record().is_some());
        // Runs by their records at hand, the smallest last: the first octets of its key, and the run's number.
        let at_hand =
            |runs: &[Run], run: usize| (runs[run].record().map_or(0, |it| first_octets(key_of(it))), run);
        let compare = |runs: &[Run], a: (u64, usize), b: (u64, usize)| {
            let key = |run: usize| runs[run].record().map_or(&[][..], key_of);
            a.0.cmp(&b.0).then_with(|| key(a.1).cmp(key(b.1))).then(a.1.cmp(&b.1))
        };
        let mut order: Vec<_> = (0..runs.len()).map(|run| at_hand(runs, run)).collect();
        order.sort_unstable_by(|a, b| compare(runs, *b, *a));
        while let Some((_, run)) = order.pop() {
            if let Some(record) = runs[run].record() {
                take(record);
            }
            runs[run].advance(file)?;
            if runs[run].record().is_some() {
                let new = at_hand(runs, run);
                let at = order.partition_point(|other| compare(runs, *other, new).is_gt());
                order.insert(at, new);
            }
        }
        Ok(())
    }
}

impl Run {
    /// The record at hand; none at the end.
    fn record(&self) -> Option<&[u8]> {
        first_record(&self.buffer[self.start..])
    }

    fn advance(&mut self, file: &File) -> io::Result<()> {
        self.start += self.record().map_or(0, <[u8]>::len);
        if self.record().is_none() { self.fill(file) } else { Ok(()) }
    }

    fn fill(&mut self, file: &File) -> io::Result<()> {
        self.buffer.drain(..self.start);
        self.start = 0;
        let kept = self.buffer.len();
        let count = (self.end - self.at).min((PIECE - kept) as u64) as usize;
        self.buffer.resize(kept + count, 0);
        file.read_exact_at(&mut self.buffer[kept..], self.at)?;
        self.at += count as u64;
        Ok(())
    }
}
