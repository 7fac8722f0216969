//! A list's text, line by line: from memory, or from a file that is never held whole.
//!
//! A line ends with LF or CR LF; with CR alone in a text that has no LF near its beginning (old Macintosh
//! editors, some exports). Memory is one buffer, whatever the text: a line that is too long is reported
//! and skipped.

use std::fs::File;
use std::io::{self, Read};
use std::ops::Range;
use std::os::unix::fs::FileExt;

use memchr::memchr;

/// Octets of a line. The longest rule of real lists (an ABP rule with its domains) has some thousands.
pub(super) const LINE_MAX: usize = 16 * 1024;
/// Octets read at a time; a line that fits is never split.
const BUFFER: usize = 64 * 1024;

const _: () = assert!(BUFFER > 2 * LINE_MAX);

/// A text that can be read from its beginning as often as wanted.
#[derive(Clone, Copy)]
pub(super) enum Text<'t> {
    Octets(&'t [u8]),
    File(&'t File),
}

impl<'t> Text<'t> {
    /// The lines from the beginning.
    pub(super) fn lines(self) -> Lines<Reader<'t>> {
        Lines::new(Reader { text: self, at: 0 })
    }

    /// The first `most` octets, or all.
    pub(super) fn beginning(self, most: usize) -> io::Result<Vec<u8>> {
        let mut octets = Vec::new();
        Reader { text: self, at: 0 }.take(most as u64).read_to_end(&mut octets)?;
        Ok(octets)
    }
}

/// Reads a text from its beginning; several may read one file.
pub(super) struct Reader<'t> {
    text: Text<'t>,
    at: u64,
}

impl Read for Reader<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = match self.text {
            Text::File(file) => file.read_at(into, self.at)?,
            Text::Octets(octets) => {
                let rest = &octets[octets.len().min(self.at as usize)..];
                let count = rest.len().min(into.len());
                into[..count].copy_from_slice(&rest[..count]);
                count
            }
        };
        self.at += count as u64;
        Ok(count)
    }
}

/// The lines of a text.
pub(super) struct Lines<R> {
    from: R,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    ended: bool,
    /// What ends a line; known once something was read.
    line_end: Option<u8>,
}

/// One line, without its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Line<'l> {
    Whole(&'l [u8]),
    /// More than [`LINE_MAX`] octets; its beginning.
    Long(&'l [u8]),
}

impl<'l> Line<'l> {
    /// The line, or its beginning.
    pub(super) fn octets(self) -> &'l [u8] {
        match self {
            Self::Whole(octets) | Self::Long(octets) => octets,
        }
    }
}

impl<R: Read> Lines<R> {
    fn new(from: R) -> Self {
        Self { from, buffer: vec![0; BUFFER], start: 0, end: 0, ended: false, line_end: None }
    }

    /// The next line; `None` at the end. What follows the last line end is a line unless it is empty.
    pub(super) fn next(&mut self) -> io::Result<Option<Line<'_>>> {
        let line_end = match self.line_end {
            Some(line_end) => line_end,
            None => self.look_for_line_end()?,
        };
        let mut looked = 0;
        loop {
            let here = &self.buffer[self.start + looked..self.end];
            if let Some(at) = memchr(line_end, here) {
                let line = self.start..self.start + looked + at;
                self.start = line.end + 1;
                return Ok(Some(cut(&self.buffer[line])));
            }
            looked = self.end - self.start;
            // One more for the CR of a line end.
            if looked > LINE_MAX + 1 {
                let line = self.skip_line(line_end)?;
                return Ok(Some(Line::Long(&self.buffer[line])));
            }
            if !self.fill()? {
                let line = self.start..self.end;
                self.start = self.end;
                return Ok((!line.is_empty()).then_some(cut(&self.buffer[line])));
            }
        }
    }

    fn look_for_line_end(&mut self) -> io::Result<u8> {
        // At least half a buffer, or all of it.
        while self.end < BUFFER / 2 && self.fill()? {}
        let look = &self.buffer[..self.end];
        let is_cr = look.contains(&b'\r') && !look.contains(&b'\n');
        let line_end = if is_cr { b'\r' } else { b'\n' };
        self.line_end = Some(line_end);
        Ok(line_end)
    }

    /// Skips to the end of the line, and says where its first [`LINE_MAX`] octets are.
    fn skip_line(&mut self, line_end: u8) -> io::Result<Range<usize>> {
        let line = self.start..self.start + LINE_MAX;
        if let Some(at) = memchr(line_end, &self.buffer[line.end..self.end]) {
            self.start = line.end + at + 1;
            return Ok(line);
        }
        // The rest of the buffer is for what is skipped.
        self.buffer.copy_within(line, 0);
        loop {
            let count = read_some(&mut self.from, &mut self.buffer[LINE_MAX..])?;
            self.end = LINE_MAX + count;
            self.start = self.end;
            let skipped = &self.buffer[LINE_MAX..self.end];
            if let Some(at) = memchr(line_end, skipped) {
                self.start = LINE_MAX + at + 1;
                return Ok(0..LINE_MAX);
            }
            if count == 0 {
                return Ok(0..LINE_MAX);
            }
        }
    }

    /// Reads more behind what is there; `false` at the end of the text.
    fn fill(&mut self) -> io::Result<bool> {
        if self.ended {
            return Ok(false);
        }
        if self.start > 0 {
            self.buffer.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
        }
        let count = read_some(&mut self.from, &mut self.buffer[self.end..])?;
        self.end += count;
        self.ended = count == 0;
        Ok(count > 0)
    }
}

fn cut(line: &[u8]) -> Line<'_> {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    if line.len() > LINE_MAX { Line::Long(&line[..LINE_MAX]) } else { Line::Whole(line) }
}

fn read_some(from: &mut impl Read, into: &mut [u8]) -> io::Result<usize> {
    loop {
        match from.read(into) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            other => return other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Hands out a few octets at a time.
    struct Drip<'d>(&'d [u8], usize);

    impl Read for Drip<'_> {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            let count = self.0.len().min(into.len()).min(self.1);
            into[..count].copy_from_slice(&self.0[..count]);
            self.0 = &self.0[count..];
            Ok(count)
        }
    }

    fn lines(text: &[u8], piece: usize) -> Vec<(bool, Vec<u8>)> {
        let mut lines = Lines::new(Drip(text, piece));
        let mut all = Vec::new();
        while let Some(line) = lines.next().unwrap() {
            all.push((matches!(line, Line::Long(_)), line.octets().to_vec()));
        }
        all
    }

    #[test]
    fn a_line_ends_with_lf_or_crlf_or_in_a_text_without_lf_with_cr() {
        for text in ["a\nb\nc", "a\r\nb\r\nc\r\n", "a\rb\rc\r", "a\rb\rc"] {
            for piece in 1..4 {
                let shown: Vec<_> = lines(text.as_bytes(), piece).into_iter().map(|(_, line)| line).collect();
                assert_eq!(shown, [b"a", b"b", b"c"], "{text:?}");
            }
        }
        assert_eq!(lines(b"a\n\n\r\nb", 9).len(), 4);
        assert_eq!(lines(b"a\rb\n", 9)[0].1, b"a\rb", "a CR inside a line is part of it");
        assert_eq!(lines(b"", 9).len(), 0);
    }

    #[test]
    fn a_long_line_is_one_line_whatever_it_is_made_of() {
        let long = "x".repeat(300_000);
        for (length, is_long) in [(LINE_MAX, false), (LINE_MAX + 1, true), (BUFFER, true), (300_000, true)] {
            let text = format!("a\n{}\nb\n", &long[..length]);
            for piece in [1000, usize::MAX] {
                let found = lines(text.as_bytes(), piece);
                assert_eq!(found.len(), 3, "{length}");
                assert_eq!((found[1].0, found[1].1.len()), (is_long, length.min(LINE_MAX)), "{length}");
                assert_eq!(found[2].1, b"b");
            }
        }
    }

    proptest! {
        #[test]
        fn lines_do_not_depend_on_how_octets_come(
            text in prop::collection::vec(prop::sample::select(&b"ab\n\r"[..]), 0..60), piece in 1usize..9,
        ) {
            prop_assert_eq!(lines(&text, piece), lines(&text, usize::MAX));
        }
    }
}
